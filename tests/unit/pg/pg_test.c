// The PostgreSQL wrapper against a real server: values there and back, failures by name, waits that end.
#include "base/cleanup.h"
#include "base/clock.h"
#include "lib/postgres.h"
#include "pg/pg.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 10000 };

static TestPostgres postgres;

static Pg *connect_now(void)
{
	Pg *pg = NULL;
	assert_int_equal(pg_connect(postgres.conninfo, WAIT_MS, &pg), OK);
	return pg;
}

static int64_t ask_i64(Pg *pg, const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	assert_int_equal(pg_query(pg, WAIT_MS, sql, NULL, 0, &result), OK);
	assert_int_equal(pg_rows(result), 1);
	return pg_i64(result, 0, 0);
}

static void assert_text(Str actual, const char *expected)
{
	assert_int_equal(actual.len, strlen(expected));
	assert_memory_equal(actual.ptr ? actual.ptr : "", expected, actual.len);
}

static void values_come_back_as_they_went(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	int64_t moment = INT64_C(1769846400250001);
	assert_int_equal(PG_QUERY(pg, WAIT_MS, &result,
	                         "SELECT $1, $2, $3, $4::text, $5, $6, $7, $8::bigint, pg_typeof($6)::text",
	                         P_BOOL(true), P_I64(INT64_MIN), P_F64(DBL_MIN), P_CTEXT("Grüße \"\\'"),
	                         P_BYTES(STR("a\0\xff")), P_TIME(moment), P_JSON(STR("{\"a\": 1}")), P_NULL),
	        OK);
	assert_true(pg_bool(result, 0, 0));
	assert_true(pg_i64(result, 0, 1) == INT64_MIN);
	assert_true(pg_f64(result, 0, 2) == DBL_MIN);
	assert_text(pg_text(result, 0, 3), "Grüße \"\\'");
	assert_true(str_eq(pg_bytes(result, 0, 4, arena), STR("a\0\xff")));
	assert_true(pg_time(result, 0, 5) == moment);
	assert_text(pg_text(result, 0, 6), "{\"a\": 1}");
	assert_true(pg_is_null(result, 0, 7));
	assert_int_equal(pg_i64(result, 0, 7), 0);
	assert_text(pg_text(result, 0, 8), "timestamp with time zone");
	assert_int_equal(pg_columns(result), 9);
	assert_string_equal(pg_column_name(result, 8), "pg_typeof");
	assert_int_equal(pg_column_type(result, 1), 20);
}

static void moments_keep_their_microseconds(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	const int64_t moments[] = {
	        0, -1, 1, US_PER_S, -62135596800 * US_PER_S, 253402300799999999, INT64_MAX, INT64_MIN};
	for (size_t i = 0; i < ARRAY_COUNT(moments); i++) {
		CLEANUP(pg_result_freep) PgResult *result = NULL;
		assert_int_equal(PG_QUERY(pg, WAIT_MS, &result, "SELECT $1", P_TIME(moments[i])), OK);
		assert_true(pg_time(result, 0, 0) == moments[i]);
	}
	CLEANUP(pg_result_freep) PgResult *odd = NULL;
	assert_int_equal(
	        pg_query(pg, WAIT_MS,
	                "SELECT timestamptz '0044-03-15 BC', timestamptz '12026-01-01', NULL::timestamptz",
	                NULL, 0, &odd),
	        OK);
	assert_true(pg_time(odd, 0, 0) == INT64_MIN);
	assert_true(pg_time(odd, 0, 1) == INT64_MAX);
	assert_true(pg_time(odd, 0, 2) == 0);
}

static void texts_take_the_type_of_their_column(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	assert_int_equal(
	        pg_script(pg, WAIT_MS, "CREATE TEMP TABLE t (u uuid, c char(4), n numeric, i int)"), OK);
	assert_int_equal(PG_QUERY(pg, WAIT_MS, &result, "INSERT INTO t VALUES ($1, $2, $3, $4)",
	                         P_CTEXT("6f2b7f0e-5a1c-4c0e-9d39-0d6b5a0d7e11"), P_CTEXT("ab"),
	                         P_CTEXT("1.50"), P_I64(7)),
	        OK);
	assert_int_equal(pg_affected(result), 1);
	CLEANUP(pg_result_freep) PgResult *found = NULL;
	assert_int_equal(PG_QUERY(pg, WAIT_MS, &found, "SELECT n FROM t WHERE c = $1 AND i = $2",
	                         P_CTEXT("ab"), P_I64(7)),
	        OK);
	assert_text(pg_text(found, 0, 0), "1.50");
}

