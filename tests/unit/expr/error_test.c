// Every mistake is told with its place and a remedy.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static void syntax(void **state)
{
	(void)state;
	EXPECT("", "!SYNTAX: line 1, column 1: the expression is empty; write 'true' for always");
	EXPECT("age >",
	        "!SYNTAX: line 1, column 6: the expression ends too early; something is missing here");
	EXPECT("age = 1", "!SYNTAX: line 1, column 5: unexpected '='; to compare, write '=='");
	EXPECT("age > 1 &\nvip", "!SYNTAX: line 1, column 9: unexpected '&'; for 'and', write '&&'");
	EXPECT("vip\nand vip", "!SYNTAX: line 2, column 1: unexpected 'and'; write '&&'");
	EXPECT("name == '\u00e9' oder", "!SYNTAX: line 1, column 13: unexpected 'oder'; an operator, a value "
	                                "or the end is missing before it");
	EXPECT("'abc", "!SYNTAX: line 1, column 1: unexpected '''; the string has no end; close it with the "
	               "same quote");
	EXPECT("for", "!SYNTAX: line 1, column 1: 'for' is a reserved word; use another name");
	EXPECT("'a\\qb'", "!SYNTAX: line 1, column 3: an escape that a string does not have; for a backslash "
	                  "itself write "
	                  "'\\\\', or r'...' for all of the text");
	EXPECT("b'\\u0041'",
	        "!SYNTAX: line 1, column 3: an escape that bytes does not have; for a backslash itself write "
	        "'\\\\', or r'...' for all of the text");
	EXPECT("'\\ud800'", "!SYNTAX: line 1, column 2: an escape that a string does not have; for a "
	                    "backslash itself write "
	                    "'\\\\', or r'...' for all of the text");
	EXPECT("99999999999999999999",
	        "!SYNTAX: line 1, column 1: the number does not fit into an int; write "
	        "99999999999999999999u for uint, 99999999999999999999.0 for double");
	EXPECT("9223372036854775808", "!SYNTAX: line 1, column 1: the number does not fit into an int; write "
	                              "9223372036854775808u for uint");
	EXPECT("'\xff'", "!SYNTAX: line 1, column 1: the expression is not UTF-8 text");
}

static void names(void **state)
{
	(void)state;
	EXPECT("aeg > 1",
	        "!NAME_UNKNOWN: line 1, column 1: there is no attribute 'aeg'; did you mean 'age'?");
	EXPECT("order.totl > 1.0", "!NAME_UNKNOWN: line 1, column 7: there is no attribute 'order.totl'; did "
	                           "you mean 'order.total'?");
	EXPECT("zebra", "!NAME_UNKNOWN: line 1, column 1: there is no attribute 'zebra'; add it to the "
	                "profile schema, or "
	                "quote it if it is a text");
	EXPECT("name.startWith('A')", "!NAME_UNKNOWN: line 1, column 6: there is no function 'startWith'; "
	                              "did you mean 'startsWith'?");
	EXPECT("has(aeg)",
	        "!NAME_UNKNOWN: line 1, column 5: there is no attribute 'aeg'; did you mean 'age'?");
}

