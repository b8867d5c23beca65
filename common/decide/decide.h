// The decision engine: a pure function. Same plan, visitor, request, time and seed: same decision, bit for
// bit, on every run, thread and build. It reads no clock, no random source, no network, and allocates only
// from the caller's arena. Production, explain, replay, simulation and plan-and-execute all call decide().
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"

#include "parley/snapshot/v1/snapshot.pb-c.h"

// Limits of one call. Together they are the ceiling of a decision's work: README.md states it.
enum {
	DECIDE_POINTS_MAX = 64,
	DECIDE_OFFERS_MAX = 1000,            // that a point may ask for
	DECIDE_CONDITIONS_MAX = 16,          // in a point's filter
	DECIDE_FACTS_MAX = 4096,             // of a visitor, and of a session
	DECIDE_EXPRESSION_FUEL = 100 * 1000, // work units of one expression
	DECIDE_CALL_FUEL = 10 * 1000 * 1000, // and of all of a call, and of explaining it; a candidate looked
	                                     // at is one unit too
};

// A snapshot made ready: immutable indexes, shared by all threads.
typedef struct Plan Plan;

// Builds a plan from a snapshot that snapshot_open has accepted. Everything lives in `arena` (the snapshot's
// lifetime), and so must `snapshot`. Errors: SNAPSHOT_INVALID, NO_MEMORY.
Err plan_build(const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, const Plan **ret);
const Parley__Snapshot__V1__Snapshot *plan_snapshot(const Plan *plan);

// Lookups by name (offers by code); -1 if there is none.
int plan_level(const Plan *plan, Str name);
int plan_point(const Plan *plan, Str name);
int plan_event(const Plan *plan, Str name);
int plan_offer(const Plan *plan, Str code);
// The slot of an attribute in a level; -1 if there is none.
int plan_attribute(const Plan *plan, int level, Str name);
size_t plan_segment_words(const Plan *plan); // 64-bit words of a segment set

// --- the visitor ---

typedef enum FactKind { FACT_CONTACT, FACT_ACCEPT, FACT_REJECT, FACT_SUPPRESS, FACT_QUALIFY } FactKind;

// Something that happened between a visitor and an offer. Facts after the as-of time count for nothing.
typedef struct Fact {
	uint32_t offer; // index in the snapshot
	uint32_t count; // so many at `time_us`; at least 1
	FactKind kind;
	int64_t time_us;
	int64_t until_us; // SUPPRESS, QUALIFY: holds before it; INT64_MAX: for ever
	double score;     // QUALIFY
} Fact;

// What is remembered, oldest first. Contacts, accepts and rejects of the session are in both lists; what is
// suppressed or qualified for the session is in the session's only, and everything else of these two in the
// visitor's only.
typedef struct VisitorState {
	const Fact *facts;
	size_t fact_count;
	const Fact *session_facts;
	size_t session_fact_count;
	// By constraint, read where its scope is OVERALL: counted in the period of the as-of time. NULL:
	// nothing.
	const uint64_t *volumes;
} VisitorState;

// The visitor as the engine sees it: values by slot (defaults filled in, expr_missing where there is none),
// segments and state.
typedef struct Visitor {
	int level;                // index of the audience level
	Str audience_id;          // canonical text: what lists, shares, overrides and the blacklist go by
	const ExprValue *values;  // one per attribute of the level
	const uint64_t *segments; // bit s: in segment s; from decide_segments
	VisitorState state;
} Visitor;

// Fills `values` (room for the level's attributes) with the level's defaults.
void decide_defaults(const Plan *plan, int level, ExprValue *values);

// --- segments ---

// One thing that was looked at, in order: a step of a flow, or a segment.
typedef struct SegmentTrace {
	int flow;      // index; -1: a segment by its own expression and list
	uint32_t step; // of the flow
	int branch;    // taken; -1: none
	int segment;   // the segment, of a SEGMENT step or by itself; -1: none
	bool matched;  // the visitor is in it; of SET_ATTRIBUTE: it was set
	int beaten_by; // it matched, but this segment of its group comes first; -1: none
	Str predicate; // what did not hold, as written; empty: nothing
	Str error;     // why an expression failed: "ATTRIBUTE_MISSING: income"; empty: none did
} SegmentTrace;

typedef struct SegmentRequest {
	int level;
	Str audience_id;
	int64_t as_of_us;
	bool explain;
} SegmentRequest;

