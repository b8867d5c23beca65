// Stories about what happens step by step: segmentation flows, and events with their actions.
#include "fixture.h"

#define LEVEL "'audienceLevel': 'customer'"

static void a_flow_leads_from_its_first_step_to_segments(void **state)
{
	(void)state;
	make_bank();
	make("Segment", "young", LEVEL);
	make("Segment", "tested", LEVEL);
	make("SegmentationFlow", "sorting",
	        LEVEL
	        ", 'steps': ["
	        "{'name': 'by-age', 'kind': 'DECISION', 'branches': [{'name': 'minor', 'condition': 'age < "
	        "18', 'next': 'young'}], 'next': 'halves'},"
	        "{'name': 'young', 'kind': 'SEGMENT', 'segment': 'young', 'next': 'halves'},"
	        "{'name': 'halves', 'kind': 'SAMPLE', 'salt': 'spring', 'branches': [{'sharePercent': "
	        "33.3333, 'next': 'mark'}, {'sharePercent': 66.6667}]},"
	        "{'name': 'mark', 'kind': 'SET_ATTRIBUTE', 'attribute': 'job', 'value': '\\\"tester\\\"', "
	        "'next': 'tested'},"
	        "{'name': 'tested', 'kind': 'SEGMENT', 'segment': 'tested'}]");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "segmentation_flow bank/sorting (steps[1].segment)", DESIGNER,
	        "SegmentService/DeleteSegment", "{'channel': 'bank', 'name': 'young'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL,
	        "segmentation_flow bank/sorting would no longer be valid: "
	        "segmentation_flow.steps[3].attribute",
	        DESIGNER, "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'attributes': [{'name': 'age', "
	        "'type': 'INT'}]}, 'updateMask': 'attributes'}");
}

static void a_flow_that_goes_wrong_is_refused_where_it_does(void **state)
{
#define FLOW(steps) LEVEL ", 'steps': [" steps "]"
	static const Refusal wrong[] = {
	        {ERR_FIELD_MISSING, "steps", "1 to 256 steps", LEVEL},
	        {ERR_FIELD_INVALID, "steps[0].name", "is not a step's name",
	                FLOW("{'name': 'A', 'kind': 'SEGMENT', 'segment': 'adults'}")},
	        {ERR_FIELD_MISSING, "steps[0].kind", "DECISION, SAMPLE", FLOW("{'name': 'a'}")},
	        {ERR_FIELD_INVALID, "steps[1].name", "there twice",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT', 'segment': 'adults'}, {'name': 'a', 'kind': "
	                     "'SEGMENT', 'segment': 'adults'}")},
	        {ERR_FIELD_INVALID, "steps[0].next", "did you mean 'last'",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT', 'segment': 'adults', 'next': 'lst'},"
	                     "{'name': 'last', 'kind': 'SEGMENT', 'segment': 'adults'}")},
	        {ERR_FIELD_INVALID, "steps[1].name", "nothing leads from the first step",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT', 'segment': 'adults'}, {'name': 'b', 'kind': "
	                     "'SEGMENT', 'segment': 'adults'}")},
	        {ERR_FIELD_INVALID, "steps[1]", "b → c → b",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT', 'segment': 'adults', 'next': 'b'},"
	                     "{'name': 'b', 'kind': 'DECISION', 'branches': [{'condition': 'true', 'next': "
	                     "'c'}]},"
	                     "{'name': 'c', 'kind': 'SEGMENT', 'segment': 'adults', 'next': 'b'}")},
	        {ERR_FIELD_MISSING, "steps[0].branches", "1 to 64 branches",
	                FLOW("{'name': 'a', 'kind': 'DECISION'}")},
	        {ERR_FIELD_MISSING, "steps[0].branches[0].condition", "who goes this way",
	                FLOW("{'name': 'a', 'kind': 'DECISION', 'branches': [{'name': 'x'}]}")},
	        {ERR_EXPR_NAME_UNKNOWN, "steps[0].branches[0].condition", "wealth",
	                FLOW("{'name': 'a', 'kind': 'DECISION', 'branches': [{'condition': 'wealth > 1'}]}")},
	        {ERR_FIELD_INVALID, "steps[0].branches[0].share_percent",
	                "a branch of a DECISION step has no",
	                FLOW("{'name': 'a', 'kind': 'DECISION', 'branches': [{'condition': 'true', "
	                     "'sharePercent': 1}]}")},
	        {ERR_FIELD_INVALID, "steps[0].branches", "100.5 percent together",
	                FLOW("{'name': 'a', 'kind': 'SAMPLE', 'branches': [{'sharePercent': 50.5}, "
	                     "{'sharePercent': 50}]}")},
	        {ERR_FIELD_INVALID, "steps[0].branches[0].share_percent", "round it",
	                FLOW("{'name': 'a', 'kind': 'SAMPLE', 'branches': [{'sharePercent': 0.00005}]}")},
	        {ERR_FIELD_MISSING, "steps[0].branches[0].share_percent", "above 0",
	                FLOW("{'name': 'a', 'kind': 'SAMPLE', 'branches': [{}]}")},
	        {ERR_FIELD_INVALID, "steps[0].salt", "a SEGMENT step has no salt: leave it out",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT', 'segment': 'adults', 'salt': 'x'}")},
	        {ERR_FIELD_MISSING, "steps[0].segment", "name the segment",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT'}")},
	        {ERR_FIELD_INVALID, "steps[0].segment", "of the same level",
	                FLOW("{'name': 'a', 'kind': 'SEGMENT', 'segment': 'homes'}")},
	        {ERR_FIELD_MISSING, "steps[0].attribute", "name the attribute",
	                FLOW("{'name': 'a', 'kind': 'SET_ATTRIBUTE', 'value': '1'}")},
	        {ERR_FIELD_INVALID, "steps[0].attribute", "did you mean 'age'",
	                FLOW("{'name': 'a', 'kind': 'SET_ATTRIBUTE', 'attribute': 'aga', 'value': '1'}")},
	        {ERR_EXPR_TYPE, "steps[0].value", "",
	                FLOW("{'name': 'a', 'kind': 'SET_ATTRIBUTE', 'attribute': 'age', 'value': '1.5'}")},
	};
	(void)state;
	make_bank();
	make("AudienceLevel", "household", "'keys': [{'name': 'id', 'type': 'INT'}]");
	make("Segment", "homes", "'audienceLevel': 'household'");
	MUST_REFUSE("SegmentationFlow", wrong);
}

