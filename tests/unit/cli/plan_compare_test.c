// Plans held against each other: every cause of another answer is named, several plans at once, what a plan
// is worth where the truth is known, and a report that no name can turn into markup. The plans are made by
// the runtime's own planner.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_desk.h"

#include "base/cleanup.h"
#include "plan/html_report.h"
#include "plan/json.h"
#include "plan/side.h"
#include "told.h"
#include "wire/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOGGED = 2400, FEW = 300, SEED = 20261123, SUPPORTING = 20 };

static json_t *compare(Desk *desk, bool quick)
{
	json_t *compared = NULL;

	must(plans_compare(desk->compared, desk->count, SUPPORTING, quick, &compared));
	return compared;
}

static const json_t *only(const json_t *compared)
{
	return json_array_get(json_object_get(compared, "comparisons"), 0);
}

// The bank as it is, and another: all that is answered otherwise is by that cause.
static void assert_cause(Change *change, Alter *alter, const char *why, const char *what, const char *says)
{
	static Desk desk;

	desk_set(&desk);
	desk_visits(&desk);
	desk_plan(&desk, "as-it-is", NULL, NULL);
	desk_plan(&desk, "other", change, alter);
	CLEANUP(json_decrefp_) json_t *compared = compare(&desk, false);
	const json_t *comparison = only(compared), *causes = json_object_get(comparison, "causes"),
	             *example = json_array_get(json_object_get(comparison, "examples"), 0);
	assert_int_equal(told_count(comparison, "questions"), VISITS);
	assert_true(told_count(comparison, "changed") > 0);
	assert_int_equal(told_count(comparison, "explained"), told_count(comparison, "changed"));
	assert_int_equal(json_array_size(causes), 1);
	assert_string_equal(told_text(json_array_get(causes, 0), "why"), why);
	assert_string_equal(told_text(json_array_get(causes, 0), "what"), what);
	if (!strstr(told_text(example, "text"), says))
		fail_msg("\"%s\" does not say \"%s\"", told_text(example, "text"), says);
	desk_clear(&desk);
}

// --- causes ---

static void less_for_cards(World *world, Snapshot *snapshot)
{
	(void)world;
	desk_rule(snapshot, "adults-card")->score = 40;
}

static void travel_for_all(World *world)
{
	world_rule(world, "all-travel", NULL, "home", "TRAVEL", 95);
}

static void cards_for_the_older(World *world, Snapshot *snapshot)
{
	desk_rule(snapshot, "adults-card")->eligibility = world_expression(world, "age >= 50");
}

static void adults_are_older(World *world, Snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_segments; i++)
		if (strcmp(snapshot->segments[i]->name, "adults") == 0)
			snapshot->segments[i]->expression = world_expression(world, "age >= 50");
}

static void cards_switched_off(World *world, Snapshot *snapshot)
{
	(void)world;
	desk_rule(snapshot, "adults-card")->enabled = false;
}

static void savings_first(World *world, Snapshot *snapshot)
{
	(void)world;
	desk_rule(snapshot, "everyone-savings")->top_priority = true;
}

static void card_thrice(World *world)
{
	world_suppression(world, "seen-thrice", "CARD",
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_PRESENTATIONS,
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER)
	        ->times = 3;
}

static void five_cards_each(World *world)
{
	world_constraint(world, "five-each", "CARD",
	        PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_VISITOR,
	        PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_EVER, 5);
}

static void card_is_retired(World *world, Snapshot *snapshot)
{
	(void)world;
	desk_rule(snapshot, "adults-card")->expires_us = NOON_US;
}

static void test_causes_are_named(void **state)
{
	(void)state;
	assert_cause(NULL, less_for_cards, "score", "adults-loan over adults-card", "before 60");
	assert_cause(travel_for_all, NULL, "rule", "all-travel", "makes TRAVEL a candidate");
	assert_cause(NULL, cards_switched_off, "rule", "adults-card", "switched off");
	assert_cause(NULL, card_is_retired, "rule", "adults-card", "no longer in force");
	assert_cause(NULL, savings_first, "rule", "top priority of everyone-savings", "top priority");
	assert_cause(NULL, cards_for_the_older, "eligibility", "adults-card", "age >= 50");
	assert_cause(NULL, adults_are_older, "segment", "adults", "not in the rule's segment");
	assert_cause(card_thrice, NULL, "suppression", "seen-thrice", "presented often enough");
	assert_cause(five_cards_each, NULL, "limit", "five-each", "a limit on the visitor");
}

// The other way round what was absent, or struck, is freed.
static void test_what_is_won_is_followed_back(void **state)
{
	static Desk desk;

	(void)state;
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan(&desk, "off", NULL, cards_switched_off);
	desk_plan(&desk, "on", NULL, NULL);
	CLEANUP(json_decrefp_) json_t *compared = compare(&desk, false);
	const json_t *example = json_array_get(json_object_get(only(compared), "examples"), 0);
	assert_string_equal(told_text(example, "why"), "rule");
	assert_string_equal(told_text(example, "what"), "adults-card");
	assert_non_null(strstr(told_text(example, "text"), "nothing strikes CARD by adults-card any more"));
	CLEANUP(json_decrefp_) json_t *quick = compare(&desk, true);
	assert_int_equal(told_count(only(quick), "explained"), 0);
	assert_int_equal(told_count(only(quick), "changed"), told_count(only(compared), "changed"));
	desk_clear(&desk);
}

