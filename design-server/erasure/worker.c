// The thread that carries erasures out, place by place. What it has to do is in the database: a place is
// taken by moving its next try on, so several design servers share the work, one that dies is followed by
// another, and what was done twice was done once.
#include "erasure/internal.h"

#include "base/log.h"
#include "wire/json.h"

#include <stdlib.h>
#include <time.h>

enum { LEASE_S = 900, AGAIN_MOST_S = 60, TICK_S = 1 };

// The columns of erasure_take.
enum {
	ERASURE,
	PLACE,
	STATE,
	RUNTIME,
	INCARNATION,
	SEQUENCE,
	TRIES,
	ENVIRONMENT,
	LEVEL,
	ID,
	REQUESTED,
	DIGEST
};

// --- what is done to a place ---

static Str counts_of(const PgResult *row, Arena *arena)
{
	Str counts = arena_str(arena, pg_text(row, 0, 0));
	return counts.ptr ? counts : STR("{}");
}

Err place_sweep(Pg *pg, const ErasePlace *place, bool sweep, Arena *arena, Str *ret_counts)
{
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	const Visitor *visitor = &place->visitor;
	TRY(PG_QUERY(pg, ERASE_TIMEOUT_MS, &row, sql_visitor_erase, P_TEXT(visitor->environment),
	        P_TEXT(visitor->level), P_TEXT(visitor->id), P_TIME(place->requested_us),
	        sweep ? P_TEXT(place->runtime_id) : P_NULL, P_I64(place->incarnation),
	        P_I64(place->sequence)));
	*ret_counts = counts_of(row, arena);
	return OK;
}

static Err tell_audit(
        Pg *pg, const ErasePlace *place, const char *action, Str found, int64_t now_us, Arena *arena)
{
	const char *after = arena_printf(arena,
	        "{\"erasure\":%lld,\"environment\":\"" STR_FMT "\",\"place\":\"" STR_FMT
	        "\",\"found\":" STR_FMT "}",
	        (long long)place->erasure, STR_ARG(place->visitor.environment),
	        STR_ARG((place->name.len ? place->name : STR("history"))), STR_ARG(found));
	return after ? audit_write(pg, &(Audit){.time_us = now_us,
	                                       .actor = STR("erasure"),
	                                       .action = str(action),
	                                       .kind = STR("Visitor"),
	                                       .name = place->visitor.digest,
	                                       .after = str(after)})
	             : erasure_no_memory();
}

Err place_done(Pg *pg, const ErasePlace *place, Str counts, int64_t now_us, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	CLEANUP(pg_result_freep) PgResult *complete = NULL;
	TRY(SQL_RUN(pg, &done, erasure_done, P_I64(place->erasure), P_TEXT(place->name), P_JSON(counts),
	        P_TIME(now_us)));
	if (pg_rows(done) == 0)
		return OK;
	TRY(SQL_RUN(pg, &complete, erasure_complete, P_I64(place->erasure), P_TIME(now_us)));
	TRY(tell_audit(pg, place, "erased", pg_text(done, 0, 0), now_us, arena));
	if (pg_rows(complete) == 0)
		return OK;
	log_info("visitor is erased everywhere", F_INT("erasure", place->erasure),
	        F_STR("environment", place->visitor.environment));
	return tell_audit(pg,
	        &(ErasePlace){
	                .erasure = place->erasure, .name = STR("everywhere"), .visitor = place->visitor},
	        "complete", STR("{}"), now_us, arena);
}

// --- the database ---

typedef struct Work {
	Erasures *erasures;
	ErasePlace place;
	Arena *arena;
	int64_t now_us;
	bool any;
	const char *why;
	int64_t again_us;
} Work;

static Err erase_history(Pg *pg, void *context)
{
	Work *work = context;
	Str counts = {0};
	TRY(place_sweep(pg, &work->place, false, work->arena, &counts));
	return place_done(pg, &work->place, counts, work->now_us, work->arena);
}

// --- one place ---

static Err take(Pg *pg, void *context)
{
	Work *work = context;
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	const Erasures *erasures = work->erasures;
	Arena *arena = work->arena;
	TRY(SQL_RUN(pg, &row, erasure_take, P_TIME(work->now_us),
	        P_TEXTS(erasures->names, erasures->environments->count),
	        P_TIME(work->now_us + LEASE_S * US_PER_S)));
	work->any = pg_rows(row) > 0;
	if (!work->any)
		return OK;
	work->place = (ErasePlace){
	        .erasure = pg_i64(row, 0, ERASURE),
	        .name = arena_str(arena, pg_text(row, 0, PLACE)),
	        .shipping = str_eq(pg_text(row, 0, STATE), STR("shipping")),
	        .runtime_id = arena_str(arena, pg_text(row, 0, RUNTIME)),
	        .incarnation = pg_i64(row, 0, INCARNATION),
	        .sequence = pg_i64(row, 0, SEQUENCE),
	        .tries = pg_i64(row, 0, TRIES),
	        .visitor = {.environment = arena_str(arena, pg_text(row, 0, ENVIRONMENT)),
	                .level = arena_str(arena, pg_text(row, 0, LEVEL)),
	                .id = arena_str(arena, pg_text(row, 0, ID)),
	                .digest = arena_str(arena, pg_text(row, 0, DIGEST))},
	        .requested_us = pg_time(row, 0, REQUESTED),
	};
	return work->place.visitor.id.ptr && work->place.visitor.digest.ptr ? OK : erasure_no_memory();
}

