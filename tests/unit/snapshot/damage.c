#include "damage.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void damage_every_byte(const Snapshot *good, Arena *arena)
{
	Str blob;
	assert_int_equal(snapshot_pack(good, arena, &blob), OK);
	size_t accepted = 0;
	for (size_t i = 0; i < blob.len; i++) {
		CLEANUP(arena_freep) Arena *round = arena_new(64 * 1024, 0);
		Str bytes = arena_str(round, blob), again;
		*((char *)(uintptr_t)bytes.ptr + i) ^= (char)(1 << (i % 8));
		Snapshot *snapshot;
		if (snapshot_open(bytes, test_manifest(bytes, 1, NULL, round), round, &snapshot))
			continue;
		accepted++;
		assert_int_equal(snapshot_pack(snapshot, round, &again), OK);
		assert_true(str_eq(bytes, again));
	}
	assert_in_range(accepted, 1, blob.len - 1);
}
