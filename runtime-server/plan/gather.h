// Visitors' profiles for a plan: what the profile database has now of everybody in an event set, asked as a
// server asks, and written to a file that the plan is then made with. A plan reads no database itself, so
// that it can be made again.
#pragma once
#include "eventset/eventset.h"
#include "rehearsal/rehearsal.h"

typedef struct GatherOptions {
	const EventSet *set;
	const RehearsalContent *content;
	const char *conninfo;
	const char *path; // a JSON object a line, as `plan --profiles` takes them
	void (*progress)(void *context, uint64_t events, uint64_t visitors); // now and then; may be NULL
	void *context;
} GatherOptions;

typedef struct GatherReport {
	uint64_t visitors; // of levels that have a profile table
	uint64_t loaded, not_found, ambiguous;
	uint64_t refused; // profiles with values that the snapshot's types cannot take
	uint64_t nobody;  // events that say nobody whom the snapshot knows
} GatherReport;

// The file has each visitor once, in the order of the set. Errors: DB_UNAVAILABLE (also when it refuses a
// query), IO, NO_MEMORY, those of the set.
Err profiles_gather(const GatherOptions *options, GatherReport *ret);
