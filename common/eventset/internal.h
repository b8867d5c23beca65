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

// --- event_read.c: an event of any shape ---

Err event_read_whole(char *bytes, size_t len, Arena *arena, const Event **ret);
Err event_glance_whole(Str packed, EventGlance *ret);
// Whether it names an offer; also of what is no event, for then nothing follows from it.
bool event_names_offer(Str packed);

enum { NUMBER_AT_ONCE = 8 };
// A number of a message, out of NUMBER_AT_ONCE bytes: each has seven bits of it, and all but the last their
// highest set. Returns its size; 0: it is longer.
static inline unsigned number_at(const void *bytes, uint64_t *ret)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	uint64_t ends = ~word & UINT64_C(0x8080808080808080);
	if (ends == 0)
		return 0;
	word &= (ends ^ (ends - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f);
	word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
	word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
	*ret = (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
	return (unsigned)__builtin_ctzll(ends) / 8 + 1;
}

// --- merge.c ---

// The runs 0 to `runs` of the folder, in order, to the writer.
Err runs_merge(const char *dir, size_t runs, BlockWriter *writer,
        void (*progress)(void *context, uint64_t events), void *context);
// The path of a run; `size` bytes of room.
void run_path(char *path, size_t size, const char *dir, size_t run);
