// A profile database that is slow, hung, away or back again. No load may take much longer than its time-out,
// whatever the database does.
#include "fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

// --- a query that the test holds up ---

static Pg *holder;

static void hold(void)
{
	assert_int_equal(pg_connect(postgres.conninfo, PATIENCE_MS, &holder), OK);
	assert_int_equal(pg_script(holder, PATIENCE_MS, "SELECT pg_advisory_lock(1)"), OK);
}

// What was held goes on.
static void let_go(void)
{
	pg_close(holder);
	holder = NULL;
}

static int set_up_tables(void **state)
{
	(void)state;
	test_postgres_start(&postgres);
	set_up(state);
	run_sql("CREATE TABLE quick (id int PRIMARY KEY, points int); INSERT INTO quick VALUES (1, 5);"
	        "CREATE VIEW held AS SELECT id, points FROM quick, pg_advisory_xact_lock_shared(1)");
	tear_down(state);
	return 0;
}

static int stop_postgres(void **state)
{
	(void)state;
	test_postgres_stop(&postgres);
	return 0;
}

// Each ends when it is due: not before, and afterwards as soon as the machine gets round to it. How soon is
// counted in naps that the test takes meanwhile, all loads together: a busy machine makes these longer, too.
static void assert_end_when_due(Load *const *loads, size_t count, int timeout_ms)
{
	enum { NAPS = 25, NAP_US = 20000 };
	int naps = 0;
	for (size_t i = 0; i < count; i++) {
		Load *load = loads[i];
		int64_t due_us = load->request.deadline_us, span_us = timeout_ms * US_PER_MS;
		if (load->request.until_us)
			assert_int_equal(due_us, load->request.until_us);
		else
			assert_in_range(due_us, load->began_us + span_us, load->returned_us + span_us);
		while (monotonic_us() < due_us)
			usleep(1000);
		for (; !load->over && naps < NAPS; naps++)
			usleep(NAP_US);
		assert_true(load->over);
		assert_int_equal(end_load(load)->outcome, PROFILE_UNAVAILABLE);
		assert_true(load->ended_us > due_us - US_PER_MS); // statements have whole milliseconds
	}
}

static void a_slow_query_holds_up_nobody(void **state)
{
	(void)state;
	Profile *profile = new_profile((ProfileOptions){0});
	const ProfileQuery *held = simple_query("held"), *quick = simple_query("quick");
	hold();
	Load *waiting = begin_load(profile, held, expr_int(1), expr_null());
	assert_outcome(profile, quick, 1, PROFILE_LOADED);
	assert_false(waiting->over);
	let_go();
	const ProfileRequest *request = end_load(waiting);
	assert_int_equal(request->outcome, PROFILE_LOADED);
	forget(request);
	profile_free(profile);
}

static void a_slow_query_ends_in_time(void **state)
{
	(void)state;
	Profile *profile = new_profile((ProfileOptions){0});
	const ProfileQuery *held = simple_query("held"), *quick = simple_query("quick");
	assert_outcome(profile, quick, 1, PROFILE_LOADED);
	hold();
	Load *load =
	        begin_load_until(profile, held, expr_int(1), expr_null(), monotonic_us() + 400 * US_PER_MS);
	assert_end_when_due(&load, 1, 0);
	assert_outcome(profile, quick, 1, PROFILE_LOADED);
	let_go();
	forget(&load->request);
	profile_free(profile);
}

static void busy_connections_do_not_stretch_the_time_out(void **state)
{
	(void)state;
	enum { LOADS = 20 };
	Profile *profile = new_profile((ProfileOptions){.timeout_ms = 300});
	const ProfileQuery *held = simple_query("held");
	Load *loads[LOADS];
	hold();
	for (int i = 0; i < LOADS; i++)
		loads[i] = begin_load(profile, held, expr_int(1), expr_null());
	assert_end_when_due(loads, LOADS, 300);
	let_go();
	for (int i = 0; i < LOADS; i++)
		forget(&loads[i]->request);
	profile_free(profile);
}

// One connection, which has a query that is held up: the others wait in the queue, whoever came first.
static void who_is_in_a_hurry_waits_no_longer(void **state)
{
	(void)state;
	Profile *profile = new_profile((ProfileOptions){.connections = 1});
	const ProfileQuery *held = simple_query("held");
	Load *loads[4];
	int64_t now_us = monotonic_us();
	const int64_t until_us[] = {0, 0, now_us + 500 * US_PER_MS, now_us - 1};
	hold();
	for (int i = 0; i < 4; i++)
		loads[i] = begin_load_until(profile, held, expr_int(1), expr_null(), until_us[i]);
	assert_true(loads[3]->at_once); // it had no time at all
	assert_int_equal(loads[3]->request.outcome, PROFILE_UNAVAILABLE);
	assert_end_when_due(&loads[2], 1, 0);
	assert_false(loads[0]->over || loads[1]->over);
	let_go();
	for (int i = 0; i < 2; i++)
		assert_int_equal(end_load(loads[i])->outcome, PROFILE_LOADED);
	for (int i = 0; i < 4; i++)
		forget(&loads[i]->request);
	profile_free(profile);
}

