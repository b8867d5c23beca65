// Going back: Rollback brings an earlier version's content under a new version, Undeploy switches the channel
// off. Both are deployments like any other, with the same approvals; only the gates have nothing to say.
#include "release/internal.h"

#include <stdio.h>

enum { IN_USE_S = 3600 };

// --- Rollback ---

typedef struct Back {
	Draft draft;
	uint64_t to;
} Back;

static Err refuse_target(const Draft *d, const Row *target)
{
	return err(ERR_DEPLOYMENT_STATE,
	        "version %llu of " STR_FMT " in " STR_FMT
	        " has no content to bring back: it %s; parley rollout history lists the others",
	        (unsigned long long)target->version, STR_ARG(d->channel), STR_ARG(d->environment->name),
	        target->undeploy ? "switched the channel off" : "was never released");
}

static Err find_default(Pg *pg, Draft *d, Row *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Row in_force;
	bool found;
	TRY(record_in_force(pg, d->environment->name, d->channel, d->arena, &in_force, &found));
	if (!found)
		return err(ERR_DEPLOYMENT_NOT_FOUND,
		        STR_FMT " was never deployed to " STR_FMT ": there is nothing to return to",
		        STR_ARG(d->channel), STR_ARG(d->environment->name));
	TRY(SQL_RUN(pg, &result, deployment_to_return_to, P_TEXT(d->environment->name), P_TEXT(d->channel),
	        P_I64((int64_t)in_force.epoch), P_I64((int64_t)in_force.version),
	        in_force.undeploy ? P_NULL : P_BYTES(digest_str(&in_force.blob))));
	TRY(record_one(result, d->arena, ret, &found));
	if (!found)
		return err(ERR_DEPLOYMENT_NOT_FOUND,
		        "before version %llu of " STR_FMT " no other content was complete in " STR_FMT
		        ": name a version with --to",
		        (unsigned long long)in_force.version, STR_ARG(d->channel),
		        STR_ARG(d->environment->name));
	return OK;
}

static Err find_target(Pg *pg, void *context)
{
	Back *back = context;
	Draft *d = &back->draft;
	Row target;
	TRY(back->to ? record_version(pg, d->environment->name, d->channel, back->to, d->arena, &target)
	             : find_default(pg, d, &target));
	if (target.undeploy || !target.released_us)
		return refuse_target(d, &target);
	d->digest = target.blob;
	d->length = target.length;
	d->build = target.build;
	d->rollback_of = target.version;
	return OK;
}

void handle_rollback(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__RollbackRequest *in = (const void *)request;
	DeployResponse out = PARLEY__DESIGN__V1__DEPLOY_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Back back = {.to = in->to_version};
	Err e = draft_open(&back.draft, release, call, arena, ASKED("Rollback", in));
	// Once it is done, another version stands before what serves.
	if (!e && !back.draft.answered)
		e = store_read(back.draft.release->services->store, find_target, &back);
	if (!e)
		e = draft_finish(&back.draft, &out);
	rpc_answer(call, e, &out.base);
}

// --- Undeploy ---

static Err check_use(Pg *pg, void *context)
{
	const Draft *d = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, channel_last_call, P_TEXT(d->environment->name), P_TEXT(d->channel),
	        P_TIME(d->now_us - IN_USE_S * US_PER_S)));
	if (pg_is_null(result, 0, 0))
		return OK;
	return err(ERR_IN_USE,
	        "touchpoints called " STR_FMT " in " STR_FMT
	        " %lld s ago: turn them off first, or say that they may go without (--in-use)",
	        STR_ARG(d->channel), STR_ARG(d->environment->name),
	        (long long)((d->now_us - pg_time(result, 0, 0)) / US_PER_S));
}

static Err check_deployed(Pg *pg, void *context)
{
	Draft *d = context;
	Row in_force;
	bool found;
	TRY(record_in_force(pg, d->environment->name, d->channel, d->arena, &in_force, &found));
	return found ? OK
	             : err(ERR_DEPLOYMENT_NOT_FOUND, STR_FMT " is not deployed to " STR_FMT,
	                       STR_ARG(d->channel), STR_ARG(d->environment->name));
}

static Err undeploy(Draft *d, const Parley__Design__V1__UndeployRequest *in, DeployResponse *out)
{
	Store *store = d->release->services->store;
	if (!str_eq(str(in->confirm), d->channel))
		return err_at(ERR_FIELD_INVALID, "confirm",
		        "to switch " STR_FMT " off in " STR_FMT
		        ", its name must be given once more (--confirm " STR_FMT ")",
		        STR_ARG(d->channel), STR_ARG(d->environment->name), STR_ARG(d->channel));
	if (d->answered)
		return draft_finish(d, out);
	TRY(store_read(store, check_deployed, d));
	if (!in->in_use)
		TRY(store_read(store, check_use, d));
	d->undeploy = true;
	return draft_finish(d, out);
}

void handle_undeploy(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__UndeployRequest *in = (const void *)request;
	DeployResponse out = PARLEY__DESIGN__V1__DEPLOY_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Draft d;
	Err e = draft_open(&d, release, call, arena, ASKED("Undeploy", in));
	if (!e)
		e = undeploy(&d, in, &out);
	rpc_answer(call, e, &out.base);
}
