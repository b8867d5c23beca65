// What a designer reads who asks why: the rows that an explanation becomes.
#include "base/cleanup.h"
#include "touchpoint/explain.h"
#include "touchpoint/value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static json_t *read_json(const char *text)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	char *quoted = arena_cstr(arena, str(text));
	json_t *json = NULL;

	for (char *quote = quoted; (quote = strchr(quote, '\''));)
		*quote = '"';
	assert_int_equal(json_parse(str(quoted), 1 << 16, &json), OK);
	return json;
}

// A row's cells with " | " between them.
static void rows_are(json_t *rows, const char *const *keys, const char *const *expected, size_t count)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);

	assert_int_equal(json_array_size(rows), count);
	for (size_t i = 0; i < count; i++) {
		const char *line = "";

		for (size_t k = 0; keys[k]; k++) {
			const char *cell =
			        json_string_value(json_object_get(json_array_get(rows, i), keys[k]));

			line = arena_printf(arena, "%s%s%s", line, k ? " | " : "", cell ? cell : "");
		}
		assert_string_equal(line, expected[i]);
	}
}

static void candidates_say_who_proposed_them_and_what_struck_them(void **state)
{
	(void)state;
	CLEANUP(json_decrefp_)
	json_t *candidates = read_json(
	        "[{'offer_code': 'CARD', 'treatment_rule': 'rich-card', 'reason': 'OFFERED', 'origin': "
	        "'RULE',"
	        "  'campaign': 'SPRING', 'cell': 'TEST', 'score_parts': {'marketer_score': 20,"
	        "  'overridden': true, 'override_score': 95, 'final_score': 95}},"
	        " {'offer_code': 'HELLO', 'reason': 'OFFERED', 'origin': 'DEFAULT', 'score_parts': {}},"
	        " {'offer_code': 'LOAN', 'treatment_rule': 'r', 'origin': 'RULE', 'campaign': 'AUTUMN',"
	        "  'reason': 'NOT_ELIGIBLE', 'predicate': 'age < 30'},"
	        " {'offer_code': 'LOAN', 'origin': 'GLOBAL', 'reason': 'ELIGIBILITY_FAILED',"
	        "  'predicate': 'income > 1.0', 'detail': 'ATTRIBUTE_MISSING: income'},"
	        " {'offer_code': 'LOAN', 'origin': 'QUALIFIED', 'reason': 'SUPPRESSED_PRESENTED', 'detail': "
	        "'tired'},"
	        " {'offer_code': 'TRIP', 'origin': 'RULE', 'reason': 'SEGMENT_NOT_MATCHED', 'detail': 'gold',"
	        "  'predicate': 'tier == 1'},"
	        " {'offer_code': 'TRIP', 'origin': 'INDIVIDUAL', 'reason': 'BLACKLISTED'},"
	        " {'offer_code': 'TRIP', 'origin': 'INDIVIDUAL', 'reason': 'OUTRANKED', 'score_parts': "
	        "{'marketer_score': 7, 'overridden': true, 'override_score': 7, 'final_score': 7}},"
	        " {'offer_code': 'TRIP', 'origin': 'RULE', 'reason': 'CAMPAIGN_INACTIVE', 'detail': "
	        "'AUTUMN'},"
	        " {'offer_code': 'TRIP', 'reason': 'OF_A_LATER_VERSION'}]");
	static const char *const keys[] = {"offer", "origin", "by", "cell", "score", "reason", "why", NULL};
	static const char *const expected[] = {
	        "CARD | RULE | rich-card | SPRING/TEST | 95, overriding 20 | OFFERED | ",
	        "HELLO | DEFAULT |  |  | 0 | OFFERED | ",
	        "LOAN | RULE | r | AUTUMN |  | NOT_ELIGIBLE | age < 30",
	        "LOAN | GLOBAL |  |  |  | ELIGIBILITY_FAILED | income > 1.0: ATTRIBUTE_MISSING: income",
	        "LOAN | QUALIFIED |  |  |  | SUPPRESSED_PRESENTED | by the rule tired",
	        "TRIP | RULE |  |  |  | SEGMENT_NOT_MATCHED | not in gold: tier == 1",
	        "TRIP | INDIVIDUAL |  |  |  | BLACKLISTED | the offer is blacklisted for the visitor",
	        "TRIP | INDIVIDUAL |  |  | 7 | OUTRANKED | others ranked higher",
	        "TRIP | RULE |  |  |  | CAMPAIGN_INACTIVE | the campaign AUTUMN is not running",
	        "TRIP |  |  |  |  | OF_A_LATER_VERSION | ",
	};
	CLEANUP(json_decrefp_) json_t *rows = explain_candidates(candidates);
	rows_are(rows, keys, expected, ARRAY_COUNT(expected));
}

static void segments_are_followed_step_by_step(void **state)
{
	(void)state;
	CLEANUP(json_decrefp_)
	json_t *trace = read_json(
	        "[{'flow': 'trial', 'step': 'age', 'branch': 'grown', 'predicate': 'age < 18'},"
	        " {'flow': 'trial', 'step': 'mark', 'matched': true},"
	        " {'flow': 'trial', 'step': 'draw'},"
	        " {'flow': 'trial', 'step': 'put', 'segment': 'half', 'matched': true},"
	        " {'segment': 'rich', 'predicate': 'income > 1.0', 'error': 'ATTRIBUTE_MISSING: income'},"
	        " {'segment': 'old', 'matched': true, 'beaten_by': 'young'}]");
	static const char *const keys[] = {"flow", "step", "what", "why", NULL};
	static const char *const expected[] = {
	        "trial | age | takes the branch grown | age < 18",
	        "trial | mark | done | ",
	        "trial | draw | goes on | ",
	        "trial | put | in half | ",
	        "- |  | not in rich | income > 1.0: ATTRIBUTE_MISSING: income",
	        "- |  | not in old: young of its group comes first | ",
	};
	CLEANUP(json_decrefp_) json_t *rows = explain_segments(trace);
	rows_are(rows, keys, expected, ARRAY_COUNT(expected));
}

static void conditions_are_written_as_one_thinks_them(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	        {"kind=loan", "{\"attribute\":\"kind\",\"comparison\":\"EQUAL\",\"value\":{\"string_value\":"
	                      "\"loan\"}}"},
	        {"rate<=4",
	                "{\"attribute\":\"rate\",\"comparison\":\"LESS_EQUAL\",\"value\":{\"int_value\":4}}"},
	        {"rate>-1",
	                "{\"attribute\":\"rate\",\"comparison\":\"GREATER\",\"value\":{\"int_value\":-1}}"},
	        {"kind:string!=7", "{\"attribute\":\"kind\",\"comparison\":\"NOT_EQUAL\",\"value\":{\"string_"
	                           "value\":\"7\"}}"},
	        {"tags~a=b", "{\"attribute\":\"tags\",\"comparison\":\"CONTAINS\",\"value\":{\"string_"
	                     "value\":\"a=b\"}}"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
		CLEANUP(json_decrefp_) json_t *condition = NULL;

		assert_int_equal(condition_parse(str(cases[i][0]), arena, &condition), OK);
		char *text = json_dumps(condition, JSON_COMPACT);
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
	static const char *const wrong[] = {"", "kind", "=loan", "rate!4", "a:nothing=4"};
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
		json_t *condition;

		assert_int_equal(condition_parse(str(wrong[i]), arena, &condition), ERR_FIELD_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(candidates_say_who_proposed_them_and_what_struck_them),
	        cmocka_unit_test(segments_are_followed_step_by_step),
	        cmocka_unit_test(conditions_are_written_as_one_thinks_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
