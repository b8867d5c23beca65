// Deployments to one server: how pieces arrive, what is activated, what is refused while the old one serves,
// what is left after a restart.
#include "base/cleanup.h"
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static PlaceOnDisk place;

static int set_up(void **state)
{
	(void)state;
	place_make(&place);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	place_remove(&place);
	return 0;
}

static bool exists(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0;
}

static void a_deployed_snapshot_serves_and_outlives_a_restart(void **state)
{
	(void)state;
	assert_null(current_acquire(place.current, STR("bank")));
	assert_int_equal(current_count(place.current), 0);
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	for (int round = 0; round < 2; round++) {
		const Deployed *deployed = current_acquire(place.current, STR("bank"));
		assert_non_null(deployed);
		assert_int_equal(deployed_version(deployed), 1);
		assert_true(deployed_is_current(deployed));
		Digest digest = digest_of(place.blob);
		assert_true(digest_eq(deployed_digest(deployed), &digest));
		assert_true(plan_point(deployed_plan(deployed), STR("home-banner")) >= 0);
		current_release(deployed);
		CurrentStatus status = place_status(&place);
		assert_true(status.stable.version == 1 && !status.fallback && !*status.last_error);
		assert_int_equal(status.stable.since_us, TEST_NOW_US);
		place_close(&place);
		place.now_us += 1000000;
		place_open(&place);
	}
}

static void sending_it_again_changes_nothing(void **state)
{
	(void)state;
	bool unchanged;
	place_next(&place, 0);
	assert_int_equal(place_stage(&place), OK);
	const Deployed *deployed = NULL;
	assert_int_equal(current_activate(place.current, place.envelope, &deployed, &unchanged), OK);
	assert_false(unchanged);
	place.now_us++;
	assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged), OK);
	assert_true(unchanged && deployed_is_current(deployed));
	current_release(deployed);
}

static void versions_follow_one_another(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		place_next(&place, i);
		assert_int_equal(place_deploy(&place), OK);
		assert_int_equal(place_serves(&place), i + 1);
		place_close(&place);
		place_open(&place);
		assert_int_equal(place_serves(&place), i + 1);
	}
	place_next(&place, 9);
	place_next(&place, 10); // one was left out
	assert_int_equal(place_deploy(&place), ERR_MANIFEST_VERSION);
	assert_int_equal(place_serves(&place), 4);
	CurrentStatus status = place_status(&place);
	assert_non_null(strstr(status.last_error, "MANIFEST_VERSION: "));
	assert_int_equal(status.last_error_us, place.now_us);
}

static void blobs_that_nobody_needs_are_removed(void **state)
{
	(void)state;
	const char *files[4];
	for (unsigned i = 0; i < 4; i++) {
		place_next(&place, i);
		files[i] = place_blob_file(&place, "");
		assert_int_equal(place_deploy(&place), OK);
	}
	assert_false(exists(files[0]) || exists(files[1]));
	assert_true(exists(files[2]) && exists(files[3]));
}

static void the_same_content_is_deployed_without_sending_it(void **state)
{
	(void)state;
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	place_next(&place, 0);
	uint64_t received;
	Digest digest = digest_of(place.blob);
	assert_int_equal(current_stage(place.current, &digest, place.blob.len, 0, (Str){0}, &received), OK);
	assert_int_equal(received, place.blob.len);
	bool unchanged;
	assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged), OK);
	assert_int_equal(place_serves(&place), 2);
}

// --- pieces ---

static void pieces_go_on_where_they_ended(void **state)
{
	(void)state;
	place_next(&place, 0);
	Digest digest = digest_of(place.blob);
	uint64_t length = place.blob.len, received;
	bool unchanged;
	assert_int_equal(
	        current_activate(place.current, place.envelope, NULL, &unchanged), ERR_BLOB_INCOMPLETE);
	assert_int_equal(
	        current_stage(place.current, &digest, length, 0, str_n(place.blob.ptr, 100), &received), OK);
	assert_int_equal(received, 100);
	place_close(&place);
	place_open(&place);
	assert_int_equal(current_stage(place.current, &digest, length, 0, (Str){0}, &received), OK);
	assert_int_equal(received, 100);
	// What was sent before is skipped, what is beyond is refused.
	assert_int_equal(current_stage(place.current, &digest, length, 50, str_n("XXXXX", 5), &received), OK);
	assert_int_equal(received, 100);
	assert_int_equal(
	        current_stage(place.current, &digest, length, 50, str_n(place.blob.ptr + 50, 100), &received),
	        OK);
	assert_int_equal(received, 150);
	assert_int_equal(current_stage(place.current, &digest, length, 151, str_n("X", 1), &received),
	        ERR_FIELD_INVALID);
	assert_string_equal(err_detail()->field, "offset");
	assert_int_equal(
	        current_activate(place.current, place.envelope, NULL, &unchanged), ERR_BLOB_INCOMPLETE);
	Str rest = str_n(place.blob.ptr + 150, place.blob.len - 150);
	assert_int_equal(current_stage(place.current, &digest, length, 150, rest, &received), OK);
	assert_int_equal(received, length);
	assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged), OK);
	assert_int_equal(place_serves(&place), 1);
}

