// Who is trusted, over time: roots that follow one another, timestamps that tell what is current, floors for
// places that lost their state; and what is left of all that after a restart.
#include "base/cleanup.h"
#include "base/file.h"
#include "place.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { BUILDER = 1, NEW_BUILDER = 2 };

static const uint8_t holders[] = {TEST_ROOT_A, TEST_ROOT_B, 0};
static PlaceOnDisk place;

static int set_up(void **state)
{
	(void)state;
	place_begin(&place);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	place_remove(&place);
	return 0;
}

static Str root_of(uint64_t version, uint8_t builder, uint32_t approvals)
{
	Root *root = test_root("production", builder, approvals, place.arena);
	root->version = version;
	return test_root_seal(root, holders, place.arena);
}

static Err put_root(Str envelope)
{
	uint64_t version;
	return current_put_root(place.current, envelope, &version);
}

static uint64_t root_here(void)
{
	CurrentTrust trust;
	current_trust(place.current, &trust);
	return trust.root;
}

// --- roots ---

static void roots_follow_one_another_for_good(void **state)
{
	(void)state;
	assert_int_equal(put_root(root_of(3, BUILDER, 0)), ERR_ROOT_VERSION);
	for (uint64_t version = 2; version <= 20; version++) {
		assert_int_equal(put_root(root_of(version, BUILDER, 0)), OK);
		assert_int_equal(put_root(root_of(version, BUILDER, 0)), OK); // the very same
		place_restart(&place);
		assert_int_equal(root_here(), version);
	}
	assert_int_equal(put_root(root_of(19, BUILDER, 0)), ERR_ROOT_VERSION);
	assert_int_equal(place_serves(&place), 1);
	Parley__Runtime__V1__ListAuditHeadsResponse *kept;
	assert_int_equal(current_heads(place.current, place.arena, &kept), OK);
	assert_int_equal(kept->n_roots, CURRENT_ROOTS_MAX);
}

static void a_revoked_builder_signs_nothing_new_and_what_serves_goes_on(void **state)
{
	(void)state;
	assert_int_equal(put_root(root_of(2, NEW_BUILDER, 0)), OK);
	assert_int_equal(place_deploy(&place), ERR_SIGNATURE_INVALID);
	place_restart(&place);
	assert_int_equal(place_serves(&place), 1);
	assert_int_equal(place_deploy(&place), ERR_SIGNATURE_INVALID);
	place.envelope = test_seal(place.made, NEW_BUILDER, place.arena, NULL);
	assert_int_equal(place_deploy(&place), OK);
	place_restart(&place);
	assert_int_equal(place_serves(&place), 2);
}

static void the_configured_root_may_be_ahead(void **state)
{
	(void)state;
	place.options.trusted_root = root_of(2, NEW_BUILDER, 0);
	place_restart(&place);
	assert_int_equal(root_here(), 2);
	assert_int_equal(place_serves(&place), 1); // by root 1, which is kept
	// An administrator begins anew.
	place.options.trusted_root = root_of(7, NEW_BUILDER, 0);
	place_restart(&place);
	assert_int_equal(root_here(), 7);
	// What is configured falls behind what came.
	assert_int_equal(put_root(root_of(8, NEW_BUILDER, 0)), OK);
	place_restart(&place);
	assert_int_equal(root_here(), 8);
}

static void another_root_of_a_known_version_does_not_start(void **state)
{
	(void)state;
	Current *current;
	place_close(&place);
	place.options.trusted_root = root_of(1, NEW_BUILDER, 0);
	assert_int_equal(current_open(&place.options, &current), ERR_CONFIG_INVALID);
	place.options.trusted_root = test_root_envelope("staging", BUILDER, 0, place.arena);
	assert_int_equal(current_open(&place.options, &current), ERR_CONFIG_INVALID);
	place.options.trusted_root = root_of(1, BUILDER, 0);
	place_open(&place);
}

static void an_expired_root_takes_nothing_new(void **state)
{
	(void)state;
	Root *root = test_root("production", BUILDER, 0, place.arena);
	root->version = 2;
	root->expires_us = place.now_us + 10 * INT64_C(1000000);
	assert_int_equal(put_root(test_root_seal(root, holders, place.arena)), OK);
	assert_false(place_degraded(&place, "ROOT_EXPIRED"));
	place.now_us = root->expires_us;
	assert_true(place_degraded(&place, "ROOT_EXPIRED: root 2 "));
	assert_int_equal(place_deploy(&place), ERR_ROOT_EXPIRED);
	place_restart(&place);
	assert_int_equal(place_serves(&place), 1);
	assert_int_equal(put_root(root_of(3, BUILDER, 0)), OK);
	assert_int_equal(place_deploy(&place), OK);
}

