#include "load.h"

#include "base/clock.h"
#include "connect.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "rpc/rpc.h"
#include "value.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CALL_MS = 5000, SESSION_CALLS = 16, CONTACT_EVERY = 8, CODE_SIZE = 128 };

#define SERVICE (&parley__runtime__v1__interaction_service__descriptor)

typedef Parley__Runtime__V1__GetOffersResponse Offers;

typedef struct Load {
	const LoadPlan *plan;
	RpcClient *clients[LOAD_CONNECTIONS_MAX];
	int64_t total, begin_us; // monotonic
	int64_t *latency;        // of each call, by its number
	_Atomic int64_t next, done, errors, sessions, contacts;
	pthread_mutex_t lock; // of what follows
	LoadResult *result;
} Load;

typedef struct Worker {
	Load *load;
	RpcClient *client;
	Arena *arena;
	char session[64], treatment[CODE_SIZE];
	unsigned in_session, calls;
	pthread_t thread;
	bool started;
} Worker;

// --- single calls ---

static Err audience_of(const char *pattern, int64_t number, Arena *arena, ProtobufCMessage **ret)
{
	const char *at = strstr(pattern, "{n}");
	const char *text = at ? arena_printf(arena, "%.*s%lld%s", (int)(at - pattern), pattern,
	                                (long long)number, at + 3)
	                      : pattern;
	CLEANUP(json_decrefp_) json_t *json = NULL;

	TRY(audience_parse(str(text), arena, &json));
	return json_to_message(json, &parley__runtime__v1__audience_id__descriptor, arena, ret);
}

static Err start_session(Worker *w, int64_t number)
{
	Parley__Runtime__V1__StartSessionRequest request = PARLEY__RUNTIME__V1__START_SESSION_REQUEST__INIT;
	const LoadPlan *plan = w->load->plan;
	ProtobufCMessage *audience, *response;

	TRY(audience_of(plan->audience, number % plan->visitors + 1, w->arena, &audience));
	snprintf(w->session, sizeof w->session, "load-%lld-%lld", (long long)getpid(), (long long)number);
	request.session_id = w->session;
	request.channel = (char *)(uintptr_t)plan->channel;
	request.audience = (void *)audience;
	TRY(rpc_call(w->client, SERVICE, "StartSession", &request.base, CALL_MS, w->arena, &response));
	w->in_session = 1;
	atomic_fetch_add(&w->load->sessions, 1);
	return OK;
}

static Err end_session(Worker *w)
{
	Parley__Runtime__V1__EndSessionRequest request = PARLEY__RUNTIME__V1__END_SESSION_REQUEST__INIT;
	ProtobufCMessage *response;

	request.session_id = w->session;
	w->in_session = 0;
	return rpc_call(w->client, SERVICE, "EndSession", &request.base, CALL_MS, w->arena, &response);
}

static void note_digest(Load *load, const char *digest)
{
	pthread_mutex_lock(&load->lock);
	if (!load->result->digest[0])
		snprintf(load->result->digest, sizeof load->result->digest, "%s", digest);
	else
		load->result->changed |= strcmp(load->result->digest, digest) != 0;
	pthread_mutex_unlock(&load->lock);
}

static void keep_treatment(Worker *w, const Offers *offers)
{
	w->treatment[0] = '\0';
	if (offers->n_points && offers->points[0]->n_offers)
		snprintf(w->treatment, sizeof w->treatment, "%s",
		        offers->points[0]->offers[0]->treatment_code);
}

static Err get_offers(Worker *w)
{
	Parley__Runtime__V1__GetOffersRequest request = PARLEY__RUNTIME__V1__GET_OFFERS_REQUEST__INIT;
	Parley__Runtime__V1__PointRequest point = PARLEY__RUNTIME__V1__POINT_REQUEST__INIT,
	                                  *points[] = {&point};
	const LoadPlan *plan = w->load->plan;
	ProtobufCMessage *response;

	point.interaction_point = plan->points[w->calls % plan->point_count];
	request.session_id = w->session;
	request.points = points;
	request.n_points = 1;
	TRY(rpc_call(w->client, SERVICE, "GetOffers", &request.base, CALL_MS, w->arena, &response));
	const Offers *offers = (const void *)response;
	if (offers->snapshot)
		note_digest(w->load, offers->snapshot->digest);
	keep_treatment(w, offers);
	return OK;
}

static Err post_contact(Worker *w, int64_t number)
{
	Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;
	char id[64];
	ProtobufCMessage *response;

	snprintf(id, sizeof id, "load-%lld-%lld", (long long)getpid(), (long long)number);
	request.session_id = w->session;
	request.event_id = id;
	request.event = (char *)(uintptr_t)w->load->plan->contact;
	request.treatment_code = w->treatment;
	TRY(rpc_call(w->client, SERVICE, "PostEvent", &request.base, CALL_MS, w->arena, &response));
	w->treatment[0] = '\0';
	atomic_fetch_add(&w->load->contacts, 1);
	return OK;
}

