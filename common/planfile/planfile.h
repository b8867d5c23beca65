// Plans: what each event of a set would do, in a file that is named by nothing but its digest. A writer takes
// the effects in the events' order; a plan is read block by block, from any thread. README.md has the format.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include "parley/plan/v1/plan.pb-c.h"

typedef Parley__Plan__V1__EventEffects EventEffects;
typedef Parley__Plan__V1__PlanEnd PlanEnd;

enum {
	EFFECTS_BYTES_MAX = 64 * 1024 * 1024, // of one event: others' sessions may end before it
	EFFECTS_FIELDS_MAX = 1024 * 1024,     // of one event, as wire_unpack does
	PLAN_DIGEST_SIZE = 32,
};

// --- writing ---

typedef struct PlanWriter PlanWriter;

// Into `path` with ".part" behind it until it is whole. What a former attempt left there is taken up: the
// same effects again are compared as far as it goes. *ret_there: how many bytes that is. Errors: IO,
// NO_MEMORY.
Err plan_writer_open(const char *path, PlanWriter **ret, uint64_t *ret_there);
// Packed EventEffects of the next event. Errors: IO, NO_MEMORY, LIMIT, STATE_CORRUPT (another plan was begun
// there).
Err plan_writer_add(PlanWriter *writer, Str effects);
// Writes the end (blocks, effects and digest are filled in here), makes it durable and puts it in place; the
// writer is then closed, whatever comes of it. Errors: as plan_writer_add.
Err plan_writer_finish(PlanWriter *writer, PlanEnd *end);
// Leaves what there is for the next attempt. NULL is fine.
void plan_writer_close(PlanWriter *writer);

// --- reading ---

typedef struct PlanFile PlanFile;

// Errors: IO, STATE_CORRUPT (it is no plan, or damaged).
Err plan_file_open(const char *path, PlanFile **ret);
void plan_file_close(PlanFile *file); // NULL is fine
// Its end: what it was made of and what it sums up to. Lives as long as the file.
const PlanEnd *plan_file_end(const PlanFile *file);
size_t plan_file_blocks(const PlanFile *file);
// Bytes of all effects, as plan_file_bytes hands them out.
uint64_t plan_file_size(const PlanFile *file);
// The effects of a block, counted from 0, in order, in `arena`. Any number of threads may read at once.
// Errors: IO, STATE_CORRUPT, NO_MEMORY.
Err plan_file_block(
        const PlanFile *file, size_t block, Arena *arena, const EventEffects *const **ret, size_t *ret_count);
// A block's bytes, as the digest is of them (stream.h takes them apart), in `arena`. Errors: as
// plan_file_block.
Err plan_file_bytes(const PlanFile *file, size_t block, Arena *arena, Str *ret);
// Reads all of it, and holds it against its digest; `told`, if it is not NULL, hears how many effects were
// read. Errors: STATE_CORRUPT, IO, NO_MEMORY.
Err plan_file_verify(const PlanFile *file, void (*told)(void *context, uint64_t effects), void *context);

static inline void plan_file_closep(PlanFile **file)
{
	plan_file_close(*file);
}
