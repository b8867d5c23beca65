// What a report looks like: bars and lines of text, rows as CSV, and the moments that bound its period.
#include "chart.h"
#include "moment.h"
#include "output.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(4096, 0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

// --- charts ---

static const char *bar(ChartStyle style, double value, double most)
{
	return chart_bar(style, value, most, 4, arena);
}

static void a_bar_is_as_long_as_its_share(void **state)
{
	(void)state;
	assert_string_equal(bar(CHART_ASCII, 8, 8), "####");
	assert_string_equal(bar(CHART_ASCII, 4, 8), "##");
	assert_string_equal(bar(CHART_UTF8, 8, 8), "████");
	assert_string_equal(bar(CHART_UTF8, 5, 8), "██▌");
	assert_string_equal(bar(CHART_UTF8, 9, 8), "████"); // never beyond its width
	assert_string_equal(bar(CHART_NONE, 8, 8), "");
}

static void something_is_never_nothing_and_never_everything(void **state)
{
	(void)state;
	assert_string_equal(bar(CHART_ASCII, 1e-9, 8), "#");
	assert_string_equal(bar(CHART_UTF8, 1e-9, 8), "▏");
	assert_string_equal(bar(CHART_UTF8, 7.9999, 8), "███▉"); // only the largest is whole
	assert_string_equal(bar(CHART_UTF8, 0, 8), "");
	assert_string_equal(bar(CHART_UTF8, -1, 8), "");
	assert_string_equal(bar(CHART_UTF8, 1, 0), "");
	assert_string_equal(bar(CHART_UTF8, 0.0 / 0.0, 8), "");
}

#define LINE(style, width, ...)                                                                              \
	chart_line(style, (const double[]){__VA_ARGS__},                                                     \
	        sizeof((const double[]){__VA_ARGS__}) / sizeof(double), width, arena)

static void a_line_has_a_character_a_day(void **state)
{
	(void)state;
	assert_string_equal(LINE(CHART_UTF8, 10, 0, 1, 4, 7), "▁▂▅█");
	assert_string_equal(LINE(CHART_ASCII, 10, 0, 1, 4, 7), " .=#");
	assert_string_equal(LINE(CHART_UTF8, 10, 0, 1e-9, 7), "▁▂█"); // something is never nothing
	assert_string_equal(LINE(CHART_UTF8, 10, 0, 0), "▁▁");
	assert_string_equal(LINE(CHART_NONE, 10, 1, 2), "");
	assert_string_equal(chart_line(CHART_UTF8, NULL, 0, 10, arena), "");
}

static void more_days_than_room_are_drawn_by_their_means(void **state)
{
	(void)state;
	assert_string_equal(LINE(CHART_ASCII, 2, 0, 0, 7, 7), " #");
	assert_string_equal(LINE(CHART_ASCII, 2, 0, 7, 7, 7, 7), "-#"); // of two and of three days
	assert_string_equal(LINE(CHART_ASCII, 1, 3, 9), "#");
}

static void the_terminal_says_whether_it_knows_utf8(void **state)
{
	static const struct {
		const char *all, *type, *lang;
		ChartStyle style;
	} cases[] = {
	        {NULL, NULL, NULL, CHART_ASCII},
	        {NULL, NULL, "de_AT.UTF-8", CHART_UTF8},
	        {NULL, "C", "de_AT.UTF-8", CHART_ASCII}, // the more particular one counts
	        {"en_US.utf8", "C", "C", CHART_UTF8},
	        {"", "", "C.UTF-8", CHART_UTF8}, // empty is as if it were not there
	        {"POSIX", NULL, "C.UTF-8", CHART_ASCII},
	};
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const char *values[] = {cases[i].all, cases[i].type, cases[i].lang};

		for (size_t k = 0; k < ARRAY_COUNT(names); k++)
			assert_int_equal(values[k] ? setenv(names[k], values[k], 1) : unsetenv(names[k]), 0);
		assert_int_equal(chart_style(), cases[i].style);
	}
}

// --- rows ---

