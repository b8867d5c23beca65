// What is said of conditions: by a table of those that people write wrong, and by random ones, of which
// nothing may be said that the evaluator does not bear out. PARLEY_SEED chooses others.
#include "base/cleanup.h"
#include "expr/expr.h"
#include "validate/logic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { I, J, D, S, B, T, FIXED, TAGS, SLOTS };

static Arena *arena;
static Logic *logic;
static ExprSchema schema;

// --- the level ---

static SnapConstant two = PARLEY__SNAPSHOT__V1__CONSTANT__INIT, no = PARLEY__SNAPSHOT__V1__CONSTANT__INIT,
                    web = PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
static const bool settable[SLOTS] = {true, true, true, true, true, true, false, true};

static const struct {
	const char *name;
	Parley__Snapshot__V1__ValueType type;
	ExprType in_expressions;
	SnapConstant *value;
} attributes[SLOTS] = {
        [I] = {"i", SNAP_TYPE(INT), {.kind = EXPR_INT}, NULL},
        [J] = {"j", SNAP_TYPE(INT), {.kind = EXPR_INT}, &two},
        [D] = {"d", SNAP_TYPE(DOUBLE), {.kind = EXPR_DOUBLE}, NULL},
        [S] = {"s", SNAP_TYPE(STRING), {.kind = EXPR_STRING}, NULL},
        [B] = {"b", SNAP_TYPE(BOOL), {.kind = EXPR_BOOL}, &no},
        [T] = {"t", SNAP_TYPE(TIMESTAMP), {.kind = EXPR_TIMESTAMP}, NULL},
        [FIXED] = {"fixed", SNAP_TYPE(STRING), {.kind = EXPR_STRING}, &web},
        [TAGS] = {"tags", SNAP_TYPE(STRING_LIST), {EXPR_LIST, EXPR_STRING}, NULL},
};

static void make_level(void)
{
	SnapLevel *level = ARENA_NEW(arena, SnapLevel);
	ExprAttribute *declared = ARENA_ARRAY(arena, ExprAttribute, SLOTS);
	parley__snapshot__v1__audience_level__init(level);
	level->name = (char *)(uintptr_t) "visitor";
	level->n_attributes = SLOTS;
	level->attributes = ARENA_ARRAY(arena, SnapAttribute *, SLOTS);
	two.type = SNAP_TYPE(INT);
	two.int_value = 2;
	no.type = SNAP_TYPE(BOOL);
	web.type = SNAP_TYPE(STRING);
	web.string_value = (char *)(uintptr_t) "web";
	for (size_t i = 0; i < SLOTS; i++) {
		SnapAttribute *attribute = level->attributes[i] = ARENA_NEW(arena, SnapAttribute);
		parley__snapshot__v1__attribute__init(attribute);
		attribute->name = (char *)(uintptr_t)attributes[i].name;
		attribute->type = attributes[i].type;
		attribute->default_value = attributes[i].value;
		declared[i] = (ExprAttribute){str(attributes[i].name), attributes[i].in_expressions};
	}
	schema = (ExprSchema){declared, SLOTS};
	assert_int_equal(logic_new(level, settable, arena, &logic), OK);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 20, 0);
	make_level();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const Condition *condition(const char *source)
{
	SnapExpression *expression = ARENA_NEW(arena, SnapExpression);
	const Condition *ret = NULL;
	parley__snapshot__v1__expression__init(expression);
	expression->source = arena_cstr(arena, str(source));
	if (logic_condition(logic, expression, &ret))
		fail_msg("%s: %s", source, err_detail()->message);
	return ret;
}

// --- a table ---

static void contradictions_are_seen(void **state)
{
	(void)state;
	static const char *const never[] = {"i > 5 && i < 3", "i > 5 && i < 6", "d > 5.0 && d <= 5.0",
	        "s == 'x' && s == 'y'", "s in []", "s in ['a', 'b'] && s in ['c']", "b && !b",
	        "!(i >= 3) && i >= 3", "i == 3 && i != 3", "i in [1, 2, 3] && i > 3", "false", "b && false",
	        "(i > 5 || i > 7) && i < 2", "i > 5 ? i < 3 : i > 9", "!has(i) && i > 3", "!has(i) && has(i)",
	        "t < timestamp('2020-01-01T00:00:00Z') && t > timestamp('2021-01-01T00:00:00Z')",
	        "fixed == 'phone'", "size(s) > 4 && size(s) < 3", "size(tags) < 0",
	        "s.startsWith('a') && !s.startsWith('a')", "'a' in tags && !('a' in tags)", "i < j && i > j",
	        "i < j && j < i", "i == j && i != j", "i < 5.5 && i > 5.2", "5 < i && 3 > i",
	        "tags.exists(x, x == 'a') && !tags.exists(y, y == 'a')", "s < ''", "i > 9223372036854775807",
	        "!(i > 3 || i <= 3)", "i > 2 && i < 4 && i != 3", "s == 'a' && !(s in ['a', 'b'])",
	        "i + 1 > 5 && i + 1 < 3", "(b ? i : j) > 4 && (b ? i : j) < 2"};
	for (size_t i = 0; i < ARRAY_COUNT(never); i++) {
		if (!condition(never[i])->never)
			fail_msg("'%s' is never true, and that is not seen", never[i]);
		if (condition(never[i])->always)
			fail_msg("'%s' is said to be always true", never[i]);
	}
}