static void arrays_go_both_ways(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	const Str texts[] = {STR("plain"), STR(""), STR("a,b {c} \"d\" \\e"), STR("NULL"), STR("Größe")};
	const int64_t numbers[] = {3, -4, INT64_MAX};
	Str *back;
	size_t count;
	assert_int_equal(PG_QUERY(pg, WAIT_MS, &result,
	                         "SELECT $1, (SELECT sum(n) FROM unnest($2) n), $3, array['x', NULL], "
	                         "NULL::text[], '{{a}}'::text[]",
	                         P_TEXTS(texts, ARRAY_COUNT(texts)), P_I64S(numbers, ARRAY_COUNT(numbers)),
	                         P_TEXTS(NULL, 0)),
	        OK);
	assert_int_equal(pg_texts(result, 0, 0, arena, &back, &count), OK);
	assert_int_equal(count, ARRAY_COUNT(texts));
	for (size_t i = 0; i < count; i++)
		assert_true(str_eq(back[i], texts[i]));
	assert_text(pg_text(result, 0, 1), "9223372036854775806");
	assert_int_equal(pg_texts(result, 0, 2, arena, &back, &count), OK);
	assert_int_equal(count, 0);
	assert_int_equal(pg_texts(result, 0, 3, arena, &back, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(back[1].len, 0);
	assert_int_equal(pg_texts(result, 0, 4, arena, &back, &count), OK);
	assert_int_equal(count, 0);
	assert_int_equal(pg_texts(result, 0, 5, arena, &back, &count), ERR_DB_FAILED);
}

static void a_nul_in_a_text_is_refused_before_it_is_sent(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	assert_int_equal(
	        PG_QUERY(pg, WAIT_MS, NULL, "SELECT $1::text", P_TEXT(STR("a\0b"))), ERR_FIELD_INVALID);
	assert_int_equal(ask_i64(pg, "SELECT 1"), 1);
}

static void a_statement_is_prepared_once(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	for (int i = 0; i < 3; i++)
		assert_int_equal(PG_QUERY(pg, WAIT_MS, NULL, "SELECT $1 + 1", P_I64(i)), OK);
	assert_int_equal(
	        ask_i64(pg, "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 + 1'"),
	        1);
	// Other parameter types make another statement of the same text.
	assert_int_equal(PG_QUERY(pg, WAIT_MS, NULL, "SELECT $1 + 1", P_F64(0.5)), OK);
	assert_int_equal(
	        ask_i64(pg, "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 + 1'"),
	        2);
}

static void ever_new_statements_do_not_pile_up(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	for (int i = 0; i < 300; i++) {
		char sql[32];
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(ask_i64(pg, sql), i);
	}
	assert_true(ask_i64(pg, "SELECT count(*) FROM pg_prepared_statements") <= 130);
}

static void a_table_that_changed_is_read_anew(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	assert_int_equal(pg_script(pg, WAIT_MS, "CREATE TEMP TABLE t AS SELECT 1 AS a"), OK);
	assert_int_equal(ask_i64(pg, "SELECT * FROM t"), 1);
	assert_int_equal(pg_script(pg, WAIT_MS, "ALTER TABLE t ALTER a TYPE text USING '2'"), OK);
	assert_int_equal(ask_i64(pg, "SELECT * FROM t"), 2);
}

static void failures_have_names(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	CLEANUP(pg_closep) Pg *other = connect_now();
	assert_int_equal(PG_QUERY(pg, WAIT_MS, NULL, "SELECT 1 / $1", P_I64(0)), ERR_DB_FAILED);
	assert_string_equal(pg_sqlstate(pg), "22012");
	assert_non_null(strstr(err_detail()->message, "division by zero"));
	assert_int_equal(pg_script(pg, WAIT_MS, "SELEC"), ERR_DB_FAILED);
	assert_string_equal(pg_sqlstate(pg), "42601");
	assert_int_equal(pg_script(pg, WAIT_MS, "CREATE TABLE locked (a int)"), OK);
	assert_int_equal(pg_script(other, WAIT_MS, "BEGIN; LOCK TABLE locked"), OK);
	assert_int_equal(pg_script(pg, WAIT_MS, "BEGIN; LOCK TABLE locked NOWAIT"), ERR_DB_CONFLICT);
	assert_true(pg_alive(pg));
	assert_int_equal(pg_script(pg, WAIT_MS, "ROLLBACK"), OK);
	assert_int_equal(pg_script(other, WAIT_MS, "ROLLBACK; DROP TABLE locked"), OK);
	assert_string_equal(pg_sqlstate(other), "");
}

static void concurrent_writers_conflict(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *a = connect_now();
	CLEANUP(pg_closep) Pg *b = connect_now();
	assert_int_equal(
	        pg_script(a, WAIT_MS, "CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)"), OK);
	const char *begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
	assert_int_equal(pg_script(a, WAIT_MS, begin), OK);
	assert_int_equal(pg_script(b, WAIT_MS, begin), OK);
	assert_int_equal(ask_i64(b, "SELECT n FROM counter"), 0);
	assert_int_equal(pg_script(a, WAIT_MS, "UPDATE counter SET n = 1; COMMIT"), OK);
	assert_true(pg_in_transaction(b));
	assert_int_equal(
	        PG_QUERY(b, WAIT_MS, NULL, "UPDATE counter SET n = n + $1::int", P_I64(1)), ERR_DB_CONFLICT);
	assert_int_equal(pg_script(b, WAIT_MS, "ROLLBACK; DROP TABLE counter"), OK);
	assert_false(pg_in_transaction(b));
}

static void a_slow_statement_is_cancelled_on_the_server(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	int64_t pid = ask_i64(pg, "SELECT pg_backend_pid()");
	int64_t start = monotonic_us();
	assert_int_equal(pg_script(pg, 100, "SELECT pg_sleep(30)"), ERR_TIMEOUT);
	assert_true(monotonic_us() - start < 5 * US_PER_S);
	assert_true(pg_alive(pg));
	assert_int_equal(ask_i64(pg, "SELECT pg_backend_pid()"), pid);
}

static void a_killed_backend_is_a_lost_connection(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	CLEANUP(pg_closep) Pg *killer = connect_now();
	int64_t pid = ask_i64(pg, "SELECT pg_backend_pid()");
	assert_int_equal(
	        PG_QUERY(killer, WAIT_MS, NULL, "SELECT pg_terminate_backend($1::int, 5000)", P_I64(pid)),
	        OK);
	assert_int_equal(pg_script(pg, WAIT_MS, "SELECT 1"), ERR_DB_UNAVAILABLE);
	assert_false(pg_alive(pg));
	assert_int_equal(pg_script(pg, WAIT_MS, "SELECT 1"), ERR_DB_UNAVAILABLE);
	assert_int_equal(err_detail()->id, ERR_DB_UNAVAILABLE);
	assert_true(err_detail()->retry_after_ms > 0);
}

static void nobody_there_is_unavailable(void **state)
{
	(void)state;
	Pg *pg = NULL;
	assert_int_equal(pg_connect("host=/nonexistent user=x dbname=y", 1000, &pg), ERR_DB_UNAVAILABLE);
	assert_int_equal(pg_connect("no such = conninfo ' at all", 1000, &pg), ERR_DB_UNAVAILABLE);
	assert_null(pg);
}

// A listener that accepts and never says a word.
static void a_mute_server_costs_only_the_time_out(void **state)
{
	(void)state;
	char dir[] = "/tmp/parley-mute-XXXXXX", conninfo[128];
	assert_non_null(mkdtemp(dir));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", dir);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_return_code(listen(listener, 4), 0);
	snprintf(conninfo, sizeof(conninfo), "host=%s user=x dbname=y", dir);
	Pg *pg = NULL;
	int64_t start = monotonic_us();
	assert_int_equal(pg_connect(conninfo, 200, &pg), ERR_DB_UNAVAILABLE);
	assert_true(monotonic_us() - start >= 200 * US_PER_MS);
	assert_true(monotonic_us() - start < 5 * US_PER_S);
	close(listener);
	unlink(address.sun_path);
	rmdir(dir);
}

static const char copy_table[] = "CREATE TEMP TABLE facts (id bigint, name text, score double precision, at "
                                 "timestamptz, raw bytea, doc jsonb, ok bool)";

static Err copy_rows(Pg *pg, int64_t count)
{
	TRY(pg_copy_begin(pg, WAIT_MS, "COPY facts FROM STDIN BINARY", 7));
	for (int64_t i = 0; i < count; i++) {
		const PgParam row[] = {P_I64(i), i % 7 ? P_CTEXT("näme") : P_NULL, P_F64((double)i / 4),
		        P_TIME(i * US_PER_S), P_BYTES(STR("\0\1")), P_JSON(STR("[1]")), P_BOOL(i % 2)};
		TRY(pg_copy_row(pg, row));
	}
	return pg_copy_end(pg, WAIT_MS);
}

static void copy_stores_every_row(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	assert_int_equal(pg_script(pg, WAIT_MS, copy_table), OK);
	assert_int_equal(copy_rows(pg, 20000), OK);
	assert_int_equal(copy_rows(pg, 0), OK);
	assert_int_equal(
	        ask_i64(pg, "SELECT count(*) FROM facts WHERE name = 'näme' OR id % 7 = 0 AND name IS NULL"),
	        20000);
	assert_int_equal(
	        ask_i64(pg,
	                "SELECT count(*) FROM facts WHERE score = id / 4.0 AND extract(epoch FROM at) = id"
	                " AND raw = '\\x0001' AND doc = '[1]' AND ok = (id % 2 = 1)"),
	        20000);
}

static void a_failed_copy_leaves_a_working_connection(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_now();
	assert_int_equal(pg_script(pg, WAIT_MS, "CREATE TEMP TABLE u (id bigint PRIMARY KEY, t text)"), OK);
	const PgParam row[] = {P_I64(1), P_CTEXT("x")}, bad[] = {P_I64(2), P_TEXT(STR("a\0b"))};
	assert_int_equal(pg_copy_begin(pg, WAIT_MS, "COPY u FROM STDIN BINARY", 2), OK);
	assert_int_equal(pg_query(pg, WAIT_MS, "SELECT 1", NULL, 0, NULL), ERR_INTERNAL);
	assert_int_equal(pg_copy_row(pg, row), OK);
	assert_int_equal(pg_copy_row(pg, row), OK);
	assert_int_equal(pg_copy_end(pg, WAIT_MS), ERR_DB_FAILED);
	assert_string_equal(pg_sqlstate(pg), "23505");
	assert_int_equal(pg_copy_begin(pg, WAIT_MS, "COPY u FROM STDIN BINARY", 2), OK);
	assert_int_equal(pg_copy_row(pg, row), OK);
	assert_int_equal(pg_copy_row(pg, bad), ERR_FIELD_INVALID);
	assert_int_equal(pg_copy_end(pg, WAIT_MS), ERR_INTERNAL);
	assert_int_equal(pg_copy_begin(pg, WAIT_MS, "COPY nowhere FROM STDIN BINARY", 2), ERR_DB_FAILED);
	assert_int_equal(ask_i64(pg, "SELECT count(*) FROM u"), 0);
}

typedef struct Borrower {
	PgPool *pool;
	int served;
} Borrower;

static void *borrow_often(void *context)
{
	Borrower *me = context;
	for (int i = 0; i < 50; i++) {
		Pg *pg = NULL;
		if (pg_pool_take(me->pool, WAIT_MS, &pg) != OK)
			break;
		me->served += pg_query(pg, WAIT_MS, "SELECT 1", NULL, 0, NULL) == OK;
		pg_pool_give(me->pool, pg);
	}
	return NULL;
}

static void a_pool_serves_many_with_few(void **state)
{
	(void)state;
	PgPool *pool = pg_pool_new(postgres.conninfo, 3, WAIT_MS, "SET application_name = 'pooled'");
	Borrower borrowers[8] = {0};
	pthread_t threads[8];
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		borrowers[i].pool = pool;
		assert_int_equal(pthread_create(&threads[i], NULL, borrow_often, &borrowers[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(borrowers[i].served, 50);
	}
	CLEANUP(pg_closep) Pg *watcher = connect_now();
	int64_t pooled =
	        ask_i64(watcher, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pooled'");
	assert_in_range(pooled, 1, 3);
	pg_pool_free(pool);
}

static void an_empty_pool_says_so_in_time(void **state)
{
	(void)state;
	PgPool *pool = pg_pool_new(postgres.conninfo, 1, WAIT_MS, NULL);
	Pg *only = NULL, *none = NULL;
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &only), OK);
	assert_int_equal(pg_pool_take(pool, 50, &none), ERR_TIMEOUT);
	assert_null(none);
	pg_pool_give(pool, only);
	assert_int_equal(pg_pool_take(pool, 50, &only), OK);
	pg_pool_give(pool, only);
	pg_pool_free(pool);
}

static void a_pool_drops_open_transactions_and_the_dead(void **state)
{
	(void)state;
	PgPool *pool = pg_pool_new(postgres.conninfo, 1, WAIT_MS, NULL);
	Pg *pg = NULL;
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), OK);
	int64_t first = ask_i64(pg, "SELECT pg_backend_pid()");
	assert_int_equal(pg_script(pg, WAIT_MS, "BEGIN"), OK);
	pg_pool_give(pool, pg);
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), OK);
	int64_t second = ask_i64(pg, "SELECT pg_backend_pid()");
	assert_int_not_equal(first, second);
	pg_pool_give(pool, pg);
	// While it lies idle, its backend is killed: the next taker gets a fresh one and never notices.
	CLEANUP(pg_closep) Pg *killer = connect_now();
	assert_int_equal(
	        PG_QUERY(killer, WAIT_MS, NULL, "SELECT pg_terminate_backend($1::int, 5000)", P_I64(second)),
	        OK);
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), OK);
	assert_int_not_equal(ask_i64(pg, "SELECT pg_backend_pid()"), second);
	pg_pool_give(pool, pg);
	pg_pool_free(pool);
}

