// The tracer's thread looks ten times a second for what is to be handed over. While the collector is away it
// keeps the batch that it has and tries again; the ring behind it fills, and what finds it full is dropped.
// Nobody wakes the thread: that would be a system call of whoever ends a span.
#include "trace/internal.h"

#include "metrics/metrics.h"
#include "trace/random.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest ExportRequest;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceResponse ExportResponse;

enum {
	ROOM = 4096,
	LOOK_MS = 100,
	RETRY_LEAST_MS = 250,
	RETRY_MOST_MS = 5000,
	CALL_TIMEOUT_MS = 3000,
	LAST_CALL_MS = 1000, // at the end nobody waits longer for a collector
	ARENA_BLOCK = 64 << 10,
};

void tracer_keep(Tracer *tracer, const SpanRecord *record)
{
	if (!span_ring_put(tracer->ring, record))
		atomic_fetch_add_explicit(&tracer->dropped, 1, memory_order_relaxed);
}

// --- handing over ---

// Whether the same spans may be taken another time.
static bool is_passing(Err e)
{
	enum {
		CANCELLED = 1,
		DEADLINE_EXCEEDED = 4,
		RESOURCE_EXHAUSTED = 8,
		ABORTED = 10,
		OUT_OF_RANGE,
		UNAVAILABLE = 14,
		DATA_LOSS
	};
	int status = err_status(e);
	return status == CANCELLED || status == DEADLINE_EXCEEDED || status == RESOURCE_EXHAUSTED ||
	       status == ABORTED || status == OUT_OF_RANGE || status == UNAVAILABLE || status == DATA_LOSS;
}

static void tell(Tracer *tracer, const ErrDetail *why)
{
	bool refused = why != NULL;
	if (refused != tracer->refused && tracer->options.on_change != NULL)
		tracer->options.on_change(tracer->options.context, !refused, why);
	tracer->refused = refused;
}

// Of those that were handed over, the collector says how many it did not take; whatever it says.
static void count_taken(Tracer *tracer, const ExportResponse *response)
{
	int64_t rejected = response->partial_success ? response->partial_success->rejected_spans : 0;
	uint64_t lost = rejected < 0                        ? 0
	                : (uint64_t)rejected < tracer->held ? (uint64_t)rejected
	                                                    : tracer->held;
	atomic_fetch_add(&tracer->rejected, lost);
	atomic_fetch_add(&tracer->taken, tracer->held - lost);
}

static Err call_collector(Tracer *tracer, int timeout_ms)
{
	ProtobufCMessage *response = NULL;
	arena_reset(tracer->scratch);
	ExportRequest *request =
	        export_message(tracer->resource, tracer->batch, tracer->held, tracer->scratch);
	if (request == NULL)
		return err(ERR_NO_MEMORY, "no memory to hand over spans");
	TRY(rpc_call(tracer->client, &opentelemetry__proto__collector__trace__v1__trace_service__descriptor,
	        "Export", &request->base, timeout_ms, tracer->scratch, &response));
	count_taken(tracer, (ExportResponse *)response);
	return OK;
}

// What is held is handed over, or given up. False: it is still held, to be tried again.
static bool hand_over_batch(Tracer *tracer, int timeout_ms)
{
	Err e = call_collector(tracer, timeout_ms);
	if (e == OK) {
		tell(tracer, NULL);
	} else {
		ErrDetail why = *err_detail();
		atomic_fetch_add(&tracer->failures, 1);
		tell(tracer, &why);
		if (is_passing(e))
			return false;
		atomic_fetch_add(&tracer->rejected, tracer->held);
	}
	tracer->held = 0;
	return true;
}

static bool fill_batch(Tracer *tracer)
{
	while (tracer->held < BATCH && span_ring_take(tracer->ring, &tracer->batch[tracer->held]))
		tracer->held++;
	return tracer->held > 0;
}

static bool hand_over_all(Tracer *tracer, int timeout_ms)
{
	for (;;) {
		if (tracer->held == 0 && !fill_batch(tracer))
			return true;
		if (!hand_over_batch(tracer, timeout_ms))
			return false;
	}
}

// --- the thread ---

// Waits; returns true at once when asked to stop.
static bool wait_to_stop(Tracer *tracer, int ms)
{
	struct timespec until;
	int late = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * INT64_C(1000000);
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&tracer->lock);
	while (late == 0 && !tracer->stopping)
		late = pthread_cond_timedwait(&tracer->stop_asked, &tracer->lock, &until);
	bool stop = tracer->stopping;
	pthread_mutex_unlock(&tracer->lock);
	return stop;
}

// Half to all of it, so that many servers do not come back in step.
static int scattered(int ms)
{
	return ms / 2 + (int)(trace_random() % (uint64_t)(ms / 2));
}

