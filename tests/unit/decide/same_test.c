// The same inputs give the same bytes: two plans, each built from a snapshot of its own that was opened from
// the same blob, on two threads, for visitors and requests by chance. PARLEY_SEED repeats a run.
#include "base/cleanup.h"
#include "decide/decide.h"
#include "world/seal.h"
#include "world/world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { ROUNDS = 400, FACTS = 12, POINTS = 3, BYTES_MAX = 1 << 20 };

static Str blob;
static uint64_t first_seed;

// One side: its plan, its chance, and everything that it was told.
typedef struct Side {
	Arena *arena, *call;
	const Plan *plan;
	uint64_t chance;
	uint8_t *bytes;
	size_t count;
} Side;

static unsigned chance(Side *side, unsigned n)
{
	side->chance = side->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(side->chance >> 33) % n;
}

// --- what is said, as bytes without addresses ---

static void put(Side *side, const void *bytes, size_t count)
{
	assert_true(side->count + count <= BYTES_MAX);
	if (count)
		memcpy(side->bytes + side->count, bytes, count);
	side->count += count;
}
#define PUT(side, value) put(side, &(value), sizeof(value))

static void put_text(Side *side, Str text)
{
	PUT(side, text.len);
	put(side, text.ptr, text.len);
}

static void put_score(Side *side, ScoreParts score)
{
	PUT(side, score.marketer);
	PUT(side, score.overridden);
	PUT(side, score.override);
	PUT(side, score.final);
}

static void put_offer(Side *side, const DecidedOffer *offer)
{
	PUT(side, offer->id);
	put_score(side, offer->score);
	PUT(side, offer->treatment_code);
	for (size_t i = 0; i < offer->attribute_count; i++) {
		PUT(side, offer->attributes[i].attribute);
		put_text(side, expr_value_format(offer->attributes[i].value, side->call));
	}
}

static void put_point(Side *side, const PointDecision *point)
{
	PUT(side, point->offer_count);
	PUT(side, point->candidate_count);
	for (size_t i = 0; i < point->offer_count; i++)
		put_offer(side, &point->offers[i]);
	for (size_t i = 0; i < point->candidate_count; i++) {
		const DecidedCandidate *candidate = &point->candidates[i];
		PUT(side, candidate->id);
		PUT(side, candidate->reason);
		put_score(side, candidate->score);
		put_text(side, candidate->predicate);
		put_text(side, candidate->detail);
	}
}

static void put_trace(Side *side, const Segmentation *segments)
{
	put(side, segments->segments, plan_segment_words(side->plan) * sizeof *segments->segments);
	for (size_t i = 0; i < segments->trace_count; i++) {
		const SegmentTrace *entry = &segments->trace[i];
		PUT(side, entry->step);
		PUT(side, entry->branch);
		PUT(side, entry->segment);
		PUT(side, entry->matched);
		PUT(side, entry->beaten_by);
		put_text(side, entry->predicate);
		put_text(side, entry->error);
	}
}

// --- by chance ---

static size_t some_facts(Side *side, Fact *facts, int64_t as_of_us)
{
	size_t count = chance(side, FACTS);
	for (size_t i = 0; i < count; i++) {
		facts[i] = (Fact){
		        .offer = chance(side, (unsigned)plan_snapshot(side->plan)->n_offers),
		        .count = 1 + chance(side, 2),
		        .kind = (FactKind)chance(side, FACT_QUALIFY + 1),
		        .time_us = as_of_us - 5 + (int64_t)chance(side, 8),
		        .until_us = chance(side, 2) ? INT64_MAX : as_of_us - 2 + (int64_t)chance(side, 5),
		        .score = chance(side, 101),
		};
	}
	return count;
}

static void some_values(Side *side, int level, ExprValue *values)
{
	decide_defaults(side->plan, level, values);
	values[WORLD_AGE] = expr_int(chance(side, 100));
	values[WORLD_BALANCE] = expr_double((double)chance(side, 20000));
	if (chance(side, 2))
		values[WORLD_TIER] = expr_string(STR("gold"));
	if (chance(side, 2))
		values[WORLD_CHURN] = expr_double((double)chance(side, 10));
}

