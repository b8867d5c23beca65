// A thread for each server, so that one that is slow or away holds up nobody but itself. One that is away is
// tried again after 1, 2, 4, 8 and then every 15 seconds, and at once when somebody deploys; so is one that
// refuses something, which would refuse it again.
#include "rollout/internal.h"

#include <stdlib.h>

enum { AWAY_MAX_S = 15 };

void report_release(Report *report)
{
	if (report && atomic_fetch_sub(&report->references, 1) == 1)
		arena_free(report->arena);
}

Report *worker_report(Worker *worker)
{
	Rollouts *rollouts = worker->fleet->rollouts;
	pthread_mutex_lock(&rollouts->lock);
	Report *report = worker->report;
	if (report)
		atomic_fetch_add(&report->references, 1);
	pthread_mutex_unlock(&rollouts->lock);
	return report;
}

static Report *report_new(const Plan *plan)
{
	Arena *arena = arena_new(16 * 1024, 0);
	Report *report = arena ? ARENA_NEW(arena, Report) : NULL;
	if (report) {
		report->arena = arena;
		report->references = 1;
		report->count = plan->count;
		report->refusals =
		        arena_alloc_array(arena, sizeof *report->refusals, plan->count ? plan->count : 1);
	}
	if (report && report->refusals)
		return report;
	arena_free(arena);
	return NULL;
}

static int64_t away_us(unsigned failures)
{
	int64_t seconds = failures < 5 ? INT64_C(1) << (failures - 1) : AWAY_MAX_S;
	return seconds * US_PER_S;
}

static bool has_refused(const Report *report)
{
	bool refused = report->error[0] != '\0';
	for (size_t i = 0; i < report->count; i++)
		refused |= report->refusals[i][0] != '\0';
	return refused;
}

static void tell(const Worker *worker, const Report *report)
{
	const LogField fields[] = {F_STR("environment", worker->fleet->environment->name),
	        F_STR("server", worker->server->name), F_CSTR("why", report->error)};
	if (!report->status && worker->failures == 1)
		log_write(LOG_WARN, "runtime server is away", fields, ARRAY_COUNT(fields));
	else if (report->status && worker->failures)
		log_write(LOG_INFO, "runtime server is back", fields, ARRAY_COUNT(fields) - 1);
}

// The lock is held, as before and after.
static void round_of(Worker *worker)
{
	Rollouts *rollouts = worker->fleet->rollouts;
	Plan *plan = plan_hold(worker->fleet->plan);
	uint64_t round = worker->wanted;
	pthread_mutex_unlock(&rollouts->lock);

	Report *report = report_new(plan);
	if (report)
		server_round(worker, plan, report);
	plan_release(plan);

	pthread_mutex_lock(&rollouts->lock);
	worker->done = round;
	if (!report)
		return;
	if (!report->status)
		worker->failures++;
	tell(worker, report);
	if (report->status)
		worker->failures = 0;
	worker->refusals = report->status && has_refused(report) ? worker->refusals + 1 : 0;
	unsigned tries = report->status ? worker->refusals : worker->failures;
	worker->not_before_us = tries ? monotonic_us() + away_us(tries) : 0;
	report_release(worker->report);
	worker->report = report;
}

static void *work(void *context)
{
	Worker *worker = context;
	Rollouts *rollouts = worker->fleet->rollouts;
	pthread_mutex_lock(&rollouts->lock);
	while (!rollouts->stop) {
		if (worker->done >= worker->wanted) {
			pthread_cond_wait(&rollouts->changed, &rollouts->lock);
			continue;
		}
		round_of(worker);
		pthread_cond_broadcast(&rollouts->changed);
	}
	pthread_mutex_unlock(&rollouts->lock);
	return NULL;
}

Err worker_start(Worker *worker)
{
	worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
	return worker->started ? OK : err(ERR_NO_MEMORY, "no thread for a runtime server");
}

void worker_join(Worker *worker)
{
	if (worker->started)
		pthread_join(worker->thread, NULL);
	rpc_client_free(worker->client);
	report_release(worker->report);
}
