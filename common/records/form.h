// Numbers of the files, little endian as the machine is, and the head of a block.
#pragma once
#include "records/records.h"

#include <string.h>

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

typedef struct BlockHead {
	uint32_t count, length;
	uint64_t first, checksum;
} BlockHead;

uint64_t checksum_of(const void *bytes, size_t len);
void block_head_write(const RecordForm *form, const BlockHead *head, uint8_t bytes[RECORDS_BLOCK_HEAD_SIZE]);
// False if these are not the head of a block that could be.
bool block_head_read(const RecordForm *form, const uint8_t bytes[RECORDS_BLOCK_HEAD_SIZE], BlockHead *ret);
// The most that a block's content may have.
size_t block_most(const RecordForm *form);
