// A run of scenarios, for the verbs that do something with what comes of it.
#pragma once
#include "cli.h"

// Zero it, but for the channel, if one is asked for; free it also after a failure.
typedef struct Trial {
	const char *channel; // NULL: the files', or the snapshot's
	char digest[65];     // of the snapshot
	json_t *results;     // as scenario_run returns them
	json_t *coverage;
	size_t failed, skipped;
	double seconds;
} Trial;

// Runs all scenarios of files and folders with --snapshot, or with what --env runs; with --live the servers
// answer. Tells failures on the way.
Err trial_run(Cli *cli, const char *const *paths, size_t count, Trial *trial);
void trial_free(Trial *trial);
// The one line of the end.
void trial_tell(const Trial *trial);

// test --record (test_record.c): a recorded session as a scenario, on standard output.
Err test_record(Cli *cli);
