// Whether the world is as a plan took it to be: what stands in its way is told, nothing is changed by
// looking, and what is no obstacle is none.
#include "desk.h"

#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEW = 3, MANY = 1100, ANOTHER = 9 };

static int set_up(void **state)
{
	(void)state;
	desk_reset();
	return 0;
}

static const char *const caused =
        "SELECT (SELECT count(*) FROM contact_history WHERE runtime_id ~ '^plan:') + "
        "(SELECT count(*) FROM session_history) + (SELECT count(*) FROM visitor_effect)";

static SubmittedPlan *try(const Sample *sample)
{
	if (desk_execute(sample, NULL) != OK)
		fail_msg("%s", err_detail()->message);
	desk_work();
	return desk_get(sample);
}

// The plan is refused with these words, and what it would have caused is not there.
static SubmittedPlan *refused(const Sample *sample, const char *reason)
{
	int64_t before = desk_ask(caused);
	SubmittedPlan *plan = try(sample);
	if (plan->state != PLAN_STATE(REFUSED) || !strstr(plan->reason, reason))
		fail_msg("the plan is %s: '%s' does not say '%s'", plan_state_name(plan->state), plan->reason,
		        reason);
	assert_int_equal(desk_ask(caused), before);
	return plan;
}

static void executed(const Sample *sample)
{
	SubmittedPlan *plan = try(sample);
	if (plan->state != PLAN_STATE(EXECUTED))
		fail_msg("the plan is %s: %s", plan_state_name(plan->state), plan->reason);
}

static void moved(
        const SubmittedPlan *plan, size_t at, const char *what, const char *subject, const char *detail)
{
	assert_true(at < plan->n_moved);
	assert_string_equal(plan->moved[at]->what, what);
	assert_string_equal(plan->moved[at]->subject, subject);
	if (!strstr(plan->moved[at]->detail, detail))
		fail_msg("'%s' does not say '%s'", plan->moved[at]->detail, detail);
}

static Sample *prepared(Visits visits)
{
	Sample *sample = desk_sample(visits);
	desk_prepare(sample);
	return sample;
}

// --- the snapshot ---

static void the_plans_snapshot_has_to_run_on_every_server(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	(void)state;
	desk_do("TRUNCATE deployment CASCADE");
	moved(refused(sample, "does not run the plan's snapshot"), 0, "snapshot", "bank",
	        "does not run the channel");
	desk_deploy(4, ANOTHER, true);
	moved(refused(sample, "does not run the plan's snapshot"), 0, "snapshot", "bank",
	        "version 4 runs, which is another snapshot than the plan's");
	desk_deploy(5, SNAPSHOT, false);
	moved(refused(sample, "does not run the plan's snapshot"), 0, "snapshot", "bank",
	        "version 5 is not running on every server yet");
	desk_do("UPDATE deployment SET completed = now(), state = 3");
	executed(sample);
	assert_int_equal(desk_ask("SELECT sum(snapshot_version) FROM contact_history"), 5 * FEW);
}

// --- visitors ---

// A row of a history, of customer 2, with `more` columns and their values.
static void happened(const char *table, int64_t time_us, const char *columns, const char *values)
{
	const char *time = arena_printf(
	        desk.arena, "'epoch'::timestamptz + %lld * interval '1 microsecond'", (long long)time_us);
	desk_do(arena_printf(desk.arena,
	        "SELECT history_month_make(%s);"
	        "INSERT INTO %s (time, incarnation, sequence, position, environment, "
	        "runtime_id, channel,"
	        " audience_level, audience_id%s) VALUES (%s, 1, (SELECT count(*) FROM %s), 0, "
	        "'production', 'rt-1',"
	        " 'bank', 'customer', '2'%s)",
	        time, table, columns, time, table, values));
}

