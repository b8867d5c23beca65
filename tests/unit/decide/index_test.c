// Conditions told without their programs, against the programs: whatever an index or a traits says without
// asking for the program must be what evaluating it says. Random conditions, visitors and lists;
// PARLEY_SEED in the environment repeats a run.
#include "base/cleanup.h"
#include "decide/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { CONDITIONS = 600, VISITORS = 60, CANDIDATES = 1500, SEGMENTS = 300, LISTS = 4 };
static const int64_t now_us = INT64_C(1767225600000000); // 2026-01-01

static const ExprAttribute attributes[] = {
        {{"age", 3}, {EXPR_INT, EXPR_ERROR}},
        {{"points", 6}, {EXPR_INT, EXPR_ERROR}},
        {{"balance", 7}, {EXPR_DOUBLE, EXPR_ERROR}},
        {{"tier", 4}, {EXPR_STRING, EXPR_ERROR}},
        {{"vip", 3}, {EXPR_BOOL, EXPR_ERROR}},
        {{"joined", 6}, {EXPR_TIMESTAMP, EXPR_ERROR}},
        {{"tags", 4}, {EXPR_LIST, EXPR_STRING}},
};
enum { AGE, POINTS, BALANCE, TIER, VIP, JOINED, TAGS, ATTRIBUTES };
static const ExprSchema schema = {attributes, ATTRIBUTES};

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
	state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state_of_chance >> 33) % n;
}

#define ONE_OF(list) ((list)[chance((unsigned)ARRAY_COUNT(list))])

// --- random conditions ---

static const char *const relations[] = {"==", "!=", "<", "<=", ">", ">="};

static char *number(Arena *arena)
{
	static const char *const rare[] = {"9223372036854775807", "-9223372036854775807", "2.5", "-0.0",
	        "1e300", "9007199254740993", "0.1", "7u"};
	return chance(6) ? arena_printf(arena, "%d", (int)chance(12) - 2)
	                 : arena_printf(arena, "%s", ONE_OF(rare));
}

static char *text(Arena *arena)
{
	return arena_printf(arena, "'t%u'", chance(5));
}

static char *moment(Arena *arena)
{
	static const char *const moments[] = {"2025-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z",
	        "2026-01-01T00:00:00.0000005Z", "2026-01-01T00:00:00.000001Z"};
	return arena_printf(arena, "timestamp('%s')", ONE_OF(moments));
}

static char *predicate(Arena *arena)
{
	static const char *const numeric[] = {"age", "points", "balance"};
	static const char *const all[] = {"age", "points", "balance", "tier", "vip", "joined", "tags"};
	switch (chance(11)) {
	case 0:
		return arena_printf(arena, "%s in tags", text(arena));
	case 1:
		return arena_printf(arena, "tier %s %s", relations[chance(2)], text(arena));
	case 2:
		return arena_printf(arena, "tier in [%s, %s, %s]", text(arena), text(arena), text(arena));
	case 3:
		return arena_printf(arena, "age in [%u, %u, %u]", chance(9), chance(9), chance(9));
	case 4:
		return arena_printf(arena, "has(%s)", ONE_OF(all));
	case 5:
		return arena_printf(arena, "joined %s %s", ONE_OF(relations), moment(arena));
	case 6:
		return arena_printf(arena, "now() %s %s", ONE_OF(relations), moment(arena));
	case 7:
		return arena_printf(arena, "%s", chance(2) ? "vip" : "vip == false");
	case 8:
		return arena_printf(arena, "%s %s %s", number(arena), ONE_OF(relations), ONE_OF(numeric));
	default:
		return arena_printf(arena, "%s %s %s", ONE_OF(numeric), ONE_OF(relations), number(arena));
	}
}

static char *opaque(Arena *arena)
{
	static const char *const parts[] = {"tier.startsWith('t')", "age + points > 5", "age / points == 2",
	        "tags.exists(t, t == 't1')", "(vip ? age : points) > 3", "size(tags) > 1", "tier < 't3'"};
	return arena_printf(arena, "%s", ONE_OF(parts));
}

static char *condition(Arena *arena, int depth)
{
	if (depth == 0 || chance(4) == 0)
		return chance(12) == 0 ? opaque(arena) : predicate(arena);
	char *left = condition(arena, depth - 1), *right = condition(arena, depth - 1);
	switch (chance(5)) {
	case 0:
		return arena_printf(arena, "(%s && %s)", left, right);
	case 1:
		return arena_printf(arena, "(%s || %s)", left, right);
	case 2:
		return arena_printf(arena, "!(%s && %s)", left, right);
	case 3:
		return arena_printf(arena, "(%s ? %s : true)", left, right);
	default:
		return arena_printf(arena, "(%s && %s && %s)", left, right, predicate(arena));
	}
}

// --- random visitors ---

static ExprValue some_list(Arena *arena)
{
	size_t count = chance(4);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, count);
	for (size_t i = 0; i < count; i++)
		items[i] = expr_string(str(arena_printf(arena, "t%u", chance(6))));
	return expr_list(items, count);
}

