// A load client on bare gRPC core, so that both servers of a row are driven by the very same code: N
// connections with M calls outstanding on each, one completion queue, one thread.
#pragma once
#include "base/str.h"

#include <stdint.h>

typedef struct LoadTls {
	const char *ca, *certificate, *key; // PEM texts
	const char *name;                   // in the server's certificate
} LoadTls;

typedef struct Load {
	int port; // on loopback
	const LoadTls *tls;
	const char *path;  // of the method
	const char *token; // Bearer; NULL: none
	int connections, outstanding;
	double warm_s, measure_s;
	// The next request of one of the connections × outstanding places; valid until that place's next one.
	Str (*request)(void *context, int place);
	void *context;
} Load;

typedef struct LoadResult {
	double calls_s;
	double p50_us, p99_us, mean_bytes; // of answers
	uint64_t calls;                    // that were measured
	uint64_t served, failed;           // of all
	char failure[160];                 // the first one's
} LoadResult;

// Between rpc_init and rpc_shutdown. Waits for all that it has begun.
void load_run(const Load *load, LoadResult *ret);
