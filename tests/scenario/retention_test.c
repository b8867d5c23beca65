// What is too old goes, what is kept stays: stories with a real PostgreSQL, whose clock says what is old.
#include "base/cleanup.h"
#include "base/clock.h"
#include "config.h"
#include "lib/postgres.h"
#include "retention/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WAIT_MS = 60000 };

static TestPostgres postgres;
static Pg *pg;
static Store *store;
static Arena *arena;

static EnvironmentServer servers[] = {{.name = {"r1", 2}}, {.name = {"r2", 2}}};
static Environment environment = {.name = {"production", 10},
        .responses.window_us = 30 * 86400 * US_PER_S,
        .servers = {.items = servers, .count = 2}};
static const Environments environments = {&environment, 1};

// --- the world ---

static void run(const char *sql)
{
	if (pg_script(pg, WAIT_MS, sql) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
}

static int64_t ask(const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	if (pg_query(pg, WAIT_MS, sql, NULL, 0, &result) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
	return pg_i64(result, 0, 0);
}

static int start(void **state)
{
	int applied;
	(void)state;
	test_postgres_start(&postgres);
	store = store_new(postgres.conninfo, 4);
	return store != NULL && store_migrate(postgres.conninfo, &applied) == OK &&
	                       pg_connect(postgres.conninfo, WAIT_MS, &pg) == OK
	               ? 0
	               : -1;
}

static int stop(void **state)
{
	(void)state;
	pg_close(pg);
	store_free(store);
	test_postgres_stop(&postgres);
	return 0;
}

// A month that is being read is not waited for as long as it would be otherwise.
static int begin(void **state)
{
	(void)state;
	arena = arena_new(16 * 1024, 0);
	run("SET session_replication_role = replica;"
	    "TRUNCATE event_dedupe, outcome, outcome_refusal, ingest_reject, audit, audit_checkpoint, "
	    "deployment_server, deployment,"
	    "  environment_build, evidence, approval, rollout, rollout_baseline, build, blob, "
	    "resource_version CASCADE;"
	    "SET session_replication_role = DEFAULT;"
	    "ALTER FUNCTION history_month_remove(text, date) SET lock_timeout = '50ms';"
	    "UPDATE history_retention SET detach = false, applied = NULL, changed = now(), changed_by = '',"
	    "  months = CASE WHEN name IN ('contact_history', 'response_history', 'effect_history', "
	    "'outcome') THEN 37"
	    "    WHEN name IN ('event_dedupe', 'audit_checkpoint', 'build') THEN 3 ELSE 13 END");
	return arena ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static RetentionSweep sweep_of(bool rehearse)
{
	return (RetentionSweep){.store = store,
	        .environments = &environments,
	        .actor = STR("anna"),
	        .now_us = clock_now_us(clock_system()),
	        .rehearse = rehearse,
	        .arena = arena};
}

static RetentionSweep sweep(bool rehearse)
{
	RetentionSweep sweep = sweep_of(rehearse);
	if (retention_sweep(&sweep) != OK)
		fail_msg("%s", err_detail()->message);
	return sweep;
}

static const RetentionTable *table(const RetentionSweep *sweep, const char *name)
{
	for (size_t i = 0; i < sweep->count; i++)
		if (strcmp(sweep->tables[i]->name, name) == 0)
			return sweep->tables[i];
	fail_msg("no table %s", name);
	return NULL;
}

// --- months ---

static void make_month(int months_ago)
{
	char sql[600];
	snprintf(sql, sizeof sql,
	        "SELECT history_month_make(now() - interval '%d months');"
	        "INSERT INTO session_history SELECT date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME "
	        "ZONE 'UTC' "
	        "- interval '%d months' + interval '1 hour', 1, n, 0, 1, 'production', 'r1', 'bank', 's', "
	        "'customer', "
	        "'7', '', 'start', '', '', '{}' FROM generate_series(1, 3) AS n;"
	        "ANALYZE session_history",
	        months_ago, months_ago);
	run(sql);
}

static int64_t months_of(const char *name)
{
	char sql[200];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM history_month WHERE name = '%s'", name);
	return ask(sql);
}

static int drop_months(void **state)
{
	run("DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relname ~ "
	    "'_20[0-9]{2}_[0-9]{2}' AND relkind = 'r' LOOP "
	    "EXECUTE format('DROP TABLE %I', t); END LOOP; END $$");
	return begin(state);
}

static void old_months_go_and_new_ones_stay(void **state)
{
	(void)state;
	make_month(38);
	make_month(14);
	make_month(13);
	make_month(0);
	RetentionSweep rehearsed = sweep(true);
	assert_true(rehearsed.complete);
	assert_int_equal(table(&rehearsed, "session_history")->n_gone_months, 2);
	assert_int_equal(table(&rehearsed, "session_history")->gone_rows, 6);
	assert_int_equal(table(&rehearsed, "contact_history")->n_gone_months, 1);
	assert_int_equal(months_of("session_history"), 4);

	RetentionSweep swept = sweep(false);
	assert_true(swept.complete);
	assert_int_equal(table(&swept, "session_history")->n_gone_months, 2);
	assert_int_equal(table(&swept, "session_history")->gone_rows, 6);
	assert_int_equal(months_of("session_history"), 2);
	assert_int_equal(months_of("contact_history"), 3);
	assert_int_equal(ask("SELECT count(*) FROM session_history"), 6);
	assert_int_equal(ask("SELECT count(*) FROM audit WHERE actor = 'anna' AND action = 'remove' AND kind "
	                     "= 'Retention' "
	                     "AND name = 'session_history' AND before LIKE '%\"rows\":3%'"),
	        2);
	assert_int_equal(ask("SELECT count(*) FROM history_retention WHERE applied IS NULL"), 0);

	RetentionSweep again = sweep(false);
	assert_true(again.complete);
	for (size_t i = 0; i < again.count; i++)
		assert_int_equal(again.tables[i]->gone_rows + again.tables[i]->n_gone_months, 0);
}

static void old_months_are_put_aside_if_that_is_wanted(void **state)
{
	(void)state;
	make_month(14);
	run("UPDATE history_retention SET detach = true WHERE name = 'session_history'");
	RetentionSweep swept = sweep(false);
	assert_int_equal(table(&swept, "session_history")->n_gone_months, 1);
	assert_int_equal(ask("SELECT count(*) FROM session_history"), 0);
	assert_int_equal(ask("SELECT count(*) FROM pg_class WHERE relname ~ "
	                     "'^session_history_[0-9]{4}_[0-9]{2}_detached_' AND reltuples = 3"),
	        1);
	assert_int_equal(ask("SELECT count(*) FROM audit WHERE name = 'session_history' AND before LIKE "
	                     "'%_detached_%'"),
	        1);
}

static void who_reads_a_month_keeps_it_till_the_next_time(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *reader = NULL;
	make_month(14);
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &reader), OK);
	assert_int_equal(pg_script(reader, WAIT_MS, "BEGIN; SELECT count(*) FROM session_history"), OK);
	RetentionSweep swept = sweep(false);
	assert_false(swept.complete);
	assert_int_equal(table(&swept, "session_history")->n_gone_months, 0);
	assert_non_null(strstr(table(&swept, "session_history")->held, "is being read"));
	assert_int_equal(months_of("session_history"), 1);
	assert_int_equal(months_of("event_history"), 0);
	assert_int_equal(pg_script(reader, WAIT_MS, "ROLLBACK"), OK);
	swept = sweep(false);
	assert_true(swept.complete);
	assert_int_equal(months_of("session_history"), 0);
}

static void one_process_at_a_time(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *other = NULL;
	make_month(14);
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &other), OK);
	assert_int_equal(
	        pg_script(other, WAIT_MS,
	                "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('parley/retention', 0))"),
	        OK);
	RetentionSweep swept = sweep(false);
	assert_true(swept.busy);
	assert_false(swept.complete);
	assert_int_equal(months_of("session_history"), 1);
	assert_int_equal(ask("SELECT count(*) FROM audit"), 0);
	assert_int_equal(pg_script(other, WAIT_MS, "ROLLBACK"), OK);
}

