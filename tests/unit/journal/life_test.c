// Processes come and go: killed ones, two at a time, and one that wakes up on an old disk image.
#include "support.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 40 };

// Tells the parent what was acknowledged, as a number in one pipe write.
typedef struct Acknowledge {
	int fd;
	uint64_t number;
} Acknowledge;

static void tell_parent(void *context, Err result)
{
	Acknowledge *acknowledge = context;
	if (result == OK && write(acknowledge->fd, &acknowledge->number, sizeof acknowledge->number) < 0)
		_exit(3);
	free(acknowledge);
}

static _Noreturn void write_for_ever(const TestDir *dir, int fd, uint64_t from)
{
	JournalOptions options = test_options(dir);
	Journal *journal = NULL;
	if (journal_open(&options, &journal) != OK)
		_exit(2);
	for (uint64_t n = from;; n++) {
		Acknowledge *acknowledge = malloc(sizeof *acknowledge);
		*acknowledge = (Acknowledge){fd, n};
		char payload[32];
		snprintf(payload, sizeof payload, "number %llu", (unsigned long long)n);
		if (journal_append(journal, STR("e"), str(payload), tell_parent, acknowledge) != OK)
			_exit(4);
		if (n % 16 == 0)
			usleep(200);
	}
}

// Runs a writer until it has acknowledged at least `least` records, kills it, and returns the last number
// acknowledged.
static uint64_t run_and_kill(const TestDir *dir, uint64_t from, unsigned least, unsigned char *acknowledged)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		write_for_ever(dir, ends[1], from);
	close(ends[1]);
	uint64_t number = 0, last = from;
	for (unsigned seen = 0; read(ends[0], &number, sizeof number) == sizeof number; seen++) {
		acknowledged[number] = 1;
		last = number;
		if (seen == least)
			kill(child, SIGKILL);
	}
	close(ends[0]);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last;
}

// Whatever was acknowledged is there, once; nothing is there twice; nothing was reported as damaged.
static void killed_writers_lose_nothing_they_acknowledged(void **state)
{
	(void)state;
	TestDir dir = test_dir_in_memory();
	unsigned seed = (unsigned)time(NULL);
	print_message("seed %u\n", seed);
	enum { MOST = 1 << 20 };
	unsigned char *acknowledged = calloc(MOST, 1), *found = calloc(MOST, 1);
	uint64_t next = 1;
	for (int i = 0; i < KILLS; i++)
		next = run_and_kill(&dir, next, (unsigned)rand_r(&seed) % 300, acknowledged) + 5000;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	JournalStatus status;
	journal_status(journal, &status);
	assert_true(status.quarantined_parts == 0 && status.lost_sequences == 0);
	TestContent content = test_content(journal, arena);
	for (size_t i = 0; i < content.count; i++) {
		unsigned long long number = 0;
		assert_int_equal(
		        sscanf(arena_cstr(arena, content.records[i].payload), "number %llu", &number), 1);
		assert_int_equal(found[number]++, 0);
	}
	for (size_t n = 0; n < MOST; n++)
		assert_true(!acknowledged[n] || found[n]);
	journal_close(journal);
	free(acknowledged);
	free(found);
	test_dir_remove(&dir);
}

static void the_second_process_is_refused(void **state)
{
	(void)state;
	TestDir dir = test_dir_in_memory();
	JournalOptions options = test_options(&dir);
	int ends[2], back[2];
	assert_true(pipe(ends) == 0 && pipe(back) == 0);
	pid_t child = fork();
	if (child == 0) {
		Journal *journal = NULL;
		char go = 0;
		bool good = journal_open(&options, &journal) == OK && write(ends[1], "x", 1) == 1 &&
		            read(back[0], &go, 1) == 1;
		journal_close(journal);
		_exit(good ? 0 : 1);
	}
	char ready = 0;
	assert_int_equal(read(ends[0], &ready, 1), 1);
	Journal *journal = NULL;
	assert_int_equal(journal_open(&options, &journal), ERR_JOURNAL_LOCKED);
	assert_int_equal(write(back[1], "x", 1), 1);
	int status = 1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	journal = test_open(&options);
	assert_int_equal(
	        journal_open(&options, &(Journal *){NULL}), ERR_JOURNAL_LOCKED); // nor the same one twice
	journal_close(journal);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(back[i]);
	}
	test_dir_remove(&dir);
}

static int64_t read_int(void *context)
{
	return *(const int64_t *)context;
}

static uint64_t live_once(const TestDir *dir, int64_t now_us)
{
	Clock clock = {read_int, &now_us};
	JournalOptions options = test_options(dir);
	options.clock = &clock;
	Journal *journal = test_open(&options);
	test_append_many(journal, 1, 3);
	uint64_t incarnation = journal_incarnation(journal);
	journal_close(journal);
	return incarnation;
}

static void every_life_has_a_later_number_whatever_the_clock_says(void **state)
{
	(void)state;
	static const int64_t year = 365 * 86400 * US_PER_S, now = 56 * 365 * 86400 * US_PER_S;
	const int64_t clocks[] = {
	        now, now, now + 3600 * US_PER_S, now - 3600 * US_PER_S, now + year, now - year, -1};
	TestDir dir = test_dir_in_memory();
	uint64_t before = 0;
	for (size_t i = 0; i < ARRAY_COUNT(clocks); i++) {
		uint64_t incarnation = live_once(&dir, clocks[i]);
		assert_true(incarnation > before && incarnation <= INT64_MAX);
		before = incarnation;
	}
	test_dir_remove(&dir);
}

// The image is taken, life goes on, the image is put back and the clock too: the new life must not reuse the
// number that the design server already knows.
static void an_old_image_gets_a_number_of_its_own(void **state)
{
	(void)state;
	const int64_t now = 1700000000 * US_PER_S;
	TestDir dir = test_dir_in_memory();
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	live_once(&dir, now);
	char path[256], later[256];
	assert_true(test_file(&dir, ".segment", 0, path));
	Str image = test_read_file(arena, path);
	uint64_t shipped_life = live_once(&dir, now + US_PER_S);
	assert_true(test_file(&dir, ".segment", 1, later));
	assert_int_equal(unlink(later), 0);
	test_write_file(path, image);
	uint64_t restored_life = live_once(&dir, now + US_PER_S);
	assert_true(restored_life != shipped_life);
	JournalOptions options = test_options(&dir);
	Journal *journal = test_open(&options);
	TestContent content = test_content(journal, arena);
	assert_int_equal(content.count, 6);
	journal_close(journal);
	test_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(killed_writers_lose_nothing_they_acknowledged),
	        cmocka_unit_test(the_second_process_is_refused),
	        cmocka_unit_test(every_life_has_a_later_number_whatever_the_clock_says),
	        cmocka_unit_test(an_old_image_gets_a_number_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
