// CEL's strings may hold NUL, which the rest of the system refuses.
#pragma once
#include "base/str.h"

// Whether the bytes are well-formed UTF-8, NUL included.
static inline bool expr_is_utf8(Str text)
{
	while (text.len > 0) {
		const char *nul = memchr(text.ptr, 0, text.len);
		size_t len = nul ? (size_t)(nul - text.ptr) : text.len;

		if (len > 0 && !str_is_utf8(str_n(text.ptr, len)))
			return false;
		text = nul ? str_n(nul + 1, text.len - len - 1) : str_n(text.ptr, 0);
	}
	return true;
}

// The code point that text begins with; steps over it, and never beyond the end whatever the bytes are.
static inline uint32_t expr_utf8_next(const char **at, const char *end)
{
	unsigned char first = (unsigned char)*(*at)++;
	int more = (first >= 0xc0) + (first >= 0xe0) + (first >= 0xf0);
	uint32_t code = first < 0x80 ? first : first & (0x3fu >> more);

	for (; more > 0 && *at < end; more--)
		code = code << 6 | ((unsigned char)*(*at)++ & 0x3f);
	return code;
}

// How many code points there are: as many as bytes that begin one.
static inline size_t expr_utf8_count(Str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += (text.ptr[i] & 0xc0) != 0x80;
	return count;
}
