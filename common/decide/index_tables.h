// An index from inside.
#pragma once
#include "decide/index.h"

// The intervals of one attribute, and for each which positions it leaves possible.
typedef struct IndexTable {
	uint32_t slot;         // of the level; behind the last one: the as-of time
	uint32_t cells;        // intervals
	const int64_t *starts; // of all cells but the first, ascending
	const uint8_t *direct; // by key - first: the cell; NULL: search
	int64_t first;
	uint64_t span;  // of `direct`; behind it is the last cell
	uint64_t *rows; // by cell, and one for visitors without the attribute
	bool exact;     // a cell is no more than what predicates tell apart
	bool whole;     // an attribute of ints, whose values are keys as they are
} IndexTable;

// Positions by the members of a set that the visitor has some of: segments, or the texts of a list.
typedef struct IndexSets {
	uint32_t slot;           // INDEX_SEGMENTS, or of a list
	const uint64_t *open;    // positions that ask for no member
	const uint64_t *known;   // members that are asked for, as bits
	const uint32_t *rank;    // how many of them come before each word of `known`
	uint32_t words;          // of `known`
	const uint32_t *offsets; // by rank: into `positions`; a dense one has a row instead
	const uint32_t *positions;
	const uint64_t *const *rows; // by rank: NULL or the member's positions as bits
} IndexSets;
enum { INDEX_SEGMENTS = UINT32_MAX };

struct Index {
	const uint32_t *items;     // by position; NULL: the same
	uint32_t positions, words; // words: of a row, a multiple of SIEVE_WORDS
	const IndexTable *tables;
	const IndexSets *sets;
	uint32_t table_count, set_count;
	const uint64_t *live;   // the positions there are
	const uint64_t *checks; // positions that ask for what no row knows exactly
	IndexSize size;
};

// --- while it is built ---

// What a position asks of one attribute.
typedef struct Ask {
	uint32_t position;
	const Predicate *predicate;
} Ask;

typedef struct IndexBuilder {
	const IndexInput *input;
	Arena *arena, *scratch;
	Index *index;
	const Term **terms; // by position; NULL: no condition
	uint64_t *checks;
	const Ask *asks; // by attribute, then position
	const uint32_t
	        *first_ask; // by attribute: condition's attributes, the as-of time, dates; and one more
	uint32_t slots;     // attributes and the as-of time
	uint32_t *seen;     // by predicate: the attribute + 1 that has looked at it
	IndexSets *sets;
} IndexBuilder;

static inline void index_check(IndexBuilder *b, uint32_t position)
{
	b->checks[position / 64] |= UINT64_C(1) << (position % 64);
}

// The table of one attribute with at most `cells_max` cells. False if memory is out.
bool index_table_build(IndexBuilder *b, uint32_t attribute, uint32_t cells_max, IndexTable *ret);
// By pairs of (member, position), sorted by both; `words` are those of a visitor's set.
typedef struct SetPair {
	uint32_t member, position;
} SetPair;
bool index_sets_build(
        IndexBuilder *b, uint32_t slot, SetPair *pairs, uint32_t count, uint32_t words, IndexSets *ret);
