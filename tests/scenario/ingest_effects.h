// Of the ingest tests: what changes visitors beside the events of a visit.
#pragma once
#include "ingest_world.h"

// An accept of GOLD, brought from elsewhere at a time; it had happened before that.
void bring(World *world, const char *id, const char *visitor, int64_t time_us, int64_t before_us);

// A story. What changed visitors and no other row says as it was has a row of its own, once, so that their
// state can be rebuilt from the history.
void what_else_changed_visitors_stands_apart(void **state);
