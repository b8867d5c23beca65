// Sets of keys as ascending ranges with gaps between them.
#pragma once
#include "decide/index.h"

typedef struct Ranges {
	const KeyRange *items;
	uint32_t count;
} Ranges;

extern const Ranges ranges_all;

// Results live in `arena`, or are one of the arguments; `items` is NULL and `count` above 0 if memory is out.
Ranges ranges_one(KeyRange range, Arena *arena);
Ranges ranges_intersect(Ranges a, Ranges b, Arena *arena);
Ranges ranges_unite(Ranges a, Ranges b, Arena *arena);
Ranges ranges_complement(Ranges a, Arena *arena);
static inline bool ranges_failed(Ranges a)
{
	return a.count > 0 && !a.items;
}
