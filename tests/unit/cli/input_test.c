// What people hand over: CSV files, attribute values, audiences.
#include "lib/arena.h"
#include "rows/profile.h"
#include "touchpoint/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static Csv *csv_of(const char *text, size_t len)
{
	Csv *csv = ARENA_NEW(arena, Csv);

	csv->delimiter = ';';
	csv->file = fmemopen((void *)(uintptr_t)text, len, "r");
	return csv;
}

// Every record as "a|b", each ending with '/', and the error's message if there is one.
static const char *records(const char *text)
{
	Csv *csv = csv_of(text, strlen(text));
	char *all = arena_printf(arena, "%s", "");
	bool end = false;
	Err e = OK;

	while ((e = csv_next(csv, &end)) == OK && !end) {
		for (size_t i = 0; i < csv->count; i++)
			all = arena_printf(
			        arena, "%s%s" STR_FMT, all, i ? "|" : "", STR_ARG(csv->fields[i].text));
		all = arena_printf(arena, "%s/", all);
	}
	fclose(csv->file);
	return e == OK ? all : arena_printf(arena, "%s%s", all, err_detail()->message);
}

static void csv_is_read_as_spreadsheets_write_it(void **state)
{
	(void)state;
	assert_string_equal(records("a;b\n1;2\n"), "a|b/1|2/");
	assert_string_equal(records("a;b\r\n\r\n1;\r\n;"), "a|b/1|/|/");
	assert_string_equal(records("\"x;y\";\"say \"\"hi\"\"\"\n"), "x;y|say \"hi\"/");
	assert_string_equal(records("\"two\nlines\";2\n3;4"), "two\nlines|2/3|4/");
	assert_string_equal(records("a\n\n\"b\"x\n"),
	        "a/line 3: text behind a closing quote; a quote inside quotes is written twice");
	assert_string_equal(records("a\n\"b\n"), "a/line 2: a quote is not closed");
}

static void what_is_written_as_csv_reads_back(void **state)
{
	static const char *const texts[] = {"plain", "a;b", "say \"hi\"", "two\nlines", ""};
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	bool end;
	Csv *csv;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		csv_write_field(file, ';', str(texts[i]));
		putc(i + 1 < ARRAY_COUNT(texts) ? ';' : '\n', file);
	}
	fclose(file);
	csv = csv_of(text, size);
	assert_int_equal(csv_next(csv, &end), OK);
	assert_int_equal(csv->count, ARRAY_COUNT(texts));
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		assert_true(str_eq(csv->fields[i].text, str(texts[i])));
	fclose(csv->file);
	free(text);
}

static const char *level_text =
        "{\"profile_table\":\"crm.customers\",\"keys\":[{\"name\":\"id\",\"type\":\"INT\"}],\"attributes\":["
        "{\"name\":\"age\",\"type\":\"INT\"},{\"name\":\"rate\",\"type\":\"DOUBLE\",\"column\":\"emp.rate\"},"
        "{\"name\":\"since\",\"type\":\"TIMESTAMP\"},{\"name\":\"vip\",\"type\":\"BOOL\"},"
        "{\"name\":\"tags\",\"type\":\"STRING_LIST\"},{\"name\":\"city\",\"type\":\"STRING\"},"
        "{\"name\":\"topic\",\"type\":\"STRING\",\"not_in_table\":true}]}";

static Err match(const char *csv_text, const char *number, json_t **level, Csv **csv, Profile *ret)
{
	bool end;

	*csv = csv_of(csv_text, strlen(csv_text));
	assert_int_equal(json_parse(str(level_text), 4096, level), OK);
	assert_int_equal(csv_next(*csv, &end), OK);
	return profile_match(*level, *csv, number, arena, ret);
}

static void a_row_becomes_the_levels_values(void **state)
{
	CLEANUP(json_decrefp_) json_t *level = NULL;
	PgParam values[8];
	Profile profile;
	bool end;
	Csv *csv;

	(void)state;
	assert_int_equal(match("Age;emp.rate;ID;since;tags;other\n42;1.5;7;2026-01-31;a|b;x\n", NULL, &level,
	                         &csv, &profile),
	        OK);
	assert_string_equal(profile_absent(&profile, arena), "vip, city");
	assert_int_equal(csv_next(csv, &end), OK);
	assert_int_equal(profile_row(&profile, csv, 1, arena, values), OK);
	assert_int_equal(profile.count, 5);
	assert_int_equal(values[0].i, 7); // the key first
	assert_int_equal(values[1].i, 42);
	assert_true(values[2].f == 1.5);
	assert_int_equal(values[3].i, INT64_C(1769817600000000));
	assert_int_equal(values[4].array.count, 2);
	fclose(csv->file);
}

