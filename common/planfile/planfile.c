#include "planfile/planfile.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "records/records.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

enum { AHEAD_BYTES = 8 << 20 }; // written, before the disk is told to begin
enum { PATH_SIZE = 4096, ARENA_BLOCK = 1 << 16, END_FIELDS_MAX = RECORDS_BLOCKS_MAX + (16 << 20) };

static const RecordForm plan_form = {.head = "parley plan 01\n\n",
        .block = "PLB1",
        .end = "PLE1",
        .what = "plan",
        .again = "make it again",
        .record_max = EFFECTS_BYTES_MAX};

// --- writing ---

struct PlanWriter {
	char path[PATH_SIZE], part[PATH_SIZE + 8];
	FILE *file;
	RecordWriter records;
	uint64_t told; // what the disk was told to write
};

void plan_writer_close(PlanWriter *writer)
{
	if (writer == NULL)
		return;
	if (writer->file != NULL)
		fclose(writer->file);
	records_done(&writer->records);
	free(writer);
}

// What is behind the last whole block was being written when it was broken off.
static Err take_up(PlanWriter *writer, uint64_t *ret_there)
{
	writer->file = fopen(writer->part, "r+e");
	if (writer->file == NULL && errno == ENOENT)
		writer->file = fopen(writer->part, "w+xe");
	if (writer->file == NULL)
		return err_errno(ERR_IO, "cannot make %s", writer->part);
	*ret_there = records_whole(&plan_form, writer->file);
	if (ftruncate(fileno(writer->file), (off_t)*ret_there) != 0)
		return err_errno(ERR_IO, "cannot write %s", writer->part);
	return records_begin(&writer->records, &plan_form, writer->file, *ret_there);
}

Err plan_writer_open(const char *path, PlanWriter **ret, uint64_t *ret_there)
{
	PlanWriter *writer = calloc(1, sizeof *writer);
	if (writer == NULL)
		return err(ERR_NO_MEMORY, "no memory for a plan");
	int len = snprintf(writer->path, sizeof writer->path, "%s", path);
	snprintf(writer->part, sizeof writer->part, "%s.part", writer->path);
	Err e = len < PATH_SIZE
	                ? take_up(writer, ret_there)
	                : err(ERR_LIMIT, "the plan's path is too long: at most %d bytes", PATH_SIZE - 1);
	if (e != OK)
		plan_writer_close(writer);
	else
		*ret = writer;
	return e;
}

// Most of a plan is on its way to the disk while it is made, so that its end has little to wait for. Whether
// that worked, the end's fsync tells.
static void write_ahead(PlanWriter *writer)
{
	uint64_t len = writer->records.offset - writer->told;
	if (len < AHEAD_BYTES)
		return;
	(void)sync_file_range(fileno(writer->file), (off_t)writer->told, (off_t)len, SYNC_FILE_RANGE_WRITE);
	writer->told = writer->records.offset;
}

Err plan_writer_add(PlanWriter *writer, Str effects)
{
	TRY(records_add(&writer->records, effects));
	write_ahead(writer);
	return OK;
}

static Err put_end(PlanWriter *writer, PlanEnd *end)
{
	uint8_t digest[PLAN_DIGEST_SIZE];
	TRY(records_digest(&writer->records, digest));
	end->blocks = writer->records.blocks;
	end->n_blocks = writer->records.block_count;
	end->effects = writer->records.records;
	end->digest = (ProtobufCBinaryData){sizeof digest, digest};
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Str packed;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for a plan");
	TRY(wire_pack(&end->base, arena, &packed));
	TRY(records_end(&writer->records, packed));
	end->digest = (ProtobufCBinaryData){0};
	end->blocks = NULL;
	end->n_blocks = 0;
	return fflush(writer->file) == 0 && fsync(fileno(writer->file)) == 0
	               ? OK
	               : err_errno(ERR_IO, "cannot write %s", writer->part);
}

