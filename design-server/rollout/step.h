// One roll-out in steps: what the next move is. Within the transaction of a pass.
#pragma once
#include "rollout/internal.h"

// What the workers of a fleet reported; items may be NULL.
typedef struct Reports {
	Report **items; // one a server
	size_t count;
} Reports;

// Moves a line that is on its way in steps: reaches the step, judges, returns, goes on, keeps. `ret_moved`:
// what should be has changed.
Err step_advance(
        Pg *pg, const Plan *plan, const Line *line, const Reports *reports, int64_t now_us, bool *ret_moved);