static void *run(void *context)
{
	Tracer *tracer = context;
	int pause_ms = LOOK_MS, retry_ms = RETRY_LEAST_MS;
	while (!wait_to_stop(tracer, pause_ms)) {
		bool done = hand_over_all(tracer, CALL_TIMEOUT_MS);
		pause_ms = done ? LOOK_MS : scattered(retry_ms);
		retry_ms = done                           ? RETRY_LEAST_MS
		           : retry_ms * 2 < RETRY_MOST_MS ? retry_ms * 2
		                                          : RETRY_MOST_MS;
	}
	if (!tracer->refused)
		(void)hand_over_all(tracer, LAST_CALL_MS);
	return NULL;
}

// Signals are the main thread's affair, so the thread begins with all of them blocked.
static Err start_thread(Tracer *tracer)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&tracer->thread, NULL, run, tracer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	tracer->started = failed == 0;
	errno = failed;
	if (failed != 0)
		return err_errno(ERR_NO_MEMORY, "cannot start the thread that hands over spans");
	pthread_setname_np(tracer->thread, "trace");
	return OK;
}

// --- its life ---

static void free_tracer(Tracer **at)
{
	Tracer *tracer = *at;
	if (tracer == NULL)
		return;
	rpc_client_free(tracer->client);
	span_ring_free(tracer->ring);
	free(tracer->batch);
	arena_free(tracer->scratch);
	arena_free(tracer->arena);
	pthread_mutex_destroy(&tracer->lock);
	pthread_cond_destroy(&tracer->stop_asked);
	free(tracer);
}

static Tracer *new_tracer(const TracerOptions *options)
{
	pthread_condattr_t monotonic;
	Tracer *tracer = calloc(1, sizeof *tracer);
	if (tracer == NULL)
		return NULL;
	tracer->options = *options;
	tracer->observer = observer_of(tracer);
	pthread_mutex_init(&tracer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&tracer->stop_asked, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return tracer;
}

static Err make_parts(Tracer *tracer)
{
	size_t room = tracer->options.room ? tracer->options.room : ROOM;
	tracer->arena = arena_new(ARENA_BLOCK, 0);
	tracer->scratch = arena_new(ARENA_BLOCK, 0);
	tracer->ring = span_ring_new(room);
	tracer->batch = calloc(BATCH, sizeof *tracer->batch);
	if (tracer->arena != NULL)
		tracer->resource = resource_message(&tracer->options, tracer->arena);
	if (tracer->scratch == NULL || tracer->ring == NULL || tracer->batch == NULL ||
	        tracer->resource == NULL)
		return err(ERR_NO_MEMORY, "no memory for traces");
	return OK;
}

Err tracer_open(const TracerOptions *options, Tracer **ret)
{
	CLEANUP(free_tracer) Tracer *tracer = new_tracer(options);
	if (tracer == NULL)
		return err(ERR_NO_MEMORY, "no memory for traces");
	TRY(make_parts(tracer));
	bool near = rpc_address_is_loopback(str(options->endpoint));
	const RpcClientOptions collector = {.target = options->endpoint, .tls = near ? NULL : options->tls};
	TRY(rpc_client_new(&collector, &tracer->client));
	TRY(start_thread(tracer));
	*ret = STEAL(tracer);
	return OK;
}

void tracer_close(Tracer *tracer)
{
	if (tracer == NULL)
		return;
	pthread_mutex_lock(&tracer->lock);
	tracer->stopping = true;
	pthread_cond_signal(&tracer->stop_asked);
	pthread_mutex_unlock(&tracer->lock);
	pthread_join(tracer->thread, NULL);
	free_tracer(&tracer);
}

void tracer_metrics(const Tracer *tracer, Metrics *metrics)
{
	const struct {
		Str result;
		uint64_t count;
	} results[] = {
	        {STR("taken"), tracer ? atomic_load(&tracer->taken) : 0},
	        {STR("dropped"), tracer ? atomic_load(&tracer->dropped) : 0},
	        {STR("rejected"), tracer ? atomic_load(&tracer->rejected) : 0},
	};
	metrics_family(metrics, METRIC_COUNTER, "parley_trace_spans_total",
	        "Spans of traced calls: taken by the collector, dropped for want of room, rejected by it.");
	for (size_t i = 0; i < ARRAY_COUNT(results); i++)
		metrics_sample(
		        metrics, (double)results[i].count, METRIC_LABELS({"result", results[i].result}));
	metrics_counter(metrics, "parley_trace_export_failures_total", "Calls to the collector that failed.",
	        tracer ? atomic_load(&tracer->failures) : 0);
}
