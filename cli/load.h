// An open-loop load on a runtime server: calls start when the plan says so, whether or not those before have
// been answered, and their latency counts from that intended start. So a server that stalls is seen as the
// visitors would see it. Verbs build requests as JSON elsewhere; here they are made of generated structs,
// because a measuring tool must not be what is measured.
#pragma once
#include "cli.h"

enum { LOAD_CONNECTIONS_MAX = 64, LOAD_CALLS_MAX = 5000000 };

typedef struct LoadPlan {
	const char *channel;
	const char *audience; // "LEVEL:KEY=VALUE,…"; {n} in it stands for the visitor's number
	char **points;        // at least one
	size_t point_count;
	const char *contact; // the event that logs a contact; NULL: none is reported
	int64_t rate, seconds, connections, visitors;
} LoadPlan;

typedef struct LoadResult {
	int64_t calls, errors, sessions, contacts;
	int64_t p50_us, p90_us, p99_us, p999_us, max_us;
	double throughput; // answered calls a second
	char digest[65];   // of the snapshot that answered
	bool changed;      // another one answered too
	char error[256];   // the first one
} LoadResult;

// Runs for plan->seconds. Errors: of the first connection, NO_MEMORY.
Err load_run(Cli *cli, const LoadPlan *plan, LoadResult *ret);
