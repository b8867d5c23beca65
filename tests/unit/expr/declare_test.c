// Declarations and values as the command line gives them.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;

static int arena_begin(void **state)
{
	(void)state;
	arena = arena_new(4096, 0);
	return arena ? 0 : -1;
}

static int arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void attributes_are_declared(void **state)
{
	ExprAttribute attribute;

	(void)state;
	assert_int_equal(expr_attribute_parse(STR("age:int"), arena, &attribute), OK);
	assert_true(str_eq(attribute.name, STR("age")));
	assert_int_equal(attribute.type.kind, EXPR_INT);
	assert_int_equal(expr_attribute_parse(STR("order.tags:list(string)"), arena, &attribute), OK);
	assert_int_equal(attribute.type.kind, EXPR_LIST);
	assert_int_equal(attribute.type.element, EXPR_STRING);
}

static void wrong_declarations_are_refused(void **state)
{
	static const char *const wrong[] = {"", "age", ":int", "age:", "age:integer", "1age:int", "a..b:int",
	        "a.:int", "age:list", "age:list(", "age:list(list(int))", "age:map", "age:dyn", "age :int"};
	ExprAttribute attribute;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_int_equal(expr_attribute_parse(str(wrong[i]), arena, &attribute), ERR_FIELD_INVALID);
}

static void parsed(ExprKind kind, ExprKind element, const char *text, const char *expected)
{
	ExprValue value;
	Str made;

	assert_int_equal(expr_value_parse((ExprType){kind, element}, str(text), arena, &value), OK);
	made = expr_value_format(value, arena);
	assert_string_equal(arena_cstr(arena, made), expected);
}

static void values_are_read(void **state)
{
	(void)state;
	parsed(EXPR_BOOL, 0, "false", "false");
	parsed(EXPR_INT, 0, "-42", "-42");
	parsed(EXPR_UINT, 0, "42", "42u");
	parsed(EXPR_DOUBLE, 0, "1e3", "1000.0");
	parsed(EXPR_STRING, 0, "gold", "\"gold\"");
	parsed(EXPR_STRING, 0, "", "\"\"");
	parsed(EXPR_TIMESTAMP, 0, "2026-01-31T09:00:00+01:00", "timestamp(\"2026-01-31T08:00:00Z\")");
	parsed(EXPR_DURATION, 0, "1h30m", "duration(\"5400s\")");
	parsed(EXPR_LIST, EXPR_STRING, "a,b,", "[\"a\", \"b\", \"\"]");
	parsed(EXPR_LIST, EXPR_INT, "", "[]");
	parsed(EXPR_LIST, EXPR_INT, "3", "[3]");
}

static void wrong_values_are_refused(void **state)
{
	static const struct {
		ExprKind kind, element;
		const char *text;
	} wrong[] = {
	        {EXPR_BOOL, 0, "yes"},
	        {EXPR_INT, 0, "42x"},
	        {EXPR_UINT, 0, "-1"},
	        {EXPR_DOUBLE, 0, "nan"},
	        {EXPR_STRING, 0, "\xff"},
	        {EXPR_TIMESTAMP, 0, "2026-02-29T00:00:00Z"},
	        {EXPR_TIMESTAMP, 0, "2026-01-01"},
	        {EXPR_DURATION, 0, "1 hour"},
	        {EXPR_LIST, EXPR_INT, "1,x"},
	};
	ExprValue value;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_int_equal(expr_value_parse((ExprType){wrong[i].kind, wrong[i].element},
		                         str(wrong[i].text), arena, &value),
		        ERR_FIELD_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(attributes_are_declared),
	        cmocka_unit_test(wrong_declarations_are_refused),
	        cmocka_unit_test(values_are_read),
	        cmocka_unit_test(wrong_values_are_refused),
	};

	return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
