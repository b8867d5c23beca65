// The walk over one point's candidates. Those whose score this visitor alone decides come first; then the
// static rules, best first, until nothing that follows could be better. Of a static rule the rank is known
// beforehand, so one that could not get in is not even screened.
#include "decide/call.h"

static uint64_t tie_of(const Call *call, uint32_t offer, Parley__Snapshot__V1__TieBreak tie_break)
{
	if (tie_break == SNAP_TIE(NEWEST_OFFER))
		return call->plan->offer_ages[offer];
	if (tie_break == SNAP_TIE(OFFER_CODE))
		return 0; // offers are sorted by code: their index decides
	return mix64(call->request->seed ^ call->plan->offer_keys[offer]);
}

Ranked call_rank(const Call *call, const Spot *spot, const PlanRule *rule)
{
	return (Ranked){
	        .tie = tie_of(call, rule->offer, spot->zone->tie_break),
	        .id = {rule->origin, rule->source, rule->offer},
	        .treatment = rule->treatment,
	        .top = rule->top,
	};
}

bool call_works(Call *call)
{
	if (!call->evaluation.fuel)
		return false;
	call->evaluation.fuel--;
	return true;
}

bool call_shown(const Call *call, const Spot *spot, const PlanRule *rule)
{
	bool by_treatment =
	        spot->zone->deduplication == SNAP_DEDUP(TREATMENT) && rule->origin != ORIGIN_DEFAULT;
	uint64_t key = duplicate_key(
	        by_treatment ? SNAP_DEDUP(TREATMENT) : SNAP_DEDUP(OFFER), rule->offer, rule->treatment);
	uint64_t first = tally_get(&call->shown, key);
	return first && first <= spot->number;
}

bool call_next_bare(const Call *call, size_t *at, PlanRule *ret)
{
	const Snapshot *snapshot = call->plan->snapshot;
	for (; *at < call->overrides.count; ++*at) {
		uint32_t index = call->overrides.first + (uint32_t)*at;
		const SnapOverride *override = snapshot->score_overrides[index];
		if (!override->adds)
			continue;
		*ret = plan_bare(call->plan, (CandidateId){ORIGIN_INDIVIDUAL, index, override->offer},
		        override->score);
		++*at;
		return true;
	}
	for (; *at - call->overrides.count < call->facts.event_count; ++*at) {
		const Fact *fact = call->facts.events[*at - call->overrides.count];
		if (fact->kind != FACT_QUALIFY || !fact_holds(call, fact))
			continue;
		*ret = plan_bare(call->plan, (CandidateId){ORIGIN_QUALIFIED, 0, fact->offer}, fact->score);
		++*at;
		return true;
	}
	return false;
}

static void consider(Call *call, Spot *spot, const PlanRule *rule)
{
	Ranked rank = call_rank(call, spot, rule);
	if (call_shown(call, spot, rule))
		return;
	if (!rule->scoring &&
	        (!call_score(call, rule, &rank.score) || !selection_admits(&spot->selection, &rank)))
		return;
	if (call_screen(call, spot, rule) != REASON_OFFERED)
		return;
	if (!rule->scoring || call_score(call, rule, &rank.score))
		selection_add(&spot->selection, &rank);
}

static void consider_bare(Call *call, Spot *spot)
{
	size_t at = 0;
	PlanRule bare;
	while (call_next_bare(call, &at, &bare) && call_works(call))
		consider(call, spot, &bare);
}

static bool is_candidate(const Call *call, const Spot *spot, const PlanRule *planned)
{
	const SnapRule *rule =
	        decide_rule(call->plan, (CandidateId){planned->origin, planned->source, planned->offer});
	bool in_zone = !rule->zone || call->plan->snapshot->zones[rule->zone - 1] == spot->zone;
	return in_zone && rule->audience_level == (uint32_t)call->visitor->level;
}

// Static rules that the visitor's own scores lift out of their order.
static void consider_overridden(Call *call, Spot *spot)
{
	const Lists *lists = &call->plan->offer_rules;
	for (uint32_t i = 0; i < call->overrides.count; i++) {
		uint32_t offer = call->plan->snapshot->score_overrides[call->overrides.first + i]->offer;
		for (uint32_t j = lists->starts[offer]; j < lists->starts[offer + 1]; j++) {
			const PlanRule *rule = &call->plan->rules[lists->items[j]];
			if (is_candidate(call, spot, rule) && call_works(call))
				consider(call, spot, rule);
		}
	}
}

// The first position at or behind `position` that may pass; `live` if there is none.
static uint32_t next_survivor(const Spot *spot, uint32_t position)
{
	uint32_t live = spot->candidates->live;
	if (!spot->survivors || position >= live)
		return position;
	uint64_t word = spot->survivors[position / 64] & (UINT64_MAX << (position % 64));
	uint32_t base = position / 64 * 64;
	while (!word && (base += 64) < live)
		word = spot->survivors[base / 64];
	uint32_t found = word ? base + (uint32_t)__builtin_ctzll(word) : live;
	return found < live ? found : live;
}

static void walk(Call *call, Spot *spot)
{
	const Candidates *candidates = spot->candidates;
	for (uint32_t i = next_survivor(spot, 0); i < candidates->live; i = next_survivor(spot, i + 1)) {
		const PlanRule *rule = &call->plan->rules[candidates->rules[i]];
		bool is_static = i >= candidates->dynamic;
		if (is_static && selection_beats(&spot->selection, rule->top, rule->score))
			return;
		if (!call_works(call))
			return;
		if (!is_static || !call->overrides.count || !call_override(call, rule->offer))
			consider(call, spot, rule);
	}
}

void call_choose(Call *call, Spot *spot)
{
	// What the zone does not take as a whole need not be looked at one by one.
	if (!spot->selection.max || spot->inclusion.verdict != VERDICT_TRUE)
		return;
	consider_bare(call, spot);
	if (call->overrides.count)
		consider_overridden(call, spot);
	walk(call, spot);
}
