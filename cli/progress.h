// Progress for people: after two seconds, on a terminal, a line that is written over.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
	const char *what; // "comparing", …
	uint64_t done, all;
	int64_t start_us, told_us;
	bool shown;
} Progress;

// Of `all` things; 0: nobody knows how many.
void progress_begin(Progress *progress, const char *what, uint64_t all);
void progress_add(Progress *progress, uint64_t done);
void progress_end(Progress *progress);
