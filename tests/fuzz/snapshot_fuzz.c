// A signed blob of any bytes is refused, or else it can be planned and decided by, whatever it says. The
// bytes are either the blob itself or, so that the deeper checks are reached too, changes to a good one:
// offset, offset, new byte, and so on.
#include "base/cleanup.h"
#include "decide/decide.h"
#include "fuzz.h"
#include "world/seal.h"
#include "world/world.h"

#include <stdlib.h>

// A history of every offer, so that whatever counts has something to count.
static Fact *facts_of(const Snapshot *snapshot, Arena *arena)
{
	Fact *facts = ARENA_ARRAY(arena, Fact, snapshot->n_offers + 1);
	for (uint32_t i = 0; facts && i < snapshot->n_offers; i++)
		facts[i] = (Fact){
		        i, 1 + i, (FactKind)(i % (FACT_QUALIFY + 1)), TEST_NOW_US - 1 - i, INT64_MAX, 50};
	return facts;
}

static bool visitor_of(const Plan *plan, int level, Arena *arena, Visitor *ret)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	ExprValue *values = ARENA_ARRAY(arena, ExprValue, snapshot->audience_levels[level]->n_attributes);
	uint64_t *segments = ARENA_ARRAY(arena, uint64_t, plan_segment_words(plan));
	Fact *facts = facts_of(snapshot, arena);
	if (!values || !segments || !facts)
		return false;
	SegmentRequest request = {level, STR("1001"), TEST_NOW_US, true};
	Segmentation segmentation = {.segments = segments};
	decide_defaults(plan, level, values);
	if (decide_segments(plan, &request, values, arena, &segmentation))
		return false;
	VisitorState state = {facts, snapshot->n_offers, facts, snapshot->n_offers / 2, NULL};
	*ret = (Visitor){level, STR("1001"), values, segments, state};
	return true;
}

static void decide_everywhere(const Plan *plan, int level, Arena *arena)
{
	Visitor visitor;
	if (!visitor_of(plan, level, arena, &visitor))
		return;
	for (size_t i = 0; i < plan_snapshot(plan)->n_points; i++) {
		DecidePoint point = {.point = (int)i, .max = 3};
		DecideRequest request = {&point, 1, TEST_NOW_US, i, false, true};
		Decision decision;
		if (decide(plan, &visitor, &request, arena, &decision) == OK &&
		        decision.points[0].offer_count > 3)
			abort();
	}
}

static Str changed_blob(const uint8_t *data, size_t size, Arena *arena)
{
	static Str good;
	static Arena *kept;
	if (!good.len) {
		kept = arena_new(64 * 1024, 0);
		if (snapshot_pack(world_finish(world_whole(kept)), kept, &good))
			abort();
	}
	char *bytes = arena_cstr(arena, good);
	for (size_t i = 0; i + 3 <= size; i += 3)
		bytes[((size_t)data[i] * 256 + data[i + 1]) % good.len] = (char)data[i + 2];
	return str_n(bytes, good.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 256 << 20);
	if (!size)
		return 0;
	Str blob = data[0] % 2 ? str_n((const char *)data + 1, size - 1)
	                       : changed_blob(data + 1, size - 1, arena);
	Snapshot *snapshot;
	const Plan *plan;
	if (snapshot_open(blob, test_manifest(blob, 1, NULL, arena), arena, &snapshot))
		return 0;
	// What was accepted must also make a plan, short of memory.
	Err e = plan_build(snapshot, arena, &plan);
	if (e && e != ERR_NO_MEMORY)
		abort();
	for (int level = 0; !e && level < (int)snapshot->n_audience_levels; level++)
		decide_everywhere(plan, level, arena);
	return 0;
}
