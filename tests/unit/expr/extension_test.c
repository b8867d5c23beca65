// The extension libraries, patterns and time zones.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void strings_are_taken_apart_and_put_together(void **state)
{
	(void)state;
	EXPECT("'h\u00e9llo'.charAt(1) + 'abc'.charAt(3)", "\"\u00e9\"");
	EXPECT("'abc'.charAt(4)", "error INDEX_OUT_OF_RANGE");
	EXPECT("['\u00e9a\u00e9a'.indexOf('a'), '\u00e9a\u00e9a'.indexOf('a', 2), "
	       "'\u00e9a\u00e9a'.lastIndexOf('\u00e9')]",
	        "[1, 3, 2]");
	EXPECT("'a-b-c'.split('-') + 'a-b-c'.split('-', 2) + 'ab'.split('')",
	        "[\"a\", \"b\", \"c\", \"a\", \"b-c\", \"a\", \"b\"]");
	EXPECT("tags.join('+') + tags.join()", "\"gold+smsgoldsms\"");
	EXPECT("'aaa'.replace('a', 'bb') + 'aaa'.replace('a', 'b', 2) + 'ab'.replace('', '-')",
	        "\"bbbbbbbba-a-b-\"");
	EXPECT("'h\u00e9llo'.substring(1, 3) + 'hello'.substring(4)", "\"\u00e9lo\"");
	EXPECT("'hello'.substring(3, 2)", "error INDEX_OUT_OF_RANGE");
	EXPECT("'h\u00e9'.reverse()", "\"\u00e9h\"");
	EXPECT("strings.quote('a\"b\\n')", "\"\\\"a\\\\\\\"b\\\\n\\\"\"");
}

static void format_knows_every_clause(void **state)
{
	(void)state;
	EXPECT("'%s is %d%%, %.2f, %x %X %o %b'.format([name, 42, 1.5, 255, 'z', 8, 5])",
	        "\"Ana is 42%, 1.50, ff 7A 10 101\"");
	EXPECT("'%s'.format([{'b': [1, null], 'a': duration('1h')}])", "\"{a: 3600s, b: [1, null]}\"");
	EXPECT("'%x'.format([-9223372036854775807 - 1])", "\"-8000000000000000\"");
	EXPECT("'%s %s'.format([1])", "error INVALID_ARGUMENT");
	EXPECT("'%d'.format(['1'])", "error INVALID_ARGUMENT");
	EXPECT("'%q'.format([1])", "error INVALID_ARGUMENT");
	EXPECT("'%.1000f'.format([1.0])", "error INVALID_ARGUMENT");
	EXPECT("'100%'.format([1])", "error INVALID_ARGUMENT");
}

static void mathematics(void **state)
{
	(void)state;
	EXPECT("[math.greatest(1, age, 3), math.least([4, 2, 3])]", "[42, 2]");
	EXPECT("math.greatest(1, 2.5)", "2.5");
	EXPECT("math.greatest([])", "error INVALID_ARGUMENT");
	EXPECT("[math.ceil(1.2), math.floor(-1.2), math.round(2.5), math.trunc(-2.7), math.sqrt(16)]",
	        "[2.0, -2.0, 3.0, -2.0, 4.0]");
	EXPECT("math.abs(-9223372036854775808)", "error OVERFLOW");
	EXPECT("math.isNaN(0.0 / 0.0) && math.isInf(1.0 / 0.0) && math.isFinite(balance)", "true");
	EXPECT("[math.bitAnd(6, 3), math.bitOr(6, 3), math.bitXor(6, 3), math.bitNot(0)]", "[2, 7, 5, -1]");
	EXPECT("[math.bitShiftLeft(1, 63), math.bitShiftRight(-1, 63), math.bitShiftLeft(1, 64)]",
	        "[-9223372036854775808, 1, 0]");
	EXPECT("math.cube(2)", "!NAME_UNKNOWN: line 1, column 6: there is no function 'math.cube'; did you "
	                       "mean 'math.ceil'?");
	EXPECT("math.least('a')", "!TYPE: line 1, column 6: math.least() takes numbers, found string");
}

// The same whether the pattern is compiled with the expression or only when that runs.
static void matches(const char *text, const char *pattern, bool expected)
{
	static const char *const forms[] = {"", " + ''"};
	char source[512];

	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		(void)snprintf(source, sizeof(source), "'%s'.matches(r'%s'%s)", text, pattern, forms[i]);
		if (strcmp(evaluated(source), expected ? "true" : "false") != 0)
			fail_msg("%s: %s", source, evaluated(source));
	}
}