static void a_full_queue_refuses_at_once(void **state)
{
	(void)state;
	enum { LOADS = 8, QUEUE = 2 };
	Profile *profile = new_profile((ProfileOptions){.connections = 1, .queue = QUEUE});
	const ProfileQuery *held = simple_query("held");
	Load *loads[LOADS];
	int refused = 0;
	hold();
	for (int i = 0; i < LOADS; i++)
		loads[i] = begin_load(profile, held, expr_int(1), expr_null());
	assert_true(loads[LOADS - 1]->at_once);
	assert_non_null(strstr(loads[LOADS - 1]->request.problem.ptr, "too many profiles"));
	let_go();
	for (int i = 0; i < LOADS; i++) {
		const ProfileRequest *request = end_load(loads[i]);
		assert_int_equal(request->outcome, loads[i]->at_once ? PROFILE_UNAVAILABLE : PROFILE_LOADED);
		refused += loads[i]->at_once;
		forget(request);
	}
	assert_in_range(refused, LOADS - QUEUE - 1, LOADS - QUEUE); // one more may be at the database
	profile_free(profile);
}

static void a_hung_server_costs_the_time_out_only(void **state)
{
	(void)state;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	char conninfo[128];
	snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d dbname=x sslmode=disable",
	        ntohs(address.sin_port));
	Profile *profile = new_profile((ProfileOptions){.conninfo = conninfo, .timeout_ms = 200});
	Load *load = begin_load(profile, simple_query("quick"), expr_int(1), expr_null());
	assert_end_when_due(&load, 1, 200);
	forget(&load->request);
	close(listener);
	profile_free(profile);
}

static void without_a_database_the_answer_comes_at_once(void **state)
{
	(void)state;
	Profile *profile = NULL;
	assert_int_equal(profile_new(&(ProfileOptions){0}, &profile), OK);
	Load *load = begin_load(profile, simple_query("quick"), expr_int(1), expr_null());
	assert_true(load->at_once);
	assert_int_equal(load->request.outcome, PROFILE_UNAVAILABLE);
	assert_non_null(strstr(load->request.problem.ptr, "no profile database"));
	forget(&load->request);
	profile_free(profile);
}

static void note_change(void *context, bool available, const ErrDetail *why)
{
	(void)why;
	atomic_fetch_add((atomic_int *)context + available, 1);
}

static void wait_for_change(const atomic_int *count)
{
	while (atomic_load(count) == 0)
		usleep(1000);
}

static void wait_for_outcome(Profile *profile, const ProfileQuery *query, ProfileOutcome expected)
{
	ProfileOutcome outcome;
	do {
		const ProfileRequest *request = load_one(profile, query, 1);
		outcome = request->outcome;
		forget(request);
		usleep(5000);
	} while (outcome != expected);
}

static void the_database_may_go_and_come_back(void **state)
{
	(void)state;
	atomic_int changes[2] = {0};
	Profile *profile = new_profile((ProfileOptions){.on_change = note_change, .context = changes});
	const ProfileQuery *query = simple_query("quick");
	assert_outcome(profile, query, 1, PROFILE_LOADED);
	test_postgres_halt(&postgres);
	wait_for_outcome(profile, query, PROFILE_UNAVAILABLE);
	wait_for_change(&changes[0]);
	Load *load = begin_load(profile, query, expr_int(1), expr_null());
	assert_true(load->at_once); // known to be away: no waiting
	assert_int_equal(load->request.outcome, PROFILE_UNAVAILABLE);
	forget(&load->request);
	test_postgres_resume(&postgres);
	wait_for_change(&changes[1]);
	wait_for_outcome(profile, query, PROFILE_LOADED);
	assert_int_equal(changes[0], 1);
	assert_int_equal(changes[1], 1);
	profile_free(profile);
}

static void a_restart_between_two_loads_goes_unnoticed(void **state)
{
	(void)state;
	Profile *profile = new_profile((ProfileOptions){0});
	const ProfileQuery *query = simple_query("quick");
	assert_outcome(profile, query, 1, PROFILE_LOADED);
	test_postgres_halt(&postgres);
	test_postgres_resume(&postgres);
	assert_outcome(
	        profile, query, 1, PROFILE_LOADED); // on a connection that turned out dead, then on a new one
	profile_free(profile);
}

static void what_waits_at_the_end_is_told(void **state)
{
	(void)state;
	Profile *profile = new_profile((ProfileOptions){.timeout_ms = 1000});
	const ProfileQuery *held = simple_query("held");
	Load *loads[10];
	hold();
	for (int i = 0; i < 10; i++)
		loads[i] = begin_load(profile, held, expr_int(1), expr_null());
	profile_free(profile);
	let_go();
	for (int i = 0; i < 10; i++) {
		assert_true(loads[i]->over);
		forget(&loads[i]->request);
	}
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(a_slow_query_holds_up_nobody),
	        STORY(a_slow_query_ends_in_time),
	        STORY(busy_connections_do_not_stretch_the_time_out),
	        STORY(who_is_in_a_hurry_waits_no_longer),
	        STORY(a_full_queue_refuses_at_once),
	        STORY(a_hung_server_costs_the_time_out_only),
	        STORY(without_a_database_the_answer_comes_at_once),
	        STORY(the_database_may_go_and_come_back),
	        STORY(a_restart_between_two_loads_goes_unnoticed),
	        STORY(what_waits_at_the_end_is_told),
	};
	return cmocka_run_group_tests_name("profile", tests, set_up_tables, stop_postgres);
}
