// What the load clients here share: where the runtime is, connections to it, and calls that are repeated
// while they fail for reasons that pass.
#pragma once
#include "rpc/rpc.h"

#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>

enum { TOUCHPOINT_CONNECTIONS = 4, TOUCHPOINT_THREADS_MAX = 256 };

typedef struct Touchpoint {
	RpcClientOptions client;
	RpcTls tls;
	const char *channel, *out; // the folder for what is written down
	int threads, patience_ms;  // how long a failing call is repeated; 0: not at all
	RpcClient *clients[TOUCHPOINT_CONNECTIONS];
	atomic_ulong calls, retries;
} Touchpoint;

// Rows of a getopt_long table, and what to do with one of them.
#define TOUCHPOINT_OPTIONS                                                                                   \
	{"target", 1, NULL, 't'}, {"ca", 1, NULL, 'a'}, {"certificate", 1, NULL, 'c'},                       \
	        {"key", 1, NULL, 'k'}, {"channel", 1, NULL, 'n'}, {"out", 1, NULL, 'o'},                     \
	        {"threads", 1, NULL, 'j'},                                                                   \
	{                                                                                                    \
		"patience", 1, NULL, 'p'                                                                     \
	}
#define TOUCHPOINT_USAGE                                                                                     \
	"--target HOST:PORT --ca FILE --certificate FILE --key FILE --channel NAME --out FOLDER\n"           \
	"       [--threads N] [--patience SECONDS]"
// False if the option is none of those.
bool touchpoint_option(Touchpoint *touchpoint, int option, const char *value);
// Whether all that is needed was given.
bool touchpoint_ready(const Touchpoint *touchpoint);

Err touchpoint_connect(Touchpoint *touchpoint);
void touchpoint_close(Touchpoint *touchpoint);

// Whether the time for repeating is over; else counts a repetition and waits a moment.
bool touchpoint_gives_up(Touchpoint *touchpoint, int64_t deadline_us);
// A call of InteractionService, repeated until the deadline (monotonic) while it fails for reasons that pass.
Err touchpoint_call(Touchpoint *touchpoint, RpcClient *client, const char *method,
        const ProtobufCMessage *request, int64_t deadline_us, Arena *arena, ProtobufCMessage **ret);

// Runs `work` on as many threads as there are to be, each with its number. The first failure is returned.
Err touchpoint_run(Touchpoint *touchpoint, Err (*work)(void *context, int number), void *context);
// A file of a thread's own: OUT/WHAT.NUMBER.csv; NULL if it cannot be made.
FILE *touchpoint_log(const Touchpoint *touchpoint, const char *what, int number);
// Not 0 if something could not be written; NULL is fine.
int touchpoint_log_close(FILE *log);
