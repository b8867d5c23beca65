#include "wire/write.h"

void wire_begin(WireWriter *writer, Arena *arena, size_t room)
{
	uint8_t *start = arena_alloc(arena, room);
	uint8_t *end = start != NULL ? start + room : NULL;
	*writer = (WireWriter){.arena = arena, .start = start, .at = end, .end = end};
}

void wire_begin_in(WireWriter *writer, uint8_t *space, size_t size, Arena *arena)
{
	*writer = (WireWriter){.arena = arena, .start = space, .at = space + size, .end = space + size};
}

Str wire_done(const WireWriter *writer)
{
	return str_n((const char *)writer->at, wire_written(writer));
}

bool wire_grow(WireWriter *writer, size_t size)
{
	size_t written = wire_written(writer), room = 2 * (size_t)(writer->end - writer->start) + size;
	uint8_t *start =
	        writer->arena != NULL && !wire_full(writer) ? arena_alloc(writer->arena, room) : NULL;
	if (start == NULL) {
		writer->start = writer->at = writer->end = NULL;
		return false;
	}
	memcpy(start + room - written, writer->at, written);
	writer->start = start;
	writer->end = start + room;
	writer->at = writer->end - written;
	return true;
}

void wire_text_any(WireWriter *writer, uint32_t field, Str text)
{
	wire_raw(writer, text.ptr, text.len);
	wire_varint(writer, text.len);
	wire_tag(writer, field, 2);
}
