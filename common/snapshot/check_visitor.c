// What is said of single visitors: audience lists, score overrides, the blacklist. Decisions find them by
// binary search over canonical IDs, so order and form are not cosmetic: an ID spelled otherwise would never
// be found.
#include "snapshot/internal.h"

enum { IDS_MAX = 4 << 20, ENTRIES_MAX = 4 << 20 };

static Err check_id(const Check *check, uint32_t level, const char *id)
{
	return audience_id_check(check->snapshot->audience_levels[level], str(id));
}

Err check_audience_list(Check *check, const void *item)
{
	const SnapList *list = item;
	TRY(check_index(list->audience_level, check->snapshot->n_audience_levels, "audience level"));
	check->ids += list->n_ids;
	if (check->ids > IDS_MAX)
		return INVALID("with it the lists have more than %d IDs: make it smaller", IDS_MAX);
	for (size_t i = 0; i < list->n_ids; i++) {
		TRY(check_id(check, list->audience_level, list->ids[i]));
		if (i && strcmp(list->ids[i - 1], list->ids[i]) >= 0)
			return INVALID("the ID '%.80s' is there twice or out of order", list->ids[i]);
	}
	return OK;
}

// An entry of either list: visitor and offer.
typedef struct Entry {
	uint32_t level, offer;
	const char *id;
} Entry;

static bool entry_before(const Entry *a, const Entry *b)
{
	if (a->level != b->level)
		return a->level < b->level;
	int order = strcmp(a->id, b->id);
	return order ? order < 0 : a->offer < b->offer;
}

static Err check_entry(const Check *check, const Entry *before, const Entry *entry)
{
	TRY(check_index(entry->level, check->snapshot->n_audience_levels, "audience level"));
	TRY(check_index(entry->offer, check->snapshot->n_offers, "offer"));
	TRY(check_id(check, entry->level, entry->id));
	if (before && !entry_before(before, entry))
		return INVALID(
		        "the visitor '%.80s' is there twice with an offer, or out of order", entry->id);
	return OK;
}

static Err check_count(size_t count)
{
	return count <= ENTRIES_MAX ? OK : INVALID("%zu entries, at most %d are allowed", count, ENTRIES_MAX);
}

static Err check_overrides(const Check *check)
{
	const Snapshot *snapshot = check->snapshot;
	Entry entries[2] = {0};
	TRY(check_count(snapshot->n_score_overrides));
	for (size_t i = 0; i < snapshot->n_score_overrides; i++) {
		const SnapOverride *in = snapshot->score_overrides[i];
		entries[i % 2] = (Entry){in->audience_level, in->offer, in->audience_id};
		TRY(check_entry(check, i ? &entries[(i + 1) % 2] : NULL, &entries[i % 2]));
		TRY(check_score(in->score));
	}
	return OK;
}

static Err check_blacklist(const Check *check)
{
	const Snapshot *snapshot = check->snapshot;
	Entry entries[2] = {0};
	TRY(check_count(snapshot->n_blacklist));
	for (size_t i = 0; i < snapshot->n_blacklist; i++) {
		const SnapBlacklistEntry *in = snapshot->blacklist[i];
		entries[i % 2] = (Entry){in->audience_level, in->offer, in->audience_id};
		TRY(check_entry(check, i ? &entries[(i + 1) % 2] : NULL, &entries[i % 2]));
	}
	return OK;
}

Err check_visitors(const Check *check)
{
	Err e = check_overrides(check);
	if (e)
		return err_context(e, "score_overrides");
	e = check_blacklist(check);
	return e ? err_context(e, "blacklist") : OK;
}
