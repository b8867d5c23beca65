// Explaining looks at every candidate, also at those that the walk never met, with the same screen and the
// same order; its verdicts were kept, so it evaluates nothing twice and changes nothing.
#include "decide/call.h"

typedef struct Explained {
	Ranked rank;
	Reason reason; // OFFERED: passed the screen, until `label` knows better
} Explained;

static int by_rule(const Explained *a, const Explained *b)
{
	return (a->rank.rule > b->rank.rule) - (a->rank.rule < b->rank.rule);
}

// Offered ones first, by rank; then the others by rule, whose indices are in the order of names.
static int offered_first(const Explained *a, const Explained *b)
{
	bool left = a->reason == REASON_OFFERED, right = b->reason == REASON_OFFERED;
	if (left != right)
		return left ? -1 : 1;
	return left ? rank_compare(&a->rank, &b->rank) : by_rule(a, b);
}

static void sift(Explained *items, size_t root, size_t count)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && offered_first(&items[child], &items[child + 1]) < 0)
			child++;
		if (offered_first(&items[root], &items[child]) >= 0)
			return;
		Explained swap = items[root];
		items[root] = items[child];
		items[child] = swap;
	}
}

// A heap sort, because qsort may allocate.
static void sort(Explained *items, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(items, i, count);
	for (size_t end = count; end-- > 1;) {
		Explained swap = items[0];
		items[0] = items[end];
		items[end] = swap;
		sift(items, 0, end);
	}
}

// Of those that passed, in the order of rank: the first of each offer counts, and the first `max` of these
// are offered.
static void label(Explained *items, size_t count, size_t max, uint8_t *seen)
{
	size_t offered = 0;
	for (size_t i = 0; i < count && items[i].reason == REASON_OFFERED; i++) {
		uint32_t offer = items[i].rank.offer;
		uint8_t bit = (uint8_t)(1u << (offer % 8));
		if (seen[offer / 8] & bit)
			items[i].reason = REASON_DUPLICATE_OFFER;
		else if (offered++ >= max)
			items[i].reason = REASON_OUTRANKED;
		seen[offer / 8] |= bit;
	}
}

static Str predicate_of(const Snapshot *snapshot, const Explained *item)
{
	const SnapRule *rule = snapshot->rules[item->rank.rule];
	switch (item->reason) {
	case REASON_SEGMENT_NOT_MATCHED:
		return str(snapshot->segments[rule->segment - 1]->expression->source);
	case REASON_NOT_ELIGIBLE:
	case REASON_ELIGIBILITY_FAILED:
		return str(rule->eligibility->source);
	case REASON_SCORE_FAILED:
		return str(rule->score_expression->source);
	default:
		return (Str){0};
	}
}

Err call_explain(Call *call, const Candidates *candidates, Parley__Snapshot__V1__TieBreak tie_break,
        size_t max, PointDecision *point)
{
	const Snapshot *snapshot = call->plan->snapshot;
	Explained *items = ARENA_ARRAY(call->arena, Explained, candidates->count);
	DecidedCandidate *listed = ARENA_ARRAY(call->arena, DecidedCandidate, candidates->count);
	uint8_t *seen = arena_alloc(call->arena, snapshot->n_offers / 8 + 1);
	if (!items || !listed || !seen)
		return err(ERR_NO_MEMORY, "no memory to explain %u candidates: ask for fewer points",
		        candidates->count);
	for (uint32_t i = 0; i < candidates->count; i++) {
		const PlanRule *rule = &call->plan->rules[candidates->rules[i]];
		items[i].rank = call_rank(call, rule, tie_break);
		items[i].reason = call_screen(call, rule, &items[i].rank);
	}
	sort(items, candidates->count);
	label(items, candidates->count, max, seen);
	sort(items, candidates->count);
	for (uint32_t i = 0; i < candidates->count; i++) {
		listed[i] = (DecidedCandidate){
		        .id = {ORIGIN_RULE, items[i].rank.rule, items[i].rank.offer},
		        .reason = items[i].reason,
		        .score = {.marketer = items[i].rank.score, .final = items[i].rank.score},
		        .predicate = predicate_of(snapshot, &items[i]),
		};
	}
	point->candidates = listed;
	point->candidate_count = candidates->count;
	return OK;
}
