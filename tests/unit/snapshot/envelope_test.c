// Whose signatures count, one story a refusal: of a deployment that the builder and two approvers must have
// signed.
#include "offered.h"

#include "base/cleanup.h"
#include "wire/wire.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUILDER_2 = 2 };
#define NAMES(...) ((const char *const[]){__VA_ARGS__})

// The three signatures that are needed, of which a story spoils one.
typedef struct Three {
	Signature *list[3];
} Three;

static Three three(Fixture *f)
{
	return (Three){{test_sign(BUILDER, TYPE, f->payload, f->arena),
	        test_sign(TEST_ANNA, TYPE, f->payload, f->arena),
	        test_sign(TEST_BEN, TYPE, f->payload, f->arena)}};
}

static Str of_three(Fixture *f, Three signatures)
{
	return envelope_of(f, TYPE, signatures.list, 3);
}

static void the_next_version_is_accepted(void **state)
{
	Fixture *f = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Manifest *manifest;
	Digest digest;
	assert_int_equal(
	        manifest_verify(f->envelope, &f->root, &f->place, &f->state, arena, &manifest, &digest), OK);
	assert_true(digest_eq(&digest, &f->digest));
	assert_int_equal(manifest->version, 4);
	Snapshot *snapshot;
	assert_int_equal(snapshot_open(f->blob, manifest, arena, &snapshot), OK);
	assert_string_equal(snapshot->channel, "bank");
}

static void what_is_signed_here_is_what_the_tests_sign(void **state)
{
	Fixture *f = *state;
	char dir[] = "/tmp/parley-seal-XXXXXX";
	assert_non_null(mkdtemp(dir));
	test_key_write(BUILDER, dir, "builder");
	SigningKey *key;
	assert_int_equal(signing_key_load(arena_printf(f->arena, "%s/builder.key", dir), &key), OK);
	Str payload, envelope;
	Signature *signature;
	assert_int_equal(manifest_pack(f->manifest, f->arena, &payload), OK);
	assert_true(str_eq(payload, f->payload));
	assert_int_equal(signature_make(key, TYPE, payload, f->arena, &signature), OK);
	assert_int_equal(envelope_pack(TYPE, payload, &signature, 1, f->arena, &envelope), OK);
	assert_true(str_eq(envelope, test_seal(f->manifest, BUILDER, f->arena, NULL)));
	signing_key_free(key);
	remove(arena_printf(f->arena, "%s/builder.key", dir));
	remove(arena_printf(f->arena, "%s/builder.pub", dir));
	remove(dir);
}

static void refuses_01_a_payload_bit_flipped(void **state)
{
	Fixture *f = *state;
	Three signatures = three(f);
	Str payload = arena_str(f->arena, f->payload);
	*offered_at(payload, payload.len / 2) ^= 0x10;
	refused(f, test_envelope(TYPE, payload, signatures.list, 3, f->arena), ERR_SIGNATURE_INVALID,
	        "does not fit the bytes");
}

static void refuses_02_a_signature_bit_flipped(void **state)
{
	Fixture *f = *state;
	for (size_t bit = 0; bit < 512; bit++) {
		Three signatures = three(f);
		signatures.list[bit % 3]->sig.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not fit the bytes");
	}
}

static void refuses_03_another_payload_type(void **state)
{
	Fixture *f = *state;
	static const char *const others[] = {ROOT_PAYLOAD_TYPE, TIMESTAMP_PAYLOAD_TYPE, FLOOR_PAYLOAD_TYPE};
	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		Str other = str(others[i]);
		Three signatures = three(f);
		refused(f, envelope_of(f, other, signatures.list, 3), ERR_ENVELOPE_TYPE, "payload type");
		signatures.list[1] = test_sign(TEST_ANNA, other, f->payload, f->arena);
		refused(f, envelope_of(f, other, signatures.list, 3), ERR_ENVELOPE_TYPE, "payload type");
		refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not fit the bytes");
	}
}

static void refuses_04_signatures_stripped(void **state)
{
	Fixture *f = *state;
	refused(f, envelope_of(f, TYPE, NULL, 0), ERR_SIGNATURE_INVALID, "no signature");
	refused(f, signed_by(f, NUMBERS(TEST_ANNA, TEST_BEN)), ERR_SIGNATURE_INVALID, "0 builder keys");
	refused(f, signed_by(f, NUMBERS(BUILDER)), ERR_APPROVALS_MISSING, "0 persons have approved, 2 must");
}

