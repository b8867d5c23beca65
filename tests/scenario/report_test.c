// Reports over a history whose every number is known, and the statistics against what was published and
// against their definitions.
#include "ingest_world.h"

#include "parley/design/v1/report.pb-c.h"

#include <math.h>
#include <stdio.h>

typedef Parley__Design__V1__ReportRow Row;
typedef Parley__Design__V1__RunReportRequest Request;
typedef Parley__Design__V1__RunReportResponse Response;

#define KIND(name) PARLEY__DESIGN__V1__REPORT_KIND__REPORT_KIND_##name

// Functions that write facts as ingest does. A treatment is of channel retail, zone top, and a visitor of its
// own.
static const char fixture[] = "CREATE OR REPLACE FUNCTION pg_temp.recommend(code text, offer text, at "
                              "timestamptz) RETURNS void LANGUAGE sql AS $$"
                              " INSERT INTO recommendation (time, incarnation, sequence, position, "
                              "snapshot_version, environment, runtime_id, channel,"
                              "  session_id, audience_level, audience_id, snapshot_digest, rank, score, "
                              "seed, interaction_point, zone, treatment_code,"
                              "  offer_code, treatment_rule, segment, campaign, cell, origin)"
                              " SELECT at, 1, 1, nextval('place'), 7, 'production', 'r1', 'retail', 's-' || "
                              "code, 'Customer', 'c-' || code, '\\x00', 1, 50,"
                              "  1, 'home', 'top', code, offer, 'rule', 'Loyal', 'SPRING', 'A', 'RULE' $$;"
                              "CREATE OR REPLACE FUNCTION pg_temp.contact(code text, offer text, at "
                              "timestamptz) RETURNS void LANGUAGE sql AS $$"
                              " INSERT INTO contact_history (time, incarnation, sequence, position, "
                              "snapshot_version, environment, runtime_id, channel,"
                              "  session_id, audience_level, audience_id, snapshot_digest, event_id, event, "
                              "category, interaction_point, zone,"
                              "  treatment_code, offer_code, treatment_rule, segment, campaign, cell, "
                              "cause_event_id, treatment_audience_level,"
                              "  treatment_audience_id)"
                              " SELECT at, 1, 1, nextval('place'), 7, 'production', 'r1', 'retail', 's-' || "
                              "code, 'Customer', 'c-' || code, '\\x00', "
                              "  'e' || currval('place'), 'shown', '', 'home', 'top', code, offer, 'rule', "
                              "'Loyal', 'SPRING', 'A', '', '', '' $$;"
                              "CREATE OR REPLACE FUNCTION pg_temp.respond(code text, offer text, said text, "
                              "at timestamptz) RETURNS void LANGUAGE sql AS $$"
                              " INSERT INTO response_history (time, incarnation, sequence, position, "
                              "snapshot_version, environment, runtime_id, channel,"
                              "  session_id, audience_level, audience_id, snapshot_digest, event_id, event, "
                              "category, interaction_point, zone,"
                              "  treatment_code, offer_code, treatment_rule, segment, campaign, cell, "
                              "cause_event_id, treatment_audience_level,"
                              "  treatment_audience_id, response)"
                              " SELECT at, 1, 1, nextval('place'), 8, 'production', 'r1', 'retail', 'later', "
                              "'Household', 'h', '\\x00', "
                              "  'e' || currval('place'), 'said', '', 'home', 'top', code, offer, 'rule', "
                              "'Loyal', 'SPRING', 'A', '', 'Customer',"
                              "  'c-' || code, said $$;";

static int begin(void **state)
{
	world_story_begin(state);
	World *world = *state;
	world_sql(world, "CREATE SEQUENCE IF NOT EXISTS place");
	world_sql(world, fixture);
	world_sql(world, "SELECT history_month_make('2026-05-01'), history_month_make('2026-06-01'), "
	                 "history_month_make('2026-07-01')");
	return 0;
}

