// Profiles from a real PostgreSQL: values and types, visitors that are not there, and a database that is
// slow, hung, away or back again. No load may take much longer than its time-out, whatever the database does.
#include "base/cleanup.h"
#include "base/clock.h"
#include "lib/arena.h"
#include "lib/postgres.h"
#include "pg/pg.h"
#include "profile/profile.h"
#include "snapshot/types.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 2000, PATIENCE_MS = 20000 };

static TestPostgres postgres;

static void run_sql(const char *sql)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	assert_int_equal(pg_connect(postgres.conninfo, PATIENCE_MS, &pg), OK);
	assert_int_equal(pg_script(pg, PATIENCE_MS, sql), OK);
}

// --- levels ---

static SnapLevel *new_level(const char *table)
{
	SnapLevel *level = ARENA_NEW(arena, SnapLevel);
	*level = (SnapLevel)PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT;
	level->name = (char *)"customer";
	level->profile_table = (char *)table;
	level->keys = ARENA_ARRAY(arena, SnapKey *, 4);
	level->attributes = ARENA_ARRAY(arena, SnapAttribute *, 32);
	return level;
}

static void add_key(SnapLevel *level, const char *column, Parley__Snapshot__V1__ValueType type)
{
	SnapKey *key = level->keys[level->n_keys++] = ARENA_NEW(arena, SnapKey);
	*key = (SnapKey)PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT;
	key->name = key->column = (char *)column;
	key->type = type;
}

static void add_attribute(SnapLevel *level, const char *column, Parley__Snapshot__V1__ValueType type)
{
	SnapAttribute *attribute = level->attributes[level->n_attributes++] = ARENA_NEW(arena, SnapAttribute);
	*attribute = (SnapAttribute)PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT;
	attribute->name = attribute->column = (char *)column;
	attribute->type = type;
}

static const ProfileQuery *query_of(const SnapLevel *level)
{
	const ProfileQuery *query = NULL;
	assert_int_equal(profile_query_new(level, arena, &query), OK);
	return query;
}

// A level with an int key "id" and one int attribute "points".
static const ProfileQuery *simple_query(const char *table)
{
	SnapLevel *level = new_level(table);
	add_key(level, "id", SNAP_TYPE(INT));
	add_attribute(level, "points", SNAP_TYPE(INT));
	return query_of(level);
}

// --- loads ---

typedef struct Load {
	ProfileRequest request; // first
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over;
	int64_t began_us, took_us;
	ExprValue keys[2];
} Load;

static void load_ended(ProfileRequest *request)
{
	Load *load = (Load *)request;
	pthread_mutex_lock(&load->lock);
	load->over = true;
	load->took_us = monotonic_us() - load->began_us;
	pthread_cond_signal(&load->ended);
	pthread_mutex_unlock(&load->lock);
}

static Load *begin_load_until(
        Profile *profile, const ProfileQuery *query, ExprValue key, ExprValue second_key, int64_t until_us)
{
	Load *load = ARENA_NEW(arena, Load);
	*load = (Load){.lock = PTHREAD_MUTEX_INITIALIZER,
	        .ended = PTHREAD_COND_INITIALIZER,
	        .keys = {key, second_key}};
	load->request = (ProfileRequest){
	        .query = query,
	        .keys = load->keys,
	        .arena = arena_new(4096, 1024 * 1024),
	        .until_us = until_us,
	        .done = load_ended,
	};
	load->began_us = monotonic_us();
	profile_load(profile, &load->request);
	return load;
}

static Load *begin_load(Profile *profile, const ProfileQuery *query, ExprValue key, ExprValue second_key)
{
	return begin_load_until(profile, query, key, second_key, 0);
}

static const ProfileRequest *end_load(Load *load)
{
	pthread_mutex_lock(&load->lock);
	while (!load->over)
		pthread_cond_wait(&load->ended, &load->lock);
	pthread_mutex_unlock(&load->lock);
	return &load->request;
}

static const ProfileRequest *load_one(Profile *profile, const ProfileQuery *query, int64_t id)
{
	return end_load(begin_load(profile, query, expr_int(id), expr_null()));
}

static void forget(const ProfileRequest *request)
{
	arena_free(request->arena);
}

