// Paths of outcomes, as outcome_apply_many() makes them: stories of a single letter, and of a great many.
#include "base/cleanup.h"
#include "base/clock.h"
#include "lib/postgres.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WAIT_MS = 60000 };

static TestPostgres postgres;
static Pg *pg;
static int64_t letters = 5000;

static int start(void **state)
{
	int applied;
	(void)state;
	test_postgres_start(&postgres);
	return store_migrate(postgres.conninfo, &applied) == OK &&
	                       pg_connect(postgres.conninfo, WAIT_MS, &pg) == OK
	               ? 0
	               : -1;
}

static int stop(void **state)
{
	(void)state;
	pg_close(pg);
	test_postgres_stop(&postgres);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	return pg_script(pg, WAIT_MS, "TRUNCATE outcome, outcome_change, outcome_refusal") == OK ? 0 : -1;
}

// A report about treatment T: an outcome at HH:MM of some day.
static void report(const char *outcome, const char *time, const char *event_id, const char *expected)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Err e = PG_QUERY(pg, WAIT_MS, &result,
	        "SELECT result FROM outcome_apply('test', now(), 'T', $1, ('2026-03-01 ' || $2 || "
	        "'Z')::timestamptz, 'import', $3, 'bank', 'customer', '7', 'GOLD', 'spring', 'A')",
	        P_CTEXT(outcome), P_CTEXT(time), P_CTEXT(event_id));
	if (e != OK)
		fail_msg("%s", err_detail()->message);
	char got[64];
	snprintf(got, sizeof(got), STR_FMT, STR_ARG(pg_text(result, 0, 0)));
	if (strcmp(got, expected) != 0)
		fail_msg("%s at %s: %s, and should be %s", outcome, time, got, expected);
}

static void must_be(const char *sql, const char *expected)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	if (pg_query(pg, WAIT_MS, sql, NULL, 0, &result) != OK)
		fail_msg("%s", err_detail()->message);
	char got[512];
	snprintf(got, sizeof(got), STR_FMT, STR_ARG(pg_text(result, 0, 0)));
	assert_string_equal(got, expected);
}

static void counts(const char *sql, int64_t expected)
{
	char text[32];
	snprintf(text, sizeof(text), "%lld", (long long)expected);
	must_be(sql, text);
}

static void path_is(const char *expected)
{
	must_be("SELECT string_agg(from_outcome || '>' || to_outcome, ' ' ORDER BY place) FROM "
	        "outcome_change "
	        "WHERE treatment_code = 'T'",
	        expected);
	must_be("SELECT count(*) FROM outcome o JOIN outcome_change c USING (treatment_code) WHERE c.place = "
	        "o.changes AND c.to_outcome = o.outcome AND c.time = o.since AND NOT EXISTS (SELECT FROM "
	        "outcome_change d WHERE d.treatment_code = 'T' AND d.place > o.changes)",
	        "1");
}

static void a_letter_is_sent_opened_clicked_and_accepted(void **state)
{
	(void)state;
	report("sent", "10:00", "1", "applied");
	report("opened", "10:05", "2", "applied");
	report("clicked", "10:06", "3", "applied");
	report("accept", "10:09", "4", "applied");
	path_is(">sent sent>opened opened>clicked clicked>accept");
	must_be("SELECT outcome || ' ' || audience_id || ' ' || offer_code || ' ' || campaign || ' ' || cell "
	        "FROM outcome",
	        "accept 7 GOLD spring A");
}

static void what_says_nothing_new_is_repeated(void **state)
{
	(void)state;
	report("sent", "10:00", "1", "applied");
	report("sent", "10:00", "1", "repeated");
	report("clicked", "10:05", "2", "applied");
	report("clicked", "10:07", "3", "repeated");
	report("sent", "10:08", "4", "repeated");
	report("accept", "10:09", "2", "repeated"); // the event is known, whatever it says now
	path_is(">sent sent>clicked");
	must_be("SELECT count(*) FROM outcome_refusal", "0");
}

static void what_does_not_fit_is_refused_and_kept(void **state)
{
	(void)state;
	report("bounced", "10:00", "1", "applied");
	report("opened", "10:05", "2", "transition_refused");
	report("opened", "10:05", "2", "transition_refused");
	report("sent", "09:00", "3", "applied");
	report("Opened", "10:05", "4", "unknown_type");
	path_is(">sent sent>bounced");
	must_be("SELECT string_agg(outcome || ' ' || event_id, ',') FROM outcome_refusal", "opened 2");
}

