// Control against target: from journals to the history, and the report over a history whose every number is
// known.
#include "ingest_world.h"

#include "parley/design/v1/report.pb-c.h"

#include <math.h>
#include <stdio.h>

typedef Parley__Design__V1__ReportRow Row;
typedef Parley__Design__V1__RunReportRequest Request;
typedef Parley__Design__V1__RunReportResponse Response;
typedef Parley__Journal__V1__CellMembership CellMembership;

#define KIND(name) PARLEY__DESIGN__V1__REPORT_KIND__REPORT_KIND_##name
#define WHAT(name) PARLEY__JOURNAL__V1__ENTRY__WHAT_##name

// Functions that write facts as ingest does. Cells A and B of campaign SPRING; GOLD is offered under A.
static const char fixture[] =
        "CREATE FUNCTION pg_temp.came(visitor text, cell text, held boolean, at timestamptz) RETURNS void "
        "LANGUAGE sql AS $$ INSERT INTO cell_history SELECT at, 1, 1, nextval('place'), 7, 'production', "
        "'r1',"
        " 'retail', 's', 'Customer', visitor, '\\x00', 'SPRING', cell, CASE cell WHEN 'A' THEN 'A-HELD' ELSE "
        "'' "
        "END, held $$;"
        "CREATE FUNCTION pg_temp.offer(visitor text, offer text, cell text, at timestamptz) RETURNS void "
        "LANGUAGE sql AS $$ INSERT INTO recommendation (time, incarnation, sequence, position, "
        "snapshot_version, environment, runtime_id, channel, session_id, audience_level, audience_id, "
        "snapshot_digest, rank, score, seed, interaction_point, zone, treatment_code, offer_code, "
        "treatment_rule, segment, campaign, cell, origin) SELECT at, 1, 1, nextval('place'), 7, "
        "'production', "
        "'r1', 'retail', 's', 'Customer', visitor, '\\x00', 1, 50, 1, 'home', 'top', 'T' || "
        "currval('place'), offer, 'rule', 'Loyal', CASE cell WHEN '' THEN '' ELSE 'SPRING' END, cell, 'RULE' "
        "$$;"
        "CREATE FUNCTION pg_temp.accept(visitor text, offer text, cell text, at timestamptz) RETURNS void "
        "LANGUAGE sql AS $$ INSERT INTO response_history (time, incarnation, sequence, position, "
        "snapshot_version, environment, runtime_id, channel, session_id, audience_level, audience_id, "
        "snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code, offer_code, "
        "treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level, "
        "treatment_audience_id, response) SELECT at, 1, 1, nextval('place'), 7, 'production', 'r1', "
        "'retail', "
        "'s', 'Customer', visitor, '\\x00', 'e' || currval('place'), 'said', '', 'home', 'top', 'T', offer, "
        "'rule', 'Loyal', CASE cell WHEN '' THEN '' ELSE 'SPRING' END, cell, '', '', '', 'accept' $$;";

static int begin(void **state)
{
	world_story_begin(state);
	World *world = *state;
	world_sql(world, "CREATE SEQUENCE IF NOT EXISTS place");
	world_sql(world, "DROP FUNCTION IF EXISTS pg_temp.came, pg_temp.offer, pg_temp.accept");
	world_sql(world, fixture);
	world_sql(world, "SELECT history_month_make('2026-05-01'), history_month_make('2026-06-01'), "
	                 "history_month_make('2026-07-01')");
	return 0;
}

// The published example 56/70 against 48/80.
static void fill(World *world)
{
	world_sql(world, "SELECT pg_temp.came('t' || i, 'A', false, '2026-06-01 10:00Z') FROM "
	                 "generate_series(1, 70) i");
	world_sql(world, "SELECT pg_temp.came('h' || i, 'A', true, '2026-06-02 10:00Z') FROM "
	                 "generate_series(1, 80) i");
	world_sql(world, "SELECT pg_temp.offer('t' || i, 'GOLD', 'A', '2026-06-01 10:01Z') FROM "
	                 "generate_series(1, 60) i");
	world_sql(world, "SELECT pg_temp.accept('t' || i, 'GOLD', 'A', '2026-06-03 10:00Z') FROM "
	                 "generate_series(1, 56) i");
	world_sql(world, "SELECT pg_temp.accept('h' || i, 'GOLD', '', '2026-06-03 10:00Z') FROM "
	                 "generate_series(1, 48) i");
}