// --- IDs of events ---

static void put_ids(void)
{
	run("INSERT INTO event_dedupe SELECT 'production', 'old-' || n, now() - interval '5 months' FROM "
	    "generate_series(1, 500) AS n;"
	    "INSERT INTO event_dedupe SELECT 'production', 'new-' || n, now() - interval '1 month' FROM "
	    "generate_series(1, 300) AS n");
}

// `seen` and `shipped` are SQL.
static void put_server(const char *name, const char *seen, const char *shipped)
{
	char sql[800];
	snprintf(sql, sizeof sql,
	        "INSERT INTO deployment (environment, channel, epoch, version, fleet, blob, length, "
	        "manifest, envelope, author, comment, "
	        "promoted_from, request_id, created, expires, state, undeploy) SELECT 'production', 'bank', "
	        "1, 1, 'f', NULL, 0, "
	        "sha256('m'), '', 'anna', '', '', '', now(), now(), 3, true WHERE NOT EXISTS (SELECT FROM "
	        "deployment);"
	        "INSERT INTO deployment_server (deployment, server, address, version, digest, seen, error, "
	        "shipped) "
	        "SELECT max(id), '%s', '', 1, '', %s, '', %s FROM deployment",
	        name, seen, shipped);
	run(sql);
}

static void ids_are_known_as_long_as_a_server_may_ship_a_repeat(void **state)
{
	(void)state;
	put_ids();
	put_server("r1", "now()", "now()");
	put_server("r2", "now() - interval '4 months'", "now() - interval '4 months'"); // cut off since
	put_server("gone", "now() - interval '9 months'", "NULL"); // in no deploy profile any more
	RetentionSweep swept = sweep(false);
	assert_int_equal(table(&swept, "event_dedupe")->gone_rows, 0);
	assert_non_null(strstr(table(&swept, "event_dedupe")->held, "r2 in production may still ship"));
	assert_int_equal(ask("SELECT count(*) FROM event_dedupe"), 800);

	run("UPDATE deployment_server SET seen = now(), shipped = NULL WHERE server = 'r2'"); // back, and not
	                                                                                      // known yet
	swept = sweep(false);
	assert_non_null(strstr(table(&swept, "event_dedupe")->held, "not known"));
	assert_int_equal(ask("SELECT count(*) FROM event_dedupe"), 800);

	run("UPDATE deployment_server SET shipped = now() WHERE server = 'r2'");
	RetentionSweep rehearsed = sweep(true);
	assert_int_equal(table(&rehearsed, "event_dedupe")->gone_rows, 500);
	swept = sweep(false);
	assert_string_equal(table(&swept, "event_dedupe")->held, "");
	assert_int_equal(table(&swept, "event_dedupe")->gone_rows, 500);
	assert_int_equal(ask("SELECT count(*) FROM event_dedupe WHERE event_id LIKE 'new-%'"), 300);
	assert_int_equal(ask("SELECT count(*) FROM event_dedupe"), 300);
	assert_int_equal(
	        ask("SELECT count(*) FROM audit WHERE name = 'event_dedupe' AND before LIKE '%older_than%'"),
	        1);
}

