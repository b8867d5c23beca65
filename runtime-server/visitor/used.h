// The names that a section of a checkpoint uses: numbered as they are met, and put in the order of their
// texts afterwards.
#pragma once
#include "visitor/bytes.h"
#include "visitor/names.h"

typedef struct Used {
	const Names *names;
	uint32_t *met; // by name's ID: its number, plus 1; 0: not met
	size_t met_count;
	uint32_t *ids; // by number, until they are sorted
	size_t count, capacity;
	uint32_t *ranks; // by number: its place in the order
	bool failed;     // memory was out: numbers are wrong
} Used;

// The name's number.
uint32_t used_number(Used *used, uint32_t id);
// Sorts the names, writes how many and which, fills `ranks`, and forgets them.
void used_put(Used *used, Bytes *out);
void used_free(Used *used);

void name_put(const Name *name, Bytes *out);
int name_cmp(const Name *a, const Name *b);
