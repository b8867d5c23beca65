// What the files of this room share.
#pragma once
#include "eventset/eventset.h"

#include <openssl/evp.h>
#include <stdio.h>

enum {
	SET_HEAD_SIZE = 16,
	BLOCK_HEAD_SIZE = 28,
	SET_TAIL_SIZE = 16,
	RECORD_HEAD_SIZE = 20, // of a run
	EVENT_LENGTH_SIZE = 4,
};

#define SET_HEAD   "parley events 1\n"
#define BLOCK_MARK "EVB1"
#define END_MARK   "EVE1"

// --- block.c ---

typedef struct BlockHead {
	uint32_t count, length;
	uint64_t first, checksum;
} BlockHead;

// Writes a set: events one after the other, then the end.
typedef struct BlockWriter {
	FILE *file;
	EVP_MD_CTX *sha;
	char *buffer;
	size_t len;
	uint32_t count;
	uint64_t *blocks, offset;
	size_t block_room;
	EventSetInfo info;
} BlockWriter;

Err blocks_begin(BlockWriter *writer, FILE *file);
Err blocks_add(BlockWriter *writer, int64_t time_us, Str event);
Err blocks_end(BlockWriter *writer);
void blocks_done(BlockWriter *writer);
// False if these are not the head of a block that could be.
bool block_head_read(const uint8_t bytes[BLOCK_HEAD_SIZE], BlockHead *ret);
uint64_t checksum_of(const void *bytes, size_t len);

// --- numbers, little endian as the machine is ---

static inline void put_u32(void *to, uint32_t value)
{
	memcpy(to, &value, sizeof value);
}

static inline void put_u64(void *to, uint64_t value)
{
	memcpy(to, &value, sizeof value);
}

static inline uint32_t get_u32(const void *from)
{
	uint32_t value;
	memcpy(&value, from, sizeof value);
	return value;
}

static inline uint64_t get_u64(const void *from)
{
	uint64_t value;
	memcpy(&value, from, sizeof value);
	return value;
}

// --- merge.c ---

// The runs 0 to `runs` of the folder, in order, to the writer.
Err runs_merge(const char *dir, size_t runs, BlockWriter *writer,
        void (*progress)(void *context, uint64_t events), void *context);
// The path of a run; `size` bytes of room.
void run_path(char *path, size_t size, const char *dir, size_t run);
