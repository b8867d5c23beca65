// An event set's file: records/ with an end of its own.
#include "eventset/internal.h"

#include "wire/wire.h"

#include <stdlib.h>

const RecordForm event_form = {.head = "parley events 1\n",
        .block = "EVB1",
        .end = "EVE1",
        .what = "event set",
        .again = "import it again",
        .record_max = EVENT_BYTES_MAX};

Err blocks_begin(BlockWriter *writer, FILE *file)
{
	*writer = (BlockWriter){0};
	return records_begin(&writer->records, &event_form, file, 0);
}

void blocks_done(BlockWriter *writer)
{
	records_done(&writer->records);
}

// --- what is counted of events ---

enum { OFFER_CODE = 8 }; // field of event.proto

static bool varint_at(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;
		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

// Behind a field's value. False: it is not one.
static bool skip(unsigned type, const uint8_t **at, const uint8_t *end)
{
	uint64_t size = 0;
	if (type == 0)
		return varint_at(at, end, &size);
	if (type == 2 && !varint_at(at, end, &size))
		return false;
	size = type == 1 ? 8 : type == 5 ? 4 : size;
	if ((type != 1 && type != 2 && type != 5) || size > (uint64_t)(end - *at))
		return false;
	*at += size;
	return true;
}

// Also of what is no event: then nothing follows from it.
static bool names_offer(Str event)
{
	const uint8_t *at = (const uint8_t *)event.ptr, *end = at + event.len;
	for (uint64_t tag; at < end;)
		if (!varint_at(&at, end, &tag) || tag >> 3 == OFFER_CODE || !skip(tag & 7, &at, end))
			return true;
	return false;
}

Err blocks_add(BlockWriter *writer, int64_t time_us, Str event)
{
	TRY(records_add(&writer->records, event));
	writer->info.without_offer += !names_offer(event);
	if (writer->info.events++ == 0)
		writer->info.first_us = time_us;
	writer->info.last_us = time_us;
	return OK;
}

static Err put_end(BlockWriter *writer)
{
	Parley__Plan__V1__EventSetEnd end = PARLEY__PLAN__V1__EVENT_SET_END__INIT;
	end.blocks = writer->records.blocks;
	end.n_blocks = writer->records.block_count;
	end.events = writer->info.events;
	end.first_us = writer->info.first_us;
	end.last_us = writer->info.last_us;
	end.without_offer = writer->info.without_offer;
	end.digest = (ProtobufCBinaryData){EVENT_DIGEST_SIZE, writer->info.digest};
	size_t size = parley__plan__v1__event_set_end__get_packed_size(&end);
	uint8_t *packed = malloc(size);
	if (packed == NULL)
		return err(ERR_NO_MEMORY, "no memory for an event set");
	parley__plan__v1__event_set_end__pack(&end, packed);
	Err e = records_end(&writer->records, str_n((const char *)packed, size));
	free(packed);
	return e;
}

Err blocks_end(BlockWriter *writer)
{
	TRY(records_digest(&writer->records, writer->info.digest));
	TRY(put_end(writer));
	writer->info.blocks = writer->records.block_count;
	writer->info.bytes = writer->records.offset;
	return OK;
}
