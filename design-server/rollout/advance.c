// The end of a pass: what was found is recorded, and deployments move on, in one transaction for an
// environment. It may run again from its start, and it may never have run: the next pass does the same.
#include "rollout/step.h"

#include <stdlib.h>

static const Str controller = {"roll-out", 8};

typedef struct Advance {
	Fleet *fleet;
	const Plan *plan;
	Reports reports;
	bool whole, urgent, moved;
	int64_t now_us;
} Advance;

// All servers run it, or not. One that is merely away and did run it is no reason to call it incomplete.
static Err advance_kept(Pg *pg, Advance *a, const Line *line)
{
	bool all, told = a->whole;
	if (line->state != STATE(ROLLING_OUT) && line->state != STATE(INCOMPLETE) &&
	        line->state != STATE(COMPLETE))
		return OK;
	TRY(record_all_run(pg, a->plan, line, &all));
	if (!all && !told)
		return OK;
	Err e = state_move(pg, line->newest.id, all ? EVENT_ALL_RUN : EVENT_LAGGING, controller, (Str){0},
	        a->now_us, NULL);
	// Another deployment may have taken its place since the plan was read.
	return e == ERR_DEPLOYMENT_STATE ? OK : e;
}

static Err advance_line(Pg *pg, Advance *a, const Line *line)
{
	const Environment *environment = a->plan->environment;
	for (size_t i = 0; i < environment->servers.count; i++)
		TRY(record_server(pg, a->plan, line, environment_server(environment, i), a->reports.items[i],
		        (size_t)(line - a->plan->lines), a->urgent));
	if (line->kept)
		return advance_kept(pg, a, line);
	bool moved = false;
	if (line->active)
		TRY(step_advance(pg, a->plan, line, &a->reports, a->now_us, &moved));
	a->moved |= moved;
	return OK;
}

static Err advance(Pg *pg, void *context)
{
	Advance *a = context;
	a->moved = false;
	for (size_t i = 0; i < a->plan->count; i++)
		TRY(advance_line(pg, a, &a->plan->lines[i]));
	return OK;
}

Err fleet_advance(Fleet *fleet, const Plan *plan, bool whole, bool urgent)
{
	size_t count = plan->environment->servers.count;
	Advance a = {.fleet = fleet,
	        .plan = plan,
	        .reports = {.items = ARENA_ARRAY(plan->arena, Report *, count), .count = count},
	        .whole = whole,
	        .urgent = urgent,
	        .now_us = clock_now_us(fleet->rollouts->services->clock)};
	if (!a.reports.items)
		return rollout_no_memory();
	for (size_t i = 0; i < count; i++)
		a.reports.items[i] = worker_report(&fleet->workers[i]);
	Err e = plan->count ? store_transact(fleet->rollouts->services->store, advance, &a) : OK;
	for (size_t i = 0; i < count; i++)
		report_release(a.reports.items[i]);
	fleet->moved = !e && a.moved;
	return e;
}

Err rollout_begin(Pg *pg, int64_t deployment, const Environment *environment, int64_t now_us)
{
	CLEANUP(pg_result_freep) PgResult *subject = NULL;
	CLEANUP(pg_result_freep) PgResult *before = NULL;
	TRY(SQL_RUN(pg, &subject, rollout_subject, P_I64(deployment)));
	if (pg_rows(subject) != 1)
		return err(ERR_DEPLOYMENT_NOT_FOUND, "deployment %lld is not there", (long long)deployment);
	TRY(SQL_RUN(pg, &before, rollout_before, P_TEXT(pg_text(subject, 0, 0)),
	        P_TEXT(pg_text(subject, 0, 1)), P_I64(pg_i64(subject, 0, 2)), P_I64(pg_i64(subject, 0, 3))));
	// Steps compare with what serves beside it. What has served before, comes back without delay.
	bool beside = pg_rows(before) == 1 && !pg_bool(before, 0, 0);
	bool rollback = pg_i64(subject, 0, 4) > 0, undeploy = pg_bool(subject, 0, 5);
	int64_t steps = beside && !rollback && !undeploy ? (int64_t)environment->rollout.steps.count : 0;
	return SQL_RUN(pg, NULL, rollout_add, P_I64(deployment), P_I64(steps), P_TIME(now_us));
}
