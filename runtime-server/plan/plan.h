// Plans: a set of events told to rehearsals of a snapshot, to see what it would do. Nothing is written but
// the plan. The same set, snapshot, state, profiles, seed and options give the same plan, byte for byte, on
// any number of threads. README.md tells how the work is cut and what it takes.
#pragma once
#include "base/error.h"
#include "eventset/eventset.h"
#include "planfile/planfile.h"
#include "rehearsal/rehearsal.h"

#include <stdatomic.h>

enum {
	PLAN_LANES = 32,            // and so the most threads that find work
	PLAN_ROUND_EVENTS = 16384,  // that are planned between two looks at what all lanes counted
	PLAN_ROUND_LEAST = 64,      // the same when an overall constraint is nearly used up
	PLAN_ROUND_BLOCKS = 64,     // of the set, that a round has at most: 20 MiB
	PLAN_LANE_SESSIONS = 65536, // open at once, in a lane
};

typedef struct PlanOptions {
	const EventSet *set;
	const RehearsalContent *content;
	const char *state;         // a checkpoint that it begins with; NULL: nothing
	const char *profiles;      // JSON lines of visitors' profiles; NULL: there are none
	const char *contact_event; // posted for every offer that is recommended; NULL: none is
	uint64_t seed;
	bool explains;
	bool brief;        // what is recommended is told by indexes, and without receipts
	unsigned threads;  // 0: one a processor
	const char *path;  // of the plan
	atomic_bool *stop; // becomes true: CANCELLED, and the same plan can be taken up later; may be NULL
	void (*progress)(
	        void *context, uint64_t events); // now and then, from the calling thread; may be NULL
	void *context;
} PlanOptions;

// What came of it; lives in the arena.
typedef struct PlanReport {
	uint64_t effects, rounds;
	uint64_t there; // bytes that a former attempt had left
	const PlanEnd *end;
} PlanReport;

// Errors: CANCELLED, EVENT_UNKNOWN (the contact event), IO, STATE_CORRUPT, JSON_INVALID and others of the
// profiles, NO_MEMORY, LIMIT.
Err plan_run(const PlanOptions *options, Arena *arena, PlanReport *ret);
