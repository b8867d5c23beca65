// Any bytes as an envelope are refused; any bytes as a manifest, signed well, are refused or are the one
// spelling of it.
#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/wire.h"
#include "world/seal.h"

#include <stdlib.h>

enum { BUILDER = 1 };

static Err verify(Str envelope, Arena *arena, Manifest **ret)
{
	static uint8_t keys[1][32];
	if (!keys[0][0])
		test_key_public(BUILDER, keys[0]);
	TrustSet trust = {(const uint8_t(*)[32])keys, 1, 1};
	Place place = {STR("production"), STR("main"), STR("bank"), TEST_NOW_US};
	PlaceState state = {0};
	Digest digest;
	return manifest_verify(envelope, &trust, &place, &state, arena, ret, &digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 64 << 20);
	Str bytes = str_n((const char *)data, size), again;
	Manifest *manifest;
	// Nobody here has the key, so nothing may pass.
	if (verify(bytes, arena, &manifest) == OK)
		abort();
	Signature *signature = test_sign(BUILDER, STR(SNAPSHOT_PAYLOAD_TYPE), bytes, arena);
	Str envelope = test_envelope(STR(SNAPSHOT_PAYLOAD_TYPE), bytes, &signature, 1, arena);
	if (verify(envelope, arena, &manifest))
		return 0;
	if (wire_pack(&manifest->base, arena, &again) || !str_eq(again, bytes))
		abort();
	return 0;
}