static void refuses_05_verification_without_a_key(void **state)
{
	Fixture *f = *state;
	TrustRoot opened;
	Root *root = test_root("production", BUILDER, 2, f->arena);
	root->builder = test_role(NULL, NULL, 0, 0, f->arena);
	assert_int_equal(root_open(test_root_seal(root, NUMBERS(TEST_ROOT_A, TEST_ROOT_B), f->arena),
	                         (Str){0}, f->arena, &opened),
	        ERR_ROOT_INVALID);
	f->root = (TrustRoot){0};
	refused(f, f->envelope, ERR_TRUST_EMPTY, "no trusted root");
}

static void refuses_06_an_unknown_key(void **state)
{
	Fixture *f = *state;
	refused(f, signed_by(f, NUMBERS(STRANGER, TEST_ANNA, TEST_BEN)), ERR_SIGNATURE_INVALID,
	        "does not list");
	refused(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA, STRANGER)), ERR_SIGNATURE_INVALID,
	        "does not list");
	refused(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA, TEST_BEN, STRANGER)), ERR_SIGNATURE_INVALID,
	        "does not list");
	Three signatures = three(f);
	signatures.list[0] = test_sign(STRANGER, TYPE, f->payload, f->arena);
	test_key_id(BUILDER, signatures.list[0]->keyid);
	refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not fit the bytes");
}

static void refuses_07_a_key_offered_inside_the_bundle(void **state)
{
	Fixture *f = *state;
	Three signatures = three(f);
	uint8_t key[32];
	char hex[65];
	test_key_public(STRANGER, key);
	hex_encode(key, sizeof key, hex);
	signatures.list[0] = test_sign(STRANGER, TYPE, f->payload, f->arena);
	signatures.list[0]->keyid = hex; // the key itself for its ID
	refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not list");

	// And as a field of its own: number 15, 32 bytes.
	Str with_key = str_n(arena_alloc(f->arena, f->envelope.len + 34), f->envelope.len + 34);
	memcpy(offered_at(with_key, 0), f->envelope.ptr, f->envelope.len);
	memcpy(offered_at(with_key, f->envelope.len), "\x7a\x20", 2);
	memcpy(offered_at(with_key, f->envelope.len + 2), key, 32);
	refused(f, with_key, ERR_ENVELOPE_INVALID, "does not know");
}

static void refuses_08_one_signature_repeated(void **state)
{
	Fixture *f = *state;
	refused(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA, TEST_ANNA)), ERR_SIGNATURE_INVALID,
	        "signed twice");
	refused(f, signed_by(f, NUMBERS(BUILDER, BUILDER, TEST_ANNA, TEST_BEN)), ERR_SIGNATURE_INVALID,
	        "signed twice");
}

static void refuses_09_one_key_under_several_ids(void **state)
{
	Fixture *f = *state;
	Three signatures = three(f);
	signatures.list[2] = test_sign(TEST_ANNA, TYPE, f->payload, f->arena);
	signatures.list[2]->keyid = arena_cstr(f->arena, STR("anna-2"));
	refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not list");
	test_key_id(TEST_BEN, signatures.list[2]->keyid = arena_alloc(f->arena, 65));
	refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not fit the bytes");
	char *upper = signatures.list[2]->keyid; // another spelling of the same ID
	test_key_id(TEST_ANNA, upper);
	for (char *at = upper; *at; at++)
		*at = *at >= 'a' ? (char)(*at - 'a' + 'A') : *at;
	refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not list");
}

static void refuses_09_one_person_with_two_keys(void **state)
{
	Fixture *f = *state;
	Root *root = test_root("production", BUILDER, 2, f->arena);
	root->approver = test_role(
	        NUMBERS(TEST_ANNA, TEST_CARL, TEST_BEN), NAMES("anna", "anna", "ben"), 3, 2, f->arena);
	trust(f, root);
	refused(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA, TEST_CARL)), ERR_APPROVALS_MISSING,
	        "1 persons have approved, 2 must");
	assert_int_equal(verify(f, signed_by(f, NUMBERS(BUILDER, TEST_CARL, TEST_BEN))), OK);
}

