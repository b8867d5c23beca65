// What grows is kept for a time and then removed: months of the history, IDs of events, outcomes,
// checkpoints, snapshots that never were. A thread does it, at the start and then now and then; several
// design servers may run, one at a time works. How long, the configuration says; what may go at all,
// functions of the database. README.md has the rules.
#pragma once
#include "environment/environment.h"
#include "metrics/metrics.h"
#include "services.h"

#include "parley/design/v1/retention.pb-c.h"

typedef struct Retention Retention;

// Starts the thread. `services` and `environments` outlive it. Errors: CONFIG_INVALID (contacts would go
// while responses to them still count), NO_MEMORY.
Err retention_new(const Services *services, const Environments *environments, Retention **ret);
// Ends behind the batch that it is at. NULL is fine.
void retention_free(Retention *retention);
// Adds RetentionService.
Err retention_register(Retention *retention, RpcServer *server);
// When it last ran, and what it removed since this process started.
void retention_metrics(Retention *retention, Metrics *metrics);

// --- one sweep, as the thread does it ---

typedef Parley__Design__V1__RetentionTable RetentionTable;

typedef struct RetentionSweep {
	Store *store;
	const Environments *environments;
	Str actor;          // whom the audit names
	int64_t now_us;     // for the audit; what is too old is judged by PostgreSQL's clock
	int64_t until_us;   // monotonic: no batch begins after it; 0: no end
	bool rehearse;      // only count
	bool all;           // also tables that were done since the month began
	int64_t first_page; // of the IDs of events: where to begin, and where one that was cut off ended
	// After each batch that took so long: false ends the sweep. NULL: goes on at once.
	bool (*pause)(void *context, int64_t spent_us);
	void *context;
	Arena *arena; // of what is told
	// What is told; with an error, as far as it came.
	RetentionTable **tables; // by name …
	bool *due; // … and whether one that goes row by row may have something that is too old
	size_t count;
	bool complete; // nothing that may go is left
	bool busy;     // another process is at it: nothing more was done
} RetentionSweep;

// Brings history_retention to what the configuration says; each change is audited. Errors: those of the
// database.
Err retention_configure(Store *store, const struct DesignConfig *config, int64_t now_us);
// What is kept how long, into `tables`. Errors: those of the database, NO_MEMORY.
Err retention_read(RetentionSweep *sweep);
// The same, and removes what is too old, in many small transactions. A month that somebody reads for long is
// left for the next time. Errors likewise.
Err retention_sweep(RetentionSweep *sweep);