static void random_visitor(Arena *arena, ExprValue *values)
{
	static const int64_t rare[] = {INT64_MAX, INT64_MIN, INT64_C(9007199254740993), -1};
	static const double odd[] = {0.1, -0.0, 2.5, 1e300, __builtin_inf(), -__builtin_inf()};
	values[AGE] = expr_int(chance(8) ? chance(10) : ONE_OF(rare));
	values[POINTS] = expr_int(chance(8) ? chance(10) : ONE_OF(rare));
	values[BALANCE] = expr_double(chance(3) ? (double)chance(10) : ONE_OF(odd));
	if (chance(12) == 0)
		values[BALANCE] = expr_double(chance(2) ? __builtin_nan("") : -__builtin_nan(""));
	values[TIER] = expr_string(str(arena_printf(arena, "t%u", chance(7))));
	values[VIP] = expr_bool(chance(2));
	values[JOINED] = expr_timestamp_us(now_us - 2 + (int64_t)chance(5));
	values[JOINED].nanos += chance(3) == 0 ? 500 : 0;
	values[TAGS] = some_list(arena);
	for (uint32_t i = 0; i < ATTRIBUTES; i++)
		if (chance(7) == 0)
			values[i] = expr_missing(i);
	if (chance(20) == 0) // not what the schema says: only programs know what to make of it
		values[BALANCE] = expr_int(3);
}

// --- both sides ---

typedef struct Bed {
	Arena *arena;
	ExprProgram programs[CONDITIONS];
	uint32_t levels[CONDITIONS];
	Conditions conditions;
} Bed;

static Bed *bed_new(Arena *arena)
{
	Bed *bed = ARENA_NEW(arena, Bed);
	bed->arena = arena;
	for (uint32_t i = 0; i < CONDITIONS; i++) {
		char *source = condition(arena, (int)chance(4));
		if (expr_compile(&schema, str(source), EXPR_BOOL, arena, &bed->programs[i]))
			fail_msg("%s: %s", source, err_detail()->message);
	}
	ConditionsInput input = {&schema, 1, bed->programs, bed->levels, CONDITIONS};
	assert_int_equal(conditions_build(&input, arena, &bed->conditions), OK);
	return bed;
}

static bool is_true(const Bed *bed, uint32_t condition, const ExprValue *values, Arena *arena)
{
	ExprScratch scratch = {arena, 100000};
	ExprValue value = expr_eval(&bed->programs[condition], values, now_us, &scratch);
	return value.kind == EXPR_BOOL && value.b;
}

static void traits_tell_what_programs_tell(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	Bed *bed = bed_new(arena);
	size_t asked = 0, programs = 0;
	for (int v = 0; v < VISITORS; v++) {
		ExprValue values[ATTRIBUTES];
		Traits traits;
		random_visitor(arena, values);
		assert_int_equal(traits_init(&bed->conditions, 0, values, now_us, arena, &traits), OK);
		for (uint32_t i = 0; i < CONDITIONS; i++) {
			Answer answer = traits_condition(&traits, i);
			programs += answer == ANSWER_PROGRAM;
			asked++;
			if (answer != ANSWER_PROGRAM)
				assert_int_equal(answer == ANSWER_YES, is_true(bed, i, values, arena));
		}
	}
	print_message("%zu of %zu left to programs\n", programs, asked);
	assert_true(programs * 2 < asked);
}

static void random_items(IndexItem *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		items[i] = (IndexItem){.from_us = INT64_MIN, .until_us = INT64_MAX};
		if (chance(8))
			items[i].condition = 1 + chance(CONDITIONS);
		if (chance(2))
			items[i].segment = 1 + chance(chance(2) ? 3 : SEGMENTS);
		if (chance(4) == 0)
			items[i].from_us = now_us - 1 + (int64_t)chance(3);
		if (chance(4) == 0)
			items[i].until_us = now_us - 1 + (int64_t)chance(3);
	}
}

static bool possible(const Bed *bed, const IndexItem *item, const ExprValue *values, const uint64_t *segments)
{
	uint32_t segment = item->segment - 1;
	if (item->segment && !((segments[segment / 64] >> (segment % 64)) & 1))
		return false;
	if (now_us < item->from_us || now_us >= item->until_us)
		return false;
	return !item->condition || is_true(bed, item->condition - 1, values, bed->arena);
}

typedef struct Seen {
	bool sure, checked;
} Seen;