// The published example 56/70 against 48/80 as two offers, on two days around a midnight in UTC.
static void fill(World *world)
{
	world_sql(world, "SELECT pg_temp.recommend('G' || i, 'GOLD', '2026-06-01 23:59:00Z') FROM "
	                 "generate_series(1, 90) i");
	world_sql(world, "SELECT pg_temp.contact('G' || i, 'GOLD', '2026-06-01 23:59:30Z') FROM "
	                 "generate_series(1, 70) i");
	world_sql(world, "SELECT pg_temp.respond('G' || i, 'GOLD', 'accept', '2026-06-02 00:00:30Z') FROM "
	                 "generate_series(1, 56) i");
	world_sql(world, "SELECT pg_temp.recommend('S' || i, 'SILVER', '2026-06-02 00:01:00Z') FROM "
	                 "generate_series(1, 80) i");
	world_sql(world, "SELECT pg_temp.contact('S' || i, 'SILVER', '2026-06-02 00:01:30Z') FROM "
	                 "generate_series(1, 80) i");
	world_sql(world, "SELECT pg_temp.respond('S' || i, 'SILVER', CASE WHEN i <= 48 THEN 'accept' ELSE "
	                 "'reject' END, '2026-06-02 "
	                 "00:02:30Z') FROM generate_series(1, 60) i");
}

static void set_time(Google__Protobuf__Timestamp *to, const char *text)
{
	int64_t us = 0;
	assert_true(time_parse(str(text), &us));
	google__protobuf__timestamp__init(to);
	to->seconds = us / US_PER_S;
}

static Err run(World *world, Request *request, const char *since, const char *until, Response **ret)
{
	Google__Protobuf__Timestamp from, to;
	ProtobufCMessage *response = NULL;
	set_time(&from, since);
	set_time(&to, until);
	request->since = &from;
	request->until = &to;
	TRY(rpc_call(world->client, &parley__design__v1__report_service__descriptor, "RunReport",
	        &request->base, 30000, world->arena, &response));
	*ret = (Response *)response;
	return OK;
}

static Response *run_ok(World *world, Request *request, const char *since, const char *until)
{
	Response *response = NULL;
	if (run(world, request, since, until, &response) != OK)
		fail_msg("%s", err_detail()->message);
	return response;
}

static Response *funnel(World *world, const char *by, const char *since, const char *until)
{
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	char *dimensions[] = {(char *)(uintptr_t)by};
	request.kind = KIND(FUNNEL);
	request.by = dimensions;
	request.n_by = *by != '\0';
	return run_ok(world, &request, since, until);
}

static size_t column(const Response *response, const char *name)
{
	for (size_t i = 0; i < response->n_columns; i++)
		if (strcmp(response->columns[i]->name, name) == 0)
			return i;
	fail_msg("there is no column %s", name);
	return 0;
}

static int64_t count(const Response *response, const Row *row, const char *name)
{
	return row->values[column(response, name)]->count;
}

static double number(const Response *response, const Row *row, const char *name)
{
	return row->values[column(response, name)]->number;
}

static const char *text(const Response *response, const Row *row, const char *name)
{
	return row->values[column(response, name)]->text;
}

#define SINCE "2026-06-01T00:00:00Z"
#define UNTIL "2026-06-30T00:00:00Z"

// --- statistics ---

static double sql_number(World *world, const char *sql)
{
	PgResult *result = NULL;
	if (pg_query(world->sql, 10000, sql, NULL, 0, &result) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
	double ret = pg_f64(result, 0, 0);
	pg_result_free(result);
	return ret;
}

// R. G. Newcombe's tables of 1998, both papers: as printed, four digits.
static void statistics_are_those_that_were_published(void **state)
{
	static const struct {
		const char *sql;
		double printed;
	} table[] = {
	        {"SELECT report_wilson_low(81, 263)", 0.2553},
	        {"SELECT report_wilson_high(81, 263)", 0.3662},
	        {"SELECT report_wilson_low(15, 148)", 0.0624},
	        {"SELECT report_wilson_high(15, 148)", 0.1605},
	        {"SELECT report_wilson_low(0, 20)", 0},
	        {"SELECT report_wilson_high(0, 20)", 0.1611},
	        {"SELECT report_wilson_low(1, 29)", 0.0061},
	        {"SELECT report_wilson_high(1, 29)", 0.1718},
	        {"SELECT report_difference_low(56, 70, 48, 80)", 0.0524},
	        {"SELECT report_difference_high(56, 70, 48, 80)", 0.3339},
	        {"SELECT report_difference_low(9, 10, 3, 10)", 0.1705},
	        {"SELECT report_difference_high(9, 10, 3, 10)", 0.8090},
	        {"SELECT report_difference_low(5, 56, 0, 29)", -0.0381},
	        {"SELECT report_difference_high(5, 56, 0, 29)", 0.1926},
	};
	for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
		double got = sql_number(*state, table[i].sql);
		if (fabs(got - table[i].printed) > 0.00005)
			fail_msg("%s is %.6f, printed %.4f", table[i].sql, got, table[i].printed);
	}
}

