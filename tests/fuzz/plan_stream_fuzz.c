// Any bytes as the effects of a plan on their way, cut anywhere: refused, or taken apart to their end, and
// the same however they are cut.
#include "fuzz.h"

#include "planfile/stream.h"

#include <stdlib.h>

enum { WHOLE = 1 << 20 };

// How many effects there are before the first damage; `piece`: bytes that are fed at a time.
static size_t take_apart(Str bytes, size_t piece)
{
	EffectsStream stream = {0};
	size_t count = 0, size = 0;
	Err e = OK;
	while (e == OK && bytes.len > 0) {
		size_t len = bytes.len < piece ? bytes.len : piece;
		const EventEffects *effects = NULL;
		e = effects_feed(&stream, str_n(bytes.ptr, len));
		bytes = str_n(bytes.ptr + len, bytes.len - len);
		do {
			Arena *arena = arena_new(1 << 12, 0);
			e = e == OK ? effects_peek(&stream, arena, &effects, &size) : e;
			if (e == OK && effects != NULL) {
				effects_take(&stream, size);
				count++;
			}
			arena_free(arena);
		} while (e == OK && effects != NULL);
	}
	effects_clear(&stream);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str bytes = str_n((const char *)data, size);
	if (size < 1)
		return 0;
	if (take_apart(bytes, WHOLE) != take_apart(bytes, 1 + data[0] % 7))
		abort();
	return 0;
}
