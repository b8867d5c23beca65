// The order of work: what is referred to comes before what refers to it. Lists are sorted as soon as they are
// filled, so that an index taken is an index kept.
#include "compile/internal.h"

#include <stdlib.h>

enum { DEFAULT_TIMEOUT_S = 1800 };

Err compile_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to compile the channel");
}

// --- names ---

static const char *key_of(const void *item, size_t key_offset)
{
	return *(const char *const *)((const char *)item + key_offset);
}

static int compare_keys(const void *a, const void *b, void *key_offset)
{
	const void *left = *(const void *const *)a, *right = *(const void *const *)b;
	return strcmp(key_of(left, *(size_t *)key_offset), key_of(right, *(size_t *)key_offset));
}

void sort_by(void *items, size_t count, size_t key_offset)
{
	if (count)
		qsort_r(items, count, sizeof(void *), compare_keys, &key_offset);
}

static int compare_entries(const void *a, const void *b)
{
	return str_cmp(((const NameEntry *)a)->name, ((const NameEntry *)b)->name);
}

Err index_by(Compile *c, void *items, size_t count, size_t key_offset, NameIndex *ret)
{
	const void *const *pointers = items;
	NameEntry *entries = ARENA_ARRAY(c->arena, NameEntry, count);
	if (!entries)
		return compile_no_memory();
	for (size_t i = 0; i < count; i++)
		entries[i] = (NameEntry){str(key_of(pointers[i], key_offset)), (uint32_t)i};
	if (count)
		qsort(entries, count, sizeof *entries, compare_entries);
	*ret = (NameIndex){entries, count};
	return OK;
}

int name_find(const NameIndex *index, const char *name)
{
	NameEntry wanted = {.name = str(name)};
	const NameEntry *found =
	        index->count ? bsearch(&wanted, index->entries, index->count, sizeof wanted, compare_entries)
	                     : NULL;
	return found ? (int)found->index : -1;
}

int reference(Compile *c, const NameIndex *index, const char *field, const char *what, const char *name)
{
	int found = *name ? name_find(index, name) : -1;
	if (*name && found < 0)
		problem(c, field, "there is no %s '%s': create it or name another", what, name);
	return found;
}

// --- the whole ---

static void compile_channel(Compile *c)
{
	const Parley__Design__V1__Channel *in = c->in->channel;
	c->kind = "Channel";
	c->name = in->name;
	c->out->format = SNAPSHOT_FORMAT;
	c->out->least_engine = SNAPSHOT_ENGINE;
	c->out->channel = in->name;
	c->out->session_timeout_s = in->session_timeout_s ? in->session_timeout_s : DEFAULT_TIMEOUT_S;
	if (!c->in->levels.count)
		problem(c, "name", "it has no audience level, so nobody could open a session: create one");
}

static Err compile_all(Compile *c)
{
	static Err (*const steps[])(Compile *) = {compile_levels, compile_zones, compile_points,
	        compile_events, compile_segments, compile_offers, compile_rules};
	compile_channel(c);
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		TRY(steps[i](c));
	return c->problems->found ? problems_error(c) : OK;
}

Err compile_snapshot(const Configuration *in, Arena *arena, Snapshot **ret, Problems *ret_problems)
{
	*ret_problems = (Problems){.items = ARENA_ARRAY(arena, Problem, PROBLEMS_MAX)};
	Compile c = {.in = in, .arena = arena, .out = ARENA_NEW(arena, Snapshot), .problems = ret_problems};
	if (!c.out || !ret_problems->items)
		return compile_no_memory();
	*c.out = (Snapshot)PARLEY__SNAPSHOT__V1__SNAPSHOT__INIT;
	TRY(compile_all(&c));
	*ret = c.out;
	return OK;
}
