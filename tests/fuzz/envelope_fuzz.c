// Any bytes as an envelope are refused; any bytes as a manifest, signed well, are refused or are the one
// spelling of it.
#include "base/cleanup.h"
#include "fuzz.h"
#include "world/seal.h"

#include <stdlib.h>

enum { BUILDER = 1 };

static const TrustRoot *root(void)
{
	static TrustRoot root;
	static Arena *arena; // for the whole run
	if (!arena) {
		arena = arena_new(16 * 1024, 0);
		if (root_open(test_root_envelope("production", BUILDER, 0, arena), STR("production"), arena,
		            &root))
			abort();
	}
	return &root;
}

static Err verify(Str envelope, Arena *arena, Manifest **ret)
{
	Place place = {STR("production"), STR("main"), STR("bank"), TEST_NOW_US};
	PlaceState state = {0};
	Digest digest;
	return manifest_verify(envelope, root(), &place, &state, arena, ret, &digest);
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
	if (manifest_pack(manifest, arena, &again) || !str_eq(again, bytes))
		abort();
	return 0;
}
