// Comparison across kinds of numbers, arithmetic and its limits, lists and membership.
#include "expr_test.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

static void lists_of_many_kinds_are_searched_too(void **state)
{
	(void)state;
	EXPECT("age in ['x', 42.0, true, b'x']", "true");
	EXPECT("name in [1, 2u, 'Ana', 3.0]", "true");
	EXPECT("name + '!' in [1, true, 'Ana!']", "true");
	EXPECT("name + '?' in [1, true, 'Ana!']", "false");
	EXPECT("age in [null, 1, 42]", "true");
	EXPECT("dyn(null) in [1, 'x']", "false");
	EXPECT("wait in [1, duration('90m'), 'x']", "true");
	EXPECT("gone in [1, 'x']", "error ATTRIBUTE_MISSING");
	EXPECT("1 / (age - 42) in [1, 'x']", "error DIVIDE_BY_ZERO");
	EXPECT("[1, 2].map(n, n + 1 in [2, 'x'])", "[true, false]");
	EXPECT("name in {'Bob': 1, 'Ana': 2}", "true");
	EXPECT("age in {1: 1, 42: 2} && !(age in {41u: 'x'})", "true");
	EXPECT("name in {'Ana': 1, 'Ana': 2}", "error INVALID_ARGUMENT");
}

static void constant_maps(void **state)
{
	(void)state;
	EXPECT("{'Bob': 1, 'Ana': 2, 'Eve': 3}[name]", "2");
	EXPECT("{'Bob': 1, 'Eve': 3}[name]", "error NO_SUCH_KEY");
	EXPECT("{3: 'c', 42: null}[age]", "null");
	EXPECT("{7: 'seven', 2: timestamp('2026-01-31T08:00:00Z')}[visits]", "\"seven\"");
	EXPECT("{42u: 'x'}[dyn(42.0)] + {false: 'n', true: 'y'}[vip]", "\"xy\"");
	EXPECT("{1: 'x'}[dyn('1')]", "error NO_SUCH_KEY");
	EXPECT("{1: 'x'}[dyn([1])]", "error NO_SUCH_KEY");
	EXPECT("{1: 'x'}[gone]", "error ATTRIBUTE_MISSING");
	EXPECT("{age: 'x'}[42]", "\"x\"");
	EXPECT("{'a': 1, 'a': 2}[name]", "error INVALID_ARGUMENT");
	// As doubles both keys are equal to it: the first that was written counts.
	EXPECT("{9007199254740993: 'b', 9007199254740992: 'a'}[dyn(9007199254740992.0)]", "\"b\"");
}

static void literal_of(char *text, size_t size)
{
	static const char *const forms[][2] = {{"", ""}, {"-", ""}, {"", "u"}, {"", ".0"}, {"", ".5"},
	        {"'", "'"}, {"b'", "'"}, {"duration('", "s')"}};
	size_t form = (size_t)rand() % ARRAY_COUNT(forms);

	(void)snprintf(text, size, "%s%d%s", forms[form][0], rand() % 12, forms[form][1]);
}

static void same(const char *x, const char *list, const char *map)
{
	char source[4096], one[256];

	(void)snprintf(source, sizeof(source), "(dyn(%s) in [%s]) == cel.bind(l, [%s], dyn(%s) in l)", x,
	        list, list, x);
	EXPECT(source, "true");
	(void)snprintf(source, sizeof(source), "{%s}[dyn(%s)]", map, x);
	(void)snprintf(one, sizeof(one), "%s", evaluated(source));
	(void)snprintf(source, sizeof(source), "cel.bind(m, {%s}, m[dyn(%s)])", map, x);
	EXPECT(source, one);
}

// However an expression looks for a constant, it finds the same as by looking at one after another.
static void searching_agrees_with_looking_at_each(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 2000; round++) {
		static const char *const marks[][2] = {{"", ""}, {"", "u"}, {"'", "'"}};
		char list[1024], map[1024], x[64], item[64];
		size_t list_len = 0, map_len = 0, kind = (size_t)rand() % ARRAY_COUNT(marks);

		for (int i = rand() % 12; i >= 0; i--) {
			literal_of(item, sizeof(item));
			list_len += (size_t)snprintf(list + list_len, sizeof(list) - list_len, "%s,", item);
			map_len += (size_t)snprintf(map + map_len, sizeof(map) - map_len, "%s%d%s: %s,",
			        marks[kind][0], i * 5 % 12, marks[kind][1], item);
		}
		literal_of(x, sizeof(x));
		same(x, list, map);
	}
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
	        cmocka_unit_test(lists_of_many_kinds_are_searched_too),
	        cmocka_unit_test(constant_maps),
	        cmocka_unit_test(searching_agrees_with_looking_at_each),
	        cmocka_unit_test(indexing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