static void what_can_be_is_not_accused(void **state)
{
	(void)state;
	static const char *const can_be[] = {"i > 3 && i < 5", "d > 5.0 && d < 5.1", "s > 'a' && s < 'b'",
	        "s in ['a', 'b'] && s in ['b', 'c']", "i > 5 || i < 3", "!(d > 1.0) && !(d <= 1.0)", "d != d",
	        "!has(i)", "i < j || i > j", "b ? i > 3 : i < 3", "fixed == 'web' && i > 3",
	        "'a' in tags && !('b' in tags)", "has(i) && i > 3", "i in [1, 2] && i in [2, 3]", "i == 5.0",
	        "dyn(i) == 5.5 || dyn(i) == 'a'", "now() > timestamp('2020-01-01T00:00:00Z')"};
	for (size_t i = 0; i < ARRAY_COUNT(can_be); i++) {
		const Condition *of = condition(can_be[i]);
		if (of->never || of->always)
			fail_msg("'%s' is said to be %s true", can_be[i], of->never ? "never" : "always");
	}
}

static void what_is_always_true_is_seen(void **state)
{
	(void)state;
	static const char *const always[] = {"b || !b", "j > 3 || j <= 3", "fixed == 'web'", "has(j)", "true",
	        "fixed in ['web', 'app']", "!(j > 5 && j < 3)", "b ? true : !b", "!has(i) || true"};
	// A visitor without i has an error there, and NaN is neither more nor less.
	static const char *const not_always[] = {
	        "i > 3 || i <= 3", "d > 1.0 || d <= 1.0", "has(i)", "s != ''"};
	for (size_t i = 0; i < ARRAY_COUNT(always); i++) {
		if (!condition(always[i])->always)
			fail_msg("'%s' is always true, and that is not seen", always[i]);
	}
	for (size_t i = 0; i < ARRAY_COUNT(not_always); i++) {
		if (condition(not_always[i])->always)
			fail_msg("'%s' is said to be always true", not_always[i]);
	}
}

static void one_condition_implies_another(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool implies;
	} pairs[] = {
	        {"i > 5", "i > 3", true},
	        {"i > 3", "i > 5", false},
	        {"i > 5 && b", "b", true},
	        {"s == 'a'", "s in ['a', 'b']", true},
	        {"i == 4 || i == 5", "i >= 4 && i <= 6", true},
	        {"i > 5", "i > 5 || d > 3.0", true},
	        {"i > 5", "has(i)", true},
	        {"has(i)", "i > 5", false},
	        {"i > 5 && i < 3", "s == 'a'", true},
	        {"i > 5", "b || !b", true},
	        {"s.startsWith('a') && b", "s.startsWith('a')", true},
	        {"i > 5", "i > 3 && d > 3.0", false},
	        {"!(i < 3)", "i >= 3", true},
	};
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		if (logic_implies(condition(pairs[i].a), condition(pairs[i].b)) != pairs[i].implies)
			fail_msg("'%s' implies '%s': %s", pairs[i].a, pairs[i].b,
			        pairs[i].implies ? "not seen" : "not so");
	}
}

static void what_depends_on_the_time_does_not_meet_later(void **state)
{
	(void)state;
	const Condition *young = condition("now() < timestamp('2026-01-01T00:00:00Z') && i > 3");
	const Condition *old = condition("now() > timestamp('2027-01-01T00:00:00Z')");
	const Condition *small = condition("i < 2"), *both;
	assert_int_equal(logic_both(logic, young, old, &both), OK);
	assert_true(both->never);
	assert_int_equal(logic_then(logic, young, old, &both), OK);
	assert_false(both->never);
	assert_int_equal(logic_then(logic, young, small, &both), OK);
	assert_true(both->never);
	assert_int_equal(logic_forget(logic, young, I, &both), OK);
	assert_int_equal(logic_both(logic, both, small, &both), OK);
	assert_false(both->never);
}

