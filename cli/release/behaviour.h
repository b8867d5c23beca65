// Recorded decisions made by two snapshots, and what changes for whom: of every question (a point in a
// recorded call) whether the first offer is another one, by zone and by segment.
#pragma once
#include "decide/receipt.h"
#include "wire/json.h"

typedef struct BehaviourGroup {
	const char *name; // of segments, empty: visitors in none
	uint64_t questions;
	uint64_t winners; // with another first offer
	uint64_t offers;  // with other offers, or in another order
} BehaviourGroup;

typedef struct Behaviour {
	const Plan *running, *candidate;
	BehaviourGroup all;
	BehaviourGroup *zones; // the running snapshot's: where a point stands there
	// Of either snapshot, for visitors whom at least one of them puts there; the last one is for the
	// others.
	BehaviourGroup *segments;
	size_t zone_count, segment_count;
	size_t *of_candidate; // by the candidate's segment: its group
	uint64_t decisions;   // that were asked of both
	uint64_t not_asked;   // the running snapshot lacks the audience level
	json_t *moves;        // from offer to offer: how often, where it is another
	json_t *lost;         // what the candidate has no place for: how many decisions have it
	json_t *examples;     // the first few changed winners of each zone
} Behaviour;

// Both plans are of one channel, and stay. Everything lives in `arena`; behaviour_close frees the rest.
Err behaviour_open(const Plan *running, const Plan *candidate, Arena *arena, Behaviour *ret);
void behaviour_close(Behaviour *behaviour);
// Asks both what the receipt was asked, which was read with `recorded`. Errors: NO_MEMORY, LIMIT.
Err behaviour_add(Behaviour *behaviour, const Plan *recorded, const Receipt *receipt, const char *decision,
        Arena *scratch);
// What stands in evidence: a new reference. Zones and segments nobody asked about are left out.
json_t *behaviour_report(const Behaviour *behaviour);
// A report in at most `max` bytes of text: first segments without a changed winner go, then examples and the
// rarest moves. Error: LIMIT, if it is too long with nothing but what must be there.
Err behaviour_fit(json_t *report, size_t max, Arena *arena);
