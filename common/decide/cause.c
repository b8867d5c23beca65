// The cause of a reason: the expression as the designer wrote it, and what a person would ask next.
#include "decide/explain.h"

static Str failure(const Call *call, Outcome outcome)
{
	return outcome_text(call->plan, call->visitor->level, outcome, call->arena);
}

static void of_segment(const Call *call, const PlanRule *rule, DecidedCandidate *ret)
{
	const SnapSegment *segment = call->plan->snapshot->segments[rule->segment - 1];
	ret->predicate = segment->expression ? str(segment->expression->source) : (Str){0};
	ret->detail = str(segment->name);
}

static const SnapExpression *inclusion_of(const Call *call, const Spot *spot)
{
	for (size_t i = 0; i < spot->zone->n_inclusion; i++) {
		if (spot->zone->inclusion[i]->audience_level == (uint32_t)call->visitor->level)
			return spot->zone->inclusion[i]->expression;
	}
	return NULL;
}

static const char *excluding_attribute(const Call *call, const Spot *spot, const SnapOffer *offer)
{
	for (size_t i = 0; i < spot->zone->n_offer_inclusion; i++) {
		const SnapCondition *condition = spot->zone->offer_inclusion[i];
		if (!plan_compare(plan_offer_constant(offer, str(condition->attribute)),
		            condition->comparison, plan_constant(condition->value, call->arena)))
			return condition->attribute;
	}
	return "";
}

static void of_zone(const Call *call, const Spot *spot, DecidedCandidate *ret)
{
	if (spot->inclusion.verdict == VERDICT_TRUE) {
		const SnapOffer *offer = call->plan->snapshot->offers[ret->id.offer];
		ret->detail = str(excluding_attribute(call, spot, offer));
		return;
	}
	const SnapExpression *inclusion = inclusion_of(call, spot);
	ret->predicate = inclusion ? str(inclusion->source) : (Str){0};
	ret->detail = failure(call, spot->inclusion);
}

static void of_filter(const Call *call, const Spot *spot, DecidedCandidate *ret)
{
	const OfferFilter *condition = filter_strikes(spot, call->plan->snapshot->offers[ret->id.offer]);
	ret->detail = condition ? condition->attribute : (Str){0};
}

static void of_eligibility(Call *call, const PlanRule *rule, DecidedCandidate *ret)
{
	ret->predicate = str(decide_rule(call->plan, ret->id)->eligibility->source);
	ret->detail = failure(call, evaluate_condition(&call->evaluation, rule->eligibility - 1));
}

static void of_score(Call *call, const PlanRule *rule, DecidedCandidate *ret)
{
	if (!rule->scoring)
		return;
	ret->predicate = str(decide_rule(call->plan, ret->id)->score_expression->source);
	ret->detail = failure(call, evaluate_score(&call->evaluation, rule->scoring - 1).outcome);
}

void explain_cause(Call *call, const Spot *spot, const PlanRule *rule, DecidedCandidate *ret)
{
	const Snapshot *snapshot = call->plan->snapshot;
	switch (ret->reason) {
	case REASON_SEGMENT_NOT_MATCHED:
		of_segment(call, rule, ret);
		return;
	case REASON_CAMPAIGN_INACTIVE:
		ret->detail = str(snapshot->campaigns[decide_rule(call->plan, ret->id)->campaign - 1]->code);
		return;
	case REASON_CONTROL_GROUP:
		ret->detail = str(call->plan->treatments[rule->treatment]->code);
		return;
	case REASON_ZONE_EXCLUDED:
	case REASON_ZONE_INCLUSION_FAILED:
		of_zone(call, spot, ret);
		return;
	case REASON_REQUEST_FILTERED:
		of_filter(call, spot, ret);
		return;
	case REASON_NOT_ELIGIBLE:
	case REASON_ELIGIBILITY_FAILED:
		of_eligibility(call, rule, ret);
		return;
	case REASON_SCORE_FAILED:
		of_score(call, rule, ret);
		return;
	default:
		if (ret->reason >= REASON_SUPPRESSED_ACCEPTED && ret->reason <= REASON_VOLUME_LIMIT)
			facts_strike(call, ret->id.offer, &ret->detail);
	}
}