// Whoever sets the roots back, by losing their file, gets nothing that the newest root would refuse.
static void a_lost_chain_of_roots_fails_closed(void **state)
{
	(void)state;
	Str second = root_of(2, BUILDER, 0);
	assert_int_equal(put_root(second), OK);
	assert_int_equal(place_deploy(&place), OK);
	place_close(&place);
	assert_int_equal(unlink(place_trust_file(&place)), 0);
	place_open(&place);
	assert_int_equal(place_serves(&place), 0);
	assert_true(place_degraded(&place, "ROOT_LOST: channel bank"));
	place_next(&place, 3);
	assert_int_equal(place_deploy(&place), ERR_ROOT_VERSION);
	assert_int_equal(put_root(second), OK);
	assert_int_equal(place_serves(&place), 2);
	assert_int_equal(place_deploy(&place), OK);
}

static void every_byte_of_the_trust_counts(void **state)
{
	(void)state;
	Str good;
	Str second = root_of(2, BUILDER, 0);
	assert_int_equal(put_root(second), OK);
	assert_int_equal(place_deploy(&place), OK);
	place_close(&place);
	const char *path = place_trust_file(&place);
	assert_int_equal(file_read(path, 1 << 20, place.arena, &good), OK);
	char *bytes = arena_cstr(place.arena, good);
	for (size_t i = 0; i < good.len; i += 7) {
		bytes[i] ^= (char)(1 << (i % 8));
		assert_int_equal(file_write_durable(path, str_n(bytes, good.len), 0600), OK);
		bytes[i] ^= (char)(1 << (i % 8));
		place_open(&place);
		assert_int_equal(place_serves(&place), 0);
		assert_true(place_degraded(&place, "TRUST_LOST"));
		assert_int_equal(put_root(second), OK);
		assert_int_equal(place_serves(&place), 2);
		place_close(&place);
	}
	place_open(&place);
}

// --- timestamps ---

static Timestamp *timestamp_at(uint64_t version)
{
	return test_timestamp("production", version, place.now_us, place.arena);
}

static Err put_timestamp(const Timestamp *timestamp)
{
	uint64_t version;
	return current_put_timestamp(
	        place.current, test_timestamp_seal(timestamp, TEST_TIMESTAMP, place.arena), &version);
}

static void a_timestamp_names_what_is_current(void **state)
{
	(void)state;
	assert_true(place_degraded(&place, "TIMESTAMP_MISSING"));
	Timestamp *timestamp = timestamp_at(5);
	test_timestamp_add(timestamp, place.made, &place.manifest, place.arena);
	assert_int_equal(put_timestamp(timestamp), OK);
	assert_int_equal(put_timestamp(timestamp), OK);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(place_status(&place).current, 2);
		assert_true(place_degraded(&place, "BEHIND: version 2 of channel bank"));
		assert_int_equal(put_timestamp(timestamp_at(4)), ERR_TIMESTAMP_VERSION);
		place_restart(&place);
	}
	assert_int_equal(place_deploy(&place), OK);
	assert_false(place_degraded(&place, NULL));
}

// That names another manifest of version 2 than the one that was made.
static Timestamp *contradicting(void)
{
	Manifest *other = test_manifest(place.blob, 2, &place.before, place.arena);
	Digest digest;
	other->comment = arena_cstr(place.arena, STR("another"));
	test_seal(other, BUILDER, place.arena, &digest);
	Timestamp *timestamp = timestamp_at(1);
	test_timestamp_add(timestamp, other, &digest, place.arena);
	return timestamp;
}

static void another_manifest_than_the_timestamp_names_is_refused(void **state)
{
	(void)state;
	assert_int_equal(put_timestamp(contradicting()), OK);
	assert_int_equal(place_deploy(&place), ERR_MANIFEST_VERSION);
	assert_int_equal(place_serves(&place), 1);
}

static void a_timestamp_that_names_another_than_was_taken_is_refused(void **state)
{
	(void)state;
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(put_timestamp(contradicting()), ERR_TIMESTAMP_INVALID);
	assert_int_equal(place_serves(&place), 2);
}