static Profile *new_profile(const char *conninfo, int timeout_ms)
{
	Profile *profile = NULL;
	ProfileOptions options = {.conninfo = conninfo, .timeout_ms = timeout_ms, .retry_ms = 20};
	assert_int_equal(profile_new(&options, &profile), OK);
	return profile;
}

static bool given(const ProfileRequest *request, int slot)
{
	return (request->given[slot / 64] >> (slot % 64) & 1) != 0;
}

static void assert_outcome(Profile *profile, const ProfileQuery *query, int64_t id, ProfileOutcome expected)
{
	const ProfileRequest *request = load_one(profile, query, id);
	assert_int_equal(request->outcome, expected);
	forget(request);
}

static void assert_text(Str actual, const char *expected)
{
	assert_int_equal(actual.len, strlen(expected));
	assert_memory_equal(actual.ptr != NULL ? actual.ptr : "", expected, actual.len);
}

static void assert_string_value(const ExprValue *value, const char *expected)
{
	assert_int_equal(value->kind, EXPR_STRING);
	assert_text(str_n(value->s, value->len), expected);
}

// --- what the table says ---

static void every_type_is_read(void **state)
{
	(void)state;
	run_sql("CREATE TABLE typed (id bigint PRIMARY KEY, b boolean, i2 smallint, i4 integer, i8 bigint, "
	        "f4 real, f8 float8,"
	        " n numeric, t text, v varchar(20), c char(3), at timestamptz, local timestamp, day date, "
	        "list text[]);"
	        "INSERT INTO typed VALUES (7, true, -3, 44, 9000000000, 0.5, 1e300, 12.50, 'Grüße', 'v', 'c',"
	        " '2026-01-31 08:00:00.25+00', '2026-01-31 08:00:00.5', '2026-01-31', '{a,\"b c\",\"\"}')");
	SnapLevel *level = new_level("public.typed");
	add_key(level, "id", SNAP_TYPE(INT));
	static const struct {
		const char *column;
		Parley__Snapshot__V1__ValueType type;
	} columns[] = {
	        {"b", SNAP_TYPE(BOOL)},
	        {"i2", SNAP_TYPE(INT)},
	        {"i4", SNAP_TYPE(INT)},
	        {"i8", SNAP_TYPE(INT)},
	        {"f4", SNAP_TYPE(DOUBLE)},
	        {"f8", SNAP_TYPE(DOUBLE)},
	        {"n", SNAP_TYPE(DOUBLE)},
	        {"i4", SNAP_TYPE(DOUBLE)},
	        {"t", SNAP_TYPE(STRING)},
	        {"v", SNAP_TYPE(STRING)},
	        {"c", SNAP_TYPE(STRING)},
	        {"at", SNAP_TYPE(TIMESTAMP)},
	        {"local", SNAP_TYPE(TIMESTAMP)},
	        {"day", SNAP_TYPE(TIMESTAMP)},
	        {"list", SNAP_TYPE(STRING_LIST)},
	};
	for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
		add_attribute(level, columns[i].column, columns[i].type);
	Profile *profile = new_profile(postgres.conninfo, TIMEOUT_MS);
	const ProfileRequest *request = load_one(profile, query_of(level), 7);
	const ExprValue *v = request->values;
	assert_int_equal(request->outcome, PROFILE_LOADED);
	assert_int_equal(request->refused.len, 0);
	for (int i = 0; i < (int)ARRAY_COUNT(columns); i++)
		assert_true(given(request, i));
	assert_true(v[0].kind == EXPR_BOOL && v[0].b);
	assert_int_equal(v[1].i, -3);
	assert_int_equal(v[2].i, 44);
	assert_true(v[3].kind == EXPR_INT && v[3].i == 9000000000);
	assert_true(v[4].d == 0.5 && v[5].d == 1e300 && v[6].d == 12.5);
	assert_true(v[7].kind == EXPR_DOUBLE && v[7].d == 44);
	assert_string_value(&v[8], "Grüße");
	assert_string_value(&v[9], "v");
	const int64_t day = 1769817600, eight = day + 8 * 3600;
	assert_true(v[11].kind == EXPR_TIMESTAMP && v[11].seconds == eight && v[11].nanos == 250000000);
	assert_true(v[12].seconds == eight && v[12].nanos == 500000000);
	assert_true(v[13].seconds == day && v[13].nanos == 0);
	assert_int_equal(v[14].len, 3);
	assert_string_value(&v[14].items[1], "b c");
	forget(request);
	profile_free(profile);
}