static void refuses_10_one_signature_too_few(void **state)
{
	Fixture *f = *state;
	refused(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA)), ERR_APPROVALS_MISSING, "1 persons");
	assert_int_equal(verify(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA, TEST_CARL))), OK);
	assert_int_equal(verify(f, signed_by(f, NUMBERS(TEST_CARL, TEST_BEN, TEST_ANNA, BUILDER))), OK);

	Root *root = test_root("production", BUILDER, 2, f->arena);
	root->builder = test_role(NUMBERS(BUILDER, BUILDER_2), NAMES("one", "two"), 2, 2, f->arena);
	trust(f, root);
	refused(f, f->envelope, ERR_SIGNATURE_INVALID, "1 builder keys have signed, 2 must");
	assert_int_equal(verify(f, signed_by(f, NUMBERS(BUILDER, BUILDER_2, TEST_ANNA, TEST_BEN))), OK);
}

static void refuses_11_the_author_as_approver(void **state)
{
	Fixture *f = *state;
	f->manifest->author = arena_cstr(f->arena, STR("anna"));
	resealed(f, ERR_APPROVER_IS_AUTHOR, "anna deployed this");
	// Not even beside enough others.
	refused(f,
	        test_seal_by(f->manifest, NUMBERS(BUILDER, TEST_ANNA, TEST_BEN, TEST_CARL), f->arena, NULL),
	        ERR_APPROVER_IS_AUTHOR, "anna deployed this");
	assert_int_equal(
	        verify(f, test_seal_by(f->manifest, NUMBERS(BUILDER, TEST_BEN, TEST_CARL), f->arena, NULL)),
	        OK);
}

static void refuses_12_a_key_of_another_role(void **state)
{
	Fixture *f = *state;
	refused(f, signed_by(f, NUMBERS(TEST_TIMESTAMP, TEST_ANNA, TEST_BEN)), ERR_KEY_ROLE, "timestamp key");
	refused(f, signed_by(f, NUMBERS(TEST_ROOT_A, TEST_ANNA, TEST_BEN)), ERR_KEY_ROLE, "rita's root key");
	refused(f, signed_by(f, NUMBERS(BUILDER, TEST_ANNA, TEST_ROOT_B)), ERR_KEY_ROLE, "root key");
	// An approver is no builder, and a builder approves nothing.
	refused(f, signed_by(f, NUMBERS(TEST_ANNA, TEST_BEN, TEST_CARL)), ERR_SIGNATURE_INVALID,
	        "0 builder keys");
	Root *root = test_root("production", BUILDER, 2, f->arena);
	root->builder = test_role(NUMBERS(BUILDER, BUILDER_2), NAMES("one", "two"), 2, 1, f->arena);
	trust(f, root);
	refused(f, signed_by(f, NUMBERS(BUILDER, BUILDER_2, TEST_ANNA)), ERR_APPROVALS_MISSING, "1 persons");
}

static void refuses_13_a_revoked_key(void **state)
{
	Fixture *f = *state;
	Root *next = test_root("production", BUILDER, 2, f->arena);
	next->version = 2;
	next->approver = test_role(NUMBERS(TEST_BEN, TEST_CARL), NAMES("ben", "carl"), 2, 2, f->arena);
	TrustRoot newest;
	assert_int_equal(
	        root_follow(&f->root, test_root_seal(next, NUMBERS(TEST_ROOT_A, TEST_ROOT_B), f->arena),
	                f->arena, &newest),
	        OK);
	f->root = newest;
	refused(f, f->envelope, ERR_SIGNATURE_INVALID, "root 2 of production does not list");
	assert_int_equal(verify(f, signed_by(f, NUMBERS(BUILDER, TEST_BEN, TEST_CARL))), OK);
}

static void refuses_14_a_malleated_signature(void **state)
{
	Fixture *f = *state;
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	        0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	Three signatures = three(f);
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) { // S + L: the same point, another spelling
		uint8_t *s = &signatures.list[1]->sig.data[32 + i];
		carry += *s + order[i];
		*s = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	refused(f, of_three(f, signatures), ERR_SIGNATURE_INVALID, "does not fit the bytes");
}

static void refuses_25_a_rollback_without_approvals(void **state)
{
	Fixture *f = *state;
	f->manifest->rollback_of = 2;
	refused(f, test_seal(f->manifest, BUILDER, f->arena, NULL), ERR_APPROVALS_MISSING, "0 persons");
	refused(f, test_seal_by(f->manifest, NUMBERS(BUILDER, TEST_BEN), f->arena, NULL),
	        ERR_APPROVALS_MISSING, "1 persons");
	assert_int_equal(verify(f, sealed(f)), OK);
}

static void where_none_is_needed_the_builder_suffices(void **state)
{
	Fixture *f = *state;
	trust(f, test_root("production", BUILDER, 0, f->arena));
	assert_int_equal(verify(f, signed_by(f, NUMBERS(BUILDER))), OK);
	assert_int_equal(verify(f, f->envelope), OK);
}