static void set_time(Google__Protobuf__Timestamp *to, const char *text)
{
	int64_t us = 0;
	assert_true(time_parse(str(text), &us));
	google__protobuf__timestamp__init(to);
	to->seconds = us / US_PER_S;
}

static Request new_request(void)
{
	static char *by[] = {(char *)"campaign", (char *)"cell"};
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	request.kind = KIND(CONTROL);
	request.by = by;
	request.n_by = 2;
	return request;
}

static Err run(World *world, Request *request, Response **ret)
{
	Google__Protobuf__Timestamp from, to;
	ProtobufCMessage *response = NULL;
	set_time(&from, "2026-06-01T00:00:00Z");
	set_time(&to, "2026-07-01T00:00:00Z");
	request->since = &from;
	request->until = &to;
	TRY(rpc_call(world->client, &parley__design__v1__report_service__descriptor, "RunReport",
	        &request->base, 30000, world->arena, &response));
	*ret = (Response *)response;
	return OK;
}

static Response *report(World *world, Request request)
{
	Response *response = NULL;
	if (run(world, &request, &response) != OK)
		fail_msg("%s", err_detail()->message);
	return response;
}

static const Parley__Design__V1__ReportValue *value(
        const Response *response, const Row *row, const char *name)
{
	for (size_t i = 0; i < response->n_columns; i++)
		if (strcmp(response->columns[i]->name, name) == 0)
			return row->values[i];
	fail_msg("there is no column %s", name);
	return NULL;
}

static void assert_counts(const Response *found, const Row *row, int64_t target, int64_t target_accepted,
        int64_t control, int64_t control_accepted)
{
	assert_int_equal(value(found, row, "target")->count, target);
	assert_int_equal(value(found, row, "target_accepted")->count, target_accepted);
	assert_int_equal(value(found, row, "control")->count, control);
	assert_int_equal(value(found, row, "control_accepted")->count, control_accepted);
}

static void assert_near(const Response *found, const char *name, double expected)
{
	double got = value(found, found->rows[0], name)->number;
	if (fabs(got - expected) > 0.00005)
		fail_msg("%s is %.6f, not %.4f", name, got, expected);
}

// --- the report ---

static void the_report_has_the_very_numbers(void **state)
{
	World *world = *state;
	fill(world);
	Response *found = report(world, new_request());
	assert_int_equal(found->n_rows, 1);
	const Row *row = found->rows[0];
	assert_string_equal(row->values[0]->text, "SPRING");
	assert_string_equal(row->values[1]->text, "A");
	assert_string_equal(value(found, row, "control_cell")->text, "A-HELD");
	assert_counts(found, row, 70, 56, 80, 48);
	assert_near(found, "difference", 0.2);
	assert_near(found, "difference_low", 0.0524);
	assert_near(found, "difference_high", 0.3339);
	assert_near(found, "lift", 1 / 3.0);
	assert_near(found, "p_value", 0.00804);
	assert_int_equal(value(found, row, "moved")->count, 0);
	assert_int_equal(
	        world_count(world, "SELECT target_accepted * 1000 + control FROM report_control WHERE "
	                           "cell = 'A' AND environment = 'production'"),
	        56080);
}

static void a_visitor_counts_once_and_where_it_was_first(void **state)
{
	World *world = *state;
	fill(world);
	world_sql(world,
	        "SELECT pg_temp.came('t1', 'A', false, '2026-06-05 10:00Z'), pg_temp.came('t2', 'A', true, "
	        "'2026-06-05 10:00Z'), pg_temp.came('h1', 'A', false, '2026-06-05 10:00Z'), "
	        "pg_temp.came('long-ago', 'A', true, '2026-05-05 10:00Z')");
	Response *found = report(world, new_request());
	assert_counts(found, found->rows[0], 70, 56, 80, 48);
	assert_int_equal(value(found, found->rows[0], "moved")->count, 2);
}