static void look(const Sieve *sieve, Seen *seen, uint32_t count)
{
	memset(seen, 0, count * sizeof *seen);
	for (uint32_t block = 0; block < index_blocks(sieve->index); block++) {
		SieveBlock found;
		sieve_block(sieve, block, &found);
		for (uint32_t i = 0; i < SIEVE_BLOCK; i++) {
			uint64_t bit = UINT64_C(1) << (i % 64);
			uint32_t position = block * SIEVE_BLOCK + i;
			if (!(found.survivors[i / 64] & bit)) {
				assert_false(found.checks[i / 64] & bit);
				continue;
			}
			Seen *item = &seen[index_item(sieve->index, position)];
			assert_true(
			        position >= index_position(sieve->index, index_item(sieve->index, position)));
			if (found.checks[i / 64] & bit)
				item->checked = true;
			else
				item->sure = true;
		}
	}
}

static void check_list(const Bed *bed, uint32_t count, uint32_t rows_max)
{
	IndexItem items[CANDIDATES];
	Seen seen[CANDIDATES];
	const Index *index;
	random_items(items, count);
	IndexInput input = {.conditions = &bed->conditions,
	        .items = items,
	        .count = count,
	        .segment_words = (SEGMENTS + 63) / 64,
	        .rows_max = rows_max};
	assert_int_equal(index_build(&input, bed->arena, &index), OK);
	for (int v = 0; v < VISITORS; v++) {
		ExprValue values[ATTRIBUTES];
		uint64_t segments[(SEGMENTS + 63) / 64] = {0};
		Traits traits;
		Sieve sieve;
		random_visitor(bed->arena, values);
		for (unsigned i = 0; i < SEGMENTS; i++)
			segments[i / 64] |= (uint64_t)(chance(5) == 0) << (i % 64);
		assert_int_equal(traits_init(&bed->conditions, 0, values, now_us, bed->arena, &traits), OK);
		assert_int_equal(sieve_begin(index, &traits, segments, bed->arena, &sieve), OK);
		look(&sieve, seen, count);
		for (uint32_t i = 0; i < count; i++) {
			bool expected = possible(bed, &items[i], values, segments);
			if (seen[i].sure)
				assert_true(expected);
			if (expected)
				assert_true(seen[i].sure || seen[i].checked);
		}
	}
}

static void a_list_passes_what_programs_pass(void **state)
{
	(void)state;
	for (int i = 0; i < LISTS; i++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
		Bed *bed = bed_new(arena);
		check_list(bed, 1, 1000);
		check_list(bed, 63 + chance(3), 1000);
		check_list(bed, CANDIDATES, 4096);
		check_list(bed, CANDIDATES, 60); // neighbours share rows
	}
}

static void an_attribute_that_changes_is_read_again(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	ExprProgram program;
	uint32_t level = 0;
	Conditions conditions;
	Traits traits;
	ExprValue values[ATTRIBUTES];
	random_visitor(arena, values);
	assert_int_equal(
	        expr_compile(&schema, STR("age >= 18 || 'x' in tags"), EXPR_BOOL, arena, &program), OK);
	ConditionsInput input = {&schema, 1, &program, &level, 1};
	assert_int_equal(conditions_build(&input, arena, &conditions), OK);
	values[AGE] = expr_int(17);
	values[TAGS] = expr_missing(TAGS);
	assert_int_equal(traits_init(&conditions, 0, values, now_us, arena, &traits), OK);
	assert_int_equal(traits_condition(&traits, 0), ANSWER_NO);
	values[AGE] = expr_int(18);
	traits_forget(&traits, AGE);
	assert_int_equal(traits_condition(&traits, 0), ANSWER_YES);
}

// What a designer writes every day needs no program at all.
static void common_conditions_need_no_program(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	static const char *const common[] = {
	        "age >= 18",
	        "age >= 18 && age < 65 && balance > 1000.0",
	        "tier in ['gold', 'platinum'] && !vip",
	        "tier == 'gold' || balance > 500",
	        "has(joined) && joined < timestamp('2020-01-01T00:00:00Z')",
	        "'traveller' in tags && !('blocked' in tags)",
	        "!(age < 18 || tier == 'basic')",
	        "now() >= timestamp('2026-01-01T00:00:00Z')",
	        "(age < 20 || age > 60) && (tier == 'gold' || vip)",
	};
	ExprProgram programs[ARRAY_COUNT(common)];
	uint32_t levels[ARRAY_COUNT(common)] = {0};
	Conditions conditions;
	for (size_t i = 0; i < ARRAY_COUNT(common); i++)
		assert_int_equal(expr_compile(&schema, str(common[i]), EXPR_BOOL, arena, &programs[i]), OK);
	ConditionsInput input = {&schema, 1, programs, levels, ARRAY_COUNT(common)};
	assert_int_equal(conditions_build(&input, arena, &conditions), OK);
	assert_int_equal(conditions.program_count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(traits_tell_what_programs_tell),
	        cmocka_unit_test(a_list_passes_what_programs_pass),
	        cmocka_unit_test(an_attribute_that_changes_is_read_again),
	        cmocka_unit_test(common_conditions_need_no_program),
	};
	const char *seed = getenv("PARLEY_SEED");
	state_of_chance = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	print_message("PARLEY_SEED=%llu\n", (unsigned long long)state_of_chance);
	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
