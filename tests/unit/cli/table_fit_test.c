// What a table leaves out and what it shortens where a terminal is narrow.
#include "table_fit.h"

#include "base/arena.h"
#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct Given {
	const char *columns;
	size_t widths[8]; // of the widest cells; 0: the column has no value
	size_t room;
	const char *shown; // titles with their widths
} Given;

static void fits(const Given *given)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	TableColumn columns[COLUMNS_MAX];
	size_t count = table_columns(given->columns, columns);
	const char *shown = "";

	for (size_t i = 0; i < count; i++) {
		columns[i].used = given->widths[i] > 0;
		if (given->widths[i] > columns[i].width)
			columns[i].width = given->widths[i];
	}
	table_fit(columns, count, given->room);
	for (size_t i = 0; i < count; i++)
		if (columns[i].used)
			shown = arena_printf(arena, "%s%s" STR_FMT " %zu", shown, *shown ? ", " : "",
			        STR_ARG(columns[i].title), columns[i].width);
	assert_string_equal(shown, given->shown);
}

static void titles_paths_and_turns_are_read(void **state)
{
	TableColumn columns[COLUMNS_MAX];

	(void)state;
	assert_int_equal(table_columns("TIME:time OF:x.y_z/3 LAST:last/12", columns), 3);
	assert_true(str_eq(columns[0].path, STR("time")));
	assert_int_equal(columns[0].turn, 0);
	assert_true(str_eq(columns[1].title, STR("OF")));
	assert_true(str_eq(columns[1].path, STR("x.y_z")));
	assert_int_equal(columns[1].turn, 3);
	assert_int_equal(columns[2].turn, 12);
}

static void what_fits_is_left_as_it_is(void **state)
{
	(void)state;
	fits(&(Given){"A:a B:b/1 C:c", {10, 10, 70}, 94, "A 10, B 10, C 70"});
	fits(&(Given){"A:a B:b/1 C:c", {10, 0, 70}, 82, "A 10, C 70"});
}

static void the_least_important_goes_first(void **state)
{
	(void)state;
	fits(&(Given){"A:a B:b/1 C:c/2 D:d", {10, 10, 10, 10}, 45, "A 10, B 10, D 10"});
	fits(&(Given){"A:a B:b/1 C:c/2 D:d", {10, 10, 10, 10}, 33, "A 10, D 10"});
	// Of equally important ones the last goes.
	fits(&(Given){"A:a B:b/1 C:c/1", {10, 10, 10}, 22, "A 10, B 10"});
	// A narrow one has room where a wide one that matters more has none.
	fits(&(Given){"A:a B:b/1 C:c/2", {10, 30, 10}, 30, "A 10, C 10"});
}

static void only_what_must_stay_is_shortened(void **state)
{
	(void)state;
	fits(&(Given){"A:a B:b C:c/1", {10, 100, 10}, 50, "A 10, B 38"});
	// A long text is not worth every other column, but takes what they leave.
	fits(&(Given){"A:a B:b C:c/1", {10, 100, 10}, 90, "A 10, B 66, C 10"});
	fits(&(Given){"A:a B:b", {50, 40}, 62, "A 30, B 30"});
}

static void moments_and_codes_are_never_shortened(void **state)
{
	(void)state;
	fits(&(Given){"TIME:t CODE:c NOTE:n", {19, 19, 40}, 30, "TIME 19, CODE 19, NOTE 20"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(titles_paths_and_turns_are_read),
	        cmocka_unit_test(what_fits_is_left_as_it_is),
	        cmocka_unit_test(the_least_important_goes_first),
	        cmocka_unit_test(only_what_must_stay_is_shortened),
	        cmocka_unit_test(moments_and_codes_are_never_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
