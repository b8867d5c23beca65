// A pass: what should be is read, every server's worker is told, what they found is recorded, and deployments
// move on. One design server leads: it holds an advisory lock on a connection of its own, so that the lock
// goes when it dies, and another takes over within a second.
#include "rollout/internal.h"

#include <stdlib.h>
#include <time.h>

enum { TICK_US = 1000000, ROUND_US = 2000000, OTHER_US = 2000000 };

Err rollout_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the roll-out: it is tried again");
}

// Waits on `changed` until `deadline_us` (monotonic). The lock is held.
static void rollouts_sleep(Rollouts *rollouts, int64_t deadline_us)
{
	const struct timespec until = {
	        .tv_sec = deadline_us / US_PER_S, .tv_nsec = deadline_us % US_PER_S * 1000};
	pthread_cond_timedwait(&rollouts->changed, &rollouts->lock, &until);
}

// --- a pass ---

// Those that are away are spared until their time has come, unless somebody waits. The lock is held.
static void fleet_tell(Fleet *fleet, Plan *plan, bool urgent)
{
	Rollouts *rollouts = fleet->rollouts;
	uint64_t round = ++rollouts->rounds;
	plan_release(fleet->plan);
	fleet->plan = plan;
	for (size_t i = 0; i < fleet->environment->servers.count; i++) {
		Worker *worker = &fleet->workers[i];
		if (urgent || worker->not_before_us <= monotonic_us())
			worker->wanted = round;
	}
}

static bool fleet_answered(const Fleet *fleet)
{
	for (size_t i = 0; i < fleet->environment->servers.count; i++) {
		if (fleet->workers[i].done < fleet->workers[i].wanted)
			return false;
	}
	return true;
}

// The newest timestamp that any server has seen: after a database was restored, it may be ahead of ours.
static uint64_t fleet_timestamp(Fleet *fleet)
{
	uint64_t newest = 0;
	for (size_t i = 0; i < fleet->environment->servers.count; i++) {
		Report *report = worker_report(&fleet->workers[i]);
		if (report && report->status && report->status->timestamp_version > newest)
			newest = report->status->timestamp_version;
		report_release(report);
	}
	return newest;
}

static Err fleet_prepare(Fleet *fleet, bool urgent)
{
	Rollouts *rollouts = fleet->rollouts;
	Plan *plan = NULL;
	Err stamped = stamp_renew(rollouts, fleet, fleet_timestamp(fleet));
	if (stamped && stamped != fleet->failed)
		log_failure(LOG_WARN, "no timestamp could be made");
	TRY(plan_read(rollouts, fleet, &plan));
	pthread_mutex_lock(&rollouts->lock);
	fleet_tell(fleet, plan, urgent);
	pthread_cond_broadcast(&rollouts->changed);
	pthread_mutex_unlock(&rollouts->lock);
	return stamped;
}

// False: not all have answered in time, and the pass goes on with what there is.
static bool fleet_await(Fleet *fleet, int64_t deadline_us)
{
	Rollouts *rollouts = fleet->rollouts;
	pthread_mutex_lock(&rollouts->lock);
	while (!fleet_answered(fleet) && !rollouts->stop && monotonic_us() < deadline_us)
		rollouts_sleep(rollouts, deadline_us);
	bool whole = fleet_answered(fleet);
	pthread_mutex_unlock(&rollouts->lock);
	return whole;
}

static Err fleet_finish(Fleet *fleet, bool urgent, uint64_t ticket, int64_t deadline_us)
{
	Rollouts *rollouts = fleet->rollouts;
	bool whole = fleet_await(fleet, deadline_us);
	pthread_mutex_lock(&rollouts->lock);
	Plan *plan = plan_hold(fleet->plan);
	pthread_mutex_unlock(&rollouts->lock);
	Err e = plan ? fleet_advance(fleet, plan, whole, urgent) : OK;
	plan_release(plan);
	pthread_mutex_lock(&rollouts->lock);
	// What moved is told to the servers by the next pass: who waits, waits for that one.
	if (!e && whole && !fleet->moved)
		fleet->passes = ticket;
	pthread_cond_broadcast(&rollouts->changed);
	pthread_mutex_unlock(&rollouts->lock);
	return e;
}

