// Version 2 serves, version 1 is kept. Then somebody changes the files, and the server is started again.
#include "base/cleanup.h"
#include "base/file.h"
#include "place.h"

#include <fcntl.h>
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
	for (unsigned i = 0; i < 2; i++) {
		place_next(&place, i);
		assert_int_equal(place_deploy(&place), OK);
	}
	place_close(&place);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	place_remove(&place);
	return 0;
}

static Str read_file(const char *path)
{
	Str bytes;
	assert_int_equal(file_read(path, 1 << 20, place.arena, &bytes), OK);
	return bytes;
}

static void write_file(const char *path, Str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	close(fd);
}

static uint64_t restart(CurrentStatus *ret)
{
	place_open(&place);
	uint64_t version = place_serves(&place);
	*ret = place_status(&place);
	place_close(&place);
	return version;
}

// Every `stride`th byte changed in turn; the status says `reason`; `quarantine` names where the damaged file
// goes, if it does.
static void bytes_count(const char *path, size_t stride, const char *quarantine, const char *reason)
{
	Str good = read_file(path);
	char *bytes = arena_cstr(place.arena, good);
	for (size_t i = 0; i < good.len; i += stride) {
		CurrentStatus status;
		bytes[i] ^= (char)(1 << (i % 8));
		write_file(path, str_n(bytes, good.len));
		bytes[i] ^= (char)(1 << (i % 8));
		if (restart(&status) != 1 || !status.fallback || !strstr(status.last_error, reason))
			fail_msg("byte %zu: version %llu serves, '%s'", i,
			        (unsigned long long)status.stable.version, status.last_error);
		if (quarantine)
			assert_int_equal(unlink(quarantine), 0);
	}
	CurrentStatus status;
	write_file(path, good);
	assert_int_equal(restart(&status), 2);
	assert_string_equal(status.last_error, "");
}

// That every single byte counts is envelope_test's story; here it is what comes of it.
static void bytes_of_the_stored_blob_count(void **state)
{
	(void)state;
	bytes_count(
	        place_blob_file(&place, ""), 13, place_blob_file(&place, ".damaged"), "SNAPSHOT_DIGEST: ");
}

static void every_byte_of_the_stored_envelope_counts(void **state)
{
	(void)state;
	bytes_count(place_manifest_file(&place, &place.manifest), 1, NULL, ": ");
}

static void every_byte_of_the_state_counts(void **state)
{
	(void)state;
	const char *path = place_state_file(&place);
	Str good = read_file(path);
	char *bytes = arena_cstr(place.arena, good);
	CurrentStatus status;
	for (size_t i = 0; i < good.len; i++) {
		bytes[i] ^= (char)(1 << (i % 8));
		write_file(path, str_n(bytes, good.len));
		bytes[i] ^= (char)(1 << (i % 8));
		if (restart(&status) != 0 || !strstr(status.last_error, "STATE_CORRUPT: "))
			fail_msg("byte %zu of the state may change", i);
	}
	write_file(path, good);
	assert_int_equal(restart(&status), 2);
}

static void without_its_state_a_channel_takes_nothing(void **state)
{
	(void)state;
	bool unchanged;
	assert_int_equal(unlink(place_state_file(&place)), 0);
	place_open(&place);
	assert_int_equal(place_serves(&place), 0);
	assert_int_equal(
	        current_activate(place.current, place.envelope, NULL, &unchanged), ERR_STATE_CORRUPT);
	place_next(&place, 5);
	assert_int_equal(place_deploy(&place), ERR_STATE_CORRUPT);
	place_close(&place);
}

static void cut_and_grown_and_missing_files_are_damaged_files(void **state)
{
	(void)state;
	const char *paths[] = {place_blob_file(&place, ""), place_manifest_file(&place, &place.manifest)};
	CurrentStatus status;
	for (size_t i = 0; i < 2; i++) {
		Str good = read_file(paths[i]);
		write_file(paths[i], str_n(good.ptr, good.len - 1));
		assert_int_equal(restart(&status), 1);
		write_file(paths[i], str_n(good.ptr, good.len + 1)); // the NUL that file_read adds
		assert_int_equal(restart(&status), 1);
		write_file(paths[i], (Str){0});
		assert_int_equal(restart(&status), 1);
		unlink(paths[i]);
		assert_int_equal(restart(&status), 1);
		assert_true(status.fallback);
		write_file(paths[i], good);
		assert_int_equal(restart(&status), 2);
		assert_false(status.fallback);
	}
}

