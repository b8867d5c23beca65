// What must be refused: the 25 cases of the list of signed snapshots, and the further ones.
#pragma once
#include "site.h"

typedef struct Case {
	const char *number, *name;
	// Tries it; what the server said, with the detail of this thread's last failure. OK: it was taken.
	Err (*attempt)(Site *site);
	Err expected;      // the check that refuses it
	const char *check; // its name, if it is none that answers; else NULL
} Case;

extern const Case cases[];
extern const size_t case_count;
