// Touchpoints speak in names; one probe or two turn a name into an index.
#include "decide/plan.h"

#include <xxhash.h>

Err names_build(const Str *names, size_t count, Arena *arena, Names *ret)
{
	uint32_t size = 4;
	while (size < 2 * count)
		size *= 2;
	uint32_t *slots = ARENA_ARRAY(arena, uint32_t, size);
	if (!slots)
		return err(ERR_NO_MEMORY, "no memory for %zu names", count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = (uint32_t)XXH3_64bits(names[i].ptr, names[i].len) & (size - 1);
		while (slots[at])
			at = (at + 1) & (size - 1);
		slots[at] = i + 1;
	}
	*ret = (Names){names, slots, size - 1};
	return OK;
}

int names_find(const Names *names, Str name)
{
	uint32_t at = (uint32_t)XXH3_64bits(name.ptr ? name.ptr : "", name.len) & names->mask;
	for (; names->slots[at]; at = (at + 1) & names->mask) {
		if (str_eq(names->names[names->slots[at] - 1], name))
			return (int)(names->slots[at] - 1);
	}
	return -1;
}
