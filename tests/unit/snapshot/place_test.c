// A manifest that is signed well may still not be meant for here, next, and now: where version 3 serves and
// version 4 is offered, one story a refusal.
#include "offered.h"

#include "base/cleanup.h"
#include "wire/wire.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void refuses_15_a_lower_version(void **state)
{
	Fixture *f = *state;
	f->manifest->version = 2;
	resealed(f, ERR_MANIFEST_VERSION, "does not follow 3");
}

static void refuses_16_the_same_version_with_another_digest(void **state)
{
	Fixture *f = *state;
	f->manifest->version = 3;
	resealed(f, ERR_MANIFEST_VERSION, "another manifest of version 3");
}

static void the_manifest_that_serves_may_come_again(void **state)
{
	Fixture *f = *state;
	f->state.version = 4;
	f->state.manifest = f->digest;
	assert_int_equal(verify(f, f->envelope), OK);
}

static void refuses_17_a_lower_epoch(void **state)
{
	Fixture *f = *state;
	f->state.epoch = 2;
	refused(f, f->envelope, ERR_MANIFEST_VERSION, "epoch 1 is lower than 2");
}

static void a_new_epoch_starts_with_version_1(void **state)
{
	Fixture *f = *state;
	f->manifest->epoch = 2;
	resealed(f, ERR_MANIFEST_VERSION, "starts with version 1");
	f->manifest->version = 1;
	f->manifest->previous.len = 0;
	assert_int_equal(verify(f, sealed(f)), OK);
}

static void refuses_18_a_version_that_jumps(void **state)
{
	Fixture *f = *state;
	f->manifest->version = 5;
	resealed(f, ERR_MANIFEST_VERSION, "4 must come next");
	f->manifest->version = UINT64_MAX;
	resealed(f, ERR_MANIFEST_VERSION, "does not follow");
}

static void refuses_18_a_version_that_follows_another_manifest(void **state)
{
	Fixture *f = *state;
	f->state.manifest = digest_of(STR("another version 3"));
	refused(f, f->envelope, ERR_MANIFEST_VERSION, "follows another manifest");
}

static void a_new_place_takes_any_version(void **state)
{
	Fixture *f = *state;
	f->state = (PlaceState){0};
	assert_int_equal(verify(f, f->envelope), OK);
}

static void refuses_19_an_expired_manifest_to_the_microsecond(void **state)
{
	Fixture *f = *state;
	f->place.now_us = f->manifest->expires_us - 1;
	assert_int_equal(verify(f, f->envelope), OK);
	f->place.now_us = f->manifest->expires_us;
	refused(f, f->envelope, ERR_MANIFEST_EXPIRED, "expired at 2027-01-01T00:00:00Z");
}

static void refuses_20_a_manifest_not_yet_valid_to_the_microsecond(void **state)
{
	Fixture *f = *state;
	f->state.highest_time_us = 0;
	f->place.now_us = f->manifest->not_before_us - 1;
	refused(f, f->envelope, ERR_MANIFEST_NOT_YET, "valid from 2026-01-01T00:00:00Z");
	f->place.now_us = f->manifest->not_before_us;
	assert_int_equal(verify(f, f->envelope), OK);
}

static void refuses_21_a_manifest_for_another_place(void **state)
{
	Fixture *f = *state;
	f->place.environment = STR("staging");
	refused(f, f->envelope, ERR_MANIFEST_PLACE, "environment 'production'");
	f->place.environment = STR("production");
	f->place.fleet = STR("branches");
	refused(f, f->envelope, ERR_MANIFEST_PLACE, "fleet 'main'");
	f->place.fleet = STR("main");
	f->place.channel = STR("shop");
	refused(f, f->envelope, ERR_MANIFEST_PLACE, "channel 'bank'");
	f->place.channel = (Str){0};
	assert_int_equal(verify(f, f->envelope), OK);
}

static Err open_blob(Fixture *f, Str blob)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Snapshot *snapshot;
	return snapshot_open(blob, f->manifest, arena, &snapshot);
}

