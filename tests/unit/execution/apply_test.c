// Executing: each effect becomes history once, whoever dies between two batches or within one, and however
// many design servers are at it.
#include "desk.h"

#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

// More than two batches, whose ends lie within effects.
enum { VISITS = 1500, RECORDS = VISITS * ENTRIES };

static int set_up(void **state)
{
	(void)state;
	desk_reset();
	return 0;
}

static Sample *ready(Visits visits)
{
	Sample *sample = desk_sample(visits);
	bool any;
	desk_prepare(sample);
	assert_int_equal(desk_execute(sample, NULL), OK);
	assert_int_equal(check_one(&desk.executions, &any), OK);
	assert_int_equal(desk_get(sample)->state, PLAN_STATE(EXECUTING));
	return sample;
}

// All tables have exactly what the visits put there, in the name of the plan.
static void check_history(const Sample *sample, int visits)
{
	const char *source = desk_get(sample)->source;
	const char *of = arena_printf(desk.arena,
	        "runtime_id = '%s' AND snapshot_version = 3 AND environment = 'production'", source);
	assert_int_equal(
	        desk_ask(arena_printf(desk.arena, "SELECT count(*) FROM session_history WHERE %s", of)),
	        2 * visits);
	assert_int_equal(
	        desk_ask(arena_printf(desk.arena, "SELECT count(*) FROM contact_history WHERE %s", of)),
	        visits);
	assert_int_equal(desk_ask("SELECT count(*) FROM contact_history"), visits);
	assert_int_equal(desk_ask("SELECT count(DISTINCT event_id) FROM contact_history"), visits);
	assert_int_equal(desk_ask("SELECT count(DISTINCT audience_id) FROM contact_history"), visits);
	assert_int_equal(
	        desk_ask("SELECT count(DISTINCT sequence) FROM (SELECT sequence FROM session_history "
	                 "UNION ALL SELECT sequence FROM contact_history) h"),
	        visits * ENTRIES);
	assert_int_equal(desk_ask("SELECT count(*) FROM visitor_effect WHERE kind = 'contact'"), visits);
	assert_int_equal(desk_ask("SELECT count(DISTINCT event_id) FROM visitor_effect"), visits);
}

static void an_execution_happens_once(void **state)
{
	Sample *sample = desk_sample((Visits){.first = 1, .count = VISITS, .seed = 1});
	static const char audited[] =
	        "SELECT count(*) FROM audit WHERE kind = 'Plan' AND action = 'executed'";
	int64_t before = desk_ask(audited);
	SubmittedPlan *plan;
	(void)state;
	desk_carry_out(sample);
	check_history(sample, VISITS);
	plan = desk_get(sample);
	assert_int_equal(plan->done, VISITS);
	assert_int_equal(plan->records, RECORDS);
	assert_string_equal(plan->executed_by, "carl");
	assert_int_equal(desk_ask("SELECT count(*) FROM plan_piece"), 0);
	assert_int_equal(desk_execute(sample, &plan), OK);
	assert_true(plan->unchanged);
	desk_work();
	check_history(sample, VISITS);
	assert_int_equal(
	        desk_submit("dora", sample, NULL), ERR_PLAN_STATE); // its effects are wanted by nobody
	assert_int_equal(desk_begin("dora", sample, &plan), OK);
	assert_true(plan->unchanged);
	assert_int_equal(desk_ask(audited), before + 1);
}

static void runtime_servers_are_told(void **state)
{
	Sample *sample = desk_sample((Visits){.first = 1, .count = 3, .seed = 1});
	SubmittedPlan *plan;
	(void)state;
	desk_carry_out(sample);
	plan = desk_get(sample);
	assert_int_equal(plan->servers, 1);
	assert_int_equal(plan->servers_told, 0);
	desk_do("INSERT INTO visitor_effect_place SELECT 'production', 'production-1', max(id) - 1, "
	        "now() FROM visitor_effect");
	assert_int_equal(desk_get(sample)->servers_told, 0);
	desk_do("UPDATE visitor_effect_place SET place = place + 1");
	assert_int_equal(desk_get(sample)->servers_told, 1);
}

// Each batch by another process, which has read nothing before.
static void whoever_dies_another_goes_on_with_the_very_batch(void **state)
{
	Sample *sample = ready((Visits){.first = 1, .count = VISITS, .seed = 1});
	static const int done[] = {666, 1333, 1500}, entry[] = {2, 1, 0};
	bool any = true;
	(void)state;
	for (size_t batch = 0; batch < ARRAY_COUNT(done); batch++) {
		Pieces pieces = {0};
		assert_int_equal(apply_one(&desk.executions, &pieces, &any), OK);
		assert_true(any);
		assert_int_equal(desk_get(sample)->done, done[batch]);
		assert_int_equal(desk_ask("SELECT entry FROM plan"), entry[batch]);
		assert_int_equal(desk_ask("SELECT (SELECT count(*) FROM session_history) + (SELECT "
		                          "count(*) FROM contact_history)"),
		        batch == 2 ? RECORDS : (int64_t)(batch + 1) * BATCH_RECORDS);
		pieces_clear(&pieces);
	}
	desk_work();
	assert_int_equal(desk_get(sample)->state, PLAN_STATE(EXECUTED));
	check_history(sample, VISITS);
}

