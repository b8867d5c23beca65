// What stands between a candidate and its rank, in the order of reason_table.h. Explain asks for the reason,
// and programs tell it; the walk only asks whether there is one, and leaves out what an index has told it
// already.
#include "decide/call.h"

#include <math.h>

static bool in_segment(const Visitor *visitor, uint32_t segment)
{
	return segment == 0 || (visitor->segments[(segment - 1) / 64] >> ((segment - 1) % 64)) & 1;
}

static bool within(int64_t effective_us, int64_t expires_us, int64_t us)
{
	return (!effective_us || effective_us <= us) && (!expires_us || us < expires_us);
}

// Which of the things that a plan rule has rolled into `live` and `window` it is.
static Reason switched_off(const Call *call, const PlanRule *planned)
{
	const Snapshot *snapshot = call->plan->snapshot;
	const SnapOffer *offer = snapshot->offers[planned->offer];
	const SnapRule *rule =
	        decide_rule(call->plan, (CandidateId){planned->origin, planned->source, planned->offer});
	const SnapCampaign *campaign =
	        rule && rule->campaign ? snapshot->campaigns[rule->campaign - 1] : NULL;
	int64_t us = call->request->as_of_us;
	if (!offer->published)
		return REASON_OFFER_NOT_PUBLISHED;
	if (!within(offer->effective_us, offer->expires_us, us))
		return REASON_OFFER_OUTSIDE_DATES;
	if (campaign && (!campaign->active || !within(campaign->effective_us, campaign->expires_us, us)))
		return REASON_CAMPAIGN_INACTIVE;
	return rule && !rule->enabled ? REASON_RULE_DISABLED : REASON_RULE_OUTSIDE_DATES;
}

static bool held_out(Call *call, uint32_t treatment)
{
	Outcome *known = memo_at(&call->shares, treatment);
	if (known->verdict == VERDICT_UNKNOWN) {
		const SnapCell *cell = call->plan->treatments[treatment];
		const char *level = call->plan->snapshot->audience_levels[call->visitor->level]->name;
		bool held = decide_share(
		        str(cell->control_salt), str(level), call->visitor->audience_id, cell->control_ppm);
		known->verdict = held ? VERDICT_TRUE : VERDICT_FALSE;
	}
	return known->verdict == VERDICT_TRUE;
}

static bool blacklisted(const Call *call, uint32_t offer)
{
	SnapBlacklistEntry *const *entries = call->plan->snapshot->blacklist + call->blacklist.first;
	uint32_t low = 0, high = call->blacklist.count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (entries[middle]->offer < offer)
			low = middle + 1;
		else
			high = middle;
	}
	return low < call->blacklist.count && entries[low]->offer == offer;
}

const SnapOverride *call_override(const Call *call, uint32_t offer)
{
	SnapOverride *const *entries = call->plan->snapshot->score_overrides + call->overrides.first;
	uint32_t low = 0, high = call->overrides.count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (entries[middle]->offer < offer)
			low = middle + 1;
		else
			high = middle;
	}
	return low < call->overrides.count && entries[low]->offer == offer ? entries[low] : NULL;
}

const OfferFilter *filter_strikes(const Spot *spot, const SnapOffer *offer)
{
	for (size_t i = 0; i < spot->wanted->filter_count; i++) {
		const OfferFilter *condition = &spot->wanted->filter[i];
		if (!plan_compare(plan_offer_constant(offer, condition->attribute), condition->comparison,
		            condition->value))
			return condition;
	}
	return NULL;
}

static bool filtered(const Call *call, Spot *spot, uint32_t offer)
{
	if (!spot->wanted->filter_count)
		return false;
	Outcome *known = memo_at(&spot->filtered, offer);
	if (known->verdict == VERDICT_UNKNOWN)
		known->verdict = filter_strikes(spot, call->plan->snapshot->offers[offer]) ? VERDICT_TRUE
		                                                                           : VERDICT_FALSE;
	return known->verdict == VERDICT_TRUE;
}

static Reason zone_strikes(const Spot *spot, uint32_t offer)
{
	if (spot->inclusion.verdict == VERDICT_FAILED)
		return REASON_ZONE_INCLUSION_FAILED;
	if (spot->inclusion.verdict == VERDICT_FALSE)
		return REASON_ZONE_EXCLUDED;
	bool admitted = !spot->admitted || (spot->admitted[offer / 64] >> (offer % 64)) & 1;
	return admitted ? REASON_OFFERED : REASON_ZONE_EXCLUDED;
}

static Reason eligibility_strikes(Call *call, const PlanRule *rule)
{
	if (!rule->eligibility)
		return REASON_OFFERED;
	uint8_t verdict = evaluate_condition(&call->evaluation, rule->eligibility - 1).verdict;
	return verdict == VERDICT_TRUE    ? REASON_OFFERED
	       : verdict == VERDICT_FALSE ? REASON_NOT_ELIGIBLE
	                                  : REASON_ELIGIBILITY_FAILED;
}

// What stands between dates and eligibility.
static Reason barred(Call *call, Spot *spot, const PlanRule *rule)
{
	if (rule->control && held_out(call, rule->treatment))
		return REASON_CONTROL_GROUP;
	if (call->blacklist.count && blacklisted(call, rule->offer))
		return REASON_BLACKLISTED;
	Reason reason = zone_strikes(spot, rule->offer);
	return reason == REASON_OFFERED && filtered(call, spot, rule->offer) ? REASON_REQUEST_FILTERED
	                                                                     : reason;
}

static bool switched_on(const Call *call, const PlanRule *rule)
{
	int64_t us = call->request->as_of_us;
	return rule->live && us >= rule->window.from_us && us < rule->window.until_us;
}

Reason call_screen(Call *call, Spot *spot, const PlanRule *rule)
{
	if (!in_segment(call->visitor, rule->segment))
		return REASON_SEGMENT_NOT_MATCHED;
	if (!switched_on(call, rule))
		return switched_off(call, rule);
	Reason reason = barred(call, spot, rule);
	if (reason == REASON_OFFERED)
		reason = eligibility_strikes(call, rule);
	return reason == REASON_OFFERED ? facts_strike(call, rule->offer, NULL) : reason;
}

static bool possible(Call *call, const PlanRule *rule)
{
	return in_segment(call->visitor, rule->segment) && switched_on(call, rule) &&
	       (!rule->eligibility || evaluate_true(&call->evaluation, rule->eligibility - 1));
}

bool call_passes(Call *call, Spot *spot, const PlanRule *rule, bool sure)
{
	if (spot->open && !rule->control)
		return sure || possible(call, rule);
	return (sure || possible(call, rule)) && barred(call, spot, rule) == REASON_OFFERED &&
	       facts_strike(call, rule->offer, NULL) == REASON_OFFERED;
}

bool call_score(Call *call, const PlanRule *rule, ScoreParts *ret)
{
	*ret = (ScoreParts){.marketer = rule->score};
	if (rule->scoring) {
		ScoreOutcome outcome = evaluate_score(&call->evaluation, rule->scoring - 1);
		if (outcome.outcome.verdict != VERDICT_TRUE)
			return false;
		ret->marketer = outcome.score;
	}
	if (!isfinite(ret->marketer))
		return false;
	const SnapOverride *override =
	        rule->origin == ORIGIN_DEFAULT ? NULL : call_override(call, rule->offer);
	ret->overridden = override != NULL;
	ret->override = override && override->score != 0 ? override->score : 0;
	ret->final = override ? ret->override : ret->marketer;
	return true;
}