static bool never_again(void *context, int64_t spent_us)
{
	(void)context;
	(void)spent_us;
	return false;
}

static void a_sweep_that_is_cut_off_goes_on_where_it_was(void **state)
{
	(void)state;
	run("INSERT INTO ingest_reject (received, environment, runtime_id, incarnation, first_sequence, "
	    "last_sequence, reason, record) "
	    "SELECT now() - interval '2 years', 'production', 'r1', 1, n, n, 'why', 'x' FROM "
	    "generate_series(1, 2500) AS n");
	RetentionSweep cut = sweep_of(false);
	cut.pause = never_again;
	assert_int_equal(retention_sweep(&cut), OK);
	assert_false(cut.complete);
	assert_int_equal(ask("SELECT count(*) FROM ingest_reject"), 1500);
	RetentionSweep rest = sweep(false);
	assert_true(rest.complete);
	assert_int_equal(table(&rest, "ingest_reject")->gone_rows, 1500);
	assert_int_equal(ask("SELECT count(*) FROM ingest_reject"), 0);
}

// --- outcomes ---

static void outcomes_go_with_their_paths(void **state)
{
	(void)state;
	run("INSERT INTO outcome SELECT now() - interval '1 month' * m, now(), 1, 'production', 'T' || m, "
	    "'sent', 'bank', 'customer', '7', "
	    "'GOLD', '', '' FROM (VALUES (2), (40), (41)) AS v (m);"
	    "INSERT INTO outcome_change SELECT since, since, 1, environment, treatment_code, '', 'sent', "
	    "'import', '' FROM outcome;"
	    "INSERT INTO outcome_refusal SELECT since, since, environment, treatment_code, 'opened', "
	    "'import', '' FROM outcome");
	RetentionSweep swept = sweep(false);
	assert_int_equal(table(&swept, "outcome")->gone_rows, 2);
	assert_int_equal(ask("SELECT count(*) FROM outcome"), 1);
	assert_int_equal(ask("SELECT count(*) FROM outcome_change WHERE treatment_code = 'T2'"), 1);
	assert_int_equal(ask("SELECT count(*) FROM outcome_change"), 1);
	assert_int_equal(ask("SELECT count(*) FROM outcome_refusal"), 1);
}

