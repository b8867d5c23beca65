// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "trace/trace.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	RECORD_ATTRIBUTES = 10,
	RECORD_TEXT = 960,      // bytes of all of a span's texts
	RECORD_TEXT_EACH = 128, // of one, but for the tracestate
	BATCH = 512,            // spans that are handed over together
	RATIO_WHOLE = 1000000,
};

typedef struct RecordText {
	uint16_t at, len;
} RecordText;

typedef struct RecordAttribute {
	const char *key;
	int64_t number;
	RecordText text;
	bool is_text;
} RecordAttribute;

typedef enum SpanKind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CONSUMER = 5 } SpanKind; // as OTLP has it

// A span as it is kept and copied: no pointer into anything that could go.
typedef struct SpanRecord {
	uint8_t ids[TRACE_CONTEXT_SIZE];
	uint8_t parent[TRACE_SPAN_ID_SIZE];
	bool has_parent, failed;
	SpanKind kind;
	int64_t begun_us, ended_us; // since 1970
	RecordText name, state;
	size_t attribute_count, text_len;
	uint32_t left_out;
	RecordAttribute attributes[RECORD_ATTRIBUTES];
	char text[RECORD_TEXT];
} SpanRecord;

struct TraceSpan {
	Tracer *tracer;
	int64_t wall_us; // to be added to monotonic time: one for all spans of a call, so that they nest
	SpanRecord record;
};

// --- ring.c: bounded, any number of writers, one reader ---
typedef struct SpanRing SpanRing;
SpanRing *span_ring_new(size_t room);
void span_ring_free(SpanRing *ring);
// False if it is full.
bool span_ring_put(SpanRing *ring, const SpanRecord *record);
bool span_ring_take(SpanRing *ring, SpanRecord *ret);

// --- span.c ---
// A span of its own, or a part of the one that `parent_ids` are of, unless they are empty.
TraceSpan *span_new(Tracer *tracer, Str parent_ids, SpanKind kind, Str name, int64_t begun_us, Arena *arena);
void span_put_state(TraceSpan *span, Str state);
// With what gRPC calls status: servers' failures are marked as such.
void span_end_call(TraceSpan *span, int status);

// --- observe.c ---
RpcObserver observer_of(Tracer *tracer);

// --- message.c ---
typedef Opentelemetry__Proto__Resource__V1__Resource Resource;
// What is told of the process, in `arena`. NULL: no memory.
Resource *resource_message(const TracerOptions *options, Arena *arena);
// What is handed over, in `arena`; it borrows from the records. NULL: no memory.
Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest *export_message(
        Resource *resource, const SpanRecord *records, size_t count, Arena *arena);

// --- tracer.c ---
struct Tracer {
	TracerOptions options;
	RpcObserver observer;
	RpcClient *client;
	SpanRing *ring;
	Arena *arena, *scratch; // the tracer's life; one message
	Resource *resource;
	SpanRecord *batch; // what is being handed over
	size_t held;       // of it
	bool refused;      // the last time, as far as on_change was told
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; // of `stopping`
	pthread_cond_t stop_asked;
	bool stopping;
	// Figures.
	atomic_uint_fast64_t taken, dropped, rejected, failures;
};

// Keeps a finished span, if there is room.
void tracer_keep(Tracer *tracer, const SpanRecord *record);
