// Which resources belong together. References are read off the resources themselves and not off the table of
// references, because what an environment runs is older than that table.
#include "pending/internal.h"

#include "admin/message.h"

#include <stdlib.h>

Err pending_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the channel's configuration: try again later");
}

Err pile_add(Pile *pile, const Resource *resource, Arena *arena)
{
	if (pile->count == pile->room) {
		size_t room = pile->room ? 2 * pile->room : 256;
		Resource *items = ARENA_ARRAY(arena, Resource, room);
		if (!items)
			return pending_no_memory();
		if (pile->count)
			memcpy(items, pile->items, pile->count * sizeof *items);
		pile->items = items;
		pile->room = room;
	}
	pile->items[pile->count++] = *resource;
	return OK;
}

// --- order ---

static int compare(const Kind *kind, Str name, const Resource *with)
{
	return kind == with->kind ? str_cmp(name, with->name) : kind < with->kind ? -1 : 1;
}

static int compare_resources(const void *a, const void *b)
{
	const Resource *left = a;
	return compare(left->kind, left->name, b);
}

void resources_sort(Resource *items, size_t count)
{
	if (count)
		qsort(items, count, sizeof *items, compare_resources);
}

// The first that does not stand before (kind, name).
static size_t lower_bound(const Collected *collected, const Kind *kind, Str name)
{
	size_t low = 0, high = collected->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(kind, name, &collected->items[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const Resource *configuration_find(const Collected *collected, const Kind *kind, Str name)
{
	size_t at = lower_bound(collected, kind, name);
	bool found = at < collected->count && compare(kind, name, &collected->items[at]) == 0;
	return found ? &collected->items[at] : NULL;
}

const Resource *configuration_kind(const Collected *collected, const Kind *kind, size_t *ret_count)
{
	size_t first = lower_bound(collected, kind, (Str){0});
	size_t end = lower_bound(collected, kind + 1, (Str){0});
	*ret_count = end - first;
	return &collected->items[first];
}

// --- references ---

typedef struct Walk {
	const Resource *from;
	const Kind *kind;
	ReferenceReport report;
	void *context;
} Walk;

static Err tell(const Walk *walk, Str name)
{
	return name.len ? walk->report(walk->context, walk->from, walk->kind, name) : OK;
}

// `path` is what is left of the reference's.
static Err walk_path(const Walk *walk, const ProtobufCMessage *message, const char *path)
{
	char step[64];
	size_t len = strcspn(path, "."), count;
	if (len >= sizeof step)
		return err(ERR_INTERNAL, "a reference's path is too long: %s", path);
	memcpy(step, path, len);
	step[len] = '\0';
	const ProtobufCFieldDescriptor *field = message_field(message, step);
	if (field->label != PROTOBUF_C_LABEL_REPEATED && !path[len])
		return tell(walk, message_str(message, step));
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		const ProtobufCMessage *sub = message_sub(message, step);
		return sub ? walk_path(walk, sub, path + len + 1) : OK;
	}
	const void *items = message_items(message, field, &count);
	for (size_t i = 0; i < count; i++)
		TRY(path[len] ? walk_path(walk, ((ProtobufCMessage *const *)items)[i], path + len + 1)
		              : tell(walk, str(((char *const *)items)[i])));
	return OK;
}

Err references_of(const Resource *resource, ReferenceReport report, void *context)
{
	Walk walk = {.from = resource, .report = report, .context = context};
	for (const Reference *reference = resource->kind->references; reference->path; reference++) {
		walk.kind = kind_by_name(str(reference->kind));
		TRY(walk_path(&walk, resource->message, reference->path));
	}
	return OK;
}

// --- reach ---

typedef struct Reach {
	const Collected *collected;
	bool *kept;
	size_t *queue; // places of what is kept and was not looked at yet
	size_t queued;
	MissingList *missing; // may be NULL
} Reach;

static void keep(Reach *reach, size_t place)
{
	if (reach->kept[place])
		return;
	reach->kept[place] = true;
	reach->queue[reach->queued++] = place;
}

static Err follow(void *context, const Resource *from, const Kind *kind, Str name)
{
	Reach *reach = context;
	const Resource *to = configuration_find(reach->collected, kind, name);
	if (to)
		keep(reach, (size_t)(to - reach->collected->items));
	else if (reach->missing && reach->missing->count++ < MISSING_MAX)
		reach->missing->items[reach->missing->count - 1] = (Missing){from, kind, name};
	return OK;
}

// What is on a list that is an expression, only the compiler knows: it may be any offer.
static void keep_all_offers(Reach *reach)
{
	size_t count;
	const Resource *offers = configuration_kind(reach->collected, kind_by_name(STR("Offer")), &count);
	for (size_t i = 0; i < count; i++)
		keep(reach, (size_t)(offers - reach->collected->items) + i);
}

static Err reach_all(Reach *reach)
{
	const Kind *list = kind_by_name(STR("OfferList")), *channel = kind_by_name(STR("Channel"));
	for (size_t i = 0; i < reach->collected->count; i++) {
		const Resource *item = &reach->collected->items[i];
		if (item->kind == channel || item->channel.len)
			keep(reach, i);
	}
	while (reach->queued) {
		const Resource *item = &reach->collected->items[reach->queue[--reach->queued]];
		TRY(references_of(item, follow, reach));
		if (item->kind == list && message_str(item->message, "expression").len)
			keep_all_offers(reach);
	}
	return OK;
}

Err resources_reach(Collected *collected, Arena *arena, MissingList *ret_missing)
{
	Reach reach = {
	        .collected = collected,
	        .kept = ARENA_ARRAY(arena, bool, collected->count),
	        .queue = ARENA_ARRAY(arena, size_t, collected->count),
	        .missing = ret_missing,
	};
	if (!reach.kept || !reach.queue)
		return pending_no_memory();
	TRY(reach_all(&reach));
	size_t kept = 0;
	Resource *items = ARENA_ARRAY(arena, Resource, collected->count);
	if (!items)
		return pending_no_memory();
	for (size_t i = 0; i < collected->count; i++)
		if (reach.kept[i])
			items[kept++] = collected->items[i];
	collected->items = items;
	collected->count = kept;
	return OK;
}
