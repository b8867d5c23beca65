// Calls by method: how they ended and what they took, counted as they are answered. The poller, which answers
// most of them on a busy server, has a stripe to itself and adds without a locked instruction; the other
// threads share the rest.
#include "rpc/internal.h"

#include "base/clock.h"
#include "metrics/metrics.h"
#include "metrics/stripe.h"

enum { STATUSES = 17 };

static const char *const status_names[STATUSES] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};

typedef struct Stripe {
	_Alignas(STRIPE_LINE) atomic_uint_fast64_t statuses[STATUSES];
	atomic_uint_fast64_t latency[LATENCY_BOUNDS + 1];
	atomic_uint_fast64_t sum_us;
} Stripe;

struct CallFigures {
	Stripe stripes[STRIPES + 1]; // the last one is the poller's
};

// --- counting ---

CallFigures *call_figures_new(Arena *arena)
{
	uintptr_t place = (uintptr_t)arena_alloc(arena, sizeof(CallFigures) + STRIPE_LINE);

	return place ? (CallFigures *)((place + STRIPE_LINE - 1) / STRIPE_LINE * STRIPE_LINE) : NULL;
}

static void add(atomic_uint_fast64_t *where, uint64_t count, bool alone)
{
	if (alone)
		atomic_store_explicit(where, atomic_load_explicit(where, memory_order_relaxed) + count,
		        memory_order_relaxed);
	else
		atomic_fetch_add_explicit(where, count, memory_order_relaxed);
}

// Of a call that was refused before anybody turned to it: nothing.
static uint64_t took_us(const RpcCall *call)
{
	int64_t ended_us = call->ended_us;

	if (call->begun_us == 0)
		return 0;
	if (ended_us == 0)
		ended_us = monotonic_us();
	return ended_us > call->begun_us ? (uint64_t)(ended_us - call->begun_us) : 0;
}

void call_figures_count(const RpcCall *call, int status)
{
	bool alone = server_polls(call->method->server);
	Stripe *stripe = &call->method->figures->stripes[alone ? STRIPES : stripe_of_thread()];
	uint64_t took = took_us(call);

	add(&stripe->statuses[status >= 0 && status < STATUSES ? status : 2], 1, alone);
	add(&stripe->latency[latency_place((int64_t)took)], 1, alone);
	add(&stripe->sum_us, took, alone);
}

void rpc_ended(RpcCall *call, int64_t us)
{
	call->ended_us = us;
}

// --- telling ---

typedef struct Sums {
	uint64_t statuses[STATUSES];
	LatencySums latency;
} Sums;

static void sum_up(const CallFigures *figures, Sums *ret)
{
	*ret = (Sums){0};
	for (size_t s = 0; s < STRIPES + 1; s++) {
		const Stripe *stripe = &figures->stripes[s];

		for (size_t i = 0; i < STATUSES; i++)
			ret->statuses[i] += atomic_load_explicit(&stripe->statuses[i], memory_order_relaxed);
		for (size_t i = 0; i <= LATENCY_BOUNDS; i++)
			ret->latency.counts[i] +=
			        atomic_load_explicit(&stripe->latency[i], memory_order_relaxed);
		ret->latency.sum_us += atomic_load_explicit(&stripe->sum_us, memory_order_relaxed);
	}
}

// OK is told from the start, so that a first failure can be seen as a rise; other codes once they occurred.
static void put_calls(const Method *method, Metrics *metrics)
{
	Sums sums;

	sum_up(method->figures, &sums);
	for (size_t i = 0; i < STATUSES; i++) {
		if (i > 0 && sums.statuses[i] == 0)
			continue;
		metrics_sample(metrics, (double)sums.statuses[i],
		        METRIC_LABELS({"service", str(method->service_descriptor->name)},
		                {"method", str(method->row.name)}, {"code", str(status_names[i])}));
	}
}

static void put_latency(const Method *method, Metrics *metrics)
{
	Sums sums;
	uint64_t calls = 0;

	sum_up(method->figures, &sums);
	for (size_t i = 0; i <= LATENCY_BOUNDS; i++)
		calls += sums.latency.counts[i];
	if (calls == 0)
		return;
	metrics_latency(metrics, &sums.latency,
	        METRIC_LABELS({"service", str(method->service_descriptor->name)},
	                {"method", str(method->row.name)}));
}

void rpc_server_metrics(const RpcServer *server, Metrics *metrics)
{
	metrics_family(metrics, METRIC_COUNTER, "parley_rpc_calls_total",
	        "Calls that were answered, by method and gRPC status code.");
	for (const Method *method = server->methods; method; method = method->next)
		if (!method->open)
			put_calls(method, metrics);
	metrics_family(metrics, METRIC_HISTOGRAM, "parley_rpc_duration_seconds",
	        "From when the server turned to a call until it answered; only methods that were called.");
	for (const Method *method = server->methods; method; method = method->next)
		if (!method->open)
			put_latency(method, metrics);
	metrics_gauge(metrics, "parley_rpc_in_flight", "Calls that were taken on and not yet answered.",
	        (double)atomic_load(&server->in_flight));
	metrics_gauge(metrics, "parley_rpc_in_flight_limit", "More calls than that at a time are refused.",
	        (double)server->options.max_in_flight);
	metrics_gauge(metrics, "parley_rpc_streams", "Open streams whose messages are calls.",
	        (double)atomic_load(&server->talk_count));
}