static void a_pool_outlives_its_server(void **state)
{
	(void)state;
	PgPool *pool = pg_pool_new(postgres.conninfo, 2, 2000, NULL);
	Pg *pg = NULL;
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), OK);
	pg_pool_give(pool, pg);
	test_postgres_halt(&postgres);
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), ERR_DB_UNAVAILABLE);
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), ERR_DB_UNAVAILABLE);
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), ERR_DB_UNAVAILABLE); // no place was lost
	test_postgres_resume(&postgres);
	assert_int_equal(pg_pool_take(pool, WAIT_MS, &pg), OK);
	assert_int_equal(ask_i64(pg, "SELECT 1"), 1);
	pg_pool_give(pool, pg);
	pg_pool_free(pool);
}

static int start(void **state)
{
	(void)state;
	test_postgres_start(&postgres);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	test_postgres_stop(&postgres);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(values_come_back_as_they_went),
	        cmocka_unit_test(moments_keep_their_microseconds),
	        cmocka_unit_test(texts_take_the_type_of_their_column),
	        cmocka_unit_test(arrays_go_both_ways),
	        cmocka_unit_test(a_nul_in_a_text_is_refused_before_it_is_sent),
	        cmocka_unit_test(a_statement_is_prepared_once),
	        cmocka_unit_test(ever_new_statements_do_not_pile_up),
	        cmocka_unit_test(a_table_that_changed_is_read_anew),
	        cmocka_unit_test(failures_have_names),
	        cmocka_unit_test(concurrent_writers_conflict),
	        cmocka_unit_test(a_slow_statement_is_cancelled_on_the_server),
	        cmocka_unit_test(a_killed_backend_is_a_lost_connection),
	        cmocka_unit_test(nobody_there_is_unavailable),
	        cmocka_unit_test(a_mute_server_costs_only_the_time_out),
	        cmocka_unit_test(copy_stores_every_row),
	        cmocka_unit_test(a_failed_copy_leaves_a_working_connection),
	        cmocka_unit_test(a_pool_serves_many_with_few),
	        cmocka_unit_test(an_empty_pool_says_so_in_time),
	        cmocka_unit_test(a_pool_drops_open_transactions_and_the_dead),
	        cmocka_unit_test(a_pool_outlives_its_server),
	};
	return cmocka_run_group_tests_name("pg", tests, start, stop);
}