static void types(void **state)
{
	(void)state;
	EXPECT("age && vip", "!TYPE: line 1, column 1: expected bool beside '&&', found int: compare it, for "
	                     "example 'x > 0'");
	EXPECT("1 + 1.0", "!TYPE: line 1, column 3: + is not defined for int and double; convert one of "
	                  "them, for example with "
	                  "double(x)");
	EXPECT("name == 1", "!TYPE: line 1, column 6: == is not defined for string and int; convert the "
	                    "number with string(x), "
	                    "or the text with int(x) or double(x)");
	EXPECT("age == null", "!TYPE: line 1, column 5: == is not defined for int and null; to ask whether "
	                      "an attribute has a value, write "
	                      "has(name)");
	EXPECT("name in 'abc'", "!TYPE: line 1, column 6: 'in' needs a list or a map on its right, found "
	                        "string; for a part of a text "
	                        "write x.contains(y)");
	EXPECT("age in tags", "!TYPE: line 1, column 5: a value of type int is never in a list(string); "
	                      "convert one of them");
	EXPECT("vip ? 1 : 'a'",
	        "!TYPE: line 1, column 5: both ways of '?:' need the same type, found int and string");
	EXPECT("age.size()", "!TYPE: line 1, column 5: size() is not defined for int; it takes string");
	EXPECT("startsWith(name, 'a')",
	        "!TYPE: line 1, column 1: startsWith() is called on its value; write x.startsWith(...)");
	EXPECT("name.contains()",
	        "!TYPE: line 1, column 6: contains() takes 1 argument in parentheses, found 0");
	EXPECT("timestamp('yesterday')",
	        "!TYPE: line 1, column 11: this is not a timestamp; write for example "
	        "timestamp('2026-01-31T08:00:00Z')");
	EXPECT("has(1)", "!TYPE: line 1, column 1: has() asks about an attribute or a map's field; write "
	                 "has(name) or has(x.name)");
	EXPECT("1.0 % 2.0",
	        "!TYPE: line 1, column 5: % is not defined for double and double; it takes int and int");
}

static Err compiled_as(const char *source, ExprKind expected)
{
	Arena *arena = arena_new(4096, 0);
	ExprProgram program;
	Err result = expr_compile(&test_schema, str(source), expected, arena, &program);

	arena_free(arena);
	return result;
}

static void results(void **state)
{
	(void)state;
	assert_int_equal(compiled_as("age", EXPR_BOOL), ERR_EXPR_TYPE);
	assert_string_equal(err_detail()->message,
	        "line 1, column 1: expected bool as the result, found int: compare it, for example 'x > 0'");
	assert_int_equal(compiled_as("age", EXPR_DOUBLE), OK);
	assert_int_equal(compiled_as("name", EXPR_DOUBLE), ERR_EXPR_TYPE);
	assert_string_equal(err_detail()->message,
	        "line 1, column 1: expected double as the result, found string: convert it with double(x)");
	assert_int_equal(compiled_as("dyn(vip)", EXPR_BOOL), ERR_EXPR_TYPE);
	assert_int_equal(compiled_as("bool(dyn(vip))", EXPR_BOOL), OK);
}

static void repeat(
        char *source, size_t size, const char *head, int count, const char *middle, const char *tail)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(source + len, size - len, "%s", head);
	len += (size_t)snprintf(source + len, size - len, "%s", middle);
	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(source + len, size - len, "%s", tail);
}

static void limits(void **state)
{
	char source[EXPR_SOURCE_MAX + 8];

	(void)state;
	repeat(source, sizeof(source), "!", 63, "vip", "");
	EXPECT(source, "false");
	repeat(source, sizeof(source), "!", 64, "vip", "");
	assert_int_equal(compiled_as(source, EXPR_BOOL), ERR_EXPR_LIMIT);
	repeat(source, sizeof(source), "(", 4000, "vip", ")");
	assert_int_equal(compiled_as(source, EXPR_BOOL), ERR_EXPR_LIMIT);
	repeat(source, sizeof(source), "[", 4000, "", "]");
	assert_int_equal(compiled_as(source, EXPR_DYN), ERR_EXPR_LIMIT);
	// The deepest a source may be, through every level of the grammar.
	repeat(source, sizeof(source), "vip?vip:vip||vip&&1<1+1*-(1 in[size([", 3, "1", "])])==0");
	assert_int_not_equal(compiled_as(source, EXPR_DYN), ERR_EXPR_LIMIT);
	memset(source, ' ', sizeof(source) - 1);
	source[sizeof(source) - 1] = 0;
	assert_int_equal(compiled_as(source, EXPR_BOOL), ERR_EXPR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(syntax),
	        cmocka_unit_test(names),
	        cmocka_unit_test(types),
	        cmocka_unit_test(results),
	        cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
