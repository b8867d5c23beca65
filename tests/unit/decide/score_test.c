// Scores computed without their programs, against the programs: bit for bit the same, and failing where those
// fail. PARLEY_SEED in the environment repeats a run.
#include "base/cleanup.h"
#include "decide/score.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { SCORES = 800, VISITORS = 150, CANDIDATES = 3000 };

static const ExprAttribute attributes[] = {
        {{"age", 3}, {EXPR_INT, EXPR_ERROR}},
        {{"points", 6}, {EXPR_INT, EXPR_ERROR}},
        {{"balance", 7}, {EXPR_DOUBLE, EXPR_ERROR}},
        {{"risk", 4}, {EXPR_DOUBLE, EXPR_ERROR}},
        {{"tier", 4}, {EXPR_STRING, EXPR_ERROR}},
};
enum { AGE, POINTS, BALANCE, RISK, TIER, ATTRIBUTES };
static const ExprSchema schema = {attributes, ATTRIBUTES};

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
	state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state_of_chance >> 33) % n;
}

#define ONE_OF(list) ((list)[chance((unsigned)ARRAY_COUNT(list))])

// --- random scores ---

static const char *constant(bool whole)
{
	static const char *const ints[] = {"1", "3", "-7", "40", "9007199254740993", "4611686018427387904"};
	static const char *const doubles[] = {"0.1", "3.7", "-1.5", "0.0", "-0.0", "1e300"};
	const char *text = whole ? ONE_OF(ints) : ONE_OF(doubles);
	return strlen(text) < 10 || chance(4) == 0 ? text : whole ? "2" : "2.0";
}

static char *part(Arena *arena, bool whole)
{
	static const char *const ints[] = {"age", "points"};
	static const char *const doubles[] = {"balance", "risk", "double(age)"};
	const char *name = whole ? ONE_OF(ints) : ONE_OF(doubles);
	switch (chance(4)) {
	case 0:
		return arena_printf(arena, "%s", name);
	case 1:
		return arena_printf(arena, "%s * %s", name, constant(whole));
	case 2:
		return arena_printf(arena, "%s * %s", constant(whole), name);
	default:
		return arena_printf(arena, "%s", constant(whole));
	}
}

static char *sum(Arena *arena, bool whole)
{
	char *text = part(arena, whole);
	for (unsigned more = chance(8) ? chance(3) : 3; more > 0; more--)
		text = arena_printf(arena, "%s %s %s", text, chance(2) ? "+" : "-", part(arena, whole));
	return text;
}

static char *score(Arena *arena)
{
	static const char *const tests[] = {"age > 3", "tier == 't1'", "has(risk)", "!(balance < 2.0)",
	        "age > 2 && age < 6", "tier in ['t0', 't2'] && points > 1"};
	static const char *const other[] = {"balance / 3.0", "age * points", "math.greatest(age, 3)"};
	bool whole = chance(2);
	switch (chance(6)) {
	case 0:
		return arena_printf(
		        arena, "%s ? %s : %s", ONE_OF(tests), sum(arena, whole), sum(arena, whole));
	case 1:
		return arena_printf(arena, "%s", ONE_OF(other));
	default:
		return sum(arena, whole);
	}
}

static void random_visitor(Arena *arena, ExprValue *values)
{
	static const int64_t rare[] = {INT64_MAX, INT64_MIN, INT64_C(9007199254740993), -1, 0};
	static const double odd[] = {
	        0.1, -0.0, 2.5, 1e300, __builtin_inf(), -__builtin_inf(), __builtin_nan("")};
	values[AGE] = expr_int(chance(8) ? chance(10) : ONE_OF(rare));
	values[POINTS] = expr_int(chance(8) ? (int64_t)chance(10) - 5 : ONE_OF(rare));
	values[BALANCE] = expr_double(chance(3) ? (double)chance(10) / 3 : ONE_OF(odd));
	values[RISK] = expr_double(chance(3) ? (double)chance(10) * 0.1 - 0.5 : ONE_OF(odd));
	values[TIER] = expr_string(str(arena_printf(arena, "t%u", chance(3))));
	for (uint32_t i = 0; i < ATTRIBUTES; i++)
		if (chance(12) == 0)
			values[i] = expr_missing(i);
	if (chance(20) == 0) // not what the schema says
		values[BALANCE] = expr_int(3);
}

// --- both sides ---

typedef struct Bed {
	ExprProgram programs[SCORES];
	uint32_t levels[SCORES];
	Conditions conditions;
	const ScoreForm *forms;
} Bed;

static Bed *bed_new(Arena *arena)
{
	Bed *bed = ARENA_NEW(arena, Bed);
	for (uint32_t i = 0; i < SCORES; i++) {
		char *source = score(arena);
		if (expr_compile(&schema, str(source), EXPR_DOUBLE, arena, &bed->programs[i]))
			fail_msg("%s: %s", source, err_detail()->message);
	}
	ConditionsInput none = {.schemas = &schema, .level_count = 1};
	ConditionsInput input = {&schema, 1, bed->programs, bed->levels, SCORES};
	assert_int_equal(conditions_build(&none, arena, &bed->conditions), OK);
	assert_int_equal(scores_build(&bed->conditions, &input, arena, &bed->forms), OK);
	return bed;
}

