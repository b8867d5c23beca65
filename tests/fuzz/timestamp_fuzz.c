// Any bytes as a timestamp and as a floor, unsigned and signed.
#include "base/cleanup.h"
#include "base/clock.h"
#include "fuzz.h"
#include "world/seal.h"

#include <stdlib.h>

enum { BUILDER = 1, SEEN = 4 };

static const TrustRoot *root(void)
{
	static TrustRoot root;
	static Arena *arena; // for the whole run
	if (!arena) {
		arena = arena_new(16 * 1024, 0);
		if (root_open(test_root_envelope("production", BUILDER, 1, arena), STR("production"), arena,
		            &root))
			abort();
	}
	return &root;
}

static void try_timestamp(Str bytes, Arena *arena)
{
	Str type = STR(TIMESTAMP_PAYLOAD_TYPE), again;
	Timestamp *timestamp;
	if (timestamp_verify(bytes, root(), SEEN, TEST_NOW_US, arena, &timestamp) == OK)
		abort();
	Signature *signature = test_sign(TEST_TIMESTAMP, type, bytes, arena);
	Str envelope = test_envelope(type, bytes, &signature, 1, arena);
	if (timestamp_verify(envelope, root(), SEEN, TEST_NOW_US, arena, &timestamp))
		return;
	if (timestamp->version < SEEN || timestamp->expires_us <= TEST_NOW_US ||
	        timestamp->expires_us > TEST_NOW_US + (TIMESTAMP_LIFE_S + CLOCK_SKEW_S) * US_PER_S)
		abort();
	if (timestamp_pack(timestamp, arena, &again) || !str_eq(again, bytes))
		abort();
}

static void try_floor(Str bytes, Arena *arena)
{
	Str type = STR(FLOOR_PAYLOAD_TYPE), again;
	Floor *place_floor;
	if (floor_verify(bytes, root(), STR("r1"), TEST_NOW_US, arena, &place_floor) == OK)
		abort();
	Signature *both[] = {
	        test_sign(TEST_ROOT_A, type, bytes, arena), test_sign(TEST_ROOT_B, type, bytes, arena)};
	Str envelope = test_envelope(type, bytes, both, 2, arena);
	if (floor_verify(envelope, root(), STR("r1"), TEST_NOW_US, arena, &place_floor))
		return;
	if (floor_pack(place_floor, arena, &again) || !str_eq(again, bytes))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 64 << 20);
	try_timestamp(str_n((const char *)data, size), arena);
	try_floor(str_n((const char *)data, size), arena);
	return 0;
}
