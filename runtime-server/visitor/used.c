#include "visitor/used.h"

static bool make_room(Used *used, uint32_t id)
{
	if (id >= used->met_count) {
		size_t count = (size_t)id + id / 2 + 64;
		uint32_t *met = reallocarray(used->met, count, sizeof *met);
		if (met == NULL)
			return false;
		memset(met + used->met_count, 0, (count - used->met_count) * sizeof *met);
		used->met = met;
		used->met_count = count;
	}
	if (used->count < used->capacity)
		return true;
	size_t capacity = 2 * used->capacity + 64;
	uint32_t *ids = reallocarray(used->ids, capacity, sizeof *ids);
	used->ids = ids ? ids : used->ids;
	uint32_t *ranks = reallocarray(used->ranks, capacity, sizeof *ranks);
	used->ranks = ranks ? ranks : used->ranks;
	used->capacity = ids && ranks ? capacity : used->capacity;
	return ids && ranks;
}

uint32_t used_number(Used *used, uint32_t id)
{
	if (id < used->met_count && used->met[id] != 0)
		return used->met[id] - 1;
	if (!make_room(used, id)) {
		used->failed = true;
		return 0;
	}
	used->ids[used->count++] = id;
	used->met[id] = (uint32_t)used->count;
	return used->met[id] - 1;
}

int name_cmp(const Name *a, const Name *b)
{
	int order = str_cmp(name_channel(a), name_channel(b));
	return order != 0 ? order : str_cmp(name_text(a), name_text(b));
}

static int by_text(const void *left, const void *right, void *names)
{
	return name_cmp(names_at(names, *(const uint32_t *)left), names_at(names, *(const uint32_t *)right));
}

void name_put(const Name *name, Bytes *out)
{
	bytes_put_u32(out, name->channel_len);
	bytes_put_u32(out, name->len);
	bytes_put(out, name->text, (size_t)name->channel_len + name->len);
}

void used_put(Used *used, Bytes *out)
{
	if (used->count > 0)
		qsort_r(used->ids, used->count, sizeof *used->ids, by_text, (void *)(uintptr_t)used->names);
	bytes_put_u32(out, (uint32_t)used->count);
	for (size_t i = 0; i < used->count; i++) {
		uint32_t id = used->ids[i];
		name_put(names_at(used->names, id), out);
		used->ranks[used->met[id] - 1] = (uint32_t)i;
		used->met[id] = 0;
	}
	used->count = 0;
}

void used_free(Used *used)
{
	free(used->met);
	free(used->ids);
	free(used->ranks);
}
