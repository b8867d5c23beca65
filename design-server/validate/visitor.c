// What is said of single visitors: scores that rescore nothing, and scores for what the same visitor must not
// be shown.
#include "validate/internal.h"

#include <stdlib.h>

typedef Parley__Design__V1__ScoreOverride DesignOverride;

static int level_of(const Analysis *a, const char *name)
{
	for (size_t i = 0; i < a->snapshot->n_audience_levels; i++) {
		if (!*name || strcmp(a->snapshot->audience_levels[i]->name, name) == 0)
			return (int)i;
	}
	return -1;
}

typedef struct Named {
	const char *name;
	uint32_t offer; // of the snapshot
} Named;

static int by_name(const void *left, const void *right)
{
	return strcmp(((const Named *)left)->name, ((const Named *)right)->name);
}

static int by_visitor(const void *left, const void *right)
{
	const SnapBlacklistEntry *a = left, *b = *(const SnapBlacklistEntry *const *)right;
	if (a->audience_level != b->audience_level)
		return a->audience_level < b->audience_level ? -1 : 1;
	int order = strcmp(a->audience_id, b->audience_id);
	return order ? order : (a->offer > b->offer) - (a->offer < b->offer);
}

static bool is_blacklisted(const Analysis *a, int level, char *id, uint32_t offer)
{
	SnapBlacklistEntry wanted = {.audience_level = (uint32_t)level, .audience_id = id, .offer = offer};
	return a->snapshot->n_blacklist && bsearch(&wanted, a->snapshot->blacklist, a->snapshot->n_blacklist,
	                                           sizeof *a->snapshot->blacklist, by_visitor);
}

// The first entry of each sort is told; the others are as easily found.
static void check_override(Analysis *a, const DesignOverride *in, const Named *named, size_t count)
{
	int level = level_of(a, in->audience_level);
	bool blacklisted = false, idle = false;
	for (size_t i = 0; level >= 0 && i < in->n_entries; i++) {
		const Parley__Design__V1__ScoreOverrideEntry *entry = in->entries[i];
		Named wanted = {.name = entry->offer};
		const Named *found =
		        *entry->offer ? bsearch(&wanted, named, count, sizeof wanted, by_name) : NULL;
		if (!found)
			continue;
		Object object = {"ScoreOverride", in->name, arena_printf(a->arena, "entries[%zu]", i)};
		if (!idle && !entry->adds && !a->offers[found->offer].candidate) {
			idle = true;
			finding(a, FINDING_OVERRIDE_WITHOUT_CANDIDATE, object,
			        "let it add the offer, make a rule for it, or take the entry out",
			        "it only rescores '%s' for the visitor '%s', but nothing makes that a "
			        "candidate",
			        entry->offer, entry->audience_id);
		} else if (!blacklisted && is_blacklisted(a, level, entry->audience_id, found->offer)) {
			blacklisted = true;
			finding(a, FINDING_OVERRIDE_BLACKLISTED, object, "take one of the two entries out",
			        "it gives '%s' a score for the visitor '%s', whom a blacklist keeps it from",
			        entry->offer, entry->audience_id);
		}
	}
}

Err analyse_visitors(Analysis *a)
{
	size_t count = a->snapshot->n_offers;
	Named *named = ARENA_ARRAY(a->arena, Named, count + 1);
	if (!named)
		return validate_no_memory();
	for (uint32_t i = 0; i < count; i++)
		named[i] = (Named){a->offers[i].in->name, i};
	if (count)
		qsort(named, count, sizeof *named, by_name);
	for (size_t i = 0; i < a->in->overrides.count; i++)
		check_override(a, a->in->overrides.items[i], named, count);
	return OK;
}
