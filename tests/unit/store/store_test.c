// Migrations, transactions and the audit against a real PostgreSQL.
#include "base/cleanup.h"
#include "base/clock.h"
#include "lib/postgres.h"
#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { WAIT_MS = 10000 };

static TestPostgres postgres;
static Store *store;

static Pg *connect_owner(void)
{
	Pg *pg = NULL;
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &pg), OK);
	return pg;
}

static int64_t ask_i64(Pg *pg, const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	assert_int_equal(pg_query(pg, WAIT_MS, sql, NULL, 0, &result), OK);
	return pg_i64(result, 0, 0);
}

static void an_empty_database_is_told_to_migrate(void **state)
{
	(void)state;
	assert_int_equal(store_check(store), ERR_MIGRATION_FAILED);
	assert_non_null(strstr(err_detail()->message, "parley-design migrate"));
}

static void *migrate(void *context)
{
	int *applied = context;
	if (store_migrate(postgres.conninfo, applied) != OK)
		*applied = -1;
	return NULL;
}

static void of_many_runners_one_migrates(void **state)
{
	(void)state;
	pthread_t threads[4];
	int applied[4], sum = 0;
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, migrate, &applied[i]), 0);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_true(applied[i] >= 0);
		sum += applied[i];
	}
	assert_int_equal(sum, sql_migration_count);
	assert_int_equal(store_check(store), OK);
}

static void every_table_and_column_is_explained(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	CLEANUP(pg_result_freep) PgResult *bare = NULL;
	assert_int_equal(
	        pg_query(pg, WAIT_MS,
	                "SELECT c.relname || coalesce('.' || a.attname, '')"
	                " FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
	                "  AND NOT a.attisdropped"
	                " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
	                "  AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, "
	                "'pg_class') IS NULL)",
	                NULL, 0, &bare),
	        OK);
	for (size_t i = 0; i < pg_rows(bare); i++)
		print_error("no COMMENT: " STR_FMT "\n", STR_ARG(pg_text(bare, i, 0)));
	assert_int_equal(pg_rows(bare), 0);
}

static void an_edited_migration_is_refused(void **state)
{
	(void)state;
	int applied = 0;
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	const char *edit =
	        "UPDATE schema_migration SET checksum = set_byte(checksum, 0, get_byte(checksum, 0) # 1)"
	        " WHERE name LIKE '0002%'";
	assert_int_equal(pg_script(pg, WAIT_MS, edit), OK);
	assert_int_equal(store_check(store), ERR_MIGRATION_FAILED);
	assert_non_null(strstr(err_detail()->message, "0002_"));
	assert_int_equal(store_migrate(postgres.conninfo, &applied), ERR_MIGRATION_FAILED);
	assert_int_equal(pg_script(pg, WAIT_MS, edit), OK);
	assert_int_equal(store_check(store), OK);
}

static void a_newer_database_is_refused(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	assert_int_equal(
	        pg_script(pg, WAIT_MS, "INSERT INTO schema_migration VALUES ('9999_future.sql', '')"), OK);
	assert_int_equal(store_check(store), ERR_MIGRATION_FAILED);
	assert_int_equal(pg_script(pg, WAIT_MS, "DELETE FROM schema_migration WHERE name LIKE '9999%'"), OK);
}

static Err append(Pg *pg, void *context)
{
	const char *name = context;
	return audit_write(pg, &(Audit){.time_us = 1,
	                               .actor = STR("ada"),
	                               .action = STR("create"),
	                               .kind = STR("Offer"),
	                               .name = str(name),
	                               .after = STR("{}")});
}

static Err append_and_fail(Pg *pg, void *context)
{
	TRY(append(pg, context));
	return err(ERR_FIELD_INVALID, "changed my mind");
}

static void work_that_fails_leaves_nothing(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	assert_int_equal(store_transact(store, append_and_fail, "undone"), ERR_FIELD_INVALID);
	assert_string_equal(err_detail()->message, "changed my mind");
	assert_int_equal(store_transact(store, append, "done"), OK);
	assert_int_equal(ask_i64(pg, "SELECT count(*) FROM audit WHERE name = 'undone'"), 0);
	assert_int_equal(ask_i64(pg, "SELECT count(*) FROM audit WHERE name = 'done'"), 1);
}

