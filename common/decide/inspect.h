// What a plan is made of: what calls share, what is told without programs, and what it all takes.
#pragma once
#include "decide/decide.h"

// Distinct programs.
typedef struct InspectedPrograms {
	uint32_t distinct;
	uint32_t told; // that are told without running them
	uint32_t run;  // that run, at least for some visitors
	size_t bytes;
} InspectedPrograms;

// The candidates of a zone for an audience level.
typedef struct InspectedList {
	Str zone, level;
	uint32_t candidates;
	uint32_t live;         // that can win at all
	uint32_t dynamic;      // of these: with a score expression
	bool indexed;          // else the list is walked one by one
	uint32_t positions;    // terms of candidates
	uint32_t tables, rows; // attributes with bit sets, and how many sets
	uint32_t shared;       // attributes of which neighbouring intervals share sets
	uint32_t rechecked;    // positions whose survivors are looked at again
	uint32_t runs;         // of dynamic scores with a bound
	size_t index_bytes;
} InspectedList;

typedef struct Inspection {
	size_t plan_bytes;   // without the snapshot
	uint32_t candidates; // rules and global offers, offer lists spread out
	InspectedPrograms conditions, scores;
	uint32_t predicates;     // distinct: one attribute against constants
	uint32_t predicate_uses; // in the terms of conditions
	uint32_t texts;          // that conditions compare with
	const InspectedList *lists;
	size_t list_count;
	uint32_t segments, segments_indexed;
	size_t segment_index_bytes;
} Inspection;

typedef struct InspectedSnapshot {
	Str channel;
	char sha256[65]; // of the bytes
	Inspection plan;
} InspectedSnapshot;
// Plans a snapshot that nobody vouches for, to look at it. Lives in `arena`. Errors: those of snapshot_parse
// and plan_build.
Err snapshot_inspect(Str blob, Arena *arena, InspectedSnapshot *ret);
