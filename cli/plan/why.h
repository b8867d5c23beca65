// Why another plan answers a question otherwise: both decisions are made again from their receipts, with
// explanations, and held against each other.
#pragma once
#include "decide/decide.h"
#include "plan/side.h"

// One plan's answer.
typedef struct WhySide {
	const Plan *plan; // its snapshot; NULL: it is not here
	const PlanQuestion *question;
} WhySide;

typedef struct PlanWhy {
	const char *cause; // segment, rule, score, suppression, …: one of few words
	const char *what;  // the segment, rule, suppression … that made the difference
	const char *text;  // the same in a sentence
	bool known;        // false: only what the records say, which is who won and not who lost
} PlanWhy;

// Of two answers whose first offers differ. Texts live in `arena` or with the sides. Errors: NO_MEMORY,
// LIMIT.
Err plan_why(const WhySide *before, const WhySide *after, Arena *arena, PlanWhy *ret);

// The answer made again, with its candidates: *ret_decision is the call's, *ret its point. NULL, without an
// error, if the snapshot or the receipt is not there, or if this engine decides otherwise than that of the
// plan.
Err plan_decide_again(const WhySide *side, Arena *arena, Decision *ret_decision, const PointDecision **ret);
