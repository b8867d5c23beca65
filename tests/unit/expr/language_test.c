// Literals, names, logic, conditions and their precedence.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static void numbers_in_every_notation(void **state)
{
	(void)state;
	EXPECT("42", "42");
	EXPECT("0x2A", "42");
	EXPECT("-9223372036854775808", "-9223372036854775808");
	EXPECT("18446744073709551615u", "18446744073709551615u");
	EXPECT("0xFFu", "255u");
	EXPECT("1.5e3", "1500.0");
	EXPECT(".5", "0.5");
	EXPECT("1e-400", "0.0");
	EXPECT("0.1 + 0.2", "0.30000000000000004");
	EXPECT("--5", "5");
}

static void texts_in_every_notation(void **state)
{
	(void)state;
	EXPECT("'a\\tb'", "\"a\\tb\"");
	EXPECT("\"\\x41\\u00e9\\U0001f600\\101\"", "\"A\u00e9\U0001f600A\"");
	EXPECT("r'\\n' == '\\\\n'", "true");
	EXPECT("'''it's\n\"here\"''' == 'it\\'s\\n\"here\"'", "true");
	EXPECT("b'\\xff\\000'", "b\"\\xff\\x00\"");
	EXPECT("bR'\\x'", "b\"\\\\x\"");
	EXPECT("'\\000'.size()", "1");
	EXPECT("// a remark\n'x' // another", "\"x\"");
}

static void names_are_attributes_or_types(void **state)
{
	(void)state;
	EXPECT("age", "42");
	EXPECT(".age", "42");
	EXPECT("order.total", "99.9");
	EXPECT("tags", "[\"gold\", \"sms\"]");
	EXPECT("type(age) == int", "true");
	EXPECT("type(since) == google.protobuf.Timestamp", "true");
	EXPECT("since", "timestamp(\"2020-02-29T12:30:45.678Z\")");
	EXPECT("wait", "duration(\"5400s\")");
}

static void errors_are_absorbed_on_both_sides(void **state)
{
	(void)state;
	EXPECT("gone > 1", "error ATTRIBUTE_MISSING");
	EXPECT("gone > 1 && false", "false");
	EXPECT("false && gone > 1", "false");
	EXPECT("gone > 1 || true", "true");
	EXPECT("true || gone > 1", "true");
	EXPECT("gone > 1 && true", "error ATTRIBUTE_MISSING");
	EXPECT("true && gone > 1", "error ATTRIBUTE_MISSING");
	EXPECT("1 / 0 > 0 || flag || true", "true");
	EXPECT("1 / 0 > 0 || flag", "error DIVIDE_BY_ZERO");
	EXPECT("flag ? 1 : 2", "error ATTRIBUTE_MISSING");
	EXPECT("vip ? 1 : gone", "1");
	EXPECT("!vip ? gone : 2", "2");
	EXPECT("!flag", "error ATTRIBUTE_MISSING");
	EXPECT("[1, gone]", "error ATTRIBUTE_MISSING");
	EXPECT("gone in [1, 2] || age in [42]", "true");
}

static void has_asks_without_evaluating(void **state)
{
	(void)state;
	EXPECT("has(age)", "true");
	EXPECT("has(gone)", "false");
	EXPECT("has(order.total)", "true");
	EXPECT("has(gone) && gone > 1", "false");
	EXPECT("!has(gone) || gone > 1", "true");
}

static void precedence_is_that_of_cel(void **state)
{
	(void)state;
	EXPECT("1 + 2 * 3", "7");
	EXPECT("(1 + 2) * 3", "9");
	EXPECT("-2 * -3 - -1", "7");
	EXPECT("10 - 4 - 3", "3");
	EXPECT("true || false && false", "true");
	EXPECT("(true || false) && false", "false");
	EXPECT("1 < 2 == true", "true");
	EXPECT("false ? 1 : true ? 2 : 3", "2");
	EXPECT("!true == false", "true");
	EXPECT("1 + 1 in [2]", "true");
}

static void long_chains_are_not_deep(void **state)
{
	char source[EXPR_SOURCE_MAX];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 400; i++)
		len += (size_t)snprintf(source + len, sizeof(source) - len, "age == %d || ", 1000 + i);
	(void)snprintf(source + len, sizeof(source) - len, "age == 42");
	EXPECT(source, "true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(numbers_in_every_notation),
	        cmocka_unit_test(texts_in_every_notation),
	        cmocka_unit_test(names_are_attributes_or_types),
	        cmocka_unit_test(errors_are_absorbed_on_both_sides),
	        cmocka_unit_test(has_asks_without_evaluating),
	        cmocka_unit_test(precedence_is_that_of_cel),
	        cmocka_unit_test(long_chains_are_not_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
