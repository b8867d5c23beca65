// Reading frames, the shipped mark, and the deletion of what was shipped.
#include "support.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <unistd.h>

static uint64_t last_of(Str frames)
{
	JournalRecord record = {0};
	while (frames.len > 0)
		assert_int_equal(journal_record_parse(&frames, &record), OK);
	return record.sequence;
}

static void frames_come_whole_in_order_and_within_the_limit(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 3000);
	uint64_t incarnation = journal_incarnation(journal), next = 1;
	while (next <= 3000) {
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
		Str frames = {0};
		uint64_t count = 0;
		assert_int_equal(journal_read(journal, incarnation, next, 1000, arena, &frames, &count), OK);
		assert_true(count > 0 && frames.len <= 1000);
		assert_int_equal(last_of(frames), next + count - 1);
		next += count;
	}
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Str frames = {0};
	uint64_t count = 1;
	assert_int_equal(journal_read(journal, incarnation, 3001, 1000, arena, &frames, &count), OK);
	assert_int_equal(count, 0);
	assert_int_equal(journal_read(journal, incarnation, 7, 10, arena, &frames, &count), ERR_LIMIT);
	assert_int_equal(
	        journal_read(journal, incarnation, 1777, 1000, arena, &frames, &count), OK); // anywhere
	assert_int_equal(last_of(frames), 1776 + count);
	journal_close(journal);
	test_dir_remove(&dir);
}

static void what_is_shipped_is_deleted_and_remembered(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 4000);
	uint64_t first_life = journal_incarnation(journal);
	size_t files = test_files(&dir, ".segment");
	assert_true(files >= 3);
	assert_int_equal(journal_shipped(journal, first_life, 2000), OK);
	assert_true(test_files(&dir, ".segment") < files);
	assert_int_equal(journal_shipped(journal, first_life, 1500), OK); // an old message changes nothing
	assert_int_equal(journal_shipped_sequence(journal, first_life), 2000);
	assert_int_equal(
	        journal_shipped(journal, first_life, 2001), OK); // deletes nothing, so it is kept at close
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Str frames = {0};
	uint64_t count = 0;
	assert_int_equal(journal_read(journal, first_life, 2001, 1000, arena, &frames, &count), OK);
	assert_true(count > 0);
	assert_int_equal(
	        journal_read(journal, first_life, 1, 1000, arena, &frames, &count), ERR_JOURNAL_CORRUPT);
	journal_close(journal);

	journal = test_open(&options);
	assert_int_equal(journal_shipped_sequence(journal, first_life), 2001);
	test_append_many(journal, 1, 10);
	assert_int_equal(journal_next_incarnation(journal, 0), first_life);
	assert_int_equal(journal_next_incarnation(journal, first_life), journal_incarnation(journal));
	assert_int_equal(journal_shipped(journal, first_life, 4000), OK);
	assert_int_equal(journal_next_incarnation(journal, 0), journal_incarnation(journal));
	assert_int_equal(test_files(&dir, ".segment"), 1);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.used_bytes < 1000);
	journal_close(journal);
	test_dir_remove(&dir);
}

static void what_is_retained_waits_until_it_is_covered(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	options.retain = true;
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 4000);
	uint64_t first_life = journal_incarnation(journal);
	size_t files = test_files(&dir, ".segment");
	assert_int_equal(journal_shipped(journal, first_life, 3000), OK);
	assert_int_equal(test_files(&dir, ".segment"), files);
	assert_int_equal(journal_covered(journal, first_life, 2000), OK);
	size_t left = test_files(&dir, ".segment");
	assert_true(left < files);
	assert_true(journal_first(journal, first_life) > 1);
	assert_true(journal_first(journal, first_life) <= 2001);
	assert_int_equal(journal_covered(journal, first_life, 4000), OK); // but it is not shipped
	assert_true(test_files(&dir, ".segment") < left);
	assert_true(journal_first(journal, first_life) <= 3001);
	journal_close(journal);

	journal = test_open(&options);
	test_append_many(journal, 1, 10);
	left = test_files(&dir, ".segment");
	assert_int_equal(journal_covered(journal, journal_incarnation(journal), 0), OK);
	assert_int_equal(test_files(&dir, ".segment"), left); // what was shipped is a hint in the next life
	assert_int_equal(journal_shipped(journal, first_life, 4000), OK);
	assert_int_equal(test_files(&dir, ".segment"), 1);
	assert_int_equal(journal_first(journal, first_life), 0);
	journal_close(journal);
	test_dir_remove(&dir);
}