static Err put_off(Pg *pg, void *context)
{
	const Work *work = context;
	return SQL_RUN(pg, NULL, erasure_wait, P_I64(work->place.erasure), P_TEXT(work->place.name),
	        P_CTEXT(work->why), P_TIME(work->again_us));
}

static Err wait_for(Work *work, const ErrDetail *why)
{
	int64_t tries = work->place.tries, pause_s = tries < 6 ? INT64_C(1) << tries : AGAIN_MOST_S;
	work->why = why->message;
	work->again_us = clock_now_us(work->erasures->services->clock) +
	                 (pause_s < AGAIN_MOST_S ? pause_s : AGAIN_MOST_S) * US_PER_S;
	if (tries == 0)
		log_info("erasure waits", F_INT("erasure", work->place.erasure),
		        F_STR("place", work->place.name), F_CSTR("why", work->why));
	return store_transact(work->erasures->services->store, put_off, work);
}

// Sets whether there was one.
static Err work_on_one(Erasures *erasures, bool *ret_any)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	Work work = {.erasures = erasures, .arena = arena, .now_us = clock_now_us(erasures->services->clock)};
	if (!arena)
		return erasure_no_memory();
	TRY(store_transact(erasures->services->store, take, &work));
	*ret_any = work.any;
	if (!work.any)
		return OK;
	Err e = work.place.name.len ? server_erase(erasures, &work.place, arena)
	                            : store_transact(erasures->services->store, erase_history, &work);
	if (e == OK)
		return OK;
	ErrDetail why = *err_detail();
	return wait_for(&work, &why);
}

// --- the thread ---

static bool stops(Erasures *erasures)
{
	pthread_mutex_lock(&erasures->lock);
	bool stop = erasures->stop;
	pthread_mutex_unlock(&erasures->lock);
	return stop;
}

static uint64_t wait_for_work(Erasures *erasures, uint64_t seen)
{
	int64_t until_us = monotonic_us() + TICK_S * US_PER_S;
	const struct timespec until = {.tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000};
	pthread_mutex_lock(&erasures->lock);
	while (!erasures->stop && erasures->calls == seen && monotonic_us() < until_us)
		pthread_cond_timedwait(&erasures->changed, &erasures->lock, &until);
	seen = erasures->calls;
	pthread_mutex_unlock(&erasures->lock);
	return seen;
}

static void *run(void *context)
{
	Erasures *erasures = context;
	uint64_t seen = 0;
	Err last = OK;
	while (!stops(erasures)) {
		bool any = false;
		Err e = work_on_one(erasures, &any);
		if (e != last && e != OK && e != ERR_DB_UNAVAILABLE) // that one is the watch's to tell
			log_failure(LOG_WARN, "visitors cannot be erased");
		last = e;
		if (!any || e != OK)
			seen = wait_for_work(erasures, seen);
	}
	return NULL;
}

void erasures_wake(Erasures *erasures)
{
	pthread_mutex_lock(&erasures->lock);
	erasures->calls++;
	pthread_cond_signal(&erasures->changed);
	pthread_mutex_unlock(&erasures->lock);
}

// --- its life ---

static Err set_up(Erasures *erasures)
{
	size_t count = erasures->environments->count;
	erasures->arena = arena_new(4096, 0);
	erasures->names = erasures->arena ? ARENA_ARRAY(erasures->arena, Str, count + 1) : NULL;
	if (!erasures->names)
		return erasure_no_memory();
	for (size_t i = 0; i < count; i++)
		erasures->names[i] = erasures->environments->items[i].name;
	return OK;
}

static void init_locks(Erasures *erasures)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&erasures->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&erasures->lock, NULL);
}

Err erasures_new(Services *services, const Environments *environments, Erasures **ret)
{
	Erasures *erasures = calloc(1, sizeof *erasures);
	if (!erasures)
		return erasure_no_memory();
	erasures->services = services;
	erasures->environments = environments;
	init_locks(erasures);
	Err e = set_up(erasures);
	erasures->started = e == OK && pthread_create(&erasures->thread, NULL, run, erasures) == 0;
	if (erasures->started) {
		*ret = erasures;
		return OK;
	}
	erasures_free(erasures);
	return erasure_no_memory();
}

void erasures_free(Erasures *erasures)
{
	if (!erasures)
		return;
	pthread_mutex_lock(&erasures->lock);
	erasures->stop = true;
	pthread_cond_signal(&erasures->changed);
	pthread_mutex_unlock(&erasures->lock);
	if (erasures->started)
		pthread_join(erasures->thread, NULL);
	pthread_cond_destroy(&erasures->changed);
	pthread_mutex_destroy(&erasures->lock);
	arena_free(erasures->arena);
	free(erasures);
}
