// Rules share predicates, so a program's outcome is kept for the rest of the call. An evaluation that runs
// dry, of its own fuel or of the call's, is an error like any other: it grants nothing.
#include "decide/call.h"

#include <math.h>

Err evaluation_init(
        const Plan *plan, int level, const ExprValue *values, int64_t now_us, Arena *arena, Evaluation *ret)
{
	ret->plan = plan;
	ret->values = values;
	ret->now_us = now_us;
	ret->arena = arena;
	ret->fuel = DECIDE_CALL_FUEL;
	ret->conditions = memo_of(plan->conditions.count, sizeof(Outcome), arena);
	ret->scorings = memo_of(plan->scorings.count, sizeof(ScoreOutcome), arena);
	ret->results = memo_of(plan->values.count, sizeof(ExprValue), arena);
	return traits_init(&plan->asked, (uint32_t)level, values, now_us, arena, &ret->traits);
}
_Static_assert(
        sizeof(ScoreOutcome) <= MEMO_SIZE_MAX && sizeof(ExprValue) <= MEMO_SIZE_MAX, "memos have them");

ExprValue evaluate_anew(Evaluation *evaluation, const ExprProgram *program)
{
	uint64_t fuel = evaluation->fuel < DECIDE_EXPRESSION_FUEL ? evaluation->fuel : DECIDE_EXPRESSION_FUEL;
	ExprScratch scratch = {.arena = evaluation->arena, .fuel = fuel};
	ExprValue value = expr_eval(program, evaluation->values, evaluation->now_us, &scratch);
	evaluation->fuel -= fuel - scratch.fuel;
	return value;
}

static Outcome failed(ExprError error, uint32_t slot)
{
	return (Outcome){VERDICT_FAILED, (uint8_t)error, (uint16_t)slot};
}

static Outcome failed_by(ExprValue value)
{
	if (value.kind != EXPR_ERROR)
		return failed(EXPR_ERR_NO_OVERLOAD, 0);
	return failed(value.error, value.error == EXPR_ERR_ATTRIBUTE_MISSING ? value.slot : 0);
}

Outcome outcome_of(ExprValue value)
{
	if (value.kind != EXPR_BOOL)
		return failed_by(value);
	return (Outcome){.verdict = value.b ? VERDICT_TRUE : VERDICT_FALSE};
}

Outcome evaluate_condition(Evaluation *evaluation, uint32_t condition)
{
	Outcome *known = memo_at(&evaluation->conditions, condition);
	if (known->verdict == VERDICT_UNKNOWN)
		*known =
		        outcome_of(evaluate_anew(evaluation, &evaluation->plan->conditions.items[condition]));
	return *known;
}

bool evaluate_true(Evaluation *evaluation, uint32_t condition)
{
	Answer answer = traits_condition(&evaluation->traits, condition);
	if (answer == ANSWER_PROGRAM)
		return evaluate_condition(evaluation, condition).verdict == VERDICT_TRUE;
	return answer == ANSWER_YES;
}

static ScoreOutcome score_of(ExprValue value)
{
	double score = value.kind == EXPR_INT ? (double)value.i : value.d;
	if (value.kind != EXPR_INT && value.kind != EXPR_DOUBLE)
		return (ScoreOutcome){.outcome = failed_by(value)};
	if (!isfinite(score))
		return (ScoreOutcome){.outcome = failed(EXPR_ERR_RANGE, 0)};
	return (ScoreOutcome){{.verdict = VERDICT_TRUE}, score == 0 ? 0 : score};
}

// Only of a failure the program has more to say.
ScoreOutcome evaluate_score(Evaluation *evaluation, uint32_t scoring)
{
	double score;
	if (score_compute(&evaluation->plan->forms[scoring], &evaluation->traits, &score) == SCORE_KNOWN)
		return (ScoreOutcome){{.verdict = VERDICT_TRUE}, score};
	ScoreOutcome *known = memo_at(&evaluation->scorings, scoring);
	if (known->outcome.verdict == VERDICT_UNKNOWN)
		*known = score_of(evaluate_anew(evaluation, &evaluation->plan->scorings.items[scoring]));
	return *known;
}

ExprValue evaluate_result(Evaluation *evaluation, uint32_t value)
{
	ExprValue *known = memo_at(&evaluation->results, value);
	if (known->kind == EXPR_ERROR && known->error == EXPR_ERR_NONE)
		*known = evaluate_anew(evaluation, &evaluation->plan->values.items[value]);
	return *known;
}

// --- types ---

static bool texts_only(ExprValue list)
{
	for (uint32_t i = 0; i < list.len; i++) {
		if (list.items[i].kind != EXPR_STRING)
			return false;
	}
	return true;
}

static bool is_of(ExprValue value, Parley__Snapshot__V1__ValueType type)
{
	switch (type) {
	case SNAP_TYPE(BOOL):
		return value.kind == EXPR_BOOL;
	case SNAP_TYPE(INT):
		return value.kind == EXPR_INT;
	case SNAP_TYPE(DOUBLE):
		return value.kind == EXPR_DOUBLE;
	case SNAP_TYPE(STRING):
		return value.kind == EXPR_STRING;
	case SNAP_TYPE(TIMESTAMP):
		return value.kind == EXPR_TIMESTAMP;
	case SNAP_TYPE(STRING_LIST):
		return value.kind == EXPR_LIST && texts_only(value);
	default:
		return false;
	}
}

ExprValue value_as(ExprValue value, Parley__Snapshot__V1__ValueType type)
{
	if (value.kind == EXPR_INT && type == SNAP_TYPE(DOUBLE))
		return expr_double((double)value.i);
	if (value.kind == EXPR_ERROR || is_of(value, type))
		return value;
	return (ExprValue){.kind = EXPR_ERROR, .error = EXPR_ERR_NO_OVERLOAD};
}

Str outcome_text(const Plan *plan, int level, Outcome outcome, Arena *arena)
{
	if (outcome.verdict != VERDICT_FAILED)
		return (Str){0};
	const char *name = expr_error_name((ExprError)outcome.error);
	if (outcome.error != EXPR_ERR_ATTRIBUTE_MISSING)
		return str(name);
	const SnapLevel *of = plan->snapshot->audience_levels[level];
	return str(arena_printf(arena, "%s: %s", name, of->attributes[outcome.slot]->name));
}