// --- checkpoints ---

static void of_old_checkpoints_the_last_of_each_day_stays(void **state)
{
	(void)state;
	run("INSERT INTO audit_checkpoint SELECT e, n, sha256('x'), '', "
	    "date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '200 days' + n * "
	    "interval '8 hours' "
	    "FROM unnest(ARRAY['staging', 'production']) AS e, generate_series(0, 8) AS n WHERE n > 0;"
	    "INSERT INTO audit_checkpoint SELECT 'production', 100 + n, sha256('x'), '', now() - n * "
	    "interval '1 minute' FROM generate_series(1, 5) AS n");
	assert_int_equal(
	        pg_script(pg, WAIT_MS, "DELETE FROM audit_checkpoint WHERE sequence = 2"), ERR_DB_FAILED);
	RetentionSweep swept = sweep(false);
	// Numbers 1 and 2 are of one day, 3 to 5 of the next, 6 to 8 of the third.
	assert_int_equal(table(&swept, "audit_checkpoint")->gone_rows, 10);
	assert_int_equal(ask("SELECT count(*) FROM audit_checkpoint WHERE sequence IN (2, 5, 8)"), 6);
	assert_int_equal(ask("SELECT count(*) FROM audit_checkpoint WHERE sequence > 100"), 5);
	assert_int_equal(ask("SELECT count(*) FROM audit_checkpoint"), 11);
	// The rule holds for the owner of the tables, too.
	assert_int_equal(
	        pg_script(pg, WAIT_MS, "DELETE FROM audit_checkpoint WHERE sequence = 5"), ERR_DB_FAILED);
	assert_int_equal(
	        pg_script(pg, WAIT_MS, "DELETE FROM audit_checkpoint WHERE sequence = 101"), ERR_DB_FAILED);
	assert_int_equal(pg_script(pg, WAIT_MS, "UPDATE audit_checkpoint SET signed = now()"), ERR_DB_FAILED);
}

// --- snapshots ---

