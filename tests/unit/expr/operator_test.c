// Comparison across kinds of numbers, arithmetic and its limits, lists and membership.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static void equality_across_kinds(void **state)
{
	(void)state;
	EXPECT("1 == 1.0", "true");
	EXPECT("1u == 1", "true");
	EXPECT("dyn(1) == '1'", "false");
	EXPECT("dyn(false) == null", "false");
	EXPECT("0.0 == -0.0", "true");
	EXPECT("0.0 / 0.0 == 0.0 / 0.0", "false");
	EXPECT("0.0 / 0.0 != 0.0 / 0.0", "true");
	EXPECT("[1.0, 2.0, 3] == [1u, 2, 3u]", "true");
	EXPECT("[1, 2] == [1]", "false");
	EXPECT("tags == ['gold', 'sms']", "true");
	EXPECT("b'a' == b'a'", "true");
	EXPECT("vip == true", "true");
	EXPECT("name != 'Ana'", "false");
}

static void order_across_kinds(void **state)
{
	(void)state;
	EXPECT("-1 < 0u", "true");
	EXPECT("18446744073709551615u > -1", "true");
	EXPECT("9223372036854775807 < 9223372036854777857.0", "true");
	EXPECT("9223372036854775808.0 <= 9223372036854775807", "true");
	EXPECT("age < 42.5", "true");
	EXPECT("42.5 > age", "true");
	EXPECT("42 >= age", "true");
	EXPECT("43 <= age", "false");
	EXPECT("visits > 6.9", "true");
	EXPECT("0.0 / 0.0 < 1.0 || 0.0 / 0.0 >= 1.0", "false");
	EXPECT("'Z' < 'a' && 'a' < 'ab' && '' < 'a'", "true");
	EXPECT("'f' < '\\u1EBF'", "true");
	EXPECT("false < true", "true");
	EXPECT("dyn([1]) < dyn([2])", "error NO_OVERLOAD");
}

static void arithmetic_tells_its_limits(void **state)
{
	(void)state;
	EXPECT("9223372036854775807 + 1", "error OVERFLOW");
	EXPECT("-9223372036854775808 - 1", "error OVERFLOW");
	EXPECT("5000000000 * 5000000000", "error OVERFLOW");
	EXPECT("-(-9223372036854775808)", "error OVERFLOW");
	EXPECT("-9223372036854775808 / -1", "error OVERFLOW");
	EXPECT("-9223372036854775808 % -1", "error OVERFLOW");
	EXPECT("0u - 1u", "error OVERFLOW");
	EXPECT("1 / 0", "error DIVIDE_BY_ZERO");
	EXPECT("1u % 0u", "error MODULUS_BY_ZERO");
	EXPECT("1.0 / 0.0", "Infinity");
	EXPECT("43 % -5", "3");
	EXPECT("-7 / 2", "-3");
	EXPECT("age * 2 + 1", "85");
	EXPECT("balance / 2.0", "600.25");
	EXPECT("dyn(1) + dyn(1.0)", "error NO_OVERLOAD");
	EXPECT("dyn('a') - dyn('b')", "error NO_OVERLOAD");
}

static void concatenation(void **state)
{
	(void)state;
	EXPECT("name + ' ' + name", "\"Ana Ana\"");
	EXPECT("'' + name", "\"Ana\"");
	EXPECT("b'a' + b'\\xff'", "b\"a\\xff\"");
	EXPECT("[1] + [] + [2, 3]", "[1, 2, 3]");
	EXPECT("tags + [name]", "[\"gold\", \"sms\", \"Ana\"]");
}

static void membership(void **state)
{
	(void)state;
	EXPECT("age in [3, 42, 7]", "true");
	EXPECT("age in [3, 7]", "false");
	EXPECT("age in []", "false");
	EXPECT("age in [41.5, 42.0]", "true");
	EXPECT("visits in [7]", "true");
	EXPECT("balance in [1200, 1201]", "false");
	EXPECT("name in ['Bob', 'Ana', 'Ana']", "true");
	EXPECT("name + '!' in ['Ana!']", "true");
	EXPECT("'gold' in tags", "true");
	EXPECT("'silver' in tags", "false");
	EXPECT("age in [1, 'x', 42]", "true");
	EXPECT("age in [40 + 2]", "true");
	EXPECT("since in [timestamp('2020-02-29T12:30:45.678Z')]", "true");
	EXPECT("[1] in [[1], [2]]", "true");
	EXPECT("0.0 / 0.0 in [1.0, 2.0]", "false");
	EXPECT("gone in [1]", "error ATTRIBUTE_MISSING");
	EXPECT("null in [null]", "true");
}

static void large_sets_are_searched_not_scanned(void **state)
{
	char source[EXPR_SOURCE_MAX];
	size_t len = (size_t)snprintf(source, sizeof(source), "age in [");
	Arena *arena = arena_new(4096, 0);
	ExprScratch scratch = {arena, 3}; // not enough to look at each
	ExprProgram program;

	(void)state;
	for (int i = 1000; i > 0; i--)
		len += (size_t)snprintf(source + len, sizeof(source) - len, "%d,", i);
	(void)snprintf(source + len, sizeof(source) - len, "]");
	assert_int_equal(expr_compile(&test_schema, str(source), EXPR_BOOL, arena, &program), OK);
	assert_true(expr_eval(&program, test_visitor, 0, &scratch).b);
	arena_free(arena);
}

static void indexing(void **state)
{
	(void)state;
	EXPECT("tags[1]", "\"sms\"");
	EXPECT("[7, 8, 9][dyn(1.0)]", "8");
	EXPECT("[7, 8, 9][dyn(2u)]", "9");
	EXPECT("[7][dyn(0.5)]", "error INVALID_ARGUMENT");
	EXPECT("tags[2]", "error INDEX_OUT_OF_RANGE");
	EXPECT("tags[-1]", "error INDEX_OUT_OF_RANGE");
	EXPECT("[[1, 2], [3]][0][1]", "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(equality_across_kinds),
	        cmocka_unit_test(order_across_kinds),
	        cmocka_unit_test(arithmetic_tells_its_limits),
	        cmocka_unit_test(concatenation),
	        cmocka_unit_test(membership),
	        cmocka_unit_test(large_sets_are_searched_not_scanned),
	        cmocka_unit_test(indexing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
