// Writing messages without building them, for the few that every call writes: protobuf-c walks descriptors
// twice, once for the sizes and once for the bytes. These write from the end to the front, so that a
// submessage's length is known when it is wanted: put the last field first. Who does so gives the bytes that
// protobuf-c would, defaults left out.
#pragma once
#include "base/arena.h"

typedef struct WireWriter {
	Arena *arena;              // NULL: there is no more room
	uint8_t *start, *at, *end; // written is from `at` to `end`
} WireWriter;

// `room` is a guess; more is taken when needed.
void wire_begin(WireWriter *writer, Arena *arena, size_t room);
// The same, but begins in memory of the caller's. `arena` NULL: never more.
void wire_begin_in(WireWriter *writer, uint8_t *space, size_t size, Arena *arena);
// What was written; no bytes at all (`ptr` NULL) if there was no room.
Str wire_done(const WireWriter *writer);

// Makes room in front of what is written. False: there is none, now and for whatever comes.
bool wire_grow(WireWriter *writer, size_t size);

// Where the next `size` bytes go; NULL: nowhere.
static inline uint8_t *wire_room(WireWriter *writer, size_t size)
{
	if ((size_t)(writer->at - writer->start) < size && !wire_grow(writer, size))
		return NULL;
	return writer->at -= size;
}

static inline void wire_raw(WireWriter *writer, const void *bytes, size_t len)
{
	uint8_t *at = len > 0 ? wire_room(writer, len) : NULL;
	if (at != NULL)
		memcpy(at, bytes, len);
}

static inline size_t wire_varint_size(uint64_t value)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
	return (bits + 6) / 7;
}

static inline void wire_varint(WireWriter *writer, uint64_t value)
{
	uint8_t *at = wire_room(writer, value < 0x80 ? 1 : wire_varint_size(value));
	if (at == NULL)
		return;
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at = (uint8_t)value;
}

static inline void wire_tag(WireWriter *writer, uint32_t field, unsigned type)
{
	wire_varint(writer, field << 3 | type);
}

static inline void wire_uint(WireWriter *writer, uint32_t field, uint64_t value)
{
	if (value == 0)
		return;
	wire_varint(writer, value);
	wire_tag(writer, field, 0);
}

static inline void wire_double(WireWriter *writer, uint32_t field, double value)
{
	uint8_t bytes[8];
	uint64_t bits;
	if (value == 0)
		return;
	memcpy(&bits, &value, sizeof bits);
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(bits >> 8 * i);
	wire_raw(writer, bytes, sizeof bytes);
	wire_tag(writer, field, 1);
}

static inline bool wire_full(const WireWriter *writer)
{
	return writer->end == NULL;
}

static inline size_t wire_written(const WireWriter *writer)
{
	return (size_t)(writer->end - writer->at);
}

// The tag and length of all that was written since wire_written said `before`.
static inline void wire_message(WireWriter *writer, uint32_t field, size_t before)
{
	wire_varint(writer, wire_written(writer) - before);
	wire_tag(writer, field, 2);
}

// What wire_text does with a long text, a large field number, or little room.
void wire_text_any(WireWriter *writer, uint32_t field, Str text);

// A string or bytes.
static inline void wire_text(WireWriter *writer, uint32_t field, Str text)
{
	if (text.len == 0)
		return;
	if (field >= 16 || text.len >= 0x80 || (size_t)(writer->at - writer->start) < text.len + 2) {
		wire_text_any(writer, field, text);
		return;
	}
	uint8_t *at = writer->at -= text.len + 2;
	at[0] = (uint8_t)(field << 3 | 2);
	at[1] = (uint8_t)text.len;
	memcpy(at + 2, text.ptr, text.len);
}
