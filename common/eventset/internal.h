// What the files of this room share.
#pragma once
#include "eventset/eventset.h"
#include "records/form.h"

#include <stdio.h>

enum { RECORD_HEAD_SIZE = 20 }; // of a run

extern const RecordForm event_form;

// --- block.c ---

// Writes a set: events one after the other, then the end.
typedef struct BlockWriter {
	RecordWriter records;
	EventSetInfo info;
} BlockWriter;

Err blocks_begin(BlockWriter *writer, FILE *file);
Err blocks_add(BlockWriter *writer, int64_t time_us, Str event);
Err blocks_end(BlockWriter *writer);
void blocks_done(BlockWriter *writer);

// --- merge.c ---

// The runs 0 to `runs` of the folder, in order, to the writer.
Err runs_merge(const char *dir, size_t runs, BlockWriter *writer,
        void (*progress)(void *context, uint64_t events), void *context);
// The path of a run; `size` bytes of room.
void run_path(char *path, size_t size, const char *dir, size_t run);
