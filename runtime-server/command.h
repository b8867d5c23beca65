// What the commands of parley-runtime that `parley` becomes or runs have in common.
#pragma once
#include "base/error.h"

// What they exit with: as in cli/exit_table.h.
enum {
	DONE = 0,
	DIFFERENT = 1,
	USAGE = 2,
	MISSING = 3,
	UNAVAILABLE = 6,
	REFUSED = 7,
	FAILED = 8,
	BROKEN_OFF = 130,
};

// Shows how the command is called. Returns USAGE.
int command_usage(const char *usage);
// A number from 0 on; false if the text is none.
bool command_number(const char *text, uint64_t *ret);
// Tells this thread's last failure.
void command_failed(Err e);
