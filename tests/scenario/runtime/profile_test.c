// A real parley-runtime and a real profile database: visitors that are known, a database that is slow or
// away, and a server that is asked to stop in the middle of it. Profiles that must come have all the time
// that a busy machine may need; one that must not come yet is held by a lock of the test's.
#include "lib/postgres.h"
#include "pg/pg.h"
#include "process.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

enum { PATIENCE_S = 60, CALL_MS = 5000 };

static Home home;
static Client design, touchpoint;

static int set_up(void **state)
{
	(void)state;
	home_make(&home);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	home_remove(&home);
	return 0;
}

static void start(void)
{
	assert_int_equal(home_start(&home), -1);
	design = home_client(&home, "design");
	touchpoint = home_client(&home, "touchpoint");
}

static void drop_clients(void)
{
	client_free(&design);
	client_free(&touchpoint);
}

static void deploy_bank(void)
{
	must_deploy(&design, world_finish(world_bank(design.arena)), 1, NULL);
}

static void run_sql(const TestPostgres *postgres, const char *sql)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	assert_int_equal(pg_connect(postgres->conninfo, 20000, &pg), OK);
	assert_int_equal(pg_script(pg, 20000, sql), OK);
}

static void configure_patience(const TestPostgres *postgres, int timeout_s)
{
	char extra[512];
	snprintf(extra, sizeof extra, "profiles: {conninfo: \"%s\", timeout: %ds}\n", postgres->conninfo,
	        timeout_s);
	home_configure(&home, extra);
}

// --- customer 13, whose profile is slow ---

typedef struct Slow {
	pthread_t thread;
	Client client;
	atomic_bool over;
	StartSessionResponse *answer; // NULL: it failed
} Slow;

static void *start_slowly(void *context)
{
	Slow *slow = context;
	if (start_session(&slow->client, new_start(&slow->client, "slow", 13), &slow->answer) != OK)
		slow->answer = NULL;
	slow->over = true;
	return NULL;
}

static void slow_begin(Slow *slow)
{
	*slow = (Slow){.client = home_client(&home, "touchpoint")};
	assert_int_equal(pthread_create(&slow->thread, NULL, start_slowly, slow), 0);
}

static StartSessionResponse *slow_end(Slow *slow)
{
	pthread_join(slow->thread, NULL);
	assert_non_null(slow->answer);
	return slow->answer;
}

// Nobody reads the profile while the connection that is returned is open.
static Pg *hold_slow(const TestPostgres *postgres)
{
	Pg *pg = NULL;
	assert_int_equal(pg_connect(postgres->conninfo, PATIENCE_S * 1000, &pg), OK);
	assert_int_equal(pg_script(pg, PATIENCE_S * 1000, "SELECT pg_advisory_lock(13)"), OK);
	return pg;
}

