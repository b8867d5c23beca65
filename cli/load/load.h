// An open-loop load on a runtime server: visits begin at random moments, as many a second as the plan says,
// whether or not those before were answered; a visit's next call follows its pause. Latency counts from the
// moment that a call was due, so a server that stalls is seen as visitors would see it. Verbs build requests
// as JSON elsewhere; here they are made of generated structs, because a measuring tool must not be what is
// measured.
#pragma once
#include "load/mix.h"
#include "load/timing.h"

enum { LOAD_CONNECTIONS_MAX = 64, LOAD_CALLS_MAX = 50 * 1000 * 1000 };

typedef enum LoadCall { LOAD_START, LOAD_OFFERS, LOAD_EVENT, LOAD_END, LOAD_CALL_KINDS } LoadCall;

typedef struct LoadPlan {
	const char *channel;
	const char *audience; // "LEVEL:KEY=VALUE,…"; {n} in it stands for the visitor's number
	Mix mix;
	int64_t rate; // calls a second, on average
	int64_t seconds, connections, visitors;
	uint64_t seed; // of moments, visits and chances
} LoadPlan;

typedef struct LoadResult {
	int64_t calls, errors, sessions;
	int64_t cut_off;                 // visits that the end came before
	Timing all, by[LOAD_CALL_KINDS]; // failed calls too
	double throughput;               // answered calls a second
	char digest[65];                 // of the snapshot that answered
	bool changed;                    // another one answered too
	char error[256];                 // the first one
} LoadResult;

// "start", …
const char *load_call_name(LoadCall call);
// Runs for plan->seconds. Errors: of the first connection, NO_MEMORY.
Err load_run(Cli *cli, const LoadPlan *plan, LoadResult *ret);