static void bad_rows_say_why(void **state)
{
	static const char *const reasons[] = {"age: 'x' is not a whole number", "id: a key must not be empty",
	        "vip: 'perhaps' is not true or false", "has 2 columns"};
	CLEANUP(json_decrefp_) json_t *level = NULL;
	PgParam values[8];
	Profile profile;
	bool end;
	Csv *csv;

	(void)state;
	assert_int_equal(
	        match("id;age;vip\n1;x;\n;1;\n1;;perhaps\n1;2\n9;;\n", NULL, &level, &csv, &profile), OK);
	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
		assert_int_equal(csv_next(csv, &end), OK);
		assert_int_equal(profile_row(&profile, csv, i, arena, values), ERR_FIELD_INVALID);
		assert_non_null(strstr(err_detail()->message, reasons[i]));
	}
	assert_int_equal(csv_next(csv, &end), OK);
	assert_int_equal(profile_row(&profile, csv, 9, arena, values), OK);
	assert_int_equal(values[1].kind, PG_NULL);
	fclose(csv->file);
}

static void a_file_without_keys_can_be_numbered(void **state)
{
	CLEANUP(json_decrefp_) json_t *level = NULL;
	CLEANUP(json_decrefp_) json_t *again = NULL;
	PgParam values[8];
	Profile profile;
	bool end;
	Csv *csv;

	(void)state;
	assert_int_equal(match("age\n42\n", NULL, &level, &csv, &profile), ERR_FIELD_MISSING);
	fclose(csv->file);
	assert_int_equal(match("age\n42\n", "id", &again, &csv, &profile), OK);
	assert_int_equal(csv_next(csv, &end), OK);
	assert_int_equal(profile_row(&profile, csv, 5, arena, values), OK);
	assert_int_equal(values[0].i, 5);
	assert_string_equal(profile_sql_create(&profile, arena),
	        "CREATE TABLE IF NOT EXISTS \"crm\".\"customers\" "
	        "(\"id\" bigint, \"age\" bigint, \"emp.rate\" double precision, \"since\" timestamptz, "
	        "\"vip\" boolean, "
	        "\"tags\" text[], \"city\" text, PRIMARY KEY (\"id\"))");
	assert_string_equal(profile_sql_move(&profile, arena),
	        "INSERT INTO \"crm\".\"customers\" (\"id\", \"age\") SELECT DISTINCT ON (\"id\") \"id\", "
	        "\"age\" FROM parley_import "
	        "ORDER BY \"id\", parley_row DESC ON CONFLICT (\"id\") DO UPDATE SET \"id\" = "
	        "EXCLUDED.\"id\", \"age\" = EXCLUDED.\"age\"");
	fclose(csv->file);
}

static const char *value_of(const char *text)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str compact;

	if (named_value_parse(str(text), arena, &json))
		return err_detail()->message;
	assert_int_equal(json_text(json_object_get(json, "value"), false, arena, &compact), OK);
	return arena_cstr(arena, compact);
}

static void values_have_the_type_that_they_look_like_or_are_given(void **state)
{
	(void)state;
	assert_string_equal(value_of("a=true"), "{\"bool_value\":true}");
	assert_string_equal(value_of("a=42"), "{\"int_value\":42}");
	assert_string_equal(value_of("a=4.5"), "{\"double_value\":4.5}");
	assert_string_equal(value_of("a=x=y"), "{\"string_value\":\"x=y\"}");
	assert_string_equal(value_of("a="), "{\"string_value\":\"\"}");
	assert_string_equal(value_of("a:double=42"), "{\"double_value\":42.0}");
	assert_string_equal(value_of("a:string=42"), "{\"string_value\":\"42\"}");
	assert_string_equal(value_of("a:list=x,y"), "{\"strings_value\":{\"values\":[\"x\",\"y\"]}}");
	assert_string_equal(value_of("a:timestamp=2026-01-31T08:00:00Z"),
	        "{\"timestamp_value\":\"2026-01-31T08:00:00Z\"}");
	assert_string_equal(value_of("a:int=x"), "a: 'x' is not a whole number");
	assert_non_null(strstr(value_of("a:integer=1"), "there is no type 'integer'"));
	assert_non_null(strstr(value_of("=1"), "is not NAME=VALUE"));
}

static void an_audience_is_a_level_and_its_keys(void **state)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;

	(void)state;
	assert_int_equal(audience_parse(STR("household:id=7,branch:string=7"), arena, &json), OK);
	assert_int_equal(json_text(json, false, arena, &text), OK);
	assert_string_equal(arena_cstr(arena, text),
	        "{\"level\":\"household\",\"keys\":[{\"name\":\"id\",\"value\":{\"int_value\":7}},"
	        "{\"name\":\"branch\",\"value\":{\"string_value\":\"7\"}}]}");
	assert_int_equal(audience_parse(STR("customer"), arena, &json), ERR_FIELD_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(csv_is_read_as_spreadsheets_write_it),
	        cmocka_unit_test(what_is_written_as_csv_reads_back),
	        cmocka_unit_test(a_row_becomes_the_levels_values),
	        cmocka_unit_test(bad_rows_say_why),
	        cmocka_unit_test(a_file_without_keys_can_be_numbered),
	        cmocka_unit_test(values_have_the_type_that_they_look_like_or_are_given),
	        cmocka_unit_test(an_audience_is_a_level_and_its_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