static void round_of(Side *side)
{
	arena_reset(side->call);
	int level = (int)chance(side, (unsigned)plan_snapshot(side->plan)->n_audience_levels);
	int64_t as_of_us = TEST_NOW_US + (int64_t)chance(side, 1000) * 3600000000;
	ExprValue values[WORLD_ATTRIBUTES];
	Fact facts[FACTS], session_facts[FACTS];
	uint64_t volumes[16] = {[0] = chance(side, 3), [1] = chance(side, 3)};
	uint64_t *segments = ARENA_ARRAY(side->call, uint64_t, plan_segment_words(side->plan));
	Str id = str(arena_printf(side->call, "%u", chance(side, 10)));
	some_values(side, level, values);
	SegmentRequest segment_request = {
	        .level = level, .audience_id = id, .as_of_us = as_of_us, .explain = true};
	Segmentation segmentation = {.segments = segments};
	assert_int_equal(
	        decide_segments(side->plan, &segment_request, values, side->call, &segmentation), OK);
	put_trace(side, &segmentation);
	Visitor visitor = {.level = level, .audience_id = id, .values = values, .segments = segments};
	visitor.state = (VisitorState){facts, some_facts(side, facts, as_of_us), session_facts,
	        some_facts(side, session_facts, as_of_us), volumes};
	DecidePoint points[POINTS];
	for (size_t i = 0; i < POINTS; i++)
		points[i] = (DecidePoint){
		        .point = (int)chance(side, (unsigned)plan_snapshot(side->plan)->n_points),
		        .max = chance(side, 6)};
	DecideRequest request = {.points = points,
	        .count = POINTS,
	        .as_of_us = as_of_us,
	        .seed = side->chance,
	        .deduplicate_across = chance(side, 2),
	        .explain = chance(side, 2)};
	Decision decision;
	assert_int_equal(decide(side->plan, &visitor, &request, side->call, &decision), OK);
	for (size_t i = 0; i < POINTS; i++)
		put_point(side, &decision.points[i]);
}

// --- two sides ---

static void *run(void *context)
{
	Side *side = context;
	for (unsigned i = 0; i < ROUNDS; i++)
		round_of(side);
	return NULL;
}

static void open_side(Side *side, size_t block)
{
	Snapshot *snapshot;
	*side = (Side){.arena = arena_new(block, 0), .call = arena_new(block, 0), .chance = first_seed};
	assert_int_equal(
	        snapshot_open(blob, test_manifest(blob, 1, NULL, side->arena), side->arena, &snapshot), OK);
	assert_int_equal(plan_build(snapshot, side->arena, &side->plan), OK);
	side->bytes = arena_alloc(side->arena, BYTES_MAX);
}

static void two_plans_of_one_blob_say_the_same(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	assert_int_equal(snapshot_pack(world_finish(world_whole(arena)), arena, &blob), OK);
	Side sides[2];
	open_side(&sides[0], 64 * 1024);
	open_side(&sides[1], 4 * 1024); // other addresses, other blocks
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, run, &sides[1]), 0);
	run(&sides[0]);
	pthread_join(thread, NULL);
	assert_int_equal(sides[0].count, sides[1].count);
	assert_true(sides[0].count > (size_t)ROUNDS * 100);
	assert_memory_equal(sides[0].bytes, sides[1].bytes, sides[0].count);
	for (size_t i = 0; i < 2; i++) {
		arena_free(sides[i].arena);
		arena_free(sides[i].call);
	}
}

int main(void)
{
	const char *given = getenv("PARLEY_SEED");
	first_seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("PARLEY_SEED=%llu\n", (unsigned long long)first_seed);
	const struct CMUnitTest tests[] = {cmocka_unit_test(two_plans_of_one_blob_say_the_same)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
