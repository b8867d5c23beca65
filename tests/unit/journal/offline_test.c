// Looking at a folder from outside: what it tells is what the next start will do, it changes nothing, and it
// can be done while a server writes.
#include "support.h"

#include "base/cleanup.h"
#include "journal/offline.h"
#include "journal/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORDS = 12, RECORD_LEAST = 48 };

static void scan_closep(JournalScan **scan)
{
	journal_scan_close(*scan);
}

// What a look at a folder's first segment found.
typedef struct Seen {
	uint64_t records, losses, damages, missing;
	int64_t tail;
	int64_t end; // where the last piece begins
} Seen;

static Seen look(const char *dir, size_t segment)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	CLEANUP(scan_closep) JournalScan *scan = NULL;
	JournalFolder folder;
	JournalPiece piece = {.found = JOURNAL_RECORD};
	Seen seen = {0};
	assert_int_equal(journal_folder_read(dir, arena, &folder), OK);
	assert_true(segment < folder.segment_count);
	assert_int_equal(journal_scan_open(&folder, segment, &scan), OK);
	while (piece.found == JOURNAL_RECORD || piece.found == JOURNAL_DAMAGE) {
		assert_int_equal(journal_scan_next(scan, false, &piece), OK);
		seen.records += piece.found == JOURNAL_RECORD;
		seen.damages += piece.found == JOURNAL_DAMAGE;
		seen.losses += piece.found == JOURNAL_RECORD && piece.record.lost_until != 0;
		if (piece.found == JOURNAL_RECORD)
			seen.missing += piece.record.sequence - piece.expected;
	}
	seen.tail = piece.bytes;
	seen.end = piece.offset;
	return seen;
}

typedef struct Past {
	TestDir dir;
	Arena *arena;
	char path[256];
	Str content;
} Past;

static void past_free(Past *past)
{
	test_dir_remove(&past->dir);
	arena_free(past->arena);
}

static Past past_make(void)
{
	Past past = {.dir = test_dir_in_memory(), .arena = arena_new(1 << 16, 0)};
	JournalOptions options = test_options(&past.dir);
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, RECORDS);
	journal_close(journal);
	assert_true(test_file(&past.dir, ".segment", 0, past.path));
	past.content = test_read_file(past.arena, past.path);
	return past;
}

// Looks, then starts a life on it, and compares.
static void check_foretold(const Past *past)
{
	Seen seen = look(past->dir.path, 0);
	JournalOptions options = test_options(&past->dir);
	Journal *journal = test_open(&options);
	JournalStatus status;
	journal_status(journal, &status);
	journal_close(journal);
	assert_int_equal(status.quarantined_parts, seen.damages);
	assert_int_equal(status.lost_sequences, seen.missing);
	assert_int_equal(status.torn_bytes, seen.tail);
}

static void clear_all(const Past *past)
{
	char path[256];
	while (test_file(&past->dir, ".quarantine", 0, path) || test_file(&past->dir, ".segment", 0, path))
		assert_int_equal(unlink(path), 0);
}

static void every_cut_is_told_as_recovery_takes_it(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make();
	for (size_t cut = past.content.len - 4 * RECORD_LEAST; cut <= past.content.len; cut++) {
		clear_all(&past);
		test_write_file(past.path, str_n(past.content.ptr, cut));
		check_foretold(&past);
	}
}

static void every_flipped_byte_is_told_as_recovery_takes_it(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make();
	for (size_t at = 2 * RECORD_LEAST; at < 5 * RECORD_LEAST; at++) {
		char *bytes = (char *)(uintptr_t)past.content.ptr;
		bytes[at] ^= 0x10;
		clear_all(&past);
		test_write_file(past.path, past.content);
		bytes[at] ^= 0x10;
		check_foretold(&past);
	}
}