static void the_audit_cannot_be_edited(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *owner = connect_owner();
	CLEANUP(pg_closep) Pg *service = connect_owner();
	assert_int_equal(pg_script(service, WAIT_MS, "SET ROLE parley_design"), OK);
	const char *edits[] = {"UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "TRUNCATE audit"};
	for (size_t i = 0; i < ARRAY_COUNT(edits); i++) {
		assert_int_equal(pg_script(owner, WAIT_MS, edits[i]), ERR_DB_FAILED);
		assert_non_null(strstr(err_detail()->message, "append-only"));
		assert_int_equal(pg_script(service, WAIT_MS, edits[i]), ERR_DB_FAILED);
		assert_string_equal(pg_sqlstate(service), "42501");
	}
	assert_int_equal(pg_script(service, WAIT_MS, "ALTER TABLE audit DISABLE TRIGGER ALL"), ERR_DB_FAILED);
	assert_int_equal(pg_script(service, WAIT_MS, "CREATE TABLE mine (a int)"), ERR_DB_FAILED);
	assert_true(ask_i64(owner, "SELECT count(*) FROM audit WHERE actor = 'ada'") > 0);
}

// Everybody appends at once, and some change their minds: the numbers still have no gap, the chain no fork.
static void *append_many(void *context)
{
	(void)context;
	for (int i = 0; i < 25; i++)
		if (store_transact(store, i % 5 ? append : append_and_fail, "race") !=
		        (i % 5 ? OK : ERR_FIELD_INVALID))
			return "failed";
	return NULL;
}

static void the_audit_is_one_chain(void **state)
{
	(void)state;
	pthread_t threads[4];
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_many, NULL), 0);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		void *failed = NULL;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(ask_i64(pg, "SELECT count(*) FROM audit WHERE name = 'race'"), 80);
	assert_int_equal(ask_i64(pg, "SELECT max(sequence) - count(*) FROM audit"), 0);
	// What SQL computes is what the program wrote.
	assert_int_equal(
	        ask_i64(pg, "SELECT count(*) FROM (SELECT hash, audit_entry_hash("
	                    " lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY sequence), "
	                    " sequence, time, actor, action, kind, channel, name, before, after) AS own"
	                    " FROM audit) AS entry WHERE hash IS DISTINCT FROM own"),
	        0);
}

// A database from before there were chains and grants: what it says is kept, chained, and granted.
static void an_older_database_is_brought_along(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *owner = connect_owner();
	CLEANUP(pg_closep) Pg *pg = NULL;
	char conninfo[512];
	size_t next = 0;
	assert_int_equal(pg_script(owner, WAIT_MS, "CREATE DATABASE older"), OK);
	snprintf(conninfo, sizeof conninfo, "host=%s user=parley dbname=older", postgres.dir);
	assert_int_equal(pg_connect(conninfo, WAIT_MS, &pg), OK);
	assert_int_equal(pg_script(pg, WAIT_MS,
	                         "CREATE TABLE schema_migration (name text, checksum bytea, applied "
	                         "timestamptz DEFAULT now())"),
	        OK);
	for (; strcmp(sql_migrations[next].name, "0011") < 0; next++)
		assert_int_equal(pg_script(pg, WAIT_MS, sql_migrations[next].sql), OK);
	assert_int_equal(
	        pg_script(pg, WAIT_MS,
	                "INSERT INTO app_user VALUES ('vera', 1, '', now()), ('root', 4, '', now());"
	                "INSERT INTO audit (time, actor, action, kind, channel, name, before, after)"
	                " SELECT '2026-01-01 00:00:00.000001+00'::timestamptz + i * interval '1 hour', "
	                "'Gärtner',"
	                "  'create', 'Offer', '', 'offer-' || i, '', '{}' FROM generate_series(1, 50) AS i;"
	                "DELETE FROM schema_migration"),
	        OK);
	for (; next < sql_migration_count; next++)
		assert_int_equal(pg_script(pg, WAIT_MS, sql_migrations[next].sql), OK);
	assert_int_equal(ask_i64(pg, "SELECT sum(role * 10 + (environment = '*')::int) FROM app_grant"), 52);
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	AuditHead head = {0};
	assert_int_equal(
	        pg_query(pg, WAIT_MS,
	                "SELECT time, actor, action, kind, channel, name, before, after, hash FROM audit"
	                " ORDER BY sequence",
	                NULL, 0, &rows),
	        OK);
	assert_int_equal(pg_rows(rows), 50);
	for (size_t i = 0; i < pg_rows(rows); i++) {
		AuditEntry entry = {.time_us = pg_time(rows, i, 0),
		        .actor = pg_text(rows, i, 1),
		        .action = pg_text(rows, i, 2),
		        .kind = pg_text(rows, i, 3),
		        .channel = pg_text(rows, i, 4),
		        .name = pg_text(rows, i, 5),
		        .before = pg_text(rows, i, 6),
		        .after = pg_text(rows, i, 7)};
		assert_int_equal(audit_chain(&head, &entry), OK);
		assert_memory_equal(pg_bytes(rows, i, 8, arena).ptr, head.hash, sizeof head.hash);
	}
	assert_int_equal(pg_script(pg, WAIT_MS, "DELETE FROM audit"), ERR_DB_FAILED); // the trigger is back
}

