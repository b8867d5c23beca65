// What happened between the visitor and the offers: suppressions, events, limits, each to its last moment.
#include "stage.h"

static const char *const home = "home-banner";

static SnapSuppression *suppress(const char *name, const char *offers,
        Parley__Snapshot__V1__SuppressionTrigger trigger, Parley__Snapshot__V1__Scope scope)
{
	return world_suppression(stage.bank, name, offers, trigger, scope);
}

static void card_is(const char *reason)
{
	stage_reason(stage_ask_point(home, 9), "adults-card", reason);
}

static void what_was_accepted_is_not_shown_again(void **state)
{
	(void)state;
	suppress("once", "CARD LOAN", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	stage_open();
	stage_fact(FACT_REJECT, "CARD", DAYS(1));
	stage_fact(FACT_CONTACT, "CARD", DAYS(1));
	stage_fact(FACT_ACCEPT, "SAVINGS", DAYS(1)); // of no rule
	card_is("OFFERED");
	stage_fact(FACT_ACCEPT, "CARD", DAYS(10000));
	PointDecision decision = stage_ask_point(home, 9);
	stage_offers(decision, "LOAN SAVINGS");
	stage_cause(decision, "adults-card", "SUPPRESSED_ACCEPTED", "", "once");
}

static void what_was_rejected_rests_for_days(void **state)
{
	(void)state;
	suppress("rest", "CARD", SNAP_TRIGGER(REJECT), SNAP_SCOPE(DAYS))->days = 30;
	stage_open();
	Fact *fact = stage_fact(FACT_REJECT, "CARD", DAYS(30) - 1);
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_REJECTED", "", "rest");
	fact->time_us--; // as-of minus 30 days is outside
	card_is("OFFERED");
	fact->time_us = stage.as_of_us;
	card_is("SUPPRESSED_REJECTED");
	fact->time_us++; // after the as-of time
	card_is("OFFERED");
}

static void presentations_are_counted(void **state)
{
	(void)state;
	suppress("thrice", "CARD", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(FOR_EVER))->times = 3;
	stage_open();
	stage_fact(FACT_CONTACT, "CARD", DAYS(3));
	Fact *fact = stage_fact(FACT_CONTACT, "CARD", DAYS(2));
	stage_fact(FACT_CONTACT, "LOAN", DAYS(2));
	card_is("OFFERED");
	fact->count = 2;
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_PRESENTED", "", "thrice");
}

static void a_session_counts_its_own(void **state)
{
	(void)state;
	suppress("now", "CARD", SNAP_TRIGGER(REJECT), SNAP_SCOPE(SESSION));
	stage_open();
	stage_fact(FACT_REJECT, "CARD", HOURS(1));
	card_is("OFFERED");
	stage_session_fact(FACT_REJECT, "CARD", HOURS(1));
	card_is("SUPPRESSED_REJECTED");
	// For ever is the visitor's: what only the session has is not in it.
	stage.bank = world_bank(stage.arena);
	suppress("ever", "CARD", SNAP_TRIGGER(REJECT), SNAP_SCOPE(FOR_EVER));
	stage.state.fact_count = 0;
	stage_open();
	card_is("OFFERED");
}

static void reasons_go_by_trigger_and_rules_by_name(void **state)
{
	(void)state;
	suppress("a-shown", "CARD", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(FOR_EVER))->times = 1;
	suppress("b-no", "CARD", SNAP_TRIGGER(REJECT), SNAP_SCOPE(FOR_EVER));
	suppress("c-yes", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(DAYS))->days = 2;
	suppress("d-yes", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	stage_open();
	stage_fact(FACT_CONTACT, "CARD", DAYS(1));
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_PRESENTED", "", "a-shown");
	stage_fact(FACT_REJECT, "CARD", DAYS(1));
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_REJECTED", "", "b-no");
	Fact *fact = stage_fact(FACT_ACCEPT, "CARD", DAYS(3));
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_ACCEPTED", "", "d-yes");
	fact->time_us += DAYS(2);
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_ACCEPTED", "", "c-yes");
}

// --- related offers ---

static void relate(const char *offer, SnapConstant *family)
{
	SnapRule *rule =
	        world_rule(stage.bank, arena_printf(stage.arena, "r-%s", offer), NULL, "service", offer, 30);
	rule->top_priority = true;
	world_offer_attribute(stage.bank, world_offer(stage.bank, offer), "family", family);
}

static void a_suppression_may_reach_related_offers(void **state)
{
	(void)state;
	relate("gold-1", world_string(stage.bank, "gold"));
	relate("gold-2", world_string(stage.bank, "gold"));
	relate("gold-3", world_string(stage.bank, "gold"));
	relate("silver", world_string(stage.bank, "silver"));
	relate("tagged", world_strings(stage.bank, "gold"));
	SnapSuppression *rule =
	        suppress("family", "gold-1 silver", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	rule->related_attribute = world_text(stage.bank, "family");
	stage_open();
	stage_fact(FACT_ACCEPT, "gold-2", DAYS(1)); // not of the rule: suppresses nothing
	stage_offers(stage_ask_point("call-script", 9), "gold-1 gold-2 gold-3 silver tagged SAVINGS");
	stage_fact(FACT_ACCEPT, "gold-1", DAYS(1));
	PointDecision decision = stage_ask_point("call-script", 9);
	stage_offers(decision, "silver tagged SAVINGS");
	stage_cause(decision, "r-gold-1", "SUPPRESSED_ACCEPTED", "", "family");
	stage_cause(decision, "r-gold-2", "SUPPRESSED_RELATED", "", "family");
	stage_cause(decision, "r-gold-3", "SUPPRESSED_RELATED", "", "family");
}

static void related_means_the_same_type_and_value(void **state)
{
	(void)state;
	relate("int", world_int(stage.bank, 0));
	relate("double", world_double(stage.bank, 0));
	relate("minus", world_double(stage.bank, -0.0));
	relate("list-1", world_strings(stage.bank, "a b"));
	relate("list-2", world_strings(stage.bank, "a b"));
	relate("list-3", world_strings(stage.bank, "b a"));
	relate("time", world_timestamp(stage.bank, 0));
	SnapSuppression *rule =
	        suppress("family", "double list-1", SNAP_TRIGGER(REJECT), SNAP_SCOPE(FOR_EVER));
	rule->related_attribute = world_text(stage.bank, "family");
	stage_open();
	stage_fact(FACT_REJECT, "double", DAYS(1));
	stage_fact(FACT_REJECT, "list-1", DAYS(1));
	PointDecision decision = stage_ask_point("call-script", 9);
	stage_offers(decision, "int list-3 time SAVINGS");
	stage_reason(decision, "r-minus", "SUPPRESSED_RELATED");
	stage_reason(decision, "r-list-2", "SUPPRESSED_RELATED");
}

static void counts_of_related_offers_are_not_added_up(void **state)
{
	(void)state;
	relate("gold-1", world_string(stage.bank, "gold"));
	relate("gold-2", world_string(stage.bank, "gold"));
	SnapSuppression *rule =
	        suppress("family", "gold-1 gold-2", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(FOR_EVER));
	rule->related_attribute = world_text(stage.bank, "family");
	stage_open();
	stage_fact(FACT_CONTACT, "gold-1", DAYS(1));
	stage_fact(FACT_CONTACT, "gold-2", DAYS(1));
	stage_offers(stage_ask_point("call-script", 9), "gold-1 gold-2 SAVINGS");
	stage_fact(FACT_CONTACT, "gold-2", HOURS(1));
	PointDecision decision = stage_ask_point("call-script", 9);
	stage_reason(decision, "r-gold-1", "SUPPRESSED_RELATED");
	stage_reason(decision, "r-gold-2", "SUPPRESSED_PRESENTED");
}

// --- events ---

static void an_event_suppresses_until_then(void **state)
{
	(void)state;
	stage_open();
	Fact *fact = stage_fact(FACT_SUPPRESS, "CARD", HOURS(2));
	stage_cause(stage_ask_point(home, 9), "adults-card", "SUPPRESSED_BY_EVENT", "", "");
	fact->until_us = stage.as_of_us + 1;
	card_is("SUPPRESSED_BY_EVENT");
	fact->until_us = stage.as_of_us;
	card_is("OFFERED");
}

static void the_latest_event_counts(void **state)
{
	(void)state;
	stage_open();
	stage_fact(FACT_SUPPRESS, "CARD", HOURS(3));
	stage_session_fact(FACT_QUALIFY, "CARD", HOURS(2))->score = 99;
	stage_offers(stage_ask_point(home, 1), "CARD");
	stage_reason(stage_ask_point(home, 1), "QUALIFIED:CARD", "OFFERED");
	Fact *fact = stage_fact(FACT_SUPPRESS, "CARD", HOURS(1));
	card_is("SUPPRESSED_BY_EVENT");
	assert_false(stage_has(stage_ask_point(home, 1), "QUALIFIED:CARD"));
	fact->until_us = stage.as_of_us; // over, and so is what it followed
	card_is("OFFERED");
	assert_false(stage_has(stage_ask_point(home, 1), "QUALIFIED:CARD"));
	fact->time_us = stage.as_of_us + 1; // has not happened
	stage_reason(stage_ask_point(home, 1), "QUALIFIED:CARD", "OFFERED");
}

static void of_equal_times_the_sessions_and_the_later_counts(void **state)
{
	(void)state;
	stage_open();
	stage_fact(FACT_SUPPRESS, "CARD", HOURS(1));
	stage_session_fact(FACT_QUALIFY, "CARD", HOURS(1))->score = 99;
	assert_true(stage_has(stage_ask_point(home, 1), "QUALIFIED:CARD"));
	stage_session_fact(FACT_SUPPRESS, "CARD", HOURS(1));
	card_is("SUPPRESSED_BY_EVENT");
	stage_session_fact(FACT_QUALIFY, "CARD", HOURS(1))->score = 7;
	PointDecision decision = stage_ask_point(home, 9);
	assert_true(stage_candidate(decision, "QUALIFIED:CARD").score.final < 8);
}

// --- limits ---

static SnapConstraint *limit(const char *name, const char *offers,
        Parley__Snapshot__V1__ConstraintScope scope, Parley__Snapshot__V1__Period period, uint64_t most)
{
	return world_constraint(stage.bank, name, offers, scope, period, most);
}

static void a_session_has_a_limit(void **state)
{
	(void)state;
	limit("two", "CARD LOAN", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 2);
	stage_open();
	stage_session_fact(FACT_CONTACT, "CARD", HOURS(1));
	stage_fact(FACT_CONTACT, "CARD", HOURS(1));
	stage_fact(FACT_CONTACT, "CARD", HOURS(50));
	stage_session_fact(FACT_ACCEPT, "CARD", HOURS(1));
	stage_offers(stage_ask_point(home, 9), "CARD LOAN SAVINGS");
	stage_session_fact(FACT_CONTACT, "LOAN", HOURS(1)); // together
	PointDecision decision = stage_ask_point(home, 9);
	stage_offers(decision, "SAVINGS");
	stage_cause(decision, "adults-loan", "SESSION_LIMIT", "", "two");
}

static void a_visitor_has_limits_by_the_calendar(void **state)
{
	(void)state;
	// 2026-01-01T00:00:00Z, a Thursday, plus 36 hours and a bit.
	stage.as_of_us = TEST_NOW_US + HOURS(36) + 5;
	static const struct {
		Parley__Snapshot__V1__Period period;
		int64_t start_us;
	} periods[] = {{SNAP_PERIOD(HOUR), TEST_NOW_US + HOURS(36)},
	        {SNAP_PERIOD(DAY), TEST_NOW_US + HOURS(24)}, {SNAP_PERIOD(WEEK), TEST_NOW_US - DAYS(3)},
	        {SNAP_PERIOD(MONTH), TEST_NOW_US}, {SNAP_PERIOD(EVER), INT64_MIN + 1}};
	for (size_t i = 0; i < ARRAY_COUNT(periods); i++) {
		stage.bank = world_bank(stage.arena);
		limit("one", "CARD", SNAP_CONSTRAINT(VISITOR), periods[i].period, 1);
		stage_open();
		stage.state.fact_count = stage.state.session_fact_count = 0;
		Fact *fact = stage_fact(FACT_CONTACT, "CARD", 0);
		fact->time_us = periods[i].start_us;
		stage_cause(stage_ask_point(home, 9), "adults-card", "VISITOR_LIMIT", "", "one");
		fact->time_us--;
		card_is(periods[i].period == SNAP_PERIOD(EVER) ? "VISITOR_LIMIT" : "OFFERED");
		stage_session_fact(FACT_CONTACT, "CARD", 0); // the session's are in the visitor's, too
		card_is(periods[i].period == SNAP_PERIOD(EVER) ? "VISITOR_LIMIT" : "OFFERED");
	}
}

static void a_limit_may_count_accepts(void **state)
{
	(void)state;
	limit("one", "CARD", SNAP_CONSTRAINT(VISITOR), SNAP_PERIOD(EVER), 2)->counted = SNAP_COUNTED(ACCEPTS);
	stage_open();
	stage_fact(FACT_CONTACT, "CARD", 1)->count = 9;
	Fact *fact = stage_fact(FACT_ACCEPT, "CARD", 1);
	card_is("OFFERED");
	fact->count = 2;
	card_is("VISITOR_LIMIT");
}

static void volumes_are_everybodys(void **state)
{
	(void)state;
	limit("a", "SAVINGS", SNAP_CONSTRAINT(VISITOR), SNAP_PERIOD(EVER), 1);
	limit("b", "CARD LOAN", SNAP_CONSTRAINT(OVERALL), SNAP_PERIOD(DAY), 1000);
	stage_open();
	card_is("OFFERED");
	uint64_t volumes[] = {1000, 999};
	stage.state.volumes = volumes;
	stage_offers(stage_ask_point(home, 9), "CARD LOAN SAVINGS");
	volumes[1]++;
	PointDecision decision = stage_ask_point(home, 9);
	stage_offers(decision, "SAVINGS");
	stage_cause(decision, "adults-card", "VOLUME_LIMIT", "", "b");
}

static void limits_go_by_scope_and_then_by_name(void **state)
{
	(void)state;
	limit("a-all", "CARD", SNAP_CONSTRAINT(OVERALL), SNAP_PERIOD(EVER), 1);
	limit("b-mine", "CARD", SNAP_CONSTRAINT(VISITOR), SNAP_PERIOD(EVER), 1);
	limit("c-now", "CARD", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 2);
	limit("d-now", "CARD", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 1);
	suppress("once", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	stage_open();
	uint64_t volumes[] = {1, 0, 0, 0};
	stage.state.volumes = volumes;
	stage_cause(stage_ask_point(home, 9), "adults-card", "VOLUME_LIMIT", "", "a-all");
	stage_fact(FACT_CONTACT, "CARD", 1);
	stage_cause(stage_ask_point(home, 9), "adults-card", "VISITOR_LIMIT", "", "b-mine");
	stage_session_fact(FACT_CONTACT, "CARD", 1);
	stage_cause(stage_ask_point(home, 9), "adults-card", "SESSION_LIMIT", "", "d-now");
	stage_session_fact(FACT_CONTACT, "CARD", 1);
	stage_cause(stage_ask_point(home, 9), "adults-card", "SESSION_LIMIT", "", "c-now");
	stage_session_fact(FACT_SUPPRESS, "CARD", 1);
	card_is("SUPPRESSED_BY_EVENT");
	stage_fact(FACT_ACCEPT, "CARD", 1);
	card_is("SUPPRESSED_ACCEPTED");
}

static void too_many_facts_are_refused(void **state)
{
	(void)state;
	stage_open();
	Visitor visitor = {.values = stage.values,
	        .segments = (uint64_t[]){0},
	        .state = {.session_facts = stage.facts, .session_fact_count = DECIDE_FACTS_MAX + 1}};
	DecideRequest request = {0};
	Decision decision;
	assert_int_equal(decide(stage.plan, &visitor, &request, stage.arena, &decision), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(what_was_accepted_is_not_shown_again),
	        STAGE_TEST(what_was_rejected_rests_for_days),
	        STAGE_TEST(presentations_are_counted),
	        STAGE_TEST(a_session_counts_its_own),
	        STAGE_TEST(reasons_go_by_trigger_and_rules_by_name),
	        STAGE_TEST(a_suppression_may_reach_related_offers),
	        STAGE_TEST(related_means_the_same_type_and_value),
	        STAGE_TEST(counts_of_related_offers_are_not_added_up),
	        STAGE_TEST(an_event_suppresses_until_then),
	        STAGE_TEST(the_latest_event_counts),
	        STAGE_TEST(of_equal_times_the_sessions_and_the_later_counts),
	        STAGE_TEST(a_session_has_a_limit),
	        STAGE_TEST(a_visitor_has_limits_by_the_calendar),
	        STAGE_TEST(a_limit_may_count_accepts),
	        STAGE_TEST(volumes_are_everybodys),
	        STAGE_TEST(limits_go_by_scope_and_then_by_name),
	        STAGE_TEST(too_many_facts_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