static void the_damaged_version_can_be_sent_again(void **state)
{
	(void)state;
	write_file(place_blob_file(&place, ""), STR("damage"));
	place_open(&place);
	assert_int_equal(place_serves(&place), 1);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(place_serves(&place), 2);
	assert_false(place_status(&place).fallback);
	place_close(&place);
	CurrentStatus status;
	assert_int_equal(restart(&status), 2);
	assert_string_equal(status.last_error, "");
	// And the one before it is still there to fall back to.
	write_file(place_manifest_file(&place, &place.manifest), STR("damage"));
	assert_int_equal(restart(&status), 1);
}

static void the_next_version_can_follow_a_damaged_one(void **state)
{
	(void)state;
	write_file(place_manifest_file(&place, &place.manifest), STR("damage"));
	place_open(&place);
	place_next(&place, 3);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(place_serves(&place), 3);
	place_close(&place);
	CurrentStatus status;
	assert_int_equal(restart(&status), 3);
	write_file(place_blob_file(&place, ""), STR("damage"));
	assert_int_equal(restart(&status), 1);
}

static void falling_back_does_not_lower_the_floor(void **state)
{
	(void)state;
	Str newest = read_file(place_manifest_file(&place, &place.manifest));
	write_file(place_manifest_file(&place, &place.manifest), STR("damage"));
	place_open(&place);
	bool unchanged;
	Str previous = read_file(place_manifest_file(&place, &place.before));
	assert_int_equal(current_activate(place.current, previous, NULL, &unchanged), ERR_MANIFEST_VERSION);
	assert_int_equal(current_activate(place.current, newest, NULL, &unchanged), OK);
	assert_int_equal(place_serves(&place), 2);
	place_close(&place);
}

static void an_old_envelope_put_back_is_refused(void **state)
{
	(void)state;
	CurrentStatus status;
	write_file(place_manifest_file(&place, &place.manifest),
	        read_file(place_manifest_file(&place, &place.before)));
	assert_int_equal(restart(&status), 1);
	assert_true(status.fallback);
	assert_non_null(strstr(status.last_error, "MANIFEST_VERSION: "));
}

// --- crashes ---

static void run_command(const char *command)
{
	assert_int_equal(system(command), 0);
}

static void keep_copy(void)
{
	run_command(arena_printf(
	        place.arena, "rm -rf %s.copy && cp -a %s %s.copy", place.dir, place.dir, place.dir));
}

static void restore_copy(void)
{
	run_command(
	        arena_printf(place.arena, "rm -rf %s && cp -a %s.copy %s", place.dir, place.dir, place.dir));
}

// The three files of an activation, in the order in which they are written: a crash after `steps` of them
// leaves so many new ones.
static void crash_after(size_t steps, const char *const paths[3], const Str after[3])
{
	restore_copy();
	for (size_t i = 0; i < steps; i++)
		write_file(paths[i], after[i]);
}

// Version 3, activated or taken as a candidate; it serves once it has been sent again.
static void crash_at_any_step(bool candidate)
{
	Str after[3];
	keep_copy();
	place_open(&place);
	place_next(&place, 7);
	assert_int_equal(candidate ? place_try(&place, CURRENT_SHARE_MAX) : place_deploy(&place), OK);
	place_close(&place);
	const char *const paths[] = {place_blob_file(&place, ""),
	        place_manifest_file(&place, &place.manifest), place_state_file(&place)};
	for (size_t i = 0; i < 3; i++)
		after[i] = read_file(paths[i]);
	for (size_t steps = 0; steps <= 3; steps++) {
		CurrentStatus status;
		crash_after(steps, paths, after);
		assert_int_equal(restart(&status), steps < 3 ? 2 : 3);
		assert_string_equal(status.last_error, "");
		place_open(&place);
		assert_int_equal(candidate ? place_try(&place, CURRENT_SHARE_MAX) : place_deploy(&place), OK);
		assert_int_equal(place_serves(&place), 3);
		place_close(&place);
	}
	run_command(arena_printf(place.arena, "rm -rf %s.copy", place.dir));
}

static void a_crash_at_any_step_leaves_files_that_load(void **state)
{
	(void)state;
	crash_at_any_step(false);
}

static void a_crash_while_a_candidate_comes_leaves_files_that_load(void **state)
{
	(void)state;
	crash_at_any_step(true);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(bytes_of_the_stored_blob_count),
	        T(every_byte_of_the_stored_envelope_counts),
	        T(every_byte_of_the_state_counts),
	        T(without_its_state_a_channel_takes_nothing),
	        T(cut_and_grown_and_missing_files_are_damaged_files),
	        T(the_damaged_version_can_be_sent_again),
	        T(the_next_version_can_follow_a_damaged_one),
	        T(falling_back_does_not_lower_the_floor),
	        T(an_old_envelope_put_back_is_refused),
	        T(a_crash_at_any_step_leaves_files_that_load),
	        T(a_crash_while_a_candidate_comes_leaves_files_that_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
