#include "offered.h"

#include "base/cleanup.h"
#include "wire/wire.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void trust(Fixture *f, const Root *root)
{
	Str envelope = test_root_seal(root, NUMBERS(TEST_ROOT_A, TEST_ROOT_B), f->arena);
	assert_int_equal(root_open(envelope, STR("production"), f->arena, &f->root), OK);
}

int offered_set_up(void **state)
{
	Arena *arena = arena_new(64 * 1024, 0);
	Fixture *f = ARENA_NEW(arena, Fixture);
	f->arena = arena;
	assert_int_equal(snapshot_pack(world_finish(world_bank(arena)), arena, &f->blob), OK);
	Digest older = digest_of(STR("version 2"));
	test_seal_by(test_manifest(f->blob, 3, &older, arena), SIGNERS, arena, &f->serving);
	f->manifest = test_manifest(f->blob, 4, &f->serving, arena);
	assert_int_equal(wire_pack(&f->manifest->base, arena, &f->payload), OK);
	f->envelope = test_seal_by(f->manifest, SIGNERS, arena, &f->digest);
	f->place = (Place){STR("production"), STR("main"), STR("bank"), TEST_NOW_US};
	f->state = (PlaceState){.known = true,
	        .epoch = 1,
	        .version = 3,
	        .manifest = f->serving,
	        .highest_time_us = TEST_NOW_US};
	trust(f, test_root("production", BUILDER, 2, arena));
	*state = f;
	return 0;
}

int offered_tear_down(void **state)
{
	arena_free(((Fixture *)*state)->arena);
	return 0;
}

Err verify(Fixture *f, Str envelope)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Manifest *manifest;
	Digest digest;
	return manifest_verify(envelope, &f->root, &f->place, &f->state, arena, &manifest, &digest);
}

void refused(Fixture *f, Str envelope, Err id, const char *part)
{
	assert_string_equal(err_reason(verify(f, envelope)), err_reason(id));
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

Str sealed(Fixture *f)
{
	return test_seal_by(f->manifest, SIGNERS, f->arena, NULL);
}

void resealed(Fixture *f, Err id, const char *part)
{
	refused(f, sealed(f), id, part);
}

Str envelope_of(Fixture *f, Str type, Signature *const *signatures, size_t count)
{
	return test_envelope(type, f->payload, signatures, count, f->arena);
}

Str signed_by(Fixture *f, const uint8_t *numbers)
{
	Signature *signatures[SIGNATURES_MAX + 1];
	size_t count = 0;
	for (; numbers[count] && count < ARRAY_COUNT(signatures); count++)
		signatures[count] = test_sign(numbers[count], TYPE, f->payload, f->arena);
	return envelope_of(f, TYPE, signatures, count);
}

char *offered_at(Str bytes, size_t index)
{
	return (char *)(uintptr_t)bytes.ptr + index;
}