static void refuses_22_a_blob_of_another_manifest(void **state)
{
	Fixture *f = *state;
	World *world = world_bank(f->arena);
	world_offer(world, "OTHER");
	Str other;
	assert_int_equal(snapshot_pack(world_finish(world), f->arena, &other), OK);
	assert_int_equal(open_blob(f, other), ERR_SNAPSHOT_LENGTH);
	f->manifest->blobs[0]->length = other.len;
	assert_int_equal(open_blob(f, other), ERR_SNAPSHOT_DIGEST);
}

static void refuses_23_a_blob_shorter_or_longer_than_declared(void **state)
{
	Fixture *f = *state;
	Str longer = str_n(arena_alloc(f->arena, f->blob.len + 1), f->blob.len + 1);
	memcpy(offered_at(longer, 0), f->blob.ptr, f->blob.len);
	assert_int_equal(open_blob(f, longer), ERR_SNAPSHOT_LENGTH);
	assert_int_equal(open_blob(f, str_n(f->blob.ptr, f->blob.len - 1)), ERR_SNAPSHOT_LENGTH);
	assert_int_equal(open_blob(f, (Str){0}), ERR_SNAPSHOT_LENGTH);
	assert_int_equal(open_blob(f, f->blob), OK);
}

static void refuses_a_clock_set_back(void **state)
{
	Fixture *f = *state;
	f->state.highest_time_us = f->manifest->expires_us;
	refused(f, f->envelope, ERR_MANIFEST_EXPIRED, "expired at");
}

static void refuses_a_newer_engine(void **state)
{
	Fixture *f = *state;
	f->manifest->least_engine = SNAPSHOT_ENGINE + 1;
	resealed(f, ERR_SNAPSHOT_ENGINE, "update it first");
}

static void every_byte_of_the_blob_counts(void **state)
{
	Fixture *f = *state;
	Str bytes = arena_str(f->arena, f->blob);
	for (size_t i = 0; i < bytes.len; i++) {
		*offered_at(bytes, i) ^= (char)(1 << (i % 8));
		assert_int_equal(open_blob(f, bytes), ERR_SNAPSHOT_DIGEST);
		*offered_at(bytes, i) ^= (char)(1 << (i % 8));
	}
	assert_int_equal(open_blob(f, bytes), OK);
}

static void a_channel_can_be_switched_off(void **state)
{
	Fixture *f = *state;
	f->manifest->undeploy = 1;
	f->manifest->n_blobs = 0;
	assert_int_equal(verify(f, sealed(f)), OK);
	assert_int_equal(open_blob(f, f->blob), ERR_SNAPSHOT_INVALID);
}

static void a_manifest_names_its_evidence(void **state)
{
	Fixture *f = *state;
	uint8_t first[32] = {1}, second[32] = {1, 1};
	ProtobufCBinaryData evidence[] = {{32, first}, {32, second}};
	f->manifest->n_evidence = 2;
	f->manifest->evidence = evidence;
	assert_int_equal(verify(f, sealed(f)), OK);
}

