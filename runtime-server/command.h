// What the commands of parley-runtime that `parley` becomes or runs exit with: as in cli/exit_table.h.
#pragma once

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
