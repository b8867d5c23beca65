#include "eventset/internal.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct EventSet {
	int fd;
	EventSetInfo info;
	uint64_t *blocks; // and behind the last one where the end begins
};

static Err damaged(const char *what)
{
	return err(ERR_STATE_CORRUPT, "the event set is damaged (%s): import it again", what);
}

static Err read_at(const EventSet *set, uint64_t offset, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = pread(set->fd, (char *)to + done, len - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(ERR_IO, "cannot read the event set");
		if (got == 0)
			return damaged("it ends early");
		done += (size_t)got;
	}
	return OK;
}

// --- the end, read first ---

static Err end_take(EventSet *set, const Parley__Plan__V1__EventSetEnd *end, uint64_t end_offset)
{
	uint64_t least = SET_HEAD_SIZE;

	if (end->digest.len != EVENT_DIGEST_SIZE || end->n_blocks > EVENT_SET_BLOCKS_MAX)
		return damaged("its end");
	set->blocks = calloc(end->n_blocks + 1, sizeof *set->blocks);
	if (set->blocks == NULL)
		return err(ERR_NO_MEMORY, "no memory for an event set");
	for (size_t i = 0; i < end->n_blocks; i++) {
		if (end->blocks[i] < least || (i == 0 && end->blocks[i] != least))
			return damaged("where its blocks are");
		set->blocks[i] = end->blocks[i];
		least = end->blocks[i] + BLOCK_HEAD_SIZE + 1;
	}
	if (end_offset < least)
		return damaged("where its blocks are");
	set->blocks[end->n_blocks] = end_offset;
	set->info.blocks = end->n_blocks;
	set->info.events = end->events;
	set->info.first_us = end->first_us;
	set->info.last_us = end->last_us;
	memcpy(set->info.digest, end->digest.data, EVENT_DIGEST_SIZE);
	return OK;
}

static Err end_read(EventSet *set, Arena *arena)
{
	uint8_t head[SET_HEAD_SIZE], tail[SET_TAIL_SIZE];
	ProtobufCMessage *end;

	if (set->info.bytes < SET_HEAD_SIZE + SET_TAIL_SIZE)
		return err(ERR_STATE_CORRUPT, "this is no event set");
	TRY(read_at(set, 0, head, sizeof head));
	if (memcmp(head, SET_HEAD, SET_HEAD_SIZE) != 0)
		return err(ERR_STATE_CORRUPT, "this is no event set");
	TRY(read_at(set, set->info.bytes - SET_TAIL_SIZE, tail, sizeof tail));
	uint32_t size = get_u32(tail + 8);
	if (memcmp(tail + 12, END_MARK, 4) != 0 || size > set->info.bytes - SET_TAIL_SIZE - SET_HEAD_SIZE)
		return damaged("it has no end");
	uint64_t offset = set->info.bytes - SET_TAIL_SIZE - size;
	char *packed = arena_alloc(arena, size + 1);
	if (packed == NULL)
		return err(ERR_NO_MEMORY, "no memory for an event set");
	TRY(read_at(set, offset, packed, size));
	if (checksum_of(packed, size) != get_u64(tail))
		return damaged("the checksum of its end");
	TRY(wire_unpack(&parley__plan__v1__event_set_end__descriptor, str_n(packed, size),
	        EVENT_SET_BLOCKS_MAX + 8, arena, &end));
	return end_take(set, (const Parley__Plan__V1__EventSetEnd *)end, offset);
}

Err event_set_open(const char *path, EventSet **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	EventSet *set = calloc(1, sizeof *set);
	struct stat info;

	if (set == NULL || arena == NULL) {
		free(set);
		return err(ERR_NO_MEMORY, "no memory for an event set");
	}
	set->fd = open(path, O_RDONLY | O_CLOEXEC);
	Err e = set->fd >= 0 && fstat(set->fd, &info) == 0 ? OK : err_errno(ERR_IO, "cannot read %s", path);
	if (!e) {
		set->info.bytes = (uint64_t)info.st_size;
		e = end_read(set, arena);
		if (e)
			e = err_context(e, "%s", path);
	}
	if (e)
		event_set_close(set);
	else
		*ret = set;
	return e;
}

