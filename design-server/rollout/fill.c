// A roll-out as a message. All of it is read from what passes record, so that any design server can tell it;
// the one that leads is asked for a pass first.
#include "rollout/fill.h"

#include "wire/timestamp.h"

#include <stdio.h>

enum { FRESH_MS = 4000 };

typedef Parley__Design__V1__ServerRollout ServerRollout;
typedef Parley__Design__V1__GroupFigures GroupFigures;
typedef Parley__Design__V1__Rollout Rollout;

static Google__Protobuf__Timestamp *column_time(
        const PgResult *result, size_t row, size_t column, Arena *arena)
{
	return pg_is_null(result, row, column) ? NULL : wire_timestamp(pg_time(result, row, column), arena);
}

static char *column_cstr(const PgResult *result, size_t row, size_t column, Arena *arena)
{
	return arena_cstr(arena, pg_text(result, row, column));
}

// --- servers ---

static Err read_server(const PgResult *result, size_t i, Arena *arena, ServerRollout **ret)
{
	ServerRollout *server = ARENA_NEW(arena, ServerRollout);
	Str *degraded;
	if (!server)
		return rollout_no_memory();
	*server = (ServerRollout)PARLEY__DESIGN__V1__SERVER_ROLLOUT__INIT;
	server->server = column_cstr(result, i, 0, arena);
	server->address = column_cstr(result, i, 1, arena);
	server->desired_version = (uint64_t)pg_i64(result, i, 2);
	server->running_version = (uint64_t)pg_i64(result, i, 3);
	server->running_digest = column_cstr(result, i, 4, arena);
	server->seen_time = column_time(result, i, 5, arena);
	server->error = column_cstr(result, i, 6, arena);
	server->journal_lag = (uint64_t)pg_i64(result, i, 7);
	server->sessions = (uint64_t)pg_i64(result, i, 8);
	server->since_time = column_time(result, i, 9, arena);
	server->candidate_version = (uint64_t)pg_i64(result, i, 10);
	server->candidate_permille = (uint32_t)pg_i64(result, i, 11);
	server->root_version = (uint64_t)pg_i64(result, i, 13);
	server->timestamp_version = (uint64_t)pg_i64(result, i, 14);
	server->shipped_time = column_time(result, i, 15, arena);
	server->quiet_time = column_time(result, i, 16, arena);
	TRY(pg_texts(result, i, 12, arena, &degraded, &server->n_degraded));
	server->degraded = ARENA_ARRAY(arena, char *, server->n_degraded);
	if (!server->degraded)
		return rollout_no_memory();
	for (size_t j = 0; j < server->n_degraded; j++)
		server->degraded[j] = arena_cstr(arena, degraded[j]);
	*ret = server;
	return OK;
}

static bool is_declared(const Environment *environment, Str name)
{
	for (size_t i = 0; i < environment->servers.count; i++) {
		if (str_eq(environment_server(environment, i)->name, name))
			return true;
	}
	return false;
}

static Err read_servers(Pg *pg, Fill *fill)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Parley__Design__V1__Deployment *deployment = fill->deployment;
	TRY(SQL_RUN(pg, &result, rollout_servers, P_I64(fill->id)));
	deployment->n_servers = 0;
	deployment->servers = ARENA_ARRAY(fill->arena, ServerRollout *, pg_rows(result));
	if (!deployment->servers)
		return rollout_no_memory();
	for (size_t i = 0; i < pg_rows(result); i++) {
		if (is_declared(fill->environment, pg_text(result, i, 0)))
			TRY(read_server(
			        result, i, fill->arena, &deployment->servers[deployment->n_servers++]));
	}
	return OK;
}

// --- its steps ---

static Err read_group(const PgResult *result, size_t column, Arena *arena, GroupFigures **ret)
{
	Str *texts;
	size_t count;
	int64_t numbers[5] = {0};
	TRY(pg_texts(result, 0, column, arena, &texts, &count));
	if (count != ARRAY_COUNT(numbers))
		return OK;
	for (size_t i = 0; i < count; i++)
		(void)str_to_i64(texts[i], &numbers[i]);
	GroupFigures *group = ARENA_NEW(arena, GroupFigures);
	if (!group)
		return rollout_no_memory();
	*group = (GroupFigures)PARLEY__DESIGN__V1__GROUP_FIGURES__INIT;
	group->calls = (uint64_t)numbers[0];
	group->error_rate = (double)numbers[1] / SHARE_WHOLE;
	group->p99_us = (uint64_t)numbers[2];
	group->contacts = (uint64_t)numbers[3];
	group->acceptance = (double)numbers[4] / SHARE_WHOLE;
	*ret = group;
	return OK;
}

