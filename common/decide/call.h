// One call of the engine: what its files share. Everything lives in the call's arena.
#pragma once
#include "decide/plan.h"

// --- small tables ---

// A zeroed element for each of many things, of which a call touches few: pages come as they are touched.
typedef struct Memo {
	void **pages;
	size_t count, size;
	Arena *arena;
	uint64_t spare[2]; // without memory nothing is remembered
} Memo;
enum { MEMO_SIZE_MAX = 16 }; // bytes of an element
static inline Memo memo_of(size_t count, size_t size, Arena *arena)
{
	return (Memo){.count = count, .size = size, .arena = arena};
}
void *memo_at(Memo *memo, uint32_t index);

// Numbers by keys other than 0.
typedef struct Tally {
	struct TallySlot {
		uint64_t key, value;
	} * slots;
	size_t count, room; // `room` is 0 or a power of two
	Arena *arena;
} Tally;
// The key's number, 0 if it is new. NULL if memory is out. Valid until the next call.
uint64_t *tally_at(Tally *tally, uint64_t key);
uint64_t tally_get(const Tally *tally, uint64_t key); // 0 if there is none

// --- evaluations ---

typedef enum Verdict { VERDICT_UNKNOWN, VERDICT_FALSE, VERDICT_TRUE, VERDICT_FAILED } Verdict;

// A program's outcome in this call.
typedef struct Outcome {
	uint8_t verdict;
	uint8_t error; // ExprError, if it failed
	uint16_t slot; // of ATTRIBUTE_MISSING
} Outcome;

typedef struct ScoreOutcome {
	Outcome outcome; // TRUE or FAILED
	double score;
} ScoreOutcome;

// Evaluations over one visitor: each distinct program at most once, within the fuel.
typedef struct Evaluation {
	const Plan *plan;
	const ExprValue *values;
	int64_t now_us;
	Arena *arena;
	uint64_t fuel;
	Memo conditions, scorings, results; // Outcome, ScoreOutcome, ExprValue
	Traits traits;
} Evaluation;
// Error: NO_MEMORY.
Err evaluation_init(
        const Plan *plan, int level, const ExprValue *values, int64_t now_us, Arena *arena, Evaluation *ret);
Outcome evaluate_condition(Evaluation *evaluation, uint32_t condition);
// Whether it is true, without its program if it can be told so.
bool evaluate_true(Evaluation *evaluation, uint32_t condition);
ScoreOutcome evaluate_score(Evaluation *evaluation, uint32_t scoring);
ExprValue evaluate_result(Evaluation *evaluation, uint32_t value);
// Without remembering, for values that change.
ExprValue evaluate_anew(Evaluation *evaluation, const ExprProgram *program);
Outcome outcome_of(ExprValue value);
// Makes the value one of a declared type: an int also serves a double. Others become errors.
ExprValue value_as(ExprValue value, Parley__Snapshot__V1__ValueType type);
// "ATTRIBUTE_MISSING: income"; empty if it did not fail.
Str outcome_text(const Plan *plan, int level, Outcome outcome, Arena *arena);

// --- facts ---

// What the visitor's facts come to: see facts.c.
typedef struct Facts {
	Tally tally;
	const Fact **events; // of each offer the SUPPRESS or QUALIFY that counts
	size_t event_count;
	int64_t period_starts[PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_MONTH + 1];
} Facts;
struct Call;
Err facts_init(struct Call *call);
bool fact_holds(const struct Call *call, const Fact *fact);
// Whether anything has happened that a limit could count.
bool facts_can_strike(const struct Call *call);
// What strikes the offer, or REASON_OFFERED; `detail` may be NULL.
Reason facts_strike(const struct Call *call, uint32_t offer, Str *detail);

// --- ranks ---

// A candidate that passed the screen, by what ranks it.
typedef struct Ranked {
	ScoreParts score;
	uint64_t tie; // the lower comes first
	CandidateId id;
	uint32_t treatment;
	bool top;
} Ranked;
int id_compare(CandidateId a, CandidateId b);
// Negative if a comes before b. Total: 0 only for the same candidate.
int rank_compare(const Ranked *a, const Ranked *b);