static void an_expired_timestamp_degrades_and_serving_goes_on(void **state)
{
	(void)state;
	Timestamp *timestamp = timestamp_at(1);
	assert_int_equal(put_timestamp(timestamp), OK);
	assert_false(place_degraded(&place, NULL));
	place.now_us = timestamp->expires_us;
	assert_true(place_degraded(&place, "TIMESTAMP_EXPIRED: timestamp 1 "));
	assert_int_equal(place_serves(&place), 1);
	place_restart(&place);
	assert_true(place_degraded(&place, "TIMESTAMP_EXPIRED: timestamp 1 "));
	assert_int_equal(put_timestamp(timestamp), OK); // the very same: known
	assert_int_equal(put_timestamp(timestamp_at(2)), OK);
	assert_false(place_degraded(&place, NULL));
}

static void heads_of_the_audit_are_kept_once_each(void **state)
{
	(void)state;
	for (uint64_t version = 1; version <= 3 * CURRENT_HEADS_MAX; version++) {
		Timestamp *timestamp = timestamp_at(version);
		timestamp->audit->sequence = version / 2;
		assert_int_equal(put_timestamp(timestamp), OK);
	}
	place_restart(&place);
	Parley__Runtime__V1__ListAuditHeadsResponse *kept;
	assert_int_equal(current_heads(place.current, place.arena, &kept), OK);
	assert_int_equal(kept->n_timestamps, CURRENT_HEADS_MAX);
	CurrentTrust trust;
	current_trust(place.current, &trust);
	assert_int_equal(trust.timestamp, 3 * CURRENT_HEADS_MAX);
}

static void versions_of_a_revoked_timestamp_key_count_no_longer(void **state)
{
	(void)state;
	assert_int_equal(put_timestamp(timestamp_at(UINT64_MAX)), OK); // by a thief
	Root *root = test_root("production", BUILDER, 0, place.arena);
	static const uint8_t key = 99;
	static const char *const holder[] = {"design-server"};
	root->version = 2;
	root->timestamp = test_role(&key, holder, 1, 1, place.arena);
	assert_int_equal(put_root(test_root_seal(root, holders, place.arena)), OK);
	assert_true(place_degraded(&place, "TIMESTAMP_MISSING"));
	uint64_t version;
	assert_int_equal(current_put_timestamp(place.current,
	                         test_timestamp_seal(timestamp_at(7), 99, place.arena), &version),
	        OK);
	place_restart(&place);
	assert_false(place_degraded(&place, NULL));
}

// --- floors ---

static Err put_floor(const char *runtime, uint64_t version)
{
	Floor *floor = test_floor("production", runtime, "bank", 1, version, place.now_us, place.arena);
	return current_put_floor(place.current, test_floor_seal(floor, holders, place.arena));
}

static void a_channel_that_lost_its_state_needs_a_floor(void **state)
{
	(void)state;
	assert_int_equal(put_floor("r1", 1), ERR_FLOOR_INVALID); // nothing was lost
	assert_int_equal(place_deploy(&place), OK);
	place_close(&place);
	assert_int_equal(unlink(place_state_file(&place)), 0);
	place_open(&place);
	assert_int_equal(place_serves(&place), 0);
	assert_true(place_status(&place).state_lost && place_degraded(&place, "STATE_LOST: channel bank"));
	place_next(&place, 2);
	assert_int_equal(place_deploy(&place), ERR_STATE_CORRUPT);
	assert_int_equal(put_floor("r2", 3), ERR_FLOOR_INVALID);
	assert_int_equal(put_floor("r1", 4), OK);
	assert_int_equal(put_floor("r1", 4), OK);
	place_restart(&place);
	assert_false(place_status(&place).state_lost);
	assert_int_equal(place_deploy(&place), ERR_MANIFEST_VERSION); // 3 is below it
	place_next(&place, 3);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(place_serves(&place), 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(roots_follow_one_another_for_good),
	        T(a_revoked_builder_signs_nothing_new_and_what_serves_goes_on),
	        T(the_configured_root_may_be_ahead),
	        T(another_root_of_a_known_version_does_not_start),
	        T(an_expired_root_takes_nothing_new),
	        T(a_lost_chain_of_roots_fails_closed),
	        T(every_byte_of_the_trust_counts),
	        T(a_timestamp_names_what_is_current),
	        T(another_manifest_than_the_timestamp_names_is_refused),
	        T(a_timestamp_that_names_another_than_was_taken_is_refused),
	        T(an_expired_timestamp_degrades_and_serving_goes_on),
	        T(heads_of_the_audit_are_kept_once_each),
	        T(versions_of_a_revoked_timestamp_key_count_no_longer),
	        T(a_channel_that_lost_its_state_needs_a_floor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
