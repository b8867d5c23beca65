// What open does with the files of earlier lives; README.md, "Recovery".
#pragma once
#include "journal/folder.h"

typedef struct SegmentList {
	Segment *items; // by incarnation, then by first sequence
	size_t count, capacity;
} SegmentList;

Err segment_list_add(SegmentList *list, const Segment *segment);
void segment_list_remove(SegmentList *list, size_t index);
void segment_list_clear(SegmentList *list);

// Reads, checks and where needed repairs every segment of the folder; empty ones are removed. Fills the
// counters of `counts` that are about damage. Errors: IO, NO_MEMORY, CONFIG_INVALID (another runtime's
// journal).
Err recovery_run(const Folder *folder, Str runtime_id, SegmentList *ret, JournalStatus *counts);

// One segment, whose content is `content` (not changed). `next_first` is where the incarnation's next segment
// begins, 0 if this is the last. Updates segment->last and ->bytes.
Err segment_repair(const Folder *folder, Str runtime_id, Segment *segment, uint64_t next_first, Str content,
        JournalStatus *counts);
