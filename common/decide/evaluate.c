// Rules share predicates, so a program's verdict is kept for the rest of the call. An evaluation that runs
// dry, of its own fuel or of the call's, is an error like any other: it grants nothing.
#include "decide/call.h"

#include <math.h>

Err evaluation_init(const Plan *plan, const ExprValue *values, int64_t now_us, Arena *arena, Evaluation *ret)
{
	*ret = (Evaluation){
	        .plan = plan,
	        .values = values,
	        .now_us = now_us,
	        .arena = arena,
	        .fuel = DECIDE_CALL_FUEL,
	        .conditions = arena_alloc(arena, plan->conditions.count),
	        .scorings = arena_alloc(arena, plan->scorings.count),
	        .scores = ARENA_ARRAY(arena, double, plan->scorings.count),
	};
	if (!ret->conditions || !ret->scorings || !ret->scores)
		return err(
		        ERR_NO_MEMORY, "no memory for the verdicts of %u programs", plan->conditions.count);
	return OK;
}

static ExprValue run(Evaluation *evaluation, const ExprProgram *program)
{
	uint64_t fuel = evaluation->fuel < DECIDE_EXPRESSION_FUEL ? evaluation->fuel : DECIDE_EXPRESSION_FUEL;
	ExprScratch scratch = {.arena = evaluation->arena, .fuel = fuel};
	ExprValue value = expr_eval(program, evaluation->values, evaluation->now_us, &scratch);
	evaluation->fuel -= fuel - scratch.fuel;
	return value;
}

Verdict evaluate_condition(Evaluation *evaluation, uint32_t condition)
{
	uint8_t *known = &evaluation->conditions[condition];
	if (*known == VERDICT_UNKNOWN) {
		ExprValue value = run(evaluation, &evaluation->plan->conditions.items[condition]);
		*known = value.kind != EXPR_BOOL ? VERDICT_FAILED : value.b ? VERDICT_TRUE : VERDICT_FALSE;
	}
	return (Verdict)*known;
}

static bool as_score(ExprValue value, double *ret)
{
	double score = value.kind == EXPR_INT ? (double)value.i : value.kind == EXPR_DOUBLE ? value.d : NAN;
	*ret = isfinite(score) ? score : 0;
	return isfinite(score);
}

Verdict evaluate_score(Evaluation *evaluation, uint32_t scoring, double *ret)
{
	uint8_t *known = &evaluation->scorings[scoring];
	if (*known == VERDICT_UNKNOWN) {
		ExprValue value = run(evaluation, &evaluation->plan->scorings.items[scoring]);
		*known = as_score(value, &evaluation->scores[scoring]) ? VERDICT_TRUE : VERDICT_FAILED;
	}
	*ret = evaluation->scores[scoring];
	return (Verdict)*known;
}
