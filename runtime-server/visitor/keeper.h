// When checkpoints are written, and which files there are.
#pragma once
#include "visitor/checkpoint.h"

typedef struct Keeper Keeper;

// What opening found.
typedef struct Found {
	CheckpointInfo info; // of what was loaded
	bool loaded;         // false: there was no checkpoint
	bool newest;         // what was loaded is the file `newest`, and not the one before it
	bool fell_back;      // the newest was damaged and has been set aside; `info` is of the previous one
	ErrDetail damage;    // of it
	bool folded;         // the journal had more
} Found;

// Loads the newest checkpoint that can be read. Errors: STATE_CORRUPT (there is one, and none can be read),
// IO, NO_MEMORY, LIMIT.
Err keeper_load(Visitors *visitors, Found *ret);

// Starts the thread. Errors: NO_MEMORY, IO.
Err keeper_start(Visitors *visitors, const Found *found, Keeper **ret);
// Writes a last checkpoint, if something changed, and stops. NULL is fine.
void keeper_stop(Keeper *keeper);
// Has one written soon, by the thread.
void keeper_ask(Keeper *keeper);
void keeper_status(Keeper *keeper, VisitorsStatus *ret);
// Writes a checkpoint now. Errors: IO, JOURNAL_FAILED, NO_MEMORY, TIMEOUT.
Err keeper_checkpoint(Keeper *keeper);
// Removes a checkpoint that was set aside as damaged, if there is one. Error: IO.
Err keeper_drop_damaged(const Visitors *visitors, bool *ret_was);
