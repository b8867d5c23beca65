// The journal's state, shared by journal.c, commit.c and reader.c. Three locks, never held together except in
// the order of this list, and none while the disk is at work, but `reading`:
//   reading  one reader or shipped mark at a time; may wait for the disk
//   folder   the list of segments and marks
//   lock     the filling batch and what appends look at
#pragma once
#include "journal/record.h"
#include "journal/recovery.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	BATCH_BYTES = 8 << 20,
	BATCH_WAITERS = 16384,
	CALM_BYTES = BATCH_BYTES / 8, // nobody waits for them, but they are enough to be written
};

typedef struct Waiter {
	JournalDone done;
	void *context;
} Waiter;

typedef struct Batch {
	uint8_t *bytes;
	size_t len;
	uint32_t records;
	uint64_t last; // sequence
	Waiter *waiters;
	size_t waiter_count;
	int64_t begun_us;  // monotonic, of the first record
	int64_t waited_us; // and of the first that somebody waits for
} Batch;

// How far an incarnation has been shipped.
typedef struct Mark {
	uint64_t incarnation, sequence;
	uint64_t confirmed; // what its receiver last said in this life: only that is deleted by
} Mark;

typedef struct MarkList {
	Mark *items;
	size_t count, capacity;
} MarkList;

// How far behind shipping this life is: `aim` was the last durable record at `aim_us`; once it is shipped,
// all is up to then.
typedef struct ShipLag {
	uint64_t shipped, aim;
	int64_t aim_us;     // monotonic; 0: nothing has been shipped of this life yet
	int64_t through_us; // likewise: all up to then is shipped; 0: not known
} ShipLag;

struct Journal {
	JournalOptions options;
	JournalTake take; // NULL: records go to the disk
	void *take_context;
	char runtime_id[JOURNAL_RUNTIME_ID_MAX + 1];
	Folder folder;
	int lock_fd;
	uint64_t incarnation;
	JournalStatus found; // by recovery

	pthread_mutex_t lock;
	pthread_cond_t work;  // for the committer
	pthread_cond_t moved; // `durable` moved, or there will be no more
	Batch batches[2];
	Batch *filling;
	uint64_t next_sequence;
	bool closing, disk_full, poisoned;
	ErrDetail why; // poisoned
	_Atomic uint64_t durable;
	_Atomic int64_t used; // bytes of records, durable or not
	_Atomic uint64_t syncs;
	_Atomic int64_t sync_us;
	int64_t appended;    // bytes, in this life
	atomic_bool rolling; // the next record begins a segment

	pthread_t committer;
	bool committing;      // the thread runs
	int live_fd;          // the committer's alone; -1: none yet
	Segment live;         // what has been written, synced or not
	int64_t live_touched; // the live segment's bytes up to there were written to, if only with zeros

	pthread_mutex_t folder_lock;
	SegmentList segments; // with what is durable of the live one
	MarkList marks;
	int64_t marks_kept_us; // monotonic, when they were written last; 0: not in this life. Under `reading`
	bool marks_moved;      // since then
	Mark covered;          // with `retain`
	ShipLag lag;

	pthread_mutex_t reading;
	Mark read_next;      // where the last read ended
	int64_t read_offset; // in the segment that holds it
};

void *committer_main(void *journal);

// One with nothing open and without room for batches; journal_close frees it. Error: NO_MEMORY.
Err journal_alloc(const JournalOptions *options, Journal **ret);
// The append of a journal that hands records on.
Err journal_hand(Journal *journal, JournalRecord *record, JournalDone done, void *context);

// The marks as they are in the file; a damaged file is no marks at all.
Err marks_load(Journal *journal);
// Writes what has moved since they were written last.
Err marks_close(Journal *journal);
