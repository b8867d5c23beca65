// The chain of roots: what is believed, and what a thief of some keys cannot do with it.
#include "base/cleanup.h"
#include "wire/wire.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUILDER = 1, OTHER = 7, STRANGER = 9 };
#define NUMBERS(...) ((const uint8_t[]){__VA_ARGS__, 0})

typedef struct Fixture {
	Arena *arena;
	Root *next; // version 2, as root 1 but for the version
	TrustRoot current;
} Fixture;

static int set_up(void **state)
{
	Arena *arena = arena_new(64 * 1024, 0);
	Fixture *f = ARENA_NEW(arena, Fixture);
	f->arena = arena;
	f->next = test_root("production", BUILDER, 2, arena);
	f->next->version = 2;
	assert_int_equal(root_open(test_root_envelope("production", BUILDER, 2, arena), STR("production"),
	                         arena, &f->current),
	        OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(((Fixture *)*state)->arena);
	return 0;
}

static void says(Err e, Err id, const char *part)
{
	assert_string_equal(err_reason(e), err_reason(id));
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static Err open_signed(Fixture *f, const Root *root, const uint8_t *numbers)
{
	TrustRoot ret;
	return root_open(test_root_seal(root, numbers, f->arena), STR("production"), f->arena, &ret);
}

static Err follow(Fixture *f, const uint8_t *numbers)
{
	TrustRoot ret;
	return root_follow(&f->current, test_root_seal(f->next, numbers, f->arena), f->arena, &ret);
}

static void a_root_is_opened_by_its_own_threshold(void **state)
{
	Fixture *f = *state;
	assert_int_equal(f->current.version, 1);
	assert_true(str_eq(f->current.environment, STR("production")));
	assert_int_equal(root_threshold(&f->current, KEY_APPROVER), 2);
	uint8_t key[32];
	KeyRole role;
	Str holder;
	test_key_public(TEST_ANNA, key);
	assert_true(root_find_key(&f->current, key, &role, &holder));
	assert_string_equal(key_role_name(role), "approver");
	assert_true(str_eq(holder, STR("anna")));
	test_key_public(STRANGER, key);
	assert_false(root_find_key(&f->current, key, &role, &holder));

	f->next->version = 1;
	says(open_signed(f, f->next, NUMBERS(TEST_ROOT_A)), ERR_SIGNATURE_INVALID, "1 root keys");
	says(open_signed(f, f->next, NUMBERS(TEST_ROOT_A, TEST_ROOT_A)), ERR_SIGNATURE_INVALID,
	        "signed twice");
	says(open_signed(f, f->next, NUMBERS(TEST_ROOT_A, TEST_ROOT_B, STRANGER)), ERR_SIGNATURE_INVALID,
	        "no root key here");
	says(open_signed(f, f->next, NUMBERS(TEST_ROOT_A, TEST_ROOT_B, TEST_ANNA)), ERR_KEY_ROLE,
	        "approver key");
}

static void the_next_root_is_signed_by_both_sides(void **state)
{
	Fixture *f = *state;
	assert_int_equal(follow(f, NUMBERS(TEST_ROOT_B, TEST_ROOT_C)), OK);
	// All holders change: two of the old and two of the new have to sign.
	f->next->root = test_role(NUMBERS(11, 12, 13), (const char *const[]){"x", "y", "z"}, 3, 2, f->arena);
	assert_int_equal(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B, 11, 13)), OK);
}

static void refuses_24_a_root_that_one_side_signed(void **state)
{
	Fixture *f = *state;
	f->next->root = test_role(NUMBERS(11, 12, 13), (const char *const[]){"x", "y", "z"}, 3, 2, f->arena);
	says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), ERR_SIGNATURE_INVALID, "of root 2");
	says(follow(f, NUMBERS(11, 12, 13)), ERR_SIGNATURE_INVALID, "of root 1");
	says(follow(f, NUMBERS(TEST_ROOT_A, 11, 12)), ERR_SIGNATURE_INVALID, "of root 1");
	says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B, 11)), ERR_SIGNATURE_INVALID, "of root 2");
	says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B, 11, 12, STRANGER)), ERR_SIGNATURE_INVALID,
	        "no root key here");
}

