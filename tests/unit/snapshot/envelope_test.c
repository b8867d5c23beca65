// What must be refused at a place where version 3 serves and version 4 is offered, one story a refusal.
#include "base/cleanup.h"
#include "wire/wire.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUILDER = 1, APPROVER = 2, STRANGER = 9 };
#define TYPE STR(SNAPSHOT_PAYLOAD_TYPE)

typedef struct Fixture {
	Arena *arena;
	Str blob, payload, envelope;
	Manifest *manifest;     // version 4
	Digest digest, serving; // of version 4 and of version 3
	Place place;
	PlaceState state;
	uint8_t keys[2][32];
	TrustSet trust;
} Fixture;

static Str pack(Fixture *f, const ProtobufCMessage *message)
{
	Str bytes;
	assert_int_equal(wire_pack(message, f->arena, &bytes), OK);
	return bytes;
}

static int set_up(void **state)
{
	Arena *arena = arena_new(64 * 1024, 0);
	Fixture *f = ARENA_NEW(arena, Fixture);
	f->arena = arena;
	assert_int_equal(snapshot_pack(world_finish(world_bank(arena)), arena, &f->blob), OK);
	Digest older = digest_of(STR("version 2"));
	test_seal(test_manifest(f->blob, 3, &older, arena), BUILDER, arena, &f->serving);
	f->manifest = test_manifest(f->blob, 4, &f->serving, arena);
	f->payload = pack(f, &f->manifest->base);
	f->envelope = test_seal(f->manifest, BUILDER, arena, &f->digest);
	f->place = (Place){STR("production"), STR("main"), STR("bank"), TEST_NOW_US};
	f->state = (PlaceState){.known = true,
	        .epoch = 1,
	        .version = 3,
	        .manifest = f->serving,
	        .highest_time_us = TEST_NOW_US};
	test_key_public(BUILDER, f->keys[0]);
	test_key_public(APPROVER, f->keys[1]);
	f->trust = (TrustSet){(const uint8_t(*)[32])f->keys, 1, 1};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	Fixture *f = *state;
	arena_free(f->arena);
	return 0;
}

static Err verify(Fixture *f, Str envelope)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Manifest *manifest;
	Digest digest;
	return manifest_verify(envelope, &f->trust, &f->place, &f->state, arena, &manifest, &digest);
}

