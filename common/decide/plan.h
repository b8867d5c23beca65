// The plan from inside. Everything is an array in the snapshot's arena, indexed as the snapshot's lists are,
// and immutable once built.
#pragma once
#include "decide/decide.h"
#include "snapshot/types.h"

// Name → index, by open addressing.
typedef struct Names {
	const Str *names;
	const uint32_t *slots; // index + 1; 0 is free
	uint32_t mask;
} Names;
// Takes over `names`. Error: NO_MEMORY.
Err names_build(const Str *names, size_t count, Arena *arena, Names *ret);
int names_find(const Names *names, Str name); // -1 if there is none

// Distinct programs: the same bytes for the same audience level are one.
typedef struct Programs {
	const ExprProgram *items;
	uint32_t count;
} Programs;

typedef struct PlanSegment {
	uint32_t segment;   // index in the snapshot
	uint32_t condition; // index in the plan's conditions
} PlanSegment;

typedef struct PlanLevel {
	Names attributes;
	const ExprValue *defaults;
	size_t attribute_count;
	const PlanSegment *segments;
	size_t segment_count;
} PlanLevel;

typedef struct Window {
	int64_t from_us, until_us; // holds at from_us <= t < until_us
} Window;

// What the walk needs of a rule, together in memory.
typedef struct PlanRule {
	uint32_t segment;              // index + 1; 0: everyone
	uint32_t eligibility, scoring; // index + 1 in conditions, in scorings; 0: none
	uint32_t rule, offer;          // indices in the snapshot
	bool published, enabled, top;
	double score;
	Window offer_window, rule_window;
} PlanRule;

// The candidates of one zone and level, as indices into the plan's rules: [0, dynamic) have a score
// expression, [dynamic, live) are static, best first, and [live, count) can never win.
typedef struct Candidates {
	const uint32_t *rules;
	uint32_t *end; // of what is listed already, while it is built
	uint32_t dynamic, live, count;
} Candidates;

struct Plan {
	const Snapshot *snapshot;
	Names levels, points, events, offers;
	const PlanLevel *level; // by audience level
	Programs conditions, scorings;
	const PlanRule *rules;
	const Candidates *candidates; // [zone × levels + level]
	const uint64_t *offer_keys;   // a hash of each offer's code, for seeded ties
	const uint64_t *offer_ages;   // ascending from the newest
};

static inline const Candidates *plan_candidates(const Plan *plan, uint32_t zone, int level)
{
	return &plan->candidates[zone * plan->snapshot->n_audience_levels + (size_t)level];
}

// A bijection that spreads every bit over the whole word.
static inline uint64_t mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

// While it is built: which program of which rule is which. Indices are as in PlanRule.
typedef struct RulePrograms {
	uint32_t eligibility, scoring;
} RulePrograms;
// Fills the plan's rules and candidate lists. Error: NO_MEMORY.
Err plan_rules_build(Plan *plan, const RulePrograms *programs, Arena *arena);
