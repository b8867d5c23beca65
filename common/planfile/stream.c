#include "planfile/stream.h"

#include "wire/wire.h"

#include <stdlib.h>

enum { LENGTH_SIZE = 4, ROOM_LEAST = 1 << 20 };

static Err damaged(const char *what)
{
	return err(ERR_STATE_CORRUPT, "the plan's effects are damaged: %s", what);
}

static Err make_room(EffectsStream *stream, size_t more)
{
	size_t left = stream->len - stream->at;
	if (left > 0 && stream->at > 0)
		memmove(stream->bytes, stream->bytes + stream->at, left);
	stream->at = 0;
	stream->len = left;
	size_t need = left + more;
	if (need <= stream->room)
		return OK;
	size_t room = stream->room ? stream->room : ROOM_LEAST;
	while (room < need)
		room *= 2;
	char *bytes = realloc(stream->bytes, room);
	if (bytes == NULL)
		return err(ERR_NO_MEMORY, "no memory for the effects of a plan");
	stream->bytes = bytes;
	stream->room = room;
	return OK;
}

Err effects_feed(EffectsStream *stream, Str piece)
{
	if (piece.len == 0)
		return OK;
	if (piece.len > EFFECTS_BYTES_MAX ||
	        stream->len - stream->at > EFFECTS_BYTES_MAX + (size_t)LENGTH_SIZE)
		return err(ERR_LIMIT, "one event of the plan has more than %d bytes of effects",
		        EFFECTS_BYTES_MAX);
	TRY(make_room(stream, piece.len));
	memcpy(stream->bytes + stream->len, piece.ptr, piece.len);
	stream->len += piece.len;
	return OK;
}

static size_t length_at(const char *bytes)
{
	const uint8_t *at = (const uint8_t *)bytes;
	return (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

Err effects_peek(const EffectsStream *stream, Arena *arena, const EventEffects **ret, size_t *ret_size)
{
	size_t left = stream->len - stream->at;
	ProtobufCMessage *message;
	*ret = NULL;
	if (left < LENGTH_SIZE)
		return OK;
	size_t length = length_at(stream->bytes + stream->at);
	if (length > EFFECTS_BYTES_MAX)
		return damaged("a length");
	if (left - LENGTH_SIZE < length)
		return OK;
	Str packed = str_n(stream->bytes + stream->at + LENGTH_SIZE, length);
	Err e = wire_unpack(
	        &parley__plan__v1__event_effects__descriptor, packed, EFFECTS_FIELDS_MAX, arena, &message);
	if (e == ERR_NO_MEMORY)
		return e;
	if (e != OK)
		return damaged("one is no message");
	*ret = (const EventEffects *)message;
	*ret_size = LENGTH_SIZE + length;
	return OK;
}

void effects_take(EffectsStream *stream, size_t size)
{
	stream->at += size;
}

void effects_clear(EffectsStream *stream)
{
	free(stream->bytes);
	*stream = (EffectsStream){0};
}
