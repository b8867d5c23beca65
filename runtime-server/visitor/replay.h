// State folded again, away from the server that has it, and held against one of its checkpoints byte for
// byte. Only reads: the server may run meanwhile.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef struct ReplayOptions {
	const char *visitors_dir; // of the checkpoints
	const char *journal_dir;
	const char *checkpoint; // the file to hold it against; NULL: the folder's newest
	bool from_start;        // fold from nothing, not from the checkpoint before it
	// A folder in the journal's form with records made from the history; NULL: the journal's own. Then
	// the fold begins with nothing, what changes no visitor may be missing, and recommendations are not
	// compared.
	const char *history_dir;
	// Called now and then; may be NULL.
	void (*on_progress)(void *context, int64_t done, int64_t all); // bytes
	void *context;
} ReplayOptions;

enum { REPLAY_DIFFERENCES = 20 };

// Texts are in the arena.
typedef struct ReplayReport {
	const char *checkpoint;
	const char *base; // the checkpoint that the fold began with; NULL: with nothing
	uint64_t incarnation, position;
	int64_t time_us;  // when the checkpoint was begun
	uint64_t bytes;   // of it
	uint64_t records; // of the journal, that were folded
	uint64_t lost;    // that the journal notes as lost: state may differ by them
	uint64_t evicted; // treatments that calls pushed out while the checkpoint was written: no difference
	bool of_history;  // recommendations were not compared
	uint64_t unshipped;                    // records that the history may lack yet
	uint64_t visitors, offers, treatments; // that were compared
	uint64_t different;                    // parts of the checkpoint; 0: it is the same
	const char *differences[REPLAY_DIFFERENCES];
	size_t difference_count;
} ReplayReport;

// Errors: RESOURCE_NOT_FOUND (there is no checkpoint), STATE_CORRUPT (not one that could be compared),
// SEQUENCE_GAP (the journal lacks records that the fold needs), JOURNAL_CORRUPT, IO, NO_MEMORY,
// CONFIG_INVALID.
Err visitors_replay(const ReplayOptions *options, Arena *arena, ReplayReport *ret);
