// The decision engine: a pure function. Same plan, visitor, request, time and seed: same decision, bit for
// bit, on every run, thread and build. It reads no clock, no random source, no network, and allocates only
// from the caller's arena. Production, explain, replay, simulation and plan-and-execute all call decide().
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"

#include "parley/snapshot/v1/snapshot.pb-c.h"

// Limits of one call.
enum {
	DECIDE_POINTS_MAX = 64,
	DECIDE_OFFERS_MAX = 1000,            // that a point may ask for
	DECIDE_EXPRESSION_FUEL = 100 * 1000, // work units of one expression
	DECIDE_CALL_FUEL = 10 * 1000 * 1000, // and of all of a call
};

// A snapshot made ready: immutable indexes, shared by all threads.
typedef struct Plan Plan;

// Builds a plan from a snapshot that snapshot_open has accepted. Everything lives in `arena` (the snapshot's
// lifetime), and so must `snapshot`. Errors: SNAPSHOT_INVALID, NO_MEMORY.
Err plan_build(const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, const Plan **ret);
const Parley__Snapshot__V1__Snapshot *plan_snapshot(const Plan *plan);

// Lookups by name; -1 if there is none.
int plan_level(const Plan *plan, Str name);
int plan_point(const Plan *plan, Str name);
int plan_event(const Plan *plan, Str name);
// The slot of an attribute in a level; -1 if there is none.
int plan_attribute(const Plan *plan, int level, Str name);
size_t plan_segment_words(const Plan *plan); // 64-bit words of a segment set

// The visitor as the engine sees it: values by slot (defaults filled in, expr_missing where there is none)
// and segments.
typedef struct Visitor {
	int level;                // index of the audience level
	const ExprValue *values;  // one per attribute of the level
	const uint64_t *segments; // bit s: in segment s; from decide_segments
} Visitor;

// Fills `values` (room for the level's attributes) with the level's defaults.
void decide_defaults(const Plan *plan, int level, ExprValue *values);

// Which segments the visitor is in. `ret` has plan_segment_words words.
void decide_segments(const Plan *plan, int level, const ExprValue *values, int64_t as_of_us, Arena *scratch,
        uint64_t *ret);

// One point to fill.
typedef struct DecidePoint {
	int point;    // index, or -1: unknown (answered as such)
	uint32_t max; // at most this many offers
} DecidePoint;

typedef struct DecideRequest {
	const DecidePoint *points;
	size_t count;
	int64_t as_of_us;
	uint64_t seed; // unique per call: treatment codes come from it
	bool explain;  // also list every candidate
} DecideRequest;

// Why a candidate was not offered, in the order of domain.md; reason_name gives the stable text.
typedef enum Reason {
	REASON_OFFERED,
#define REASON_ROW(id, text) REASON_##id,
#include "decide/reason_table.h"
#undef REASON_ROW
	REASON_COUNT,
} Reason;
const char *reason_name(Reason reason);
const char *reason_text(Reason reason);

#define TREATMENT_CODE_SIZE 20 // with its NUL
typedef struct DecidedOffer {
	uint32_t rule;  // index into the snapshot's rules
	uint32_t offer; // index into its offers
	double score;
	char treatment_code[TREATMENT_CODE_SIZE];
} DecidedOffer;

typedef struct DecidedCandidate {
	uint32_t rule, offer;
	Reason reason;
	double score;
	Str predicate; // as written; empty if no expression was the cause
} DecidedCandidate;

typedef struct PointDecision {
	int point;                  // as requested
	const DecidedOffer *offers; // best first
	size_t offer_count;
	const DecidedCandidate
	        *candidates; // on explain: offered ones first by rank, then the rest by rule name
	size_t candidate_count;
} PointDecision;

typedef struct Decision {
	const PointDecision *points;
	size_t count;
} Decision;

// Decides. Everything in `ret` lives in `arena`. Errors: NO_MEMORY, LIMIT.
Err decide(
        const Plan *plan, const Visitor *visitor, const DecideRequest *request, Arena *arena, Decision *ret);