static void an_event_does_what_its_actions_say(void **state)
{
	(void)state;
	make_bank();
	make("OfferList", "cards", "'offers': ['gold']");
	make("AudienceLevel", "household",
	        "'keys': [{'name': 'id', 'type': 'INT'}], 'attributes': [{'name': 'rooms', 'type': "
	        "'DOUBLE'}, "
	        "{'name': 'tags', 'type': 'STRING_LIST'}]");
	make("Event", "visited", "'actions': ['RESEGMENT', {'kind': 'LOG_CONTACT'}]");
	make("Event", "moved",
	        "'actions': [{'kind': 'SET_ATTRIBUTE', 'audienceLevel': 'household', 'attribute': 'rooms', "
	        "'value': '3'},"
	        "{'kind': 'SET_ATTRIBUTE', 'audienceLevel': 'household', 'attribute': 'tags', 'value': 'tags "
	        "+ "
	        "[\\\"new\\\"]', 'condition': 'rooms > 1.0', 'delayS': 60},"
	        "{'kind': 'QUALIFY_OFFERS', 'offers': ['gold'], 'offerLists': ['cards'], 'scope': 'DAYS', "
	        "'days': "
	        "30, 'score': 80},"
	        "{'kind': 'SUPPRESS_OFFERS', 'scope': 'FOR_EVER'},"
	        "{'kind': 'TRIGGER_EVENT', 'event': 'visited'}]");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "event bank/moved (actions[4].event)", DESIGNER,
	        "EventService/DeleteEvent", "{'channel': 'bank', 'name': 'visited'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "event bank/moved would no longer be valid", DESIGNER,
	        "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'household'}, 'updateMask': 'attributes'}");
}

