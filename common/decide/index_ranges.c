// Intersection and complement do it all: a union is the complement of the complements' intersection.
#include "decide/index_ranges.h"

static const KeyRange everything = {INT64_MIN, INT64_MAX};
const Ranges ranges_all = {&everything, 1};
static const Ranges failed = {NULL, 1};

Ranges ranges_one(KeyRange range, Arena *arena)
{
	if (range.low > range.high)
		return (Ranges){0};
	KeyRange *item = ARENA_NEW(arena, KeyRange);
	if (item)
		*item = range;
	return (Ranges){item, 1};
}

Ranges ranges_intersect(Ranges a, Ranges b, Arena *arena)
{
	if (ranges_failed(a) || ranges_failed(b))
		return failed;
	KeyRange *items = ARENA_ARRAY(arena, KeyRange, (size_t)a.count + b.count);
	uint32_t count = 0;
	if (!items)
		return failed;
	for (uint32_t i = 0, j = 0; i < a.count && j < b.count;) {
		KeyRange x = a.items[i], y = b.items[j];
		KeyRange both = {x.low > y.low ? x.low : y.low, x.high < y.high ? x.high : y.high};
		if (both.low <= both.high)
			items[count++] = both;
		if (x.high < y.high)
			i++;
		else
			j++;
	}
	return (Ranges){items, count};
}

Ranges ranges_complement(Ranges a, Arena *arena)
{
	if (ranges_failed(a))
		return failed;
	KeyRange *items = ARENA_ARRAY(arena, KeyRange, (size_t)a.count + 1);
	uint32_t count = 0;
	int64_t low = INT64_MIN;
	if (!items)
		return failed;
	for (uint32_t i = 0; i < a.count; i++) {
		if (a.items[i].low > low)
			items[count++] = (KeyRange){low, a.items[i].low - 1};
		if (a.items[i].high == INT64_MAX)
			return (Ranges){items, count};
		low = a.items[i].high + 1;
	}
	items[count++] = (KeyRange){low, INT64_MAX};
	return (Ranges){items, count};
}

Ranges ranges_unite(Ranges a, Ranges b, Arena *arena)
{
	return ranges_complement(
	        ranges_intersect(ranges_complement(a, arena), ranges_complement(b, arena), arena), arena);
}
