// Visitor state made of records alone, away from any server: what plans begin with as of a moment of the
// past.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef struct VisitorsAssembled {
	uint64_t records;
	uint64_t visitors, forgotten; // that are in it; that had to make room
	uint64_t unread;              // records that could not be read
} VisitorsAssembled;

// Folds the records of a folder in the journal's form (cli/history/journal_history.c) from nothing, with a
// server's usual limits, and writes the state as of `now_us` as a checkpoint into an empty file: the same
// records and moment are the same bytes. Errors: RESOURCE_NOT_FOUND, JOURNAL_CORRUPT, IO, NO_MEMORY.
Err visitors_assemble(const char *history_dir, int64_t now_us, int fd, VisitorsAssembled *ret);
