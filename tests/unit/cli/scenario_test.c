// Scenario files: what is read from them, where mistakes are told, and what expectations say of an answer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "scenario/expect.h"
#include "scenario/report.h"
#include "scenario/scenario.h"

static Cli cli;
static ScenarioSet set;

static int set_up(void **state)
{
	(void)state;
	cli = (Cli){.arena = arena_new(1 << 16, 0)};
	set = (ScenarioSet){0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scenarios_free(&set);
	arena_free(cli.arena);
	return 0;
}

static void read_good(const char *text)
{
	Err e = scenarios_read_text(&cli, str(text), "bank.yaml", &set);

	if (e)
		fprintf(stderr, "%s\n", err_detail()->message);
	assert_int_equal(e, OK);
}

// It is refused, and the message has the text.
static void assert_refused(const char *text, const char *says)
{
	ScenarioSet bad = {0};

	assert_int_not_equal(scenarios_read_text(&cli, str(text), "bank.yaml", &bad), OK);
	if (!strstr(err_detail()->message, says))
		fprintf(stderr, "%s\n  does not say\n%s\n", err_detail()->message, says);
	assert_non_null(strstr(err_detail()->message, says));
	scenarios_free(&bad);
}

static void test_personas_are_shared_and_may_be_another_way_this_once(void **state)
{
	(void)state;
	read_good("channel: bank\n"
	          "at: 2026-06-01T09:00:00Z\n"
	          "personas:\n"
	          "  ann: {audience: 'customer:id=1', profile: {age: 30, tier: gold}, history: [{offer: A, "
	          "kind: accept, ago: 2d}]}\n"
	          "scenarios:\n"
	          "- {name: as she is, persona: ann, point: home, expect: {offers: [A]}}\n"
	          "- name: older\n"
	          "  persona: ann\n"
	          "  profile: {age: 70}\n"
	          "  at: 2027-01-01T00:00:00Z\n"
	          "  history: [{offer: B, kind: contact, ago: 1h, times: 3}]\n"
	          "  when: [{event: seen, offer: A, after: 10s}, {offers: [home, tile], max: 3}]\n"
	          "  expect: {points: {tile: {none: true}}, state: []}\n");
	assert_string_equal(set.channel, "bank");
	assert_int_equal(set.count, 2);
	assert_int_equal(set.items[0].past_count, 1);
	const Scenario *older = &set.items[1];
	assert_string_equal(older->who.audience, "customer:id=1");
	assert_int_equal(json_integer_value(json_object_get(older->who.profile, "age")), 70);
	assert_string_equal(json_string_value(json_object_get(older->who.profile, "tier")), "gold");
	assert_int_equal(json_integer_value(json_object_get(set.items[0].who.profile, "age")), 30);
	assert_true(older->at_us > set.items[0].at_us);
	assert_int_equal(older->past_count, 2);
	assert_int_equal(older->past[1].times, 3);
	assert_int_equal(older->step_count, 3); // the last is what is expected in the end
	assert_int_equal(older->steps[0].after_us, 10 * 1000000);
	assert_int_equal(json_array_size(older->steps[1].points), 2);
	assert_string_equal(older->steps[2].expects.items[0].point, "tile");
	assert_int_equal(older->line, 7);
}

static void test_cases_are_scenarios_with_their_columns_in_place(void **state)
{
	(void)state;
	read_good("- name: aged <age> gets <offers>, <not> a column\n"
	          "  audience: customer:id=<id>\n"
	          "  profile: {age: <age>}\n"
	          "  point: home\n"
	          "  expect: {offers: <offers>}\n"
	          "  cases:\n"
	          "  - [id, age, offers, not]\n"
	          "  - [1, 17, [], x]\n"
	          "  - [2, 18, [CARD, LOAN], y]\n");
	assert_int_equal(set.count, 2);
	assert_string_equal(set.items[0].name, "aged 17 gets none, x a column");
	assert_string_equal(set.items[1].name, "aged 18 gets CARD, LOAN, y a column");
	assert_string_equal(set.items[0].family, set.items[1].family);
	assert_string_equal(set.items[1].who.audience, "customer:id=2");
	assert_true(json_is_integer(json_object_get(set.items[1].who.profile, "age")));
	assert_int_equal(json_array_size(set.items[1].steps[1].expects.items[0].value), 2);
	assert_int_equal(set.items[1].line, 9);
}

static void test_mistakes_are_told_where_they_stand(void **state)
{
	(void)state;
#define WHO "audience: 'customer:id=1', point: home"
	assert_refused("- {name: x, " WHO ", expects: {none: true}}", "bank.yaml:1:");
	assert_refused("- {name: x, " WHO ", expects: {none: true}}", "did you mean 'expect'?");
	assert_refused("- {name: x, " WHO "}", "can never fail");
	assert_refused("- {" WHO ", expect: {none: true}}", "needs a name");
	assert_refused("- {name: x, point: home, expect: {none: true}}", "whose visit");
	assert_refused("- {name: x, persona: bob, point: home, expect: {none: true}}", "no persona 'bob'");
	assert_refused("- {name: x, audience: ann, point: home, expect: {none: true}}", "LEVEL:KEY=VALUE");
	assert_refused(
	        "- {name: x, " WHO ", expect: {reasons: {A: NOT_ELIGABLE}}}", "did you mean 'NOT_ELIGIBLE'?");
	assert_refused("- {name: x, " WHO ", expect: {offer: [A]}}", "did you mean 'offers'?");
	assert_refused("- {name: x, " WHO ", expect: {count: -1}}", "whole number");
	assert_refused("- {name: x, " WHO ", at: noon, expect: {none: true}}", "a time, such as");
	assert_refused("- {name: x, " WHO ", when: [], expect: {none: true}}", "say what happens");
	assert_refused(
	        "- {name: x, audience: 'c:i=1', when: [{jump: high}], expect: {none: true}}", "a step is");
	assert_refused("- {name: x, audience: 'c:i=1', when: [{event: e, max: 3}], expect: {none: true}}",
	        "no member 'max'");
	assert_refused("- {name: x, " WHO
	               ", history: [{offer: A, kind: hug, ago: 1d}], expect: {none: true}}",
	        "a kind:");
	assert_refused("- {name: x, " WHO ", history: [{offer: A, kind: accept}], expect: {none: true}}",
	        "when it happened");
	assert_refused(
	        "- {name: x, " WHO ", expect: {none: true}, cases: [[a], [1, 2]]}", "each row of cases");
	assert_refused("- {name: <b>, " WHO ", expect: {none: true}, cases: [[a], [1]]}", "no column 'b'");
	assert_refused("personas: {a: {}}\nscenarios: []\n---\nchannel: x\n---\nchannel: y\n",
	        "one channel at a time");
	assert_refused("personas: {a: {}}\n---\npersonas: {a: {}}\n", "known already");
	assert_refused("use: nowhere.yaml", "use");
	assert_refused("- a: [", "bank.yaml:2:1:");
}

// --- judging ---

#define ANSWER                                                                                               \
	"[{\"interaction_point\": \"home\", \"offers\": [{\"offer_code\": \"A\", \"score\": 70, "            \
	"\"attributes\": [{\"name\": \"rate\", \"value\": {\"double_value\": 3}}]}, {\"offer_code\": "       \
	"\"B\"}], \"candidates\": [{\"offer_code\": \"A\", \"reason\": \"OFFERED\", \"treatment_rule\": "    \
	"\"everyone\", \"cell\": \"C1\"}, {\"offer_code\": \"A\", \"reason\": \"NOT_ELIGIBLE\", "            \
	"\"treatment_rule\": \"old\", \"predicate\": \"age > 60\"}, {\"offer_code\": \"B\", \"reason\": "    \
	"\"OFFERED\"}, {\"offer_code\": \"C\", \"reason\": \"OUTRANKED\", \"treatment_rule\": \"last\"}]}, " \
	"{\"interaction_point\": \"tile\", \"default_content\": \"Hello\"}]"

// The failures of one `expect:` for that answer; a new reference.
static json_t *judged(const char *expect)
{
	ScenarioSet one = {0};
	const char *text =
	        arena_printf(cli.arena, "- {name: x, audience: 'c:i=1', point: home, expect: %s}", expect);
	CLEANUP(json_decrefp_) json_t *points = json_loads(ANSWER, 0, NULL);
	CLEANUP(json_decrefp_) json_t *segments = json_pack("[s, s]", "gold", "old");
	CLEANUP(json_decrefp_) json_t *attributes = json_pack("{s:i, s:s}", "age", 71, "tier", "gold");
	CLEANUP(json_decrefp_)
	json_t *state = json_pack("[{s:s, s:s, s:i}, {s:s, s:s, s:i}]", "offer", "A", "kind", "contact",
	        "count", 2, "offer", "A", "kind", "accept", "count", 1);
	const Seen seen = {.points = points,
	        .segments = segments,
	        .attributes = attributes,
	        .state = state,
	        .refused = "EVENT_UNKNOWN"};
	json_t *failures = json_array();
	Err e = scenarios_read_text(&cli, str(text), "x.yaml", &one);

	if (e)
		fprintf(stderr, "%s\n", err_detail()->message);
	assert_int_equal(e, OK);
	expectations_judge(&one.items[0].steps[1].expects, &seen, cli.arena, failures);
	scenarios_free(&one);
	return failures;
}

static void assert_met(const char *expect)
{
	CLEANUP(json_decrefp_) json_t *failures = judged(expect);

	if (json_array_size(failures))
		json_dumpf(failures, stderr, 0);
	assert_int_equal(json_array_size(failures), 0);
}

// It is not met; what is told has the texts.
static void assert_unmet(const char *expect, const char *got, const char *why)
{
	CLEANUP(json_decrefp_) json_t *failures = judged(expect);

	assert_int_equal(json_array_size(failures), 1);
	char *text = json_dumps(failures, 0);
	if (!strstr(text, got) || !strstr(text, why))
		fprintf(stderr, "%s: %s\n", expect, text);
	assert_non_null(strstr(text, got));
	assert_non_null(strstr(text, why));
	free(text);
}

static void test_offers_are_judged(void **state)
{
	(void)state;
	assert_met("{offers: [A, B], contains: A, without: [C, D], order: [A, B], count: 2}");
	assert_met("{reasons: {A: OFFERED, C: OUTRANKED, D: NO_CANDIDATE}, rules: {A: everyone}, cells: {A: "
	           "C1}}");
	assert_met("{scores: {A: 70.0}, attributes: {A: {rate: 3, none: null}}}");
	assert_met("{points: {tile: {none: true, content: Hello, offers: []}}}");
	assert_unmet("{offers: [B, A]}", "A, B", "");
	assert_unmet("{offers: [A, B, C]}", "A, B", "C: OUTRANKED by last");
	assert_unmet("{contains: [D]}", "A, B", "no rule proposes it");
	assert_unmet("{without: [A]}", "A, B", "A: OFFERED by everyone");
	assert_unmet("{order: [B, A]}", "A, B", "");
	assert_unmet("{none: true}", "A, B", "");
	assert_unmet("{count: 1}", "2: A, B", "");
	assert_unmet("{content: Hello}", "A, B", "");
	assert_unmet("{reasons: {C: NOT_ELIGIBLE}}", "C: OUTRANKED", "");
	assert_unmet("{rules: {A: old}}", "A: everyone", "");
	assert_unmet("{rules: {C: last}}", "not offered", "OUTRANKED");
	assert_unmet("{scores: {A: 71}}", "A: 70", "");
	assert_unmet("{attributes: {A: {rate: 3.5}}}", "A.rate: 3", "");
	assert_unmet("{points: {nowhere: {none: true}}}", "not asked for", "");
}

static void test_the_visitor_is_judged(void **state)
{
	(void)state;
	assert_met("{segments: [old, gold], in: [old], not_in: [young], visitor: {age: 71, tier: gold, x: "
	           "null}}");
	assert_met("{state: [{offer: A, kind: accept}, {offer: A, kind: contact, count: 2}]}");
	assert_met("{refused: EVENT_UNKNOWN}");
	assert_unmet("{segments: [old]}", "gold, old", "");
	assert_unmet("{in: [young]}", "gold, old", "");
	assert_unmet("{not_in: [old]}", "gold, old", "");
	assert_unmet("{visitor: {age: 70}}", "age: 71", "");
	assert_unmet("{state: [{offer: A, kind: accept}]}", "contact", "");
	assert_unmet("{state: [{offer: A, kind: accept}, {offer: A, kind: accept}]}", "contact", "");
	assert_unmet("{state: []}", "accept", "");
	assert_unmet("{refused: TREATMENT_UNKNOWN}", "EVENT_UNKNOWN", "");
}

// --- reports ---

static void test_evidence_has_a_line_a_family(void **state)
{
	(void)state;
	CLEANUP(json_decrefp_)
	json_t *results = json_loads(
	        "[{\"name\": \"a, 1\", \"family\": \"a\", \"result\": \"passed\"},"
	        "{\"name\": \"a, 2\", \"family\": \"a\", \"result\": \"failed\", \"failures\": [{\"what\": "
	        "\"offers\", \"expected\": \"A\", \"got\": \"B\"}]},"
	        "{\"name\": \"b\", \"family\": \"b\", \"result\": \"skipped\"},"
	        "{\"name\": \"c\", \"family\": \"c\", \"result\": \"passed\"}]",
	        0, NULL);
	CLEANUP(json_decrefp_)
	json_t *coverage =
	        json_pack("{s:f, s:[{s:s, s:f}]}", "percent", 62.5, "kinds", "kind", "rule", "percent", 50.0);
	CLEANUP(json_decrefp_) json_t *evidence = scenarios_evidence(results, coverage);
	const json_t *families = json_object_get(evidence, "scenarios"), *a = json_array_get(families, 0);

	assert_int_equal(json_array_size(families), 2);
	assert_int_equal(json_integer_value(json_object_get(a, "cases")), 2);
	assert_int_equal(json_integer_value(json_object_get(a, "failed")), 1);
	assert_true(json_is_false(json_object_get(a, "passed")));
	assert_string_equal(json_string_value(json_object_get(a, "why")), "offers: expected A, got B");
	assert_true(json_is_true(json_object_get(json_array_get(families, 1), "passed")));
	assert_true(json_number_value(json_object_get(evidence, "coverage")) == 62.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(
	                test_personas_are_shared_and_may_be_another_way_this_once, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                test_cases_are_scenarios_with_their_columns_in_place, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_mistakes_are_told_where_they_stand, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_offers_are_judged, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_the_visitor_is_judged, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_evidence_has_a_line_a_family, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
