// Snapshots are swapped under load, thousands of them, with others in between that must be refused. Stretches
// with swaps and stretches without take turns, so that both are measured on the same machine at the same time
// of day.
#include "deployer.h"
#include "process.h"
#include "rules.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	SWAPS = 10000,
	RATE = 8, // swaps a second
	RATE_MAX = 1000,
	STRETCH = 30, // swaps; stretches without are a sixth as long
	QUIET_PART = 6,
	INVALID_EVERY = 10, // swaps
	RULES_LARGE = 100000,
	RULES_LARGE_SHORT = 5000,
	JUDGED_FROM = 1000, // fewer swaps are too few to tell times and memory by
	STALL_MS = 250,
	LOWEST = 19,
};
#define OFFERED 0.7

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

typedef struct Test {
	unsigned rate;           // swaps a second
	unsigned swaps, invalid; // that have been
	unsigned failed_swaps, taken_invalid;
	unsigned passed, failed; // checks
	double *memory;          // MiB, after each stretch
	size_t memories;
	Home home;
	Client design;
	Deployer deployer;
	Loads *loads;
} Test;

static void judge(Test *test, bool right, const char *what)
{
	printf("%-6s %s\n", right ? "ok" : "FAILED", what);
	if (right)
		test->passed++;
	else
		test->failed++;
}

static void wait_us(int64_t us)
{
	const struct timespec time = {.tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000};
	nanosleep(&time, NULL);
}

static double resident_mib(pid_t pid)
{
	char path[64];
	unsigned long long total, resident = 0;
	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL || fscanf(file, "%llu %llu", &total, &resident) != 2)
		resident = 0;
	if (file != NULL)
		fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

// The design server is on another machine; here it takes what the runtime server and its callers leave.
static void step_back(void)
{
	if (setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST) != 0)
		fprintf(stderr, "the deployer's priority could not be lowered: it counts as load\n");
}

// --- the work ---

static Client touchpoint(void *home)
{
	return home_plaintext_client(home, TEST_TOKEN);
}

static void swap_once(Test *test)
{
	test->swaps++;
	if (!deployer_swap(&test->deployer) && test->failed_swaps++ == 0)
		printf("version %llu was refused: %s\n", (unsigned long long)test->deployer.version + 1,
		        err_detail()->message);
	if (test->swaps % INVALID_EVERY != 0)
		return;
	const char *name;
	if (!deployer_try_invalid(&test->deployer, test->invalid++, &name) && test->taken_invalid++ == 0)
		printf("what was taken: %s\n", name);
}

// A stretch with swaps and one without; which comes first changes.
static void stretches(Test *test, unsigned count, bool quiet_first)
{
	for (int half = 0; half < 2; half++) {
		bool quiet = quiet_first == (half == 0);
		if (!quiet)
			deployer_prepare(&test->deployer, count);
		int64_t until = monotonic_us();
		loads_phase(test->loads, quiet ? PHASE_QUIET : PHASE_SWAPPING);
		for (unsigned i = 0; i < (quiet ? (count + QUIET_PART - 1) / QUIET_PART : count); i++) {
			until += US_PER_S / test->rate;
			if (!quiet)
				swap_once(test);
			int64_t left = until - monotonic_us();
			if (left > 0)
				wait_us(left);
		}
	}
	loads_phase(test->loads, PHASE_WARM);
}

static double measure_capacity(Test *test, int seconds)
{
	loads_pace(test->loads, 0);
	wait_us(seconds * US_PER_S); // caches, rings and allocators fill
	uint64_t before = loads_calls(test->loads, PHASE_WARM);
	int64_t begun = monotonic_us();
	wait_us(seconds * US_PER_S);
	uint64_t calls = loads_calls(test->loads, PHASE_WARM) - before;
	return (double)calls * 1e6 / (double)(monotonic_us() - begun);
}

static void begin_large(void *context)
{
	loads_phase(context, PHASE_LARGE);
}

static void swap_large(Test *test, size_t rules)
{
	char text[256];
	int64_t us = 0;
	wait_us(US_PER_S / 2);
	bool taken = deployer_swap_large(&test->deployer, rules, begin_large, test->loads, &us);
	loads_phase(test->loads, PHASE_WARM);
	wait_us(US_PER_S); // sessions move
	double longest_ms = (double)loads_longest_us(test->loads, PHASE_LARGE) / 1e3;
	snprintf(text, sizeof text,
	        "a snapshot of %zu rules was activated in %.0f ms; the longest of %llu calls meanwhile took "
	        "%.1f ms",
	        rules, (double)us / 1e3, (unsigned long long)loads_calls(test->loads, PHASE_LARGE),
	        longest_ms);
	judge(test, taken && (SANITIZED || longest_ms < STALL_MS), text);
}

// --- what came of it ---

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

// The median of the tenth of the stretches that begins with `tenth`. One look alone tells of the allocator's
// moment: freed pages go back by and by.
static double memory_in(const Test *test, size_t tenth)
{
	size_t from = test->memories * tenth / 10, count = test->memories * (tenth + 1) / 10 - from;
	double *sorted = calloc(count + 1, sizeof *sorted);
	if (sorted == NULL || count == 0) {
		free(sorted);
		return test->memories > 0 ? test->memory[tenth < 5 ? 0 : test->memories - 1] : 0;
	}
	memcpy(sorted, test->memory + from, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, order);
	double median = sorted[count / 2];
	free(sorted);
	return median;
}

