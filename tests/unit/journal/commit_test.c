// Group commit, and what happens when the disk or the quota says no.
#include "faults.h"
#include "support.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 8, EACH = 500 };

static void count_poison(void *context, const ErrDetail *why)
{
	assert_int_equal(why->id, ERR_JOURNAL_FAILED);
	atomic_fetch_add((_Atomic int *)context, 1);
}

static void count_ok(void *context, Err result)
{
	if (result == OK)
		atomic_fetch_add((_Atomic long *)context, 1);
}

typedef struct Setup {
	TestDir dir;
	Faults faults;
	_Atomic int poisoned;
	JournalOptions options;
	Arena *arena;
} Setup;

static int begin(void **state)
{
	Setup *setup = calloc(1, sizeof *setup);
	setup->dir = test_dir();
	setup->arena = arena_new(1 << 16, 0);
	faults_init(&setup->faults);
	setup->options = test_options(&setup->dir);
	setup->options.io = &setup->faults.io;
	setup->options.on_poison = count_poison;
	setup->options.context = &setup->poisoned;
	*state = setup;
	return 0;
}

static int end(void **state)
{
	Setup *setup = *state;
	test_dir_remove(&setup->dir);
	arena_free(setup->arena);
	free(setup);
	return 0;
}

static void fail_next(Setup *setup, FaultCall call, int errno_value, long times)
{
	atomic_store(&setup->faults.fail_errno, errno_value);
	atomic_store(&setup->faults.fail_times, times);
	atomic_store(&setup->faults.fail_call, (int)call);
}

typedef struct Appender {
	Journal *journal;
	int number;
	_Atomic long *acknowledged;
} Appender;

static void *append_each(void *context)
{
	const Appender *appender = context;
	for (int i = 0; i < EACH; i++) {
		char payload[32];
		snprintf(payload, sizeof payload, "thread %d record %d", appender->number, i);
		while (journal_append(appender->journal, STR("e"), str(payload), count_ok,
		               appender->acknowledged) != OK)
			usleep(1000); // the batch is full
	}
	return NULL;
}

static void many_threads_get_every_record_once_and_in_order(void **state)
{
	Setup *setup = *state;
	_Atomic long acknowledged = 0;
	Journal *journal = test_open(&setup->options);
	pthread_t threads[THREADS];
	Appender appenders[THREADS];
	for (int i = 0; i < THREADS; i++) {
		appenders[i] = (Appender){journal, i, &acknowledged};
		assert_int_equal(pthread_create(&threads[i], NULL, append_each, &appenders[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (journal_wait(journal, THREADS * EACH - 1, 1000) < THREADS * EACH) {
	}
	TestContent content = test_content(journal, setup->arena);
	assert_int_equal(content.count, THREADS * EACH);
	int next[THREADS] = {0};
	for (size_t i = 0; i < content.count; i++) {
		int thread = -1, record = -1;
		assert_int_equal(content.records[i].sequence, i + 1);
		assert_int_equal(sscanf(arena_cstr(setup->arena, content.records[i].payload),
		                         "thread %d record %d", &thread, &record),
		        2);
		assert_int_equal(record, next[thread]++);
	}
	journal_close(journal);
	assert_int_equal(acknowledged, THREADS * EACH);
}

static void many_records_share_a_sync(void **state)
{
	Setup *setup = *state;
	setup->options.window_us = 20 * 1000;
	Journal *journal = test_open(&setup->options);
	long before = atomic_load(&setup->faults.calls[CALL_FDATASYNC]);
	test_append_many(journal, 1, 200);
	long syncs = atomic_load(&setup->faults.calls[CALL_FDATASYNC]) - before;
	assert_true(syncs < 20);
	journal_close(journal);
}

static void append_unwaited(Journal *journal, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(journal_append(journal, STR(""), STR("ride along"), NULL, NULL), OK);
}

static void what_nobody_waits_for_rides_along(void **state)
{
	Setup *setup = *state;
	setup->options.calm_us = 600 * US_PER_S; // longer than the test may take
	Journal *journal = test_open(&setup->options);
	assert_int_equal(test_append(journal, "e-1", STR("the first begins a segment")), OK);
	append_unwaited(journal, 100);
	long before = atomic_load(&setup->faults.calls[CALL_FDATASYNC]);
	assert_int_equal(journal_durable(journal), 1);
	assert_int_equal(test_append(journal, "e-2", STR("waited for")), OK);
	assert_int_equal(journal_durable(journal), 102);
	assert_int_equal(atomic_load(&setup->faults.calls[CALL_FDATASYNC]) - before, 1);
	append_unwaited(journal, 10);
	journal_close(journal);
	journal = test_open(&setup->options);
	assert_int_equal(test_content(journal, setup->arena).count, 112);
	journal_close(journal);
}

static void what_nobody_waits_for_is_written_soon(void **state)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	append_unwaited(journal, 1);
	while (journal_wait(journal, 0, 1000) < 1) {
	}
	journal_close(journal);
	setup->options.calm_us = 600 * US_PER_S;
	journal = test_open(&setup->options);
	append_unwaited(journal, 60 * 1024); // more than the committer leaves alone
	while (journal_wait(journal, 0, 1000) < 1) {
	}
	journal_close(journal);
}

static void closing_commits_what_is_pending(void **state)
{
	Setup *setup = *state;
	_Atomic long acknowledged = 0;
	setup->options.window_us = 10 * US_PER_S;
	Journal *journal = test_open(&setup->options);
	for (int i = 0; i < 10; i++)
		assert_int_equal(
		        journal_append(journal, STR("e"), STR("pending"), count_ok, &acknowledged), OK);
	journal_close(journal);
	assert_int_equal(acknowledged, 10);
}

static void a_failed_sync_poisons(void **state)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	assert_int_equal(test_append(journal, "e-1", STR("good")), OK);
	fail_next(setup, CALL_FDATASYNC, EIO, 1); // once: a retry would succeed, and lie
	assert_int_equal(test_append(journal, "e-2", STR("bad")), ERR_JOURNAL_FAILED);
	assert_non_null(strstr(err_detail()->message, "must stop"));
	assert_int_equal(test_append(journal, "e-3", STR("later")), ERR_JOURNAL_FAILED);
	assert_int_equal(journal_append(journal, STR(""), STR("later"), NULL, NULL), ERR_JOURNAL_FAILED);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.poisoned);
	assert_int_equal(journal_durable(journal), 1);
	TestContent content = test_content(journal, setup->arena);
	assert_int_equal(content.count, 1);
	journal_close(journal);
	assert_int_equal(setup->poisoned, 1);

	journal = test_open(&setup->options); // the next life goes on
	assert_int_equal(test_append(journal, "e-4", STR("new life")), OK);
	content = test_content(journal, setup->arena);
	assert_true(test_has(&content, STR("good")) && test_has(&content, STR("new life")));
	journal_close(journal);
}

static void a_failed_write_poisons(void **state)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	fail_next(setup, CALL_PWRITE, EIO, 1);
	assert_int_equal(test_append(journal, "e-1", STR("bad")), ERR_JOURNAL_FAILED);
	journal_close(journal);
	assert_int_equal(setup->poisoned, 1);
}