static json_int_t differing(const json_t *compared, size_t i, size_t j)
{
	return json_integer_value(
	        json_array_get(json_array_get(json_object_get(compared, "differing"), i), j));
}

static void test_three_plans(void **state)
{
	static Desk desk;

	(void)state;
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan(&desk, "as-it-is", NULL, NULL);
	desk_plan(&desk, "again", NULL, NULL);
	desk_plan(&desk, "bold", travel_for_all, NULL);
	CLEANUP(json_decrefp_) json_t *compared = compare(&desk, false);
	assert_int_equal(json_array_size(json_object_get(compared, "comparisons")), 2);
	assert_int_equal(differing(compared, 0, 1), 0);
	assert_int_equal(differing(compared, 1, 2), VISITS);
	assert_int_equal(differing(compared, 2, 0), VISITS);
	desk_clear(&desk);
}

// --- worth ---

// Rates that we made: what an offer earns, by whether the visitor is grown up.
static double rate_of(bool grown, int offer)
{
	static const double rates[2][3] = {{.05, .10, .40}, {.35, .15, .05}};

	return rates[grown][offer];
}

static double dice(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (double)(*x >> 11) / 9007199254740992.0;
}

// What was shown was drawn with known chances. Returns what CARD for grown-ups and SAVINGS for others earns,
// on average over these visitors.
static double make_log(Desk *desk, int rows, double propensity_factor)
{
	static const char *const offers[] = {"CARD", "LOAN", "SAVINGS"};
	static const double chances[] = {.5, .3, .2};
	EventSorter *sorter = desk_begin_set(desk);
	uint64_t x = SEED;
	double truth = 0;

	for (int i = 0; i < rows; i++) {
		bool grown = dice(&x) < .6;
		double draw = dice(&x);
		int offer = draw < .5 ? 0 : draw < .8 ? 1 : 2;

		truth += rate_of(grown, grown ? 0 : 2) / rows;
		desk_add(sorter, i,
		        (Visit){.customer = i % 600,
		                .age = grown ? "40" : "12",
		                .point = "home-banner",
		                .shown = offers[offer],
		                .reward = dice(&x) < rate_of(grown, offer),
		                .propensity = chances[offer] * propensity_factor});
	}
	desk_end_set(desk, sorter);
	return truth;
}

static void assert_near(Estimate estimate, double truth)
{
	if (!(fabs(estimate.value - truth) < 3 * estimate.error))
		fail_msg("%g is not within three standard errors (%g) of the truth, %g", estimate.value,
		        estimate.error, truth);
}

static void test_the_worth_of_a_plan_is_known(void **state)
{
	static Desk desk;
	PlanValue value;

	(void)state;
	print_message("seed %d\n", SEED);
	desk_set(&desk);
	double truth = make_log(&desk, LOGGED, 1);
	desk_plan(&desk, "plan", NULL, NULL);
	must(plan_values(desk.set, desk.compared, 1, 0, &value));
	assert_int_equal(value.outcomes, LOGGED);
	assert_int_equal(value.unknown + value.unasked, 0);
	assert_true(value.told);
	assert_string_equal(support_name(value.estimates.support), "good");
	assert_near(value.estimates.ipw, truth);
	assert_near(value.estimates.snipw, truth);
	assert_near(value.estimates.dr, truth);
	assert_true(value.estimates.gain.low > 0); // it is the best for each
	assert_true(value.estimates.dr.error < .03);
	desk_clear(&desk);
}

// Any event is found, whatever block has it; behind the last one stands what happens afterwards.
static void test_an_event_is_found_by_its_place(void **state)
{
	static const uint64_t places[] = {0, 1, 777, LOGGED - 1, LOGGED};
	static Desk desk;

	(void)state;
	desk_set(&desk);
	make_log(&desk, LOGGED, 1);
	desk_plan(&desk, "plan", NULL, NULL);
	assert_true(plan_file_blocks(desk.plans[0]) > 2);
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		CLEANUP(plan_side_close) PlanSide side;
		const EventEffects *effects;

		must(plan_side_open(desk.plans[0], NULL, &side));
		must(plan_side_seek(&side, places[i]));
		must(plan_side_look(&side, &effects));
		assert_int_equal(effects->place, places[i]);
		must(plan_side_read(&side, effects));
		assert_int_equal(side.question_count, places[i] < LOGGED);
		must(plan_side_seek(&side, LOGGED + 1));
		must(plan_side_look(&side, &effects));
		assert_null(effects);
	}
	desk_clear(&desk);
}