// Until the runtime waits for it.
static void wait_for_held(Pg *pg)
{
	static const char sql[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
	for (int64_t waiting = 0; waiting == 0;) {
		CLEANUP(pg_result_freep) PgResult *result = NULL;
		assert_int_equal(pg_query(pg, PATIENCE_S * 1000, sql, NULL, 0, &result), OK);
		waiting = pg_i64(result, 0, 0);
	}
}

#define HELD_CUSTOMERS                                                                                       \
	"CREATE VIEW customers AS SELECT p.* FROM people p WHERE customer_id <> 13 OR "                      \
	"pg_advisory_xact_lock_shared(13) IS NOT NULL"
// They come in the end, but nobody waits for them that long.
#define SLEEPING_CUSTOMERS                                                                                   \
	"CREATE VIEW customers AS SELECT 13::bigint AS customer_id, 1 AS age, 1::float8 AS balance, "        \
	"''::text AS tier, NULL::text[] AS tags, NULL::date AS joined, NULL::float8 AS churn FROM "          \
	"pg_sleep(300)"

static void visitors_are_known_by_their_profiles(void **state)
{
	(void)state;
	TestPostgres postgres;
	test_postgres_start(&postgres);
	run_sql(&postgres, "CREATE TABLE people (customer_id bigint PRIMARY KEY, age int, balance numeric, "
	                   "tier text, tags text[],"
	                   " joined date, churn text);"
	                   "INSERT INTO people VALUES (7, 17, 20000, 'gold', '{a}', '2020-01-01', 'x'), (13, "
	                   "40, 0, 'basic', NULL, NULL,"
	                   " NULL);" HELD_CUSTOMERS);
	configure_patience(&postgres, PATIENCE_S);
	start();
	deploy_bank();
	StartSessionResponse *known = must_start(&touchpoint, "known", 7, NULL);
	assert_int_equal(known->n_segments, 2);
	assert_true(listed(known->segments, 2, "gold") && listed(known->segments, 2, "rich"));
	assert_true(ADVISED(known, "PROFILE_VALUE_REFUSED")); // churn is text there
	assert_non_null(strstr(known->advisories[0]->message, "churn"));
	StartSessionResponse *stranger = must_start(&touchpoint, "stranger", 8, NULL);
	assert_true(ADVISED(stranger, "PROFILE_NOT_FOUND"));
	assert_true(listed(stranger->segments, stranger->n_segments, "adults"));

	// While one profile takes its time, others are served.
	Slow slow;
	Pg *holder = hold_slow(&postgres);
	slow_begin(&slow);
	wait_for_held(holder);
	assert_int_equal(must_start(&touchpoint, "other", 7, NULL)->n_segments, 2);
	assert_false(slow.over);
	pg_close(holder);
	assert_int_equal(slow_end(&slow)->n_advisories, 0);
	client_free(&slow.client);

	test_postgres_halt(&postgres);
	StartSessionResponse *away = must_start(&touchpoint, "away", 7, NULL);
	assert_true(ADVISED(away, "PROFILE_UNAVAILABLE"));
	home_wait_log(&home, "profile database is away");
	drop_clients();
	assert_int_equal(home_stop(&home, SIGTERM), 0);
	start(); // with the database away
	assert_true(ADVISED(must_start(&touchpoint, "s1", 7, NULL), "PROFILE_UNAVAILABLE"));
	test_postgres_resume(&postgres);
	home_wait_log(&home, "profile database is back");
	assert_int_equal(must_start(&touchpoint, "s2", 7, NULL)->n_segments, 2);
	drop_clients();
	test_postgres_stop(&postgres);
}

static void a_session_is_handed_to_a_known_visitor(void **state)
{
	(void)state;
	TestPostgres postgres;
	SetAudienceResponse *changed = NULL;
	GetProfileResponse *profile = NULL;
	test_postgres_start(&postgres);
	run_sql(&postgres,
	        "CREATE TABLE people (customer_id bigint PRIMARY KEY, age int, balance numeric, tier text, "
	        "tags "
	        "text[], joined date, churn float8);"
	        "INSERT INTO people VALUES (7, 17, 20000, 'gold', '{a}', '2020-01-01', NULL), (8, 60, 1, "
	        "'basic', NULL, NULL, 0.5), "
	        "(13, 40, 0, 'basic', NULL, NULL, NULL);" HELD_CUSTOMERS);
	configure_patience(&postgres, PATIENCE_S);
	start();
	deploy_bank();
	must_start(&touchpoint, "s1", 7, string_value(&touchpoint, "tier", "silver"));
	assert_int_equal(set_audience(&touchpoint, new_audience(&touchpoint, "s1", 8), &changed), OK);
	assert_int_equal(changed->n_advisories, 0);
	assert_int_equal(changed->n_segments, 1); // an adult, and no longer rich
	assert_int_equal(get_profile(&touchpoint, "s1", &profile), OK);
	ProfileAttribute **attributes = profile->attributes;
	assert_int_equal(attributes[WORLD_AGE]->value->int_value, 60);
	assert_int_equal(attributes[WORLD_AGE]->source,
	        PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_PROFILE);
	assert_string_equal(attributes[WORLD_TIER]->value->string_value, "silver");
	assert_int_equal(attributes[WORLD_TIER]->source,
	        PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_SESSION);
	assert_null(attributes[WORLD_JOINED]->value); // the former visitor's is gone

	// In a batch, commands behind the profile wait for it.
	ExecuteBatchResponse *batched = NULL;
	ExecuteBatchRequest *batch = new_batch(&touchpoint, "s2");
	BATCH_ADD(batch, START_SESSION, new_start(&touchpoint, "s2", 7));
	BATCH_ADD(batch, GET_PROFILE,
	        (GetProfileRequest *)message_new(touchpoint.arena, MESSAGE_OF(get_profile_request)));
	BATCH_ADD(batch, SET_AUDIENCE, new_audience(&touchpoint, "s2", 8));
	BATCH_ADD(batch, GET_PROFILE,
	        (GetProfileRequest *)message_new(touchpoint.arena, MESSAGE_OF(get_profile_request)));
	assert_int_equal(execute_batch(&touchpoint, batch, &batched), OK);
	assert_int_equal(batched->results[1]->get_profile->attributes[WORLD_AGE]->value->int_value, 17);
	assert_int_equal(batched->results[3]->get_profile->attributes[WORLD_AGE]->value->int_value, 60);

	drop_clients();
	assert_int_equal(home_stop(&home, SIGTERM), 0);
	test_postgres_stop(&postgres);
}

static void a_profile_that_does_not_come_costs_a_time_out_and_nothing_else(void **state)
{
	(void)state;
	TestPostgres postgres;
	SetAudienceResponse *changed = NULL;
	GetProfileResponse *profile = NULL;
	test_postgres_start(&postgres);
	run_sql(&postgres, SLEEPING_CUSTOMERS);
	configure_patience(&postgres, 1);
	start();
	deploy_bank();
	must_start(&touchpoint, "s1", 7, NULL);
	assert_int_equal(set_audience(&touchpoint, new_audience(&touchpoint, "s1", 13), &changed), OK);
	assert_true(ADVISED(changed, "PROFILE_UNAVAILABLE"));
	assert_int_equal(get_profile(&touchpoint, "s1", &profile), OK);
	assert_string_equal(profile->audience_id, "13");
	assert_int_equal(profile->attributes[WORLD_AGE]->value->int_value, 30);
	assert_true(ADVISED(must_start(&touchpoint, "s2", 13, NULL), "PROFILE_UNAVAILABLE"));
	drop_clients();
	assert_int_equal(home_stop(&home, SIGTERM), 0);
	test_postgres_stop(&postgres);
}

static void call_in_time(const char *method, const ProtobufCMessage *request, void *ret)
{
	ProtobufCMessage *answer = NULL;
	Err e = rpc_call(touchpoint.rpc, &parley__runtime__v1__interaction_service__descriptor, method,
	        request, CALL_MS, touchpoint.arena, &answer);
	if (e != OK)
		fprintf(stderr, "%s: %s: %s\n", method, err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
	*(ProtobufCMessage **)ret = answer;
}

// The database would answer within the server's time-out, but not within the callers'.
static void a_profile_is_not_waited_for_longer_than_the_caller_waits(void **state)
{
	(void)state;
	TestPostgres postgres;
	test_postgres_start(&postgres);
	run_sql(&postgres, SLEEPING_CUSTOMERS);
	configure_patience(&postgres, PATIENCE_S);
	start();
	deploy_bank();
	StartSessionResponse *started = NULL;
	call_in_time("StartSession", &new_start(&touchpoint, "s1", 13)->base, &started);
	assert_true(ADVISED(started, "PROFILE_UNAVAILABLE"));
	SetAudienceResponse *changed = NULL;
	call_in_time("SetAudience", &new_audience(&touchpoint, "s1", 13)->base, &changed);
	assert_true(ADVISED(changed, "PROFILE_UNAVAILABLE"));
	RecommendResponse *recommended = NULL;
	call_in_time("Recommend", &new_recommend(&touchpoint, 13, "home-banner", 1)->base, &recommended);
	assert_true(ADVISED(recommended, "PROFILE_UNAVAILABLE"));
	assert_int_equal(recommended->n_points, 1); // decided on defaults, or at least default content
	drop_clients();
	assert_int_equal(home_stop(&home, SIGTERM), 0);
	test_postgres_stop(&postgres);
}

static void asked_to_stop_it_answers_what_it_has_begun(void **state)
{
	(void)state;
	TestPostgres postgres;
	test_postgres_start(&postgres);
	run_sql(&postgres, SLEEPING_CUSTOMERS);
	configure_patience(&postgres, 1);
	start();
	deploy_bank();
	Slow slow;
	slow_begin(&slow);
	GetStatusResponse *status = NULL;
	do {
		assert_int_equal(get_status(&design, &status), OK);
	} while (status->sessions == 0); // it has been let in
	kill(home.pid, SIGTERM);
	slow_end(&slow);
	int code = home_stop(&home, 0);
	assert_int_equal(code, 0);
	assert_true(home_logged(&home, "\"event\":\"stopped\""));
	client_free(&slow.client);
	drop_clients();
	test_postgres_stop(&postgres);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(visitors_are_known_by_their_profiles, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_session_is_handed_to_a_known_visitor, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_profile_that_does_not_come_costs_a_time_out_and_nothing_else, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_profile_is_not_waited_for_longer_than_the_caller_waits, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                asked_to_stop_it_answers_what_it_has_begun, set_up, tear_down),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime and profiles", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
