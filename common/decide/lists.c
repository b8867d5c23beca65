// "For each offer its suppressions" and the like: one array of starts, one of items.
#include "decide/build.h"

Err lists_add(ListsBuilder *lists, uint32_t of, uint32_t item)
{
	if (lists->count == lists->room) {
		size_t room = lists->room ? 2 * lists->room : 256;
		uint32_t *pairs = ARENA_ARRAY(lists->scratch, uint32_t, 2 * room);
		if (!pairs)
			return err(ERR_NO_MEMORY, "no memory for %zu entries of a list", room);
		if (lists->count)
			memcpy(pairs, lists->pairs, 2 * lists->count * sizeof *pairs);
		lists->pairs = pairs;
		lists->room = room;
	}
	lists->pairs[2 * lists->count] = of;
	lists->pairs[2 * lists->count + 1] = item;
	lists->count++;
	return OK;
}

Err lists_finish(const ListsBuilder *lists, size_t of_count, Arena *arena, Lists *ret)
{
	// One start too many: while they are filled, starts[i + 1] is where the next item of i goes.
	uint32_t *starts = ARENA_ARRAY(arena, uint32_t, of_count + 2);
	uint32_t *items = ARENA_ARRAY(arena, uint32_t, lists->count);
	if (!starts || !items)
		return err(ERR_NO_MEMORY, "no memory for %zu lists", of_count);
	for (size_t i = 0; i < lists->count; i++)
		starts[lists->pairs[2 * i] + 2]++;
	for (size_t i = 2; i < of_count + 2; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < lists->count; i++)
		items[starts[lists->pairs[2 * i] + 1]++] = lists->pairs[2 * i + 1];
	*ret = (Lists){starts, items};
	return OK;
}