typedef struct Segmentation {
	uint64_t *segments; // the caller's: plan_segment_words words
	uint8_t *set; // the caller's, one per attribute, zeroed: becomes 1 where a flow set it; may be NULL
	const SegmentTrace *trace; // on explain
	size_t trace_count;
} Segmentation;

// Runs the level's flows, which may change `values` (what they put there lives in `arena`), then the segments
// by expression and list, then the groups. Error: NO_MEMORY, and then the visitor is in no segment.
Err decide_segments(
        const Plan *plan, const SegmentRequest *request, ExprValue *values, Arena *arena, Segmentation *ret);

// Whether the visitor is in the share of `ppm` millionths that the salt picks: control groups and samples.
bool decide_share(Str salt, Str level, Str audience_id, uint32_t ppm);
// The place of the visitor in [0, 1,000,000).
uint32_t decide_share_of(Str salt, Str level, Str audience_id);
// The first moment of the period that the time is in; INT64_MIN for PERIOD_EVER.
int64_t decide_period_start(Parley__Snapshot__V1__Period period, int64_t time_us);

// --- the request ---

// A condition on an offer's attribute, as in the snapshot.
typedef struct OfferFilter {
	Str attribute;
	Parley__Snapshot__V1__Comparison comparison;
	ExprValue value;
} OfferFilter;

// One point to fill.
typedef struct DecidePoint {
	int point;                 // index, or -1: unknown (answered as such)
	uint32_t max;              // at most this many offers
	const OfferFilter *filter; // all must hold
	size_t filter_count;
} DecidePoint;

typedef struct DecideRequest {
	const DecidePoint *points;
	size_t count;
	int64_t as_of_us;
	uint64_t seed;           // unique per call: treatment codes come from it
	bool deduplicate_across; // what an earlier point of the call shows, a later one does not
	bool explain;            // also list every candidate
} DecideRequest;

// --- the decision ---

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

// What made an offer a candidate.
typedef enum Origin {
	ORIGIN_RULE,       // `source`: index into rules
	ORIGIN_GLOBAL,     // into global_offers
	ORIGIN_INDIVIDUAL, // into score_overrides: one that adds
	ORIGIN_QUALIFIED,  // 0: an event qualified it
	ORIGIN_DEFAULT,    // into the zone's default_offers
	ORIGIN_COUNT,
} Origin;
const char *origin_name(Origin origin); // "RULE", …

typedef struct CandidateId {
	Origin origin;
	uint32_t source, offer;
} CandidateId;
// The rule or global offer that made the candidate; NULL if none did.
const Parley__Snapshot__V1__TreatmentRule *decide_rule(const Plan *plan, CandidateId id);

typedef struct ScoreParts {
	double marketer; // constant, expression's value, or that of what added the candidate
	bool overridden; // a score override took its place
	double override; // with that
	double final;
} ScoreParts;

#define TREATMENT_CODE_SIZE 20 // with its NUL

// The value of a personalised attribute.
typedef struct DecidedAttribute {
	uint32_t attribute; // index in the offer's attributes
	ExprValue value;    // EXPR_ERROR: it failed, and there is no fixed value
} DecidedAttribute;

typedef struct DecidedOffer {
	CandidateId id;
	ScoreParts score;
	const DecidedAttribute *attributes; // the personalised ones, ascending
	size_t attribute_count;
	char treatment_code[TREATMENT_CODE_SIZE];
} DecidedOffer;

typedef struct DecidedCandidate {
	CandidateId id;
	Reason reason;
	ScoreParts score; // 0 if it was filtered before scoring
	Str predicate;    // as written; empty if no expression was the cause
	Str detail; // "ATTRIBUTE_MISSING: income", the suppression's or constraint's name, …; may be empty
} DecidedCandidate;

typedef struct PointDecision {
	int point;                  // as requested
	bool tied;                  // equal scores were told apart by the zone's tie-break
	const DecidedOffer *offers; // best first
	size_t offer_count;
	const DecidedCandidate *candidates; // on explain; README.md tells their order
	size_t candidate_count;
} PointDecision;

typedef struct Decision {
	const PointDecision *points;
	size_t count;
} Decision;

// Decides. Everything in `ret` lives in `arena` or the plan. Errors: NO_MEMORY, LIMIT.
Err decide(
        const Plan *plan, const Visitor *visitor, const DecideRequest *request, Arena *arena, Decision *ret);