static void refuses_24_a_root_that_skips_a_number(void **state)
{
	Fixture *f = *state;
	f->next->version = 3;
	says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), ERR_ROOT_VERSION, "2 must come next");
	f->next->version = 1; // another root 1
	f->next->builder = test_role(NUMBERS(OTHER), (const char *const[]){"x"}, 1, 1, f->arena);
	says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), ERR_ROOT_VERSION, "2 must come next");
}

static void refuses_21_a_root_of_another_environment(void **state)
{
	Fixture *f = *state;
	f->next->environment = arena_cstr(f->arena, STR("staging"));
	says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), ERR_MANIFEST_PLACE, "environment 'staging'");
	says(open_signed(f, f->next, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), ERR_MANIFEST_PLACE,
	        "environment 'staging'");
	TrustRoot ret;
	assert_int_equal(root_open(test_root_seal(f->next, NUMBERS(TEST_ROOT_A, TEST_ROOT_B), f->arena),
	                         (Str){0}, f->arena, &ret),
	        OK);
}

static void the_same_root_may_come_again(void **state)
{
	Fixture *f = *state;
	TrustRoot second, again;
	f->next->root = test_role(NUMBERS(11, 12, 13), (const char *const[]){"x", "y", "z"}, 3, 2, f->arena);
	Str bytes = test_root_seal(f->next, NUMBERS(TEST_ROOT_A, TEST_ROOT_B, 11, 13), f->arena);
	assert_int_equal(root_follow(&f->current, bytes, f->arena, &second), OK);
	assert_int_equal(root_follow(&second, bytes, f->arena, &again), OK);
	assert_true(digest_eq(&second.digest, &again.digest));
	assert_true(str_eq(again.envelope, bytes));
	// A new server is configured with it: the keys of those who left are not known to it.
	assert_int_equal(root_open(bytes, STR("production"), f->arena, &again), OK);
	// What its own holders signed is verified all the same.
	Str forged = arena_str(f->arena, bytes);
	((char *)(uintptr_t)forged.ptr)[forged.len - 1] ^= 1;
	says(root_open(forged, STR("production"), f->arena, &again), ERR_SIGNATURE_INVALID, "does not fit");
}

static void an_expired_root_takes_its_successor_only(void **state)
{
	Fixture *f = *state;
	int64_t end_us = f->current.message->expires_us;
	assert_int_equal(root_check_time(&f->current, end_us - 1), OK);
	says(root_check_time(&f->current, end_us), ERR_ROOT_EXPIRED, "2035-12-30");
	assert_int_equal(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), OK);
}

static void refuses_03_another_payload_type(void **state)
{
	Fixture *f = *state;
	TrustRoot ret;
	Str payload;
	assert_int_equal(root_pack(f->next, f->arena, &payload), OK);
	Signature *both[] = {test_sign(TEST_ROOT_A, STR(SNAPSHOT_PAYLOAD_TYPE), payload, f->arena),
	        test_sign(TEST_ROOT_B, STR(SNAPSHOT_PAYLOAD_TYPE), payload, f->arena)};
	says(root_follow(&f->current, test_envelope(STR(SNAPSHOT_PAYLOAD_TYPE), payload, both, 2, f->arena),
	             f->arena, &ret),
	        ERR_ENVELOPE_TYPE, "must be " ROOT_PAYLOAD_TYPE);
	says(root_follow(&f->current, test_envelope(STR(ROOT_PAYLOAD_TYPE), payload, both, 2, f->arena),
	             f->arena, &ret),
	        ERR_SIGNATURE_INVALID, "does not fit");
}