#define EVENT_COLUMNS                                                                                        \
	", snapshot_version, session_id, snapshot_digest, event_id, event, category, interaction_point, "    \
	"zone, "                                                                                             \
	"treatment_code, offer_code, treatment_rule, segment, campaign, cell, cause_event_id, "              \
	"treatment_audience_level, treatment_audience_id"
#define EVENT_VALUES ", 3, 's', '', 'e', 'shown', '', '', '', '', 'GOLD', '', '', '', '', '', '', ''"

static void forget(void)
{
	desk_do("TRUNCATE contact_history, response_history, event_history, effect_history");
}

static void who_is_not_as_the_plan_took_him_to_be_is_told(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	int64_t time = visit_us(-86400);
	(void)state;
	happened("contact_history", time, EVENT_COLUMNS, EVENT_VALUES);
	SubmittedPlan *plan =
	        refused(sample, "1 of its visitors are not as it took them to be (nothing known of them)");
	assert_int_equal(plan->n_moved, 1);
	moved(plan, 0, "visitor", "customer 2", "a contact at 2026-05-16T08:00:00Z, by rt-1");
	forget();
	happened("response_history", time, EVENT_COLUMNS ", response", EVENT_VALUES ", 'accept'");
	moved(refused(sample, "1 of its visitors"), 0, "visitor", "customer 2", "an accept at ");
	forget();
	happened("event_history", time, EVENT_COLUMNS ", effects", EVENT_VALUES ", '\\x01'");
	moved(refused(sample, "1 of its visitors"), 0, "visitor", "customer 2", "an event with effects at ");
	forget();
	happened("effect_history", time, ", event_id, what, effects", ", 'e', 'brought', '\\x01'");
	moved(refused(sample, "1 of its visitors"), 0, "visitor", "customer 2",
	        "what happened elsewhere, told at ");
	forget();
	happened("effect_history", time, ", event_id, what, effects", ", 'e', 'response', '\\x01'");
	moved(refused(sample, "1 of its visitors"), 0, "visitor", "customer 2",
	        "a response without a session at ");
	forget();
	executed(sample);
}

static void what_says_nothing_of_a_plans_visitors_is_no_obstacle(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	int64_t time = visit_us(0);
	(void)state;
	happened("event_history", time, EVENT_COLUMNS, EVENT_VALUES); // it did nothing to him
	happened("effect_history", time, ", event_id, what, effects", ", 'e', 'repeated', '\\x01'");
	happened("contact_history", time, EVENT_COLUMNS, EVENT_VALUES);
	desk_do("UPDATE contact_history SET environment = 'test'");
	happened("contact_history", time, EVENT_COLUMNS, EVENT_VALUES);
	desk_do("UPDATE contact_history SET channel = 'shop' WHERE environment <> 'test'");
	happened("contact_history", time, EVENT_COLUMNS, EVENT_VALUES);
	desk_do("UPDATE contact_history SET audience_level = 'household' WHERE channel = 'bank' AND "
	        "environment <> 'test'");
	happened("contact_history", time, EVENT_COLUMNS, EVENT_VALUES);
	desk_do("UPDATE contact_history SET audience_id = '22' WHERE audience_level = 'customer' AND "
	        "channel = 'bank'"
	        " AND environment <> 'test'");
	executed(sample);
}

static void visitor_state_bears_what_was_before_its_moment(void **state)
{
	int64_t moment = visit_us(-3600);
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1, .begins_us = moment});
	(void)state;
	happened("contact_history", moment - 1, EVENT_COLUMNS, EVENT_VALUES);
	happened("contact_history", moment, EVENT_COLUMNS, EVENT_VALUES);
	moved(refused(sample, "1 of its visitors are not as it took them to be at 2026-05-17T07:00:00Z"), 0,
	        "visitor", "customer 2", "a contact at 2026-05-17T07:00:00Z, by rt-1");
	forget();
	happened("contact_history", moment - 1, EVENT_COLUMNS, EVENT_VALUES);
	executed(sample);
}

