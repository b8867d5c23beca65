// A chain of blocks, bumped from the front. A reset keeps the first block: a call's arena in steady state
// never reaches malloc. Under AddressSanitizer everything not handed out is poisoned and allocations are
// RED_ZONE bytes apart.
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = 16 };
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
enum { RED_ZONE = 0 };
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

// Large blocks come zeroed from the system, page by page as they are touched; clearing them again would touch
// all at once.
enum { ALIGN = 16, ZEROED_MIN = 128 * 1024 };

typedef struct Block {
	struct Block *next; // the one before it in time
	size_t size, used;  // of data
	size_t dirty;       // behind these bytes data is zero
	_Alignas(ALIGN) uint8_t data[];
} Block;

struct Arena {
	Block *first, *current;
	size_t block_size, limit, held, used;
};

static Block *block_new(Arena *arena, size_t size)
{
	Block *block;

	if (arena->limit && (size > arena->limit || arena->held > arena->limit - size))
		return NULL;
	block = size < ZEROED_MIN ? malloc(sizeof(*block) + size) : calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = NULL;
	block->size = size;
	block->used = 0;
	block->dirty = size < ZEROED_MIN ? size : 0;
	arena->held += size;
	POISON(block->data, size);
	return block;
}

static void block_free(Arena *arena, Block *block)
{
	arena->held -= block->size;
	UNPOISON(block->data, block->size);
	free(block);
}

Arena *arena_new(size_t block_size, size_t limit)
{
	Arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->block_size = block_size;
	arena->limit = limit;
	if (limit && block_size > limit)
		arena->block_size = limit;
	arena->first = arena->current = block_new(arena, arena->block_size);
	if (!arena->first) {
		free(arena);
		return NULL;
	}
	return arena;
}

static void free_all_but_first(Arena *arena)
{
	while (arena->current != arena->first) {
		Block *block = arena->current;

		arena->current = block->next;
		block_free(arena, block);
	}
}

void arena_free(Arena *arena)
{
	if (!arena)
		return;
	free_all_but_first(arena);
	block_free(arena, arena->first);
	free(arena);
}

void arena_reset(Arena *arena)
{
	free_all_but_first(arena);
	if (arena->first->dirty < arena->first->used)
		arena->first->dirty = arena->first->used;
	arena->first->used = 0;
	arena->used = 0;
	POISON(arena->first->data, arena->first->size);
}

size_t arena_used(const Arena *arena)
{
	return arena->used;
}

// The next `padded` bytes of a block that has them. It ends in the call that clears them, if any: what most
// allocations come to is a few instructions, and nothing to save before.
static inline void *bump(Arena *arena, Block *block, size_t size, size_t padded)
{
	size_t before = block->used;
	uint8_t *memory = block->data + before;

	block->used += padded;
	arena->used += padded;
	UNPOISON(memory, size);
	if (block->dirty <= before)
		return memory;
	return memset(memory, 0, block->dirty - before < size ? block->dirty - before : size);
}

static __attribute__((noinline)) void *bump_new(Arena *arena, size_t size, size_t padded)
{
	Block *block = size <= SIZE_MAX / 2
	                       ? block_new(arena, padded > arena->block_size ? padded : arena->block_size)
	                       : NULL;

	if (!block)
		return NULL;
	block->next = arena->current;
	arena->current = block;
	return bump(arena, block, size, padded);
}

void *arena_alloc(Arena *arena, size_t size)
{
	size_t padded = (size + (size == 0) + RED_ZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	Block *block = arena->current;

	if (size > SIZE_MAX / 2 || padded > block->size - block->used)
		return bump_new(arena, size, padded);
	return bump(arena, block, size, padded);
}

void *arena_alloc_array(Arena *arena, size_t size, size_t count)
{
	size_t total;

	if (__builtin_mul_overflow(size, count, &total))
		return NULL;
	return arena_alloc(arena, total);
}

char *arena_cstr(Arena *arena, Str text)
{
	char *copy = text.len == SIZE_MAX ? NULL : arena_alloc(arena, text.len + 1);

	if (copy && text.len)
		memcpy(copy, text.ptr, text.len);
	return copy;
}

Str arena_str(Arena *arena, Str text)
{
	char *copy = arena_cstr(arena, text);

	return (Str){copy, copy ? text.len : 0};
}

char *arena_vprintf(Arena *arena, const char *fmt, va_list args)
{
	va_list again;
	char *text = NULL;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	if (len >= 0 && (text = arena_alloc(arena, (size_t)len + 1)) != NULL)
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(Arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = arena_vprintf(arena, fmt, args);
	va_end(args);
	return text;
}
