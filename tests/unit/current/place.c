#include "place.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUILDER = 1 };

static int64_t place_now(void *context)
{
	return ((PlaceOnDisk *)context)->now_us;
}

void place_make(PlaceOnDisk *place)
{
	*place = (PlaceOnDisk){.dir = "/tmp/parley-current-XXXXXX", .now_us = TEST_NOW_US};
	assert_non_null(mkdtemp(place->dir));
	place->arena = arena_new(64 * 1024, 0);
	place->options = (CurrentOptions){
	        .dir = str(place->dir),
	        .trusted_root = test_root_envelope("production", BUILDER, 0, place->arena),
	        .environment = STR("production"),
	        .fleet = STR("main"),
	        .runtime_id = STR("r1"),
	        .clock = {place_now, place},
	};
	place_open(place);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	(void)info, (void)kind, (void)ftw;
	return remove(path);
}

void place_remove(PlaceOnDisk *place)
{
	place_close(place);
	nftw(place->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(place->arena);
}

void place_open(PlaceOnDisk *place)
{
	assert_int_equal(current_open(&place->options, &place->current), OK);
}

void place_close(PlaceOnDisk *place)
{
	current_close(place->current);
	place->current = NULL;
}

void place_next(PlaceOnDisk *place, unsigned rules)
{
	World *world = world_bank(place->arena);
	for (unsigned i = 0; i < rules; i++) {
		char *code = arena_printf(place->arena, "EXTRA%u", i);
		world_offer(world, code);
		world_rule(world, arena_printf(place->arena, "extra%u", i), NULL, NULL, code, 1);
	}
	assert_int_equal(snapshot_pack(world_finish(world), place->arena, &place->blob), OK);
	place->version++;
	place->before = place->manifest;
	place->made = test_manifest(
	        place->blob, place->version, place->version > 1 ? &place->before : NULL, place->arena);
	place_seal(place);
}

void place_seal(PlaceOnDisk *place)
{
	place->envelope = test_seal(place->made, BUILDER, place->arena, &place->manifest);
}

void place_next_off(PlaceOnDisk *place)
{
	place_next(place, 0);
	place->made->n_blobs = 0;
	place->made->undeploy = true;
	place_seal(place);
}

Err place_stage(PlaceOnDisk *place)
{
	Digest digest = digest_of(place->blob);
	uint64_t received = 0;
	while (received < place->blob.len) {
		size_t len = place->blob.len - received < 1000 ? place->blob.len - received : 1000;
		TRY(current_stage(place->current, &digest, place->blob.len, received,
		        str_n(place->blob.ptr + received, len), &received));
	}
	return OK;
}

Err place_deploy(PlaceOnDisk *place)
{
	bool unchanged;
	TRY(place_stage(place));
	return current_activate(place->current, place->envelope, NULL, &unchanged);
}

Err place_try(PlaceOnDisk *place, unsigned permille)
{
	bool unchanged;
	TRY(place_stage(place));
	return current_activate_candidate(place->current, place->envelope, permille, NULL, &unchanged);
}

uint64_t place_serves(PlaceOnDisk *place)
{
	const Deployed *deployed = current_acquire(place->current, STR("bank"));
	uint64_t version = deployed ? deployed_version(deployed) : 0;
	current_release(deployed);
	return version;
}

uint64_t place_serves_to(PlaceOnDisk *place, const char *session)
{
	const Deployed *deployed =
	        current_acquire_for(place->current, STR("bank"), current_chooser(str(session)));
	uint64_t version = deployed ? deployed_version(deployed) : 0;
	current_release(deployed);
	return version;
}

CurrentStatus place_status(PlaceOnDisk *place)
{
	CurrentStatus status;
	assert_int_equal(current_count(place->current), 1);
	current_status(place->current, 0, &status);
	assert_true(str_eq(status.channel, STR("bank")));
	return status;
}

bool place_degraded(PlaceOnDisk *place, const char *reason)
{
	char **reasons;
	size_t count;
	assert_int_equal(current_degraded(place->current, place->arena, &reasons, &count), OK);
	for (size_t i = 0; i < count; i++)
		if (!reason || str_starts(str(reasons[i]), str(reason)))
			return true;
	return false;
}

const char *place_state_file(PlaceOnDisk *place)
{
	return arena_printf(place->arena, "%s/channels/bank/state", place->dir);
}

const char *place_manifest_file(PlaceOnDisk *place, const Digest *manifest)
{
	char hex[65];
	digest_hex(manifest, hex);
	return arena_printf(place->arena, "%s/channels/bank/%s", place->dir, hex);
}

const char *place_trust_file(PlaceOnDisk *place)
{
	return arena_printf(place->arena, "%s/trust", place->dir);
}

const char *place_blob_file(PlaceOnDisk *place, const char *suffix)
{
	char hex[65];
	Digest digest = digest_of(place->blob);
	digest_hex(&digest, hex);
	return arena_printf(place->arena, "%s/blobs/%s%s", place->dir, hex, suffix);
}

void place_restart(PlaceOnDisk *place)
{
	place_close(place);
	place_open(place);
}

void place_begin(PlaceOnDisk *place)
{
	place_make(place);
	place_next(place, 0);
	assert_int_equal(place_deploy(place), OK);
	place_next(place, 1);
}