static Err read_rollout(Pg *pg, Fill *fill)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	const Environment *environment = fill->environment;
	TRY(SQL_RUN(pg, &result, rollout_get, P_I64(fill->id)));
	if (!pg_rows(result) || !pg_i64(result, 0, 0))
		return OK; // to all at once
	Rollout *rollout = ARENA_NEW(fill->arena, Rollout);
	if (!rollout)
		return rollout_no_memory();
	*rollout = (Rollout)PARLEY__DESIGN__V1__ROLLOUT__INIT;
	rollout->steps = (uint32_t)pg_i64(result, 0, 0);
	rollout->step = (uint32_t)pg_i64(result, 0, 1);
	bool kept = !pg_is_null(result, 0, 4), known = rollout->step <= environment->rollout.steps.count;
	rollout->step_text = arena_cstr(
	        fill->arena, kept ? STR("all servers, all sessions")
	                          : str(environment_step_text(environment, rollout->step - 1, fill->arena)));
	rollout->step_time = column_time(result, 0, kept ? 4 : 3, fill->arena);
	if (known && !kept && rollout->step_time)
		rollout->next_time = wire_timestamp(
		        pg_time(result, 0, 3) + environment_step(environment, rollout->step - 1)->bake_us,
		        fill->arena);
	rollout->reason = pg_text(result, 0, 5).len ? column_cstr(result, 0, 5, fill->arena)
	                                            : arena_cstr(fill->arena, fill->reason);
	TRY(read_group(result, 6, fill->arena, &rollout->candidate));
	TRY(read_group(result, 7, fill->arena, &rollout->stable));
	fill->deployment->rollout = rollout;
	return OK;
}

// --- the deployment itself ---

static char *hex_of(Str bytes, Arena *arena)
{
	char *hex = arena_alloc(arena, 2 * bytes.len + 1);
	if (hex)
		hex_encode((const uint8_t *)bytes.ptr, bytes.len, hex);
	return hex;
}

static Err read_deployment(Pg *pg, Fill *fill)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Arena *arena = fill->arena;
	TRY(SQL_RUN(pg, &result, rollout_deployment, P_I64(fill->id)));
	if (pg_rows(result) != 1)
		return err(ERR_DEPLOYMENT_NOT_FOUND, "deployment %lld is not there", (long long)fill->id);
	fill->reason = arena_str(arena, pg_text(result, 0, 15));
	if (!fill->whole)
		return OK;
	Parley__Design__V1__Deployment *out = fill->deployment;
	out->channel = column_cstr(result, 0, 0, arena);
	out->environment = column_cstr(result, 0, 1, arena);
	out->epoch = (uint64_t)pg_i64(result, 0, 2);
	out->version = (uint64_t)pg_i64(result, 0, 3);
	out->digest = hex_of(pg_bytes(result, 0, 4, arena), arena);
	out->length = (uint64_t)pg_i64(result, 0, 5);
	out->state = (DeploymentState)pg_i64(result, 0, 6);
	out->author = column_cstr(result, 0, 7, arena);
	out->comment = column_cstr(result, 0, 8, arena);
	out->create_time = column_time(result, 0, 9, arena);
	out->promoted_from = column_cstr(result, 0, 10, arena);
	out->rollback_of = (uint64_t)pg_i64(result, 0, 11);
	out->undeploy = pg_bool(result, 0, 12);
	out->manifest_digest = hex_of(pg_bytes(result, 0, 13, arena), arena);
	out->approvals_needed = (uint32_t)pg_i64(result, 0, 14);
	out->end_time = column_time(result, 0, 16, arena);
	return OK;
}

static Err read_all(Pg *pg, void *context)
{
	Fill *fill = context;
	TRY(read_deployment(pg, fill));
	TRY(read_servers(pg, fill));
	return read_rollout(pg, fill);
}

Err fill_read(Rollouts *rollouts, Fill *fill)
{
	return store_read(rollouts->services->store, read_all, fill);
}

Err rollouts_fill(Rollouts *rollouts, const Environment *environment, int64_t deployment_id, Arena *arena,
        Parley__Design__V1__Deployment *deployment)
{
	Fill fill = {
	        .environment = environment, .id = deployment_id, .arena = arena, .deployment = deployment};
	(void)rollouts_wait(rollouts, environment, FRESH_MS);
	return fill_read(rollouts, &fill);
}