// The best `max` of a stream of candidates, best first, without duplicates.
typedef struct Selection {
	Ranked *best;
	size_t count, max;
	Parley__Snapshot__V1__Deduplication deduplication;
	bool tied; // candidates were told apart by their ties
} Selection;
// Where a candidate would come in.
enum { PLACE_NONE = -1, PLACE_UNKNOWN = -2 }; // it would not; that is yet to be seen
ptrdiff_t selection_place(Selection *selection, const Ranked *candidate);
// Adds it if it comes in. Until then the selection must not have changed since its place was found.
void selection_add(Selection *selection, const Ranked *candidate, ptrdiff_t place);
// Whether no candidate of that priority and score, whatever its tie, could change the selection.
static inline bool selection_beats(const Selection *selection, bool top, double score)
{
	if (selection->count < selection->max)
		return false;
	const Ranked *last = &selection->best[selection->count - 1];
	return last->top != top ? last->top : last->score.final > score;
}
// What candidates that are duplicates of each other have in common; 0: none has a duplicate.
uint64_t duplicate_key(Parley__Snapshot__V1__Deduplication deduplication, uint32_t offer, uint32_t treatment);

// --- treatment codes ---

enum { CODE_SEED_CHARS = 13 };
// What all codes of a call have in common.
typedef struct TreatmentCodes {
	char first[TREATMENT_CODE_SIZE]; // the code of ordinal 0
	uint32_t mask;                   // of ordinals
} TreatmentCodes;
void treatment_codes_begin(uint64_t seed, TreatmentCodes *ret);
void treatment_code_make(const TreatmentCodes *codes, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE]);

// --- the call ---

typedef struct Call {
	const Plan *plan;
	const Visitor *visitor;
	const DecideRequest *request;
	Evaluation evaluation;
	Facts facts;
	VisitorRange overrides, blacklist; // the visitor's
	Memo shares;                       // by treatment: Outcome, TRUE if held out
	Tally shown;                       // by duplicate key: the first point that shows it, plus 1
	Arena *arena;
	TreatmentCodes codes;
	uint32_t treatments; // codes issued so far
} Call;

// One point of it.
typedef struct Spot {
	const DecidePoint *wanted;
	size_t number; // of the point in the request
	const SnapZone *zone;
	const Candidates *candidates;
	const uint64_t *admitted; // by the zone's offer conditions; NULL: all
	Outcome inclusion;        // of the visitor, by the zone
	bool open;                // neither zone, filter, blacklist nor facts can strike
	Memo filtered;            // by offer: Outcome of the request's filter
	Selection selection;
	Reason *defaults; // of the default offers that were looked at
	size_t default_count;
} Spot;

// Screens a candidate up to its score: REASON_OFFERED if nothing strikes.
Reason call_screen(Call *call, Spot *spot, const PlanRule *rule);
// Whether nothing strikes. `sure`: segment, dates and eligibility are known to be fine.
bool call_passes(Call *call, Spot *spot, const PlanRule *rule, bool sure);
// Its score; false if that failed or is not finite.
bool call_score(Call *call, const PlanRule *rule, ScoreParts *ret);
// The visitor's override of the offer; NULL if there is none.
const SnapOverride *call_override(const Call *call, uint32_t offer);
// Everything that ranks a candidate but its score.
Ranked call_rank(const Call *call, const Spot *spot, const PlanRule *rule);
// Whether an earlier point of the call shows the offer; by treatment if the zone goes by it.
bool call_shown(const Call *call, const Spot *spot, const PlanRule *rule);
// Takes one unit of the call's work; false if there is none left.
static inline bool call_works(Call *call)
{
	if (!call->evaluation.fuel)
		return false;
	call->evaluation.fuel--;
	return true;
}

// Candidates that no rule made, one after the other: individual and qualified ones. `at` begins with 0.
bool call_next_bare(const Call *call, size_t *at, PlanRule *ret);
// What is known of a candidate before it is considered.
typedef struct Known {
	bool sure;   // segment, dates and eligibility are fine
	bool scored; // the marketer's score is:
	double score;
} Known;
// Adds the candidate to the selection if nothing strikes and it gets in.
void call_consider(Call *call, Spot *spot, const PlanRule *rule, Known known);
// Considers all that lists have and that may get in.
void call_walk(Call *call, Spot *spot);
// Fills the spot's selection.
void call_choose(Call *call, Spot *spot);
// Turns the selection into offers, filled up with default ones.
Err call_treat(Call *call, Spot *spot, PointDecision *ret);
// Lists every candidate of a decided point with its reason.
Err call_explain(Call *call, Spot *spot, PointDecision *point);
// The attributes of an offer that are personalised for the visitor.
Err call_personalise(Call *call, DecidedOffer *offer);

// The first condition of the point's filter that the offer does not meet; NULL if it meets all.
const OfferFilter *filter_strikes(const Spot *spot, const SnapOffer *offer);