static Err put_in_place(const PlanWriter *writer)
{
	char folder[PATH_SIZE];
	memcpy(folder, writer->path, sizeof folder);
	if (rename(writer->part, writer->path) != 0)
		return err_errno(ERR_IO, "cannot put %s in its place", writer->path);
	return dir_sync(dirname(folder));
}

Err plan_writer_finish(PlanWriter *writer, PlanEnd *end)
{
	Err e = put_end(writer, end);
	if (e == OK)
		e = put_in_place(writer);
	ErrDetail why = *err_detail();
	plan_writer_close(writer);
	return e == OK ? OK : err_restore(&why);
}

// --- reading ---

struct PlanFile {
	Arena *arena; // of the end
	RecordFile records;
	const PlanEnd *end;
};

static Err read_end(PlanFile *file, const char *path)
{
	ProtobufCMessage *message;
	Str packed;
	TRY(records_open(path, &plan_form, file->arena, &file->records, &packed));
	TRY(wire_unpack(
	        &parley__plan__v1__plan_end__descriptor, packed, END_FIELDS_MAX, file->arena, &message));
	file->end = (const PlanEnd *)message;
	if (file->end->digest.len != PLAN_DIGEST_SIZE || file->end->inputs == NULL)
		return err(ERR_STATE_CORRUPT, "the plan is damaged (its end): make it again");
	return records_blocks(&file->records, file->end->blocks, file->end->n_blocks);
}

Err plan_file_open(const char *path, PlanFile **ret)
{
	PlanFile *file = calloc(1, sizeof *file);
	Arena *arena = arena_new(ARENA_BLOCK, 0);
	if (file == NULL || arena == NULL) {
		free(file);
		arena_free(arena);
		return err(ERR_NO_MEMORY, "no memory for a plan");
	}
	file->arena = arena;
	file->records.fd = -1;
	Err e = read_end(file, path);
	if (e != OK)
		plan_file_close(file);
	else
		*ret = file;
	return e;
}

void plan_file_close(PlanFile *file)
{
	if (file == NULL)
		return;
	records_close(&file->records);
	arena_free(file->arena);
	free(file);
}

const PlanEnd *plan_file_end(const PlanFile *file)
{
	return file->end;
}

size_t plan_file_blocks(const PlanFile *file)
{
	return file->records.block_count;
}

uint64_t plan_file_size(const PlanFile *file)
{
	const RecordFile *records = &file->records;
	return records->blocks[records->block_count] - records->blocks[0] -
	       records->block_count * RECORDS_BLOCK_HEAD_SIZE;
}

Err plan_file_block(
        const PlanFile *file, size_t number, Arena *arena, const EventEffects *const **ret, size_t *ret_count)
{
	RecordBlock block;
	Str record = {0};
	bool more = true;
	TRY(records_block(&file->records, number, arena, &block));
	const EventEffects **effects = ARENA_ARRAY(arena, const EventEffects *, (size_t)block.count + 1);
	if (effects == NULL)
		return err(ERR_NO_MEMORY, "no memory for a block of a plan");
	*ret_count = 0;
	for (;;) {
		ProtobufCMessage *message;
		TRY(records_next(&file->records, &block, &record, &more));
		if (!more)
			break;
		TRY(wire_unpack(&parley__plan__v1__event_effects__descriptor, record, EFFECTS_FIELDS_MAX,
		        arena, &message));
		effects[(*ret_count)++] = (const EventEffects *)message;
	}
	*ret = effects;
	return OK;
}

Err plan_file_bytes(const PlanFile *file, size_t number, Arena *arena, Str *ret)
{
	RecordBlock block;
	TRY(records_block(&file->records, number, arena, &block));
	*ret = block.content;
	return OK;
}

Err plan_file_verify(const PlanFile *file, void (*told)(void *context, uint64_t effects), void *context)
{
	return records_verify(&file->records, file->end->effects, file->end->digest.data, told, context);
}
