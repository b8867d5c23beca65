// What is said of single visitors. Several resources may say it of the same visitor and offer, by name or by
// list: equal words are one, and different ones a problem, because only one of them could hold.
#include "compile/internal.h"

#include <stdlib.h>

enum { ENTRIES_MAX = 4 << 20 };

typedef struct Entry {
	uint32_t level, offer;
	const char *id;
	double score;
	bool adds;
	const char *resource;
	size_t index; // of the entry in the resource
} Entry;

typedef struct Entries {
	Entry *items;
	size_t count, room;
	bool full;
} Entries;

static Err append(Compile *c, Entries *entries, Entry entry)
{
	if (entries->count == ENTRIES_MAX) {
		if (!entries->full)
			problem(c, "entries",
			        "the channel has more than %d entries of this kind, each offer of "
			        "a list being one: make them fewer",
			        ENTRIES_MAX);
		entries->full = true;
		return OK;
	}
	if (entries->count == entries->room) {
		size_t room = entries->room ? 2 * entries->room : 256;
		Entry *items = ARENA_ARRAY(c->arena, Entry, room);
		if (!items)
			return compile_no_memory();
		if (entries->count)
			memcpy(items, entries->items, entries->count * sizeof *items);
		entries->items = items;
		entries->room = room;
	}
	entries->items[entries->count++] = entry;
	return OK;
}

static const char *field(Compile *c, size_t index, const char *member)
{
	return arena_printf(c->arena, "entries[%zu].%s", index, member);
}

// Adds an entry for the offer, or for each of the list.
static Err add(Compile *c, Entries *entries, Entry entry, const char *offer, const char *list)
{
	size_t i = entry.index;
	if (!*offer == !*list) {
		problem(c, field(c, i, "offer"),
		        *offer ? "it names an offer list too: keep one of the two"
		               : "it names neither an offer nor an offer list: name one");
		return OK;
	}
	int found = name_find(*offer ? &c->offers : &c->offer_lists, *offer ? offer : list);
	if (found < 0 && *offer)
		reference(c, &c->offers, field(c, i, "offer"), "offer", offer);
	else if (found < 0)
		reference(c, &c->offer_lists, field(c, i, "offer_list"), "offer list", list);
	if (found < 0)
		return OK;
	if (*offer) {
		entry.offer = c->offer_index[found];
		return append(c, entries, entry);
	}
	for (size_t j = 0; j < c->drawn[found].count && !entries->full; j++) {
		entry.offer = c->offer_index[c->drawn[found].offers[j]];
		TRY(append(c, entries, entry));
	}
	return OK;
}

// By visitor and offer, then by where it was said.
static int by_visitor(const void *a, const void *b)
{
	const Entry *left = a, *right = b;
	if (left->level != right->level)
		return left->level < right->level ? -1 : 1;
	int order = strcmp(left->id, right->id);
	if (!order && left->offer != right->offer)
		order = left->offer < right->offer ? -1 : 1;
	if (!order)
		order = strcmp(left->resource, right->resource);
	return order ? order : (left->index > right->index) - (left->index < right->index);
}

static bool same_place(const Entry *a, const Entry *b)
{
	return a->level == b->level && a->offer == b->offer && strcmp(a->id, b->id) == 0;
}

static bool same_words(const Entry *a, const Entry *b)
{
	return a->adds == b->adds && memcmp(&a->score, &b->score, sizeof a->score) == 0;
}

// Sorts, and leaves one entry for each visitor and offer.
static void merge(Compile *c, Entries *entries)
{
	size_t kept = 0;
	if (entries->count)
		qsort(entries->items, entries->count, sizeof *entries->items, by_visitor);
	for (size_t i = 0; i < entries->count; i++) {
		Entry *entry = &entries->items[i], *last = kept ? &entries->items[kept - 1] : NULL;
		if (!last || !same_place(last, entry)) {
			entries->items[kept++] = *entry;
		} else if (!same_words(last, entry)) {
			c->name = entry->resource;
			problem_as(c, PROBLEM_SCORES, field(c, entry->index, "score"),
			        "the visitor '%s' has the score %g%s for the offer '%s' here, and %g%s by "
			        "entries[%zu] of '%s': keep one",
			        entry->id, entry->score, entry->adds ? ", added," : "",
			        c->out->offers[entry->offer]->name, last->score, last->adds ? ", added," : "",
			        last->index, last->resource);
		}
	}
	entries->count = kept;
}