// Rows of a plan are as old as its events, so by their times alone they would seem to be known.
static void a_plan_that_was_executed_since_is_not_in_visitor_state(void **state)
{
	Sample *first = desk_sample((Visits){.first = 2, .count = 1, .seed = 1});
	Sample *second =
	        desk_sample((Visits){.first = 1, .count = FEW, .seed = 2, .begins_us = visit_us(100)});
	(void)state;
	desk_carry_out(first);
	desk_prepare(second);
	const char *by = arena_printf(
	        desk.arena, "a contact at 2026-05-17T08:00:02Z, by plan:%.16s", desk_get(first)->digest);
	moved(refused(second, "1 of its visitors"), 0, "visitor", "customer 2", by);
	Sample *third = prepared((Visits){.first = 1, .count = FEW, .seed = 3, .begins_us = desk.now_us + 1});
	executed(third);
}

static void of_many_the_first_are_told_and_all_are_counted(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = MANY, .seed = 1});
	(void)state;
	happened("contact_history", visit_us(0), EVENT_COLUMNS, EVENT_VALUES);
	desk_do("UPDATE contact_history SET audience_id = '1100'"); // the last one that is asked about
	moved(refused(sample, "1 of its visitors"), 0, "visitor", "customer 1100", "a contact");
	desk_do("INSERT INTO contact_history SELECT (c).* FROM (SELECT jsonb_populate_record(h,"
	        " jsonb_build_object('audience_id', n::text, 'sequence', n)) AS c FROM contact_history h,"
	        " generate_series(201, 950) n) x");
	SubmittedPlan *plan = refused(sample, "751 of its visitors");
	assert_int_equal(plan->n_moved, MOVED_MAX);
}

// --- events and seeds ---

static void an_event_that_happened_already_is_told(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1, .events = "till-"});
	(void)state;
	desk_do("INSERT INTO event_dedupe VALUES ('test', 'till-1', now()), ('production', 'till-3', now())");
	SubmittedPlan *plan = refused(sample, "1 of its events have happened already");
	assert_int_equal(plan->n_moved, 1);
	moved(plan, 0, "event", "till-3", "the history has it already");
	desk_do("INSERT INTO event_dedupe VALUES ('production', 'event-1', now()); DELETE FROM "
	        "event_dedupe WHERE event_id = 'till-3'");
	executed(sample);
}

static void a_seed_is_used_once(void **state)
{
	Sample *first = desk_sample((Visits){.first = 1, .count = FEW, .seed = 1});
	Sample *second = desk_sample((Visits){.first = 11, .count = FEW, .seed = 1});
	(void)state;
	desk_carry_out(first);
	desk_prepare(second);
	moved(refused(second, "a plan of the same seed was executed: give another"), 0, "seed",
	        arena_printf(desk.arena, "plan:%.16s", desk_get(first)->digest),
	        "was made with the same seed");
}

// --- what was approved ---

static void what_is_not_what_was_approved_is_never_executed(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	(void)state;
	desk_do("UPDATE plan_piece SET content = overlay(content PLACING 'GILD'::bytea FROM "
	        "position('GOLD'::bytea IN content))");
	refused(sample, "are not those of the plan's digest");
	desk_do("UPDATE plan_piece SET content = overlay(content PLACING 'GOLD'::bytea FROM "
	        "position('GILD'::bytea IN content)),"
	        " start = 1");
	refused(sample, "are not those of the plan's digest");
	desk_do("UPDATE plan_piece SET start = 0");
	desk_do("UPDATE plan_piece SET content = substr(content, 1, length(content) - 1)");
	refused(sample, "end in the middle");
	assert_int_equal(desk_ask("SELECT count(*) FROM plan WHERE state = 'refused'"), 1);
}

