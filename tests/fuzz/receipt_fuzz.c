// Any bytes are refused as a receipt, or else a decision can be made by them, and written down again they are
// the same receipt from then on; carried to another snapshot, a decision can be made there too. The bytes are
// either the receipt itself or changes to a good one: offset, offset, new byte, and so on.
#include "base/cleanup.h"
#include "decide/carry.h"
#include "fuzz.h"
#include "world/seal.h"
#include "world/world.h"

#include <stdlib.h>

static const Plan *plan_of(World *(*make)(Arena *), const Plan **kept)
{
	Arena *arena = *kept ? NULL : arena_new(64 * 1024, 0);
	if (arena && plan_build(world_finish(make(arena)), arena, kept))
		abort();
	return *kept;
}

// Both snapshots stay as long as the program.
static void carry(const Plan *from, const Receipt *receipt, Arena *arena)
{
	static const Plan *bank;
	Carried carried;
	Decision decision;
	if (receipt_carry(from, receipt, plan_of(world_bank, &bank), arena, &carried) || !carried.possible)
		return;
	(void)decide(bank, &carried.visitor, &carried.request, arena, &decision);
}

static Str good_receipt(const Plan *plan, Arena *arena)
{
	ExprValue *values = ARENA_ARRAY(arena, ExprValue, WORLD_ATTRIBUTES);
	uint64_t *segments = ARENA_ARRAY(arena, uint64_t, plan_segment_words(plan) + 1);
	decide_defaults(plan, 0, values);
	values[WORLD_AGE] = expr_int(44);
	values[WORLD_TIER] = expr_string(STR("gold"));
	const Fact facts[] = {{1, 2, FACT_CONTACT, TEST_NOW_US - 5, 0, 0},
	        {2, 1, FACT_QUALIFY, TEST_NOW_US - 3, INT64_MAX, 50}};
	const DecidePoint points[] = {{.point = 0, .max = 3}, {.point = 1, .max = 2}};
	Receipt receipt = {
	        .visitor = {0, STR("7"), values, segments, {facts, 2, facts, 1, NULL}},
	        .given = values,
	        .request = {points, 2, TEST_NOW_US, 42, true, false},
	};
	Str bytes;
	if (receipt_write(plan, &receipt, arena, &bytes))
		abort();
	return bytes;
}

static Str changed_receipt(const Plan *plan, const uint8_t *data, size_t size, Arena *arena)
{
	Str good = good_receipt(plan, arena);
	char *bytes = arena_cstr(arena, good);
	for (size_t i = 0; i + 3 <= size; i += 3)
		bytes[((size_t)data[i] * 256 + data[i + 1]) % good.len] = (char)data[i + 2];
	return str_n(bytes, good.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 64 << 20);
	static const Plan *whole;
	const Plan *plan = plan_of(world_whole, &whole);
	Receipt read, again;
	Decision decision;
	Str first, second;
	if (!size)
		return 0;
	Str bytes = data[0] % 2 ? str_n((const char *)data + 1, size - 1)
	                        : changed_receipt(plan, data + 1, size - 1, arena);
	if (receipt_read(plan, bytes, arena, &read))
		return 0;
	carry(plan, &read, arena);
	if (decide(plan, &read.visitor, &read.request, arena, &decision) ||
	        receipt_write(plan, &read, arena, &first))
		return 0; // there was no memory
	if (receipt_read(plan, first, arena, &again) || receipt_write(plan, &again, arena, &second) ||
	        !str_eq(first, second))
		abort();
	return 0;
}
