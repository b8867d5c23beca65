// Stories about outcome types: what is within what, what may follow what, and what stays.
#include "fixture.h"

#include <stdio.h>

static void make_sent(void)
{
	make("OutcomeType", "bounced", "");
	make("OutcomeType", "sent", "'next': ['bounced']");
	make("OutcomeType", "opened", "'parent': 'sent'");
}

static void types_are_nested_and_lead_to_others(void **state)
{
	static const Refusal wrong[] = {
	        {ERR_REFERENCE_DANGLING, "parent", "there is no outcome_type posted", "'parent': 'posted'"},
	        {ERR_REFERENCE_DANGLING, "next[1]", "there is no outcome_type read",
	                "'next': ['opened', 'read']"},
	        {ERR_FIELD_INVALID, "next[1]", "is there twice", "'next': ['opened', 'opened']"},
	        {ERR_FIELD_INVALID, "next", "nothing follows a terminal type",
	                "'terminal': true, 'next': ['opened']"},
	};
	(void)state;
	make_sent();
	MUST_REFUSE("OutcomeType", wrong);
	make("OutcomeType", "complained", "'parent': 'opened', 'countsAs': 'REJECT', 'terminal': true");
	must_fail(ERR_FIELD_INVALID, "outcome_type.parent",
	        "within itself: sent → complained → opened → sent", DESIGNER,
	        "OutcomeTypeService/UpdateOutcomeType",
	        "{'outcomeType': {'name': 'sent', 'parent': 'complained'}}");
	must_fail(ERR_FIELD_INVALID, "outcome_type.next[0]", "is the type itself", DESIGNER,
	        "OutcomeTypeService/UpdateOutcomeType",
	        "{'outcomeType': {'name': 'sent', 'next': ['sent']}}");
}

static void types_are_at_most_eight_deep(void **state)
{
	char name[] = "t0", parent[32];
	(void)state;
	make("OutcomeType", name, "");
	for (int i = 1; i < 8; i++) {
		snprintf(parent, sizeof(parent), "'parent': 't%d'", i - 1);
		name[1] = (char)('0' + i);
		make("OutcomeType", name, parent);
	}
	must_fail(ERR_LIMIT, "outcome_type.parent", "8 deep", DESIGNER,
	        "OutcomeTypeService/CreateOutcomeType", "{'outcomeType': {'name': 't8', 'parent': 't7'}}");
}

static void what_came_with_the_server_or_is_used_stays(void **state)
{
	(void)state;
	make_sent();
	make("OutcomeType", "visited", "");
	make("OutcomeType", "called", "");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "outcome_type opened (parent)", DESIGNER,
	        "OutcomeTypeService/DeleteOutcomeType", "{'name': 'sent'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "is built in", DESIGNER, "OutcomeTypeService/DeleteOutcomeType",
	        "{'name': 'opened'}");
	sql_script("SELECT outcome_apply('test', now(), 'T1', 'visited', now(), 'import', 'e1', 'bank', "
	           "'customer', '1', 'GOLD', '', '')");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "has been the outcome of treatments", DESIGNER,
	        "OutcomeTypeService/DeleteOutcomeType", "{'name': 'visited'}");
	must(DESIGNER, "OutcomeTypeService/DeleteOutcomeType", "{'name': 'called'}");
	change("OutcomeType", "opened", "'parent': 'sent', 'next': ['visited'], 'countsAs': 'CONTACT'");
	assert_int_equal(sql_i64("SELECT count(*) FROM outcome_type WHERE counts_as = 'contact'"), 1);
	assert_int_equal(sql_i64("SELECT count(*) FROM outcome_transition WHERE from_outcome = 'opened'"), 2);
	sql_script("TRUNCATE outcome CASCADE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(types_are_nested_and_lead_to_others, fixture_clear),
	        cmocka_unit_test_setup(types_are_at_most_eight_deep, fixture_clear),
	        cmocka_unit_test_setup(what_came_with_the_server_or_is_used_stays, fixture_clear),
	};
	return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
