// Traces: what calls took and what came of them, over all processes that had to do with them. A tracer keeps
// finished spans until a thread of its own has handed them to a collector by OTLP. Whoever makes spans never
// waits for that: what finds no room is dropped and counted. README.md says what is traced.
#pragma once
#include "base/clock.h"
#include "rpc/rpc.h"
#include "trace/context.h"

struct Metrics; // metrics/metrics.h

typedef struct Tracer Tracer;

typedef struct TracerOptions {
	const char *endpoint; // HOST:PORT of a collector that takes OTLP by gRPC
	const RpcTls *tls;    // for a collector on another machine; to loopback it is plaintext
	int64_t ratio;        // millionths of the calls that come without a traceparent begin a trace
	Clock wall;
	// Who tells; empty texts are left out.
	Str program, instance, environment;
	// Told by the tracer's thread when the collector no longer takes spans (with why) and when it does
	// again. May be NULL.
	void (*on_change)(void *context, bool taken, const ErrDetail *why);
	void *context;
	size_t room; // spans that wait to be handed over, a power of two; 0: 4096
} TracerOptions;

// Errors: CONFIG_INVALID, NO_MEMORY.
Err tracer_open(const TracerOptions *options, Tracer **ret);
// After the last span has ended. Hands over what waits if the collector takes it at once. NULL: nothing.
void tracer_close(Tracer *tracer);
// Spans by what became of them. NULL: all zeros.
void tracer_metrics(const Tracer *tracer, struct Metrics *metrics);

// Gives every call of the server that is to be traced a span, which ends with the call: RpcServerOptions.
// NULL: none.
const RpcObserver *tracer_observer(const Tracer *tracer);

// --- spans: NULL is one that is not traced, and costs nothing ---

typedef struct TraceSpan TraceSpan;

// The call's own span.
TraceSpan *trace_span_of(const RpcCall *call);
// Of a request by HTTP that is no call, chosen as calls are: `header` and `state` are its traceparent and
// tracestate, empty if it has none. In `arena`, as a part (below). NULL also if `tracer` is NULL.
TraceSpan *trace_span_of_request(Tracer *tracer, Str name, Str header, Str state, Arena *arena);
// A part of the parent's work that begins now. It lives in `arena`, and must end before the arena does or not
// at all. NULL also if memory is out.
TraceSpan *trace_span_within(const TraceSpan *parent, const char *name, Arena *arena);
// Work on what a traced call left behind: `ids` as trace_span_ids gave them, from wherever they were kept. It
// began at `begun_us`, by monotonic_us. NULL also if they are none, or memory is out.
TraceSpan *trace_span_after(Tracer *tracer, Str ids, const char *name, int64_t begun_us, Arena *arena);
// What is to be kept to go on with the trace later: TRACE_CONTEXT_SIZE bytes of the span, empty without one.
Str trace_span_ids(const TraceSpan *span);

// What is known of it. `key` is a literal. Never of visitors, sessions or audiences. What has no room is left
// out and counted in the span.
void trace_span_text(TraceSpan *span, const char *key, Str value);
void trace_span_number(TraceSpan *span, const char *key, int64_t value);
// It is over, well or not. From any thread; the span is gone.
void trace_span_end(TraceSpan *span, Err result);
