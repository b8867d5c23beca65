// One call of the engine: what its files share.
#pragma once
#include "decide/plan.h"

// A program's outcome in this call.
typedef enum Verdict { VERDICT_UNKNOWN, VERDICT_FALSE, VERDICT_TRUE, VERDICT_FAILED } Verdict;

// Evaluations of one call over one visitor: each distinct program at most once, within the fuel.
typedef struct Evaluation {
	const Plan *plan;
	const ExprValue *values;
	int64_t now_us;
	Arena *arena;
	uint64_t fuel;
	uint8_t *conditions; // Verdict by condition
	uint8_t *scorings;   // Verdict by scoring: TRUE if `scores` has it
	double *scores;
} Evaluation;
Err evaluation_init(const Plan *plan, const ExprValue *values, int64_t now_us, Arena *arena, Evaluation *ret);
Verdict evaluate_condition(Evaluation *evaluation, uint32_t condition);
// TRUE or FAILED.
Verdict evaluate_score(Evaluation *evaluation, uint32_t scoring, double *ret);

// A candidate that passed the screen, by what ranks it.
typedef struct Ranked {
	double score;
	uint64_t tie; // the lower comes first
	uint32_t offer, rule;
	bool top;
} Ranked;
// Negative if a comes before b. Total: 0 only for the same rule.
int rank_compare(const Ranked *a, const Ranked *b);

// The best `max` offers of a stream of candidates, best first, each offer once.
typedef struct Selection {
	Ranked *best;
	size_t count, max;
} Selection;
void selection_add(Selection *selection, const Ranked *candidate);
// Whether no candidate of that priority and score, whatever its tie, could change the selection.
bool selection_beats(const Selection *selection, bool top, double score);

// Whether a candidate of that rank could get in.
bool selection_admits(const Selection *selection, const Ranked *candidate);

typedef struct Call {
	const Plan *plan;
	const Visitor *visitor;
	const DecideRequest *request;
	Evaluation evaluation;
	Arena *arena;
	uint32_t treatments; // codes issued so far
} Call;

// What ranks a rule before it is screened: all of it if its score is constant.
Ranked call_rank(const Call *call, const PlanRule *rule, Parley__Snapshot__V1__TieBreak tie_break);
// Screens a rule: REASON_OFFERED if nothing strikes; then `rank` has its score, else 0.
Reason call_screen(Call *call, const PlanRule *rule, Ranked *rank);

// Lists every candidate of a decided point with its reason.
Err call_explain(Call *call, const Candidates *candidates, Parley__Snapshot__V1__TieBreak tie_break,
        size_t max, PointDecision *point);

void treatment_code_make(uint64_t seed, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE]);
