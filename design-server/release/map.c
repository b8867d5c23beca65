// Rows → messages.
#include "release/internal.h"

#include "wire/timestamp.h"

static Google__Protobuf__Timestamp *map_time(int64_t us, Arena *arena)
{
	return us ? wire_timestamp(us, arena) : NULL;
}

static char *map_digest(const Digest *digest, Arena *arena)
{
	char *hex = arena_alloc(arena, 65);
	if (hex)
		digest_hex(digest, hex);
	return hex;
}

static bool map_acknowledged(const Row *row, Arena *arena, Deployment *ret)
{
	ret->acknowledged = ARENA_ARRAY(arena, char *, row->acknowledged_count);
	if (!ret->acknowledged)
		return false;
	ret->n_acknowledged = row->acknowledged_count;
	for (size_t i = 0; i < row->acknowledged_count; i++)
		ret->acknowledged[i] = arena_cstr(arena, row->acknowledged[i]);
	return true;
}

Deployment *map_deployment(const Row *row, Arena *arena)
{
	Deployment *deployment = ARENA_NEW(arena, Deployment);
	char *digest = row->undeploy ? arena_cstr(arena, STR("")) : map_digest(&row->blob, arena);
	if (!deployment || !digest)
		return NULL;
	*deployment = (Deployment)PARLEY__DESIGN__V1__DEPLOYMENT__INIT;
	deployment->channel = arena_cstr(arena, row->channel);
	deployment->environment = arena_cstr(arena, row->environment);
	deployment->version = row->version;
	deployment->epoch = row->epoch;
	deployment->digest = digest;
	deployment->length = row->length;
	deployment->state = row->state;
	deployment->author = arena_cstr(arena, row->author);
	deployment->comment = arena_cstr(arena, row->comment);
	deployment->create_time = map_time(row->created_us, arena);
	deployment->promoted_from = arena_cstr(arena, row->promoted_from);
	deployment->rollback_of = row->rollback_of;
	deployment->undeploy = row->undeploy;
	deployment->approvals_needed = row->approvals_needed;
	deployment->changes = arena_cstr(arena, row->changes);
	deployment->end_time = map_time(row->ended_us, arena);
	deployment->reason = arena_cstr(arena, row->reason);
	// A preview has no manifest yet.
	deployment->manifest_digest =
	        row->id ? map_digest(&row->manifest, arena) : arena_cstr(arena, STR(""));
	return map_acknowledged(row, arena, deployment) && deployment->manifest_digest ? deployment : NULL;
}

// While it waits, those that count: a key may have been revoked since. Later, all that were given.
static Err read_approvals(
        Pg *pg, const Release *release, const Row *row, Arena *arena, Counted **ret, size_t *ret_count)
{
	const Environment *environment;
	TrustRoot root;
	Str payload, envelope;
	if (row->state != STATE(AWAITING_APPROVAL))
		return approvals_read(pg, row, NULL, (Str){0}, arena, ret, ret_count);
	*ret_count = 0;
	*ret = NULL;
	// Without a root that holds none counts; what is wrong with it is told where something is deployed.
	if (environment_find(release->environments, row->environment, &environment) ||
	        environment_root(pg, environment, arena, &root))
		return OK;
	TRY(payload_read(pg, row->id, arena, &payload, &envelope));
	return approvals_read(pg, row, &root, payload, arena, ret, ret_count);
}

Err map_approvals(Pg *pg, const Release *release, const Row *row, Arena *arena, Deployment *ret)
{
	Counted *given;
	size_t count;
	TRY(read_approvals(pg, release, row, arena, &given, &count));
	Parley__Design__V1__Approval *items = ARENA_ARRAY(arena, Parley__Design__V1__Approval, count);
	ret->approvals = ARENA_ARRAY(arena, Parley__Design__V1__Approval *, count);
	if (!items || !ret->approvals)
		return release_no_memory();
	for (size_t i = 0; i < count; i++) {
		items[i] = (Parley__Design__V1__Approval)PARLEY__DESIGN__V1__APPROVAL__INIT;
		items[i].approver = arena_cstr(arena, given[i].approver);
		items[i].keyid = given[i].signature.keyid;
		items[i].comment = arena_cstr(arena, given[i].comment);
		items[i].create_time = map_time(given[i].created_us, arena);
		ret->approvals[i] = &items[i];
	}
	ret->n_approvals = count;
	return OK;
}

Parley__Design__V1__Evidence *map_evidence(const EvidenceRow *row, Arena *arena)
{
	Parley__Design__V1__Evidence *out = ARENA_NEW(arena, Parley__Design__V1__Evidence);
	if (!out)
		return NULL;
	*out = (Parley__Design__V1__Evidence)PARLEY__DESIGN__V1__EVIDENCE__INIT;
	out->id = row->id;
	out->channel = arena_cstr(arena, row->channel);
	out->digest = map_digest(&row->digest, arena);
	out->environment = arena_cstr(arena, row->environment);
	out->kind = arena_cstr(arena, row->kind);
	out->passed = row->passed;
	out->report = arena_cstr(arena, row->report);
	out->report_digest = map_digest(&row->report_digest, arena);
	out->author = arena_cstr(arena, row->author);
	out->create_time = map_time(row->created_us, arena);
	return out->digest && out->report_digest ? out : NULL;
}

static Err map_all_evidence(Pg *pg, const Row *row, Arena *arena, Deployment *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	EvidenceRow *rows;
	size_t count;
	if (!row->evidence_count)
		return OK;
	TRY(SQL_RUN(pg, &result, evidence_get, P_I64S(row->evidence, row->evidence_count)));
	TRY(record_evidence(result, arena, &rows, &count));
	ret->evidence = ARENA_ARRAY(arena, Parley__Design__V1__Evidence *, count);
	if (!ret->evidence)
		return release_no_memory();
	for (size_t i = 0; i < count; i++) {
		ret->evidence[i] = map_evidence(&rows[i], arena);
		if (!ret->evidence[i])
			return release_no_memory();
	}
	ret->n_evidence = count;
	return OK;
}

Err map_details(Pg *pg, const Release *release, const Row *row, Arena *arena, Deployment *ret)
{
	TRY(map_approvals(pg, release, row, arena, ret));
	return map_all_evidence(pg, row, arena, ret);
}
