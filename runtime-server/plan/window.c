// The part of the set that is in memory: blocks are read ahead by the pool's threads, and stay until the
// effects of their events have been written. Memory goes from blocks that are done with to those that are
// read next, the last one first, while it is warm.
#include "plan/internal.h"

#include "base/cleanup.h"

#include <stdlib.h>

enum {
	BLOCK_ARENA = 2 << 20, // of a block: its bytes and items; what is not used is not touched
	SCRATCH_BLOCK = 4 * 1024,
	WINDOW = 3 * PLAN_ROUND_BLOCKS, // blocks that are in memory at most
	READ_AT_ONCE = 16,
};

// A block of the set, read.
typedef struct Loaded {
	Arena *arena;
	Item *items;
	size_t count;
} Loaded;

struct Window {
	const PlanOptions *options;
	Loaded blocks[WINDOW];  // `first` to `loaded`, each at its number modulo WINDOW
	uint64_t first, loaded; // of the set
	uint64_t block;         // of the next item
	size_t index;           // in that
	size_t ahead;           // items from there on
	size_t reading;         // blocks
	Arena *spare[WINDOW];
	size_t spare_count;
};

Window *window_new(const PlanOptions *options)
{
	Window *window = calloc(1, sizeof *window);
	if (window != NULL)
		window->options = options;
	return window;
}

void window_free(Window *window)
{
	if (window == NULL)
		return;
	for (size_t i = 0; i < WINDOW; i++)
		arena_free(window->blocks[i].arena);
	for (size_t i = 0; i < window->spare_count; i++)
		arena_free(window->spare[i]);
	free(window);
}

static Loaded *block_at(Window *window, uint64_t block)
{
	return &window->blocks[block % WINDOW];
}

// --- reading ---

// What is read long before its turn comes has left the processor's caches by then: so no more than a round.
static size_t readable(const Window *window)
{
	const EventSetInfo *info = event_set_info(window->options->set);
	uint64_t left = info->blocks - window->loaded;
	if (left == 0 || window->ahead >= PLAN_ROUND_EVENTS)
		return 0;
	uint64_t room = window->first + WINDOW - window->loaded, each = info->events / info->blocks + 1;
	uint64_t wanted = (PLAN_ROUND_EVENTS - window->ahead) / each + 1, most = left < room ? left : room;
	most = most < wanted ? most : wanted;
	return most < READ_AT_ONCE ? (size_t)most : READ_AT_ONCE;
}

Err window_prepare(Window *window, size_t *ret_count)
{
	*ret_count = readable(window);
	for (size_t i = 0; i < *ret_count; i++) {
		Arena **arena = &block_at(window, window->loaded + i)->arena;
		*arena = window->spare_count > 0 ? window->spare[--window->spare_count]
		                                 : arena_new(BLOCK_ARENA, 0);
		if (*arena == NULL)
			return err(ERR_NO_MEMORY, "no memory for events to plan");
	}
	window->reading = *ret_count;
	return OK;
}

// A block that is being read.
typedef struct Reading {
	const RehearsalContent *content;
	Arena *scratch;
	EventShapes *shapes;
	unsigned known; // shapes of which is told whose they are
	Whose whose[EVENT_SHAPES_MAX];
	EventGlance glance;
} Reading;

// A shape's number tells that there is one more than before.
static const Whose *whose_by_shape(Reading *reading)
{
	unsigned number = event_shape_number(reading->glance.shape);
	if (number == reading->known)
		reading->whose[reading->known++] = whose_of(reading->content, &reading->glance);
	return &reading->whose[number];
}

static Err read_visitor(Reading *reading, Item *item)
{
	Who who;
	arena_reset(reading->scratch);
	item->refused = who_of(reading->content, &reading->glance, reading->scratch, &who);
	if (item->refused != OK)
		return item->refused == ERR_NO_MEMORY ? ERR_NO_MEMORY : OK;
	item->level = who.level;
	item->visitor = who.hash;
	return OK;
}

typedef uint8_t Digits __attribute__((vector_size(16)));