static void an_action_has_what_its_kind_asks_for(void **state)
{
#define ACTION(fields) "'actions': [{" fields "}]"
	static const Refusal wrong[] = {
	        {ERR_FIELD_INVALID, "actions[0].kind", "unspecified", ACTION("'delayS': 3")},
	        {ERR_FIELD_INVALID, "actions[0].score", "LOG_CONTACT has no score: leave it out",
	                ACTION("'kind': 'LOG_CONTACT', 'score': 3")},
	        {ERR_FIELD_INVALID, "actions[0].delay_s", "90 days",
	                ACTION("'kind': 'LOG_CONTACT', 'delayS': 7776001")},
	        {ERR_EXPR_TYPE, "actions[0].condition", "line 1",
	                ACTION("'kind': 'LOG_CONTACT', 'condition': 'age'")},
	        {ERR_FIELD_MISSING, "actions[0].attribute", "name the attribute",
	                ACTION("'kind': 'SET_ATTRIBUTE', 'value': '3'")},
	        {ERR_FIELD_MISSING, "actions[0].value", "say in CEL",
	                ACTION("'kind': 'SET_ATTRIBUTE', 'attribute': 'age'")},
	        {ERR_FIELD_MISSING, "actions[0].scope", "SESSION, DAYS or FOR_EVER",
	                ACTION("'kind': 'SUPPRESS_OFFERS'")},
	        {ERR_FIELD_MISSING, "actions[0].days", "1 to 3650",
	                ACTION("'kind': 'SUPPRESS_OFFERS', 'scope': 'DAYS'")},
	        {ERR_FIELD_INVALID, "actions[0].days", "goes with scope DAYS",
	                ACTION("'kind': 'SUPPRESS_OFFERS', 'scope': 'SESSION', 'days': 3")},
	        {ERR_FIELD_INVALID, "actions[0].score", "0 to 100",
	                ACTION("'kind': 'QUALIFY_OFFERS', 'scope': 'SESSION', 'score': 101")},
	        {ERR_REFERENCE_DANGLING, "actions[0].offers[0]", "there is no offer lead",
	                ACTION("'kind': 'QUALIFY_OFFERS', 'scope': 'SESSION', 'offers': ['lead']")},
	        {ERR_FIELD_MISSING, "actions[0].event", "name the event", ACTION("'kind': 'TRIGGER_EVENT'")},
	        {ERR_REFERENCE_DANGLING, "actions[0].event", "there is no event bank/never",
	                ACTION("'kind': 'TRIGGER_EVENT', 'event': 'never'")},
	        {ERR_FIELD_MISSING, "actions[0].outcome", "name the outcome type",
	                ACTION("'kind': 'LOG_OUTCOME'")},
	        {ERR_FIELD_INVALID, "actions[0].outcome", "write LOG_ACCEPT",
	                ACTION("'kind': 'LOG_OUTCOME', 'outcome': 'accept'")},
	        {ERR_REFERENCE_DANGLING, "actions[0].outcome", "there is no outcome_type yawned",
	                ACTION("'kind': 'LOG_OUTCOME', 'outcome': 'yawned'")},
	        {ERR_FIELD_INVALID, "actions[0].outcome", "LOG_ACCEPT",
	                ACTION("'kind': 'LOG_ACCEPT', 'outcome': 'opened'")},
	        {ERR_FIELD_INVALID, "actions[0].event", "x → x; give one of them a delay_s",
	                ACTION("'kind': 'TRIGGER_EVENT', 'event': 'x'")},
	};
	static const Refusal of_two_levels[] = {
	        {ERR_FIELD_MISSING, "actions[0].audience_level", "more than one audience level",
	                ACTION("'kind': 'LOG_CONTACT', 'condition': 'age > 3'")},
	        {ERR_EXPR_NAME_UNKNOWN, "actions[0].condition", "age",
	                ACTION("'kind': 'LOG_CONTACT', 'audienceLevel': 'household', 'condition': 'age > "
	                       "3'")},
	};
	(void)state;
	make_bank();
	make("OutcomeType", "accept", "");
	make("OutcomeType", "opened", "");
	MUST_REFUSE("Event", wrong);
	make("AudienceLevel", "household", "'keys': [{'name': 'id', 'type': 'INT'}]");
	MUST_REFUSE("Event", of_two_levels);
}

static void events_may_set_each_other_off_only_if_that_ends(void **state)
{
	(void)state;
	make_bank();
	make("Event", "c", "");
	make("Event", "b", "'actions': [{'kind': 'TRIGGER_EVENT', 'event': 'c'}]");
	make("Event", "a", "'actions': ['LOG_CONTACT', {'kind': 'TRIGGER_EVENT', 'event': 'b'}]");
	must_fail(ERR_FIELD_INVALID, "event.actions[0].event", "c → a → b → c", DESIGNER,
	        "EventService/UpdateEvent",
	        "{'event': {'channel': 'bank', 'name': 'c', 'actions': [{'kind': 'TRIGGER_EVENT', 'event': "
	        "'a'}]}}");
	change("Event", "c", "'actions': [{'kind': 'TRIGGER_EVENT', 'event': 'a', 'delayS': 86400}]");
	// A reminder of itself is fine too, and does not stand in the way of its own deletion.
	make("Event", "reminder",
	        "'actions': [{'kind': 'TRIGGER_EVENT', 'event': 'reminder', 'delayS': 60}]");
	must(DESIGNER, "EventService/DeleteEvent", "{'channel': 'bank', 'name': 'reminder'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_flow_leads_from_its_first_step_to_segments, fixture_clear),
	        cmocka_unit_test_setup(a_flow_that_goes_wrong_is_refused_where_it_does, fixture_clear),
	        cmocka_unit_test_setup(an_event_does_what_its_actions_say, fixture_clear),
	        cmocka_unit_test_setup(an_action_has_what_its_kind_asks_for, fixture_clear),
	        cmocka_unit_test_setup(events_may_set_each_other_off_only_if_that_ends, fixture_clear),
	};
	return cmocka_run_group_tests_name("admin flows and events", tests, fixture_start, fixture_stop);
}
