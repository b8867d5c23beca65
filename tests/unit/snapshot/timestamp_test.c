// Timestamps and floors: what a place believes of the present, and how one begins again that lost its state.
#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/wire.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { BUILDER = 1, STRANGER = 9 };
#define NUMBERS(...) ((const uint8_t[]){__VA_ARGS__, 0})
#define NOW_US       TEST_NOW_US
#define DAY_US       (INT64_C(86400) * US_PER_S)

typedef struct Fixture {
	Arena *arena;
	TrustRoot root;
	Timestamp *timestamp; // version 5, made now, naming two channels
	Floor *place_floor;   // for runtime r1
	Manifest *manifest;
	int64_t now_us;
	uint64_t seen;
} Fixture;

static int set_up(void **state)
{
	Arena *arena = arena_new(64 * 1024, 0);
	Fixture *f = ARENA_NEW(arena, Fixture);
	*f = (Fixture){.arena = arena, .now_us = NOW_US, .seen = 4};
	assert_int_equal(root_open(test_root_envelope("production", BUILDER, 2, arena), STR("production"),
	                         arena, &f->root),
	        OK);
	Digest digest = digest_of(STR("manifest"));
	f->manifest = test_manifest(STR("blob"), 4, &digest, arena);
	f->timestamp = test_timestamp("production", 5, NOW_US, arena);
	test_timestamp_add(f->timestamp, f->manifest, &digest, arena);
	f->manifest->fleet = arena_cstr(arena, STR("second"));
	test_timestamp_add(f->timestamp, f->manifest, &digest, arena);
	f->place_floor = test_floor("production", "r1", "bank", 1, 4, NOW_US, arena);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(((Fixture *)*state)->arena);
	return 0;
}

static Err verify(Fixture *f, uint8_t number)
{
	Timestamp *ret;
	return timestamp_verify(test_timestamp_seal(f->timestamp, number, f->arena), &f->root, f->seen,
	        f->now_us, f->arena, &ret);
}

static Err verify_floor(Fixture *f, const uint8_t *numbers, const char *runtime_id)
{
	Floor *ret;
	return floor_verify(test_floor_seal(f->place_floor, numbers, f->arena), &f->root, str(runtime_id),
	        f->now_us, f->arena, &ret);
}

