// One point's candidates: what makes them, beginning with those that no list has. The walk over the lists is
// in walk.c.
#include "decide/call.h"

static uint64_t tie_of(const Call *call, uint32_t offer, Parley__Snapshot__V1__TieBreak tie_break)
{
	if (tie_break == SNAP_TIE(NEWEST_OFFER))
		return call->plan->offer_ages[offer];
	if (tie_break == SNAP_TIE(OFFER_CODE))
		return 0; // offers are sorted by code: their index decides
	return mix64(call->request->seed ^ call->plan->offer_keys[offer]);
}

static inline Ranked rank_of(const Call *call, const Spot *spot, const PlanRule *rule)
{
	return (Ranked){
	        .tie = tie_of(call, rule->offer, spot->zone->tie_break),
	        .id = {rule->origin, rule->source, rule->offer},
	        .treatment = rule->treatment,
	        .top = rule->top,
	};
}

Ranked call_rank(const Call *call, const Spot *spot, const PlanRule *rule)
{
	return rank_of(call, spot, rule);
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

// Whether the score is to be had without a program, and so before the screen.
static bool score_is_cheap(const Call *call, const PlanRule *rule)
{
	return !rule->scoring || call->plan->forms[rule->scoring - 1].kind != SCORE_PROGRAM;
}

void call_consider(Call *call, Spot *spot, const PlanRule *rule, Known known)
{
	Ranked rank = rank_of(call, spot, rule);
	bool scored = known.scored && !call->overrides.count, cheap = scored || score_is_cheap(call, rule);
	ptrdiff_t place = PLACE_UNKNOWN;
	if (scored)
		rank.score.marketer = rank.score.final = known.score;
	if (call->shown.count && call_shown(call, spot, rule))
		return;
	if (cheap) {
		if (!scored && !call_score(call, rule, &rank.score))
			return;
		place = selection_place(&spot->selection, &rank);
	}
	if (place != PLACE_NONE && call_passes(call, spot, rule, known.sure) &&
	        (cheap || call_score(call, rule, &rank.score)))
		selection_add(&spot->selection, &rank, place);
}

static void consider_bare(Call *call, Spot *spot)
{
	size_t at = 0;
	PlanRule bare;
	while (call_next_bare(call, &at, &bare) && call_works(call))
		call_consider(call, spot, &bare, (Known){0});
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
				call_consider(call, spot, rule, (Known){0});
		}
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
	call_walk(call, spot);
}