// By its definition an end of the interval is the proportion p from which the observed one is z standard
// errors away.
static double end_by_definition(double s, double n, bool high)
{
	const double z = 1.959963984540054;
	double seen = s / n, near = seen, far = high ? 1 : 0;
	for (int i = 0; i < 200; i++) {
		double p = (near + far) / 2;
		if (fabs(seen - p) > z * sqrt(p * (1 - p) / n))
			far = p;
		else
			near = p;
	}
	return near;
}

static void intervals_hold_by_their_definition(void **state)
{
	static const int64_t trials[] = {1, 2, 3, 10, 97, 1000, 41188, 100000000};
	for (size_t i = 0; i < ARRAY_COUNT(trials); i++) {
		for (int part = 0; part <= 4; part++) {
			int64_t n = trials[i], s = n * part / 4;
			char sql[128];
			snprintf(sql, sizeof sql, "SELECT report_wilson_low(%lld, %lld)", (long long)s,
			        (long long)n);
			assert_true(fabs(sql_number(*state, sql) -
			                    end_by_definition((double)s, (double)n, false)) < 1e-9);
			snprintf(sql, sizeof sql, "SELECT report_wilson_high(%lld, %lld)", (long long)s,
			        (long long)n);
			assert_true(fabs(sql_number(*state, sql) -
			                    end_by_definition((double)s, (double)n, true)) < 1e-9);
		}
	}
}

static void nothing_has_no_rate(void **state)
{
	assert_int_equal(
	        world_count(*state,
	                "SELECT count(*) FROM (VALUES (report_rate(0, 0)), (report_wilson_low(0, 0)), "
	                "(report_wilson_high(0, 0)), (report_difference_low(0, 0, 1, 2)), "
	                "(report_difference_high(1, 2, 0, 0)), (report_difference_z(0, 5, 0, 5))) v (x) "
	                "WHERE x IS NULL"),
	        6);
}

// --- the funnel ---

static void the_funnel_has_the_very_numbers(void **state)
{
	World *world = *state;
	fill(world);
	Response *found = funnel(world, "offer", SINCE, UNTIL);
	assert_int_equal(found->n_rows, 2);
	assert_int_equal(found->row_count, 2);
	const Row *gold = found->rows[0], *silver = found->rows[1];
	assert_string_equal(text(found, gold, "offer"), "GOLD"); // the largest first
	assert_int_equal(count(found, gold, "recommended"), 90);
	assert_int_equal(count(found, gold, "shown"), 70);
	assert_int_equal(count(found, gold, "accepted"), 56);
	assert_int_equal(count(found, gold, "rejected"), 0);
	assert_true(fabs(number(found, gold, "acceptance") - 0.8) < 1e-12);
	assert_true(fabs(number(found, gold, "acceptance_low") - end_by_definition(56, 70, false)) < 1e-9);
	assert_true(fabs(number(found, gold, "acceptance_high") - end_by_definition(56, 70, true)) < 1e-9);
	assert_int_equal(count(found, silver, "recommended"), 80);
	assert_int_equal(count(found, silver, "shown"), 80);
	assert_int_equal(count(found, silver, "accepted"), 48);
	assert_int_equal(count(found, silver, "rejected"), 12);
	assert_int_equal(count(found, found->total, "recommended"), 170);
	assert_int_equal(count(found, found->total, "accepted"), 104);
}

