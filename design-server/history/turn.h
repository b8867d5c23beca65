// Batches of one journal reach the database in their order. A runtime server sends a batch while the one
// before is still being committed, and worker threads may get to them in any order.
#pragma once
#include "history/batch.h"

typedef struct Turn {
	const BatchSource *source;
	uint64_t first;   // sequence of the batch
	bool another_was; // a batch that comes before this one has been under way, and ended, meanwhile
	struct Turn *next;
} Turn;

// Begins before the batch is read. `turn` stays where it is until turn_end; `source` as long.
void turn_begin(Turn *turn, const BatchSource *source, uint64_t first);
// Waits while a batch that comes before this one is under way, but at most `timeout_ms`.
void turn_wait(Turn *turn, int timeout_ms);
// The batch before was missing: waits, at most `timeout_ms`, for one that comes before this one to begin and
// end. False: none did, neither now nor earlier.
bool turn_wait_for_another(Turn *turn, int timeout_ms);
void turn_end(Turn *turn);