static void refuses_a_root_that_is_not_well_formed(void **state)
{
	Fixture *f = *state;
	static const char *const names[] = {"anna", "anna", "ben"}, *const bad[] = {"Anna Berg"};
	Root good = *f->next;
	RootRole *two_annas = test_role(NUMBERS(21, 22, 23), names, 3, 3, f->arena);
	RootRole *descending = test_role(NUMBERS(21, 22, 23), names, 3, 1, f->arena);
	RootKey *first = descending->keys[0];
	descending->keys[0] = descending->keys[1];
	descending->keys[1] = first;
	RootRole *twice = test_role(NUMBERS(21, 21, 23), names, 3, 1, f->arena);
	RootRole *short_key = test_role(NUMBERS(21), names, 1, 1, f->arena);
	short_key->keys[0]->public_.len = 31;
	uint8_t many[ROLE_KEYS_MAX + 1];
	const char *holders[ROLE_KEYS_MAX + 1];
	for (size_t i = 0; i < ARRAY_COUNT(many); i++) {
		many[i] = (uint8_t)(i + 130);
		holders[i] = "anna";
	}
#define BAD(change, part)                                                                                    \
	do {                                                                                                 \
		*f->next = good;                                                                             \
		change;                                                                                      \
		says(follow(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_B)), ERR_ROOT_INVALID, part);                  \
	} while (0)
	BAD(f->next->format = 2, "format 2");
	BAD(f->next->environment = arena_cstr(f->arena, STR("Prod")), "environment 'Prod'");
	BAD(f->next->version = 0, "start at 1");
	BAD(f->next->expires_us = f->next->created_us, "expires before");
	BAD(f->next->approver = NULL, "no role approver");
	BAD(f->next->root = test_role(NULL, NULL, 0, 0, f->arena), "no root must sign");
	BAD(f->next->builder = test_role(NULL, NULL, 0, 1, f->arena), "there are only 0");
	BAD(f->next->builder = test_role(NUMBERS(OTHER), names, 1, 0, f->arena), "no builder must sign");
	BAD(f->next->timestamp = test_role(NUMBERS(OTHER), names, 1, 2, f->arena), "only 1");
	BAD(f->next->approver = two_annas, "3 approvers must sign, but there are only 2");
	BAD(f->next->approver = descending, "not ascending");
	BAD(f->next->approver = twice, "there twice");
	BAD(f->next->approver = short_key, "31 bytes");
	BAD(f->next->approver = test_role(NUMBERS(OTHER), bad, 1, 1, f->arena), "'Anna Berg'");
	BAD(f->next->approver = test_role(NUMBERS(BUILDER), names, 1, 1, f->arena), "a key has one role");
	BAD(f->next->approver = test_role(many, holders, ARRAY_COUNT(many), 1, f->arena), "65 approver keys");
#undef BAD
}

// Signed well and saying the same: only the spelling differs.
static void refuses_any_other_spelling_of_a_root(void **state)
{
	Fixture *f = *state;
	static const struct {
		const char *name, *bytes;
		size_t len;
	} tails[] = {{"a field twice", "\x08\x01", 2}, {"a default", "\x20\x00", 2},
	        {"an unknown field", "\xf8\x01\x01", 3}, {"trailing bytes", "\x00\x00", 2}};
	Str good;
	assert_int_equal(root_pack(f->next, f->arena, &good), OK);
	for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
		char *bytes = arena_alloc(f->arena, good.len + tails[i].len);
		memcpy(bytes, good.ptr, good.len);
		memcpy(bytes + good.len, tails[i].bytes, tails[i].len);
		Str payload = str_n(bytes, good.len + tails[i].len);
		Signature *both[] = {test_sign(TEST_ROOT_A, STR(ROOT_PAYLOAD_TYPE), payload, f->arena),
		        test_sign(TEST_ROOT_B, STR(ROOT_PAYLOAD_TYPE), payload, f->arena)};
		TrustRoot ret;
		Err e = root_follow(&f->current,
		        test_envelope(STR(ROOT_PAYLOAD_TYPE), payload, both, 2, f->arena), f->arena, &ret);
		if (e != ERR_ROOT_INVALID)
			fail_msg("%s: %s", tails[i].name, err_reason(e));
	}
}

static void every_byte_of_a_first_root_counts(void **state)
{
	Fixture *f = *state;
	Str bytes = arena_str(f->arena, f->current.envelope);
	for (size_t i = 0; i < bytes.len; i++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
		TrustRoot ret;
		((char *)(uintptr_t)bytes.ptr)[i] ^= (char)(1 << (i % 8));
		if (root_open(bytes, STR("production"), arena, &ret) == OK)
			fail_msg("byte %zu may change", i);
		((char *)(uintptr_t)bytes.ptr)[i] ^= (char)(1 << (i % 8));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_root_is_opened_by_its_own_threshold),
	        T(the_next_root_is_signed_by_both_sides),
	        T(refuses_24_a_root_that_one_side_signed),
	        T(refuses_24_a_root_that_skips_a_number),
	        T(refuses_21_a_root_of_another_environment),
	        T(the_same_root_may_come_again),
	        T(an_expired_root_takes_its_successor_only),
	        T(refuses_03_another_payload_type),
	        T(refuses_a_root_that_is_not_well_formed),
	        T(refuses_any_other_spelling_of_a_root),
	        T(every_byte_of_a_first_root_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