static Err read_head(Pg *pg, void *context)
{
	return audit_head(pg, context);
}

static Err keep_checkpoint(Pg *pg, void *context)
{
	return audit_checkpoint_add(pg, STR("production"), context, STR("an envelope"), 1);
}

static void checkpoints_are_kept(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	AuditHead head = {0};
	assert_int_equal(store_transact(store, keep_checkpoint, &head), OK); // nothing to vouch for
	assert_int_equal(store_read(store, read_head, &head), OK);
	assert_true(head.sequence > 0);
	assert_int_equal(store_transact(store, keep_checkpoint, &head), OK);
	assert_int_equal(store_transact(store, keep_checkpoint, &head), OK);
	assert_int_equal(
	        ask_i64(pg, "SELECT count(*) FROM audit_checkpoint c JOIN audit a USING (sequence, hash)"),
	        1);
	assert_int_equal(pg_script(pg, WAIT_MS, "DELETE FROM audit_checkpoint"), ERR_DB_FAILED);
}

static Err conflict_twice(Pg *pg, void *context)
{
	int *runs = context;
	if (++*runs < 3)
		return pg_script(
		        pg, WAIT_MS, "DO $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END $$");
	return OK;
}

static Err conflict_always(Pg *pg, void *context)
{
	int *runs = context;
	*runs = -1;
	return conflict_twice(pg, context);
}

static void conflicts_are_tried_again(void **state)
{
	(void)state;
	int runs = 0;
	assert_int_equal(store_transact(store, conflict_twice, &runs), OK);
	assert_int_equal(runs, 3);
	assert_int_equal(store_transact(store, conflict_always, &runs), ERR_DB_CONFLICT);
}

static void reading_cannot_write(void **state)
{
	(void)state;
	assert_int_equal(store_read(store, append, "sneaked in"), ERR_DB_FAILED);
}

static void the_store_outlives_its_server(void **state)
{
	(void)state;
	test_postgres_halt(&postgres);
	assert_int_equal(store_transact(store, append, "lost"), ERR_DB_UNAVAILABLE);
	test_postgres_resume(&postgres);
	assert_int_equal(store_transact(store, append, "kept"), OK);
	assert_int_equal(store_check(store), OK);
}

static int start(void **state)
{
	(void)state;
	test_postgres_start(&postgres);
	store = store_new(postgres.conninfo, 4);
	return store ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	store_free(store);
	test_postgres_stop(&postgres);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_empty_database_is_told_to_migrate),
	        cmocka_unit_test(of_many_runners_one_migrates),
	        cmocka_unit_test(every_table_and_column_is_explained),
	        cmocka_unit_test(an_edited_migration_is_refused),
	        cmocka_unit_test(a_newer_database_is_refused),
	        cmocka_unit_test(work_that_fails_leaves_nothing),
	        cmocka_unit_test(the_audit_cannot_be_edited),
	        cmocka_unit_test(the_audit_is_one_chain),
	        cmocka_unit_test(an_older_database_is_brought_along),
	        cmocka_unit_test(checkpoints_are_kept),
	        cmocka_unit_test(conflicts_are_tried_again),
	        cmocka_unit_test(reading_cannot_write),
	        cmocka_unit_test(the_store_outlives_its_server),
	};
	return cmocka_run_group_tests_name("store", tests, start, stop);
}
