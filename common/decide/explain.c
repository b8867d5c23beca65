// Explaining looks at every candidate, also at those that the walk never met, with the same screen and the
// same order. What was offered it takes from the answer, so that the two cannot disagree even where the
// call's work ran out in between.
#include "decide/explain.h"

typedef struct Explained {
	PlanRule rule;
	Ranked rank;
	Reason reason; // OFFERED: passed the screen, until `label` knows better
	bool answered; // stands in the answer
} Explained;

// --- sorting ---

typedef int (*Order)(const Explained *a, const Explained *b);

static int by_id(const Explained *a, const Explained *b)
{
	return id_compare(a->rank.id, b->rank.id);
}

static int by_rank(const Explained *a, const Explained *b)
{
	return rank_compare(&a->rank, &b->rank);
}

static void sift(Explained **items, size_t root, size_t count, Order order)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && order(items[child], items[child + 1]) < 0)
			child++;
		if (order(items[root], items[child]) >= 0)
			return;
		Explained *swap = items[root];
		items[root] = items[child];
		items[child] = swap;
	}
}

// A heap sort, because qsort may allocate.
static void sort(Explained **items, size_t count, Order order)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(items, i, count, order);
	for (size_t end = count; end-- > 1;) {
		Explained *swap = items[0];
		items[0] = items[end];
		items[end] = swap;
		sift(items, 0, end, order);
	}
}

static Explained *find(Explained *const *items, size_t count, CandidateId id)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (id_compare(items[middle]->rank.id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return items[low];
}

// --- candidates ---

// All but default offers, by ID.
static Err collect(const Call *call, const Spot *spot, Explained ***ret, size_t *ret_count)
{
	const Candidates *candidates = spot->candidates;
	size_t most = candidates->count + call->overrides.count + call->facts.event_count, count = 0;
	Explained *items = ARENA_ARRAY(call->arena, Explained, most);
	Explained **sorted = ARENA_ARRAY(call->arena, Explained *, most);
	if (!items || !sorted)
		return err(ERR_NO_MEMORY, "no memory to explain %zu candidates: ask for fewer points", most);
	for (uint32_t i = 0; i < candidates->count; i++)
		items[count++].rule = call->plan->rules[candidates->rules[i]];
	for (size_t at = 0; call_next_bare(call, &at, &items[count].rule);)
		count++;
	for (size_t i = 0; i < count; i++) {
		items[i].rank = call_rank(call, spot, &items[i].rule);
		sorted[i] = &items[i];
	}
	sort(sorted, count, by_id);
	*ret = sorted;
	*ret_count = count;
	return OK;
}

static Reason judge(Call *call, Spot *spot, Explained *item)
{
	ScoreParts score;
	if (!call_works(call))
		return REASON_WORK_LIMIT;
	Reason reason = call_screen(call, spot, &item->rule);
	if (reason != REASON_OFFERED)
		return reason;
	if (!call_score(call, &item->rule, &score))
		return REASON_SCORE_FAILED;
	item->rank.score = score;
	return call_shown(call, spot, &item->rule) ? REASON_DUPLICATE_ACROSS_POINTS : REASON_OFFERED;
}

// Of those that passed, in the order of rank: what was not offered is a duplicate of a better one, or comes
// behind the last that was, or else the work ended before it.
static Err label(const Call *call, const Spot *spot, Explained *const *passed, size_t count)
{
	Tally seen = {.arena = call->arena};
	size_t offered = 0, chosen = spot->selection.count;
	for (size_t i = 0; i < count; i++) {
		Explained *item = passed[i];
		uint64_t key =
		        duplicate_key(spot->zone->deduplication, item->rule.offer, item->rule.treatment);
		uint64_t *before = key ? tally_at(&seen, key) : NULL;
		if (key && !before)
			return err(ERR_NO_MEMORY, "no memory to tell duplicates apart");
		bool full = offered == chosen && chosen == spot->wanted->max;
		if (!item->answered)
			item->reason = before && *before ? REASON_DUPLICATE_OFFER
			               : full            ? REASON_OUTRANKED
			                                 : REASON_WORK_LIMIT;
		offered += item->answered;
		if (before)
			*before = 1;
	}
	return OK;
}

static Err judge_all(Call *call, Spot *spot, Explained *const *items, size_t count)
{
	Explained **passed = ARENA_ARRAY(call->arena, Explained *, count);
	if (!passed)
		return err(ERR_NO_MEMORY, "no memory to explain %zu candidates: ask for fewer points", count);
	for (size_t i = 0; i < spot->selection.count; i++) {
		Explained *item = find(items, count, spot->selection.best[i].id);
		item->rank = spot->selection.best[i];
		item->answered = true;
	}
	size_t passed_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!items[i]->answered)
			items[i]->reason = judge(call, spot, items[i]);
		if (items[i]->reason == REASON_OFFERED)
			passed[passed_count++] = items[i];
	}
	sort(passed, passed_count, by_rank);
	return label(call, spot, passed, passed_count);
}

// --- the list ---

static DecidedCandidate listed(Call *call, Spot *spot, const PlanRule *rule, Reason reason, ScoreParts score)
{
	DecidedCandidate candidate = {
	        .id = {rule->origin, rule->source, rule->offer},
	        .reason = reason,
	        .score = score,
	};
	explain_cause(call, spot, rule, &candidate);
	return candidate;
}

static DecidedCandidate listed_default(Call *call, Spot *spot, size_t source)
{
	CandidateId id = {ORIGIN_DEFAULT, (uint32_t)source, spot->zone->default_offers[source]};
	PlanRule rule = plan_bare(call->plan, id, 0);
	return listed(call, spot, &rule, spot->defaults[source], (ScoreParts){0});
}

Err call_explain(Call *call, Spot *spot, PointDecision *point)
{
	Explained **items = NULL;
	size_t count = 0, next = 0;
	TRY(collect(call, spot, &items, &count));
	TRY(judge_all(call, spot, items, count));
	size_t all = count + spot->default_count;
	DecidedCandidate *list = ARENA_ARRAY(call->arena, DecidedCandidate, all);
	if (!list)
		return err(ERR_NO_MEMORY, "no memory to explain %zu candidates: ask for fewer points", all);
	for (size_t i = 0; i < point->offer_count; i++)
		list[next++] = (DecidedCandidate){
		        .id = point->offers[i].id, .reason = REASON_OFFERED, .score = point->offers[i].score};
	for (size_t i = 0; i < count; i++) {
		if (!items[i]->answered)
			list[next++] =
			        listed(call, spot, &items[i]->rule, items[i]->reason, items[i]->rank.score);
	}
	for (size_t i = 0; i < spot->default_count; i++) {
		if (spot->defaults[i] != REASON_OFFERED)
			list[next++] = listed_default(call, spot, i);
	}
	point->candidates = list;
	point->candidate_count = next;
	return OK;
}