// What is printed meanwhile.
static const char *printed(
        Err (*print)(Cli *, const json_t *, const char *), Cli *cli, const char *rows, const char *columns)
{
	char path[] = "/tmp/report-test-XXXXXX", text[4096];
	int file = mkstemp(path), before = dup(STDOUT_FILENO);
	json_t *json = json_loads(rows, 0, NULL);

	assert_true(file >= 0 && before >= 0 && json);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	Err e = print(cli, json, columns);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	ssize_t len = pread(file, text, sizeof text, 0);
	close(before);
	close(file);
	unlink(path);
	json_decref(json);
	assert_int_equal(e, OK);
	assert_true(len >= 0);
	return arena_cstr(arena, str_n(text, (size_t)len));
}

static void rows_are_csv_with_the_fields_names(void **state)
{
	Cli cli = {.arena = arena, .format = FORMAT_CSV};
	static const char rows[] = "[{\"offer\": \"GOLD\", \"rate\": 0.25, \"shown\": 8},"
	                           " {\"offer\": \"say \\\"hi\\\", all\", \"shown\": 0},"
	                           " {\"offer\": \"two\\nlines\", \"rate\": null, \"shown\": 1}]";
	(void)state;
	assert_string_equal(printed(print_csv, &cli, rows, "OFFER:offer SHOWN:shown ACCEPTANCE:rate"),
	        "offer,shown,rate\nGOLD,8,0.25\n\"say \"\"hi\"\", all\",0,\n\"two\nlines\",1,\n");
	assert_string_equal(printed(print_csv, &cli, "[]", "OFFER:offer SHOWN:shown"), "offer,shown\n");
	OptionValue given = {0};
	cli.line.options[OPT_NO_HEADER] = &given;
	assert_string_equal(
	        printed(print_csv, &cli, "[{\"offer\": \"GOLD\"}]", "OFFER:offer SHOWN:shown"), "GOLD,\n");
}

// --- since and until ---

static Err since(const char *text, int64_t fallback_us, int64_t *ret_us)
{
	OptionValue value = {.text = text};
	Cli cli = {.arena = arena};
	if (text)
		cli.line.options[OPT_SINCE] = &value;
	return cli_moment(&cli, OPT_SINCE, fallback_us, ret_us);
}

static int64_t since_s(const char *text)
{
	int64_t us = 0;
	if (since(text, -1, &us) != OK)
		fail_msg("%s: %s", text, err_detail()->message);
	return us / US_PER_S;
}

static void a_period_begins_at_a_time_a_day_or_so_long_ago(void **state)
{
	int64_t now_s, us = 0;
	(void)state;
	assert_int_equal(since_s("2026-06-01T08:30:00Z"), 1780302600);
	assert_int_equal(since_s("2026-06-01T10:30:00+02:00"), 1780302600);
	assert_int_equal(since_s("2026-06-01"), 1780272000); // its begin in UTC
	assert_int_equal(since_s("2024-02-29"), 1709164800);
	now_s = clock_now_us(clock_system()) / US_PER_S;
	assert_in_range(since_s("7d") + 7 * 86400, now_s, now_s + 60);
	assert_in_range(since_s("90m") + 90 * 60, now_s, now_s + 60);
	assert_int_equal(since(NULL, 42, &us), OK);
	assert_int_equal(us, 42);
}

static void what_is_no_moment_is_told_with_what_is(void **state)
{
	static const char *const texts[] = {"yesterday", "2026-02-30", "2026-6-1", "2026-06-01T08:30:00", "7",
	        "-7d", "99999999d", "", "d"};
	int64_t us;
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		if (since(texts[i], 0, &us) == OK)
			fail_msg("'%s' is taken for a moment", texts[i]);
		assert_non_null(strstr(
		        err_detail()->message, "--since must be a time (2026-06-01T08:00:00Z), a day"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(a_bar_is_as_long_as_its_share, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                something_is_never_nothing_and_never_everything, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_line_has_a_character_a_day, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                more_days_than_room_are_drawn_by_their_means, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(the_terminal_says_whether_it_knows_utf8, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(rows_are_csv_with_the_fields_names, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_period_begins_at_a_time_a_day_or_so_long_ago, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(what_is_no_moment_is_told_with_what_is, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