// Only what the cell offers counts; only after the visitor came into it; and only in the period.
static void what_counts_as_accepted_is_the_same_on_both_sides(void **state)
{
	World *world = *state;
	world_sql(world,
	        "SELECT pg_temp.came('t1', 'A', false, '2026-06-02Z'), pg_temp.came('t2', 'A', false, "
	        "'2026-06-02Z'), pg_temp.came('h1', 'A', true, '2026-06-02Z'), pg_temp.came('h2', 'A', true, "
	        "'2026-06-02Z'), pg_temp.came('h3', 'A', true, '2026-06-02Z'), pg_temp.came('h4', 'A', true, "
	        "'2026-06-02Z'), pg_temp.offer('t1', 'GOLD', 'A', '2026-06-03Z'), "
	        "pg_temp.offer('t1', 'SILVER', '', '2026-06-03Z'), "
	        "pg_temp.accept('t1', 'GOLD', 'B', '2026-06-04Z'), "  // by another cell
	        "pg_temp.accept('t1', 'GOLD', 'A', '2026-06-05Z'), "  // and once more
	        "pg_temp.accept('t2', 'SILVER', '', '2026-06-04Z'), " // not the cell's
	        "pg_temp.accept('h1', 'GOLD', '', '2026-06-01Z'), "   // before
	        "pg_temp.accept('h2', 'GOLD', '', '2026-07-01Z'), "   // behind the period
	        "pg_temp.accept('h3', 'GOLD', '', '2026-06-30Z'), "
	        "pg_temp.accept('nobody', 'GOLD', '', '2026-06-30Z')");
	Response *found = report(world, new_request());
	assert_counts(found, found->rows[0], 2, 1, 4, 1);
	assert_int_equal(value(found, found->rows[0], "p_value")->value_case, 0); // too few
	Request silver = new_request();
	silver.offer_code = (char *)"SILVER";
	found = report(world, silver);
	assert_counts(found, found->rows[0], 2, 0, 4, 0);
}

static void cells_are_compared_one_by_one(void **state)
{
	World *world = *state;
	fill(world);
	world_sql(world, "SELECT pg_temp.came('t' || i, 'B', i % 2 = 0, '2026-06-01 10:00Z') FROM "
	                 "generate_series(1, 10) i");
	Response *found = report(world, new_request());
	assert_int_equal(found->n_rows, 2);
	assert_string_equal(found->rows[1]->values[1]->text, "B");
	assert_counts(found, found->rows[1], 5, 0, 5, 0);
	assert_counts(found, found->total, 75, 56, 85, 48);
	assert_int_equal(value(found, found->total, "difference")->value_case, 0);
	assert_int_equal(found->n_days, 2);
	Request request = new_request();
	request.campaign = (char *)"AUTUMN";
	assert_int_equal(report(world, request)->n_rows, 0);
	request = new_request();
	request.snapshot_version = 8;
	assert_int_equal(report(world, request)->n_rows, 0);
	request.snapshot_version = 7;
	request.channel = (char *)"retail";
	request.environment = (char *)"production";
	assert_int_equal(report(world, request)->n_rows, 2);
}

static void what_would_mislead_is_refused(void **state)
{
	World *world = *state;
	Response *none = NULL;
	Request request = new_request();
	request.n_by = 1; // sides of several cells in one row
	assert_int_equal(run(world, &request, &none), ERR_FIELD_INVALID);
	request = new_request();
	request.zone = (char *)"top";
	assert_int_equal(run(world, &request, &none), ERR_FIELD_INVALID);
	request = new_request();
	request.segment = (char *)"Loyal";
	assert_int_equal(run(world, &request, &none), ERR_FIELD_INVALID);
	request = new_request();
	char *by[] = {(char *)"campaign", (char *)"cell", (char *)"offer"};
	request.by = by;
	request.n_by = 3;
	assert_int_equal(run(world, &request, &none), ERR_FIELD_INVALID);
	by[2] = (char *)"day";
	assert_int_equal(run(world, &request, &none), OK);
}

