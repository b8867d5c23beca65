// What should be, read afresh for each pass: the database is the only memory, so that another process can go
// on where this one dies.
#include "rollout/internal.h"

#include <stdlib.h>

Plan *plan_hold(Plan *plan)
{
	if (plan)
		atomic_fetch_add(&plan->references, 1);
	return plan;
}

void plan_release(Plan *plan)
{
	if (plan && atomic_fetch_sub(&plan->references, 1) == 1)
		arena_free(plan->arena);
}

static void digest_set(Digest *ret, Str bytes)
{
	if (bytes.len == sizeof ret->bytes)
		memcpy(ret->bytes, bytes.ptr, bytes.len);
}

Err line_read(const PgResult *result, size_t row, Arena *arena, Line *ret)
{
	*ret = (Line){
	        .channel = arena_str(arena, pg_text(result, row, 0)),
	        .newest =
	                {
	                        .id = pg_i64(result, row, 1),
	                        .epoch = (uint64_t)pg_i64(result, row, 2),
	                        .version = (uint64_t)pg_i64(result, row, 3),
	                        .length = (uint64_t)pg_i64(result, row, 6),
	                        .undeploy = pg_bool(result, row, 7),
	                },
	        .fleet = arena_str(arena, pg_text(result, row, 8)),
	        .state = (DeploymentState)pg_i64(result, row, 9),
	        .steps = (uint32_t)pg_i64(result, row, 10),
	        .step = (uint32_t)pg_i64(result, row, 11),
	        .begun_us = pg_time(result, row, 12),
	        .reached_us = pg_is_null(result, row, 13) ? 0 : pg_time(result, row, 13),
	        .kept = pg_bool(result, row, 14),
	        .waiting = arena_str(arena, pg_text(result, row, 15)),
	};
	digest_set(&ret->newest.manifest, pg_bytes(result, row, 4, arena));
	digest_set(&ret->newest.blob, pg_bytes(result, row, 5, arena));
	ret->paused = ret->state == STATE(PAUSED);
	ret->active = !ret->kept &&
	              (ret->paused || ret->state == STATE(ROLLING_OUT) || ret->state == STATE(INCOMPLETE));
	return OK;
}

// Both results are in the order of the channels, and what is stable is a part of what is newest.
static Err read_lines(Pg *pg, Plan *plan)
{
	CLEANUP(pg_result_freep) PgResult *newest = NULL;
	CLEANUP(pg_result_freep) PgResult *stable = NULL;
	Str name = plan->environment->name;
	TRY(SQL_RUN(pg, &newest, rollout_newest, P_TEXT(name), P_CTEXT("")));
	TRY(SQL_RUN(pg, &stable, rollout_stable, P_TEXT(name)));
	plan->count = pg_rows(newest);
	plan->lines = ARENA_ARRAY(plan->arena, Line, plan->count);
	if (!plan->lines)
		return rollout_no_memory();
	size_t s = 0;
	for (size_t i = 0; i < plan->count; i++) {
		Line *line = &plan->lines[i], before;
		TRY(line_read(newest, i, plan->arena, line));
		if (s == pg_rows(stable) || !str_eq(pg_text(stable, s, 0), line->channel))
			continue;
		TRY(line_read(stable, s++, plan->arena, &before));
		line->stable = before.newest;
		line->has_stable = true;
	}
	return OK;
}

static Err read_timestamp(Pg *pg, Plan *plan)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, timestamp_get, P_TEXT(plan->environment->name)));
	if (!pg_rows(result))
		return OK;
	plan->timestamp_version = (uint64_t)pg_i64(result, 0, 0);
	plan->timestamp = pg_bytes(result, 0, 1, plan->arena);
	return plan->timestamp.ptr ? OK : rollout_no_memory();
}

// Roots that cannot be used keep nothing else from going on: `parley environments` tells what is wrong.
static Err read_roots(Pg *pg, Plan *plan)
{
	TrustRoots roots = {0};
	if (!plan->environment->trusted_root.len)
		return OK;
	Err e = environment_roots(pg, plan->environment, plan->arena, &roots);
	if (e == ERR_DB_UNAVAILABLE || e == ERR_DB_CONFLICT || e == ERR_DB_FAILED || e == ERR_TIMEOUT)
		return e;
	if (!e) {
		plan->roots = roots.items;
		plan->root_count = roots.count;
	}
	return OK;
}

static Err read_plan(Pg *pg, void *context)
{
	Plan *plan = context;
	TRY(read_lines(pg, plan));
	TRY(read_timestamp(pg, plan));
	return read_roots(pg, plan);
}

Err plan_read(Rollouts *rollouts, Fleet *fleet, Plan **ret)
{
	Arena *arena = arena_new(16 * 1024, 0);
	Plan *plan = arena ? ARENA_NEW(arena, Plan) : NULL;
	if (!plan) {
		arena_free(arena);
		return rollout_no_memory();
	}
	plan->arena = arena;
	plan->references = 1;
	plan->environment = fleet->environment;
	Err e = store_read(rollouts->services->store, read_plan, plan);
	if (e)
		plan_release(plan);
	else
		*ret = plan;
	return e;
}

uint32_t line_permille(const Environment *environment, const Line *line, const EnvironmentServer *server)
{
	uint32_t steps = (uint32_t)environment->rollout.steps.count;
	if (!line->active)
		return 0;
	for (uint32_t step = line->step < steps ? line->step : steps; step > 0; step--) {
		const EnvironmentStep *s = environment_step(environment, step - 1);
		if (environment_step_has(s, server))
			return (uint32_t)(s->share / (SHARE_WHOLE / PERMILLE_WHOLE));
	}
	return 0;
}
