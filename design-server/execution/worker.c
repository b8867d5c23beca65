// The thread that checks and executes plans. What it has to do is in the database: a plan is taken by locking
// its row for a transaction, so several design servers share the work, and one that dies is followed by
// another at the very batch.
#include "execution/internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <time.h>

enum { TICK_S = 1 };

static Err work_on_one(Executions *executions, Pieces *pieces, bool *ret_any)
{
	*ret_any = false;
	TRY(check_one(executions, ret_any));
	if (!*ret_any)
		TRY(apply_one(executions, pieces, ret_any));
	if (!*ret_any)
		TRY(finish_one(executions, ret_any));
	return OK;
}

bool executions_stop(Executions *executions)
{
	pthread_mutex_lock(&executions->lock);
	bool stop = executions->stop;
	pthread_mutex_unlock(&executions->lock);
	return stop;
}

void executions_note(Executions *executions, int64_t plan, uint64_t checked)
{
	pthread_mutex_lock(&executions->lock);
	executions->checking = plan;
	executions->checked = checked;
	pthread_mutex_unlock(&executions->lock);
}

uint64_t executions_checked(Executions *executions, int64_t plan)
{
	pthread_mutex_lock(&executions->lock);
	uint64_t checked = executions->checking == plan ? executions->checked : 0;
	pthread_mutex_unlock(&executions->lock);
	return checked;
}

static uint64_t wait_for_work(Executions *executions, uint64_t seen)
{
	int64_t until_us = monotonic_us() + TICK_S * US_PER_S;
	const struct timespec until = {.tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000};
	pthread_mutex_lock(&executions->lock);
	while (!executions->stop && executions->calls == seen && monotonic_us() < until_us)
		pthread_cond_timedwait(&executions->changed, &executions->lock, &until);
	seen = executions->calls;
	pthread_mutex_unlock(&executions->lock);
	return seen;
}

// A database that is away is the watch's to tell.
static void tell(Err e, Err *last)
{
	if (e != *last && e != OK && e != ERR_DB_UNAVAILABLE && e != ERR_CANCELLED)
		log_failure(LOG_WARN, "plans cannot be executed");
	*last = e;
}

static void *run(void *context)
{
	Executions *executions = context;
	Pieces pieces = {0};
	uint64_t seen = 0;
	Err last = OK;
	while (!executions_stop(executions)) {
		bool any = false;
		Err e = work_on_one(executions, &pieces, &any);
		tell(e, &last);
		if (any && e == OK)
			continue;
		pieces_clear(&pieces);
		seen = wait_for_work(executions, seen);
	}
	pieces_clear(&pieces);
	return NULL;
}

void executions_wake(Executions *executions)
{
	pthread_mutex_lock(&executions->lock);
	executions->calls++;
	pthread_cond_signal(&executions->changed);
	pthread_mutex_unlock(&executions->lock);
}

// --- its life ---

static Err set_up(Executions *executions)
{
	size_t count = executions->environments->count;
	executions->arena = arena_new(4096, 0);
	executions->names = executions->arena ? ARENA_ARRAY(executions->arena, Str, count + 1) : NULL;
	if (!executions->names)
		return execution_no_memory();
	for (size_t i = 0; i < count; i++)
		executions->names[i] = executions->environments->items[i].name;
	return OK;
}

static void init_locks(Executions *executions)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&executions->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&executions->lock, NULL);
}

Err executions_new(Services *services, const Environments *environments, Executions **ret)
{
	Executions *executions = calloc(1, sizeof *executions);
	if (!executions)
		return execution_no_memory();
	executions->services = services;
	executions->environments = environments;
	init_locks(executions);
	Err e = set_up(executions);
	executions->started = e == OK && pthread_create(&executions->thread, NULL, run, executions) == 0;
	if (executions->started) {
		*ret = executions;
		return OK;
	}
	executions_free(executions);
	return execution_no_memory();
}

void executions_free(Executions *executions)
{
	if (!executions)
		return;
	pthread_mutex_lock(&executions->lock);
	executions->stop = true;
	pthread_cond_signal(&executions->changed);
	pthread_mutex_unlock(&executions->lock);
	if (executions->started)
		pthread_join(executions->thread, NULL);
	pthread_cond_destroy(&executions->changed);
	pthread_mutex_destroy(&executions->lock);
	arena_free(executions->arena);
	free(executions);
}

Err executions_register(Executions *executions, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "SubmitPlan", .handler = handle_submit_plan, .blocking = true},
	        {.name = "AddPlanEffects",
	                .handler = handle_add_plan_effects,
	                .blocking = true,
	                .max_request = PIECE_REQUEST_MAX},
	        {.name = "ApprovePlan", .handler = handle_approve_plan, .blocking = true},
	        {.name = "ExecutePlan", .handler = handle_execute_plan, .blocking = true},
	        {.name = "WithdrawPlan", .handler = handle_withdraw_plan, .blocking = true},
	        {.name = "GetPlan", .handler = handle_get_plan, .blocking = true},
	        {.name = "ListPlans", .handler = handle_list_plans, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__plan_service__descriptor, methods,
	        ARRAY_COUNT(methods), executions);
}
