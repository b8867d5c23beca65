// The oracle itself: that it catches bugs and tells them small, and that runs repeat.
#include "run.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	SEED = 20260727,
	CASES = 30000,   // within which a planted bug must show
	WEIGHT_MAX = 15, // of a shrunk case: objects, facts and nodes of expressions
};

// Caught, small, and only because of the bug: without it the very case agrees.
static void a_planted_bug_is_caught_and_shrunk(void **state)
{
	(void)state;
	for (size_t i = 0; i < plant_count; i++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
		RunOptions options = {.seed = SEED, .cases = CASES, .threads = 1, .plant = &plants[i]};
		RunResult result;
		run_cases(&options, &result);
		if (!result.differences)
			fail_msg("the planted bug '%s' was not found", plants[i].name);
		Case c = {SEED, result.first, &plants[i]};
		Edits *edits = ARENA_NEW(arena, Edits);
		Cover cover = {0};
		Trial trial;
		case_shrink(&c, edits);
		case_try(&c, edits, arena, &cover, &trial);
		assert_int_equal(trial.refused, OK);
		assert_non_null(trial.difference);
		size_t weight = case_weight(trial.world, trial.visit);
		print_message("%-14s case %5llu, weight %2zu: %s\n", plants[i].name,
		        (unsigned long long)c.number, weight, trial.difference);
		assert_in_range(weight, 1, WEIGHT_MAX);
		c.plant = NULL;
		case_try(&c, edits, arena, &cover, &trial);
		assert_int_equal(trial.refused, OK);
		assert_null(trial.difference);
	}
}

static void a_report_tells_the_case_and_how_to_see_it_again(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	const Case c = {SEED, 0, &plants[0]};
	case_report(out, &c);
	fclose(out);
	assert_non_null(strstr(text, "the engine says:"));
	assert_non_null(strstr(text, "the reference says:"));
	assert_non_null(strstr(text, "again: tests/oracle/run --seed 20260727 --case 0 --plant late"));
	free(text);
}

static void a_run_is_the_same_on_any_number_of_threads(void **state)
{
	(void)state;
	RunOptions options = {.seed = SEED, .cases = 2003, .threads = 1};
	RunResult one, three;
	run_cases(&options, &one);
	options.threads = 3;
	run_cases(&options, &three);
	assert_string_equal(one.refused, "");
	assert_int_equal(one.differences, 0);
	assert_int_equal(one.cases, 2003);
	assert_int_equal(three.cases, 2003);
	assert_true(one.digest == three.digest);
	assert_memory_equal(&one.cover, &three.cover, sizeof one.cover);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_planted_bug_is_caught_and_shrunk),
	        cmocka_unit_test(a_report_tells_the_case_and_how_to_see_it_again),
	        cmocka_unit_test(a_run_is_the_same_on_any_number_of_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