// Accepts after midnight count for the day of their treatment; what happened when, activity tells.
static void days_are_utc_days_of_the_recommendation(void **state)
{
	World *world = *state;
	fill(world);
	world_sql(world, "SET TIME ZONE 'Pacific/Auckland'");
	Response *found = funnel(world, "day", SINCE, UNTIL);
	assert_int_equal(found->n_rows, 2);
	assert_string_equal(text(found, found->rows[0], "day"), "2026-06-01");
	assert_int_equal(count(found, found->rows[0], "accepted"), 56);
	assert_string_equal(text(found, found->rows[1], "day"), "2026-06-02");
	assert_int_equal(count(found, found->rows[1], "accepted"), 48);
	assert_int_equal(found->n_days, 2);
	assert_string_equal(found->days[0]->values[0]->text, "2026-06-01");
	assert_int_equal(found->days[0]->values[1]->count, 90);
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	request.kind = KIND(ACTIVITY);
	found = run_ok(world, &request, "2026-06-02T00:00:00Z", UNTIL);
	assert_int_equal(count(found, found->rows[0], "accepts"), 104);
	assert_int_equal(count(found, found->rows[0], "contacts"), 80);
	assert_int_equal(
	        world_count(world, "SELECT sum(accepts) FROM report_activity WHERE day = '2026-06-02'"), 104);
	assert_int_equal(
	        world_count(world, "SELECT sum(accepted) FROM report_funnel WHERE day = '2026-06-01'"), 56);
	world_sql(world, "RESET TIME ZONE");
}

static void a_treatment_counts_once_and_in_its_own_period(void **state)
{
	World *world = *state;
	world_sql(world,
	        "SELECT pg_temp.recommend('OLD', 'GOLD', '2026-05-31 23:00Z'), pg_temp.contact('OLD', "
	        "'GOLD', '2026-06-01 01:00Z'), "
	        "pg_temp.respond('OLD', 'GOLD', 'accept', '2026-06-01 02:00Z'), " // belongs to May
	        "pg_temp.recommend('TWICE', 'GOLD', '2026-06-10 10:00Z'), pg_temp.contact('TWICE', 'GOLD', "
	        "'2026-06-10 10:01Z'), "
	        "pg_temp.contact('TWICE', 'GOLD', '2026-06-10 10:02Z'), pg_temp.respond('TWICE', 'GOLD', "
	        "'reject', '2026-06-10 "
	        "10:03Z'), pg_temp.respond('TWICE', 'GOLD', 'accept', '2026-07-20 10:03Z'), " // both, and
	                                                                                      // long after
	                                                                                      // the period
	        "pg_temp.contact('LOST', 'GOLD', '2026-06-11 10:00Z'), " // its recommendation went in a crash
	        "pg_temp.respond('UNSHOWN', 'GOLD', 'accept', '2026-06-12 10:00Z'), "
	        "pg_temp.recommend('NEXT', 'GOLD', '2026-06-30 00:00Z')");
	Response *found = funnel(world, "", SINCE, UNTIL);
	const Row *row = found->rows[0];
	assert_int_equal(found->n_rows, 1);
	assert_int_equal(count(found, row, "recommended"), 3);
	assert_int_equal(count(found, row, "shown"), 2);
	assert_int_equal(count(found, row, "accepted"), 1);
	assert_int_equal(count(found, row, "rejected"), 1);
	assert_int_equal(count(found, row, "unshown"), 1);
	found = funnel(world, "", "2026-05-01T00:00:00Z", SINCE);
	assert_int_equal(count(found, found->rows[0], "accepted"), 1);
}

static void types_of_ones_own_are_responses_too(void **state)
{
	World *world = *state;
	fill(world);
	world_sql(world, "SELECT pg_temp.respond('S' || i, 'SILVER', 'brochure', '2026-06-02 01:01:30Z') "
	                 "FROM generate_series(71, 75) i");
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	request.kind = KIND(RESPONSES);
	request.offer_code = (char *)"SILVER";
	Response *found = run_ok(world, &request, SINCE, UNTIL);
	assert_int_equal(found->n_rows, 3);
	assert_string_equal(text(found, found->rows[0], "response"), "accept");
	assert_int_equal(count(found, found->rows[0], "responses"), 48);
	assert_int_equal(count(found, found->rows[0], "later"), 48); // under another visitor's session
	assert_true(number(found, found->rows[0], "median_delay_s") == 60);
	assert_string_equal(text(found, found->rows[2], "response"), "brochure");
	assert_int_equal(count(found, found->rows[2], "visitors"), 5);
	assert_true(number(found, found->rows[2], "median_delay_s") == 3600);
	found = funnel(world, "offer", SINCE, UNTIL);
	assert_int_equal(count(found, found->rows[1], "accepted"), 48);
	assert_int_equal(count(found, found->rows[1], "unshown"), 0);
}

// --- what is asked ---

