// Arenas: memory by lifetime. There are three lifetimes, process, snapshot and call, and an arena for each:
// nothing in one is freed alone, so nothing can be freed twice or forgotten. A call's arena also serves
// protobuf-c. Under AddressSanitizer unused bytes are poisoned, so that reading past an allocation is caught.
#pragma once
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

// Only arena_alloc below looks inside.
typedef struct Arena {
	uint8_t *at, *ready; // between them is what comes next, zeroed; whole multiples of ARENA_ALIGN
	uint8_t *from;       // where `at` was when `used` was counted last
	struct ArenaBlock *first, *current;
	size_t block_size, limit, held, used;
	size_t ahead; // bytes that are cleared at once
} Arena;

enum { ARENA_ALIGN = 16 };

// A new arena that takes blocks of at least `block_size` bytes and never holds more than `limit` bytes in all
// (0: no limit). NULL if memory is out.
Arena *arena_new(size_t block_size, size_t limit);
// Frees everything. NULL is fine.
void arena_free(Arena *arena);
// Forgets all allocations but keeps the first block, so that a reused arena costs no malloc.
void arena_reset(Arena *arena);
// Bytes handed out since the start or the last reset.
size_t arena_used(const Arena *arena);

// What arena_alloc does when too little is ready.
void *arena_more(Arena *arena, size_t size);
// 16-byte aligned, zeroed memory. NULL if the limit is reached or memory is out: callers of bounded input
// check it, or use the macros below in code whose arena has no limit.
static inline void *arena_alloc(Arena *arena, size_t size)
{
	uint8_t *memory = arena->at;

	if (size - 1 >= (size_t)(arena->ready - memory)) // also for no bytes at all
		return arena_more(arena, size);
	arena->at = memory + ((size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1));
	return memory;
}
// The same, but not zeroed: for much memory that is filled at once.
void *arena_uncleared(Arena *arena, size_t size);
// A copy with a NUL behind it.
char *arena_cstr(Arena *arena, Str text);
Str arena_str(Arena *arena, Str text);
char *arena_vprintf(Arena *arena, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
char *arena_printf(Arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), sizeof(type), (count)))

// As arena_alloc; NULL also if size × count overflows.
static inline void *arena_alloc_array(Arena *arena, size_t size, size_t count)
{
	size_t total;

	return __builtin_mul_overflow(size, count, &total) ? NULL : arena_alloc(arena, total);
}

static inline void arena_freep(Arena **arena)
{
	arena_free(*arena);
}
