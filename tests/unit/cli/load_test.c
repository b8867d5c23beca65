// What a load measures, and what it plays.
#include "load/visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static Cli cli;

static int set_up(void **state)
{
	(void)state;
	cli = (Cli){.arena = arena_new(4096, 0)};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(cli.arena);
	return 0;
}

// --- percentiles ---

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

// From microseconds to hours, against sorting: never below, and at most 0.8 % above.
static void percentiles_are_those_of_sorting(void **state)
{
	enum { COUNT = 20000 };
	static int64_t all[COUNT];
	static Timing timing, half;
	static const double shares[] = {.01, .5, .9, .99, .999, 1};
	uint64_t dice = 42;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		all[i] = (int64_t)(1 / (1e-10 + load_dice(&dice) * .1));
		timing_add(i % 2 ? &timing : &half, all[i]);
	}
	timing_merge(&timing, &half);
	qsort(all, COUNT, sizeof *all, by_size);
	assert_int_equal(timing.count, COUNT);
	assert_int_equal(timing.max_us, all[COUNT - 1]);
	for (size_t i = 0; i < ARRAY_COUNT(shares); i++) {
		int64_t right = all[(size_t)(shares[i] * COUNT) - 1],
		        got = timing_percentile(&timing, shares[i]);

		if (got < right || (double)got > (double)right * 1.008 + 1)
			fail_msg("%g: %lld, sorted %lld", shares[i], (long long)got, (long long)right);
	}
	assert_int_equal(timing_percentile(&(Timing){0}, .99), 0);
}

// --- mixes ---

static Err parse(const char *yaml, Mix *ret)
{
	CLEANUP(json_decrefp_) json_t *documents = NULL;

	assert_int_equal(json_from_yaml(str(yaml), "mix.yaml", cli.arena, &documents, NULL), OK);
	return mix_parse(&cli, json_array_get(documents, 0), "mix.yaml", ret);
}

static void a_mix_says_what_visitors_do(void **state)
{
	Mix mix;

	(void)state;
	assert_int_equal(parse("think: 3s\n"
	                       "visits:\n"
	                       "- name: browses\n"
	                       "  weight: 3\n"
	                       "  steps:\n"
	                       "  - offers: [home, banner]\n"
	                       "    max: 2\n"
	                       "  - event: contact\n"
	                       "    chance: 0.5\n"
	                       "    think: 500ms\n"
	                       "- think: 1m\n"
	                       "  steps:\n"
	                       "  - {event: page, about: nothing}\n",
	                         &mix),
	        OK);
	const MixStep *ask = &mix.visits[0].steps[0], *contact = &mix.visits[0].steps[1];
	const MixStep *page = &mix.visits[1].steps[0];
	assert_int_equal(mix.count, 2);
	assert_true(mix.weight == 4);
	assert_true(mix.calls == (3 * 3.5 + 3) / 4);
	assert_int_equal(ask->point_count, 2);
	assert_string_equal(ask->points[1], "banner");
	assert_int_equal(ask->max, 2);
	assert_int_equal(ask->think_us, 3000000);
	assert_true(contact->about_offer && contact->chance == .5 && contact->think_us == 500000);
	assert_true(!page->about_offer && page->think_us == 60000000);
}

static void a_mistake_is_told_with_its_place(void **state)
{
	static const struct {
		const char *yaml, *says;
	} mistakes[] = {
	        {"visits: []", "1 to 200 visits"},
	        {"think: soon\nvisits: [{steps: [{event: a}]}]", "think must be a duration"},
	        {"visits: [{steps: [{event: a}]}, {steps: []}]", "visit 2: it must have 1 to 200 steps"},
	        {"visits: [{steps: [{event: a, offers: b}]}]", "visit 1, step 1: it must have offers"},
	        {"visits: [{steps: [{event: a, chance: 2}]}]", "chance must be a number from 0 to 1"},
	        {"visits: [{steps: [{offers: []}]}]", "1 to 16 interaction points"},
	        {"visits: [{steps: [{event: a, about: it}]}]", "about must be offer or nothing"},
	        {"visits: [{weight: 0, steps: [{event: a}]}]", "no visit has a weight"},
	        {"visits: [{steps: [{event: a, when: now}]}]", "it has no member 'when'"},
	};
	Mix mix;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(mistakes); i++) {
		assert_int_not_equal(parse(mistakes[i].yaml, &mix), OK);
		if (!strstr(err_detail()->message, mistakes[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err_detail()->message, mistakes[i].says);
	}
}

// Visits come by their weights, and the same dice bring the same visits.
static void dice_keep_to_the_weights(void **state)
{
	Mix mix;
	size_t first = 0;
	enum { VISITS = 20000 };

	(void)state;
	assert_int_equal(
	        parse("visits: [{weight: 7, steps: [{event: a}]}, {weight: 3, steps: [{event: b}]}]", &mix),
	        OK);
	const LoadPlan plan = {.mix = mix, .visitors = 1000};
	for (size_t i = 0; i < VISITS; i++) {
		Visit visit, again;

		visit_begin(&plan, i, (int64_t)i, 0, &visit);
		visit_begin(&plan, i, (int64_t)i, 0, &again);
		first += visit.kind == &mix.visits[0];
		assert_in_range(visit.visitor, 1, 1000);
		assert_true(visit.kind == again.kind && visit.visitor == again.visitor);
	}
	assert_in_range(first, VISITS * 68 / 100, VISITS * 72 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(percentiles_are_those_of_sorting),
	        cmocka_unit_test_setup_teardown(a_mix_says_what_visitors_do, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_mistake_is_told_with_its_place, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(dice_keep_to_the_weights, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
