// The plan from inside. Everything is an array in the snapshot's arena, indexed as the snapshot's lists are,
// and immutable once built.
#pragma once
#include "base/mix.h"
#include "decide/decide.h"
#include "decide/score.h"
#include "snapshot/types.h"

// Indices found by a hash of what they stand for, by open addressing. The caller compares.
typedef struct Probe {
	uint32_t *slots; // index + 1; 0 is free
	uint32_t mask;
} Probe;
// Room for `count` entries. Error: NO_MEMORY.
Err probe_init(size_t count, Arena *arena, Probe *ret);
void probe_put(Probe *probe, uint64_t hash, uint32_t index);
// Walks the entries that may have a hash: `for (uint32_t at = hash, i; probe_next(p, &at, &i);)`.
static inline bool probe_next(const Probe *probe, uint32_t *at, uint32_t *index)
{
	uint32_t slot = probe->slots[(*at)++ & probe->mask];
	*index = slot - 1;
	return slot != 0;
}

// Name → index.
typedef struct Names {
	const Str *names;
	Probe probe;
} Names;
// Takes over `names`. Error: NO_MEMORY.
Err names_build(const Str *names, size_t count, Arena *arena, Names *ret);
int names_find(const Names *names, Str name); // -1 if there is none

// For each of some things a list of indices: items[starts[i]] up to items[starts[i + 1]].
typedef struct Lists {
	const uint32_t *starts, *items;
} Lists;

// Distinct programs: the same bytes for the same audience level are one.
typedef struct Programs {
	const ExprProgram *items;
	uint32_t count;
} Programs;

// --- levels ---

typedef struct PlanSegment {
	uint32_t segment;   // index in the snapshot
	uint32_t condition; // index + 1 in the plan's conditions; 0: none
	uint32_t list;      // index + 1 in the snapshot's audience lists; 0: none
} PlanSegment;

// A segment of a group. Those of a group stand together, the first that counts before the others.
typedef struct PlanGrouped {
	uint32_t segment, group;
} PlanGrouped;

typedef struct PlanStep {
	uint32_t value;             // SET_ATTRIBUTE: in the plan's values
	const uint32_t *conditions; // DECISION: by branch, in the plan's conditions
} PlanStep;

typedef struct PlanFlow {
	uint32_t flow;
	const PlanStep *steps;
} PlanFlow;

typedef struct PlanLevel {
	Names attributes;
	const ExprValue *defaults;
	size_t attribute_count;
	const PlanFlow *flows;
	size_t flow_count;
	const PlanSegment *segments; // those with an expression or a list
	size_t segment_count;
	// Indices into `segments`: those with an expression only, whose index it is, and the others.
	const uint32_t *expressed, *listed;
	uint32_t expressed_count, listed_count;
	const Index *segment_index; // NULL if there are few
	const PlanGrouped *grouped;
	size_t grouped_count;
} PlanLevel;

// --- candidates ---

typedef struct Window {
	int64_t from_us, until_us; // holds at from_us <= t < until_us
} Window;

// What the walk needs of a candidate, together in memory. A rule or global offer with an offer list has one
// of these for each of its offers.
typedef struct PlanRule {
	Window window;                 // of offer, rule and campaign together
	double score;                  // the marketer's; 0 with a score expression
	uint32_t source, offer;        // as in CandidateId
	uint32_t segment;              // index + 1; 0: everyone
	uint32_t eligibility, scoring; // index + 1 in conditions, in scorings; 0: none
	uint32_t treatment;            // campaign and cell, together; 0: none
	uint32_t order;                // of the score's form; 0: none
	uint8_t origin;                // an Origin
	bool live;                     // published, enabled, in an active campaign
	bool top, control;             // top priority; its cell has a control group
} PlanRule;
_Static_assert(sizeof(PlanRule) <= 56, "a hundred thousand of them are a few megabytes");

// The candidates of one zone and level, as indices into the plan's rules: [0, dynamic) have a score
// expression, [dynamic, live) are static, best first, and [live, count) can never win.
typedef struct Candidates {
	const uint32_t *rules;
	uint32_t *end; // of what is listed already, while it is built
	uint32_t dynamic, live, count;
	uint32_t inclusion; // index + 1 in conditions: the zone's, for the level; 0: none
	const Index *index; // of the live ones; NULL if they are few
	ScoreRuns runs;     // of the dynamic ones in the index
} Candidates;

// A personalised attribute of an offer for a level.
typedef struct PlanPersonal {
	uint32_t attribute, level;
	uint32_t value; // in the plan's values
} PlanPersonal;

struct Plan {
	const Snapshot *snapshot;
	size_t bytes; // of all of it
	Names levels, points, events, offers;
	const PlanLevel *level; // by audience level
	Programs conditions, scorings, values;
	Conditions asked;       // what the conditions ask of attributes
	const ScoreForm *forms; // by scoring
	const PlanRule *rules;  // rules and global offers, in the order in which the walk meets them
	uint32_t rule_count;
	const Candidates *candidates;      // [zone × levels + level]
	Lists offer_rules;                 // static live rules by offer; only if there are score overrides
	const SnapCell *const *treatments; // by PlanRule.treatment; NULL: there is no cell
	size_t treatment_count;
	const uint64_t *offer_keys;         // a hash of each offer's code, for seeded ties
	const uint64_t *offer_ages;         // ascending from the newest
	const uint64_t *const *zone_offers; // by zone: bit o: its offer conditions admit offer o; NULL: all
	const uint32_t *personal_starts;    // by offer, into `personal`; one more at the end
	const PlanPersonal *personal;
	Probe overrides, blacklist;       // by visitor: the first entry of each
	const Probe *audience_lists;      // by list: its IDs
	Lists suppressions;               // by offer: accepts first, then by name
	Lists constraints;                // by offer: of the session first, then by name
	Lists classes;                    // by offer: classes of equal constants of related attributes
	const uint32_t *related;          // by suppression: its related attribute; 0: none
	const uint32_t *class_attributes; // by class, beginning with 1: the related attribute
	bool counts_periods;              // there is a constraint on a visitor
};

static inline const Candidates *plan_candidates(const Plan *plan, uint32_t zone, int level)
{
	return &plan->candidates[zone * plan->snapshot->n_audience_levels + (size_t)level];
}

// A candidate that has no rule behind it.
PlanRule plan_bare(const Plan *plan, CandidateId id, double score);
// The entries of a visitor, adjacent and by offer.
typedef struct VisitorRange {
	uint32_t first, count;
} VisitorRange;
VisitorRange plan_overrides(const Plan *plan, int level, Str audience_id);
VisitorRange plan_blacklist(const Plan *plan, int level, Str audience_id);
bool plan_on_list(const Plan *plan, uint32_t list, Str audience_id);

// The constant as a value; lists live in `arena`.
ExprValue plan_constant(const SnapConstant *constant, Arena *arena);
// The offer's constant of that name; NULL if there is none.
const SnapConstant *plan_offer_constant(const SnapOffer *offer, Str name);
// Whether a condition holds for a constant; NULL never does.
bool plan_compare(const SnapConstant *constant, Parley__Snapshot__V1__Comparison comparison, ExprValue value);