// --- the two lists ---

static int level_of(Compile *c, const char *name)
{
	return level_or_only(c, "audience_level", name, "list of visitors");
}

Err compile_overrides(Compile *c)
{
	Entries entries = {0};
	c->kind = "ScoreOverride";
	for (size_t i = 0; i < c->in->overrides.count; i++) {
		const Parley__Design__V1__ScoreOverride *in = c->in->overrides.items[i];
		c->name = in->name;
		int level = level_of(c, in->audience_level);
		for (size_t j = 0; level >= 0 && j < in->n_entries && !entries.full; j++) {
			const Parley__Design__V1__ScoreOverrideEntry *from = in->entries[j];
			Entry entry = {.level = (uint32_t)level,
			        .adds = from->adds,
			        .resource = in->name,
			        .index = j};
			entry.id = compile_id(c, "entries", j, ".audience_id", level, from->audience_id);
			if (!score_fits(from->score))
				compile_score(c, field(c, j, "score"), from->score, &entry.score);
			entry.score = from->score + 0.0; // there is one zero
			if (entry.id)
				TRY(add(c, &entries, entry, from->offer, from->offer_list));
		}
	}
	merge(c, &entries);
	Snapshot *out = c->out;
	out->n_score_overrides = entries.count;
	out->score_overrides =
	        NEW_ITEMS(c, SnapOverride, PARLEY__SNAPSHOT__V1__SCORE_OVERRIDE__INIT, entries.count);
	for (size_t i = 0; out->score_overrides && i < entries.count; i++) {
		const Entry *entry = &entries.items[i];
		out->score_overrides[i]->audience_level = entry->level;
		out->score_overrides[i]->audience_id = (char *)(uintptr_t)entry->id;
		out->score_overrides[i]->offer = entry->offer;
		out->score_overrides[i]->score = entry->score;
		out->score_overrides[i]->adds = entry->adds;
	}
	return out->score_overrides ? OK : compile_no_memory();
}

Err compile_blacklist(Compile *c)
{
	Entries entries = {0};
	c->kind = "Blacklist";
	for (size_t i = 0; i < c->in->blacklists.count; i++) {
		const Parley__Design__V1__Blacklist *in = c->in->blacklists.items[i];
		c->name = in->name;
		int level = level_of(c, in->audience_level);
		for (size_t j = 0; level >= 0 && j < in->n_entries && !entries.full; j++) {
			const Parley__Design__V1__BlacklistEntry *from = in->entries[j];
			Entry entry = {.level = (uint32_t)level, .resource = in->name, .index = j};
			entry.id = compile_id(c, "entries", j, ".audience_id", level, from->audience_id);
			if (entry.id)
				TRY(add(c, &entries, entry, from->offer, from->offer_list));
		}
	}
	merge(c, &entries);
	Snapshot *out = c->out;
	out->n_blacklist = entries.count;
	out->blacklist =
	        NEW_ITEMS(c, SnapBlacklistEntry, PARLEY__SNAPSHOT__V1__BLACKLIST_ENTRY__INIT, entries.count);
	for (size_t i = 0; out->blacklist && i < entries.count; i++) {
		out->blacklist[i]->audience_level = entries.items[i].level;
		out->blacklist[i]->audience_id = (char *)(uintptr_t)entries.items[i].id;
		out->blacklist[i]->offer = entries.items[i].offer;
	}
	return out->blacklist ? OK : compile_no_memory();
}