static void says(Err e, Err id, const char *part)
{
	assert_string_equal(err_reason(e), err_reason(id));
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static void a_timestamp_says_what_is_current(void **state)
{
	Fixture *f = *state;
	Timestamp *ret;
	Str envelope = test_timestamp_seal(f->timestamp, TEST_TIMESTAMP, f->arena);
	assert_int_equal(timestamp_verify(envelope, &f->root, 4, f->now_us, f->arena, &ret), OK);
	assert_int_equal(ret->n_current, 2);
	assert_string_equal(ret->current[1]->fleet, "second");
	assert_int_equal(timestamp_verify(envelope, &f->root, 5, f->now_us, f->arena, &ret), OK);
	assert_int_equal(timestamp_verify(envelope, &f->root, 0, f->now_us, f->arena, &ret), OK);
}

static void refuses_12_another_role_for_a_timestamp(void **state)
{
	Fixture *f = *state;
	says(verify(f, BUILDER), ERR_KEY_ROLE, "builder key");
	says(verify(f, TEST_ANNA), ERR_KEY_ROLE, "anna's approver key");
	says(verify(f, STRANGER), ERR_SIGNATURE_INVALID, "does not list");
}

static void refuses_15_an_older_timestamp(void **state)
{
	Fixture *f = *state;
	f->seen = 6;
	says(verify(f, TEST_TIMESTAMP), ERR_TIMESTAMP_VERSION, "5 is older than 6");
}

static void refuses_19_an_expired_timestamp_to_the_microsecond(void **state)
{
	Fixture *f = *state;
	f->now_us = f->timestamp->expires_us - 1;
	assert_int_equal(verify(f, TEST_TIMESTAMP), OK);
	f->now_us++;
	says(verify(f, TEST_TIMESTAMP), ERR_TIMESTAMP_EXPIRED, "expired at 2026-01-02T00:00:00Z");
}

static void refuses_20_a_timestamp_from_the_future(void **state)
{
	Fixture *f = *state;
	f->now_us = NOW_US - CLOCK_SKEW_S * US_PER_S;
	assert_int_equal(verify(f, TEST_TIMESTAMP), OK);
	f->now_us--;
	says(verify(f, TEST_TIMESTAMP), ERR_TIMESTAMP_INVALID, "from the future");
}

static void refuses_21_another_environments_timestamp(void **state)
{
	Fixture *f = *state;
	f->timestamp->environment = arena_cstr(f->arena, STR("staging"));
	says(verify(f, TEST_TIMESTAMP), ERR_MANIFEST_PLACE, "environment 'staging'");
}

static void an_expired_root_vouches_for_no_timestamp(void **state)
{
	Fixture *f = *state;
	f->now_us = f->root.message->expires_us;
	f->timestamp->created_us = f->now_us;
	f->timestamp->expires_us = f->now_us + DAY_US;
	says(verify(f, TEST_TIMESTAMP), ERR_ROOT_EXPIRED, "root 1");
}

static void refuses_a_timestamp_that_is_not_well_formed(void **state)
{
	Fixture *f = *state;
	Timestamp good = *f->timestamp;
	CurrentManifest *first = good.current[0], *second = good.current[1], entry = *first;
	CurrentManifest *descending[] = {second, first}, *twice[] = {first, first};
	Parley__Snapshot__V1__AuditHead no_hash = *good.audit;
	no_hash.hash.len = 0;
#define BAD(change, part)                                                                                    \
	do {                                                                                                 \
		*f->timestamp = good;                                                                        \
		*first = entry;                                                                              \
		change;                                                                                      \
		says(verify(f, TEST_TIMESTAMP), ERR_TIMESTAMP_INVALID, part);                                \
	} while (0)
	BAD(f->timestamp->format = 2, "format 2");
	BAD(f->timestamp->environment = arena_cstr(f->arena, STR("")), "environment ''");
	BAD(f->timestamp->version = 0, "start at 1");
	BAD(f->timestamp->root_version = 0, "start at 1");
	BAD(f->timestamp->expires_us++, "within 86400 s");
	BAD(f->timestamp->expires_us = NOW_US, "within 86400 s");
	BAD(f->timestamp->expires_us = INT64_MIN, "within 86400 s");
	BAD(f->timestamp->current = descending, "ascend");
	BAD(f->timestamp->current = twice, "ascend");
	BAD(f->timestamp->audit = NULL, "no audit head");
	BAD(f->timestamp->audit = &no_hash, "no audit head");
	BAD(first->channel = arena_cstr(f->arena, STR("Bank")), "channel 'Bank'");
	BAD(first->version = 0, "start at 1");
	BAD(first->manifest.len = 31, "31 bytes");
#undef BAD
	CurrentManifest *many[TIMESTAMP_CURRENT_MAX + 1];
	for (size_t i = 0; i < ARRAY_COUNT(many); i++)
		many[i] = first;
	*first = (CurrentManifest)PARLEY__SNAPSHOT__V1__CURRENT_MANIFEST__INIT;
	*f->timestamp = good;
	f->timestamp->n_current = ARRAY_COUNT(many);
	f->timestamp->current = many;
	says(verify(f, TEST_TIMESTAMP), ERR_TIMESTAMP_INVALID, "1025 entries");
}

static void a_floor_lets_a_place_begin_again(void **state)
{
	Fixture *f = *state;
	assert_int_equal(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r1"), OK);
	f->now_us = f->place_floor->expires_us - 1;
	assert_int_equal(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r1"), OK);
	f->now_us++;
	says(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r1"), ERR_FLOOR_INVALID, "expired at");
	f->now_us = NOW_US - CLOCK_SKEW_S * US_PER_S - 1;
	says(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r1"), ERR_FLOOR_INVALID, "from the future");
}

static void a_floor_is_signed_by_the_roots_holders(void **state)
{
	Fixture *f = *state;
	says(verify_floor(f, NUMBERS(TEST_ROOT_A), "r1"), ERR_SIGNATURE_INVALID,
	        "1 root keys have signed, 2");
	says(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_A), "r1"), ERR_SIGNATURE_INVALID, "signed twice");
	says(verify_floor(f, NUMBERS(TEST_ROOT_A, BUILDER), "r1"), ERR_KEY_ROLE, "builder key");
}

static void a_floor_is_for_one_place(void **state)
{
	Fixture *f = *state;
	says(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r2"), ERR_FLOOR_INVALID, "for runtime 'r1'");
	f->place_floor->environment = arena_cstr(f->arena, STR("staging"));
	says(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r1"), ERR_MANIFEST_PLACE, "'staging'");
}

static void refuses_a_floor_that_is_not_well_formed(void **state)
{
	Fixture *f = *state;
	Floor good = *f->place_floor;
#define BAD(change, part)                                                                                    \
	do {                                                                                                 \
		*f->place_floor = good;                                                                      \
		change;                                                                                      \
		says(verify_floor(f, NUMBERS(TEST_ROOT_A, TEST_ROOT_C), "r1"), ERR_FLOOR_INVALID, part);     \
	} while (0)
	BAD(f->place_floor->format = 0, "format 0");
	BAD(f->place_floor->channel = arena_cstr(f->arena, STR("..")), "channel '..'");
	BAD(f->place_floor->runtime_id = arena_cstr(f->arena, STR("")), "0 bytes");
	BAD(f->place_floor->epoch = 0, "start at 1");
	BAD(f->place_floor->version = 0, "start at 1");
	BAD(f->place_floor->expires_us++, "within 604800 s");
	BAD(f->place_floor->expires_us = 0, "within 604800 s");
#undef BAD
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_timestamp_says_what_is_current),
	        T(refuses_12_another_role_for_a_timestamp),
	        T(refuses_15_an_older_timestamp),
	        T(refuses_19_an_expired_timestamp_to_the_microsecond),
	        T(refuses_20_a_timestamp_from_the_future),
	        T(refuses_21_another_environments_timestamp),
	        T(an_expired_root_vouches_for_no_timestamp),
	        T(refuses_a_timestamp_that_is_not_well_formed),
	        T(a_floor_lets_a_place_begin_again),
	        T(a_floor_is_signed_by_the_roots_holders),
	        T(a_floor_is_for_one_place),
	        T(refuses_a_floor_that_is_not_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
