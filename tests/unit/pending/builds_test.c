// Builds that are kept and marks that end, in a real PostgreSQL.
#include "base/cleanup.h"
#include "lib/postgres.h"
#include "pending/internal.h"

#include "parley/design/v1/zone.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { WAIT_MS = 10000, NOW_US = 1000000 };

static TestPostgres postgres;
static Pg *pg;
static Arena *arena;
static const Digest digest = {{1, 2, 3}};

static void run(const char *sql)
{
	if (pg_script(pg, WAIT_MS, sql))
		fail_msg("%s: %s", sql, err_detail()->message);
}

static int64_t ask(const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	assert_int_equal(pg_query(pg, WAIT_MS, sql, NULL, 0, &result), OK);
	return pg_i64(result, 0, 0);
}

#define RESOURCE(kind, channel, name, spec)                                                                  \
	"INSERT INTO resource VALUES ('" kind "', '" channel "', '" name "', 'e', '" spec "', now(), "       \
	"now());"

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	run("BEGIN;" RESOURCE("Channel", "", "bank", "{\"name\": \"bank\"}") RESOURCE(
	        "Zone", "bank", "home", "{\"channel\": \"bank\", \"name\": \"home\"}")
	                RESOURCE("Zone", "bank", "side", "{\"channel\": \"bank\", \"name\": \"side\"}"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run("ROLLBACK");
	arena_free(arena);
	return 0;
}

static Collected collect(void)
{
	Collected ret;
	if (configuration_collect(pg, STR("bank"), STR("test"), arena, &ret))
		fail_msg("%s", err_detail()->message);
	return ret;
}

static int64_t keep(const Collected *collected)
{
	int64_t build = 0;
	if (configuration_keep(pg, collected, &digest, STR("dora"), NOW_US, arena, &build))
		fail_msg("%s", err_detail()->message);
	return build;
}

static int64_t deploy(void)
{
	Collected collected = collect();
	int64_t build = keep(&collected);
	assert_int_equal(configuration_deployed(pg, STR("test"), STR("bank"), build, NOW_US), OK);
	assert_int_equal(marks_deployed(pg, STR("bank"), build, STR("dora"), NOW_US, arena), OK);
	return build;
}

static void mark(const char *name)
{
	run(arena_printf(arena,
	        "INSERT INTO mark (channel, kind, name, author, comment, created) VALUES ('bank', '%s', "
	        "'%s', "
	        "'dora', '', now())",
	        *name ? "Zone" : "", name));
}

static void describe(const char *name, const char *text)
{
	run(arena_printf(arena,
	        "UPDATE resource SET spec = jsonb_set(spec, '{description}', '\"%s\"') WHERE name = '%s'",
	        text, name));
}

static Str description(const Collected *collected, const char *name)
{
	const Resource *zone = configuration_find(collected, kind_by_name(STR("Zone")), str(name));
	return str(((const Parley__Design__V1__Zone *)zone->message)->description);
}

static void a_content_is_kept_once(void **state)
{
	(void)state;
	Collected first = collect();
	int64_t build = keep(&first);
	assert_int_equal(keep(&first), build);
	assert_int_equal(ask("SELECT count(*) FROM resource_version"), 3);
	describe("home", "changed");
	Collected second = collect();
	assert_true(keep(&second) > build);
	assert_int_equal(ask("SELECT count(*) FROM resource_version"), 4);
	Collected again;
	assert_int_equal(configuration_of_build(pg, build, arena, &again), OK);
	assert_int_equal(again.count, 3);
	assert_true(str_eq(description(&again, "home"), STR("")));
	assert_int_equal(configuration_of_build(pg, build + 1000, arena, &again), ERR_RESOURCE_NOT_FOUND);
}

static void what_is_marked_goes_alone(void **state)
{
	(void)state;
	mark("home"); // nothing runs yet: everything goes
	assert_int_equal(collect().count, 3);
	deploy();
	describe("home", "marked");
	describe("side", "not marked");
	mark("home");
	Collected collected = collect();
	assert_true(str_eq(description(&collected, "home"), STR("marked")));
	assert_true(str_eq(description(&collected, "side"), STR("")));
	run("DELETE FROM resource WHERE name = 'side'");
	mark("side");
	assert_int_equal(collect().count, 2);
	mark("");
	assert_int_equal(collect().count, 2);
	assert_int_equal(collect().mark_count, 3);
}

static void a_mark_that_was_made_since_stays(void **state)
{
	(void)state;
	deploy();
	mark("home");
	Collected collected = collect();
	int64_t build = keep(&collected);
	mark("side");
	run("DELETE FROM mark WHERE name = 'home'");
	mark("home"); // another one than the build was made for
	assert_int_equal(marks_deployed(pg, STR("bank"), build, STR("dora"), NOW_US, arena), OK);
	assert_int_equal(ask("SELECT count(*) FROM mark"), 2);
	deploy();
	assert_int_equal(ask("SELECT count(*) FROM mark"), 0);
	assert_int_equal(ask("SELECT count(*) FROM audit WHERE action = 'marks-deployed'"), 1);
}

static void an_environment_runs_what_was_deployed_last(void **state)
{
	(void)state;
	int64_t running = -1;
	assert_int_equal(configuration_running(pg, STR("test"), STR("bank"), &running), OK);
	assert_int_equal(running, 0);
	int64_t build = deploy();
	assert_int_equal(configuration_running(pg, STR("test"), STR("bank"), &running), OK);
	assert_int_equal(running, build);
	assert_int_equal(configuration_deployed(pg, STR("test"), STR("bank"), 0, NOW_US), OK);
	assert_int_equal(configuration_running(pg, STR("test"), STR("bank"), &running), OK);
	assert_int_equal(running, 0);
}

int main(void)
{
	int applied;
	test_postgres_start(&postgres);
	if (store_migrate(postgres.conninfo, &applied) || pg_connect(postgres.conninfo, WAIT_MS, &pg)) {
		fprintf(stderr, "%s\n", err_detail()->message);
		return 1;
	}
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_content_is_kept_once),
	        T(what_is_marked_goes_alone),
	        T(a_mark_that_was_made_since_stays),
	        T(an_environment_runs_what_was_deployed_last),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	pg_close(pg);
	test_postgres_stop(&postgres);
	return failed;
}