static void judge_memory(Test *test, bool judged)
{
	char text[256];
	double before = memory_in(test, 1), after = memory_in(test, 9);
	printf("resident memory by tenths, MiB:");
	for (size_t tenth = 0; tenth < 10; tenth++)
		printf(" %.1f", memory_in(test, tenth));
	printf("\n");
	double grown = before > 0 ? 100 * (after / before - 1) : 0;
	snprintf(text, sizeof text,
	        "resident memory %.1f MiB in the second tenth, %.1f MiB in the last: %+.1f %% (5 %% at most)",
	        before, after, grown);
	if (judged)
		judge(test, before > 0 && grown <= 5, text);
	else
		printf("not judged: %s\n", text);
}

static void judge_times(Test *test, bool judged)
{
	char text[256];
	uint64_t quiet = loads_quantile_us(test->loads, PHASE_QUIET, .99),
	         swapping = loads_quantile_us(test->loads, PHASE_SWAPPING, .99);
	double ratio = quiet > 0 ? (double)swapping / (double)quiet : 0;
	printf("p50 %llu us without swaps, %llu us with them\n",
	        (unsigned long long)loads_quantile_us(test->loads, PHASE_QUIET, .5),
	        (unsigned long long)loads_quantile_us(test->loads, PHASE_SWAPPING, .5));
	snprintf(text, sizeof text, "p99 %llu us without swaps, %llu us with them: %.2f times (1.20 at most)",
	        (unsigned long long)quiet, (unsigned long long)swapping, ratio);
	if (judged)
		judge(test, ratio <= 1.2, text);
	else
		printf("not judged: %s\n", text);
}

static void judge_calls(Test *test)
{
	char text[512];
	uint64_t calls = 0;
	for (int phase = 0; phase < PHASES; phase++)
		calls += loads_calls(test->loads, (Phase)phase);
	snprintf(text, sizeof text, "%llu calls, %llu failed %s", (unsigned long long)calls,
	        (unsigned long long)loads_failed(test->loads), loads_failure(test->loads));
	judge(test, loads_failed(test->loads) == 0, text);
	snprintf(
	        text, sizeof text, "%llu answers mix versions", (unsigned long long)loads_mixed(test->loads));
	judge(test, loads_mixed(test->loads) == 0, text);
	snprintf(text, sizeof text, "%u swaps, %u refused; version %llu answers", test->swaps,
	        test->failed_swaps, (unsigned long long)loads_newest(test->loads));
	judge(test, test->failed_swaps == 0 && loads_newest(test->loads) == test->deployer.version, text);
	snprintf(text, sizeof text, "%u invalid snapshots, %u taken", test->invalid, test->taken_invalid);
	judge(test, test->invalid > 0 && test->taken_invalid == 0, text);
}

static void run(Test *test, unsigned swaps)
{
	bool judged = swaps >= JUDGED_FROM && !SANITIZED;
	test->memory = calloc(swaps / STRETCH + 2, sizeof *test->memory);
	if (test->memory == NULL)
		exit(1);
	swap_once(test); // the first, before there are sessions
	test->loads = loads_new(touchpoint, &test->home, PHASE_WARM);
	double capacity = measure_capacity(test, judged ? 8 : 1);
	loads_pace(test->loads, OFFERED * capacity);
	printf("capacity %.0f calls a second with %d connections; offered %.0f\n", capacity, LOAD_THREADS,
	        OFFERED * capacity);
	step_back(); // what has begun keeps its priority
	bool quiet_first = false;
	while (test->swaps < swaps) {
		unsigned left = swaps - test->swaps;
		stretches(test, left < STRETCH ? left : STRETCH, quiet_first = !quiet_first);
		test->memory[test->memories++] = resident_mib(test->home.pid);
		if (judged && test->swaps % 1000 < STRETCH)
			fprintf(stderr, "%u swaps\n", test->swaps);
	}
	swap_large(test, judged ? RULES_LARGE : RULES_LARGE_SHORT);
	loads_stop(test->loads);
	judge_calls(test);
	judge_times(test, judged);
	judge_memory(test, judged);
	loads_free(test->loads);
	free(test->memory);
}

static Home *running; // at most one

static void stop_runtime(void)
{
	if (running != NULL)
		home_remove(running);
	running = NULL;
}

int main(int argc, char **argv)
{
	static Test test;
	unsigned long swaps = SWAPS, rate = RATE, seed = (unsigned long)time(NULL);
	for (int option; (option = getopt(argc, argv, "n:r:s:")) != -1;) {
		if (option == '?')
			return 2;
		*(option == 'n' ? &swaps : option == 'r' ? &rate : &seed) = strtoul(optarg, NULL, 10);
	}
	if (rate < 1 || rate > RATE_MAX) {
		fprintf(stderr, "swap: -r: 1 to %d swaps a second\n", RATE_MAX);
		return 2;
	}
	test.rate = (unsigned)rate;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %lu\n", seed);
	home_make(&test.home);
	running = &test.home;
	atexit(stop_runtime);
	home_configure(&test.home, "journal: {quota: 64GiB}\nvisitors: {treatments: 8MiB}\n");
	rpc_init();
	if (home_start(&test.home) != -1) {
		fprintf(stderr, "parley-runtime does not start\n");
		return 1;
	}
	test.design = home_client(&test.home, "design");
	deployer_make(&test.deployer, &test.design, seed);
	run(&test, (unsigned)swaps);
	deployer_free(&test.deployer);
	client_free(&test.design);
	stop_runtime();
	rpc_shutdown();
	printf("%u passed, %u failed\n", test.passed, test.failed);
	return test.failed > 0;
}
