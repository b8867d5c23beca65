// The journal: the runtime's durability point. The record format and what a crash can cost are in README.md,
// written before this code. Appending copies a record into the current batch; one committer thread writes the
// batch and calls fdatasync (group commit: at most 1 ms or 256 records; 10 ms where nobody waits), and only
// then the callbacks run. A failed fsync is never retried: the journal is poisoned and its owner must stop.
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"

enum {
	JOURNAL_PAYLOAD_MAX = 60 * 1024,
	JOURNAL_EVENT_ID_MAX = 128,
	JOURNAL_RUNTIME_ID_MAX = 64,
};

typedef struct Journal Journal;

typedef struct JournalOptions {
	const char *dir; // made if it is not there
	Str runtime_id;
	int64_t segment_bytes; // 0: 64 MiB
	int64_t quota_bytes;   // 0: 4 GiB; appends that must last are refused with JOURNAL_FULL at 70 % of it
	int64_t window_us;     // 0: 1,000: the longest that a record somebody waits for waits for company
	int64_t calm_us;       // 0: 10,000: the same while nobody waits for any
	uint32_t batch_records; // 0: 256: enough that are waited for
	uint64_t after;         // the incarnation that begins is above this one, too
	bool retain;            // what is shipped is deleted only when it is also covered (journal_covered)
	// Called once, from the committer thread, if the journal was poisoned. The owner stops the process.
	void (*on_poison)(void *context, const ErrDetail *why);
	void *context;
	const Clock *clock;         // NULL: the system's; read once, to name the incarnation
	const struct JournalIo *io; // NULL: the system's calls; see journal_io.h
} JournalOptions;

// A record, as it is read back.
typedef struct JournalRecord {
	Str runtime_id;
	uint64_t incarnation;
	uint64_t sequence;   // 1, 2, 3 … without gaps within an incarnation
	uint64_t lost_until; // 0: an entry. Else recovery's mark that `sequence` … `lost_until` were lost; no
	                     // payload
	Str event_id; // empty if the record is no client event
	Str payload;  // a parley.journal.v1.Entry
	Str frame;    // the whole record as on disk: what is shipped
} JournalRecord;

// Opens or makes the journal: locks the folder (JOURNAL_LOCKED if another process has it), recovers
// (truncates a torn tail, quarantines damage in the middle), starts the committer. Errors also: IO,
// JOURNAL_CORRUPT.
Err journal_open(const JournalOptions *options, Journal **ret);
// Commits what is pending, stops the committer, unlocks.
void journal_close(Journal *journal);

// `result` is OK when the record is on disk. Runs on the committer thread; must not block.
typedef void (*JournalDone)(void *context, Err result);

// Appends. With `done` NULL nobody waits and the record may be lost in a crash within the window, which is
// `calm_us` then. `payload` and `event_id` are copied. Never blocks on the disk. Errors: JOURNAL_FULL (with a
// retry time), JOURNAL_FAILED, LIMIT.
Err journal_append(Journal *journal, Str event_id, Str payload, JournalDone done, void *context);

// What the owner should watch, and alarm about what is marked (!).
typedef struct JournalStatus {
	int64_t used_bytes; // of records that are here
	int64_t quota_bytes;
	int64_t appended_bytes;     // in this life
	uint64_t syncs;             // likewise, of fdatasync
	int64_t sync_us;            // what they took in all
	uint64_t quarantined_parts; // (!) damaged places that recovery put aside at open
	uint64_t lost_sequences;    // (!) sequences that were in them, or in missing files
	uint64_t torn_bytes;        // cut off behind the last valid record at open: an ordinary crash
	bool disk_full;             // (!) records wait for room on the disk
	bool poisoned;              // (!) nothing is written any more
} JournalStatus;
void journal_status(Journal *journal, JournalStatus *ret);

// Whether 70 % of the quota are reached: appends that must last are refused, others not yet. For every call's
// use: one look at what appending has just written, no lock.
bool journal_is_crowded(const Journal *journal);
uint64_t journal_incarnation(const Journal *journal);
uint64_t journal_durable(const Journal *journal); // the last sequence that is on disk
uint64_t journal_appended(Journal *journal);      // the last that was given, on disk or not
// Waits until a sequence beyond `after` is durable, or the time is up, or journal_close; returns the last
// durable one.
uint64_t journal_wait(Journal *journal, uint64_t after, int timeout_ms);

// The oldest incarnation that has records left here, and after `incarnation` the next one. 0 if there is
// none.
uint64_t journal_next_incarnation(const Journal *journal, uint64_t incarnation);
// The first sequence of an incarnation that is here; 0: none is.
uint64_t journal_first(const Journal *journal, uint64_t incarnation);
// Whole durable frames from `first` on, as many as fit in `max` bytes, into `arena`. `ret_count` 0: none yet;
// of an older incarnation there will be no more. Errors: IO, LIMIT (the first does not fit), NO_MEMORY,
// JOURNAL_CORRUPT (`first` is no longer here, or what is read back is damaged).
Err journal_read(Journal *journal, uint64_t incarnation, uint64_t first, size_t max, Arena *arena,
        Str *ret_frames, uint64_t *ret_count);
// All up to `sequence` has been committed elsewhere: segments that hold nothing else are durably deleted,
// except the one that is being written, and (with `retain`) those that are not covered. How far it came is
// itself on disk within a second. Of this life it is told once all older ones have been shipped, and again
// while nothing is left, so that the lag is known.
Err journal_shipped(Journal *journal, uint64_t incarnation, uint64_t sequence);
// All older incarnations, and this one up to `sequence`, are no longer needed here: what only waited for that
// is deleted. Only with `retain`. What is covered once stays so.
Err journal_covered(Journal *journal, uint64_t incarnation, uint64_t sequence);
// The next record that is written begins a new segment: what was appended before can then be deleted without
// waiting until the segment is full.
void journal_roll(Journal *journal);
// Whether no record of an older life, nor of this one up to `sequence`, is here any more.
bool journal_rid(const Journal *journal, uint64_t incarnation, uint64_t sequence);
// Removes what recovery put aside as damaged; how many files. Error: IO.
Err journal_remove_quarantined(Journal *journal, uint64_t *ret_files);
uint64_t journal_shipped_sequence(const Journal *journal, uint64_t incarnation);
// How long ago everything that was durable then had been shipped, in microseconds; 0: all is. -1: not known,
// because not all that older lives left has been shipped: journal_shipped tells of this life only once it is.
int64_t journal_lag_us(const Journal *journal);

// --- without a disk ---

// Is given each record as it is appended, in order; `frame` is empty. When it returns OK the record is as
// good as on disk; else the append fails with that.
typedef Err (*JournalTake)(void *context, const JournalRecord *record);

// A journal without a folder: what is appended is handed to `take` on the caller's thread, and `done` runs
// before journal_append returns. Nothing is kept, so nothing can be read back, shipped or full. One thread at
// a time may append. `incarnation` is what records say. Errors: CONFIG_INVALID, NO_MEMORY.
Err journal_handing(Str runtime_id, uint64_t incarnation, JournalTake take, void *context, Journal **ret);

// Splits the first record off `frames`. Checks magic, length, CRC32C and every field. Errors:
// JOURNAL_CORRUPT.
Err journal_record_parse(Str *frames, JournalRecord *ret);