static void refuses_a_manifest_that_is_not_well_formed(void **state)
{
	Fixture *f = *state;
	Manifest good = *f->manifest;
	uint8_t digest[32] = {1};
	ProtobufCBinaryData whole = {32, digest}, short_one[] = {{31, digest}}, twice[] = {whole, whole},
	                    many[MANIFEST_EVIDENCE_MAX + 1];
	for (size_t i = 0; i < ARRAY_COUNT(many); i++)
		many[i] = whole;
#define BAD(change, part)                                                                                    \
	do {                                                                                                 \
		*f->manifest = good;                                                                         \
		change;                                                                                      \
		resealed(f, ERR_MANIFEST_INVALID, part);                                                     \
	} while (0)
	BAD(f->manifest->format = 1, "format 1");
	BAD(f->manifest->environment = arena_cstr(f->arena, STR("../production")),
	        "environment '../production'");
	BAD(f->manifest->channel = arena_cstr(f->arena, STR("")), "channel ''");
	BAD(f->manifest->author = arena_cstr(f->arena, STR("")), "no author");
	BAD(f->manifest->n_blobs = 0, "names 0 blobs");
	BAD(f->manifest->undeploy = 1, "switches the channel off");
	BAD((f->manifest->undeploy = 1, f->manifest->n_blobs = 0, f->manifest->rollback_of = 2),
	        "switches the channel off");
	BAD((f->manifest->n_evidence = 1, f->manifest->evidence = short_one), "31 bytes");
	BAD((f->manifest->n_evidence = 2, f->manifest->evidence = twice), "not above");
	BAD((f->manifest->n_evidence = MANIFEST_EVIDENCE_MAX + 1, f->manifest->evidence = many),
	        "65 reports");
	BAD(f->manifest->epoch = 0, "start at 1");
	BAD(f->manifest->version = 0, "start at 1");
	BAD(f->manifest->version = 1, "version 1 has none");
	BAD(f->manifest->previous.len = 31, "31 bytes");
	BAD(f->manifest->rollback_of = 4, "not below version 4");
	BAD(f->manifest->expires_us = f->manifest->not_before_us, "expires before");
	BAD(f->manifest->blobs[0]->length = 0, "length is 0");
	BAD(f->manifest->blobs[0]->length = (uint64_t)SNAPSHOT_MAX + 1, "length is 536870913");
	BAD(f->manifest->blobs[0]->sha256.len = 20, "20 bytes");
#undef BAD
}

// Each is signed well and says the same: only the spelling differs.
static void refuses_any_other_spelling_of_a_manifest(void **state)
{
	Fixture *f = *state;
	static const struct {
		const char *name, *bytes;
		size_t len;
	} tails[] = {
	        {"a field twice", "\x08\x02", 2},
	        {"a default written out", "\x78\x00", 2},
	        {"an unknown field", "\xf8\x01\x01", 3},
	        {"trailing bytes", "\x00\x00", 2},
	        {"a group", "\xfb\x01\xfc\x01", 4},
	        {"a truncated field", "\x82\x01\x7f", 3},
	};
	for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
		Str payload = str_n(
		        arena_alloc(f->arena, f->payload.len + tails[i].len), f->payload.len + tails[i].len);
		memcpy(offered_at(payload, 0), f->payload.ptr, f->payload.len);
		memcpy(offered_at(payload, f->payload.len), tails[i].bytes, tails[i].len);
		Signature *signatures[] = {test_sign(BUILDER, TYPE, payload, f->arena),
		        test_sign(TEST_ANNA, TYPE, payload, f->arena),
		        test_sign(TEST_BEN, TYPE, payload, f->arena)};
		Err e = verify(f, test_envelope(TYPE, payload, signatures, 3, f->arena));
		if (e != ERR_MANIFEST_INVALID)
			fail_msg("%s: %s", tails[i].name, err_reason(e));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, offered_set_up, offered_tear_down)
	const struct CMUnitTest tests[] = {
	        T(refuses_15_a_lower_version),
	        T(refuses_16_the_same_version_with_another_digest),
	        T(the_manifest_that_serves_may_come_again),
	        T(refuses_17_a_lower_epoch),
	        T(a_new_epoch_starts_with_version_1),
	        T(refuses_18_a_version_that_jumps),
	        T(refuses_18_a_version_that_follows_another_manifest),
	        T(a_new_place_takes_any_version),
	        T(refuses_19_an_expired_manifest_to_the_microsecond),
	        T(refuses_20_a_manifest_not_yet_valid_to_the_microsecond),
	        T(refuses_21_a_manifest_for_another_place),
	        T(refuses_22_a_blob_of_another_manifest),
	        T(refuses_23_a_blob_shorter_or_longer_than_declared),
	        T(refuses_a_clock_set_back),
	        T(refuses_a_newer_engine),
	        T(every_byte_of_the_blob_counts),
	        T(a_channel_can_be_switched_off),
	        T(a_manifest_names_its_evidence),
	        T(refuses_a_manifest_that_is_not_well_formed),
	        T(refuses_any_other_spelling_of_a_manifest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