static void a_life_is_above_what_its_owner_remembers(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	options.after = UINT64_C(4000000000) << 31; // of a clock that was far ahead
	Journal *journal = test_open(&options);
	assert_true(journal_incarnation(journal) > options.after);
	journal_close(journal);
	test_dir_remove(&dir);
}

static void the_lag_is_known_once_older_lives_are_shipped(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	uint64_t older = journal_incarnation(journal);
	test_append_many(journal, 1, 10);
	journal_close(journal);
	journal = test_open(&options);
	uint64_t life = journal_incarnation(journal);
	test_append_many(journal, 1, 10);
	assert_int_equal(journal_lag_us(journal), -1);
	assert_int_equal(journal_shipped(journal, older, 10), OK);
	assert_int_equal(journal_lag_us(journal), -1);
	assert_int_equal(journal_shipped(journal, life, 4), OK); // what is left may be of any time before
	assert_int_equal(journal_lag_us(journal), -1);
	int64_t told_us = monotonic_us();
	test_append_many(journal, 11, 10);
	assert_int_equal(journal_shipped(journal, life, 10), OK); // all that was there when 4 was told
	int64_t passed_us = monotonic_us() - told_us;
	assert_true(journal_lag_us(journal) >= passed_us);
	assert_int_equal(journal_shipped(journal, life, 20), OK);
	assert_int_equal(journal_lag_us(journal), 0);
	test_append_many(journal, 21, 1);
	assert_true(journal_lag_us(journal) > 0);
	assert_int_equal(journal_shipped(journal, life, 3), OK); // the receiver was set back
	assert_int_equal(journal_lag_us(journal), -1);
	journal_close(journal);
	test_dir_remove(&dir);
}

static void damaged_marks_are_no_marks(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 10);
	uint64_t first_life = journal_incarnation(journal);
	assert_int_equal(journal_shipped(journal, first_life, 5), OK);
	journal_close(journal);
	char path[256];
	snprintf(path, sizeof path, "%s/shipped", dir.path);
	test_write_file(path, STR("17 and something else\n"));
	journal = test_open(&options);
	assert_int_equal(journal_shipped_sequence(journal, first_life), 0);
	journal_close(journal);
	test_dir_remove(&dir);
}

static void damage_is_never_shipped(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 10);
	char path[256];
	assert_true(test_file(&dir, ".segment", 0, path));
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Str content = test_read_file(arena, path);
	char *bytes = arena_cstr(arena, content);
	bytes[200] ^= 1;
	test_write_file(path, str_n(bytes, content.len));
	Str frames = {0};
	uint64_t count = 0;
	assert_int_equal(
	        journal_read(journal, journal_incarnation(journal), 1, 1 << 20, arena, &frames, &count),
	        ERR_JOURNAL_CORRUPT);
	journal_close(journal);
	test_dir_remove(&dir);
}

// What an owner must be rid of need not wait until the segment is full.
static void a_segment_is_ended_when_its_owner_must_be_rid_of_it(void **state)
{
	(void)state;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	char path[256];
	uint64_t files = 0;
	Journal *journal = test_open(&options);
	uint64_t life = journal_incarnation(journal);
	test_append_many(journal, 1, 10);
	assert_int_equal(journal_shipped(journal, life, 10), OK);
	assert_false(journal_rid(journal, life, 10)); // it is the one that is written
	journal_roll(journal);
	test_append_many(journal, 11, 1);
	assert_int_equal(test_files(&dir, ".segment"), 2);
	assert_int_equal(journal_shipped(journal, life, 10), OK);
	assert_true(journal_rid(journal, life, 10));
	assert_false(journal_rid(journal, life, 11));
	assert_int_equal(test_files(&dir, ".segment"), 1);
	test_append_many(journal, 12, 10); // and goes on as always
	assert_int_equal(test_files(&dir, ".segment"), 1);
	snprintf(path, sizeof path, "%s/x.quarantine", dir.path);
	test_write_file(path, STR("damaged"));
	assert_int_equal(journal_remove_quarantined(journal, &files), OK);
	assert_int_equal(files, 1);
	assert_int_equal(test_files(&dir, ".quarantine"), 0);
	journal_close(journal);
	test_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(frames_come_whole_in_order_and_within_the_limit),
	        cmocka_unit_test(what_is_shipped_is_deleted_and_remembered),
	        cmocka_unit_test(what_is_retained_waits_until_it_is_covered),
	        cmocka_unit_test(a_life_is_above_what_its_owner_remembers),
	        cmocka_unit_test(the_lag_is_known_once_older_lives_are_shipped),
	        cmocka_unit_test(damaged_marks_are_no_marks),
	        cmocka_unit_test(damage_is_never_shipped),
	        cmocka_unit_test(a_segment_is_ended_when_its_owner_must_be_rid_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