// NaN: the score fails.
static double evaluated(const Bed *bed, uint32_t score, const ExprValue *values, Arena *arena)
{
	ExprScratch scratch = {arena, 100000};
	ExprValue value = expr_eval(&bed->programs[score], values, 0, &scratch);
	double number = value.kind == EXPR_INT ? (double)value.i : value.kind == EXPR_DOUBLE ? value.d : NAN;
	return isfinite(number) ? number : NAN;
}

static void scores_are_those_of_programs(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	const Bed *bed = bed_new(arena);
	size_t programs = 0;
	for (int v = 0; v < VISITORS; v++) {
		ExprValue values[ATTRIBUTES];
		Traits traits;
		random_visitor(arena, values);
		assert_int_equal(traits_init(&bed->conditions, 0, values, 0, arena, &traits), OK);
		for (uint32_t i = 0; i < SCORES; i++) {
			double expected = evaluated(bed, i, values, arena), got = NAN;
			ScoreState known = score_compute(&bed->forms[i], &traits, &got);
			programs += known == SCORE_ASK_PROGRAM;
			if (known == SCORE_ASK_PROGRAM)
				continue;
			assert_int_equal(known == SCORE_KNOWN, !isnan(expected));
			if (known == SCORE_KNOWN)
				assert_true(
				        got <= expected && got >= expected && !(got == 0 && signbit(got)));
		}
	}
	print_message("%zu of %d left to programs\n", programs, SCORES * VISITORS);
	assert_true(programs < SCORES * VISITORS / 2);
}

static int by_order(const void *left, const void *right)
{
	const ScoreForm *a = *(const ScoreForm *const *)left, *b = *(const ScoreForm *const *)right;
	return (a->order > b->order) - (a->order < b->order);
}

static void no_score_is_above_its_runs_bound(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	const Bed *bed = bed_new(arena);
	const ScoreForm **forms = ARENA_ARRAY(arena, const ScoreForm *, CANDIDATES);
	bool *tops = ARENA_ARRAY(arena, bool, CANDIDATES);
	IndexItem *items = ARENA_ARRAY(arena, IndexItem, CANDIDATES);
	const Index *index;
	ScoreRuns runs;
	uint32_t covered = 0, useful = 0;
	for (uint32_t i = 0; i < CANDIDATES; i++) {
		forms[i] = &bed->forms[chance(SCORES)];
		items[i] = (IndexItem){.from_us = INT64_MIN, .until_us = INT64_MAX};
		tops[i] = i < 300;
	}
	qsort(forms, CANDIDATES, sizeof *forms, by_order);
	IndexInput input = {&bed->conditions, 0, items, CANDIDATES, 0, 1000};
	assert_int_equal(index_build(&input, arena, &index), OK);
	assert_int_equal(score_runs_build(index, CANDIDATES, forms, tops, arena, &runs), OK);
	for (uint32_t r = 0; r < runs.count; r++) {
		const ScoreRun *run = &runs.items[r];
		assert_int_equal(run->first, covered);
		assert_int_equal(run->first / SIEVE_BLOCK, (run->first + run->count - 1) / SIEVE_BLOCK);
		covered += run->count;
	}
	assert_int_equal(covered, CANDIDATES);
	double *bounds = ARENA_ARRAY(arena, double, runs.count);
	for (int v = 0; v < VISITORS; v++) {
		ExprValue values[ATTRIBUTES];
		Traits traits;
		random_visitor(arena, values);
		assert_int_equal(traits_init(&bed->conditions, 0, values, 0, arena, &traits), OK);
		score_bounds(&runs, &traits, bounds);
		for (uint32_t r = 0; r < runs.count; r++) {
			const ScoreRun *run = &runs.items[r];
			double bound = bounds[r];
			useful += isfinite(bound) ? 1 : 0;
			for (uint32_t i = run->first; i < run->first + run->count; i++) {
				double one = evaluated(bed, (uint32_t)(forms[i] - bed->forms), values, arena);
				assert_false(one > bound);
				if (run->simple && isfinite(bound)) {
					double number = traits.numbers[run->high.slots[0]];
					assert_true(number * runs.factors[i] + 0.0 == one);
				}
				assert_int_equal(tops[i], run->top);
			}
		}
	}
	assert_true(useful > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(scores_are_those_of_programs),
	        cmocka_unit_test(no_score_is_above_its_runs_bound),
	};
	const char *seed = getenv("PARLEY_SEED");
	state_of_chance = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	print_message("PARLEY_SEED=%llu\n", (unsigned long long)state_of_chance);
	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
