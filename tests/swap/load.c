#include "load.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TAKEN = 3, BATCHED = 2 };

typedef struct Loader {
	Loads *loads;
	pthread_t thread;
	unsigned number;
	Client client, maker; // one connection; `maker` has an arena for what lives as long as the thread
	GetOffersRequest *offers[LOAD_SESSIONS];
	ExecuteBatchRequest *batches[LOAD_SESSIONS];
	RecommendRequest *visits[LOAD_SESSIONS];
	LoadSums sums[PHASES];
	uint64_t failed, mixed, newest;
	char failure[256];
} Loader;

struct Loads {
	Loader loaders[LOAD_THREADS];
	atomic_int phase;
	_Atomic int64_t interval_ns; // between two calls of a thread
	atomic_bool stop;
};

static void must_be(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "swap: %s: %s\n", what, err_detail()->message);
	exit(1);
}

// --- what an answer must hold ---

static bool is_of(uint64_t version, PointOffers **points, size_t count)
{
	char prefix[16];
	snprintf(prefix, sizeof prefix, "E%02u-", (unsigned)(version % EDITIONS));
	for (size_t p = 0; p < count; p++)
		for (size_t o = 0; o < points[p]->n_offers; o++)
			if (!str_starts(str(points[p]->offers[o]->offer_code), str(prefix)))
				return false;
	return count > 0 && points[0]->n_offers > 0;
}

static void see(Loader *loader, uint64_t version, bool whole)
{
	loader->mixed += !whole;
	if (version > loader->newest)
		loader->newest = version;
}

static Err get(Loader *loader, size_t session)
{
	GetOffersResponse *answer = NULL;
	TRY(get_offers(&loader->client, loader->offers[session], &answer));
	see(loader, answer->snapshot->version,
	        is_of(answer->snapshot->version, answer->points, answer->n_points));
	return OK;
}

static Err visit(Loader *loader, size_t session)
{
	RecommendResponse *answer = NULL;
	TRY(recommend(&loader->client, loader->visits[session], &answer));
	see(loader, answer->snapshot->version,
	        is_of(answer->snapshot->version, answer->points, answer->n_points));
	return OK;
}

// All that one batch answers is of one version.
static Err batch(Loader *loader, size_t session)
{
	ExecuteBatchResponse *answer = NULL;
	uint64_t version = 0;
	bool whole = true;
	TRY(execute_batch(&loader->client, loader->batches[session], &answer));
	for (size_t i = 0; i < answer->n_results; i++) {
		const GetOffersResponse *part = answer->results[i]->get_offers;
		if (answer->results[i]->what_case != PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_GET_OFFERS)
			return err(ERR_INTERNAL, "a command of a batch was refused: %s",
			        answer->results[i]->failure->message);
		version = version != 0 ? version : part->snapshot->version;
		whole &= part->snapshot->version == version && is_of(version, part->points, part->n_points);
	}
	see(loader, version, whole && answer->n_results == BATCHED);
	return OK;
}

