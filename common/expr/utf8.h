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