static void what_arrives_late_takes_its_place(void **state)
{
	(void)state;
	report("accept", "12:00", "1", "applied");
	report("opened", "11:00", "2", "applied");
	report("sent", "10:00", "3", "applied");
	report("clicked", "11:30", "4", "applied");
	path_is(">sent sent>opened opened>clicked clicked>accept");
	report("bounced", "10:30", "5", "transition_refused"); // nobody opens what came back
	report("sent", "12:30", "6", "repeated");
	path_is(">sent sent>opened opened>clicked clicked>accept");
}

static void of_one_moment_the_order_is_the_one_that_is_allowed(void **state)
{
	(void)state;
	report("opened", "10:00", "1", "applied");
	report("sent", "10:00", "2", "applied");
	report("clicked", "10:00", "3", "applied");
	path_is(">sent sent>opened opened>clicked");
}

static void what_was_malformed_may_be_handed_in_again(void **state)
{
	(void)state;
	report("malformed", "10:00", "1", "applied");
	report("sent", "10:01", "2", "transition_refused");
	report("resubmitted-malformed", "10:02", "3", "applied");
	report("sent", "10:03", "4", "applied");
	path_is(">malformed malformed>resubmitted-malformed resubmitted-malformed>sent");
}

static void a_path_ends_after_256_steps(void **state)
{
	(void)state;
	char time[16], id[16];
	for (int i = 0; i < 256; i++) {
		snprintf(time, sizeof(time), "10:%02d:%02d", i / 60, i % 60);
		snprintf(id, sizeof(id), "%d", i);
		report(i % 2 ? "accept" : "reject", time, id, "applied");
	}
	report("reject", "11:00", "256", "repeated");
	report("unsubscribed", "09:00", "257", "transition_refused");
}

// In batches of a thousand, as the matcher applies them.
static void a_great_many_letters(void **state)
{
	static const char bulk[] =
	        "SELECT count(*) FROM (SELECT array_agg('t' || i) AS t, array_agg($1::text) AS o,"
	        " array_agg('2026-03-01Z'::timestamptz + make_interval(mins => $2::bigint::int)) AS at,"
	        " array_agg('import'::text) AS s, array_agg($2::bigint || '-' || i) AS e, array_agg(''::text)"
	        " AS x FROM generate_series(1, $3::bigint) AS i GROUP BY i / 1000) AS b,"
	        " LATERAL outcome_apply_many('test', now(), t, o, at, s, e, x, x, x, x, x, x) AS r"
	        " WHERE r.result = 'applied'";
	static const struct {
		const char *outcome;
		int64_t minute;
	} rounds[] = {{"sent", 1}, {"clicked", 9}, {"opened", 5}};
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rounds); i++) {
		CLEANUP(pg_result_freep) PgResult *result = NULL;
		int64_t begun = monotonic_us();
		Err e = PG_QUERY(pg, 10 * WAIT_MS, &result, bulk, P_CTEXT(rounds[i].outcome),
		        P_I64(rounds[i].minute), P_I64(letters));
		if (e != OK)
			fail_msg("%s", err_detail()->message);
		assert_int_equal(pg_i64(result, 0, 0), letters);
		print_message("%lld × %s: %.1f s\n", (long long)letters, rounds[i].outcome,
		        (double)(monotonic_us() - begun) / (double)US_PER_S);
	}
	counts("SELECT count(*) FROM outcome_change", 3 * letters);
	counts("SELECT count(*) FROM outcome WHERE outcome = 'clicked' AND changes = 3", letters);
	if (pg_script(pg, WAIT_MS, "UPDATE outcome SET since = '2000-01-01Z'") != OK)
		fail_msg("%s", err_detail()->message);
	counts("SELECT outcome_prune(NULL, true)", letters);
	counts("SELECT outcome_prune(1, false)", 1);
	counts("SELECT outcome_prune(NULL, false)", letters - 1);
	counts("SELECT count(*) FROM outcome_change", 0);
}

// With an argument: that many letters in the last test.
int main(int argc, char **argv)
{
	if (argc > 1)
		letters = atoll(argv[1]);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_letter_is_sent_opened_clicked_and_accepted, clear),
	        cmocka_unit_test_setup(what_says_nothing_new_is_repeated, clear),
	        cmocka_unit_test_setup(what_does_not_fit_is_refused_and_kept, clear),
	        cmocka_unit_test_setup(what_arrives_late_takes_its_place, clear),
	        cmocka_unit_test_setup(of_one_moment_the_order_is_the_one_that_is_allowed, clear),
	        cmocka_unit_test_setup(what_was_malformed_may_be_handed_in_again, clear),
	        cmocka_unit_test_setup(a_path_ends_after_256_steps, clear),
	        cmocka_unit_test_setup(a_great_many_letters, clear),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
