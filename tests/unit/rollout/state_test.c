// The deployments' machine: every state with every event, and what moving one leaves in the database.
#include "base/arena.h"
#include "base/cleanup.h"
#include "lib/postgres.h"
#include "rollout/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S(name) PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_##name

enum { NO = 0, WAIT_MS = 20000 };

// A row a state; the events in the order of StateEvent: approved, cancelled, overtaken, all run, lagging,
// paused, resumed, returned, followed, rolled back, undeployed.
enum {
	A = S(AWAITING_APPROVAL),
	R = S(ROLLING_OUT),
	C = S(COMPLETE),
	I = S(INCOMPLETE),
	P = S(PAUSED),
	T = S(RETURNED),
	U = S(SUPERSEDED),
	X = S(CANCELLED),
	B = S(ROLLED_BACK),
	D = S(UNDEPLOYED),
};
static const struct {
	int from;
	int to[STATE_EVENTS];
} expected[] = {
        {A, {R, X, X, NO, NO, NO, NO, NO, NO, NO, NO}},
        {R, {R, NO, NO, C, I, P, R, T, U, B, D}},
        {C, {C, NO, NO, C, I, NO, NO, NO, U, B, D}},
        {I, {I, NO, NO, C, I, P, I, T, U, B, D}},
        {P, {P, NO, NO, NO, NO, P, R, T, U, B, D}},
        {T, {NO, NO, NO, NO, NO, NO, NO, T, T, T, T}},
        {U, {NO, NO, NO, NO, NO, NO, NO, NO, U, U, U}},
        {B, {NO, NO, NO, NO, NO, NO, NO, NO, B, B, B}},
        {D, {NO, NO, NO, NO, NO, NO, NO, NO, D, D, D}},
        {X, {NO, X, X, NO, NO, NO, NO, NO, NO, NO, NO}},
};

static void every_state_with_every_event(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_COUNT(expected), S(UNDEPLOYED));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
		for (int event = 0; event < STATE_EVENTS; event++) {
			DeploymentState to = 0;
			Err e = state_next((DeploymentState)expected[i].from, (StateEvent)event, &to);
			if (expected[i].to[event] == NO) {
				assert_int_equal(e, ERR_DEPLOYMENT_STATE);
				assert_non_null(strstr(err_detail()->message, "cannot "));
				assert_non_null(strchr(err_detail()->message, ':'));
				continue;
			}
			assert_int_equal(e, OK);
			assert_int_equal(to, expected[i].to[event]);
		}
}

static void refusals_say_what_can_be_done(void **state)
{
	(void)state;
	DeploymentState to;
	assert_int_equal(state_next(S(COMPLETE), EVENT_RETURNED, &to), ERR_DEPLOYMENT_STATE);
	assert_non_null(strstr(err_detail()->message, "parley rollback"));
	assert_int_equal(state_next(S(ROLLING_OUT), EVENT_CANCELLED, &to), ERR_DEPLOYMENT_STATE);
	assert_non_null(strstr(err_detail()->message, "parley rollout undo"));
	assert_int_equal(state_next(S(UNSPECIFIED), EVENT_APPROVED, &to), ERR_INTERNAL);
	assert_int_equal(state_next((DeploymentState)99, EVENT_APPROVED, &to), ERR_INTERNAL);
}

static TestPostgres postgres;

static int64_t ask(Pg *pg, const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	assert_int_equal(pg_query(pg, WAIT_MS, sql, NULL, 0, &result), OK);
	return pg_i64(result, 0, 0);
}