static void refused(Fixture *f, Str envelope, Err id, const char *part)
{
	assert_string_equal(err_reason(verify(f, envelope)), err_reason(id));
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static void resealed(Fixture *f, Err id, const char *part)
{
	refused(f, test_seal(f->manifest, BUILDER, f->arena, NULL), id, part);
}

static Str copy(Fixture *f, Str bytes)
{
	return arena_str(f->arena, bytes);
}

static char *at(Str bytes, size_t index)
{
	return (char *)(uintptr_t)bytes.ptr + index;
}

static Str envelope_of(Fixture *f, Str type, Signature *a, Signature *b)
{
	Signature *signatures[] = {a, b};
	return test_envelope(type, f->payload, signatures, (a ? 1u : 0u) + (b ? 1u : 0u), f->arena);
}

static void the_next_version_is_accepted(void **state)
{
	Fixture *f = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Manifest *manifest;
	Digest digest;
	assert_int_equal(
	        manifest_verify(f->envelope, &f->trust, &f->place, &f->state, arena, &manifest, &digest), OK);
	assert_true(digest_eq(&digest, &f->digest));
	assert_int_equal(manifest->version, 4);
	Snapshot *snapshot;
	assert_int_equal(snapshot_open(f->blob, manifest, arena, &snapshot), OK);
	assert_string_equal(snapshot->channel, "bank");
}

static void what_is_sealed_here_is_what_the_tests_seal(void **state)
{
	Fixture *f = *state;
	char dir[] = "/tmp/parley-seal-XXXXXX";
	assert_non_null(mkdtemp(dir));
	test_key_write(BUILDER, dir, "builder");
	SigningKey *key;
	assert_int_equal(signing_key_load(arena_printf(f->arena, "%s/builder.key", dir), &key), OK);
	Str sealed;
	Digest digest;
	assert_int_equal(envelope_seal(f->manifest, key, f->arena, &sealed, &digest), OK);
	assert_true(digest_eq(&digest, &f->digest));
	assert_true(str_eq(sealed, f->envelope));
	f->manifest->n_blobs = 0;
	assert_int_equal(envelope_seal(f->manifest, key, f->arena, &sealed, NULL), ERR_MANIFEST_INVALID);
	signing_key_free(key);
	remove(arena_printf(f->arena, "%s/builder.key", dir));
	remove(arena_printf(f->arena, "%s/builder.pub", dir));
	remove(dir);
}

static void refuses_01_a_payload_bit_flipped(void **state)
{
	Fixture *f = *state;
	Signature *signature = test_sign(BUILDER, TYPE, f->payload, f->arena);
	Str payload = copy(f, f->payload);
	*at(payload, payload.len / 2) ^= 0x10;
	refused(f, test_envelope(TYPE, payload, &signature, 1, f->arena), ERR_SIGNATURE_INVALID,
	        "does not fit the bytes");
}

static void refuses_02_a_signature_bit_flipped(void **state)
{
	Fixture *f = *state;
	for (size_t bit = 0; bit < 512; bit++) {
		Signature *signature = test_sign(BUILDER, TYPE, f->payload, f->arena);
		signature->sig.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		refused(f, envelope_of(f, TYPE, signature, NULL), ERR_SIGNATURE_INVALID,
		        "does not fit the bytes");
	}
}

static void refuses_03_another_payload_type(void **state)
{
	Fixture *f = *state;
	Str other = STR("application/vnd.parley.journal.v1+protobuf");
	Signature *for_manifest = test_sign(BUILDER, TYPE, f->payload, f->arena);
	Signature *for_other = test_sign(BUILDER, other, f->payload, f->arena);
	refused(f, envelope_of(f, other, for_manifest, NULL), ERR_ENVELOPE_TYPE, "payload type");
	refused(f, envelope_of(f, other, for_other, NULL), ERR_ENVELOPE_TYPE, "payload type");
	refused(f, envelope_of(f, TYPE, for_other, NULL), ERR_SIGNATURE_INVALID, "does not fit the bytes");
}

static void refuses_04_signatures_stripped(void **state)
{
	Fixture *f = *state;
	refused(f, envelope_of(f, TYPE, NULL, NULL), ERR_SIGNATURE_INVALID, "no signature");
}

static void refuses_05_verification_without_a_key(void **state)
{
	Fixture *f = *state;
	f->trust = (TrustSet){(const uint8_t(*)[32])f->keys, 0, 0};
	refused(f, f->envelope, ERR_TRUST_EMPTY, "no trusted key");
	f->trust = (TrustSet){(const uint8_t(*)[32])f->keys, 1, 0};
	refused(f, f->envelope, ERR_TRUST_EMPTY, "no trusted key");
	f->trust = (TrustSet){(const uint8_t(*)[32])f->keys, 1, 2};
	refused(f, f->envelope, ERR_TRUST_EMPTY, "can never sign");
}

static void refuses_06_an_unknown_key(void **state)
{
	Fixture *f = *state;
	Signature *stranger = test_sign(STRANGER, TYPE, f->payload, f->arena);
	Signature *builder = test_sign(BUILDER, TYPE, f->payload, f->arena);
	refused(f, envelope_of(f, TYPE, stranger, NULL), ERR_SIGNATURE_INVALID, "not trusted here");
	refused(f, envelope_of(f, TYPE, builder, stranger), ERR_SIGNATURE_INVALID, "not trusted here");
	test_key_id(BUILDER, stranger->keyid);
	refused(f, envelope_of(f, TYPE, stranger, NULL), ERR_SIGNATURE_INVALID, "does not fit the bytes");
}

static void refuses_07_a_key_offered_inside_the_bundle(void **state)
{
	Fixture *f = *state;
	Signature *stranger = test_sign(STRANGER, TYPE, f->payload, f->arena);
	uint8_t key[32];
	test_key_public(STRANGER, key);
	char hex[65];
	hex_encode(key, sizeof key, hex);
	stranger->keyid = hex; // the key itself for its ID
	refused(f, envelope_of(f, TYPE, stranger, NULL), ERR_SIGNATURE_INVALID, "not trusted here");

	// And as a field of its own: number 15, 32 bytes.
	Str with_key = str_n(arena_alloc(f->arena, f->envelope.len + 34), f->envelope.len + 34);
	memcpy(at(with_key, 0), f->envelope.ptr, f->envelope.len);
	memcpy(at(with_key, f->envelope.len), "\x7a\x20", 2);
	memcpy(at(with_key, f->envelope.len + 2), key, 32);
	refused(f, with_key, ERR_ENVELOPE_INVALID, "does not know");
}

static void refuses_08_one_signature_repeated(void **state)
{
	Fixture *f = *state;
	f->trust.count = f->trust.threshold = 2;
	Signature *builder = test_sign(BUILDER, TYPE, f->payload, f->arena);
	refused(f, envelope_of(f, TYPE, builder, builder), ERR_SIGNATURE_INVALID, "signed twice");
}

static void refuses_09_one_key_under_several_ids(void **state)
{
	Fixture *f = *state;
	f->trust.count = f->trust.threshold = 2;
	Signature *builder = test_sign(BUILDER, TYPE, f->payload, f->arena);
	Signature *again = test_sign(BUILDER, TYPE, f->payload, f->arena);
	again->keyid = arena_cstr(f->arena, STR("builder-2"));
	refused(f, envelope_of(f, TYPE, builder, again), ERR_SIGNATURE_INVALID, "not trusted here");
	test_key_id(APPROVER, again->keyid = arena_alloc(f->arena, 65));
	refused(f, envelope_of(f, TYPE, builder, again), ERR_SIGNATURE_INVALID, "does not fit the bytes");

	// Nor does trusting it twice help.
	memcpy(f->keys[1], f->keys[0], 32);
	refused(f, envelope_of(f, TYPE, builder, builder), ERR_SIGNATURE_INVALID, "signed twice");
	refused(f, envelope_of(f, TYPE, builder, NULL), ERR_SIGNATURE_INVALID, "2 must");
}

static void refuses_10_one_signature_too_few(void **state)
{
	Fixture *f = *state;
	f->trust.count = f->trust.threshold = 2;
	Signature *builder = test_sign(BUILDER, TYPE, f->payload, f->arena);
	Signature *approver = test_sign(APPROVER, TYPE, f->payload, f->arena);
	refused(f, envelope_of(f, TYPE, builder, NULL), ERR_SIGNATURE_INVALID, "2 must");
	assert_int_equal(verify(f, envelope_of(f, TYPE, builder, approver)), OK);
}

static void refuses_14_a_malleated_signature(void **state)
{
	Fixture *f = *state;
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	        0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	Signature *signature = test_sign(BUILDER, TYPE, f->payload, f->arena);
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) { // S + L: the same point, another spelling
		carry += signature->sig.data[32 + i] + order[i];
		signature->sig.data[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	refused(f, envelope_of(f, TYPE, signature, NULL), ERR_SIGNATURE_INVALID, "does not fit the bytes");
}

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
	assert_int_equal(verify(f, test_seal(f->manifest, BUILDER, f->arena, NULL)), OK);
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
	memcpy(at(longer, 0), f->blob.ptr, f->blob.len);
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

static void refuses_a_manifest_that_is_not_well_formed(void **state)
{
	Fixture *f = *state;
	Manifest good = *f->manifest;
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
		memcpy(at(payload, 0), f->payload.ptr, f->payload.len);
		memcpy(at(payload, f->payload.len), tails[i].bytes, tails[i].len);
		Signature *signature = test_sign(BUILDER, TYPE, payload, f->arena);
		Err e = verify(f, test_envelope(TYPE, payload, &signature, 1, f->arena));
		if (e != ERR_MANIFEST_INVALID)
			fail_msg("%s: %s", tails[i].name, err_reason(e));
	}
}

static void refuses_what_is_too_large(void **state)
{
	Fixture *f = *state;
	char *comment = arena_alloc(f->arena, MANIFEST_MAX + 1);
	memset(comment, 'x', MANIFEST_MAX);
	f->manifest->comment = comment;
	resealed(f, ERR_MANIFEST_INVALID, "1 to 65536");
	Str huge = str_n(arena_alloc(f->arena, ENVELOPE_MAX + 1), ENVELOPE_MAX + 1);
	refused(f, huge, ERR_ENVELOPE_INVALID, "1 to 98304");
	refused(f, (Str){0}, ERR_ENVELOPE_INVALID, "0 bytes");

	Signature *many[SIGNATURES_MAX + 1];
	for (size_t i = 0; i < ARRAY_COUNT(many); i++)
		many[i] = test_sign(BUILDER, TYPE, f->payload, f->arena);
	refused(f, test_envelope(TYPE, f->payload, many, ARRAY_COUNT(many), f->arena), ERR_ENVELOPE_INVALID,
	        "17 signatures");
	many[0]->sig.len = 63;
	refused(f, envelope_of(f, TYPE, many[0], NULL), ERR_ENVELOPE_INVALID, "63 bytes");
}

static void every_byte_of_the_envelope_counts(void **state)
{
	Fixture *f = *state;
	Str bytes = copy(f, f->envelope);
	for (size_t i = 0; i < 2 * bytes.len; i++) {
		char change = i < bytes.len ? (char)(1 << (i % 8)) : (char)0xff;
		*at(bytes, i % bytes.len) ^= change;
		if (verify(f, bytes) == OK)
			fail_msg("byte %zu may change", i % bytes.len);
		*at(bytes, i % bytes.len) ^= change;
	}
	for (size_t len = 0; len < bytes.len; len++) {
		if (verify(f, str_n(bytes.ptr, len)) == OK)
			fail_msg("%zu bytes suffice", len);
	}
	assert_int_equal(verify(f, bytes), OK);
}

static void every_byte_of_the_blob_counts(void **state)
{
	Fixture *f = *state;
	Str bytes = copy(f, f->blob);
	for (size_t i = 0; i < bytes.len; i++) {
		*at(bytes, i) ^= (char)(1 << (i % 8));
		assert_int_equal(open_blob(f, bytes), ERR_SNAPSHOT_DIGEST);
		*at(bytes, i) ^= (char)(1 << (i % 8));
	}
	assert_int_equal(open_blob(f, bytes), OK);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(the_next_version_is_accepted),
	        T(what_is_sealed_here_is_what_the_tests_seal),
	        T(refuses_01_a_payload_bit_flipped),
	        T(refuses_02_a_signature_bit_flipped),
	        T(refuses_03_another_payload_type),
	        T(refuses_04_signatures_stripped),
	        T(refuses_05_verification_without_a_key),
	        T(refuses_06_an_unknown_key),
	        T(refuses_07_a_key_offered_inside_the_bundle),
	        T(refuses_08_one_signature_repeated),
	        T(refuses_09_one_key_under_several_ids),
	        T(refuses_10_one_signature_too_few),
	        T(refuses_14_a_malleated_signature),
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
	        T(refuses_a_manifest_that_is_not_well_formed),
	        T(refuses_any_other_spelling_of_a_manifest),
	        T(refuses_what_is_too_large),
	        T(every_byte_of_the_envelope_counts),
	        T(every_byte_of_the_blob_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
