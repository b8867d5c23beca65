// Effects are packed where they are told: what the journal would have had is put behind what came before it,
// and stands there until it is written to the file. So an entry is copied once, and nothing is built first.
#include "plan/internal.h"

#include <stdlib.h>

enum { BLOCK = 256 * 1024 };

typedef struct Block {
	struct Block *next;
	size_t size;
	char bytes[];
} Block;

struct Shelf {
	Block *first, *block; // NULL: there is none yet
	size_t begun, used;   // in `block`: where the record begins, and where it ends up to now
};

Shelf *shelf_new(void)
{
	return calloc(1, sizeof(Shelf));
}

void shelf_free(Shelf *shelf)
{
	for (Block *block = shelf != NULL ? shelf->first : NULL, *next; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(shelf);
}

void shelf_clear(Shelf *shelf)
{
	shelf->block = shelf->first;
	shelf->begun = shelf->used = 0;
}

void shelf_begin(Shelf *shelf)
{
	shelf->begun = shelf->used;
}

static Block *block_new(size_t least)
{
	size_t size = least > BLOCK / 2 ? 2 * least : BLOCK;
	Block *block = malloc(sizeof *block + size);
	if (block != NULL)
		*block = (Block){.size = size};
	return block;
}

// The record goes on in another block, with what there is of it.
static Err move_on(Shelf *shelf, size_t more)
{
	size_t there = shelf->used - shelf->begun;
	Block *next = shelf->block != NULL ? shelf->block->next : shelf->first;
	if (next == NULL || next->size < there + more) {
		Block *made = block_new(there + more);
		if (made == NULL)
			return err(ERR_NO_MEMORY, "no memory for effects of a plan");
		made->next = next;
		*(shelf->block != NULL ? &shelf->block->next : &shelf->first) = made;
		next = made;
	}
	if (there > 0)
		memcpy(next->bytes, shelf->block->bytes + shelf->begun, there);
	shelf->block = next;
	shelf->begun = 0;
	shelf->used = there;
	return OK;
}

uint8_t *shelf_room(Shelf *shelf, size_t most)
{
	if ((shelf->block == NULL || shelf->block->size - shelf->used < most) && move_on(shelf, most) != OK)
		return NULL;
	return (uint8_t *)shelf->block->bytes + shelf->used;
}

void shelf_wrote(Shelf *shelf, size_t len)
{
	shelf->used += len;
}

Str shelf_end(const Shelf *shelf)
{
	return shelf->block != NULL ? str_n(shelf->block->bytes + shelf->begun, shelf->used - shelf->begun)
	                            : STR("");
}
