// What the verbs about a journal's folder share: finding it, walking it, telling a record.
#pragma once
#include "cli.h"
#include "journal/offline.h"
#include "parley/journal/v1/journal.pb-c.h"

// The folder named on the command line, or its `journal` if it is a state_dir. The failure is the command
// line's.
Err journal_folder_open(Cli *cli, JournalFolder *ret);

// --- progress: after two seconds, on a terminal, a line that is written over ---

typedef struct JournalProgress {
	int64_t start_us, told_us;
	int64_t done, all; // bytes
	bool shown;
} JournalProgress;

void journal_progress_begin(JournalProgress *progress, const JournalFolder *folder);
void journal_progress_end(JournalProgress *progress);

// Walks one segment to its tail or end, which is told too. `ret_gone`: it was shipped and deleted meanwhile.
// `progress` may be NULL.
Err journal_walk(const JournalFolder *folder, size_t segment, JournalProgress *progress, bool *ret_gone,
        Err (*visit)(void *context, size_t segment, const JournalPiece *piece), void *context);

// --- records ---

// What a record is, for people and programs. In the arena.
typedef struct JournalEntry {
	const char *kind; // as the .proto names it: event_posted, …; or lost; or unreadable
	int64_t time_us;  // 0: not known
	json_t *json;     // the entry; NULL if it is none. Borrowed from `owned`
	json_t *owned;
} JournalEntry;

// Reads the payload. Error: NO_MEMORY.
Err journal_entry_read(const JournalRecord *record, Arena *arena, JournalEntry *ret);
void journal_entry_free(JournalEntry *entry);
// One flat object: where the record is, and what of it people look for; `whole`: with all of the entry. A new
// reference.
json_t *journal_entry_json(const JournalRecord *record, const JournalEntry *entry, Arena *arena, bool whole);
// The kind of a payload without reading all of it; the time only if `ret_time_us` is not NULL.
const char *journal_kind(const JournalRecord *record, Arena *arena, int64_t *ret_time_us);
