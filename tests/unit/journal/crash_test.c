// Power failure before every single disk call: a child writes, rolls segments, ships and closes on a disk
// that forgets what was not synced, and ends before its n-th call. Then what it acknowledged must be there
// and nothing may look damaged. The same with a folder that needs repair, so that recovery is cut off
// everywhere too.
#include "faults.h"
#include "support.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 90, PAYLOAD = 2000 };

static void payload_of(uint64_t n, char payload[PAYLOAD])
{
	memset(payload, 'p', PAYLOAD);
	snprintf(payload, PAYLOAD, "number %llu", (unsigned long long)n);
}

static Faults faults; // the child's; must outlive it

// What the child does; every acknowledged number goes to `fd`. Ends with _exit(0), or with 9 where the power
// failed.
static _Noreturn void child_life(const TestDir *dir, long calls, int fd)
{
	faults_init(&faults);
	faults.drop_unsynced = true;
	atomic_store(&faults.calls_left, calls);
	JournalOptions options = test_options(dir);
	options.io = &faults.io;
	Journal *journal = NULL;
	if (journal_open(&options, &journal) != OK)
		_exit(2);
	for (uint64_t n = 1; n <= RECORDS; n += 10) {
		char payload[PAYLOAD];
		for (uint64_t i = n; i < n + 9; i++) {
			payload_of(i, payload);
			(void)journal_append(journal, STR("e"), str_n(payload, PAYLOAD), NULL, NULL);
		}
		payload_of(n + 9, payload);
		if (test_append(journal, "e", str_n(payload, PAYLOAD)) != OK)
			_exit(3);
		uint64_t all = n + 9;
		if (write(fd, &all, sizeof all) != sizeof all)
			_exit(4);
		if (n == 41 && journal_shipped(journal, journal_incarnation(journal), 40) != OK)
			_exit(5);
	}
	journal_close(journal);
	_exit(0);
}

// Returns the child's exit status; the last acknowledged number in *ret_last.
static int crash_after(const TestDir *dir, long calls, uint64_t *ret_last)
{
	int ends[2], status = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		child_life(dir, calls, ends[1]);
	close(ends[1]);
	uint64_t number = 0;
	*ret_last = 0;
	while (read(ends[0], &number, sizeof number) == sizeof number)
		*ret_last = number;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

// The life after `past`, if it got that far, has everything up to `last`, but for what was shipped and
// deleted.
static void check_last_life(const TestContent *content, uint64_t past, uint64_t last)
{
	uint64_t found = 0;
	for (size_t i = 0; i < content->count; i++) {
		const JournalRecord *record = &content->records[i];
		if (record->incarnation <= past || record->lost_until != 0)
			continue;
		char payload[PAYLOAD];
		payload_of(record->sequence, payload);
		assert_true(str_eq(record->payload, str_n(payload, PAYLOAD)));
		assert_true(found == 0 || record->sequence == found + 1);
		assert_true(found != 0 || record->sequence <= 41);
		found = record->sequence;
	}
	assert_true(found >= last);
}

static TestContent content_from_oldest(Journal *journal, Arena *arena)
{
	TestContent content = {ARENA_ARRAY(arena, JournalRecord, 4096), 0};
	for (uint64_t inc = 0; (inc = journal_next_incarnation(journal, inc)) != 0;)
		for (uint64_t next = 1, count = 1; count > 0;) {
			Str frames = {0};
			Err e = journal_read(journal, inc, next, 1 << 20, arena, &frames, &count);
			if (e == ERR_JOURNAL_CORRUPT && next == 1) { // shipped up to there
				next = journal_shipped_sequence(journal, inc);
				while (journal_read(journal, inc, next, 1 << 20, arena, &frames, &count) ==
				        OK)
					next--;
				next++;
				continue;
			}
			assert_int_equal(e, OK);
			while (frames.len > 0) {
				JournalRecord *record = &content.records[content.count++];
				assert_int_equal(journal_record_parse(&frames, record), OK);
				next = (record->lost_until ? record->lost_until : record->sequence) + 1;
			}
		}
	return content;
}

static void the_power_fails_before_every_call(void **state)
{
	(void)state;
	int status = 9;
	for (long calls = 0; status == 9; calls++) {
		TestDir dir = test_dir_in_memory();
		uint64_t last = 0;
		status = crash_after(&dir, calls, &last);
		assert_true(status == 0 || status == 9);
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
		JournalOptions options = test_options(&dir);
		Journal *journal = test_open(&options);
		JournalStatus found;
		journal_status(journal, &found);
		assert_true(found.quarantined_parts == 0 && found.lost_sequences == 0);
		TestContent content = content_from_oldest(journal, arena);
		check_last_life(&content, 0, last);
		journal_close(journal);
		test_dir_remove(&dir);
		assert_true(calls < 1000);
		if (status == 0)
			print_message("%ld calls\n", calls);
	}
}

// A past life of three records whose second is damaged.
static uint64_t damaged_past(const TestDir *dir, Arena *arena)
{
	JournalOptions options = test_options(dir);
	Journal *journal = test_open(&options);
	uint64_t incarnation = journal_incarnation(journal);
	test_append_many(journal, 1, 3);
	journal_close(journal);
	char path[256];
	assert_true(test_file(dir, ".segment", 0, path));
	Str content = test_read_file(arena, path);
	char *bytes = arena_cstr(arena, content);
	bytes[content.len / 2] ^= 1;
	test_write_file(path, str_n(bytes, content.len));
	return incarnation;
}

static void the_power_fails_during_a_repair(void **state)
{
	(void)state;
	for (long calls = 0; calls < 24; calls++) {
		TestDir dir = test_dir_in_memory();
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
		uint64_t past = damaged_past(&dir, arena), last = 0;
		assert_int_equal(crash_after(&dir, calls, &last), 9);
		JournalOptions options = test_options(&dir);
		Journal *journal = test_open(&options);
		TestContent content = content_from_oldest(journal, arena);
		assert_true(content.count >= 3);
		assert_int_equal(content.records[0].lost_until, 0);
		assert_int_equal(content.records[1].lost_until, 2);
		assert_true(str_eq(content.records[2].payload, STR("record 3")));
		check_last_life(&content, past, last);
		assert_int_equal(test_files(&dir, ".quarantine"), 1);
		journal_close(journal);
		test_dir_remove(&dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_power_fails_before_every_call),
	        cmocka_unit_test(the_power_fails_during_a_repair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
