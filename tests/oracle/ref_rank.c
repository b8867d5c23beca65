// The total order of candidates, compared pair by pair.
#include "ref_point.h"

static int three_way(bool before, bool after)
{
	return after - before;
}

static int compare_ties(const Point *point, uint32_t left, uint32_t right)
{
	const SnapOffer *a = point->call->ref->snapshot->offers[left];
	const SnapOffer *b = point->call->ref->snapshot->offers[right];
	uint64_t seed = point->call->request->seed;
	if (point->zone->tie_break == SNAP_TIE(OFFER_CODE))
		return strcmp(a->code, b->code);
	if (point->zone->tie_break == SNAP_TIE(NEWEST_OFFER)) {
		if (a->effective_us == b->effective_us)
			return 0;
		if (!a->effective_us || !b->effective_us)
			return a->effective_us ? -1 : 1;
		return three_way(a->effective_us > b->effective_us, a->effective_us < b->effective_us);
	}
	uint64_t x = ref_mix64(seed ^ ref_hash(a->code, strlen(a->code)));
	uint64_t y = ref_mix64(seed ^ ref_hash(b->code, strlen(b->code)));
	return three_way(x<y, x> y);
}

// Negative if a ranks before b. `row`, if not NULL, is what decided it.
static int compare(const Point *point, const RefCandidate *a, const RefCandidate *b, CoverRow *row)
{
	static const CoverRow ties[] = {
	        [SNAP_TIE(UNSPECIFIED)] = COVER_TIE_RANDOM,
	        [SNAP_TIE(SEEDED_RANDOM)] = COVER_TIE_RANDOM,
	        [SNAP_TIE(NEWEST_OFFER)] = COVER_TIE_NEWEST,
	        [SNAP_TIE(OFFER_CODE)] = COVER_TIE_CODE,
	};
	bool top_a = a->rule && a->rule->top_priority, top_b = b->rule && b->rule->top_priority;
	*row = COVER_ROWS;
	if (top_a != top_b) {
		if (top_a ? a->score.final < b->score.final : b->score.final < a->score.final)
			*row = COVER_TOP_OVER_SCORE;
		return top_a ? -1 : 1;
	}
	if (a->score.final > b->score.final || a->score.final < b->score.final)
		return a->score.final > b->score.final ? -1 : 1;
	int tie = compare_ties(point, a->id.offer, b->id.offer);
	*row = ties[point->zone->tie_break];
	if (tie)
		return tie;
	*row = COVER_ROWS;
	if (a->id.offer != b->id.offer)
		return three_way(a->id.offer<b->id.offer, a->id.offer> b->id.offer);
	*row = a->id.origin != b->id.origin ? COVER_TIE_ORIGIN : COVER_TIE_SOURCE;
	if (a->id.origin != b->id.origin)
		return three_way(a->id.origin<b->id.origin, a->id.origin> b->id.origin);
	return three_way(a->id.source<b->id.source, a->id.source> b->id.source);
}

// Those that passed, best first: again and again the best of what is left.
size_t ref_rank(const Point *point, RefCandidate **ranked)
{
	size_t count = 0;
	CoverRow row;
	for (size_t i = 0; i < point->count; i++)
		if (point->candidates[i].reason == REASON_OFFERED)
			ranked[count++] = &point->candidates[i];
	for (size_t i = 0; i < count; i++) {
		size_t best = i;
		for (size_t j = i + 1; j < count; j++) {
			if (compare(point, ranked[j], ranked[best], &row) < 0)
				best = j;
			if (row < COVER_ROWS)
				cover_row(point->call->ref->cover, row);
		}
		RefCandidate *swap = ranked[i];
		ranked[i] = ranked[best];
		ranked[best] = swap;
	}
	return count;
}
