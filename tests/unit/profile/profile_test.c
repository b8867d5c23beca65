// Profiles from a real PostgreSQL: values and types, and visitors and tables that are not there.
#include "fixture.h"

static bool given(const ProfileRequest *request, int slot)
{
	return (request->given[slot / 64] >> (slot % 64) & 1) != 0;
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
	Profile *profile = new_profile((ProfileOptions){0});
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
	Profile *profile = new_profile((ProfileOptions){0});
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
	Profile *profile = new_profile((ProfileOptions){0});
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
	Profile *profile = new_profile((ProfileOptions){0});
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
	Profile *profile = new_profile((ProfileOptions){0});
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
	Profile *profile = new_profile((ProfileOptions){0});
	assert_outcome(profile, simple_query("nowhere"), 1, PROFILE_UNAVAILABLE);
	assert_outcome(profile, simple_query("there"), 1, PROFILE_LOADED);
	profile_free(profile);
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
	};
	test_postgres_start(&postgres);
	int failed = cmocka_run_group_tests_name("profile", tests, NULL, NULL);
	test_postgres_stop(&postgres);
	return failed;
}
