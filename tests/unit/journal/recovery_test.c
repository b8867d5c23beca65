// What a new life makes of what an earlier one left behind.
#include "support.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = 12 };

// A folder with one closed life of `count` records "record N"; its (first) segment's path and content.
typedef struct Past {
	TestDir dir;
	Arena *arena;
	char path[256];
	Str content;
	size_t ends[RECORDS + 1]; // where record N ends
} Past;

static void past_free(Past *past)
{
	test_dir_remove(&past->dir);
	arena_free(past->arena);
}

static Past past_make(uint64_t count)
{
	Past past = {.dir = test_dir_in_memory(), .arena = arena_new(1 << 16, 0)};
	JournalOptions options = test_options(&past.dir);
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, count);
	journal_close(journal);
	assert_true(test_file(&past.dir, ".segment", 0, past.path));
	past.content = test_read_file(past.arena, past.path);
	Str rest = past.content;
	JournalRecord record;
	for (size_t n = 1; n <= RECORDS && journal_record_parse(&rest, &record) == OK; n++)
		past.ends[n] = past.content.len - rest.len;
	return past;
}

static void check_records(const TestContent *content, uint64_t count)
{
	assert_int_equal(content->count, count);
	for (uint64_t n = 1; n <= count; n++) {
		char payload[32];
		snprintf(payload, sizeof payload, "record %" PRIu64, n);
		assert_int_equal(content->records[n - 1].sequence, n);
		assert_true(str_eq(content->records[n - 1].payload, str(payload)));
	}
}

// A last segment cut at any byte loses just the records that are not whole, and says how much it cut off.
static void a_tail_cut_anywhere_is_cut_off(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(RECORDS);
	for (size_t cut = past.ends[RECORDS - 3]; cut <= past.ends[RECORDS]; cut++) {
		test_write_file(past.path, str_n(past.content.ptr, cut));
		uint64_t whole = RECORDS - 3;
		while (whole < RECORDS && past.ends[whole + 1] <= cut)
			whole++;
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
		JournalOptions options = test_options(&past.dir);
		Journal *journal = test_open(&options);
		JournalStatus status;
		journal_status(journal, &status);
		TestContent content = test_content(journal, arena);
		check_records(&content, whole);
		assert_true(status.quarantined_parts == 0 && status.lost_sequences == 0);
		// Bytes that are zero cannot be told from preallocated space.
		assert_true(status.torn_bytes <= cut - past.ends[whole]);
		assert_true(cut == past.ends[whole] || cut - past.ends[whole] - status.torn_bytes < 8);
		journal_close(journal);
	}
}

static void check_damage_in_the_middle(Past *past, uint64_t hurt)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	JournalOptions options = test_options(&past->dir);
	Journal *journal = test_open(&options);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.quarantined_parts == 1 && status.lost_sequences == 1 && status.torn_bytes == 0);
	TestContent content = test_content(journal, arena);
	assert_int_equal(content.count, RECORDS);
	for (uint64_t n = 1; n <= RECORDS; n++) {
		assert_int_equal(content.records[n - 1].sequence, n);
		assert_int_equal(content.records[n - 1].lost_until, n == hurt ? n : 0);
	}
	journal_close(journal);
	char aside[256];
	assert_true(test_file(&past->dir, ".quarantine", 0, aside));
	Str kept = test_read_file(arena, aside);
	assert_int_equal(kept.len, past->ends[hurt] - past->ends[hurt - 1]);
	assert_int_equal(unlink(aside), 0);
}

static void every_flipped_bit_in_the_middle_is_quarantined(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(RECORDS);
	const uint64_t hurt = 5;
	char *bytes = arena_cstr(past.arena, past.content);
	for (size_t bit = 8 * past.ends[hurt - 1]; bit < 8 * past.ends[hurt]; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		test_write_file(past.path, str_n(bytes, past.content.len));
		check_damage_in_the_middle(&past, hurt);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
	}
}

