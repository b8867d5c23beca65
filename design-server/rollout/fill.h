// A deployment's part that roll-outs know of.
#pragma once
#include "rollout/internal.h"

typedef struct Fill {
	const Environment *environment;
	int64_t id;
	bool whole; // also what the deployment itself says
	Arena *arena;
	Parley__Design__V1__Deployment *deployment;
	Str reason; // set by reading
} Fill;

// Reads what is recorded.
Err fill_read(Rollouts *rollouts, Fill *fill);
