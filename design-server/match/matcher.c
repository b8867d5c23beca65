// The thread. It needs no leader: rows that another design server's matcher has are passed by.
#include "match/internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <time.h>

static const int64_t TICK_US = 1 * US_PER_S, FORGET_US = 60 * US_PER_S;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the matcher of late responses");
}

// --- its rounds ---

static bool stops(Matcher *matcher)
{
	pthread_mutex_lock(&matcher->lock);
	bool stop = matcher->stop;
	pthread_mutex_unlock(&matcher->lock);
	return stop;
}

static Err match_due(Matcher *matcher)
{
	MatchCount count = {.taken = MATCH_BATCH};
	while (count.taken == MATCH_BATCH && !stops(matcher)) {
		int64_t now_us = clock_now_us(matcher->services->clock);
		TRY(match_batch(matcher->services->ingest, &matcher->rules, now_us, &count));
		if (count.orphaned > 0)
			log_info("late responses could not be matched", F_INT("orphans", count.orphaned),
			        F_INT("matched", count.matched));
	}
	return OK;
}

static Err forget_old(Matcher *matcher, int64_t *next_us)
{
	int64_t deleted = 0;
	if (monotonic_us() < *next_us)
		return OK;
	*next_us = monotonic_us() + FORGET_US;
	TRY(match_forget(matcher->services->ingest, &matcher->rules, clock_now_us(matcher->services->clock),
	        &deleted));
	if (deleted > 0)
		log_info("old late responses were deleted", F_INT("deleted", deleted));
	return OK;
}

// A database that is away is the watch's to tell.
static void tell(Err e, Err *last)
{
	if (e != *last && e != OK && e != ERR_DB_UNAVAILABLE)
		log_failure(LOG_WARN, "late responses cannot be matched");
	*last = e;
}

static uint64_t wait_for_work(Matcher *matcher, uint64_t seen)
{
	int64_t until_us = monotonic_us() + TICK_US;
	const struct timespec until = {.tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000};
	pthread_mutex_lock(&matcher->lock);
	while (!matcher->stop && matcher->calls == seen && monotonic_us() < until_us)
		pthread_cond_timedwait(&matcher->changed, &matcher->lock, &until);
	seen = matcher->calls;
	pthread_mutex_unlock(&matcher->lock);
	return seen;
}

static void *run(void *context)
{
	Matcher *matcher = context;
	uint64_t seen = 0;
	int64_t forget_us = 0;
	Err last = OK;
	while (!stops(matcher)) {
		Err e = match_due(matcher);
		if (e == OK)
			e = forget_old(matcher, &forget_us);
		tell(e, &last);
		seen = wait_for_work(matcher, seen);
	}
	return NULL;
}

void matcher_wake(Matcher *matcher)
{
	if (matcher == NULL)
		return;
	pthread_mutex_lock(&matcher->lock);
	matcher->calls++;
	pthread_cond_signal(&matcher->changed);
	pthread_mutex_unlock(&matcher->lock);
}

// --- its life ---

static Err rules_of(const Environments *environments, Arena *arena, MatchRules *ret)
{
	size_t count = environments->count;
	Str *names = ARENA_ARRAY(arena, Str, count + 1);
	int64_t *numbers = ARENA_ARRAY(arena, int64_t, 3 * count + 1);
	if (names == NULL || numbers == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		const Environment *environment = &environments->items[i];
		names[i] = environment->name;
		numbers[i] = environment->responses.window_us;
		numbers[count + i] = environment->responses.patience_us;
		numbers[2 * count + i] = environment->responses.keep_us;
	}
	*ret = (MatchRules){names, numbers, numbers + count, numbers + 2 * count, count};
	return OK;
}

static void init_locks(Matcher *matcher)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&matcher->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&matcher->lock, NULL);
}

Err matcher_new(Services *services, const Environments *environments, Matcher **ret)
{
	Matcher *matcher = calloc(1, sizeof *matcher);
	if (matcher == NULL)
		return no_memory();
	matcher->services = services;
	matcher->environments = environments;
	init_locks(matcher);
	matcher->arena = arena_new(4096, 0);
	Err e = matcher->arena != NULL ? rules_of(environments, matcher->arena, &matcher->rules)
	                               : no_memory();
	matcher->started = e == OK && pthread_create(&matcher->thread, NULL, run, matcher) == 0;
	if (matcher->started) {
		*ret = matcher;
		return OK;
	}
	matcher_free(matcher);
	return no_memory();
}

void matcher_free(Matcher *matcher)
{
	if (matcher == NULL)
		return;
	pthread_mutex_lock(&matcher->lock);
	matcher->stop = true;
	pthread_cond_signal(&matcher->changed);
	pthread_mutex_unlock(&matcher->lock);
	if (matcher->started)
		pthread_join(matcher->thread, NULL);
	pthread_cond_destroy(&matcher->changed);
	pthread_mutex_destroy(&matcher->lock);
	arena_free(matcher->arena);
	free(matcher);
}