static void patterns_search(void **state)
{
	(void)state;
	matches("hello", "ell", true);
	matches("hello", "^ell", false);
	matches("hello", "^h.*o$", true);
	matches("", "^$", true);
	matches("abc", "a(x|b|)c", true);
	matches("ac", "a(x|b|)c", true);
	matches("aaa", "^a{2}$", false);
	matches("aaa", "^a{2,}$", true);
	matches("aaa", "^a{1,2}$", false);
	matches("a{", "a{", true);
	matches("Ana7", "^[[:alpha:]]+\\d$", true);
	matches("x-y", "[a\\-z]", true);
	matches("b", "[^a-c]", false);
	matches("]", "[]]", true);
	matches("ABC", "(?i)abc", true);
	matches("ABc", "(?i:ab)C", false);
	matches("a b", "\\bb\\b", true);
	matches("ab", "\\bb", false);
	matches("a\u00f1o", "^a.o$", true);
	matches("a\u00f1o", "a[\u00e0-\u00ff]o", true);
	matches("x", "(?P<name>x)+?", true);
	matches("aXb", "a\\x58b", true);
	matches("aXb", "a\\x{58}b", true);
	matches("anything", "(a*)*$", true);
	matches("anything", "^(?:n|any)$", false);
	matches("zzzy", "x{0}[x-z]{3,90}y$", true);
	matches("", "(^|a)$", true);
	matches("Zlat\u00e1 Anna", "^\\w+\\W+A(nn|N){1,70}a\\z", true);
	matches("Zlat\u00e1 Anna", "^\\w+ A(nn|N){1,70}a\\z", false);
	EXPECT("'a\\nb'.matches('a.b') || 'a\\nb'.matches('^b')", "false");
	EXPECT("'a\\nb'.matches('(?s)a.b') && 'a\\nb'.matches('(?m)^b$')", "true");
}