// The next life finds the repair, not the damage.
static void a_repair_lasts(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(RECORDS);
	char *bytes = arena_cstr(past.arena, past.content);
	memset(bytes + past.ends[2], 'x', past.ends[5] - past.ends[2]);
	test_write_file(past.path, str_n(bytes, past.content.len));
	for (int life = 0; life < 3; life++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
		JournalOptions options = test_options(&past.dir);
		Journal *journal = test_open(&options);
		JournalStatus status;
		journal_status(journal, &status);
		assert_int_equal(status.quarantined_parts, life == 0 ? 1 : 0);
		TestContent content = test_content(journal, arena);
		assert_int_equal(content.count, RECORDS - 2);
		assert_true(content.records[2].sequence == 3 && content.records[2].lost_until == 5);
		assert_int_equal(content.records[3].sequence, 6);
		journal_close(journal);
	}
	assert_int_equal(test_files(&past.dir, ".quarantine"), 1);
	assert_int_equal(test_files(&past.dir, ".tmp"), 0);
}

static void damage_before_a_later_segment_is_no_torn_tail(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(4000); // several segments
	assert_true(test_files(&past.dir, ".segment") >= 3);
	test_write_file(past.path, str_n(past.content.ptr, past.content.len - 10));
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	JournalOptions options = test_options(&past.dir);
	Journal *journal = test_open(&options);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.quarantined_parts == 1 && status.lost_sequences == 1 && status.torn_bytes == 0);
	TestContent content = test_content(journal, arena);
	assert_int_equal(content.count, 4000);
	for (size_t i = 0; i < content.count; i++)
		assert_int_equal(content.records[i].sequence, i + 1);
	journal_close(journal);
}

static void a_missing_segment_is_a_loss_that_is_told(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(4000);
	char second[256], third[256];
	assert_true(
	        test_file(&past.dir, ".segment", 1, second) && test_file(&past.dir, ".segment", 2, third));
	assert_int_equal(unlink(second), 0);
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	JournalOptions options = test_options(&past.dir);
	Journal *journal = test_open(&options);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.lost_sequences > 100 && status.lost_sequences < 4000);
	TestContent content = test_content(journal, arena);
	uint64_t next = 1, losses = 0;
	for (size_t i = 0; i < content.count; i++) {
		assert_int_equal(content.records[i].sequence, next);
		losses += content.records[i].lost_until != 0;
		next = (content.records[i].lost_until ? content.records[i].lost_until : next) + 1;
	}
	assert_true(losses == 1 && next == 4001);
	journal_close(journal);
}

static void another_runtimes_journal_is_refused(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(RECORDS);
	JournalOptions options = test_options(&past.dir);
	options.runtime_id = STR("runtime-2");
	Journal *journal = NULL;
	assert_int_equal(journal_open(&options, &journal), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "runtime-1"));
	assert_null(journal);
}

static void foreign_files_are_left_alone(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make(RECORDS);
	char note[256], half[256];
	snprintf(note, sizeof note, "%s/README", past.dir.path);
	snprintf(half, sizeof half, "%.200s.tmp", past.path);
	test_write_file(note, STR("keep me"));
	test_write_file(half, STR("a replacement cut off by a crash"));
	JournalOptions options = test_options(&past.dir);
	journal_close(test_open(&options));
	assert_int_equal(access(note, F_OK), 0);
	assert_int_equal(access(half, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_tail_cut_anywhere_is_cut_off),
	        cmocka_unit_test(every_flipped_bit_in_the_middle_is_quarantined),
	        cmocka_unit_test(a_repair_lasts),
	        cmocka_unit_test(damage_before_a_later_segment_is_no_torn_tail),
	        cmocka_unit_test(a_missing_segment_is_a_loss_that_is_told),
	        cmocka_unit_test(another_runtimes_journal_is_refused),
	        cmocka_unit_test(foreign_files_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
