// The total order of candidates. Whatever the order in which they are met, the selection ends the same.
#include "decide/call.h"

int rank_compare(const Ranked *a, const Ranked *b)
{
	if (a->top != b->top)
		return a->top ? -1 : 1;
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	if (a->offer != b->offer)
		return a->offer < b->offer ? -1 : 1;
	return (a->rule > b->rule) - (a->rule < b->rule);
}

static size_t find_offer(const Selection *selection, uint32_t offer)
{
	size_t i = 0;
	while (i < selection->count && selection->best[i].offer != offer)
		i++;
	return i;
}

void selection_add(Selection *selection, const Ranked *candidate)
{
	Ranked *best = selection->best;
	size_t hole = find_offer(selection, candidate->offer);
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

bool selection_beats(const Selection *selection, bool top, double score)
{
	if (selection->count < selection->max)
		return false;
	const Ranked *last = &selection->best[selection->count - 1];
	return last->top != top ? last->top : last->score > score;
}

bool selection_admits(const Selection *selection, const Ranked *candidate)
{
	return selection->count < selection->max ||
	       rank_compare(candidate, &selection->best[selection->count - 1]) < 0;
}