static void wait_for_space(Journal *journal, uint64_t durable)
{
	int64_t end = monotonic_us() + 10 * US_PER_S;
	while (journal_wait(journal, durable - 1, 100) < durable)
		assert_true(monotonic_us() < end);
}

static void a_full_disk_refuses_and_goes_on_when_there_is_room(void **state, FaultCall call)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	fail_next(setup, call, ENOSPC, -1);
	assert_int_equal(test_append(journal, "e-1", STR("waits for room")), ERR_JOURNAL_FULL);
	assert_true(err_detail()->retry_after_ms > 0);
	assert_int_equal(test_append(journal, "e-2", STR("refused")), ERR_JOURNAL_FULL);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.disk_full && !status.poisoned);
	fail_next(setup, CALL_NONE, 0, 0);
	wait_for_space(journal, 1);
	assert_int_equal(test_append(journal, "e-3", STR("there is room again")), OK);
	TestContent content = test_content(journal, setup->arena);
	assert_int_equal(content.count, 2);
	assert_true(str_eq(content.records[0].payload, STR("waits for room")));
	assert_true(str_eq(content.records[1].payload, STR("there is room again")));
	journal_close(journal);
	assert_int_equal(setup->poisoned, 0);
}

static void a_full_disk_at_a_new_segment(void **state)
{
	a_full_disk_refuses_and_goes_on_when_there_is_room(state, CALL_FALLOCATE);
}

static void a_full_disk_at_a_write(void **state)
{
	a_full_disk_refuses_and_goes_on_when_there_is_room(state, CALL_PWRITE);
}

static void a_journal_closes_on_a_full_disk(void **state)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	fail_next(setup, CALL_FALLOCATE, ENOSPC, -1);
	assert_int_equal(test_append(journal, "e-1", STR("never fits")), ERR_JOURNAL_FULL);
	journal_close(journal);
	assert_int_equal(setup->poisoned, 0);
	assert_int_equal(test_files(&setup->dir, ".segment"), 0);
}

static void short_and_interrupted_calls_are_carried_on(void **state)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	atomic_store(&setup->faults.short_writes, 300);
	atomic_store(&setup->faults.interrupts, 50);
	test_append_many(journal, 1, 20);
	atomic_store(&setup->faults.interrupts, 3);
	TestContent content = test_content(journal, setup->arena);
	assert_int_equal(content.count, 20);
	assert_true(test_has(&content, STR("record 20")));
	journal_close(journal);
}