// Against the C library's, which is another method.
static void p_values_are_those_of_the_normal_distribution(void **state)
{
	World *world = *state;
	for (double z = -40; z <= 40; z += 0.37) {
		char sql[128];
		PgResult *rows = NULL;
		snprintf(sql, sizeof sql, "SELECT report_two_sided_p(%.17g)", z);
		assert_int_equal(pg_query(world->sql, 10000, sql, NULL, 0, &rows), OK);
		double got = pg_f64(rows, 0, 0), expected = erfc(fabs(z) / sqrt(2));
		pg_result_free(rows);
		if (fabs(got - expected) > expected * 1e-10 + 1e-290)
			fail_msg("of %g: %g, not %g", z, got, expected);
	}
}

// --- ingest ---

static void ship_cells(World *world)
{
	TestEntry made;
	CellMembership a = PARLEY__JOURNAL__V1__CELL_MEMBERSHIP__INIT, b = a;
	CellMembership *target[] = {&a}, *held[] = {&b};
	Parley__Journal__V1__SessionStarted started = PARLEY__JOURNAL__V1__SESSION_STARTED__INIT;
	Parley__Journal__V1__CellsChanged changed = PARLEY__JOURNAL__V1__CELLS_CHANGED__INIT;
	a.campaign = b.campaign = (char *)"SPRING";
	a.cell = (char *)"A";
	a.control_cell = (char *)"A-HELD";
	b.cell = (char *)"B";
	started.target_cells = changed.target_cells = target;
	started.n_target_cells = 1;
	started.held_out_cells = changed.held_out_cells = held;
	started.n_held_out_cells = changed.n_held_out_cells = 1;
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	made.entry.what_case = WHAT(SESSION_STARTED);
	made.entry.session_started = &started;
	world_append(world, STR(""), &made.entry, true);
	made.entry.what_case = WHAT(CELLS_CHANGED);
	made.entry.cells_changed = &changed;
	world_append(world, STR(""), &made.entry, true);
	changed.n_held_out_cells = 0; // in none any more
	world_append(world, STR(""), &made.entry, true);
}

static void what_runtimes_tell_of_cells_is_history_once(void **state)
{
	World *world = *state;
	uint64_t committed = 0;
	ship_cells(world);
	Str frames = world_frames(world);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		        world_ship_frames(world, WORLD_RUNTIME, WORLD_ENVIRONMENT, 1, frames, &committed),
		        OK);
		assert_int_equal(committed, 3);
		assert_int_equal(world_count(world, "SELECT count(*) FROM session_history"), 1);
		assert_int_equal(world_count(world, "SELECT count(*) FROM cell_history"), 3);
		assert_int_equal(
		        world_count(world, "SELECT count(*) FROM cell_history WHERE cell = 'A' AND NOT "
		                           "held_out AND control_cell = 'A-HELD' AND position = 1"),
		        1);
		assert_int_equal(
		        world_count(world, "SELECT count(*) FROM cell_history WHERE cell = 'B' AND held_out "
		                           "AND campaign = 'SPRING' AND audience_id = 'customer-1'"),
		        2);
		assert_int_equal(world_count(world, "SELECT count(*) FROM ingest_reject"), 0);
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, world_story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(the_report_has_the_very_numbers),
	        STORY(a_visitor_counts_once_and_where_it_was_first),
	        STORY(what_counts_as_accepted_is_the_same_on_both_sides),
	        STORY(cells_are_compared_one_by_one),
	        STORY(what_would_mislead_is_refused),
	        STORY(p_values_are_those_of_the_normal_distribution),
	        STORY(what_runtimes_tell_of_cells_is_history_once),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
