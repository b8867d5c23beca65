// What a runtime server ships, from anywhere: frames as they come, and entries inside of frames that are
// sound, so that the fuzzer gets past the checksum to what becomes history.
#include "history/batch.h"
#include "journal/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_batch(Str frames)
{
	const BatchClaim claim = {
	        .runtime_id = STR("r"), .incarnation = 1, .first_sequence = 1, .frames = frames};
	Arena *arena = arena_new(1 << 16, 64 << 20);
	Batch batch = {0};
	if (batch_read(&claim, arena, &batch) == OK)
		for (size_t i = 0; i < batch.count; i++)
			if ((batch.records[i].entry == NULL) == (batch.records[i].reason == NULL))
				abort(); // either history or a reason why not
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t space[RECORD_MAX];
	read_batch(str_n((const char *)bytes, size));
	if (size < 1)
		return 0;
	size_t id_len = bytes[0] % 16 < size ? bytes[0] % 16 : 0;
	Str input = str_n(
	        (const char *)bytes + 1, size - 1 < JOURNAL_PAYLOAD_MAX ? size - 1 : JOURNAL_PAYLOAD_MAX);
	const JournalRecord record = {.runtime_id = STR("r"),
	        .incarnation = 1,
	        .sequence = 1,
	        .event_id = str_n(input.ptr, id_len),
	        .payload = input};
	record_encode(&record, space);
	read_batch(str_n((char *)space, record_size(record.runtime_id, record.event_id, record.payload)));
	return 0;
}