static void nulls_are_not_given_and_misfits_are_named(void **state)
{
	(void)state;
	run_sql("CREATE TABLE misfit (id int PRIMARY KEY, points int, name int, flags text, long text, far "
	        "timestamp);"
	        "INSERT INTO misfit VALUES (1, NULL, 5, 'x', repeat('x', 5000), 'infinity')");
	SnapLevel *level = new_level("misfit");
	add_key(level, "id", SNAP_TYPE(INT));
	add_attribute(level, "points", SNAP_TYPE(INT));
	add_attribute(level, "name", SNAP_TYPE(STRING));
	add_attribute(level, "flags", SNAP_TYPE(STRING_LIST));
	add_attribute(level, "long", SNAP_TYPE(STRING));
	add_attribute(level, "far", SNAP_TYPE(TIMESTAMP));
	Profile *profile = new_profile(postgres.conninfo, TIMEOUT_MS);
	const ProfileRequest *request = load_one(profile, query_of(level), 1);
	assert_int_equal(request->outcome, PROFILE_LOADED);
	for (int i = 0; i < 5; i++)
		assert_false(given(request, i));
	assert_text(request->refused, "name, flags, long, far");
	forget(request);
	profile_free(profile);
}

static void a_visitor_may_be_missing_or_ambiguous(void **state)
{
	(void)state;
	run_sql("CREATE TABLE twice (id int, points int); INSERT INTO twice VALUES (1, 1), (2, 1), (2, 2)");
	Profile *profile = new_profile(postgres.conninfo, TIMEOUT_MS);
	const ProfileQuery *query = simple_query("twice");
	assert_outcome(profile, query, 1, PROFILE_LOADED);
	assert_outcome(profile, query, 2, PROFILE_AMBIGUOUS);
	assert_outcome(profile, query, 3, PROFILE_NOT_FOUND);
	profile_free(profile);
}

static void names_are_quoted_and_keys_are_parameters(void **state)
{
	(void)state;
	run_sql("CREATE SCHEMA \"Odd schema\"; CREATE TABLE \"Odd schema\".\"sel\"\"ect; --\" (\"Key\" text, "
	        "n int, \"x\"\"y\" int);"
	        "INSERT INTO \"Odd schema\".\"sel\"\"ect; --\" VALUES ('a''; DROP TABLE twice; --', 2, 41)");
	SnapLevel *level = new_level("Odd schema.sel\"ect; --");
	add_key(level, "Key", SNAP_TYPE(STRING));
	add_key(level, "n", SNAP_TYPE(INT));
	add_attribute(level, "x\"y", SNAP_TYPE(INT));
	Profile *profile = new_profile(postgres.conninfo, TIMEOUT_MS);
	const ProfileRequest *request = end_load(begin_load(
	        profile, query_of(level), expr_string(STR("a'; DROP TABLE twice; --")), expr_int(2)));
	assert_int_equal(request->outcome, PROFILE_LOADED);
	assert_int_equal(request->values[0].i, 41);
	forget(request);
	profile_free(profile);
}

static void a_level_without_a_table_has_no_query(void **state)
{
	(void)state;
	SnapLevel *level = new_level("");
	add_key(level, "id", SNAP_TYPE(INT));
	assert_null(query_of(level));
	const ProfileQuery *query = NULL;
	SnapLevel *keyless = new_level("t");
	assert_int_equal(profile_query_new(keyless, arena, &query), ERR_SNAPSHOT_INVALID);
	assert_string_equal(profile_outcome_name(PROFILE_NOT_FOUND), "not found");
}

static void nothing_can_be_written(void **state)
{
	(void)state;
	run_sql("CREATE SEQUENCE counted; CREATE VIEW writing AS SELECT 1 AS id, nextval('counted')::int AS "
	        "points");
	Profile *profile = new_profile(postgres.conninfo, TIMEOUT_MS);
	const ProfileRequest *request = load_one(profile, simple_query("writing"), 1);
	assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
	assert_non_null(strstr(request->problem.ptr, "read-only"));
	forget(request);
	profile_free(profile);
}