static void a_blob_stops_at_its_length(void **state)
{
	(void)state;
	place_next(&place, 0);
	Digest digest = digest_of(place.blob);
	uint64_t received, length = place.blob.len;
	char *more = arena_cstr(place.arena, place.blob);
	assert_int_equal(current_stage(place.current, &digest, length, 0, str_n(more, length + 1), &received),
	        ERR_SNAPSHOT_LENGTH);
	assert_int_equal(current_stage(place.current, &digest, length, length, str_n("x", 1), &received),
	        ERR_SNAPSHOT_LENGTH);
	assert_int_equal(current_stage(place.current, &digest, length, UINT64_MAX, str_n("x", 1), &received),
	        ERR_SNAPSHOT_LENGTH);
	assert_int_equal(current_stage(place.current, &digest, 0, 0, (Str){0}, &received), ERR_FIELD_INVALID);
	assert_int_equal(
	        current_stage(place.current, &digest, (uint64_t)SNAPSHOT_MAX + 1, 0, (Str){0}, &received),
	        ERR_FIELD_INVALID);
	// A sender that says it is longer than it is: the manifest knows better.
	assert_int_equal(
	        current_stage(place.current, &digest, length + 1, 0, str_n(more, length + 1), &received), OK);
	bool unchanged;
	assert_int_equal(
	        current_activate(place.current, place.envelope, NULL, &unchanged), ERR_SNAPSHOT_LENGTH);
}

// The mistake is the manifest's: the blob is another's, and serves.
static void a_wrong_length_does_not_harm_what_serves(void **state)
{
	(void)state;
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	for (int more = -1; more <= 1; more += 2) {
		bool unchanged;
		place.version = 1;
		place_next(&place, 0); // the same content
		place.made->blobs[0]->length += (uint64_t)more;
		place_seal(&place);
		assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged),
		        ERR_SNAPSHOT_LENGTH);
		place.manifest = place.before;
		place_close(&place);
		place_open(&place);
		assert_int_equal(place_serves(&place), 1);
	}
}

static void a_blob_damaged_on_its_way_can_be_sent_again(void **state)
{
	(void)state;
	place_next(&place, 0);
	Str good = place.blob;
	Digest digest = digest_of(good);
	char *bad = arena_cstr(place.arena, good);
	bad[good.len / 2] ^= 1;
	uint64_t received;
	bool unchanged;
	assert_int_equal(
	        current_stage(place.current, &digest, good.len, 0, str_n(bad, good.len), &received), OK);
	assert_int_equal(
	        current_activate(place.current, place.envelope, NULL, &unchanged), ERR_SNAPSHOT_DIGEST);
	assert_int_equal(place_deploy(&place), OK);
}

static void transfers_given_up_do_not_pile_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		Digest digest = digest_of(str(arena_printf(place.arena, "%u", i)));
		uint64_t received;
		assert_int_equal(current_stage(place.current, &digest, 100, 0, STR("half"), &received), OK);
	}
	char *count = arena_printf(place.arena, "test $(ls %s/blobs | wc -l) -eq 8", place.dir);
	assert_int_equal(system(count), 0);
}

// --- refusals: the old one serves ---

static void what_is_not_for_here_is_refused(void **state)
{
	(void)state;
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	bool unchanged;
	Manifest *manifest = test_manifest(place.blob, 2, &place.manifest, place.arena);
	Str stranger = test_seal(manifest, 7, place.arena, NULL);
	assert_int_equal(current_activate(place.current, stranger, NULL, &unchanged), ERR_SIGNATURE_INVALID);
	manifest->environment = arena_cstr(place.arena, STR("staging"));
	Str elsewhere = test_seal(manifest, 1, place.arena, NULL);
	assert_int_equal(current_activate(place.current, elsewhere, NULL, &unchanged), ERR_MANIFEST_PLACE);
	assert_int_equal(
	        current_activate(place.current, STR("junk"), NULL, &unchanged), ERR_ENVELOPE_INVALID);
	assert_int_equal(place_serves(&place), 1);
	assert_int_equal(current_count(place.current), 1);
}

