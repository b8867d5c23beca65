#include "wire/write.h"

void wire_begin(WireWriter *writer, Arena *arena, size_t room)
{
	uint8_t *start = arena_alloc(arena, room);
	uint8_t *end = start != NULL ? start + room : NULL;
	*writer = (WireWriter){.arena = arena, .start = start, .at = end, .end = end};
}

Str wire_done(const WireWriter *writer)
{
	return str_n((const char *)writer->at, wire_written(writer));
}

bool wire_grow(WireWriter *writer, size_t size)
{
	size_t written = wire_written(writer), room = 2 * (size_t)(writer->end - writer->start) + size;
	uint8_t *start = writer->start != NULL ? arena_alloc(writer->arena, room) : NULL;
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
