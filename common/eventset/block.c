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

Err blocks_add(BlockWriter *writer, int64_t time_us, Str event)
{
	TRY(records_add(&writer->records, event));
	writer->info.without_offer += !event_names_offer(event);
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
