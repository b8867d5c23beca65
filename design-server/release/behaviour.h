// The report of a behavioural comparison: recorded decisions made by two snapshots, and how many winners
// changed. It is arithmetic that must add up: each question stands in exactly one zone.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "snapshot/snapshot.h"

#include <jansson.h>

// Questions (a point in a recorded call) and those whose first offer is another one.
typedef struct BehaviourCount {
	Str kind; // channel: all of them; zone, segment
	Str name; // of zone or segment; empty: of visitors in no segment
	int64_t questions, changed;
} BehaviourCount;

typedef struct BehaviourReport {
	Digest running;               // what the candidate was compared with
	int64_t since_us, until_us;   // the decisions' time
	int64_t decisions;            // that were compared
	int64_t different;            // recorded ones that could not be had again as they were recorded
	const BehaviourCount *counts; // the channel's first
	size_t count;
} BehaviourReport;

// `ret` lives in `arena`. Error: EVIDENCE_INVALID with what is wrong; NO_MEMORY.
Err behaviour_read(const json_t *json, Arena *arena, BehaviourReport *ret);
// Of JSON text.
Err behaviour_parse(Str text, Arena *arena, BehaviourReport *ret);
