// Maps, macros over lists and maps, and variables: what they yield, what they refuse, what they may cost.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static void maps_hold_values_under_keys(void **state)
{
	(void)state;
	EXPECT("{'a': 1, 'b': 2}", "{\"a\": 1, \"b\": 2}");
	EXPECT("{'a': 1}['a'] + {'b': 2}.b", "3");
	EXPECT("{1: 'x', 2u: 'y', true: 'z'}[2]", "\"y\"");
	EXPECT("{'a': {'b': name}}.a.b", "\"Ana\"");
	EXPECT("{'a-b': 1}.`a-b`", "1");
	EXPECT("'a' in {'a': 1} && !('b' in {'a': 1}) && size({'a': 1}) == 1", "true");
	EXPECT("{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1u} && {'a': 1} != {'a': 2}", "true");
	EXPECT("has({'a': 1}.a) && !has({'a': 1}.b)", "true");
}

static void maps_refuse_what_they_do_not_have(void **state)
{
	(void)state;
	EXPECT("{'a': 1}['b']", "error NO_SUCH_KEY");
	EXPECT("{'a': 1}.b", "error NO_SUCH_KEY");
	EXPECT("{'a': 1, 'a': 2}", "error INVALID_ARGUMENT");
	EXPECT("{dyn(1.5): 1}", "error NO_OVERLOAD");
	EXPECT("{'a': gone}", "error ATTRIBUTE_MISSING");
	EXPECT("has(dyn(age).a)", "error NO_OVERLOAD");
	EXPECT("age.years",
	        "!TYPE: line 1, column 5: only maps have fields, and this is a int; remove '.years'");
	EXPECT("{[1]: 2}",
	        "!TYPE: line 1, column 2: a map's keys are bool, int, uint or string, found list(int); "
	        "convert it with string(x)");
}

static void macros_go_through_lists(void **state)
{
	(void)state;
	EXPECT("tags.all(t, t.size() > 2) && !tags.all(t, t == 'sms')", "true");
	EXPECT("tags.exists(t, t == 'sms') && ![].exists(t, true)", "true");
	EXPECT("tags.exists_one(t, t == 'sms') && ![1, 2].existsOne(n, n > 0)", "true");
	EXPECT("tags.map(t, t + '!')", "[\"gold!\", \"sms!\"]");
	EXPECT("[1, 2, 3].map(n, n > 1, n * age)", "[84, 126]");
	EXPECT("[1, 2, 3].filter(n, n % 2 == 1)", "[1, 3]");
	EXPECT("[5, 6].transformList(i, v, v - i)", "[5, 5]");
	EXPECT("[5, 6].transformList(i, v, i > 0, v)", "[6]");
	EXPECT("[5, 6].transformMap(i, v, v)", "{0: 5, 1: 6}");
	EXPECT("[5, 6].all(i, v, i < v)", "true");
}

static void macros_go_through_maps(void **state)
{
	(void)state;
	EXPECT("{'a': 1, 'b': 2}.map(k, k)", "[\"a\", \"b\"]");
	EXPECT("{'a': 1, 'b': 2}.filter(k, k != 'a')", "[\"b\"]");
	EXPECT("{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)", "true");
	EXPECT("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", "{\"b\": 20}");
}

static void macros_nest_and_names_shadow(void **state)
{
	(void)state;
	EXPECT("[1, 2].map(x, [10, 20].map(y, x * y))", "[[10, 20], [20, 40]]");
	EXPECT("[1, 2].map(age, age)", "[1, 2]");
	EXPECT("[1].map(age, .age)", "[42]");
	EXPECT("[[1], [2]].map(x, x.map(x, x + 1))", "[[2], [3]]");
	EXPECT("[{'total': 1}].map(order, order.total)", "[1]");
	EXPECT("cel.bind(x, age + 1, x * x) - cel.bind(x, 1, cel.bind(y, x, y + x))", "1847");
	EXPECT("age > 1 ? [1].exists(x, x == 1) : [2].all(x, x == 1)", "true");
}

