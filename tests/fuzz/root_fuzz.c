// Any bytes as a root: unsigned they are never the next one; signed by those who may, they are refused or are
// the one spelling of a root that holds together.
#include "base/cleanup.h"
#include "fuzz.h"
#include "world/seal.h"

#include <stdlib.h>

enum { BUILDER = 1 };

static const TrustRoot *current(void)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 64 << 20);
	Str type = STR(ROOT_PAYLOAD_TYPE), bytes = str_n((const char *)data, size), again;
	TrustRoot opened;
	if (root_follow(current(), bytes, arena, &opened) == OK)
		abort();
	// Who makes a root may sign it with keys of his own: that is for root_open's caller to believe.
	(void)root_open(bytes, (Str){0}, arena, &opened);
	Signature *both[] = {
	        test_sign(TEST_ROOT_A, type, bytes, arena), test_sign(TEST_ROOT_B, type, bytes, arena)};
	if (root_follow(current(), test_envelope(type, bytes, both, 2, arena), arena, &opened))
		return 0;
	if (opened.version != 2 && !digest_eq(&opened.digest, &current()->digest))
		abort();
	if (root_pack(opened.message, arena, &again) || !str_eq(again, bytes))
		abort();
	return 0;
}
