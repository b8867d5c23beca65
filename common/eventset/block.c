#include "eventset/internal.h"

#include "wire/wire.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum_of(const void *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event set");
}

static Err put(BlockWriter *writer, const void *bytes, size_t len)
{
	if (fwrite(bytes, 1, len, writer->file) != len)
		return err_errno(ERR_IO, "cannot write the event set");
	writer->offset += len;
	return OK;
}

Err blocks_begin(BlockWriter *writer, FILE *file)
{
	*writer = (BlockWriter){.file = file,
	        .sha = EVP_MD_CTX_new(),
	        .buffer = malloc(EVENT_BLOCK_BYTES + EVENT_BYTES_MAX + EVENT_LENGTH_SIZE)};
	if (writer->sha == NULL || writer->buffer == NULL ||
	        EVP_DigestInit_ex(writer->sha, EVP_sha256(), NULL) != 1)
		return no_memory();
	return put(writer, SET_HEAD, SET_HEAD_SIZE);
}

void blocks_done(BlockWriter *writer)
{
	EVP_MD_CTX_free(writer->sha);
	free(writer->buffer);
	free(writer->blocks);
	*writer = (BlockWriter){0};
}

static Err block_remember(BlockWriter *writer)
{
	if (writer->info.blocks == writer->block_room) {
		size_t room = writer->block_room > 0 ? writer->block_room * 2 : 64;
		uint64_t *blocks = realloc(writer->blocks, room * sizeof *blocks);
		if (blocks == NULL)
			return no_memory();
		writer->blocks = blocks;
		writer->block_room = room;
	}
	if (writer->info.blocks == EVENT_SET_BLOCKS_MAX)
		return err(ERR_LIMIT, "the event set is larger than 4 TiB: make several of it");
	writer->blocks[writer->info.blocks++] = writer->offset;
	return OK;
}

static Err block_flush(BlockWriter *writer)
{
	uint8_t head[BLOCK_HEAD_SIZE];

	if (writer->count == 0)
		return OK;
	TRY(block_remember(writer));
	memcpy(head, BLOCK_MARK, 4);
	put_u32(head + 4, writer->count);
	put_u64(head + 8, writer->info.events - writer->count);
	put_u32(head + 16, (uint32_t)writer->len);
	put_u64(head + 20, checksum_of(writer->buffer, writer->len));
	TRY(put(writer, head, sizeof head));
	TRY(put(writer, writer->buffer, writer->len));
	if (EVP_DigestUpdate(writer->sha, writer->buffer, writer->len) != 1)
		return no_memory();
	writer->len = writer->count = 0;
	return OK;
}

Err blocks_add(BlockWriter *writer, int64_t time_us, Str event)
{
	if (writer->len + event.len + EVENT_LENGTH_SIZE > EVENT_BLOCK_BYTES)
		TRY(block_flush(writer));
	put_u32(writer->buffer + writer->len, (uint32_t)event.len);
	memcpy(writer->buffer + writer->len + EVENT_LENGTH_SIZE, event.ptr, event.len);
	writer->len += EVENT_LENGTH_SIZE + event.len;
	writer->count++;
	if (writer->info.events++ == 0)
		writer->info.first_us = time_us;
	writer->info.last_us = time_us;
	return OK;
}

Err blocks_end(BlockWriter *writer)
{
	Parley__Plan__V1__EventSetEnd end = PARLEY__PLAN__V1__EVENT_SET_END__INIT;
	uint8_t tail[SET_TAIL_SIZE];

	TRY(block_flush(writer));
	if (EVP_DigestFinal_ex(writer->sha, writer->info.digest, NULL) != 1)
		return no_memory();
	end.blocks = writer->blocks;
	end.n_blocks = writer->info.blocks;
	end.events = writer->info.events;
	end.first_us = writer->info.first_us;
	end.last_us = writer->info.last_us;
	end.digest = (ProtobufCBinaryData){EVENT_DIGEST_SIZE, writer->info.digest};
	size_t size = parley__plan__v1__event_set_end__get_packed_size(&end);
	uint8_t *packed = malloc(size);
	if (packed == NULL)
		return no_memory();
	parley__plan__v1__event_set_end__pack(&end, packed);
	put_u64(tail, checksum_of(packed, size));
	put_u32(tail + 8, (uint32_t)size);
	memcpy(tail + 12, END_MARK, 4);
	Err e = put(writer, packed, size);
	free(packed);
	TRY(e);
	TRY(put(writer, tail, sizeof tail));
	writer->info.bytes = writer->offset;
	return OK;
}

bool block_head_read(const uint8_t bytes[BLOCK_HEAD_SIZE], BlockHead *ret)
{
	*ret = (BlockHead){.count = get_u32(bytes + 4),
	        .first = get_u64(bytes + 8),
	        .length = get_u32(bytes + 16),
	        .checksum = get_u64(bytes + 20)};
	return memcmp(bytes, BLOCK_MARK, 4) == 0 && ret->count > 0 &&
	       ret->length <= EVENT_BLOCK_BYTES + EVENT_BYTES_MAX + EVENT_LENGTH_SIZE &&
	       ret->count <= ret->length / EVENT_LENGTH_SIZE;
}