static void test_what_cannot_be_estimated_is_said(void **state)
{
	static Desk desk;
	PlanValue value;

	(void)state;
	desk_set(&desk);
	make_log(&desk, FEW, 0);
	desk_plan(&desk, "plan", NULL, NULL);
	must(plan_values(desk.set, desk.compared, 1, 0, &value));
	assert_int_equal(value.unknown, FEW);
	assert_false(value.told);
	CLEANUP(json_decrefp_) json_t *told = plan_value_json(&value, NULL);
	assert_string_equal(told_text(told, "support"), "none");
	assert_non_null(strstr(told_text(told, "why"), "propensity"));
	desk_clear(&desk);
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan(&desk, "plan", NULL, NULL);
	must(plan_values(desk.set, desk.compared, 1, 0, &value));
	assert_int_equal(value.outcomes, 0);
	assert_false(value.told);
	desk_clear(&desk);
}

// --- the report ---

#define EVIL     "<script>alert('x')</script>"
#define EVIL_TOO "\"><img src=x onerror=alert(1)>&"

// As if somebody had called the offer TRAVEL and the rule all-travel so.
static json_t *renamed(const json_t *report, Arena *arena)
{
	static const char *const names[][2] = {
	        {"\"TRAVEL\"", "\"" EVIL "\""}, {"\"all-travel\"", "\"\\\"><img src=x onerror=alert(1)>&\""}};
	char *text = json_dumps(report, 0), *made;
	size_t size;
	FILE *out = open_memstream(&made, &size);
	json_t *ret;

	assert_non_null(out);
	for (const char *at = text; *at;) {
		size_t i = 0;

		while (i < ARRAY_COUNT(names) && strncmp(at, names[i][0], strlen(names[i][0])) != 0)
			i++;
		if (i < ARRAY_COUNT(names))
			fputs(names[i][1], out);
		else
			putc(*at, out);
		at += i < ARRAY_COUNT(names) ? strlen(names[i][0]) : 1;
	}
	fclose(out);
	Str whole = arena_str(arena, str_n(made, size));
	free(text);
	free(made);
	must(json_parse(whole, SIZE_MAX, &ret));
	return ret;
}

static json_t *report_of(Desk *desk)
{
	json_t *plans = json_array(), *report = json_pack("{s:o}", "plans", plans);

	for (size_t i = 0; i < desk->count; i++) {
		PlanValue value;
		json_t *plan =
		        plan_whole_json(desk->arena, i ? EVIL : EVIL_TOO, plan_file_end(desk->plans[i]));

		must(plan_values(desk->set, &desk->compared[i], 1, 0, &value));
		json_object_set_new(plan, "value", plan_value_json(&value, NULL));
		json_object_set_new(plan, "set_name", json_string(EVIL));
		json_array_append_new(plans, plan);
	}
	json_object_set_new(report, "compared", compare(desk, false));
	return report;
}

static char *html_of(const json_t *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	plan_html(out, report);
	fclose(out);
	return text;
}

static size_t times(const char *text, const char *what)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		count++;
	return count;
}

// Whatever is called so, it stays text; and the page has nothing that loads or runs.
static void test_names_stay_text(void **state)
{
	static Desk desk;

	(void)state;
	desk_set(&desk);
	make_log(&desk, FEW, 1);
	desk_plan(&desk, "as-it-is", NULL, NULL);
	desk_plan(&desk, "bold", travel_for_all, NULL);
	CLEANUP(json_decrefp_) json_t *told = report_of(&desk);
	CLEANUP(json_decrefp_) json_t *report = renamed(told, desk.arena);
	char *html = html_of(report);
	assert_true(times(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") > 5);
	assert_true(times(html, "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;") > 5);
	static const char *const never[] = {
	        "<script", "<img", "<link", "<iframe", "src=\"", "url(", "http:", "https:", "javascript:"};
	for (size_t i = 0; i < ARRAY_COUNT(never); i++)
		assert_int_equal(times(html, never[i]), 0);
	static const char *const always[] = {"<!DOCTYPE html>", "<html lang=\"en\">", "default-src 'none'",
	        "<caption>Why: what made the difference</caption>", "<caption>By offer</caption>",
	        ">Doubly robust</th>", "</html>"};
	for (size_t i = 0; i < ARRAY_COUNT(always); i++)
		assert_int_equal(times(html, always[i]), 1);
	assert_true(
	        times(html, told_text(json_array_get(json_object_get(report, "plans"), 0), "digest")) > 0);
	assert_int_equal(times(html, "<table"), times(html, "<caption>"));
	assert_int_equal(times(html, "<table"), times(html, "</table>"));
	free(html);
	desk_clear(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_causes_are_named),
	        cmocka_unit_test(test_what_is_won_is_followed_back),
	        cmocka_unit_test(test_three_plans),
	        cmocka_unit_test(test_the_worth_of_a_plan_is_known),
	        cmocka_unit_test(test_an_event_is_found_by_its_place),
	        cmocka_unit_test(test_what_cannot_be_estimated_is_said),
	        cmocka_unit_test(test_names_stay_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