// A number's digits, all at once: each nibble gets a byte of its own, and those above 9 become letters.
static Digits hex_digits(uint64_t number)
{
	typedef uint64_t Nibbles __attribute__((vector_size(16)));
	const uint64_t bytes = __builtin_bswap64(number), mask = UINT64_C(0x0f0f0f0f0f0f0f0f);
	const Digits high = (Digits)(Nibbles){bytes >> 4 & mask, 0}, low = (Digits)(Nibbles){bytes & mask, 0};
	const Digits both =
	        __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	return both + '0' + ((Digits)(both > 9) & ('a' - '9' - 1));
}

// "visitor-" and the hash: made for nearly every event, so without a format.
static void name_own_session(Item *item)
{
	static const char front[] = "visitor-";
	const Digits digits = hex_digits(item->visitor);
	memcpy(item->own_session, front, sizeof front - 1);
	memcpy(item->own_session + sizeof front - 1, &digits, sizeof digits);
	item->session_id =
	        str_n(item->own_session, OWN_SESSION - 1); // a NUL is behind it: items begin zeroed
}

static Err find_visitor(Reading *reading, Item *item)
{
	const Whose *whose = reading->glance.shape != NULL ? whose_by_shape(reading) : NULL;
	if (whose == NULL || !whose_hash(whose, &reading->glance, &item->visitor))
		return read_visitor(reading, item);
	item->level = whose->level;
	return OK;
}

static Err read_item(Reading *reading, uint64_t place, Str packed, Item *item)
{
	const EventGlance *glance = &reading->glance;
	TRY(event_glance(packed, reading->shapes, &reading->glance));
	*item = (Item){.packed = packed,
	        .shape = glance->shape,
	        .place = place,
	        .time_us = glance->time_us,
	        .session_id = glance->session};
	TRY(find_visitor(reading, item));
	if (item->session_id.len == 0 && item->refused == OK)
		name_own_session(item);
	return OK;
}

static Item *new_items(Arena *arena, size_t count)
{
	uintptr_t memory = (uintptr_t)arena_uncleared(arena, count * sizeof(Item) + ITEM_LINE);
	return memory != 0 ? (Item *)((memory + ITEM_LINE - 1) / ITEM_LINE * ITEM_LINE) : NULL;
}

static Err read_block(Window *window, uint64_t number, Loaded *block, Arena *scratch)
{
	__attribute__((uninitialized)) Reading reading; // what is read of it has been set before
	Str *packed = NULL;
	size_t count = 0;
	uint64_t place = 0;
	TRY(event_set_packed(window->options->set, number, block->arena, &packed, &count, &place));
	block->items = new_items(block->arena, count);
	block->count = count;
	reading.content = window->options->content;
	reading.scratch = scratch;
	reading.shapes = event_shapes_new(block->arena);
	reading.known = 0;
	if (block->items == NULL || reading.shapes == NULL)
		return err(ERR_NO_MEMORY, "no memory for events to plan");
	for (size_t i = 0; i < count; i++)
		TRY(read_item(&reading, place + i, packed[i], &block->items[i]));
	return OK;
}

Err window_read(Window *window, size_t number)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH_BLOCK, 0);
	uint64_t block = window->loaded + number;
	if (scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory for events to plan");
	return read_block(window, block, block_at(window, block), scratch);
}

void window_take_in(Window *window)
{
	for (size_t i = 0; i < window->reading; i++)
		window->ahead += block_at(window, window->loaded + i)->count;
	window->loaded += window->reading;
	window->reading = 0;
}

bool window_has_round(const Window *window)
{
	return window->ahead >= PLAN_ROUND_EVENTS || window->loaded - window->block >= PLAN_ROUND_BLOCKS;
}

// --- going through it ---

Item *window_next(Window *window)
{
	while (window->block < window->loaded) {
		Loaded *block = block_at(window, window->block);
		if (window->index < block->count)
			return &block->items[window->index];
		window->block++;
		window->index = 0;
	}
	return NULL;
}

void window_pass(Window *window)
{
	window->index++;
	window->ahead--;
}

uint64_t window_block(const Window *window)
{
	return window->block;
}

void window_done(Window *window, uint64_t behind)
{
	for (; window->first < behind; window->first++) {
		Loaded *block = block_at(window, window->first);
		arena_reset(block->arena);
		window->spare[window->spare_count++] = block->arena;
		block->arena = NULL;
	}
}