// A snapshot of that name, built of the resources $2 and deployed: released, or given up `months` ago.
static void put_build(const char *name, const char *items, bool released, int months)
{
	char sql[1500];
	snprintf(sql, sizeof sql,
	        "SELECT blob_put(sha256('%s'), '%s', now() - interval '%d months');"
	        "INSERT INTO build (channel, digest, items, marks, author, created) "
	        "VALUES ('bank', sha256('%s'), '%s', '{}', 'anna', now() - interval '%d months');"
	        "INSERT INTO deployment (environment, channel, epoch, version, fleet, blob, length, "
	        "manifest, envelope, author, comment, "
	        "promoted_from, request_id, created, expires, state, build, released, ended) SELECT 'test', "
	        "'bank', 1, coalesce(max(version), 0) + 1, "
	        "'f', sha256('%s'), 1, sha256('m'), '', 'anna', '', '', '', now() - interval '%d months', "
	        "now(), %d, "
	        "(SELECT max(id) FROM build), %s, now() - interval '%d months' FROM deployment",
	        name, name, months, name, items, months, name, months, released ? 4 : 8,
	        released ? "now()" : "NULL", months);
	run(sql);
}

static void snapshots_that_never_were_go(void **state)
{
	(void)state;
	run("INSERT INTO resource_version (id, hash, kind, channel, name, spec) OVERRIDING SYSTEM VALUE "
	    "SELECT n, sha256(n::text::bytea), 'Offer', '', n::text, '{}' FROM generate_series(1, 6) AS n");
	put_build("released", "{1,2}", true, 20);
	put_build("given up", "{2,3}", false, 20);
	put_build("given up lately", "{3,4}", false, 1);
	put_build("given up, then released", "{5}", false, 20);
	put_build("given up, then released", "{5}", true, 20);
	RetentionSweep swept = sweep(false);
	// The snapshot, its build, and the first build of the one that was released later.
	assert_int_equal(table(&swept, "build")->gone_rows, 3);
	assert_int_equal(
	        ask("SELECT count(*) FROM blob WHERE content IS NULL AND digest = sha256('given up')"), 1);
	assert_int_equal(ask("SELECT count(*) FROM blob WHERE content IS NULL"), 1);
	assert_int_equal(ask("SELECT count(*) FROM deployment"), 5);
	assert_int_equal(
	        ask("SELECT count(*) FROM deployment WHERE released IS NOT NULL AND build IS NULL"), 0);
	// Both its resources are in other builds.
	assert_int_equal(ask("SELECT count(*) FROM resource_version"), 6);
	run("UPDATE deployment SET ended = now() - interval '1 year' WHERE state = 8;"
	    "UPDATE blob SET created = now() - interval '1 year'; UPDATE build SET created = now() - "
	    "interval '1 year';"
	    "UPDATE history_retention SET applied = NULL");
	swept = sweep(false);
	assert_int_equal(ask("SELECT count(*) FROM resource_version WHERE id IN (3, 4)"), 0);
	assert_int_equal(ask("SELECT count(*) FROM resource_version"), 4);
	// Deployed again, it is there again.
	run("SELECT blob_put(sha256('given up'), 'given up', now())");
	assert_int_equal(ask("SELECT count(*) FROM blob WHERE content = 'given up' AND removed IS NULL"), 1);
	assert_int_equal(pg_script(pg, WAIT_MS, "SELECT blob_put(sha256('a'), 'b', now())"), ERR_DB_FAILED);
}

static void what_is_being_built_is_not_removed(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *builder = NULL;
	put_build("given up", "{}", false, 20);
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &builder), OK);
	assert_int_equal(pg_script(builder, WAIT_MS, "BEGIN"), OK);
	assert_int_equal(pg_script(builder, WAIT_MS, sql_build_lock), OK);
	RetentionSweep swept = sweep(false);
	assert_false(swept.complete);
	assert_non_null(strstr(table(&swept, "build")->held, "is being deployed"));
	assert_int_equal(pg_script(builder, WAIT_MS, "ROLLBACK"), OK);
	swept = sweep(false);
	assert_int_equal(table(&swept, "build")->gone_rows, 2);
}

// --- the configuration and the thread ---

