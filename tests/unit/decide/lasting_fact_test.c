// Facts that a decision which lasts came from, and until when they let it last.
#include "lasting_stage.h"

// A fact that may count is remembered, and another one is another decision's; one that may not is passed
// over.
static void expect_fact_counts(FactKind kind, const char *offer, bool counts)
{
	stage.state.fact_count = stage.state.session_fact_count = 0;
	assert_true(lasts(HOME, 1));
	Fact *fact = stage_fact(kind, offer, HOURS(1));
	prepare(HOME, 1);
	assert_int_equal(again(), !counts);
	assert_true(keep());
	assert_int_equal(asked.kept->fact_count, counts);
	assert_true(again());
	fact->count++;
	assert_int_equal(again(), !counts);
	stage.state.fact_count = 0;
	stage_session_fact(kind, offer, -HOURS(1)); // not yet
	prepare(HOME, 1);
	assert_int_equal(again(), !counts);
	assert_true(keep());
	assert_true(again());
}

static void with_the_facts_that_may_count(void **state)
{
	(void)state;
	world_suppression(stage.bank, "once", "SAVINGS", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(DAYS))->days = 1;
	world_constraint(stage.bank, "few", "TRAVEL", SNAP_CONSTRAINT(VISITOR), SNAP_PERIOD(DAY), 3);
	open_bank();
	expect_fact_counts(FACT_CONTACT, "CARD", false);
	expect_fact_counts(FACT_ACCEPT, "CARD", false);
	expect_fact_counts(FACT_SUPPRESS, "CARD", true);
	expect_fact_counts(FACT_QUALIFY, "CARD", true);
	expect_fact_counts(FACT_ACCEPT, "SAVINGS", true);
	expect_fact_counts(FACT_CONTACT, "SAVINGS", true);
	expect_fact_counts(FACT_REJECT, "TRAVEL", true);
}

// From and until when the answer lasts that the visitor's fact, or facts, lead to.
static void expect_time(int64_t from_us, int64_t until_us)
{
	assert_true(lasts(HOME, 1));
	assert_true(again_at(from_us));
	assert_false(again_at(from_us - 1));
	assert_true(again_at(until_us - 1));
	assert_false(again_at(until_us));
}

static void until_a_fact_begins_or_ceases_to_count(void **state)
{
	(void)state;
	world_suppression(stage.bank, "once", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(DAYS))->days = 2;
	open_bank();
	int64_t now_us = stage.as_of_us;
	Fact *fact = stage_fact(FACT_ACCEPT, "CARD", DAYS(1));
	expect_time(now_us - DAYS(1), now_us + DAYS(1));
	fact->time_us = now_us - DAYS(2); // just over
	expect_time(now_us, INT64_MAX);
	fact->time_us = now_us + HOURS(1); // not yet
	assert_true(lasts(HOME, 1));
	assert_true(again_at(INT64_MIN));
	assert_true(again_at(now_us + HOURS(1) - 1));
	assert_false(again_at(now_us + HOURS(1)));
	*fact = (Fact){.offer = fact->offer,
	        .count = 1,
	        .kind = FACT_SUPPRESS,
	        .time_us = now_us - 7,
	        .until_us = now_us + 7};
	expect_time(now_us - 7, now_us + 7);
}

static void expect_period(Parley__Snapshot__V1__Period period, int64_t before_us, int64_t behind_us)
{
	stage.bank = world_bank(stage.arena);
	world_constraint(stage.bank, "few", "CARD", SNAP_CONSTRAINT(VISITOR), period, 3);
	stage.state.fact_count = 0;
	open_bank();
	stage_fact(FACT_CONTACT, "CARD", DAYS(70));
	expect_time(stage.as_of_us - before_us, stage.as_of_us + behind_us);
}

static void until_a_period_ends(void **state)
{
	(void)state;
	stage.as_of_us = TEST_NOW_US + HOURS(36) + 5; // 2026-01-02, a Friday
	expect_period(SNAP_PERIOD(HOUR), 5, HOURS(1) - 5);
	expect_period(SNAP_PERIOD(DAY), HOURS(12) + 5, HOURS(12) - 5);
	expect_period(SNAP_PERIOD(WEEK), HOURS(4 * 24 + 12) + 5, HOURS(2 * 24 + 12) - 5);
	expect_period(SNAP_PERIOD(MONTH), HOURS(36) + 5, DAYS(31) - HOURS(36) - 5);
	expect_period(SNAP_PERIOD(EVER), DAYS(70), INT64_MAX - stage.as_of_us);
	// Where there is no period's start there is nothing to remember.
	stage.as_of_us = INT64_MIN + 1;
	stage.bank = world_bank(stage.arena);
	world_constraint(stage.bank, "few", "CARD", SNAP_CONSTRAINT(VISITOR), SNAP_PERIOD(DAY), 3);
	open_bank();
	assert_true(lasts(HOME, 1));
	assert_false(again());
}

static void few_facts_are_remembered(void **state)
{
	(void)state;
	world_suppression(stage.bank, "once", "CARD", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(FOR_EVER));
	open_bank();
	for (int i = 0; i < LASTING_FACTS; i++)
		stage_fact(FACT_REJECT, "CARD", HOURS(i));
	assert_true(lasts(HOME, 1));
	assert_int_equal(asked.kept->fact_count, LASTING_FACTS);
	assert_true(again());
	stage_session_fact(FACT_REJECT, "CARD", HOURS(1));
	prepare(HOME, 1);
	assert_false(again());
	assert_false(keep());
}

static void too_many_facts_are_an_error_still(void **state)
{
	(void)state;
	open_bank();
	assert_true(lasts(HOME, 1));
	Fact *facts = ARENA_ARRAY(stage.arena, Fact, DECIDE_FACTS_MAX + 1);
	VisitorState *of = &asked.visitor.state;
	of->facts = of->session_facts = facts;
	of->fact_count = of->session_fact_count = DECIDE_FACTS_MAX;
	assert_true(again());
	of->fact_count++;
	assert_false(again());
	of->fact_count--;
	of->session_fact_count++;
	assert_false(again());
	assert_int_equal(
	        decide(stage.plan, &asked.visitor, &asked.request, stage.arena, &asked.decision), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(with_the_facts_that_may_count),
	        STAGE_TEST(until_a_fact_begins_or_ceases_to_count),
	        STAGE_TEST(until_a_period_ends),
	        STAGE_TEST(few_facts_are_remembered),
	        STAGE_TEST(too_many_facts_are_an_error_still),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
