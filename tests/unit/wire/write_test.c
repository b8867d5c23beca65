// Messages that are written straight are, byte by byte, those that protobuf-c packs.
#include "base/cleanup.h"
#include "parley/journal/v1/journal.pb-c.h"
#include "wire/wire.h"
#include "wire/write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

typedef Parley__Journal__V1__RecommendedOffer RecommendedOffer;
typedef Parley__Journal__V1__Recommendation Recommendation;

static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, (uint64_t)INT64_MAX, UINT64_MAX};
static const double scores[] = {0, -0.0, 1, -2.5, 1e-300, INFINITY};

// Last field first, with so many offers that lengths take one byte, two or three.
static Str write_straight(const Recommendation *in, size_t room, Arena *arena)
{
	WireWriter writer;
	wire_begin(&writer, arena, room);
	wire_uint(&writer, 4, in->seed);
	for (size_t i = in->n_offers; i > 0; i--) {
		const RecommendedOffer *offer = in->offers[i - 1];
		size_t before = wire_written(&writer);
		wire_uint(&writer, 6, offer->rank);
		wire_double(&writer, 5, offer->score);
		wire_text(&writer, 2, str(offer->offer_code));
		wire_text(&writer, 1, str(offer->treatment_code));
		wire_message(&writer, 3, before);
	}
	wire_text(&writer, 2, str(in->zone));
	wire_text(&writer, 1, str(in->interaction_point));
	return wire_done(&writer);
}

static Recommendation *make(size_t offers, Arena *arena)
{
	Recommendation *made = ARENA_NEW(arena, Recommendation);
	parley__journal__v1__recommendation__init(made);
	made->zone = (char *)"home";
	made->seed = numbers[offers % ARRAY_COUNT(numbers)];
	made->n_offers = offers;
	made->offers = ARENA_ARRAY(arena, RecommendedOffer *, offers + 1);
	for (size_t i = 0; i < offers; i++) {
		made->offers[i] = ARENA_NEW(arena, RecommendedOffer);
		parley__journal__v1__recommended_offer__init(made->offers[i]);
		made->offers[i]->treatment_code = arena_printf(arena, "%0*d", (int)(i % 200), 0);
		made->offers[i]->score = scores[i % ARRAY_COUNT(scores)];
		made->offers[i]->rank = (uint32_t)numbers[i % ARRAY_COUNT(numbers)];
	}
	return made;
}

static void written_straight_or_packed_the_bytes_are_the_same(void **state)
{
	(void)state;
	static const size_t rooms[] = {1, 64, 1 << 20}; // to begin with
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	for (size_t offers = 0; offers < 300; offers = offers * 2 + 1)
		for (size_t r = 0; r < ARRAY_COUNT(rooms); r++) {
			Str packed;
			const Recommendation *made = make(offers, arena);
			Str written = write_straight(made, rooms[r], arena);
			assert_int_equal(wire_pack(&made->base, arena, &packed), OK);
			assert_int_equal(written.len, packed.len);
			assert_memory_equal(written.ptr, packed.ptr, packed.len);
		}
}

static void an_arena_at_its_limit_gives_no_bytes(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *whole = arena_new(1 << 16, 0);
	const Recommendation *made = make(255, whole);
	for (size_t limit = 1024; limit <= 16384; limit *= 2) {
		CLEANUP(arena_freep) Arena *arena = arena_new(1024, limit);
		assert_null(write_straight(made, 512, arena).ptr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(written_straight_or_packed_the_bytes_are_the_same),
	        cmocka_unit_test(an_arena_at_its_limit_gives_no_bytes),
	};
	return cmocka_run_group_tests_name("writing messages straight", tests, NULL, NULL);
}