static void fleet_fail(Fleet *fleet, Err e)
{
	if (e && e != fleet->failed)
		log_failure(LOG_WARN, "a pass over the runtime servers failed");
	fleet->failed = e;
}

// Whether there is at once something more to do.
static bool pass(Rollouts *rollouts, uint64_t ticket, bool urgent)
{
	size_t count = rollouts->environments->count;
	bool more = false;
	for (size_t i = 0; i < count; i++) {
		Fleet *fleet = &rollouts->fleets[i];
		fleet->moved = false;
		fleet_fail(fleet, fleet_prepare(fleet, urgent));
	}
	int64_t deadline = monotonic_us() + ROUND_US;
	for (size_t i = 0; i < count; i++) {
		Fleet *fleet = &rollouts->fleets[i];
		Err e = fleet_finish(fleet, urgent, ticket, deadline);
		if (e)
			fleet_fail(fleet, e);
		more |= fleet->moved;
	}
	return more;
}

// --- its thread ---

// One pass after another while this process leads.
static Err lead(Pg *pg, Rollouts *rollouts)
{
	uint64_t answered = 0;
	for (;;) {
		TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_rollout_led, NULL, 0, NULL));
		pthread_mutex_lock(&rollouts->lock);
		uint64_t ticket = rollouts->tickets;
		bool stop = rollouts->stop;
		pthread_mutex_unlock(&rollouts->lock);
		if (stop)
			return OK;
		int64_t next = monotonic_us() + TICK_US;
		bool more = pass(rollouts, ticket, ticket != answered);
		answered = ticket;
		pthread_mutex_lock(&rollouts->lock);
		while (!more && !rollouts->stop && rollouts->tickets == ticket && monotonic_us() < next)
			rollouts_sleep(rollouts, next);
		pthread_mutex_unlock(&rollouts->lock);
	}
}

static void set_leads(Rollouts *rollouts, bool leads)
{
	pthread_mutex_lock(&rollouts->lock);
	rollouts->leads = leads;
	pthread_mutex_unlock(&rollouts->lock);
}

static Err try_to_lead(Pg *pg, void *context)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_rollout_lead, NULL, 0, &result));
	if (!pg_bool(result, 0, 0))
		return OK;
	log_info("this process leads roll-outs", F_BOOL("leads", true));
	set_leads(context, true);
	Err e = lead(pg, context);
	set_leads(context, false);
	// The connection goes back to the pool: nothing may be left on it.
	if (pg_alive(pg))
		(void)pg_query(pg, STORE_TIMEOUT_MS, sql_rollout_unlead, NULL, 0, NULL);
	return e;
}

static void *control(void *context)
{
	Rollouts *rollouts = context;
	for (;;) {
		(void)store_run(rollouts->services->store, try_to_lead, rollouts);
		pthread_mutex_lock(&rollouts->lock);
		int64_t next = monotonic_us() + TICK_US;
		while (!rollouts->stop && monotonic_us() < next)
			rollouts_sleep(rollouts, next);
		bool stop = rollouts->stop;
		pthread_mutex_unlock(&rollouts->lock);
		if (stop)
			return NULL;
	}
}

// --- its life ---

static Err fleet_new(Rollouts *rollouts, const Environment *environment, Fleet *fleet)
{
	*fleet = (Fleet){.rollouts = rollouts, .environment = environment};
	if (environment->timestamp_key.len) {
		Err e = signing_key_load(
		        arena_cstr(rollouts->arena, environment->timestamp_key), &fleet->timestamp_key);
		if (e)
			log_failure(LOG_WARN, "a timestamp key cannot be used");
	}
	fleet->workers = ARENA_ARRAY(rollouts->arena, Worker, environment->servers.count);
	if (!fleet->workers)
		return rollout_no_memory();
	for (size_t i = 0; i < environment->servers.count; i++)
		fleet->workers[i] = (Worker){.fleet = fleet, .server = environment_server(environment, i)};
	return OK;
}

static void init_locks(Rollouts *rollouts)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&rollouts->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&rollouts->lock, NULL);
}

