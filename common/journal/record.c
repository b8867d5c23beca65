// The only place that knows the bytes of a record. Everything is checked before a field is believed; the
// length is read from a header whose CRC has not been checked yet, so it is bounded first.
#include "journal/record.h"

#include "journal/crc32c.h"

#include <endian.h>

enum { KIND_ENTRY = 0, KIND_LOSS = 1 };
enum {
	AT_CRC = 4,
	AT_LENGTH = 8,
	AT_RUNTIME = 12,
	AT_EVENT = 13,
	AT_KIND = 14,
	AT_ZERO = 15,
	AT_INCARNATION = 16,
	AT_SEQUENCE = 24
};

static const char MAGIC[4] = {'P', 'J', 'R', '1'};

static void put_u32(uint8_t *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out, &value, sizeof value);
}

static void put_u64(uint8_t *out, uint64_t value)
{
	value = htole64(value);
	memcpy(out, &value, sizeof value);
}

static uint32_t get_u32(const char *in)
{
	uint32_t value;
	memcpy(&value, in, sizeof value);
	return le32toh(value);
}

static uint64_t get_u64(const char *in)
{
	uint64_t value;
	memcpy(&value, in, sizeof value);
	return le64toh(value);
}

static uint8_t *put_str(uint8_t *out, Str text)
{
	if (text.len > 0)
		memcpy(out, text.ptr, text.len);
	return out + text.len;
}

size_t record_size(Str runtime_id, Str event_id, Str payload)
{
	return RECORD_HEADER + runtime_id.len + event_id.len + payload.len;
}

static void encode(const JournalRecord *record, uint8_t kind, uint8_t *out)
{
	size_t size = record_size(record->runtime_id, record->event_id, record->payload);
	memcpy(out, MAGIC, sizeof MAGIC);
	put_u32(out + AT_LENGTH, (uint32_t)size);
	out[AT_RUNTIME] = (uint8_t)record->runtime_id.len;
	out[AT_EVENT] = (uint8_t)record->event_id.len;
	out[AT_KIND] = kind;
	out[AT_ZERO] = 0;
	put_u64(out + AT_INCARNATION, record->incarnation);
	put_u64(out + AT_SEQUENCE, record->sequence);
	uint8_t *end = put_str(out + RECORD_HEADER, record->runtime_id);
	end = put_str(end, record->event_id);
	put_str(end, record->payload);
	put_u32(out + AT_CRC, crc32c(0, out + AT_LENGTH, size - AT_LENGTH));
}

void record_encode(const JournalRecord *record, uint8_t *out)
{
	encode(record, KIND_ENTRY, out);
}

size_t record_encode_loss(const JournalRecord *record, uint8_t *out)
{
	uint8_t until[8];
	put_u64(until, record->lost_until);
	JournalRecord loss = *record;
	loss.event_id = (Str){0};
	loss.payload = str_n((const char *)until, sizeof until);
	encode(&loss, KIND_LOSS, out);
	return record_size(loss.runtime_id, loss.event_id, loss.payload);
}

static Err corrupt(const char *what)
{
	return err(ERR_JOURNAL_CORRUPT, "not a journal record: %s; ship records as they stand on disk", what);
}

static Err check_frame(Str frames, uint32_t *ret_size)
{
	if (frames.len < RECORD_HEADER || memcmp(frames.ptr, MAGIC, sizeof MAGIC) != 0)
		return corrupt("it does not begin with PJR1 and a whole header");
	uint32_t size = get_u32(frames.ptr + AT_LENGTH);
	if (size < RECORD_HEADER || size > RECORD_MAX || size > frames.len)
		return corrupt("its length does not fit");
	if (get_u32(frames.ptr + AT_CRC) != crc32c(0, frames.ptr + AT_LENGTH, size - AT_LENGTH))
		return corrupt("its checksum differs");
	*ret_size = size;
	return OK;
}

static Err check_fields(Str frame, JournalRecord *record)
{
	size_t runtime_len = (uint8_t)frame.ptr[AT_RUNTIME], event_len = (uint8_t)frame.ptr[AT_EVENT];
	if (runtime_len == 0 || runtime_len > JOURNAL_RUNTIME_ID_MAX || event_len > JOURNAL_EVENT_ID_MAX ||
	        frame.len - RECORD_HEADER < runtime_len + event_len)
		return corrupt("its IDs do not fit");
	const char *at = frame.ptr + RECORD_HEADER;
	*record = (JournalRecord){
	        .runtime_id = str_n(at, runtime_len),
	        .incarnation = get_u64(frame.ptr + AT_INCARNATION),
	        .sequence = get_u64(frame.ptr + AT_SEQUENCE),
	        .event_id = str_n(at + runtime_len, event_len),
	        .payload = str_n(
	                at + runtime_len + event_len, frame.len - RECORD_HEADER - runtime_len - event_len),
	        .frame = frame,
	};
	if (record->payload.len > JOURNAL_PAYLOAD_MAX || frame.ptr[AT_ZERO] != 0 || record->sequence == 0 ||
	        record->sequence > INT64_MAX || record->incarnation > INT64_MAX)
		return corrupt("a field is out of range");
	return OK;
}

static Err check_loss(JournalRecord *record)
{
	if (record->payload.len != 8 || record->event_id.len != 0)
		return corrupt("a loss says the last lost sequence and nothing else");
	record->lost_until = get_u64(record->payload.ptr);
	record->payload = (Str){0};
	if (record->lost_until < record->sequence || record->lost_until > INT64_MAX)
		return corrupt("a loss ends before it begins");
	return OK;
}

Err journal_record_parse(Str *frames, JournalRecord *ret)
{
	uint32_t size = 0;
	TRY(check_frame(*frames, &size));
	JournalRecord record;
	TRY(check_fields(str_n(frames->ptr, size), &record));
	uint8_t kind = (uint8_t)frames->ptr[AT_KIND];
	if (kind == KIND_LOSS)
		TRY(check_loss(&record));
	else if (kind != KIND_ENTRY)
		return corrupt("its kind is unknown");
	*ret = record;
	*frames = str_n(frames->ptr + size, frames->len - size);
	return OK;
}