// Without shipping: at 70 % who must last is refused, at 100 % everybody.
static void the_quota_refuses_in_two_steps(void **state)
{
	Setup *setup = *state;
	setup->options.quota_bytes = 4 * TEST_SEGMENT;
	Journal *journal = test_open(&setup->options);
	static const char filler[1000] = {0};
	Str payload = str_n(filler, sizeof filler);
	Err e = OK;
	long durable = 0, all = 0;
	while ((e = test_append(journal, "e", payload)) == OK)
		durable++;
	assert_false(journal_is_crowded(journal));
	assert_int_equal(e, ERR_JOURNAL_FULL);
	assert_true(err_detail()->retry_after_ms > 0);
	assert_non_null(strstr(err_detail()->message, "design server"));
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.used_bytes <= setup->options.quota_bytes * 7 / 10);
	assert_true(status.used_bytes > setup->options.quota_bytes * 7 / 10 - 2000);
	for (all = durable; journal_append(journal, STR(""), payload, NULL, NULL) == OK; all++)
		assert_true(journal_is_crowded(journal));
	journal_status(journal, &status);
	assert_true(status.used_bytes <= setup->options.quota_bytes);
	assert_true(status.used_bytes > setup->options.quota_bytes - 2000);
	wait_for_space(journal, (uint64_t)all);
	assert_true(journal_is_crowded(journal));
	assert_int_equal(journal_shipped(journal, journal_incarnation(journal), (uint64_t)all), OK);
	assert_false(journal_is_crowded(journal));
	assert_int_equal(test_append(journal, "e", payload), OK);
	journal_close(journal);
}

static void limits_are_checked(void **state)
{
	Setup *setup = *state;
	Journal *journal = test_open(&setup->options);
	Str big = str_n(arena_alloc(setup->arena, JOURNAL_PAYLOAD_MAX + 1), JOURNAL_PAYLOAD_MAX + 1);
	assert_int_equal(journal_append(journal, STR("e"), big, NULL, NULL), ERR_LIMIT);
	big.len--;
	assert_int_equal(test_append(journal, "e", big), OK);
	assert_int_equal(
	        journal_append(journal, str_n(big.ptr, JOURNAL_EVENT_ID_MAX + 1), STR("p"), NULL, NULL),
	        ERR_LIMIT);
	journal_close(journal);
	Journal *none = NULL;
	setup->options.quota_bytes = TEST_SEGMENT;
	assert_int_equal(journal_open(&setup->options, &none), ERR_CONFIG_INVALID);
	setup->options.runtime_id = STR("");
	assert_int_equal(journal_open(&setup->options, &none), ERR_CONFIG_INVALID);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

// Not with every commit, and not for records that nobody waits for.
static void zeros_are_written_ahead_where_somebody_waits(void **state)
{
	enum { RECORDS = 20 };
	Setup *setup = *state;
	_Atomic long acknowledged = 0;
	Journal *journal = test_open(&setup->options);
	const _Atomic long *writes = &setup->faults.calls[CALL_PWRITE];
	for (uint64_t i = 1; i <= 2 * RECORDS; i++) {
		bool waited = i > RECORDS;
		assert_int_equal(
		        journal_append(journal, STR("e"), STR("x"), waited ? count_ok : NULL, &acknowledged),
		        OK);
		while (journal_wait(journal, i - 1, 1000) < i) {
		}
		assert_int_equal(atomic_load(writes), (long)i + waited);
	}
	assert_int_equal(test_content(journal, setup->arena).count, 2 * RECORDS);
	journal_close(journal);
	journal = test_open(&setup->options);
	JournalStatus status;
	journal_status(journal, &status);
	assert_int_equal(status.torn_bytes + status.quarantined_parts, 0);
	assert_int_equal(test_content(journal, setup->arena).count, 2 * RECORDS);
	journal_close(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(many_threads_get_every_record_once_and_in_order),
	        STORY(many_records_share_a_sync),
	        STORY(what_nobody_waits_for_rides_along),
	        STORY(what_nobody_waits_for_is_written_soon),
	        STORY(zeros_are_written_ahead_where_somebody_waits),
	        STORY(closing_commits_what_is_pending),
	        STORY(a_failed_sync_poisons),
	        STORY(a_failed_write_poisons),
	        STORY(a_full_disk_at_a_new_segment),
	        STORY(a_full_disk_at_a_write),
	        STORY(a_journal_closes_on_a_full_disk),
	        STORY(short_and_interrupted_calls_are_carried_on),
	        STORY(the_quota_refuses_in_two_steps),
	        STORY(limits_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
