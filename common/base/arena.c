// A chain of blocks, bumped from the front. A reset keeps the first block: a call's arena in steady state
// never reaches malloc. What is used again is cleared some way ahead, so that most allocations are no more
// than the inline function of the header, and little is cleared that is not used: about as far as the arena
// was used before its last reset, for one call takes about what the one before it took. Under
// AddressSanitizer everything not handed out is poisoned and allocations are RED_ZONE bytes apart: there
// nothing is ready ahead.
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
enum { RED_ZONE = 16, AHEAD_LEAST = 0, AHEAD_MOST = 0 };
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
enum { RED_ZONE = 0, AHEAD_LEAST = 256, AHEAD_MOST = 2048 };
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

// Large blocks come zeroed from the system, page by page as they are touched; clearing them again would touch
// all at once.
enum { ZEROED_MIN = 128 * 1024 };

typedef struct ArenaBlock {
	struct ArenaBlock *next; // the one before it in time
	size_t size;             // of data
	size_t dirty;            // behind these bytes data is zero
	_Alignas(ARENA_ALIGN) uint8_t data[];
} Block;

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

static void go_on_in(Arena *arena, Block *block)
{
	arena->current = block;
	arena->at = arena->ready = arena->from = block->data;
}

Arena *arena_new(size_t block_size, size_t limit)
{
	Arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->block_size = block_size;
	arena->limit = limit;
	arena->ahead = AHEAD_MOST;
	if (limit && block_size > limit)
		arena->block_size = limit;
	arena->first = block_new(arena, arena->block_size);
	if (!arena->first) {
		free(arena);
		return NULL;
	}
	go_on_in(arena, arena->first);
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

// Before another block is the current one, or the same one from its beginning.
static void count_used(Arena *arena)
{
	Block *block = arena->current;
	size_t used = (size_t)(arena->at - block->data);

	if (block->dirty < used)
		block->dirty = used;
	arena->used = arena_used(arena);
}

static size_t round_up(size_t size)
{
	return (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

// What the next call may take, if it is like this one; calls may alternate, so it goes down by halves.
static void note_used(Arena *arena)
{
	size_t used = arena->used + AHEAD_LEAST / 2, less = round_up(arena->ahead / 2);
	size_t ahead = used > less ? used : less;

	arena->ahead = ahead < AHEAD_LEAST ? AHEAD_LEAST : ahead > AHEAD_MOST ? AHEAD_MOST : ahead;
}

void arena_reset(Arena *arena)
{
	count_used(arena);
	if (AHEAD_MOST > 0)
		note_used(arena);
	free_all_but_first(arena);
	go_on_in(arena, arena->first);
	arena->used = 0;
	POISON(arena->first->data, arena->first->size);
}

size_t arena_used(const Arena *arena)
{
	return arena->used + (size_t)(arena->at - arena->from);
}

// Makes at least `size` bytes ready in the current block, which has them.
static void make_ready(Arena *arena, size_t size)
{
	Block *block = arena->current;
	size_t taken = (size_t)(arena->at - block->data), ready = (size_t)(arena->ready - block->data);
	size_t most = block->size & ~(size_t)(ARENA_ALIGN - 1);
	size_t wanted = taken + (size > arena->ahead ? size : arena->ahead);

	if (wanted > most || (AHEAD_MOST > 0 && wanted >= block->dirty))
		wanted = most; // what is zero already costs nothing
	if (ready < block->dirty)
		memset(arena->ready, 0, (wanted < block->dirty ? wanted : block->dirty) - ready);
	arena->ready = block->data + wanted;
}

static bool begin_block(Arena *arena, size_t size)
{
	Block *block = block_new(arena, size > arena->block_size ? size : arena->block_size);

	if (!block)
		return false;
	count_used(arena);
	block->next = arena->current;
	go_on_in(arena, block);
	return true;
}

// Where so many bytes can be had, and how many they take; NULL: nowhere.
static inline __attribute__((always_inline)) uint8_t *find_room(Arena *arena, size_t size, size_t *ret_padded)
{
	const Block *block = arena->current;
	size_t padded;

	if (size > SIZE_MAX / 2)
		return NULL;
	padded = *ret_padded = round_up(size + RED_ZONE + (size == 0));
	if (padded > block->size - (size_t)(arena->at - block->data) && !begin_block(arena, padded))
		return NULL;
	return arena->at;
}

void *arena_more(Arena *arena, size_t size)
{
	size_t padded;
	uint8_t *memory = find_room(arena, size, &padded);

	if (!memory)
		return NULL;
	UNPOISON(memory, padded);
	if (padded > (size_t)(arena->ready - memory))
		make_ready(arena, padded);
	POISON(memory + size, padded - size);
	arena->at += padded;
	return memory;
}

void *arena_uncleared(Arena *arena, size_t size)
{
	size_t padded;
	uint8_t *memory = find_room(arena, size, &padded);

	if (!memory)
		return NULL;
	UNPOISON(memory, size);
	arena->at += padded;
	if (arena->ready < arena->at)
		arena->ready = arena->at;
	return memory;
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
