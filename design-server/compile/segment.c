// Segments and the lists of visitors that they go by. A segment has one list in a snapshot; of several in the
// configuration their union is made, once for all segments that name the same ones.
#include "compile/internal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

typedef Parley__Design__V1__Segment DesignSegment;
typedef Parley__Design__V1__AudienceList DesignList;

// A list of the configuration with its IDs in canonical form.
typedef struct Canonical {
	bool done;
	int level; // -1: not known
	char **ids;
	size_t count;
} Canonical;

// What a segment goes by.
typedef struct Use {
	const char *name; // of the list in the snapshot
	SnapSegment *segment;
	int *lists; // of the configuration, by name
	size_t count;
} Use;

typedef struct Lists {
	NameIndex names;
	Canonical *canonical; // by list of the configuration
	Use *uses;
	size_t use_count;
} Lists;

// --- IDs ---

static Err canonical_ids(Compile *c, const DesignList *in, Canonical *list)
{
	const char *kind = c->kind, *name = c->name;
	list->done = true;
	list->ids = ARENA_ARRAY(c->arena, char *, in->n_ids);
	if (!list->ids)
		return compile_no_memory();
	c->kind = "AudienceList";
	c->name = in->name;
	int level = list->level = level_or_only(c, "audience_level", in->audience_level, "list");
	for (size_t i = 0; level >= 0 && i < in->n_ids; i++) {
		char *id = compile_id(c, "ids", i, "", level, in->ids[i]);
		if (id)
			list->ids[list->count++] = id;
	}
	c->kind = kind;
	c->name = name;
	return OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static Err unite(Compile *c, const Lists *lists, const Use *use, SnapList *ret)
{
	size_t count = 0, kept = 0;
	for (size_t i = 0; i < use->count; i++)
		count += lists->canonical[use->lists[i]].count;
	ret->ids = ARENA_ARRAY(c->arena, char *, count);
	if (!ret->ids)
		return compile_no_memory();
	for (size_t i = 0; i < use->count; i++) {
		const Canonical *list = &lists->canonical[use->lists[i]];
		if (list->count)
			memcpy(ret->ids + ret->n_ids, list->ids, list->count * sizeof *list->ids);
		ret->n_ids += list->count;
	}
	if (count)
		qsort(ret->ids, count, sizeof *ret->ids, by_text);
	for (size_t i = 0; i < count; i++) {
		if (!kept || strcmp(ret->ids[kept - 1], ret->ids[i]) != 0)
			ret->ids[kept++] = ret->ids[i];
	}
	ret->n_ids = kept;
	return OK;
}

// --- which lists ---

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

// The only list's name, or one made from all of them.
static const char *name_of(Compile *c, const Use *use)
{
	if (use->count == 1)
		return c->in->audience_lists.items[use->lists[0]]->name;
	const char *names = "";
	char hex[65];
	for (size_t i = 0; names && i < use->count; i++)
		names = arena_printf(
		        c->arena, "%s|%s", names, c->in->audience_lists.items[use->lists[i]]->name);
	if (!names)
		return NULL;
	Digest digest = digest_of(str(names));
	digest_hex(&digest, hex);
	return arena_printf(c->arena, "union-%.32s", hex);
}

static Err use_lists(Compile *c, Lists *lists, const DesignSegment *in, SnapSegment *segment)
{
	Use use = {.segment = segment, .lists = ARENA_ARRAY(c->arena, int, in->n_lists)};
	if (!use.lists)
		return compile_no_memory();
	for (size_t i = 0; i < in->n_lists; i++) {
		const char *field = arena_printf(c->arena, "lists[%zu]", i);
		int list = reference(c, &lists->names, field, "audience list", in->lists[i]);
		if (list < 0)
			continue;
		if (!lists->canonical[list].done)
			TRY(canonical_ids(c, c->in->audience_lists.items[list], &lists->canonical[list]));
		int level = lists->canonical[list].level;
		if (level >= 0 && (uint32_t)level != segment->audience_level)
			problem(c, field,
			        "the list '%s' is of '%s', but the segment is of '%s': make them agree",
			        in->lists[i], c->out->audience_levels[level]->name, in->audience_level);
		size_t known = 0;
		while (known < use.count && use.lists[known] != list)
			known++;
		if (known == use.count)
			use.lists[use.count++] = list;
	}
	if (!use.count)
		return OK;
	// The configuration is sorted, so this is by name.
	qsort(use.lists, use.count, sizeof *use.lists, by_number);
	use.name = name_of(c, &use);
	lists->uses[lists->use_count++] = use;
	return use.name ? OK : compile_no_memory();
}

static int by_use(const void *a, const void *b)
{
	return strcmp(((const Use *)a)->name, ((const Use *)b)->name);
}

static Err compile_lists(Compile *c, const Lists *lists)
{
	Snapshot *out = c->out;
	out->audience_lists =
	        NEW_ITEMS(c, SnapList, PARLEY__SNAPSHOT__V1__AUDIENCE_LIST__INIT, lists->use_count);
	if (!out->audience_lists)
		return compile_no_memory();
	if (lists->use_count)
		qsort(lists->uses, lists->use_count, sizeof *lists->uses, by_use);
	for (size_t i = 0; i < lists->use_count; i++) {
		const Use *use = &lists->uses[i];
		if (!i || strcmp(use[-1].name, use->name) != 0) {
			SnapList *list = out->audience_lists[out->n_audience_lists++];
			list->name = (char *)(uintptr_t)use->name;
			list->audience_level = use->segment->audience_level;
			TRY(unite(c, lists, use, list));
		}
		use->segment->list = (uint32_t)out->n_audience_lists;
	}
	return OK;
}

// --- segments ---

static void compile_grouping(Compile *c, const DesignSegment *in, SnapSegment *segment)
{
	bool both = in->n_lists && *in->expression;
	segment->list_use = (Parley__Snapshot__V1__ListUse)in->list_use; // the same numbers
	if (both && (in->list_use <= 0 || (unsigned)in->list_use > SNAP_LIST_USE(EXCEPT)))
		problem(c, "list_use", "it has lists and an expression: say how they go together");
	if (!both && in->list_use)
		problem(c, "list_use", "it does not have both lists and an expression: take it out");
	segment->group = in->group;
	segment->rank = in->rank;
	if (in->rank && !*in->group)
		problem(c, "rank", "it has a rank, but no group: name the group or take the rank out");
}

static Err compile_segment(Compile *c, Lists *lists, const DesignSegment *in, SnapSegment *segment)
{
	c->name = segment->name = in->name;
	int level = reference(c, &c->levels, "audience_level", "audience level", in->audience_level);
	if (!*in->audience_level)
		problem(c, "audience_level",
		        "it names no audience level: name the one whose visitors it sorts");
	if (level < 0)
		return OK;
	segment->audience_level = (uint32_t)level;
	compile_grouping(c, in, segment);
	if (*in->expression)
		segment->expression = compile_expression(
		        c, "expression", &c->schemas[level], in->expression, SNAP_TYPE(BOOL));
	return use_lists(c, lists, in, segment);
}

static bool has_output(const Compile *c, const char *segment)
{
	for (size_t i = 0; i < c->in->flows.count; i++) {
		const Parley__Design__V1__SegmentationFlow *flow = c->in->flows.items[i];
		for (size_t j = 0; j < flow->n_steps; j++) {
			if (strcmp(flow->steps[j]->segment, segment) == 0)
				return true;
		}
	}
	return false;
}

static void refuse_empty(Compile *c, const DesignSegment *in)
{
	if (!*in->expression && !in->n_lists && !has_output(c, in->name))
		problem_as(c, PROBLEM_UNFILLED, "expression",
		        "nobody would ever be in it: write an expression, name lists, or let a segmentation "
		        "flow lead to it");
}

Err compile_segments(Compile *c)
{
	size_t count = c->in->segments.count;
	Lists lists = {0};
	void *names = (void *)(uintptr_t)c->in->audience_lists.items;
	TRY(index_by(c, names, c->in->audience_lists.count, offsetof(DesignList, name), &lists.names));
	lists.canonical = ARENA_ARRAY(c->arena, Canonical, c->in->audience_lists.count);
	lists.uses = ARENA_ARRAY(c->arena, Use, count);
	c->kind = "Segment";
	c->out->segments = NEW_ITEMS(c, SnapSegment, PARLEY__SNAPSHOT__V1__SEGMENT__INIT, count);
	if (!lists.canonical || !lists.uses || !c->out->segments)
		return compile_no_memory();
	c->out->n_segments = count;
	for (size_t i = 0; i < count; i++) {
		TRY(compile_segment(c, &lists, c->in->segments.items[i], c->out->segments[i]));
		refuse_empty(c, c->in->segments.items[i]);
	}
	TRY(compile_lists(c, &lists));
	return index_by(c, c->out->segments, count, offsetof(SnapSegment, name), &c->segments);
}