static Err start(Rollouts *rollouts)
{
	const DesignConfig *config = rollouts->services->config;
	size_t count = rollouts->environments->count;
	rollouts->tls = (RpcTls){
	        .certificate_file = arena_cstr(rollouts->arena, config->tls.certificate),
	        .key_file = arena_cstr(rollouts->arena, config->tls.key),
	        .ca_file = arena_cstr(rollouts->arena, config->tls.ca),
	};
	rollouts->fleets = ARENA_ARRAY(rollouts->arena, Fleet, count);
	if (!rollouts->fleets)
		return rollout_no_memory();
	for (size_t i = 0; i < count; i++)
		TRY(fleet_new(rollouts, &rollouts->environments->items[i], &rollouts->fleets[i]));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < rollouts->environments->items[i].servers.count; j++)
			TRY(worker_start(&rollouts->fleets[i].workers[j]));
	}
	rollouts->started = pthread_create(&rollouts->thread, NULL, control, rollouts) == 0;
	return rollouts->started ? OK : err(ERR_NO_MEMORY, "no thread for roll-outs");
}

Err rollouts_new(Services *services, const Environments *environments, Rollouts **ret)
{
	Arena *arena = arena_new(16 * 1024, 0);
	Rollouts *rollouts = arena ? ARENA_NEW(arena, Rollouts) : NULL;
	if (!rollouts) {
		arena_free(arena);
		return rollout_no_memory();
	}
	rollouts->services = services;
	rollouts->environments = environments;
	rollouts->arena = arena;
	init_locks(rollouts);
	Err e = start(rollouts);
	if (!e) {
		*ret = rollouts;
		return OK;
	}
	ErrDetail why = *err_detail();
	rollouts_free(rollouts);
	return err_restore(&why);
}

static void fleet_free(Fleet *fleet)
{
	for (size_t i = 0; fleet->workers && i < fleet->environment->servers.count; i++)
		worker_join(&fleet->workers[i]);
	plan_release(fleet->plan);
	signing_key_free(fleet->timestamp_key);
}

void rollouts_free(Rollouts *rollouts)
{
	if (!rollouts)
		return;
	pthread_mutex_lock(&rollouts->lock);
	rollouts->stop = true;
	pthread_cond_broadcast(&rollouts->changed);
	pthread_mutex_unlock(&rollouts->lock);
	if (rollouts->started)
		pthread_join(rollouts->thread, NULL);
	for (size_t i = 0; rollouts->fleets && i < rollouts->environments->count; i++) {
		if (rollouts->fleets[i].rollouts)
			fleet_free(&rollouts->fleets[i]);
	}
	pthread_cond_destroy(&rollouts->changed);
	pthread_mutex_destroy(&rollouts->lock);
	arena_free(rollouts->arena);
}

// --- who waits for it ---

static uint64_t ask_for_pass(Rollouts *rollouts)
{
	pthread_mutex_lock(&rollouts->lock);
	uint64_t ticket = ++rollouts->tickets;
	pthread_cond_broadcast(&rollouts->changed);
	pthread_mutex_unlock(&rollouts->lock);
	return ticket;
}

void rollouts_wake(Rollouts *rollouts)
{
	(void)ask_for_pass(rollouts);
}

bool rollouts_wait(Rollouts *rollouts, const Environment *environment, int timeout_ms)
{
	uint64_t ticket = ask_for_pass(rollouts);
	int64_t begun = monotonic_us(), deadline = begun + timeout_ms * US_PER_MS;
	size_t index = (size_t)(environment - rollouts->environments->items);
	const Fleet *fleet = &rollouts->fleets[index];
	pthread_mutex_lock(&rollouts->lock);
	while (fleet->passes < ticket && !rollouts->stop) {
		// Where another process leads, two of its passes have to do.
		int64_t until = rollouts->leads || deadline < begun + OTHER_US ? deadline : begun + OTHER_US;
		if (monotonic_us() >= until)
			break;
		rollouts_sleep(rollouts, until);
	}
	bool done = fleet->passes >= ticket;
	pthread_mutex_unlock(&rollouts->lock);
	return done;
}