// Nested as deep as it goes, with as many cases as there can be: it ends, and says nothing that it does not
// know.
static void much_work_is_cut_short(void **state)
{
	(void)state;
	const char *deep = "b", *wide = "true";
	for (int i = 0; i < 50; i++)
		deep = arena_printf(arena, "(%s ? i > %d : i < %d)", deep, i, -i);
	for (int i = 0; i < 60; i++)
		wide = arena_printf(arena, "%s && (i == %d || d > %d.5 || s == 'x%d')", wide, i % 7, i, i);
	assert_false(condition(deep)->never);
	assert_false(condition(wide)->always);
}

// --- random ones ---

enum { CONDITIONS = 6000, PROFILES = 160, SOURCE_MAX = 1200 };

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = random_state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) % below);
}

#define PICK(list) ((list)[draw(ARRAY_COUNT(list))])

static const char *atom(void)
{
	static const char *const order[] = {"<", "<=", ">", ">=", "==", "!="};
	static const char *const texts[] = {"'a'", "'b'", "'c'", "'web'", "''"};
	static const char *const bools[] = {"b", "has(i)", "has(d)", "has(s)", "'a' in tags",
	        "s.startsWith('a')", "true", "false", "size(tags) > 1", "b == true", "has(j)"};
	static const char *const ints[] = {"i", "j"};
	switch (draw(10)) {
	case 9:
		return arena_printf(arena, "%s in [%u, %u.5, %u.0]", draw(2) ? "d" : PICK(ints), draw(4),
		        draw(4), draw(4));
	case 0:
	case 1:
		return arena_printf(arena, "%s %s %u", PICK(ints), PICK(order), draw(5));
	case 2:
		return arena_printf(arena, "%s %s %u.5", PICK(ints), PICK(order), draw(4));
	case 3:
		return arena_printf(arena, "d %s %u.%u", PICK(order), draw(4), 5 * draw(2));
	case 4:
		return arena_printf(arena, "%s %s %s", draw(4) ? "s" : "fixed", PICK(order), PICK(texts));
	case 5:
		return arena_printf(
		        arena, "%s %s in [%s, %s]", draw(2) ? "s" : "fixed", "", PICK(texts), PICK(texts));
	case 6:
		return arena_printf(arena, "i in [%u, %u, %u]", draw(5), draw(5), draw(5));
	case 7:
		return draw(2) ? arena_printf(arena, "i %s j", PICK(order))
		               : arena_printf(arena, "t %s timestamp('202%u-01-01T00:00:00Z')", PICK(order),
		                         draw(3));
	default:
		return PICK(bools);
	}
}

static const char *grow(unsigned depth)
{
	if (!depth || !draw(4))
		return atom();
	switch (draw(6)) {
	case 0:
		return arena_printf(arena, "!(%s)", grow(depth - 1));
	case 1:
		return arena_printf(
		        arena, "(%s ? %s : %s)", grow(depth - 1), grow(depth - 1), grow(depth - 1));
	case 2:
		return arena_printf(arena, "(%s || %s)", grow(depth - 1), grow(depth - 1));
	case 3:
		return arena_printf(
		        arena, "(%s && %s && %s)", grow(depth - 1), grow(depth - 1), grow(depth - 1));
	default:
		return arena_printf(arena, "(%s && %s)", grow(depth - 1), grow(depth - 1));
	}
}

static void draw_profile(ExprValue values[SLOTS])
{
	static const char *const texts[] = {"a", "b", "c", "", "ab", "web"};
	static ExprValue tags[2];
	static const double doubles[] = {-1, 0, 0.5, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 9, (double)NAN};
	tags[0] = expr_string(str(PICK(texts)));
	tags[1] = expr_string(str(PICK(texts)));
	values[I] = draw(6) ? expr_int((int64_t)draw(7) - 1) : expr_missing(I);
	values[J] = draw(6) ? expr_int((int64_t)draw(7) - 1) : expr_int(2);
	values[D] = draw(6) ? expr_double(PICK(doubles)) : expr_missing(D);
	values[S] = draw(6) ? expr_string(str(PICK(texts))) : expr_missing(S);
	values[B] = expr_bool(draw(2));
	values[T] = draw(6) ? expr_timestamp_us((INT64_C(1577836800) + (int64_t)draw(5) * 15768000) * 1000000)
	                    : expr_missing(T);
	values[FIXED] = expr_string(STR("web"));
	values[TAGS] = draw(6) ? expr_list(tags, draw(3)) : expr_missing(TAGS);
}

static bool is_true(const ExprProgram *program, const ExprValue *values, Arena *scratch)
{
	ExprScratch room = {scratch, 100000};
	arena_reset(scratch);
	ExprValue value = expr_eval(program, values, 0, &room);
	return value.kind == EXPR_BOOL && value.b;
}

