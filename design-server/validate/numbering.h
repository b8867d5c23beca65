// Texts to numbers 0, 1, 2 … in the order in which they were first seen.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef struct Numbering {
	Arena *arena;
	Str *items; // by number
	uint32_t count, room;
	uint32_t *places; // number + 1 by hash; 0: free
	uint32_t place_count;
} Numbering;

// The number of the text, a new one if it was not there; the text is copied then. Error: NO_MEMORY.
Err numbering_add(Numbering *numbering, Str text, uint32_t *ret, bool *ret_new);
