// Whole channels, analysed: what is sound has no finding, and what is said of findings holds.
#include "base/cleanup.h"
#include "base/file.h"
#include "channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "parley/design/v1/treatment_rule.pb-c.h"

static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 20, 0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void the_sample_bank_has_no_findings(void **state)
{
	(void)state;
	Channel channel = channel_from_file(arena, PARLEY_SOURCE "/deploy-profiles/sample/retail-bank.yaml");
	Findings findings = channel_findings(&channel, arena);
	findings_are(&findings, (const char *const[]){NULL});
}

// --- what is left ---

static const char voyages[] = PARLEY_SOURCE "/tests/analysis/base.yaml";

static Channel spoiled(const char *change)
{
	Str base;
	assert_int_equal(file_read(voyages, 1 << 20, arena, &base), OK);
	const char *const texts[] = {arena_cstr(arena, base), change};
	return channel_from_yaml(arena, texts, ARRAY_COUNT(texts));
}

static const char paused_and_dull[] = "kind: Campaign\nname: summer\ncode: SUMMER\npaused: true\n"
                                      "cells: [{code: TREATED}]\n---\n"
                                      "kind: Event\nchannel: voyages\nname: looked-around\n";

static void warnings_are_acknowledged_one_by_one(void **state)
{
	(void)state;
	Channel channel = spoiled(paused_and_dull);
	Findings findings = channel_findings(&channel, arena);
	static const char *const ids[] = {
	        "CAMPAIGN_PAUSED:Campaign/summer", "EVENT_WITHOUT_ACTIONS:Event/looked-around", NULL};
	size_t left[2];
	findings_are(&findings, ids);
	const Str known[] = {str(ids[1]), str("RULE_OVER:TreatmentRule/another"), str(ids[0])};
	assert_int_equal(findings_left(&findings, NULL, 0, left), 2);
	assert_int_equal(findings_left(&findings, known, 2, left), 1);
	assert_int_equal(left[0], 0);
	assert_int_equal(findings_check(&findings, known, 2, arena), ERR_FINDINGS_UNACKNOWLEDGED);
	assert_non_null(strstr(err_detail()->message, ids[0]));
	assert_null(strstr(err_detail()->message, ids[1]));
	assert_int_equal(findings_check(&findings, known, 3, arena), OK);
}

static void errors_cannot_be_acknowledged(void **state)
{
	(void)state;
	Channel channel =
	        spoiled("kind: Segment\nchannel: voyages\nname: ghosts\naudience_level: traveller\n");
	Findings findings = channel_findings(&channel, arena);
	const Str known[] = {STR("SEGMENT_UNFILLED:Segment/ghosts")};
	assert_int_equal(findings_check(&findings, known, 1, arena), ERR_FINDINGS_ERROR);
	assert_non_null(strstr(err_detail()->message, "SEGMENT_UNFILLED:Segment/ghosts"));
}

static void reasons_quote_what_was_written(void **state)
{
	(void)state;
	Channel channel = spoiled("kind: Segment\nchannel: voyages\nname: loyal\naudience_level: traveller\n"
	                          "expression: tier == \"gold\"   && tier == \"silver\"\n");
	Findings findings = channel_findings(&channel, arena);
	findings_are(&findings, (const char *const[]){"SEGMENT_NEVER:Segment/loyal", NULL});
	const char *reason = arena_cstr(arena, findings.items[0].reason);
	assert_non_null(strstr(reason, "tier == \"gold\"   && tier == \"silver\""));
	assert_non_null(strstr(reason, "no value of tier is left"));
	assert_true(str_eq(findings.items[0].field, STR("expression")));
	assert_true(str_eq(findings.items[0].channel, STR("voyages")));
}

// --- very many rules ---

enum { RULES = 100 * 1000, PATIENCE_S = 60 };

// Half of them about the same offer and zone, each with a condition of its own: nothing may grow with the
// square.
static void a_hundred_thousand_rules_take_seconds(void **state)
{
	(void)state;
	Channel channel = spoiled("");
	Findings findings;
	const ValidateOptions options = {.as_of_us = TEST_NOW_US};
	for (size_t i = 0; i < RULES; i++) {
		Parley__Design__V1__TreatmentRule *rule = ARENA_NEW(arena, Parley__Design__V1__TreatmentRule);
		parley__design__v1__treatment_rule__init(rule);
		rule->channel = (char *)(uintptr_t) "voyages";
		rule->name = arena_printf(arena, "many-%06zu", i);
		rule->segment = (char *)(uintptr_t)(i % 3 ? "loyal" : "grown");
		rule->zone = (char *)(uintptr_t) "front";
		rule->offer = (char *)(uintptr_t)(i % 2 ? "city" : i % 4 ? "beach" : "cruise");
		rule->eligibility = arena_printf(arena,
		        "spent > %zu.0 && basket < %zu.5 && (abroad || mood == 'm%zu')", i, i + 7, i % 50);
		rule->marketer_score_case = PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE;
		rule->score = (double)(i % 100);
		channel.items[channel.count++] = (Resource){.kind = kind_by_name(STR("TreatmentRule")),
		        .channel = channel.name,
		        .name = str(rule->name),
		        .message = &rule->base};
	}
	clock_t begun = clock(); // the processor's time: others may be busy too
	assert_int_equal(validate_resources(NULL, channel.name, channel.items, channel.count, &options, arena,
	                         &findings),
	        OK);
	double took_s = (double)(clock() - begun) / CLOCKS_PER_SEC;
	printf("%d rules: %.1f s, %zu findings\n", RULES, took_s, findings.count);
	assert_true(took_s < PATIENCE_S);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(the_sample_bank_has_no_findings),
	        TEST(warnings_are_acknowledged_one_by_one),
	        TEST(errors_cannot_be_acknowledged),
	        TEST(reasons_quote_what_was_written),
	        TEST(a_hundred_thousand_rules_take_seconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
