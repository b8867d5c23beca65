// A run: many cases, on several threads, with one answer.
#pragma once
#include "case.h"

typedef struct RunOptions {
	uint64_t seed, cases;
	uint32_t threads;
	const Plant *plant;
	bool tell_crashes; // by a signal handler: which case it was
} RunOptions;

typedef struct RunResult {
	Cover cover;
	uint64_t digest;      // of the engine's answers to all cases, in whatever order they were met
	uint64_t cases;       // that agreed
	uint64_t differences; // 0, or 1 and more: the run ends soon after the first
	uint64_t first;       // the case that differed, the lowest number of those
	char refused[1200];   // why a world could not be made ready; empty
} RunResult;

void run_cases(const RunOptions *options, RunResult *ret);
