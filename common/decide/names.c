// Touchpoints speak in names; one probe or two turn a name into an index.
#include "decide/plan.h"

#include <xxhash.h>

Err probe_init(size_t count, Arena *arena, Probe *ret)
{
	size_t size = 4;
	while (size < 2 * count)
		size *= 2;
	*ret = (Probe){ARENA_ARRAY(arena, uint32_t, size), (uint32_t)(size - 1)};
	return ret->slots ? OK : err(ERR_NO_MEMORY, "no memory to find %zu entries", count);
}

void probe_put(Probe *probe, uint64_t hash, uint32_t index)
{
	uint32_t at = (uint32_t)hash & probe->mask;
	while (probe->slots[at])
		at = (at + 1) & probe->mask;
	probe->slots[at] = index + 1;
}

Err names_build(const Str *names, size_t count, Arena *arena, Names *ret)
{
	ret->names = names;
	TRY(probe_init(count, arena, &ret->probe));
	for (uint32_t i = 0; i < count; i++)
		probe_put(&ret->probe, XXH3_64bits(names[i].ptr, names[i].len), i);
	return OK;
}

int names_find(const Names *names, Str name)
{
	uint32_t at = (uint32_t)XXH3_64bits(name.ptr ? name.ptr : "", name.len);
	for (uint32_t i; probe_next(&names->probe, &at, &i);) {
		if (str_eq(names->names[i], name))
			return (int)i;
	}
	return -1;
}
