// What the programs here share. A row is two sides measured in turn in one run: ours and its floor. Both
// medians and their ratio are printed as one JSON object a line on standard output; what else is worth
// knowing goes to standard error.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef double (*BenchSide)(void *context); // one round: the figure, in the row's unit

typedef struct BenchRow {
	const char *name, *unit;
	BenchSide ours, floor;
	void *context;
} BenchRow;

// Reads the arguments: [--quick] [ROW…]. Without rows all are wanted. SIGINT and SIGTERM end the program by
// exit() from now on.
void bench_begin(int argc, char **argv);
bool bench_wants(const char *row);
bool bench_quick(void);
// As many rounds as a median needs; the side that begins changes with every round.
void bench_run(const BenchRow *row);
// Sorts `values`.
double bench_median(double *values, size_t count);
// Ends the program with the reason if `e` is not OK.
void bench_must(Err e);
void bench_die(const char *what) __attribute__((noreturn));
// Tells people something about a row.
void bench_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A folder on a real disk, gone at the latest when the program exits.
void bench_folder_make(char path[64]);
// The same in memory, for what is to be measured without a disk; without /dev/shm on a disk, which is told.
void bench_memory_folder_make(char path[64]);
void bench_folder_remove(const char *path);