static void filters_add_up(void **state)
{
	World *world = *state;
	fill(world);
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	request.kind = KIND(FUNNEL);
	request.environment = (char *)"production";
	request.channel = (char *)"retail";
	request.zone = (char *)"top";
	request.campaign = (char *)"SPRING";
	request.segment = (char *)"Loyal";
	request.offer_code = (char *)"GOLD";
	request.snapshot_version = 7;
	Response *found = run_ok(world, &request, SINCE, UNTIL);
	assert_int_equal(count(found, found->rows[0], "recommended"), 90);
	request.snapshot_version = 8; // the responses'; the treatments were decided by 7
	assert_int_equal(run_ok(world, &request, SINCE, UNTIL)->n_rows, 0);
	request.snapshot_version = 0;
	request.segment = (char *)"Others";
	assert_int_equal(run_ok(world, &request, SINCE, UNTIL)->n_rows, 0);
}

static void an_empty_history_is_no_error(void **state)
{
	World *world = *state;
	for (int kind = KIND(FUNNEL); kind <= KIND(ACTIVITY); kind++) {
		Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
		if (kind == KIND(CONTROL)) // has its own program
			continue;
		request.kind = (Parley__Design__V1__ReportKind)kind;
		Response *found = run_ok(world, &request, SINCE, UNTIL);
		assert_int_equal(found->n_rows, 0);
		assert_int_equal(found->n_days, 0);
		assert_true(found->n_columns > 5);
		assert_int_equal(found->since->seconds, INT64_C(1780272000));
	}
}

static void few_rows_of_many_say_so(void **state)
{
	World *world = *state;
	fill(world);
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	char *by[] = {(char *)"offer", (char *)"day"};
	request.kind = KIND(FUNNEL);
	request.by = by;
	request.n_by = 2;
	request.limit = 1;
	Response *found = run_ok(world, &request, SINCE, UNTIL);
	assert_int_equal(found->n_rows, 1);
	assert_int_equal(found->row_count, 2);
	assert_int_equal(count(found, found->total, "recommended"), 170);
}

static void nonsense_is_refused(void **state)
{
	World *world = *state;
	Response *none = NULL;
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	char *by[] = {(char *)"offer", (char *)"offer"};
	assert_int_equal(run(world, &request, SINCE, UNTIL, &none), ERR_FIELD_INVALID); // no kind
	request.kind = KIND(FUNNEL);
	assert_int_equal(run(world, &request, UNTIL, SINCE, &none), ERR_FIELD_INVALID);
	request.limit = 10001;
	assert_int_equal(run(world, &request, SINCE, UNTIL, &none), ERR_FIELD_INVALID);
	request.limit = 0;
	request.by = by;
	request.n_by = 2;
	assert_int_equal(run(world, &request, SINCE, UNTIL, &none), ERR_FIELD_INVALID);
	by[1] = (char *)"weather";
	assert_int_equal(run(world, &request, SINCE, UNTIL, &none), ERR_FIELD_INVALID);
	assert_non_null(strstr(err_detail()->message, "weather"));
}

static void one_that_takes_too_long_is_given_up(void **state)
{
	World *world = *state;
	Response *none = NULL;
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	request.kind = KIND(FUNNEL);
	world->services.report_timeout_ms = 1000;
	world_sql(
	        world, "BEGIN; LOCK TABLE recommendation IN ACCESS EXCLUSIVE MODE"); // it would wait for ever
	Err e = run(world, &request, SINCE, UNTIL, &none);
	world_sql(world, "ROLLBACK");
	world->services.report_timeout_ms = 20000;
	assert_int_equal(e, ERR_REPORT_TIMEOUT);
	assert_non_null(strstr(err_detail()->message, "shorter period"));
	assert_int_equal(run_ok(world, &request, SINCE, UNTIL)->n_rows, 0); // the connection is good again
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, world_story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(statistics_are_those_that_were_published),
	        STORY(intervals_hold_by_their_definition),
	        STORY(nothing_has_no_rate),
	        STORY(the_funnel_has_the_very_numbers),
	        STORY(days_are_utc_days_of_the_recommendation),
	        STORY(a_treatment_counts_once_and_in_its_own_period),
	        STORY(types_of_ones_own_are_responses_too),
	        STORY(filters_add_up),
	        STORY(an_empty_history_is_no_error),
	        STORY(few_rows_of_many_say_so),
	        STORY(nonsense_is_refused),
	        STORY(one_that_takes_too_long_is_given_up),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
