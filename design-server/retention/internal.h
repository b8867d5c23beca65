// What the files of this room share.
#pragma once
#include "retention/retention.h"

#include "base/cleanup.h"

#include <pthread.h>

enum { RETENTION_TABLES_MAX = 16 };

// What was removed since the start.
typedef struct Removed {
	char table[64];
	uint64_t rows, months;
	bool held;
} Removed;

struct Retention {
	const Services *services;
	const Environments *environments;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; // of what follows
	pthread_cond_t changed;
	bool stop;
	int64_t next_page;   // of the IDs of events: where a call that was cut off ended
	int64_t complete_us; // wall clock, of the last sweep that removed all that may go; 0: none
	uint64_t sweeps, failures;
	Removed removed[RETENTION_TABLES_MAX];
	size_t removed_count;
};

Err retention_no_memory(void);
// Adds what a sweep removed to the figures, if it removed.
void retention_count(Retention *retention, const RetentionSweep *sweep);

// --- sweep.c: what its items are made of ---
// Work in a transaction that no other design server's sweep shares; `sweep->busy` instead if one does. Then
// pauses. `*ret_on`: go on.
Err sweep_transact(RetentionSweep *sweep, StoreWork work, void *context, bool *ret_on);
Err sweep_audit(Pg *pg, const RetentionSweep *sweep, const RetentionTable *table, const char *before);

// --- tidy.c: tables that go row by row ---
// `*ret_done`: nothing is left.
Err tidy_rows(RetentionSweep *sweep, RetentionTable *table, bool *ret_done);

// --- held.c ---
// Says in `table->held` why the IDs of events cannot be forgotten yet, if so.
Err held_events(Pg *pg, const Environments *environments, RetentionTable *table, Arena *arena);
