// Progress for people: after two seconds, on a terminal, a line that is written over: how much of it is done,
// how fast, and how long it will take.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
	const char *what; // "comparing", …
	uint64_t done, all;
	uint64_t before; // of what is done, what was when it began
	int64_t start_us, told_us;
	bool shown;
} Progress;

// Of `all` things; 0: nobody knows how many.
void progress_begin(Progress *progress, const char *what, uint64_t all);
// It goes on behind `before`.
void progress_resume(Progress *progress, const char *what, uint64_t all, uint64_t before);
// So many more are done. Looks at the clock now and then, so it may be told of each single thing.
void progress_add(Progress *progress, uint64_t done);
// So many are done by now: for what is asked for now and then.
void progress_reach(Progress *progress, uint64_t done);
// The same as a callback; `progress` is a Progress.
void progress_told(void *progress, uint64_t done);
void progress_end(Progress *progress);