void event_set_close(EventSet *set)
{
	if (set == NULL)
		return;
	if (set->fd >= 0)
		close(set->fd);
	free(set->blocks);
	free(set);
}

const EventSetInfo *event_set_info(const EventSet *set)
{
	return &set->info;
}

// --- blocks ---

// A block's events as bytes, checked.
static Err block_bytes(const EventSet *set, uint64_t block, Arena *arena, BlockHead *head, const char **ret)
{
	uint8_t bytes[BLOCK_HEAD_SIZE];

	if (block >= set->info.blocks)
		return err(ERR_INTERNAL, "the event set has no block %llu", (unsigned long long)block);
	TRY(read_at(set, set->blocks[block], bytes, sizeof bytes));
	if (!block_head_read(bytes, head) ||
	        set->blocks[block] + BLOCK_HEAD_SIZE + head->length != set->blocks[block + 1])
		return damaged("the head of a block");
	char *content = arena_alloc(arena, head->length + 1);
	if (content == NULL)
		return err(ERR_NO_MEMORY, "no memory for a block of events");
	TRY(read_at(set, set->blocks[block] + BLOCK_HEAD_SIZE, content, head->length));
	if (checksum_of(content, head->length) != head->checksum)
		return damaged("the checksum of a block");
	*ret = content;
	return OK;
}

static Err event_unpack(const char *bytes, size_t left, Arena *arena, const Event **ret, size_t *ret_size)
{
	ProtobufCMessage *message;

	if (left < EVENT_LENGTH_SIZE || get_u32(bytes) > left - EVENT_LENGTH_SIZE)
		return damaged("a length");
	TRY(wire_unpack(&parley__plan__v1__event__descriptor,
	        str_n(bytes + EVENT_LENGTH_SIZE, get_u32(bytes)), EVENT_FIELDS_MAX, arena, &message));
	*ret = (const Event *)message;
	*ret_size = EVENT_LENGTH_SIZE + get_u32(bytes);
	return OK;
}

Err event_set_block(const EventSet *set, uint64_t block, Arena *arena, const Event *const **ret,
        size_t *ret_count, uint64_t *ret_first)
{
	BlockHead head;
	const char *bytes;

	TRY(block_bytes(set, block, arena, &head, &bytes));
	const Event **events = ARENA_ARRAY(arena, const Event *, head.count);
	if (events == NULL)
		return err(ERR_NO_MEMORY, "no memory for a block of events");
	size_t offset = 0, size = 0;
	for (size_t i = 0; i < head.count; i++, offset += size)
		TRY(event_unpack(bytes + offset, head.length - offset, arena, &events[i], &size));
	if (offset != head.length)
		return damaged("the length of a block");
	*ret = events;
	*ret_count = head.count;
	*ret_first = head.first;
	return OK;
}

Err event_set_verify(const EventSet *set)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(EVENT_BLOCK_BYTES * 2, 0);
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	uint8_t digest[EVENT_DIGEST_SIZE];
	uint64_t events = 0;
	Err e = arena != NULL && sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1
	                ? OK
	                : err(ERR_NO_MEMORY, "no memory for an event set");

	for (uint64_t i = 0; !e && i < set->info.blocks; i++) {
		BlockHead head;
		const char *bytes;
		arena_reset(arena);
		e = block_bytes(set, i, arena, &head, &bytes);
		if (!e && (head.first != events || EVP_DigestUpdate(sha, bytes, head.length) != 1))
			e = damaged("the order of its blocks");
		events += e ? 0 : head.count;
	}
	if (!e && (EVP_DigestFinal_ex(sha, digest, NULL) != 1 || events != set->info.events ||
	                  memcmp(digest, set->info.digest, sizeof digest) != 0))
		e = damaged("its digest");
	EVP_MD_CTX_free(sha);
	return e;
}