static void a_table_that_is_not_there_costs_only_its_own_loads(void **state)
{
	(void)state;
	run_sql("CREATE TABLE there (id int PRIMARY KEY, points int); INSERT INTO there VALUES (1, 5)");
	Profile *profile = new_profile(postgres.conninfo, TIMEOUT_MS);
	assert_outcome(profile, simple_query("nowhere"), 1, PROFILE_UNAVAILABLE);
	assert_outcome(profile, simple_query("there"), 1, PROFILE_LOADED);
	profile_free(profile);
}

// --- databases that misbehave ---

static void a_slow_query_ends_in_time_and_holds_up_nobody(void **state)
{
	(void)state;
	run_sql("CREATE TABLE quick (id int PRIMARY KEY, points int); INSERT INTO quick VALUES (1, 5);"
	        "CREATE VIEW slow AS SELECT id, points FROM quick, pg_sleep(30)");
	Profile *profile = new_profile(postgres.conninfo, 400);
	const ProfileQuery *slow = simple_query("slow"), *quick = simple_query("quick");
	assert_outcome(profile, quick, 1, PROFILE_LOADED);
	Load *waiting = begin_load(profile, slow, expr_int(1), expr_null());
	assert_outcome(profile, quick, 1, PROFILE_LOADED);
	assert_false(waiting->over);
	const ProfileRequest *request = end_load(waiting);
	assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
	assert_in_range(waiting->took_us, 350 * US_PER_MS, 1500 * US_PER_MS);
	assert_outcome(profile, quick, 1, PROFILE_LOADED);
	forget(request);
	profile_free(profile);
}

static void busy_connections_do_not_stretch_the_time_out(void **state)
{
	(void)state;
	enum { LOADS = 20 };
	Profile *profile = new_profile(postgres.conninfo, 300);
	const ProfileQuery *slow = simple_query("slow");
	Load *loads[LOADS];
	for (int i = 0; i < LOADS; i++)
		loads[i] = begin_load(profile, slow, expr_int(1), expr_null());
	for (int i = 0; i < LOADS; i++) {
		const ProfileRequest *request = end_load(loads[i]);
		assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
		assert_in_range(loads[i]->took_us, 250 * US_PER_MS, 1500 * US_PER_MS);
		forget(request);
	}
	profile_free(profile);
}

// One connection, which has a slow query: the others wait in the queue, whoever came first.
static void who_is_in_a_hurry_waits_no_longer(void **state)
{
	(void)state;
	Profile *profile = NULL;
	ProfileOptions options = {.conninfo = postgres.conninfo, .timeout_ms = 3000, .connections = 1};
	assert_int_equal(profile_new(&options, &profile), OK);
	const ProfileQuery *slow = simple_query("slow");
	Load *loads[4];
	int64_t now_us = monotonic_us();
	const int64_t until_us[] = {0, 0, now_us + 500 * US_PER_MS, now_us - 1};
	for (int i = 0; i < 4; i++)
		loads[i] = begin_load_until(profile, slow, expr_int(1), expr_null(), until_us[i]);
	assert_true(loads[3]->over); // it had no time at all
	for (int i = 3; i >= 0; i--) {
		const ProfileRequest *request = end_load(loads[i]);
		assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
		assert_true(i < 2 || (!loads[0]->over && !loads[1]->over));
		forget(request);
	}
	assert_true(loads[2]->took_us >= 450 * US_PER_MS);
	profile_free(profile);
}

static void a_full_queue_refuses_at_once(void **state)
{
	(void)state;
	Profile *profile = NULL;
	ProfileOptions options = {
	        .conninfo = postgres.conninfo, .timeout_ms = 500, .connections = 1, .queue = 2};
	assert_int_equal(profile_new(&options, &profile), OK);
	const ProfileQuery *slow = simple_query("slow");
	Load *loads[8];
	for (int i = 0; i < 8; i++)
		loads[i] = begin_load(profile, slow, expr_int(1), expr_null());
	assert_true(loads[7]->over && loads[7]->took_us < 250 * US_PER_MS);
	for (int i = 0; i < 8; i++)
		forget(end_load(loads[i]));
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
	Profile *profile = new_profile(conninfo, 200);
	Load *load = begin_load(profile, simple_query("quick"), expr_int(1), expr_null());
	const ProfileRequest *request = end_load(load);
	assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
	assert_in_range(load->took_us, 150 * US_PER_MS, 1500 * US_PER_MS);
	forget(request);
	close(listener);
	profile_free(profile);
}