// Damage that is larger than what is read at a time, with zeros in it, between two records.
static void a_long_hole_is_one_damage(void **state)
{
	(void)state;
	enum { HOLE = 3 << 20 };
	CLEANUP(past_free) Past past = past_make();
	Str rest = past.content;
	JournalRecord record;
	assert_int_equal(journal_record_parse(&rest, &record), OK);
	char *bytes = calloc(1, past.content.len + HOLE);
	assert_non_null(bytes);
	memcpy(bytes, past.content.ptr, record.frame.len);
	memcpy(bytes + record.frame.len + HOLE / 2, "PJR1 but no record", 18);
	memcpy(bytes + record.frame.len + HOLE, rest.ptr, rest.len);
	test_write_file(past.path, str_n(bytes, past.content.len + HOLE));
	free(bytes);
	Seen seen = look(past.dir.path, 0);
	assert_true(seen.records == RECORDS && seen.damages == 1 && seen.missing == 0 && seen.tail == 0);
}

static void a_loss_that_recovery_noted_is_a_record(void **state)
{
	(void)state;
	CLEANUP(past_free) Past past = past_make();
	char *bytes = (char *)(uintptr_t)past.content.ptr;
	bytes[past.content.len / 2] ^= 1;
	test_write_file(past.path, past.content);
	check_foretold(&past);
	Seen seen = look(past.dir.path, 0);
	assert_true(seen.records == RECORDS && seen.losses == 1 && seen.damages == 0 && seen.missing == 0);
}

// The server's own lock is seen, not taken; what it writes is read on at the same place.
static void a_running_journal_is_followed(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	CLEANUP(scan_closep) JournalScan *scan = NULL;
	TestDir dir = test_dir();
	JournalOptions options = test_options(&dir);
	JournalFolder folder;
	JournalPiece piece;
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 1);
	assert_int_equal(journal_folder_read(dir.path, arena, &folder), OK);
	assert_true(folder.held && folder.owner == getpid());
	assert_int_equal(folder.segment_count, 1);
	assert_int_equal(journal_scan_open(&folder, 0, &scan), OK);
	for (uint64_t n = 1; n <= 3; n++) {
		assert_int_equal(journal_scan_next(scan, true, &piece), OK);
		assert_true(piece.found == JOURNAL_RECORD && piece.record.sequence == n);
		assert_int_equal(journal_scan_next(scan, true, &piece), OK);
		assert_int_equal(piece.found, JOURNAL_END);
		test_append_many(journal, n + 1, 1);
	}
	journal_close(journal);
	assert_int_equal(journal_folder_read(dir.path, arena, &folder), OK);
	assert_false(folder.held);
	test_dir_remove(&dir);
}

static void marks_and_segments_are_listed_in_order(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	TestDir dir = test_dir_in_memory();
	JournalOptions options = test_options(&dir);
	JournalFolder folder;
	uint64_t incarnations[2];
	for (int life = 0; life < 2; life++) {
		Journal *journal = test_open(&options);
		test_append_many(journal, 1, 3000); // of several segments
		incarnations[life] = journal_incarnation(journal);
		if (life == 1)
			assert_int_equal(journal_shipped(journal, incarnations[1], 7), OK);
		journal_close(journal);
	}
	assert_int_equal(journal_folder_read(dir.path, arena, &folder), OK);
	assert_true(folder.segment_count > 2);
	assert_true(journal_folder_has_next(&folder, 0));
	assert_false(journal_folder_has_next(&folder, folder.segment_count - 1));
	for (size_t i = 1; i < folder.segment_count; i++)
		assert_true(folder.segments[i - 1].incarnation < folder.segments[i].incarnation ||
		            folder.segments[i - 1].first < folder.segments[i].first);
	assert_int_equal(journal_folder_shipped(&folder, incarnations[1]), 7);
	assert_int_equal(journal_folder_shipped(&folder, incarnations[0]), 0);
	test_dir_remove(&dir);
	assert_int_equal(journal_folder_read(dir.path, arena, &folder), ERR_RESOURCE_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_cut_is_told_as_recovery_takes_it),
	        cmocka_unit_test(every_flipped_byte_is_told_as_recovery_takes_it),
	        cmocka_unit_test(a_long_hole_is_one_damage),
	        cmocka_unit_test(a_loss_that_recovery_noted_is_a_record),
	        cmocka_unit_test(a_running_journal_is_followed),
	        cmocka_unit_test(marks_and_segments_are_listed_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
