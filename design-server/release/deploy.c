// Deploy: content, a recorded draft, the first pass of its roll-out.
#include "release/internal.h"

#include "trace/trace.h"

enum { COMMENT_MAX = 1000, ACKNOWLEDGED_MAX = 1000, TRY_MS = 8000 };

Err field_limit(const char *field, const char *text, size_t max)
{
	if (strlen(text) > max)
		return err_at(ERR_FIELD_INVALID, field, "it has %zu bytes, at most %zu are allowed",
		        strlen(text), max);
	return OK;
}

Err draft_open(Draft *draft, Release *release, RpcCall *call, Arena *arena, Asked asked)
{
	if (!arena)
		return release_no_memory();
	*draft = (Draft){
	        .release = release,
	        .arena = arena,
	        .who = rpc_principal(call),
	        .now_us = clock_now_us(release->services->clock),
	        .channel = str(asked.channel),
	        .comment = str(asked.comment),
	        .trace = trace_span_ids(trace_span_of(call)),
	};
	if (!*asked.channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (!*asked.environment)
		return err_at(ERR_FIELD_MISSING, "environment", "name the environment");
	TRY(field_limit("comment", asked.comment, COMMENT_MAX));
	TRY(environment_find(release->environments, str(asked.environment), &draft->environment));
	TRY(request_make(draft->who->user, str(asked.request_id), asked.method, asked.request, arena,
	        &draft->request));
	return draft->request.id.len ? store_read(release->services->store, draft_known, draft) : OK;
}

// --- the answer ---

void rollout_try(Release *release, const Environment *environment)
{
	rollouts_wake(release->rollouts);
	// If it takes longer, the answer says that it is rolling out.
	(void)rollouts_wait(release->rollouts, environment, TRY_MS);
}

typedef struct Look {
	const Release *release;
	int64_t id;
	Arena *arena;
	Row row;
	Deployment *deployment;
} Look;

static Err read_row(Pg *pg, void *context)
{
	Look *look = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	bool found;
	TRY(SQL_RUN(pg, &result, deployment_by_id, P_I64(look->id)));
	TRY(record_one(result, look->arena, &look->row, &found));
	if (!found)
		return err(ERR_DEPLOYMENT_NOT_FOUND, "deployment %lld is gone", (long long)look->id);
	look->deployment = map_deployment(&look->row, look->arena);
	return look->deployment ? map_approvals(pg, look->release, &look->row, look->arena, look->deployment)
	                        : release_no_memory();
}

Err deployment_look(Release *release, int64_t id, Arena *arena, Deployment **ret)
{
	const Environment *environment;
	Look look = {.release = release, .id = id, .arena = arena};
	TRY(store_read(release->services->store, read_row, &look));
	*ret = look.deployment;
	// One that is no longer declared has no servers to ask; one that was never released has been sent to
	// none.
	if (!look.row.released_us ||
	        environment_find(release->environments, look.row.environment, &environment) != OK)
		return OK;
	return rollouts_fill(release->rollouts, environment, id, arena, *ret);
}

Err draft_finish(Draft *d, DeployResponse *ret)
{
	Store *store = d->release->services->store;
	if (!d->answered)
		TRY(store_transact(store, draft_record, d));
	if (d->row.released_us || d->row.state != STATE(AWAITING_APPROVAL))
		rollout_try(d->release, d->environment);
	if (d->answered)
		*ret = *d->answered;
	else
		TRY(draft_answer(d, ret));
	return deployment_look(d->release, d->row.id, d->arena, &ret->deployment);
}

// --- Deploy ---

static Err take_acknowledged(Draft *d, const Parley__Design__V1__DeployRequest *in)
{
	Str *ids = ARENA_ARRAY(d->arena, Str, in->n_acknowledged);
	if (!ids)
		return release_no_memory();
	if (in->n_acknowledged > ACKNOWLEDGED_MAX)
		return err_at(ERR_FIELD_INVALID, "acknowledged", "%zu warnings, at most %d are allowed",
		        in->n_acknowledged, ACKNOWLEDGED_MAX);
	for (size_t i = 0; i < in->n_acknowledged; i++)
		ids[i] = str(in->acknowledged[i]);
	d->acknowledged = ids;
	d->acknowledged_count = in->n_acknowledged;
	return OK;
}

static Err preview(Draft *d, DeployResponse *ret)
{
	TRY(store_read(d->release->services->store, draft_preview, d));
	return draft_answer(d, ret);
}

static Err deploy(Draft *d, const Parley__Design__V1__DeployRequest *in, DeployResponse *ret)
{
	if (d->answered)
		return draft_finish(d, ret);
	TRY(take_acknowledged(d, in));
	if (d->environment->promotes_from.len)
		TRY(access_require(d->who, CALLERS_ADMINISTRATORS, d->environment->name, "promoting"));
	TRY(d->environment->promotes_from.len ? content_promote(d) : content_build(d));
	return in->validate_only ? preview(d, ret) : draft_finish(d, ret);
}

void handle_deploy(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__DeployRequest *in = (const void *)request;
	DeployResponse out = PARLEY__DESIGN__V1__DEPLOY_RESPONSE__INIT;
	// A snapshot may be larger than a call's arena allows.
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	Draft d;
	Err e = draft_open(&d, release, call, arena, ASKED("Deploy", in));
	if (!e)
		e = deploy(&d, in, &out);
	rpc_answer(call, e, &out.base);
}
