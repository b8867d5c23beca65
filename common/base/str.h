// String views. A Str borrows: it owns nothing and need not end in NUL. Text that must outlive its source is
// copied into an arena (arena_str), never strdup'ed.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
	const char *ptr; // may be NULL if len is 0
	size_t len;      // bytes
} Str;

#define STR(literal)   ((Str){"" literal, sizeof(literal) - 1})
#define STR_FMT        "%.*s"
#define STR_ARG(s)     ((int)(s).len), ((s).ptr ? (s).ptr : "")
#define ARRAY_COUNT(a) (sizeof(a) / sizeof(*(a)))

// A view of a NUL-terminated text; NULL is the empty view.
static inline Str str(const char *text)
{
	return (Str){text, text ? strlen(text) : 0};
}

static inline Str str_n(const char *ptr, size_t len)
{
	return (Str){ptr, len};
}

static inline bool str_eq(Str a, Str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

// Byte order; a prefix sorts before what it begins.
int str_cmp(Str a, Str b);
bool str_starts(Str text, Str prefix);
bool str_ends(Str text, Str suffix);

// Whether the bytes are well-formed UTF-8 without NUL (Unicode 15, table 3-7).
bool str_is_utf8(Str text);
// Whether all bytes are ASCII and none is NUL.
bool str_is_ascii(Str text);

// Whole text as a decimal number; false if it is anything else or out of range.
bool str_to_i64(Str text, int64_t *ret);
bool str_to_u64(Str text, uint64_t *ret);
bool str_to_f64(Str text, double *ret);

// Lower-case hex. `hex` has room for 2 × len + 1.
void hex_encode(const uint8_t *bytes, size_t len, char *hex);
// False unless `hex` is exactly 2 × len hex digits.
bool hex_decode(Str hex, uint8_t *bytes, size_t len);