static void a_batch_that_fails_did_nothing_and_is_done_again(void **state)
{
	Sample *sample = ready((Visits){.first = 1, .count = VISITS, .seed = 1});
	Pieces pieces = {0};
	bool any;
	(void)state;
	assert_int_equal(apply_one(&desk.executions, &pieces, &any), OK);
	desk_do("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
	        "''disk full''; END';"
	        "CREATE TRIGGER fail BEFORE INSERT ON visitor_effect FOR EACH ROW WHEN "
	        "(new.audience_id = '1200') EXECUTE FUNCTION fail()");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apply_one(&desk.executions, &pieces, &any), ERR_DB_FAILED);
		assert_int_equal(desk_get(sample)->done, 666);
		assert_int_equal(desk_ask("SELECT count(*) FROM visitor_effect"), 667);
		assert_int_equal(desk_ask("SELECT count(*) FROM contact_history"), 667);
	}
	desk_do("DROP TRIGGER fail ON visitor_effect; DROP FUNCTION fail");
	do
		assert_int_equal(apply_one(&desk.executions, &pieces, &any), OK);
	while (any);
	pieces_clear(&pieces);
	desk_work();
	check_history(sample, VISITS);
}

static void several_design_servers_share_the_work(void **state)
{
	Sample *sample = ready((Visits){.first = 1, .count = VISITS, .seed = 1});
	Pieces pieces[2] = {0};
	bool any = true;
	(void)state;
	for (size_t turn = 0; any; turn++)
		assert_int_equal(apply_one(&desk.executions, &pieces[turn % 2], &any), OK);
	pieces_clear(&pieces[0]);
	pieces_clear(&pieces[1]);
	desk_work();
	check_history(sample, VISITS);
}

static void ids_of_the_source_stay_and_own_ones_are_named_after_the_plan(void **state)
{
	Sample *own = desk_sample((Visits){.first = 1, .count = 2, .seed = 1});
	Sample *till = desk_sample((Visits){.first = 11, .count = 2, .seed = 2, .events = "till-"});
	(void)state;
	desk_carry_out(own);
	desk_carry_out(till);
	const char *source = desk_get(own)->source;
	assert_int_equal(
	        desk_ask(arena_printf(desk.arena,
	                "SELECT count(*) FROM contact_history WHERE event_id = '~%s:event-1'", source)),
	        1);
	assert_int_equal(
	        desk_ask("SELECT count(*) FROM contact_history WHERE event_id IN ('till-11', 'till-12')"), 2);
	assert_int_equal(
	        desk_ask("SELECT count(*) FROM event_dedupe WHERE event_id IN ('till-11', 'till-12')"), 2);
}

static void the_erased_are_passed_by(void **state)
{
	Sample *sample = desk_sample((Visits){.first = 1, .count = 3, .seed = 1});
	(void)state;
	desk_do("INSERT INTO erasure (environment, audience_level, audience_id, digest, reason, "
	        "requested_by, requested)"
	        " VALUES ('production', 'customer', '2', visitor_digest('production', 'customer', "
	        "'2'), '', 'carl', now())");
	desk_carry_out(sample);
	assert_int_equal(desk_ask("SELECT count(*) FROM contact_history WHERE audience_id = '2'"), 0);
	assert_int_equal(desk_ask("SELECT count(*) FROM visitor_effect WHERE audience_id = '2'"), 0);
	assert_int_equal(desk_ask("SELECT count(*) FROM contact_history"), 2);
}

// The thread itself: it is woken, it ends behind the batch that it is at, and another one goes on.
static void the_thread_does_it_and_the_next_one_goes_on(void **state)
{
	Sample *sample = desk_sample((Visits){.first = 1, .count = VISITS, .seed = 1});
	Executions *executions;
	(void)state;
	desk_prepare(sample);
	assert_int_equal(desk_execute(sample, NULL), OK);
	assert_int_equal(executions_new(&desk.services, &desk.environments, &executions), OK);
	while (desk_get(sample)->done == 0)
		usleep(2000);
	executions_free(executions);
	assert_int_equal(executions_new(&desk.services, &desk.environments, &executions), OK);
	while (desk_get(sample)->state != PLAN_STATE(EXECUTED))
		usleep(2000);
	executions_free(executions);
	check_history(sample, VISITS);
}

int apply_tests(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	        T(an_execution_happens_once),
	        T(runtime_servers_are_told),
	        T(whoever_dies_another_goes_on_with_the_very_batch),
	        T(a_batch_that_fails_did_nothing_and_is_done_again),
	        T(several_design_servers_share_the_work),
	        T(ids_of_the_source_stay_and_own_ones_are_named_after_the_plan),
	        T(the_erased_are_passed_by),
	        T(the_thread_does_it_and_the_next_one_goes_on),
	};
	return cmocka_run_group_tests_name("plans that are executed", tests, NULL, NULL);
}
