// A collector of traces, as small as one can be: a gRPC server that takes OTLP and hands every span to the
// test.
#pragma once
#include "rpc/rpc.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"

#include <stdatomic.h>

typedef Opentelemetry__Proto__Trace__V1__Span OtlpSpan;
typedef Opentelemetry__Proto__Resource__V1__Resource OtlpResource;
typedef Opentelemetry__Proto__Common__V1__KeyValue OtlpAttribute;

typedef struct Collector {
	// One call at a time, on the collector's thread. What it gets is gone afterwards.
	void (*each)(void *context, const OtlpResource *resource, const OtlpSpan *span);
	void *context;
	atomic_int
	        rejects; // so many of each call's spans are said to be no good; -1: the call fails for good
	RpcServer *server;
	int port;
} Collector;

// Listens on `address`, such as "127.0.0.1:0", without TLS. After rpc_init.
Err collector_start(Collector *collector, const char *address);
void collector_stop(Collector *collector);

// NULL: it has none of this name.
const OtlpAttribute *collector_attribute(const OtlpSpan *span, const char *key);
// Of its resource.
const char *collector_program(const OtlpResource *resource);