static void without_a_database_the_answer_comes_at_once(void **state)
{
	(void)state;
	Profile *profile = new_profile(NULL, 0);
	const ProfileRequest *request = load_one(profile, simple_query("quick"), 1);
	assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
	assert_non_null(strstr(request->problem.ptr, "no profile database"));
	forget(request);
	profile_free(profile);
}

static void note_change(void *context, bool available, const ErrDetail *why)
{
	(void)why;
	atomic_fetch_add((atomic_int *)context + available, 1);
}

static void wait_for_outcome(Profile *profile, const ProfileQuery *query, ProfileOutcome expected)
{
	int64_t until = monotonic_us() + PATIENCE_MS * US_PER_MS;
	ProfileOutcome outcome;
	do {
		const ProfileRequest *request = load_one(profile, query, 1);
		outcome = request->outcome;
		forget(request);
		usleep(5000);
	} while (outcome != expected && monotonic_us() < until);
	assert_int_equal(outcome, expected);
}

static void the_database_may_go_and_come_back(void **state)
{
	(void)state;
	atomic_int changes[2] = {0};
	Profile *profile = NULL;
	ProfileOptions options = {.conninfo = postgres.conninfo,
	        .timeout_ms = TIMEOUT_MS,
	        .retry_ms = 20,
	        .on_change = note_change,
	        .context = changes};
	assert_int_equal(profile_new(&options, &profile), OK);
	const ProfileQuery *query = simple_query("quick");
	assert_outcome(profile, query, 1, PROFILE_LOADED);
	test_postgres_halt(&postgres);
	wait_for_outcome(profile, query, PROFILE_UNAVAILABLE);
	while (atomic_load(&changes[0]) == 0)
		usleep(1000);
	Load *load = begin_load(profile, query, expr_int(1), expr_null());
	const ProfileRequest *request = end_load(load);
	assert_int_equal(request->outcome, PROFILE_UNAVAILABLE);
	assert_true(load->took_us < TIMEOUT_MS * US_PER_MS / 2); // known to be away: no waiting
	forget(request);
	test_postgres_resume(&postgres);
	wait_for_outcome(profile, query, PROFILE_LOADED);
	assert_int_equal(changes[0], 1);
	assert_int_equal(changes[1], 1);
	profile_free(profile);
}

static void a_restart_between_two_loads_goes_unnoticed(void **state)
{
	(void)state;
	Profile *profile = new_profile(postgres.conninfo, PATIENCE_MS);
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
	Profile *profile = new_profile(postgres.conninfo, 1000);
	Load *loads[10];
	for (int i = 0; i < 10; i++)
		loads[i] = begin_load(profile, simple_query("slow"), expr_int(1), expr_null());
	profile_free(profile);
	for (int i = 0; i < 10; i++) {
		assert_true(loads[i]->over);
		forget(&loads[i]->request);
	}
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(every_type_is_read),
	        STORY(nulls_are_not_given_and_misfits_are_named),
	        STORY(a_visitor_may_be_missing_or_ambiguous),
	        STORY(names_are_quoted_and_keys_are_parameters),
	        STORY(a_level_without_a_table_has_no_query),
	        STORY(nothing_can_be_written),
	        STORY(a_table_that_is_not_there_costs_only_its_own_loads),
	        STORY(a_slow_query_ends_in_time_and_holds_up_nobody),
	        STORY(busy_connections_do_not_stretch_the_time_out),
	        STORY(who_is_in_a_hurry_waits_no_longer),
	        STORY(a_full_queue_refuses_at_once),
	        STORY(a_hung_server_costs_the_time_out_only),
	        STORY(without_a_database_the_answer_comes_at_once),
	        STORY(the_database_may_go_and_come_back),
	        STORY(a_restart_between_two_loads_goes_unnoticed),
	        STORY(what_waits_at_the_end_is_told),
	};
	test_postgres_start(&postgres);
	int failed = cmocka_run_group_tests_name("profile", tests, NULL, NULL);
	test_postgres_stop(&postgres);
	return failed;
}