// A visit is a session of SESSION_CALLS calls, a contact now and then among them.
static Err visit(Worker *w, int64_t number)
{
	if (!w->in_session)
		return start_session(w, number);
	w->calls++;
	if (w->in_session++ == SESSION_CALLS)
		return end_session(w);
	if (w->load->plan->contact && w->calls % CONTACT_EVERY == 0 && w->treatment[0])
		return post_contact(w, number);
	return get_offers(w);
}

// --- all of them ---

static void sleep_until(int64_t us)
{
	int64_t left = us - monotonic_us();
	struct timespec pause;

	if (left <= 0)
		return;
	pause = (struct timespec){left / US_PER_S, left % US_PER_S * 1000};
	nanosleep(&pause, NULL);
}

static void note_error(Load *load)
{
	atomic_fetch_add(&load->errors, 1);
	pthread_mutex_lock(&load->lock);
	if (!load->result->error[0])
		snprintf(load->result->error, sizeof load->result->error, "%s: %.200s",
		        err_reason(err_detail()->id), err_detail()->message);
	pthread_mutex_unlock(&load->lock);
}

static void *work(void *context)
{
	Worker *w = context;
	Load *load = w->load;
	int64_t number;

	while ((number = atomic_fetch_add(&load->next, 1)) < load->total) {
		int64_t intended = load->begin_us + number * US_PER_S / load->plan->rate;

		sleep_until(intended);
		arena_reset(w->arena);
		if (visit(w, number) != OK) {
			note_error(load);
			w->in_session = 0;
		}
		load->latency[number] = monotonic_us() - intended;
		atomic_fetch_add(&load->done, 1);
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t percentile(const Load *load, double share)
{
	int64_t index = (int64_t)(share * (double)load->total);

	return load->latency[index < load->total ? index : load->total - 1];
}

static void summarize(Load *load, LoadResult *ret)
{
	double seconds = (double)(monotonic_us() - load->begin_us) / (double)US_PER_S;

	qsort(load->latency, (size_t)load->total, sizeof *load->latency, by_size);
	ret->calls = load->total;
	ret->errors = load->errors;
	ret->sessions = load->sessions;
	ret->contacts = load->contacts;
	ret->p50_us = percentile(load, 0.5);
	ret->p90_us = percentile(load, 0.9);
	ret->p99_us = percentile(load, 0.99);
	ret->p999_us = percentile(load, 0.999);
	ret->max_us = percentile(load, 1);
	ret->throughput = (double)(ret->calls - ret->errors) / seconds;
}

static void show_progress(const Cli *cli, Load *load)
{
	const struct timespec second = {.tv_sec = 1};

	while (cli->format == FORMAT_TABLE && load->done + load->plan->rate < load->total) {
		nanosleep(&second, NULL);
		fprintf(stderr, "\r%lld of %lld calls, %lld failed", (long long)load->done,
		        (long long)load->total, (long long)load->errors);
	}
}

static Err start_worker(Load *load, Worker *w, RpcClient *client)
{
	w->load = load;
	w->client = client;
	w->arena = arena_new(64 * 1024, 0);
	if (!w->arena)
		return err(ERR_NO_MEMORY, "no memory for the load");
	w->started = pthread_create(&w->thread, NULL, work, w) == 0;
	return w->started ? OK : err(ERR_NO_MEMORY, "cannot start a thread");
}

static Err run_workers(Cli *cli, Load *load, Worker *workers, size_t count)
{
	Err e = OK;

	load->begin_us = monotonic_us() + 50 * US_PER_MS;
	for (size_t i = 0; i < count && !e; i++)
		e = start_worker(load, &workers[i], load->clients[i]);
	if (e)
		atomic_store(&load->next, load->total);
	else
		show_progress(cli, load);
	for (size_t i = 0; i < count; i++) {
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
		arena_free(workers[i].arena);
	}
	if (cli->format == FORMAT_TABLE)
		fputc('\n', stderr);
	return e;
}

Err load_run(Cli *cli, const LoadPlan *plan, LoadResult *ret)
{
	size_t count = (size_t)plan->connections;
	Load *load = ARENA_NEW(cli->arena, Load);
	Worker *workers = ARENA_ARRAY(cli->arena, Worker, count);
	Err e = OK;

	*ret = (LoadResult){0};
	*load = (Load){.plan = plan, .total = plan->rate * plan->seconds, .result = ret};
	pthread_mutex_init(&load->lock, NULL);
	load->latency = ARENA_ARRAY(cli->arena, int64_t, (size_t)load->total);
	if (!workers || !load->latency)
		return err(ERR_NO_MEMORY, "no memory for %lld calls", (long long)load->total);
	for (size_t i = 0; i < count && !e; i++)
		e = cli_runtime_client(cli, &load->clients[i]);
	if (!e)
		e = run_workers(cli, load, workers, count);
	for (size_t i = 0; i < count; i++)
		rpc_client_free(load->clients[i]);
	if (!e)
		summarize(load, ret);
	return e;
}
