// Shares are places on a line, by a hash that anybody can compute again: control groups and samples stay what
// they are for as long as their salt does.
#include "decide/decide.h"

#define XXH_STATIC_LINKING_ONLY // for a state on the stack
#include <xxhash.h>

enum { MILLION = 1000000, SHORT = 512 };

static char *put(char *end, Str text, bool more)
{
	if (text.len)
		memcpy(end, text.ptr, text.len);
	end += text.len;
	if (more)
		*end++ = '\0';
	return end;
}

static uint64_t hash_long(Str salt, Str level, Str audience_id)
{
	XXH3_state_t state;
	XXH3_64bits_reset(&state);
	XXH3_64bits_update(&state, salt.ptr ? salt.ptr : "", salt.len);
	XXH3_64bits_update(&state, "", 1);
	XXH3_64bits_update(&state, level.ptr ? level.ptr : "", level.len);
	XXH3_64bits_update(&state, "", 1);
	XXH3_64bits_update(&state, audience_id.ptr ? audience_id.ptr : "", audience_id.len);
	return XXH3_64bits_digest(&state);
}

static uint64_t hash(Str salt, Str level, Str audience_id)
{
	char text[SHORT];
	if (salt.len + level.len + audience_id.len + 2 > sizeof text)
		return hash_long(salt, level, audience_id);
	char *end = put(put(put(text, salt, true), level, true), audience_id, false);
	return XXH3_64bits(text, (size_t)(end - text));
}

uint32_t decide_share_of(Str salt, Str level, Str audience_id)
{
	return (uint32_t)((unsigned __int128)hash(salt, level, audience_id) * MILLION >> 64);
}

bool decide_share(Str salt, Str level, Str audience_id, uint32_t ppm)
{
	return decide_share_of(salt, level, audience_id) < ppm;
}
