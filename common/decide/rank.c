// The total order of candidates. Whatever the order in which they are met, the selection ends the same.
#include "decide/call.h"

enum { SCAN_MAX = 32 }; // to look for a duplicate among more costs more than a screen

int id_compare(CandidateId a, CandidateId b)
{
	if (a.origin != b.origin)
		return a.origin < b.origin ? -1 : 1;
	if (a.source != b.source)
		return a.source < b.source ? -1 : 1;
	return (a.offer > b.offer) - (a.offer < b.offer);
}

static inline int compare(const Ranked *a, const Ranked *b, bool *tied)
{
	if (a->top != b->top)
		return a->top ? -1 : 1;
	if (a->score.final > b->score.final || a->score.final < b->score.final)
		return a->score.final > b->score.final ? -1 : 1;
	if (a->tie != b->tie) {
		*tied = true;
		return a->tie < b->tie ? -1 : 1;
	}
	if (a->id.offer != b->id.offer)
		return a->id.offer < b->id.offer ? -1 : 1;
	return id_compare(a->id, b->id);
}

int rank_compare(const Ranked *a, const Ranked *b)
{
	bool tied;
	return compare(a, b, &tied);
}

uint64_t duplicate_key(Parley__Snapshot__V1__Deduplication deduplication, uint32_t offer, uint32_t treatment)
{
	if (deduplication == SNAP_DEDUP(NONE))
		return 0;
	// A treatment's key is never an offer's: numbers of treatments are below 2^32 - 1.
	return (uint64_t)(offer + 1) << 32 |
	       (deduplication == SNAP_DEDUP(TREATMENT) ? treatment : UINT32_MAX);
}

static size_t find_duplicate(const Selection *selection, const Ranked *candidate)
{
	size_t i = 0;
	bool by_treatment = selection->deduplication == SNAP_DEDUP(TREATMENT);
	if (selection->deduplication == SNAP_DEDUP(NONE))
		return selection->count;
	while (i < selection->count &&
	        !(selection->best[i].id.offer == candidate->id.offer &&
	                (!by_treatment || selection->best[i].treatment == candidate->treatment)))
		i++;
	return i;
}

static bool is_full_of_better(Selection *selection, const Ranked *candidate)
{
	return selection->count == selection->max &&
	       compare(candidate, &selection->best[selection->count - 1], &selection->tied) >= 0;
}

// Where the candidate takes the place of a duplicate, of the last one, or of nobody.
static ptrdiff_t find_place(Selection *selection, const Ranked *candidate)
{
	size_t place = find_duplicate(selection, candidate);
	if (place < selection->count)
		return compare(candidate, &selection->best[place], &selection->tied) < 0 ? (ptrdiff_t)place
		                                                                         : PLACE_NONE;
	return (ptrdiff_t)(place < selection->max ? place : place - 1);
}

ptrdiff_t selection_place(Selection *selection, const Ranked *candidate)
{
	if (is_full_of_better(selection, candidate))
		return PLACE_NONE;
	return selection->count > SCAN_MAX ? PLACE_UNKNOWN : find_place(selection, candidate);
}

void selection_add(Selection *selection, const Ranked *candidate, ptrdiff_t place)
{
	Ranked *best = selection->best;
	if (place == PLACE_UNKNOWN)
		place = is_full_of_better(selection, candidate) ? PLACE_NONE
		                                                : find_place(selection, candidate);
	if (place == PLACE_NONE)
		return;
	selection->count += (size_t)place == selection->count;
	for (; place > 0 && compare(candidate, &best[place - 1], &selection->tied) < 0; place--)
		best[place] = best[place - 1];
	best[place] = *candidate;
}