static void what_expired_is_refused_even_with_the_clock_set_back(void **state)
{
	(void)state;
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	place_next(&place, 1);
	place.now_us += INT64_C(366) * 86400 * 1000000;
	assert_int_equal(place_deploy(&place), ERR_MANIFEST_EXPIRED);
	assert_int_equal(place_serves(&place), 1);

	place.now_us = TEST_NOW_US + 5000000;
	assert_int_equal(place_deploy(&place), OK);
	place.now_us = TEST_NOW_US; // back behind what was seen: still judged by the later time
	place_close(&place);
	place_open(&place);
	assert_int_equal(place_serves(&place), 2);
}

static Err refuse(
        void *context, const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, const void **ret)
{
	(void)snapshot;
	*ret = arena_cstr(arena, STR("prepared"));
	return *(bool *)context ? err(ERR_SNAPSHOT_INVALID, "no such table") : OK;
}

static void a_snapshot_that_cannot_be_prepared_is_refused(void **state)
{
	(void)state;
	bool refusing = false;
	place_close(&place);
	place.options.prepare = refuse;
	place.options.context = &refusing;
	place_open(&place);
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	const Deployed *deployed = current_acquire(place.current, STR("bank"));
	assert_string_equal(deployed_prepared(deployed), "prepared");
	current_release(deployed);
	refusing = true;
	place_next(&place, 1);
	assert_int_equal(place_deploy(&place), ERR_SNAPSHOT_INVALID);
	assert_int_equal(place_serves(&place), 1);
	assert_string_equal(place_status(&place).last_error, "SNAPSHOT_INVALID: no such table");
}

static Err count_up(
        void *context, const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, const void **ret)
{
	(void)snapshot;
	(void)arena;
	++*(int *)context;
	*ret = context;
	return OK;
}

static void count_down(void *context, const void *prepared)
{
	assert_ptr_equal(prepared, context);
	--*(int *)context;
}

static void what_was_prepared_is_released_with_its_snapshot(void **state)
{
	static int alive;
	(void)state;
	place_close(&place);
	place.options.prepare = count_up;
	place.options.release = count_down;
	place.options.context = &alive;
	place_open(&place);
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(alive, 1);
	place_next(&place, 1);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(alive, 2);
	current_sweep(place.current);
	assert_int_equal(alive, 1);
	place_close(&place);
	assert_int_equal(alive, 0);
}

static void a_first_deployment_that_failed_leaves_nothing_in_the_way(void **state)
{
	(void)state;
	bool unchanged;
	place_next(&place, 0);
	assert_int_equal(
	        current_activate(place.current, place.envelope, NULL, &unchanged), ERR_BLOB_INCOMPLETE);
	place_close(&place);
	place_open(&place);
	assert_int_equal(place_status(&place).stable.version, 0);
	assert_string_equal(place_status(&place).last_error, "");
	assert_int_equal(place_deploy(&place), OK);
}

static void one_process_a_folder(void **state)
{
	(void)state;
	Current *second;
	assert_int_equal(current_open(&place.options, &second), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "another process"));
}

static void without_a_root_nothing_opens(void **state)
{
	(void)state;
	Current *second;
	CurrentOptions options = place.options;
	options.trusted_root = (Str){0};
	assert_int_equal(current_open(&options, &second), ERR_TRUST_EMPTY);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_deployed_snapshot_serves_and_outlives_a_restart),
	        T(sending_it_again_changes_nothing),
	        T(versions_follow_one_another),
	        T(blobs_that_nobody_needs_are_removed),
	        T(the_same_content_is_deployed_without_sending_it),
	        T(pieces_go_on_where_they_ended),
	        T(a_blob_stops_at_its_length),
	        T(a_wrong_length_does_not_harm_what_serves),
	        T(a_blob_damaged_on_its_way_can_be_sent_again),
	        T(transfers_given_up_do_not_pile_up),
	        T(what_is_not_for_here_is_refused),
	        T(what_expired_is_refused_even_with_the_clock_set_back),
	        T(a_snapshot_that_cannot_be_prepared_is_refused),
	        T(what_was_prepared_is_released_with_its_snapshot),
	        T(a_first_deployment_that_failed_leaves_nothing_in_the_way),
	        T(one_process_a_folder),
	        T(without_a_root_nothing_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