static void a_move_is_kept_and_audited(void **state)
{
	(void)state;
	int applied;
	CLEANUP(pg_closep) Pg *pg = NULL;
	assert_int_equal(store_migrate(postgres.conninfo, &applied), OK);
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &pg), OK);
	assert_int_equal(
	        pg_script(pg, WAIT_MS,
	                "INSERT INTO deployment (environment, channel, epoch, version, fleet, length, "
	                "manifest, "
	                "envelope, author, comment, promoted_from, request_id, created, expires, state, "
	                "undeploy) "
	                "VALUES ('test', 'bank', 1, 1, 'main', 0, sha256(''), '', 'dora', '', '', '', now(), "
	                "now(), 5, true)"),
	        OK);
	int64_t id = ask(pg, "SELECT id FROM deployment");
	DeploymentState to;
	assert_int_equal(state_move(pg, id + 1, EVENT_APPROVED, STR("dora"), STR(""), 1, &to),
	        ERR_DEPLOYMENT_NOT_FOUND);
	assert_int_equal(
	        state_move(pg, id, EVENT_ALL_RUN, STR("dora"), STR(""), 1, &to), ERR_DEPLOYMENT_STATE);
	assert_non_null(strstr(err_detail()->message, "bank in test, version 1"));
	assert_int_equal(state_move(pg, id, EVENT_APPROVED, STR("dora"), STR("signed"), 1, &to), OK);
	assert_int_equal(to, S(ROLLING_OUT));
	assert_int_equal(
	        ask(pg, "SELECT state FROM deployment WHERE released IS NOT NULL AND ended IS NULL"), R);
	assert_int_equal(
	        ask(pg, "SELECT count(*) FROM audit WHERE action = 'approve' AND actor = 'dora'"), 1);
	assert_int_equal(state_move(pg, id, EVENT_APPROVED, STR("dora"), STR("again"), 2, &to), OK);
	assert_int_equal(ask(pg, "SELECT count(*) FROM audit WHERE action = 'approve'"), 1);
	assert_int_equal(state_move(pg, id, EVENT_ALL_RUN, STR("controller"), STR(""), 3, &to), OK);
	assert_int_equal(ask(pg, "SELECT state FROM deployment WHERE ended IS NOT NULL"), C);
}

// What pending changes are compared with goes back with the servers.
static void what_is_undone_leaves_the_build_before(void **state)
{
	(void)state;
	int applied;
	CLEANUP(pg_closep) Pg *pg = NULL;
	assert_int_equal(store_migrate(postgres.conninfo, &applied), OK);
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &pg), OK);
	assert_int_equal(
	        pg_script(pg, WAIT_MS,
	                "INSERT INTO build (channel, digest, items, marks, author, created)"
	                " SELECT 'shop', sha256(''), '{}', '{}', 'dora', now() FROM generate_series(1, 2);"
	                "INSERT INTO deployment (environment, channel, epoch, version, fleet, length, "
	                "manifest,"
	                " envelope, author, comment, promoted_from, request_id, created, expires, state, "
	                "undeploy,"
	                " build, released) SELECT 'test', 'shop', 1, row_number() OVER (ORDER BY id), "
	                "'main', 0,"
	                " sha256(''), '', 'dora', '', '', '', now(), now(), 1, true, id, now() FROM build;"
	                "INSERT INTO rollout (deployment, steps, step, begun, kept)"
	                " SELECT id, 1, 1, now(), CASE version WHEN 1 THEN now() END FROM deployment"
	                " WHERE channel = 'shop';"
	                "INSERT INTO environment_build SELECT 'test', 'shop', max(id), now() FROM build"),
	        OK);
	int64_t newest = ask(pg, "SELECT max(id) FROM deployment WHERE channel = 'shop'");
	DeploymentState to;
	assert_int_equal(state_move(pg, newest, EVENT_RETURNED, STR("dora"), STR("slow"), 1, &to), OK);
	assert_int_equal(ask(pg, "SELECT build FROM environment_build WHERE channel = 'shop'"),
	        ask(pg, "SELECT min(id) FROM build"));
}

int main(void)
{
	test_postgres_start(&postgres);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_state_with_every_event),
	        cmocka_unit_test(refusals_say_what_can_be_done),
	        cmocka_unit_test(a_move_is_kept_and_audited),
	        cmocka_unit_test(what_is_undone_leaves_the_build_before),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_postgres_stop(&postgres);
	return failed;
}
