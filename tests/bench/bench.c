#include "bench.h"

#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 5, ROUNDS_MAX = 99, FOLDERS_MAX = 8 };

static bool quick;
static char **wanted;
static int wanted_count;
static char folders[FOLDERS_MAX][64];

// Whoever is told to stop cleans up as at any other end.
static void *end_on_signal(void *signals)
{
	int number;
	if (sigwait(signals, &number) == 0)
		exit(128 + number);
	return NULL;
}

static void watch_signals(void)
{
	static sigset_t signals;
	pthread_t watcher;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (pthread_create(&watcher, NULL, end_on_signal, &signals) != 0)
		bench_die("thread");
	pthread_detach(watcher);
}

void bench_begin(int argc, char **argv)
{
	watch_signals();
	wanted = argv + 1;
	wanted_count = argc - 1;
	if (wanted_count > 0 && strcmp(wanted[0], "--quick") == 0) {
		quick = true;
		wanted++;
		wanted_count--;
	}
}

bool bench_wants(const char *row)
{
	for (int i = 0; i < wanted_count; i++)
		if (strcmp(wanted[i], row) == 0)
			return true;
	return wanted_count == 0;
}

bool bench_quick(void)
{
	return quick;
}

static int bench_rounds(void)
{
	const char *given = getenv("PARLEY_BENCH_ROUNDS");
	int rounds = given != NULL ? atoi(given) : ROUNDS;
	return rounds < ROUNDS ? ROUNDS : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

double bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, by_value);
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void bench_run(const BenchRow *row)
{
	double ours[ROUNDS_MAX], floors[ROUNDS_MAX];
	int rounds = bench_rounds();
	for (int i = 0; i < rounds; i++) {
		if (i % 2 == 0)
			floors[i] = row->floor(row->context);
		ours[i] = row->ours(row->context);
		if (i % 2 == 1)
			floors[i] = row->floor(row->context);
		bench_note("%s: round %d of %d: ours %.6g, floor %.6g", row->name, i + 1, rounds, ours[i],
		        floors[i]);
	}
	double our_median = bench_median(ours, (size_t)rounds);
	double floor_median = bench_median(floors, (size_t)rounds);
	printf("{\"name\": \"%s\", \"ours\": %.6g, \"floor\": %.6g, \"ratio\": %.4g, \"unit\": \"%s\"}\n",
	        row->name, our_median, floor_median, our_median / floor_median, row->unit);
	fflush(stdout);
}

void bench_note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void bench_must(Err e)
{
	if (e != OK) {
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
		exit(1);
	}
}

void bench_die(const char *what)
{
	perror(what);
	exit(1);
}

// --- folders ---

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	(void)info, (void)kind, (void)ftw;
	return remove(path);
}

static void remove_all(void)
{
	for (size_t i = 0; i < FOLDERS_MAX; i++)
		if (folders[i][0] != 0)
			bench_folder_remove(folders[i]);
}

static char *folder_place(const char *path)
{
	for (size_t i = 0; i < FOLDERS_MAX; i++)
		if (strcmp(folders[i], path) == 0)
			return folders[i];
	bench_die("too many folders");
}

static bool make_folder(const char *parent, char path[64])
{
	static bool registered;
	if (!registered)
		atexit(remove_all);
	registered = true;
	snprintf(path, 64, "%s/parley-bench-XXXXXX", parent);
	if (mkdtemp(path) == NULL)
		return false;
	memcpy(folder_place(""), path, 64);
	return true;
}

void bench_folder_make(char path[64])
{
	if (!make_folder("/var/tmp", path))
		bench_die("/var/tmp");
}

void bench_memory_folder_make(char path[64])
{
	if (make_folder("/dev/shm", path))
		return;
	bench_note("there is no /dev/shm: what is written goes to a disk");
	bench_folder_make(path);
}

void bench_folder_remove(const char *path)
{
	char own[64];
	snprintf(own, sizeof own, "%s", path);
	nftw(own, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	folder_place(own)[0] = 0;
}