static void an_approval_that_is_lost_while_it_waits_for_its_check_counts_no_more(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	bool any;
	(void)state;
	assert_int_equal(desk_execute(sample, NULL), OK);
	desk_do("DELETE FROM plan_approval WHERE approver = 'ben'");
	assert_int_equal(check_one(&desk.executions, &any), OK);
	SubmittedPlan *plan = desk_get(sample);
	assert_int_equal(plan->state, PLAN_STATE(REFUSED));
	assert_non_null(strstr(plan->reason, "1 of the 2 approvals"));
}

static void effects_of_something_else_cannot_be_history(void **state)
{
	Sample *other = prepared((Visits){.first = 1, .count = FEW, .seed = 1, .channel = "shop"});
	Sample *newer = prepared((Visits){.first = 1, .count = FEW, .seed = 2, .snapshot = ANOTHER});
	Sample *fewer = desk_sample((Visits){.first = 1, .count = FEW, .seed = 3});
	(void)state;
	fewer->effects++;
	desk_prepare(fewer);
	refused(other, "effects of event 0 cannot be history: it is of another channel than the plan");
	refused(newer, "effects of event 0 cannot be history: it is of another snapshot than the plan's");
	refused(fewer, "are not those of the plan's digest");
}

// --- looking on ---

static void *check(void *ret)
{
	bool any;
	*(Err *)ret = check_one(&desk.executions, &any);
	return NULL;
}

static void how_far_a_check_is_can_be_seen(void **state)
{
	Sample *sample = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	pthread_t thread;
	Err result;
	(void)state;
	assert_int_equal(desk_execute(sample, NULL), OK);
	desk_do("BEGIN; LOCK TABLE contact_history"); // what visitors did cannot be looked up
	assert_int_equal(pthread_create(&thread, NULL, check, &result), 0);
	while (desk_get(sample)->checked != FEW)
		usleep(2000);
	assert_int_equal(desk_get(sample)->state, PLAN_STATE(CHECKING));
	desk_do("COMMIT");
	pthread_join(thread, NULL);
	assert_int_equal(result, OK);
	assert_int_equal(desk_get(sample)->state, PLAN_STATE(EXECUTING));
	assert_int_equal(desk_get(sample)->checked, 0);
}

// --- turns ---

static void plans_of_a_channel_take_turns(void **state)
{
	Sample *first = prepared((Visits){.first = 1, .count = FEW, .seed = 1});
	Sample *second = prepared((Visits){.first = 1, .count = FEW, .seed = 2});
	bool any;
	(void)state;
	assert_int_equal(desk_execute(first, NULL), OK);
	assert_int_equal(check_one(&desk.executions, &any), OK);
	assert_int_equal(desk_execute(second, NULL), OK);
	assert_int_equal(check_one(&desk.executions, &any), OK);
	assert_false(any); // the first one is being executed
	desk_work();
	assert_int_equal(desk_get(first)->state, PLAN_STATE(EXECUTED));
	assert_int_equal(desk_get(second)->n_moved, FEW);
}

int world_tests(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	        T(the_plans_snapshot_has_to_run_on_every_server),
	        T(who_is_not_as_the_plan_took_him_to_be_is_told),
	        T(what_says_nothing_of_a_plans_visitors_is_no_obstacle),
	        T(visitor_state_bears_what_was_before_its_moment),
	        T(a_plan_that_was_executed_since_is_not_in_visitor_state),
	        T(of_many_the_first_are_told_and_all_are_counted),
	        T(an_event_that_happened_already_is_told),
	        T(a_seed_is_used_once),
	        T(what_is_not_what_was_approved_is_never_executed),
	        T(an_approval_that_is_lost_while_it_waits_for_its_check_counts_no_more),
	        T(effects_of_something_else_cannot_be_history),
	        T(how_far_a_check_is_can_be_seen),
	        T(plans_of_a_channel_take_turns),
	};
	return cmocka_run_group_tests_name("plans and the world", tests, NULL, NULL);
}
