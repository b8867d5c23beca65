// A journal's folder as it lies there, for who looks at it from outside: nothing is changed, the lock is not
// taken, and a server may be writing meanwhile. So what is read may be older than what is there a moment
// later, a segment that was listed may be gone, and the newest one ends in the middle of a record.
#pragma once
#include "journal/journal.h"

#include <sys/types.h>

enum { JOURNAL_NAME_SIZE = 128 };

typedef struct JournalFile {
	char name[JOURNAL_NAME_SIZE];
	uint64_t incarnation, first; // of a segment: what its name says
	int64_t bytes;               // with what is only preallocated
} JournalFile;

typedef struct JournalMark {
	uint64_t incarnation, sequence;
} JournalMark;

// Everything lives in the arena that it was read into.
typedef struct JournalFolder {
	const char *dir;
	JournalFile *segments; // by incarnation, then by first sequence
	size_t segment_count;
	JournalFile *quarantined; // by name
	size_t quarantined_count;
	JournalMark *shipped; // as the file says, which is a hint
	size_t shipped_count;
	bool held;   // some process has it open
	pid_t owner; // that process; 0: not known
} JournalFolder;

// Errors: RESOURCE_NOT_FOUND (no such folder), IO, NO_MEMORY.
Err journal_folder_read(const char *dir, Arena *arena, JournalFolder *ret);
// How far an incarnation is marked as shipped; 0: not at all.
uint64_t journal_folder_shipped(const JournalFolder *folder, uint64_t incarnation);
// Whether another segment of the same incarnation follows this one.
bool journal_folder_has_next(const JournalFolder *folder, size_t segment);

// --- one segment, from piece to piece, in little memory ---

typedef enum JournalFound {
	JOURNAL_RECORD, // a valid one; its sequence may be beyond the expected one
	JOURNAL_DAMAGE, // bytes that are no record of this segment, with a valid one behind them
	JOURNAL_TAIL,   // bytes behind the last valid record
	JOURNAL_END,    // nothing but zeros up to the file's end, or nothing
} JournalFound;

typedef struct JournalPiece {
	JournalFound found;
	int64_t offset, bytes; // in the file; of the end: where it begins and 0
	uint64_t expected;     // sequence, before this piece
	JournalRecord record;  // valid until the next call
} JournalPiece;

typedef struct JournalScan JournalScan;

// Errors: RESOURCE_NOT_FOUND (it was shipped and deleted meanwhile), IO, NO_MEMORY.
Err journal_scan_open(const JournalFolder *folder, size_t segment, JournalScan **ret);
// The same of a file that is open; it is closed with the scan.
Err journal_scan_fd(int fd, uint64_t incarnation, uint64_t first, JournalScan **ret);
void journal_scan_close(JournalScan *scan); // NULL is fine
// The next piece. After a tail or an end it looks again at the same place, where a server may have written
// meanwhile. `waiting`: whatever is not a record is the end, and what may follow it is not searched. Errors:
// IO.
Err journal_scan_next(JournalScan *scan, bool waiting, JournalPiece *ret);
