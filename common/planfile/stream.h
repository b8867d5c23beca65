// The effects of a plan as they travel: the content of a plan's blocks, one behind the other, cut into pieces
// anywhere. It is the very bytes that the plan's digest is of.
#pragma once
#include "planfile/planfile.h"

typedef struct EffectsStream {
	char *bytes; // malloc; what was fed and not taken
	size_t at, len, room;
} EffectsStream;

// What comes next of the stream. Errors: NO_MEMORY, LIMIT (more is fed than the largest effects need).
Err effects_feed(EffectsStream *stream, Str piece);
// The next effects, which stay in the stream; NULL: more has to be fed. They live in `arena` and look into
// the stream, so they are gone with the next effects_feed. *ret_size is what effects_take is to be told.
// Errors: STATE_CORRUPT, NO_MEMORY.
Err effects_peek(const EffectsStream *stream, Arena *arena, const EventEffects **ret, size_t *ret_size);
void effects_take(EffectsStream *stream, size_t size);
static inline bool effects_end(const EffectsStream *stream)
{
	return stream->at == stream->len;
}
// Nothing is in it any more, and it may be used again.
void effects_clear(EffectsStream *stream);