// --- calling ---

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void wait_until(int64_t ns)
{
	const struct timespec until = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void call_once(Loader *loader, uint64_t turn)
{
	LoadSums *sums = &loader->sums[atomic_load(&loader->loads->phase)];
	size_t session = turn % LOAD_SESSIONS;
	int64_t begun = now_ns();
	Err e = turn % 10 == 3   ? visit(loader, session)
	        : turn % 10 == 7 ? batch(loader, session)
	                         : get(loader, session);
	uint64_t us = (uint64_t)(now_ns() - begun) / 1000;
	if (e != OK && loader->failed++ == 0)
		snprintf(loader->failure, sizeof loader->failure, "%s: %.200s", err_reason(e),
		        err_detail()->message);
	sums->calls++;
	sums->latency[us < LATENCIES ? us : LATENCIES - 1]++;
	sums->longest_us = us > sums->longest_us ? us : sums->longest_us;
	arena_reset(loader->client.arena);
}

// At a pace: a thread that has fallen behind catches up, but for what a whole pause of the machine takes.
static void *call_on(void *context)
{
	enum { FORGIVEN_NS = 100 * 1000 * 1000 };
	Loader *loader = context;
	int64_t next = now_ns();
	for (uint64_t turn = loader->number; !atomic_load(&loader->loads->stop); turn++) {
		int64_t interval = atomic_load(&loader->loads->interval_ns), now = now_ns();
		next = next + interval < now - FORGIVEN_NS ? now : next + interval;
		if (interval > 0 && next > now)
			wait_until(next);
		call_once(loader, turn);
	}
	return NULL;
}

// --- life ---

static void prepare(Loader *loader, size_t session)
{
	Client *maker = &loader->maker;
	const char *id = arena_printf(maker->arena, "swap-%u-%03zu", loader->number, session);
	int64_t customer = (int64_t)(loader->number * LOAD_SESSIONS + session);
	StartSessionResponse *started = NULL;
	must_be(start_session(maker, new_start(maker, id, customer), &started) == OK,
	        "a session does not start");
	loader->offers[session] = new_offers(maker, id, "home-banner", TAKEN);
	loader->visits[session] = new_recommend(maker, customer, "home-banner", TAKEN);
	loader->batches[session] = new_batch(maker, id);
	for (int i = 0; i < BATCHED; i++)
		BATCH_ADD(loader->batches[session], GET_OFFERS, new_offers(maker, id, "home-banner", TAKEN));
}

Loads *loads_new(Client (*client)(void *context), void *context, Phase first)
{
	Loads *loads = calloc(1, sizeof *loads);
	must_be(loads != NULL, "no memory");
	atomic_store(&loads->phase, first);
	for (unsigned i = 0; i < LOAD_THREADS; i++) {
		Loader *loader = &loads->loaders[i];
		loader->loads = loads;
		loader->number = i;
		loader->client = client(context);
		loader->maker = (Client){loader->client.rpc, arena_new(64 * 1024, 0)};
		for (size_t s = 0; s < LOAD_SESSIONS; s++)
			prepare(loader, s);
	}
	for (unsigned i = 0; i < LOAD_THREADS; i++)
		must_be(pthread_create(&loads->loaders[i].thread, NULL, call_on, &loads->loaders[i]) == 0,
		        "no thread");
	return loads;
}

void loads_phase(Loads *loads, Phase phase)
{
	atomic_store(&loads->phase, phase);
}

void loads_pace(Loads *loads, double calls_s)
{
	atomic_store(&loads->interval_ns, calls_s > 0 ? (int64_t)(1e9 * LOAD_THREADS / calls_s) : 0);
}

void loads_stop(Loads *loads)
{
	atomic_store(&loads->stop, true);
	for (unsigned i = 0; i < LOAD_THREADS; i++)
		pthread_join(loads->loaders[i].thread, NULL);
}

void loads_free(Loads *loads)
{
	for (unsigned i = 0; i < LOAD_THREADS; i++) {
		arena_free(loads->loaders[i].maker.arena);
		client_free(&loads->loaders[i].client);
	}
	free(loads);
}

// --- sums ---

#define SUM(loads, member)                                                                                   \
	({                                                                                                   \
		uint64_t sum_ = 0;                                                                           \
		for (unsigned i_ = 0; i_ < LOAD_THREADS; i_++)                                               \
			sum_ += (loads)->loaders[i_].member;                                                 \
		sum_;                                                                                        \
	})
#define MOST(loads, member)                                                                                  \
	({                                                                                                   \
		uint64_t most_ = 0;                                                                          \
		for (unsigned i_ = 0; i_ < LOAD_THREADS; i_++)                                               \
			if ((loads)->loaders[i_].member > most_)                                             \
				most_ = (loads)->loaders[i_].member;                                         \
		most_;                                                                                       \
	})

uint64_t loads_calls(const Loads *loads, Phase phase)
{
	return SUM(loads, sums[phase].calls);
}

uint64_t loads_longest_us(const Loads *loads, Phase phase)
{
	return MOST(loads, sums[phase].longest_us);
}

uint64_t loads_quantile_us(const Loads *loads, Phase phase, double share)
{
	uint64_t sought = (uint64_t)(share * (double)loads_calls(loads, phase)), seen = 0;
	for (size_t us = 0; us < LATENCIES; us++)
		if ((seen += SUM(loads, sums[phase].latency[us])) > sought)
			return us;
	return LATENCIES;
}

uint64_t loads_failed(const Loads *loads)
{
	return SUM(loads, failed);
}

uint64_t loads_mixed(const Loads *loads)
{
	return SUM(loads, mixed);
}

uint64_t loads_newest(const Loads *loads)
{
	return MOST(loads, newest);
}

const char *loads_failure(const Loads *loads)
{
	for (unsigned i = 0; i < LOAD_THREADS; i++)
		if (loads->loaders[i].failed > 0)
			return loads->loaders[i].failure;
	return "";
}
