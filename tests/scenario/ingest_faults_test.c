// Connections are cut, servers and databases come and go: nothing that was acknowledged is lost, nothing
// counts twice.
#include "breaking_line.h"
#include "ingest_world.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char kill_backends[] =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "backend_type = 'client backend'";

static void wait_for_backend(World *world, const char *wait_event)
{
	char sql[160];
	snprintf(sql, sizeof sql,
	        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = '%s' AND query = 'COMMIT'",
	        wait_event);
	int64_t end = monotonic_us() + 20 * US_PER_S;
	while (world_count(world, sql) == 0) {
		assert_true(monotonic_us() < end);
		usleep(2000);
	}
}

// PostgreSQL waits with its answer to COMMIT for a standby that does not exist; the rows are there, and the
// connection is cut before anyone is told.
static void the_connection_is_cut_after_the_commit(void **state)
{
	World *world = *state;
	for (uint64_t visitor = 0; visitor < 20; visitor++)
		world_visit(world, visitor);
	world_sql(world, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	world_sql(world, "SELECT pg_reload_conf()");
	world_ship_start(world);
	for (int cut = 0; cut < 3; cut++) {
		wait_for_backend(world, "SyncRep");
		assert_true(world_count(world, kill_backends) > 0);
		world_sql(world, "SELECT pg_sleep(0.05)");
		world_visit(world, (uint64_t)(20 + cut));
	}
	world_sql(world, "ALTER SYSTEM RESET synchronous_standby_names");
	world_sql(world, "SELECT pg_reload_conf()");
	world_wait_shipped(world);
	ShipStatus status;
	ship_status(world->ship, &status);
	assert_true(status.failures > 0);
	world_check_visits(world, 23);
}

typedef struct Visits {
	World *world;
	uint64_t from, count;
} Visits;

static void *make_visits(void *context)
{
	const Visits *visits = context;
	for (uint64_t i = 0; i < visits->count; i++)
		world_visit(visits->world, visits->from + i);
	return NULL;
}

static void connections_are_cut_again_and_again(void **state)
{
	World *world = *state;
	Visits visits = {world, 0, 300};
	pthread_t thread;
	world_ship_start(world);
	assert_int_equal(pthread_create(&thread, NULL, make_visits, &visits), 0);
	for (int i = 0; i < 25; i++) {
		(void)world_count(world, kill_backends);
		usleep(13000);
	}
	pthread_join(thread, NULL);
	world_wait_shipped(world);
	world_check_visits(world, 300);
}

static void postgres_crashes_and_comes_back(void **state)
{
	World *world = *state;
	world_ship_start(world);
	for (uint64_t round = 0; round < 2; round++) {
		Visits visits = {world, round * 100, 100};
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, make_visits, &visits), 0);
		usleep(50000);
		test_postgres_halt(&world->postgres);
		pthread_join(thread, NULL);
		test_postgres_resume(&world->postgres);
	}
	world_sql_connect(world);
	world_wait_shipped(world);
	world_check_visits(world, 200);
}

static void the_design_server_restarts(void **state)
{
	World *world = *state;
	world_ship_start(world);
	for (uint64_t round = 0; round < 3; round++) {
		Visits visits = {world, round * 100, 100};
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, make_visits, &visits), 0);
		usleep(30000);
		world_design_stop(world);
		pthread_join(thread, NULL);
		world_design_start(world);
	}
	world_wait_shipped(world);
	world_check_visits(world, 300);
}

// Each life of the runtime server ships some; what is left of older lives goes first.
static void the_runtime_server_restarts(void **state)
{
	World *world = *state;
	for (uint64_t life = 0; life < 4; life++) {
		if (life > 0)
			world_journal_restart(world);
		if (life % 2 == 1)
			world_ship_start(world);
		make_visits(&(Visits){world, life * 100, 100});
		world_ship_stop(world);
	}
	world_ship_start(world);
	world_wait_shipped(world);
	world_check_visits(world, 400);
	assert_int_equal(world_count(world, "SELECT count(*) FROM ship_cursor"), 4);
	assert_int_equal(journal_next_incarnation(world->journal, 0), journal_incarnation(world->journal));
}

// The design server answers where it stands but cannot take anything in: what is sent must stay in the
// journal.
static void nothing_is_deleted_before_it_is_committed(void **state)
{
	World *world = *state;
	uint64_t older = journal_incarnation(world->journal);
	make_visits(&(Visits){world, 0, 100});
	world_journal_restart(world);
	world_sql(world, "BEGIN; LOCK TABLE ship_cursor IN EXCLUSIVE MODE");
	world_ship_start(world);
	ShipStatus status = {0};
	for (int64_t end = monotonic_us() + 20 * US_PER_S; status.failures == 0;
	        ship_status(world->ship, &status)) {
		assert_true(monotonic_us() < end);
		usleep(10000);
	}
	assert_true(status.incarnation == older && status.shipped == 0 && !status.shipping);
	assert_int_equal(journal_shipped_sequence(world->journal, older), 0);
	assert_int_equal(journal_next_incarnation(world->journal, 0), older);
	world_sql(world, "ROLLBACK");
	make_visits(&(Visits){world, 100, 1});
	world_wait_shipped(world);
	world_check_visits(world, 101);
	assert_int_equal(journal_next_incarnation(world->journal, 0), journal_incarnation(world->journal));
}

// All that waits would be one batch, and no connection lives long enough for that.
static void a_line_that_keeps_breaking_gets_everything_through(void **state)
{
	enum { LIVES_FOR = 160 << 10, VISITS = 1200 };
	World *world = *state;
	for (uint64_t visitor = 0; visitor < VISITS - 1; visitor++)
		world_visit_unwaited(world, visitor);
	world_visit(world, VISITS - 1);
	BreakingLine *line = breaking_line_start(world->port, LIVES_FOR, &world->ship_port);
	world->batch_bytes = 4 << 20;
	world_ship_start(world);
	world_wait_shipped(world);
	world_ship_stop(world);
	world->batch_bytes = 0;
	world->ship_port = 0;
	unsigned broken = breaking_line_stop(line);
	assert_in_range(broken, 2, 60);
	world_check_visits(world, VISITS);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, world_story_begin, world_story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(the_connection_is_cut_after_the_commit),
	        STORY(a_line_that_keeps_breaking_gets_everything_through),
	        STORY(connections_are_cut_again_and_again),
	        STORY(nothing_is_deleted_before_it_is_committed),
	        STORY(the_design_server_restarts),
	        STORY(the_runtime_server_restarts),
	        STORY(postgres_crashes_and_comes_back),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
