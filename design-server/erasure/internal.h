// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "erasure/erasure.h"

#include "parley/design/v1/visitor.pb-c.h"

#include <pthread.h>

enum {
	ERASE_TIMEOUT_MS = 600000, // of a deletion: months of history are gone through
	EXPORT_TIMEOUT_MS = 60000,
	REASON_MAX = 500,
};

struct Erasures {
	Services *services;
	const Environments *environments;
	Arena *arena;
	Str *names; // of the environments
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	// under the lock
	bool stop;
	uint64_t calls;
};

Err erasure_no_memory(void);
// Somebody asked for something.
void erasures_wake(Erasures *erasures);

// --- identity.c ---

typedef struct Visitor {
	Str environment, level, id;
	Str digest; // 32 bytes
} Visitor;

// Whom a request is about; in `arena`. Errors: FIELD_MISSING, FIELD_INVALID, RESOURCE_NOT_FOUND (no such
// audience level).
Err visitor_identify(Pg *pg, const char *environment, const Parley__Design__V1__VisitorName *name,
        Arena *arena, Visitor *ret);

// --- message.c ---

// Rows of erasure_list as messages, in `arena`.
Err erasure_messages(
        const PgResult *rows, Arena *arena, Parley__Design__V1__Erasure ***ret, size_t *ret_count);
// One of them, by its number and environment. Error: RESOURCE_NOT_FOUND.
Err erasure_find(Pg *pg, Str environment, int64_t id, Arena *arena, Parley__Design__V1__Erasure **ret);
// What is in a JSON object of counts.
Err erasure_counts(Str json, Arena *arena, Parley__Design__V1__ErasureCount ***ret, size_t *ret_count);

// --- worker.c: a place that is to do it ---

typedef struct ErasePlace {
	int64_t erasure;
	Str name; // empty: the database
	bool shipping;
	Str runtime_id;
	int64_t incarnation, sequence, tries;
	Visitor visitor; // its digest in hex
	int64_t requested_us;
} ErasePlace;

// Marks the place as done, with what `counts` (a JSON object) says, tells the audit, and completes the
// erasure if it was the last one. In the caller's transaction.
Err place_done(Pg *pg, const ErasePlace *place, Str counts, int64_t now_us, Arena *arena);
// Deletes from the database; `sweep`: also what the place's server recorded before it forgot the visitor.
Err place_sweep(Pg *pg, const ErasePlace *place, bool sweep, Arena *arena, Str *ret_counts);

// --- server.c ---

// Goes on with a place that is a runtime server. Errors: what keeps it from being done.
Err server_erase(Erasures *erasures, const ErasePlace *place, Arena *arena);

void handle_export_visitor(void *erasures, RpcCall *call, const ProtobufCMessage *request);
void handle_erase_visitor(void *erasures, RpcCall *call, const ProtobufCMessage *request);
