// What depends on what is changed: what names it, what names that, and so on. Asked of the configuration
// itself and not of the database, so that it can be asked of what an environment runs as well.
#include "pending/internal.h"

#include "admin/message.h"

typedef struct Edges {
	const Collected *of;
	Arena *arena;
	struct {
		uint32_t from, to;
	} * items;
	size_t count, room;
	const Resource *only_level; // NULL: none, or several
} Edges;

static Err add(Edges *edges, const Resource *from, const Resource *to)
{
	if (from == to || !to)
		return OK;
	if (edges->count == edges->room) {
		size_t room = edges->room ? 2 * edges->room : 1024;
		void *items = arena_alloc_array(edges->arena, sizeof *edges->items, room);
		if (!items)
			return pending_no_memory();
		if (edges->count)
			memcpy(items, edges->items, edges->count * sizeof *edges->items);
		edges->items = items;
		edges->room = room;
	}
	edges->items[edges->count].from = (uint32_t)(from - edges->of->items);
	edges->items[edges->count++].to = (uint32_t)(to - edges->of->items);
	return OK;
}

static Err note(void *context, const Resource *from, const Kind *kind, Str name)
{
	Edges *edges = context;
	return add(edges, from, configuration_find(edges->of, kind, name));
}

// What names neither level nor segment is said over the channel's only level.
static Err note_level(Edges *edges, const Resource *from)
{
	if (!message_field(from->message, "audience_level") ||
	        message_str(from->message, "audience_level").len || message_str(from->message, "segment").len)
		return OK;
	return add(edges, from, edges->only_level);
}

static Err note_all(Edges *edges)
{
	size_t levels;
	const Resource *level = configuration_kind(edges->of, kind_by_name(STR("AudienceLevel")), &levels);
	edges->only_level = levels == 1 ? level : NULL;
	for (size_t i = 0; i < edges->of->count; i++) {
		TRY(references_of(&edges->of->items[i], note, edges));
		TRY(note_level(edges, &edges->of->items[i]));
	}
	return OK;
}

Err graph_make(const Collected *of, Arena *arena, Graph *ret)
{
	Edges edges = {.of = of, .arena = arena};
	TRY(note_all(&edges));
	*ret = (Graph){
	        .of = of,
	        .first = ARENA_ARRAY(arena, size_t, of->count + 2),
	        .from = ARENA_ARRAY(arena, uint32_t, edges.count),
	        .seen = ARENA_ARRAY(arena, uint32_t, of->count),
	        .queue = ARENA_ARRAY(arena, uint32_t, of->count),
	};
	if (!ret->first || !ret->from || !ret->seen || !ret->queue)
		return pending_no_memory();
	// Counted two places further on, so that filling in moves each beginning to its own place.
	for (size_t i = 0; i < edges.count; i++)
		ret->first[edges.items[i].to + 2]++;
	for (size_t i = 2; i < of->count + 2; i++)
		ret->first[i] += ret->first[i - 1];
	for (size_t i = 0; i < edges.count; i++)
		ret->from[ret->first[edges.items[i].to + 1]++] = edges.items[i].from;
	return OK;
}

// Fills the queue with what depends on the resource, the nearest first; returns how many.
static size_t visit(Graph *graph, uint32_t start)
{
	size_t count = 0, next = 0;
	uint32_t question = ++graph->question, at = start;
	graph->seen[start] = question;
	for (;;) {
		for (size_t i = graph->first[at]; i < graph->first[at + 1]; i++) {
			uint32_t from = graph->from[i];
			if (graph->seen[from] == question)
				continue;
			if (count == DEPENDENTS_COUNTED_MAX)
				return count;
			graph->seen[from] = question;
			graph->queue[count++] = from;
		}
		if (next == count)
			return count;
		at = graph->queue[next++];
	}
}

Err graph_dependents(Graph *graph, const Resource *on, Arena *arena, Parley__Design__V1__PendingChange *ret)
{
	size_t count = visit(graph, (uint32_t)(on - graph->of->items));
	size_t named = count < DEPENDENTS_NAMED_MAX ? count : DEPENDENTS_NAMED_MAX;
	ret->dependents = ARENA_ARRAY(arena, Parley__Design__V1__ResourceName *, named);
	if (!ret->dependents)
		return pending_no_memory();
	for (size_t i = 0; i < named; i++) {
		ret->dependents[i] = map_resource_name(&graph->of->items[graph->queue[i]], arena);
		if (!ret->dependents[i])
			return pending_no_memory();
	}
	ret->n_dependents = named;
	ret->dependent_count = (int32_t)count;
	return OK;
}