static void an_expired_root_takes_nothing_new(void **state)
{
	Fixture *f = *state;
	f->place.now_us = f->root.message->expires_us;
	f->manifest->expires_us = f->place.now_us + 1;
	Str envelope = test_seal_by(f->manifest, SIGNERS, f->arena, &f->digest);
	refused(f, envelope, ERR_ROOT_EXPIRED, "root 1 of production expired");
	f->state.version = 4; // what serves goes on
	f->state.manifest = f->digest;
	assert_int_equal(verify(f, envelope), OK);
}

static Err approve(Fixture *f, uint8_t number, Str author, Str *ret_holder)
{
	Signature *signature = test_sign(number, TYPE, f->payload, f->arena);
	return approval_check(
	        &f->root, STR(SNAPSHOT_PAYLOAD_TYPE), f->payload, author, signature, ret_holder);
}

static void an_approval_is_judged_when_it_arrives(void **state)
{
	Fixture *f = *state;
	Str holder;
	assert_int_equal(approve(f, TEST_BEN, STR("dora"), &holder), OK);
	assert_true(str_eq(holder, STR("ben")));
	assert_int_equal(approve(f, TEST_BEN, STR("ben"), &holder), ERR_APPROVER_IS_AUTHOR);
	assert_int_equal(approve(f, BUILDER, STR("dora"), &holder), ERR_KEY_ROLE);
	assert_int_equal(approve(f, STRANGER, STR("dora"), &holder), ERR_SIGNATURE_INVALID);
	Signature *signature = test_sign(TEST_BEN, TYPE, STR("another manifest"), f->arena);
	assert_int_equal(approval_check(&f->root, STR(SNAPSHOT_PAYLOAD_TYPE), f->payload, STR("dora"),
	                         signature, &holder),
	        ERR_SIGNATURE_INVALID);
	signature->sig.len = 0;
	assert_int_equal(approval_check(&f->root, STR(SNAPSHOT_PAYLOAD_TYPE), f->payload, STR("dora"),
	                         signature, &holder),
	        ERR_SIGNATURE_INVALID);
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
	refused(f, envelope_of(f, TYPE, many, ARRAY_COUNT(many)), ERR_ENVELOPE_INVALID, "17 signatures");
	many[0]->sig.len = 63;
	refused(f, envelope_of(f, TYPE, many, 1), ERR_ENVELOPE_INVALID, "63 bytes");
}

static void every_byte_of_the_envelope_counts(void **state)
{
	Fixture *f = *state;
	Str bytes = arena_str(f->arena, f->envelope);
	for (size_t i = 0; i < 2 * bytes.len; i++) {
		char change = i < bytes.len ? (char)(1 << (i % 8)) : (char)0xff;
		*offered_at(bytes, i % bytes.len) ^= change;
		if (verify(f, bytes) == OK)
			fail_msg("byte %zu may change", i % bytes.len);
		*offered_at(bytes, i % bytes.len) ^= change;
	}
	for (size_t len = 0; len < bytes.len; len++) {
		if (verify(f, str_n(bytes.ptr, len)) == OK)
			fail_msg("%zu bytes suffice", len);
	}
	assert_int_equal(verify(f, bytes), OK);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, offered_set_up, offered_tear_down)
	const struct CMUnitTest tests[] = {
	        T(the_next_version_is_accepted),
	        T(what_is_signed_here_is_what_the_tests_sign),
	        T(refuses_01_a_payload_bit_flipped),
	        T(refuses_02_a_signature_bit_flipped),
	        T(refuses_03_another_payload_type),
	        T(refuses_04_signatures_stripped),
	        T(refuses_05_verification_without_a_key),
	        T(refuses_06_an_unknown_key),
	        T(refuses_07_a_key_offered_inside_the_bundle),
	        T(refuses_08_one_signature_repeated),
	        T(refuses_09_one_key_under_several_ids),
	        T(refuses_09_one_person_with_two_keys),
	        T(refuses_10_one_signature_too_few),
	        T(refuses_11_the_author_as_approver),
	        T(refuses_12_a_key_of_another_role),
	        T(refuses_13_a_revoked_key),
	        T(refuses_14_a_malleated_signature),
	        T(refuses_25_a_rollback_without_approvals),
	        T(where_none_is_needed_the_builder_suffices),
	        T(an_expired_root_takes_nothing_new),
	        T(an_approval_is_judged_when_it_arrives),
	        T(refuses_what_is_too_large),
	        T(every_byte_of_the_envelope_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
