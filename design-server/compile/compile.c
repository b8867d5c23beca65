// The order of work: what is referred to comes before what refers to it. The configuration is sorted before
// anything else, so that an index taken is an index kept and problems have one order.
#include "compile/internal.h"

#include <stddef.h>
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
		problem_as(c, PROBLEM_REFERENCE, field, "there is no %s '%s': create it or name another",
		        what, name);
	return found;
}

int level_or_only(Compile *c, const char *field, const char *name, const char *what)
{
	if (*name)
		return reference(c, &c->levels, field, "audience level", name);
	if (c->out->n_audience_levels == 1)
		return 0;
	problem(c, field, "the channel has %zu audience levels: name the one that this %s is for",
	        c->out->n_audience_levels, what);
	return -1;
}

int attribute_slot(Compile *c, const char *field, int level, const char *name)
{
	const SnapLevel *of = c->out->audience_levels[level];
	for (size_t i = 0; i < of->n_attributes; i++) {
		if (strcmp(of->attributes[i]->name, name) == 0)
			return (int)i;
	}
	if (!*name)
		problem(c, field, "it names no attribute: name the one to set");
	else
		problem(c, field, "the audience level '%s' has no attribute '%s': add it or name another",
		        of->name, name);
	return -1;
}

// --- the configuration in one order ---

// Sorts a copy of a list by name, so that neither bytes nor problems depend on the order of the resources.
static Err sort_list(Compile *c, const void *items, size_t count, size_t name_offset, const void **ret)
{
	const void **sorted = ARENA_ARRAY(c->arena, const void *, count);
	if (!sorted)
		return compile_no_memory();
	if (count)
		memcpy(sorted, items, count * sizeof *sorted);
	sort_by(sorted, count, name_offset);
	*ret = sorted;
	return OK;
}

static Err sort_configuration(Compile *c, const Configuration *in)
{
	Configuration *sorted = ARENA_NEW(c->arena, Configuration);
	if (!sorted)
		return compile_no_memory();
	*sorted = *in;
	const void *items;
#define LIST(type, field)                                                                                    \
	TRY(sort_list(                                                                                       \
	        c, in->field.items, in->field.count, offsetof(Parley__Design__V1__##type, name), &items));   \
	sorted->field.items = items;
	CONFIGURATION_LISTS(LIST)
#undef LIST
	c->in = sorted;
	return OK;
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

static Err index_templates(Compile *c)
{
	void *templates = (void *)(uintptr_t)c->in->templates.items;
	return index_by(c, templates, c->in->templates.count,
	        offsetof(Parley__Design__V1__OfferTemplate, name), &c->templates);
}

// What the runtime would refuse must not be built: limits of the whole, above all.
static Err check_result(Compile *c)
{
	Err e = snapshot_check(c->out);
	if (e != ERR_SNAPSHOT_INVALID)
		return e;
	c->kind = "Channel";
	c->name = c->in->channel->name;
	problem_from_error(c, "name");
	return problems_error(c);
}

static Err compile_all(Compile *c)
{
	static Err (*const steps[])(Compile *) = {compile_levels, compile_segments, compile_flows,
	        index_templates, compile_reach, compile_offers, compile_offer_lists, compile_campaigns,
	        compile_zones, compile_points, compile_events, compile_rules, compile_global_offers,
	        compile_overrides, compile_blacklist, compile_suppressions, compile_constraints};
	compile_channel(c);
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		TRY(steps[i](c));
	return c->problems->found ? problems_error(c) : check_result(c);
}

Err compile_snapshot(const Configuration *in, Arena *arena, Snapshot **ret, Problems *ret_problems)
{
	*ret_problems = (Problems){.items = ARENA_ARRAY(arena, Problem, PROBLEMS_MAX)};
	Compile c = {.arena = arena, .out = ARENA_NEW(arena, Snapshot), .problems = ret_problems};
	if (!c.out || !ret_problems->items)
		return compile_no_memory();
	*c.out = (Snapshot)PARLEY__SNAPSHOT__V1__SNAPSHOT__INIT;
	TRY(sort_configuration(&c, in));
	TRY(compile_all(&c));
	*ret = c.out;
	return OK;
}