static const DesignConfig config = {.retention = {.apply = true,
                                            .every_us = 3600 * US_PER_S,
                                            .recommendation_months = 13,
                                            .contact_months = 25,
                                            .response_months = 37,
                                            .event_months = 13,
                                            .session_months = 6,
                                            .cell_months = 13,
                                            .effect_months = 37,
                                            .event_id_months = 3,
                                            .outcome_months = 37,
                                            .reject_months = 13,
                                            .checkpoint_months = 3,
                                            .unreleased_months = 3}};

static void the_configuration_says_how_long(void **state)
{
	(void)state;
	assert_int_equal(retention_configure(store, &config, clock_now_us(clock_system())), OK);
	assert_int_equal(ask("SELECT months FROM history_retention WHERE name = 'session_history'"), 6);
	assert_int_equal(ask("SELECT count(*) FROM history_retention WHERE changed_by = 'configuration'"), 2);
	assert_int_equal(ask("SELECT count(*) FROM audit WHERE actor = 'parley-design' AND action = 'update' "
	                     "AND kind = 'Retention' "
	                     "AND name = 'session_history' AND before::json ->> 'months' = '13' AND "
	                     "after::json ->> 'months' = '6'"),
	        1);
	assert_int_equal(retention_configure(store, &config, clock_now_us(clock_system())), OK);
	assert_int_equal(ask("SELECT count(*) FROM audit"), 2); // nothing has changed since
}

static void the_thread_does_it_at_the_start(void **state)
{
	(void)state;
	Services services = {.store = store, .clock = clock_system(), .config = &config};
	Retention *retention = NULL;
	make_month(7);
	assert_int_equal(retention_new(&services, &environments, &retention), OK);
	int64_t until_us = monotonic_us() + WAIT_MS * 1000;
	while (months_of("session_history") > 0 && monotonic_us() < until_us)
		run("SELECT pg_sleep(0.02)");
	retention_free(retention);
	assert_int_equal(months_of("session_history"), 0);
	assert_int_equal(months_of("event_history"), 1);
}

static void contacts_outlast_the_responses_to_them(void **state)
{
	(void)state;
	DesignConfig shorter = config;
	Services services = {.store = store, .clock = clock_system(), .config = &shorter};
	Retention *retention = NULL;
	shorter.retention.contact_months = 1;
	assert_int_equal(retention_new(&services, &environments, &retention), ERR_CONFIG_INVALID);
	assert_non_null(strstr(
	        err_detail()->message, "contact_months is 1, but production takes responses up to 30 days"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(old_months_go_and_new_ones_stay, drop_months, end),
	        cmocka_unit_test_setup_teardown(old_months_are_put_aside_if_that_is_wanted, drop_months, end),
	        cmocka_unit_test_setup_teardown(
	                who_reads_a_month_keeps_it_till_the_next_time, drop_months, end),
	        cmocka_unit_test_setup_teardown(one_process_at_a_time, drop_months, end),
	        cmocka_unit_test_setup_teardown(
	                ids_are_known_as_long_as_a_server_may_ship_a_repeat, drop_months, end),
	        cmocka_unit_test_setup_teardown(a_sweep_that_is_cut_off_goes_on_where_it_was, begin, end),
	        cmocka_unit_test_setup_teardown(outcomes_go_with_their_paths, begin, end),
	        cmocka_unit_test_setup_teardown(of_old_checkpoints_the_last_of_each_day_stays, begin, end),
	        cmocka_unit_test_setup_teardown(snapshots_that_never_were_go, begin, end),
	        cmocka_unit_test_setup_teardown(what_is_being_built_is_not_removed, begin, end),
	        cmocka_unit_test_setup_teardown(the_configuration_says_how_long, begin, end),
	        cmocka_unit_test_setup_teardown(the_thread_does_it_at_the_start, drop_months, end),
	        cmocka_unit_test_setup_teardown(contacts_outlast_the_responses_to_them, begin, end),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