static void wrong_patterns_are_refused_when_compiled(void **state)
{
	static const char *const wrong[][2] = {
	        {"(a", "has no closing ')'"},
	        {"a)", "has a ')' without its '('"},
	        {"[a", "has no closing ']'"},
	        {"*a", "repeats nothing: there is nothing before a '*', '+' or '?'"},
	        {"a**", "repeats a repetition; put the inner one in parentheses"},
	        {"a{1001}", "repeats more than 1000 times"},
	        {"a{3,2}", "has a repetition that ends before it begins"},
	        {"[b-a]", "has a range of characters that ends before it begins"},
	        {"\\p{L}", "has an escape that is not known"},
	        {"(a)\\1", "has an escape that is not known"},
	        {"(?=a)", "has a group '(?' that is not known"},
	        {"((a{100}){100}){100}", "has too many repetitions; write them with '*' or '+'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		char source[128], expected[256];

		(void)snprintf(source, sizeof(source), "name.matches(r'%s')", wrong[i][0]);
		(void)snprintf(
		        expected, sizeof(expected), "!TYPE: line 1, column 14: the pattern %s", wrong[i][1]);
		EXPECT(source, expected);
	}
	EXPECT("'a'.matches(name + '(')", "error INVALID_ARGUMENT");
}

// More than a program carries: the rest is compiled when it runs.
static void many_large_patterns_are_fine(void **state)
{
	char source[EXPR_SOURCE_MAX] = "true";
	size_t len = strlen(source);

	(void)state;
	for (int i = 0; i < 10; i++)
		len += (size_t)snprintf(
		        source + len, sizeof(source) - len, " && 'abc%d'.matches('^[a-z]{3,500}%d$')", i, i);
	EXPECT(source, "true");
}

// No fuel for the pattern, and no memory but for states beyond 64.
static void patterns_that_are_written_out_cost_nothing_to_compile(void **state)
{
	Arena *arena = arena_new(65536, 0), *none = arena_new(16, 16);
	ExprScratch scratch = {none, 60};
	ExprProgram program;
	ExprValue value;

	(void)state;
	assert_int_equal(expr_compile(&test_schema, STR("name.matches('^[[:upper:]][[:lower:]]+$')"),
	                         EXPR_BOOL, arena, &program),
	        OK);
	value = expr_eval(&program, test_visitor, TEST_NOW_US, &scratch);
	assert_int_equal(value.kind, EXPR_BOOL);
	assert_true(value.b);
	assert_int_equal(arena_used(none), 0);
	arena_free(none);
	arena_free(arena);
}

// What is exponential for a machine that tries one way after another.
static void patterns_take_linear_work(void **state)
{
	Arena *arena = arena_new(65536, 1 << 22);
	ExprScratch scratch = {arena, 20000};
	ExprProgram program;
	ExprValue value;

	(void)state;
	assert_int_equal(expr_compile(&test_schema,
	                         STR("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('^(a|a?)+(a*)*b$')"),
	                         EXPR_DYN, arena, &program),
	        OK);
	value = expr_eval(&program, test_visitor, TEST_NOW_US, &scratch);
	assert_int_equal(value.kind, EXPR_BOOL);
	assert_false(value.b);
	assert_true(scratch.fuel > 10000);
	scratch.fuel = 300;
	assert_int_equal(expr_eval(&program, test_visitor, TEST_NOW_US, &scratch).error, EXPR_ERR_FUEL);
	arena_free(arena);
}

static void parts_of_time_in_a_zone(void **state)
{
	(void)state;
	EXPECT("since.getHours('+05:30') * 100 + since.getMinutes('+05:30')", "1800");
	EXPECT("since.getHours('-13:00') * 100 + since.getDate('-13:00')", "2328");
	EXPECT("since.getHours('UTC')", "12");
	EXPECT("since.getHours('Europe/Prague')", "13");
	EXPECT("timestamp('2026-07-01T12:00:00Z').getHours('Europe/Prague')", "14");
	EXPECT("timestamp('1850-01-01T00:00:00Z').getMinutes('Europe/Prague')", "57");
	EXPECT("timestamp('2026-01-01T12:00:00Z').getHours('Australia/Sydney')", "23");
	EXPECT("timestamp('2026-07-01T12:00:00Z').getHours('Australia/Sydney')", "22");
	EXPECT("timestamp('2026-03-29T00:59:59Z').getHours('Europe/Prague')", "1");
	EXPECT("timestamp('2026-03-29T01:00:00Z').getHours('Europe/Prague')", "3");
	EXPECT("timestamp('2099-07-01T12:00:00Z').getHours('America/New_York')", "8");
	EXPECT("timestamp('2099-01-01T12:00:00Z').getHours('America/New_York')", "7");
	EXPECT("timestamp('9999-12-31T23:59:59Z').getDayOfWeek('Asia/Tokyo')", "6");
	EXPECT("timestamp('0001-01-01T00:00:00Z').getFullYear('America/New_York')", "0");
	EXPECT("since.getHours('Europe/Nowhere')", "!TYPE: line 1, column 16: there is no time zone "
	                                           "'Europe/Nowhere' in this machine's tzdata; write "
	                                           "for example 'Europe/Prague', or '+01:00'");
	EXPECT("since.getHours('../../etc/passwd')", "!TYPE: line 1, column 16: there is no time zone "
	                                             "'../../etc/passwd' in this machine's tzdata; write "
	                                             "for example 'Europe/Prague', or '+01:00'");
	EXPECT("since.getHours(name)", "error INVALID_ARGUMENT");
}

// The program carries the zone: where it runs, tzdata may be another one or none.
static void zones_travel_with_the_program(void **state)
{
	Arena *arena = arena_new(65536, 0);
	ExprScratch scratch = {arena, 1000};
	ExprProgram program;

	(void)state;
	assert_int_equal(
	        expr_compile(&test_schema, STR("since.getHours('Asia/Tokyo')"), EXPR_INT, arena, &program),
	        OK);
	assert_int_equal(setenv("TZDIR", "/nowhere", 1), 0);
	assert_int_equal(expr_eval(&program, test_visitor, TEST_NOW_US, &scratch).i, 21);
	assert_int_equal(
	        expr_compile(&test_schema, STR("since.getHours('Asia/Tokyo')"), EXPR_INT, arena, &program),
	        ERR_EXPR_TYPE);
	assert_int_equal(unsetenv("TZDIR"), 0);
	arena_free(arena);
}

static void types_are_deduced_in_full(void **state)
{
	static const char *const types[][2] = {
	        {"{'a': [1]}", "map(string, list(int))"},
	        {"tags.map(t, {t: size(t)})", "list(map(string, int))"},
	        {"{1: 'a', 'b': 2}", "map(dyn, dyn)"},
	        {"[1, 2].transformMap(i, v, v > 1)", "map(int, bool)"},
	        {"math.greatest(1, 2)", "int"},
	        {"cel.bind(x, name, x + x)", "string"},
	};
	Arena *arena = arena_new(4096, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		Str type;

		assert_int_equal(expr_infer(&test_schema, str(types[i][0]), arena, &type), OK);
		assert_string_equal(arena_cstr(arena, type), types[i][1]);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(strings_are_taken_apart_and_put_together),
	        cmocka_unit_test(format_knows_every_clause),
	        cmocka_unit_test(mathematics),
	        cmocka_unit_test(patterns_search),
	        cmocka_unit_test(wrong_patterns_are_refused_when_compiled),
	        cmocka_unit_test(many_large_patterns_are_fine),
	        cmocka_unit_test(patterns_that_are_written_out_cost_nothing_to_compile),
	        cmocka_unit_test(patterns_take_linear_work),
	        cmocka_unit_test(parts_of_time_in_a_zone),
	        cmocka_unit_test(zones_travel_with_the_program),
	        cmocka_unit_test(types_are_deduced_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
