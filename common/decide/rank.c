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

int rank_compare(const Ranked *a, const Ranked *b)
{
	if (a->top != b->top)
		return a->top ? -1 : 1;
	if (a->score.final > b->score.final || a->score.final < b->score.final)
		return a->score.final > b->score.final ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	if (a->id.offer != b->id.offer)
		return a->id.offer < b->id.offer ? -1 : 1;
	return id_compare(a->id, b->id);
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

void selection_add(Selection *selection, const Ranked *candidate)
{
	Ranked *best = selection->best;
	size_t hole = find_duplicate(selection, candidate);
	if (hole == selection->count && selection->count < selection->max) {
		selection->count++;
	} else {
		if (hole == selection->count)
			hole--; // full: the last one may have to go
		if (rank_compare(&best[hole], candidate) <= 0)
			return;
	}
	for (; hole > 0 && rank_compare(candidate, &best[hole - 1]) < 0; hole--)
		best[hole] = best[hole - 1];
	best[hole] = *candidate;
}

bool selection_admits(const Selection *selection, const Ranked *candidate)
{
	if (selection->count == selection->max &&
	        rank_compare(candidate, &selection->best[selection->count - 1]) >= 0)
		return false;
	if (selection->count > SCAN_MAX)
		return true;
	size_t duplicate = find_duplicate(selection, candidate);
	return duplicate == selection->count || rank_compare(candidate, &selection->best[duplicate]) < 0;
}