// What is said of two conditions and of both together, and how often.
typedef struct Said {
	size_t never, always, implied, apart, dead;
} Said;

typedef struct Pair {
	const char *sources[2];
	const Condition *conditions[2], *both;
	ExprProgram programs[2], part;
	bool implies;
} Pair;

// The alternative of an expression at whose root there is an ||.
static void compile_pair(Pair *pair, const char *const *parts, Said *said)
{
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
		        expr_compile(&schema, str(pair->sources[i]), EXPR_BOOL, arena, &pair->programs[i]),
		        OK);
		pair->conditions[i] = condition(pair->sources[i]);
		said->never += pair->conditions[i]->never;
		said->always += pair->conditions[i]->always;
	}
	assert_int_equal(logic_both(logic, pair->conditions[0], pair->conditions[1], &pair->both), OK);
	pair->implies = logic_implies(pair->conditions[0], pair->conditions[1]);
	said->implied += pair->implies && !pair->conditions[0]->never && !pair->conditions[1]->always;
	said->apart += pair->both->never && !pair->conditions[0]->never && !pair->conditions[1]->never;
	uint32_t dead = pair->conditions[0]->dead;
	said->dead += dead != 0;
	if (dead)
		assert_int_equal(
		        expr_compile(&schema, str(parts[dead - 1]), EXPR_BOOL, arena, &pair->part), OK);
}

static void check_pair(const Pair *pair, const ExprValue *values, Arena *scratch)
{
	bool holds[2];
	for (size_t i = 0; i < 2; i++) {
		holds[i] = is_true(&pair->programs[i], values, scratch);
		if (holds[i] && pair->conditions[i]->never)
			fail_msg("'%s' is said to be never true, and it was", pair->sources[i]);
		if (!holds[i] && pair->conditions[i]->always)
			fail_msg("'%s' is said to be always true, and it was not", pair->sources[i]);
	}
	if (holds[0] && holds[1] && pair->both->never)
		fail_msg("'%s' and '%s' are said never to be true together", pair->sources[0],
		        pair->sources[1]);
	if (holds[0] && !holds[1] && pair->implies)
		fail_msg("'%s' is said to imply '%s'", pair->sources[0], pair->sources[1]);
	if (pair->conditions[0]->dead && is_true(&pair->part, values, scratch))
		fail_msg("alternative %u of '%s' is said to be never true", pair->conditions[0]->dead,
		        pair->sources[0]);
}

static const char *alternatives(const char *parts[3])
{
	for (size_t i = 0; i < 3; i++)
		parts[i] = grow(2);
	return arena_printf(arena, "(%s) || (%s) || (%s)", parts[0], parts[1], parts[2]);
}

static void nothing_is_said_that_the_evaluator_does_not_bear_out(void **state)
{
	(void)state;
	const char *seed = getenv("PARLEY_SEED");
	random_state = seed ? strtoull(seed, NULL, 10) : 2026;
	printf("PARLEY_SEED=%llu\n", (unsigned long long)random_state);
	CLEANUP(arena_freep) Arena *scratch = arena_new(64 * 1024, 0);
	Said said = {0};
	for (size_t i = 0; i < CONDITIONS; i++) {
		if (i % 100 == 0) {
			arena_reset(arena);
			make_level();
		}
		const char *parts[3] = {0};
		Pair pair = {.sources = {draw(3) ? grow(3) : alternatives(parts), grow(2)}};
		if (strlen(pair.sources[0]) > SOURCE_MAX)
			continue;
		if (!parts[0] && strstr(pair.sources[0], "||"))
			parts[0] = parts[1] = parts[2] =
			        "false"; // which part it is, only alternatives() knows
		compile_pair(&pair, parts, &said);
		for (size_t j = 0; j < PROFILES; j++) {
			ExprValue values[SLOTS];
			draw_profile(values);
			check_pair(&pair, values, scratch);
		}
	}
	printf("said of %d pairs: never %zu, always %zu, implied %zu, apart %zu, dead parts %zu\n",
	        CONDITIONS, said.never, said.always, said.implied, said.apart, said.dead);
	assert_true(said.never && said.always && said.implied && said.apart && said.dead);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(contradictions_are_seen),
	        TEST(what_can_be_is_not_accused),
	        TEST(what_is_always_true_is_seen),
	        TEST(one_condition_implies_another),
	        TEST(what_depends_on_the_time_does_not_meet_later),
	        TEST(much_work_is_cut_short),
	        TEST(nothing_is_said_that_the_evaluator_does_not_bear_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
