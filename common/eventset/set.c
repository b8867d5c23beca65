#include "eventset/internal.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <stdlib.h>

struct EventSet {
	RecordFile file;
	EventSetInfo info;
};

static Err damaged(const char *what)
{
	return err(ERR_STATE_CORRUPT, "the event set is damaged (%s): import it again", what);
}

// --- the end ---

static Err end_take(EventSet *set, const Parley__Plan__V1__EventSetEnd *end)
{
	if (end->digest.len != EVENT_DIGEST_SIZE)
		return damaged("its end");
	TRY(records_blocks(&set->file, end->blocks, end->n_blocks));
	set->info.blocks = end->n_blocks;
	set->info.events = end->events;
	set->info.first_us = end->first_us;
	set->info.last_us = end->last_us;
	set->info.without_offer = end->without_offer;
	memcpy(set->info.digest, end->digest.data, EVENT_DIGEST_SIZE);
	return OK;
}

static Err end_read(EventSet *set, const char *path, Arena *arena)
{
	ProtobufCMessage *end;
	Str packed;
	TRY(records_open(path, &event_form, arena, &set->file, &packed));
	set->info.bytes = set->file.bytes + packed.len + RECORDS_TAIL_SIZE;
	TRY(wire_unpack(
	        &parley__plan__v1__event_set_end__descriptor, packed, EVENT_SET_BLOCKS_MAX + 8, arena, &end));
	return end_take(set, (const Parley__Plan__V1__EventSetEnd *)end);
}

Err event_set_open(const char *path, EventSet **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	EventSet *set = calloc(1, sizeof *set);
	if (set == NULL || arena == NULL) {
		free(set);
		return err(ERR_NO_MEMORY, "no memory for an event set");
	}
	set->file.fd = -1;
	Err e = end_read(set, path, arena);
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
	records_close(&set->file);
	free(set);
}

const EventSetInfo *event_set_info(const EventSet *set)
{
	return &set->info;
}

// --- blocks ---

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for a block of events");
}

Err event_set_packed(
        const EventSet *set, uint64_t block, Arena *arena, Str **ret, size_t *ret_count, uint64_t *ret_first)
{
	RecordBlock records;
	bool more = true;
	size_t count = 0;
	TRY(records_block(&set->file, block, arena, &records));
	Str *packed = arena_uncleared(arena, ((size_t)records.count + 1) * sizeof *packed);
	if (packed == NULL)
		return no_memory();
	for (;;) {
		TRY(records_next(&set->file, &records, &packed[count], &more));
		if (!more)
			break;
		count++;
	}
	*ret = packed;
	*ret_count = count;
	*ret_first = records.first;
	return OK;
}

Err event_set_block(const EventSet *set, uint64_t block, Arena *arena, const Event *const **ret,
        size_t *ret_count, uint64_t *ret_first)
{
	Str *packed; // in the arena: ours to change
	TRY(event_set_packed(set, block, arena, &packed, ret_count, ret_first));
	const Event **events = ARENA_ARRAY(arena, const Event *, *ret_count + 1);
	if (events == NULL)
		return no_memory();
	for (size_t i = 0; i < *ret_count; i++)
		TRY(event_read((char *)(uintptr_t)packed[i].ptr, packed[i].len, NULL, arena, &events[i]));
	*ret = events;
	return OK;
}

Err event_set_verify(const EventSet *set, void (*told)(void *context, uint64_t events), void *context)
{
	return records_verify(&set->file, set->info.events, set->info.digest, told, context);
}
