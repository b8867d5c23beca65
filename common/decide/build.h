// A plan while it is built: what its parts share. Every function's errors are SNAPSHOT_INVALID and NO_MEMORY.
#pragma once
#include "decide/plan.h"

// Finds equal programs.
typedef struct Interner {
	const ExprSchema *schemas; // by level
	ExprProgram *programs;
	uint32_t *levels; // of the programs
	uint32_t count;
	Probe probe;
} Interner;

typedef struct Builder {
	const Snapshot *snapshot;
	Plan *plan;
	PlanLevel *levels; // the plan's, and so
	Candidates *candidates;
	Arena *arena;   // the plan's
	Arena *scratch; // gone when the plan is built
	Interner conditions, scorings, values;
} Builder;

// The program's index, which is that of an equal one before it.
Err intern(Interner *interner, uint32_t level, const SnapExpression *expression, uint32_t *ret);
// The same plus 1; 0 if there is no expression.
Err intern_optional(Interner *interner, uint32_t level, const SnapExpression *expression, uint32_t *ret);
Err build_interners(Builder *builder);

// Collects (of, item) pairs, then lists the items by what they are of, in the order in which they were added.
typedef struct ListsBuilder {
	uint32_t *pairs;
	size_t count, room;
	Arena *scratch;
} ListsBuilder;
Err lists_add(ListsBuilder *lists, uint32_t of, uint32_t item);
Err lists_finish(const ListsBuilder *lists, size_t of_count, Arena *arena, Lists *ret);

// What programs ask, once all that rules and segments have are known.
Err build_asked(Builder *builder);
// In this order: what a later one needs, an earlier one has built.
Err build_levels(Builder *builder);
Err build_offers(Builder *builder);
Err build_zones(Builder *builder);
Err build_rules(Builder *builder);
Err build_index(Builder *builder);
Err build_limits(Builder *builder);
Err build_visitors(Builder *builder);