static void errors_in_macros_are_absorbed_as_in_logic(void **state)
{
	(void)state;
	EXPECT("[0, 1].exists(n, 1 / n == 1)", "true");
	EXPECT("[0, 2].exists(n, 1 / n == 1)", "error DIVIDE_BY_ZERO");
	EXPECT("[0, 1].all(n, 1 / n == 2)", "false");
	EXPECT("[0, 1].exists_one(n, 1 / n == 1)", "error DIVIDE_BY_ZERO");
	EXPECT("[0, 1].map(n, 1 / n)", "error DIVIDE_BY_ZERO");
	EXPECT("[0, 1].filter(n, 1 / n > 0)", "error DIVIDE_BY_ZERO");
	EXPECT("[0, 1].transformMap(i, n, 1 / n > 0, n)", "error DIVIDE_BY_ZERO");
	EXPECT("[gone].map(n, n)", "error ATTRIBUTE_MISSING");
	EXPECT("dyn(age).all(x, true)", "error NO_OVERLOAD");
}

static void macros_say_how_they_are_written(void **state)
{
	(void)state;
	EXPECT("tags.all(t)", "!TYPE: line 1, column 6: 'all' takes a name and an expression, for example "
	                      "list.all(x, x > 0)");
	EXPECT("tags.all(1, true)", "!TYPE: line 1, column 10: 'all' needs a new name here, for example x");
	EXPECT("age.all(x, true)", "!TYPE: line 1, column 5: 'all' goes through a list or a map, found int");
	EXPECT("tags.all(t, t)", "!TYPE: line 1, column 13: expected bool as the test of a macro, found "
	                         "string: compare it, for "
	                         "example 'x == \"a\"'");
	EXPECT("[1].all(a, a, true)", "!TYPE: line 1, column 5: 'all' needs two different names");
	EXPECT("tags.all(t, true) && t == ''", "!NAME_UNKNOWN: line 1, column 22: there is no attribute 't'; "
	                                       "add it to the profile schema, or "
	                                       "quote it if it is a text");
}

static ExprError error_of(const char *source, uint64_t fuel, size_t memory)
{
	Arena *arena = arena_new(65536, 0), *small = arena_new(4096, memory);
	ExprScratch scratch = {small, fuel};
	ExprProgram program;
	ExprValue value;

	assert_int_equal(expr_compile(&test_schema, str(source), EXPR_DYN, arena, &program), OK);
	value = expr_eval(&program, test_visitor, TEST_NOW_US, &scratch);
	arena_free(small);
	arena_free(arena);
	return value.kind == EXPR_ERROR ? value.error : EXPR_ERR_NONE;
}

#define TEN "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"

// Nested loops multiply; fuel and memory end them all the same.
static void loops_are_bounded(void **state)
{
	static const char million[] =
	        TEN ".all(a, " TEN ".all(b, " TEN ".all(c, " TEN ".all(d, " TEN ".all(e, " TEN ".all(f, "
	            "a + b + c + d + e + f >= 0))))))";

	(void)state;
	assert_int_equal(error_of(TEN ".all(a, a >= 0)", 1000, 1 << 20), EXPR_ERR_NONE);
	assert_int_equal(error_of(million, 100000, 1 << 20), EXPR_ERR_FUEL);
	assert_int_equal(
	        error_of(TEN ".map(a, " TEN ".map(b, " TEN ".map(c, 'x' + string(c))))", 100000, 8192),
	        EXPR_ERR_MEMORY);
	assert_int_equal(
	        error_of("cel.bind(a, " TEN ".map(x, " TEN "), a == a && a + a == a + a)", 400, 1 << 20),
	        EXPR_ERR_FUEL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(maps_hold_values_under_keys),
	        cmocka_unit_test(maps_refuse_what_they_do_not_have),
	        cmocka_unit_test(macros_go_through_lists),
	        cmocka_unit_test(macros_go_through_maps),
	        cmocka_unit_test(macros_nest_and_names_shadow),
	        cmocka_unit_test(errors_in_macros_are_absorbed_as_in_logic),
	        cmocka_unit_test(macros_say_how_they_are_written),
	        cmocka_unit_test(loops_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
