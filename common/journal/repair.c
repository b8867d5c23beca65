// One segment is walked from record to record. Nothing is written while all is well. At the first damage that
// something valid follows, a repaired copy is begun: what was good so far, then a loss record for every hole,
// then what follows. It replaces the segment at the end, after the damaged bytes have been put aside; so a
// crash in between changes nothing.
#include "journal/crc32c.h"
#include "journal/record.h"
#include "journal/recovery.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Walk {
	const Folder *folder;
	Str runtime_id;
	Segment *segment;
	Str content;
	size_t at;         // how far `content` has been walked
	uint64_t expected; // the next sequence
	char *copy;        // the repaired segment; NULL while none is needed
	size_t copy_len, copy_capacity;
} Walk;

static void walk_free(Walk *walk)
{
	free(walk->copy);
}

static Err copy_append(Walk *walk, const void *bytes, size_t len)
{
	if (walk->copy_len + len > walk->copy_capacity) {
		size_t capacity = walk->content.len + walk->copy_len + len + RECORD_LOSS_MAX;
		char *grown = realloc(walk->copy, capacity);
		if (grown == NULL)
			return err(ERR_NO_MEMORY, "no memory to repair the journal %s", walk->folder->path);
		walk->copy = grown;
		walk->copy_capacity = capacity;
	}
	if (len > 0)
		memcpy(walk->copy + walk->copy_len, bytes, len);
	walk->copy_len += len;
	return OK;
}

static Str walk_rest(const Walk *walk, size_t at)
{
	return str_n(walk->content.ptr + at, walk->content.len - at);
}

// Whether a valid record of this segment that may come next stands at `at`.
static bool record_at(const Walk *walk, size_t at, JournalRecord *ret)
{
	Str rest = walk_rest(walk, at);
	return journal_record_parse(&rest, ret) == OK && ret->incarnation == walk->segment->incarnation &&
	       ret->sequence >= walk->expected;
}

static bool find_record(const Walk *walk, size_t *ret_at, JournalRecord *ret)
{
	size_t at = walk->at;
	for (;;) {
		const char *found = memmem(walk->content.ptr + at, walk->content.len - at, "PJR1", 4);
		if (found == NULL)
			return false;
		at = (size_t)(found - walk->content.ptr);
		if (record_at(walk, at, ret)) {
			*ret_at = at;
			return true;
		}
		at++;
	}
}

static Err begin_copy(Walk *walk)
{
	return walk->copy == NULL ? copy_append(walk, walk->content.ptr, walk->at) : OK;
}

static Err put_aside(const Walk *walk, size_t from, size_t to, JournalStatus *counts)
{
	if (from == to)
		return OK;
	char name[NAME_SIZE], aside[NAME_SIZE + 64];
	segment_name(walk->segment, name);
	// The checksum keeps what an earlier recovery found at the same place.
	snprintf(aside, sizeof aside, "%s.%zx-%08" PRIx32 ".quarantine", name, from,
	        crc32c(0, walk->content.ptr + from, to - from));
	counts->quarantined_parts++;
	return file_replace(walk->folder, aside, walk->content.ptr + from, to - from);
}

// Makes up for the sequences from the expected one up to `next`, exclusive.
static Err bridge(Walk *walk, uint64_t next, JournalStatus *counts)
{
	if (next == walk->expected)
		return OK;
	uint8_t loss[RECORD_LOSS_MAX];
	size_t len = record_encode_loss(&(JournalRecord){.runtime_id = walk->runtime_id,
	                                        .incarnation = walk->segment->incarnation,
	                                        .sequence = walk->expected,
	                                        .lost_until = next - 1},
	        loss);
	TRY(copy_append(walk, loss, len));
	counts->lost_sequences += next - walk->expected;
	walk->expected = next;
	return OK;
}

static Err take_record(Walk *walk, const JournalRecord *record)
{
	if (!str_eq(record->runtime_id, walk->runtime_id))
		return err(ERR_CONFIG_INVALID,
		        "the journal in %s belongs to runtime \"" STR_FMT
		        "\": start that one on it until everything is "
		        "shipped, or give this one a folder of its own",
		        walk->folder->path, STR_ARG(record->runtime_id));
	walk->expected = record_last(record) + 1;
	walk->at += record->frame.len;
	return walk->copy ? copy_append(walk, record->frame.ptr, record->frame.len) : OK;
}

static Err walk_records(Walk *walk, JournalStatus *counts)
{
	JournalRecord record;
	while (walk->at < walk->content.len) {
		size_t next = walk->at;
		if (!record_at(walk, next, &record) && !find_record(walk, &next, &record))
			return OK;
		if (next > walk->at || record.sequence > walk->expected) {
			TRY(begin_copy(walk));
			TRY(put_aside(walk, walk->at, next, counts));
			TRY(bridge(walk, record.sequence, counts));
			walk->at = next;
		}
		TRY(take_record(walk, &record));
	}
	return OK;
}

// What stands behind the last record: its length without the zeros of preallocated space.
static size_t tail_len(const Walk *walk)
{
	size_t end = walk->content.len;
	while (end > walk->at && walk->content.ptr[end - 1] == 0)
		end--;
	return end - walk->at;
}

static Err walk_tail(Walk *walk, uint64_t next_first, JournalStatus *counts)
{
	size_t tail = tail_len(walk);
	if (next_first == 0) {
		counts->torn_bytes += tail;
		return OK;
	}
	if (next_first <= walk->expected && tail == 0)
		return OK;
	TRY(begin_copy(walk));
	TRY(put_aside(walk, walk->at, walk->at + tail, counts));
	return next_first > walk->expected ? bridge(walk, next_first, counts) : OK;
}

static Err cut(const Walk *walk)
{
	if (walk->at == walk->content.len)
		return OK;
	const Folder *folder = walk->folder;
	int fd = -1;
	TRY(segment_open(folder, walk->segment, &fd));
	Err e = folder->io->ftruncate(folder->io->context, fd, (int64_t)walk->at) == 0
	                ? file_sync(folder, fd)
	                : err_errno(ERR_IO, "cannot cut a segment of the journal %s", folder->path);
	close(fd);
	return e;
}

static Err store(const Walk *walk)
{
	if (walk->copy == NULL)
		return cut(walk);
	char name[NAME_SIZE];
	segment_name(walk->segment, name);
	return file_replace(walk->folder, name, walk->copy, walk->copy_len);
}

Err segment_repair(const Folder *folder, Str runtime_id, Segment *segment, uint64_t next_first, Str content,
        JournalStatus *counts)
{
	CLEANUP(walk_free)
	Walk walk = {
	        .folder = folder,
	        .runtime_id = runtime_id,
	        .segment = segment,
	        .content = content,
	        .expected = segment->first,
	};
	TRY(walk_records(&walk, counts));
	TRY(walk_tail(&walk, next_first, counts));
	TRY(store(&walk));
	segment->last = walk.expected - 1;
	segment->bytes = (int64_t)(walk.copy ? walk.copy_len : walk.at);
	return OK;
}
