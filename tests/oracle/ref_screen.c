// Steps 3 and 4: what strikes a candidate, filter by filter, and its score.
#include "reference.h"

#include <math.h>

static bool in_segment(const uint64_t *segments, uint32_t segment)
{
	return segments[segment / 64] >> (segment % 64) & 1;
}

static bool is_inside(const Reference *ref, int64_t effective_us, int64_t expires_us, int64_t as_of_us)
{
	if (effective_us && effective_us == as_of_us)
		cover_row(ref->cover, COVER_DATE_EFFECTIVE);
	if (expires_us && expires_us == as_of_us)
		cover_row(ref->cover, COVER_DATE_EXPIRES);
	return (effective_us == 0 || effective_us <= as_of_us) && (expires_us == 0 || as_of_us < expires_us);
}

// A condition's value: true, false, or an error also if it is no bool.
static ExprValue condition(const RefCall *call, const SnapExpression *expression)
{
	ExprValue value = ref_value(call->ref, expression, call->visitor->values, call->request->as_of_us);
	if (value.kind != EXPR_BOOL && value.kind != EXPR_ERROR)
		cover_row(call->ref->cover, COVER_EXPR_NOT_BOOL);
	return ref_typed(value, EXPR_BOOL);
}

static void strike(RefCandidate *candidate, Reason reason, const SnapExpression *expression, Str detail)
{
	candidate->reason = reason;
	candidate->predicate = expression ? str(expression->source) : (Str){0};
	candidate->detail = detail;
}

static Str error_text(const RefCall *call, ExprValue error)
{
	return ref_error_text(call->ref, (uint32_t)call->visitor->level, error);
}

static void screen_offer(const RefCall *call, RefCandidate *candidate)
{
	const SnapOffer *offer = call->ref->snapshot->offers[candidate->id.offer];
	if (!offer->published)
		strike(candidate, REASON_OFFER_NOT_PUBLISHED, NULL, (Str){0});
	else if (!is_inside(call->ref, offer->effective_us, offer->expires_us, call->request->as_of_us))
		strike(candidate, REASON_OFFER_OUTSIDE_DATES, NULL, (Str){0});
}

static bool is_held_out(const RefCall *call, const SnapCell *cell)
{
	const SnapLevel *level = call->ref->snapshot->audience_levels[call->visitor->level];
	uint32_t share = ref_share_of(str(cell->control_salt), str(level->name), call->visitor->audience_id);
	if (cell->control_ppm && share + 1 == cell->control_ppm)
		cover_row(call->ref->cover, COVER_CONTROL_LAST);
	if (cell->control_ppm && share == cell->control_ppm)
		cover_row(call->ref->cover, COVER_CONTROL_FIRST_OUT);
	return share < cell->control_ppm;
}

static void screen_rule(const RefCall *call, RefCandidate *candidate)
{
	const SnapRule *rule = candidate->rule;
	const Snapshot *snapshot = call->ref->snapshot;
	int64_t as_of_us = call->request->as_of_us;
	const SnapCampaign *campaign = rule->campaign ? snapshot->campaigns[rule->campaign - 1] : NULL;
	if (campaign && (!campaign->active || !is_inside(call->ref, campaign->effective_us,
	                                              campaign->expires_us, as_of_us)))
		strike(candidate, REASON_CAMPAIGN_INACTIVE, NULL, str(campaign->code));
	else if (!rule->enabled)
		strike(candidate, REASON_RULE_DISABLED, NULL, (Str){0});
	else if (!is_inside(call->ref, rule->effective_us, rule->expires_us, as_of_us))
		strike(candidate, REASON_RULE_OUTSIDE_DATES, NULL, (Str){0});
	else if (campaign && rule->cell && is_held_out(call, campaign->cells[rule->cell - 1]))
		strike(candidate, REASON_CONTROL_GROUP, NULL, str(campaign->cells[rule->cell - 1]->code));
}

static void screen_blacklist(const RefCall *call, RefCandidate *candidate)
{
	const Snapshot *snapshot = call->ref->snapshot;
	for (size_t i = 0; i < snapshot->n_blacklist; i++) {
		const SnapBlacklistEntry *entry = snapshot->blacklist[i];
		if ((int)entry->audience_level == call->visitor->level &&
		        entry->offer == candidate->id.offer &&
		        str_eq(str(entry->audience_id), call->visitor->audience_id))
			strike(candidate, REASON_BLACKLISTED, NULL, (Str){0});
	}
}

static const SnapCondition *broken_condition(const RefCall *call, const SnapZone *zone, uint32_t offer)
{
	for (size_t i = 0; i < zone->n_offer_inclusion; i++) {
		const SnapCondition *condition_of = zone->offer_inclusion[i];
		if (!ref_condition(call->ref, call->ref->snapshot->offers[offer],
		            str(condition_of->attribute), condition_of->comparison,
		            ref_constant(condition_of->value, call->ref->arena)))
			return condition_of;
	}
	return NULL;
}

static void screen_zone(const RefCall *call, const DecidePoint *point, RefCandidate *candidate)
{
	const Snapshot *snapshot = call->ref->snapshot;
	const SnapZone *zone = snapshot->zones[snapshot->points[point->point]->zone];
	const SnapCondition *broken = broken_condition(call, zone, candidate->id.offer);
	for (size_t i = 0; i < zone->n_inclusion; i++) {
		if ((int)zone->inclusion[i]->audience_level != call->visitor->level)
			continue;
		const SnapExpression *expression = zone->inclusion[i]->expression;
		ExprValue value = condition(call, expression);
		if (value.kind == EXPR_ERROR) {
			if (broken)
				cover_row(call->ref->cover, COVER_ZONE_BOTH);
			strike(candidate, REASON_ZONE_INCLUSION_FAILED, expression, error_text(call, value));
			return;
		}
		if (!value.b) {
			cover_row(call->ref->cover, COVER_ZONE_BY_EXPRESSION);
			strike(candidate, REASON_ZONE_EXCLUDED, expression, (Str){0});
			return;
		}
	}
	if (broken) {
		cover_row(call->ref->cover, COVER_ZONE_BY_CONDITION);
		strike(candidate, REASON_ZONE_EXCLUDED, NULL, str(broken->attribute));
	}
}

static void screen_filter(const RefCall *call, const DecidePoint *point, RefCandidate *candidate)
{
	const SnapOffer *offer = call->ref->snapshot->offers[candidate->id.offer];
	for (size_t i = 0; i < point->filter_count; i++) {
		const OfferFilter *filter = &point->filter[i];
		if (ref_condition(call->ref, offer, filter->attribute, filter->comparison, filter->value))
			continue;
		strike(candidate, REASON_REQUEST_FILTERED, NULL, filter->attribute);
		return;
	}
}

static void screen_eligibility(const RefCall *call, RefCandidate *candidate)
{
	const SnapExpression *expression = candidate->rule->eligibility;
	if (!expression)
		return;
	ExprValue value = condition(call, expression);
	if (value.kind == EXPR_ERROR)
		strike(candidate, REASON_ELIGIBILITY_FAILED, expression, error_text(call, value));
	else if (!value.b)
		strike(candidate, REASON_NOT_ELIGIBLE, expression, (Str){0});
}

static void screen_state(const RefCall *call, RefCandidate *candidate)
{
	const VisitorState *state = &call->visitor->state;
	uint32_t offer = candidate->id.offer;
	Strike found = ref_suppressed(call->ref, state, offer, call->request->as_of_us);
	if (found.reason == REASON_OFFERED)
		found = ref_limited(call->ref, state, offer, call->request->as_of_us);
	strike(candidate, found.reason, NULL, found.detail);
}

// --- the score ---

static double plain_zero(const Reference *ref, double score)
{
	if (score < 0 || score > 0)
		return score;
	if (signbit(score))
		cover_row(ref->cover, COVER_SCORE_MINUS_ZERO);
	return 0;
}

static const SnapOverride *override_of(const RefCall *call, uint32_t offer)
{
	const Snapshot *snapshot = call->ref->snapshot;
	for (size_t i = 0; i < snapshot->n_score_overrides; i++) {
		const SnapOverride *override = snapshot->score_overrides[i];
		if ((int) override->audience_level == call->visitor->level && override->offer == offer &&
		        str_eq(str(override->audience_id), call->visitor->audience_id))
			return override;
	}
	return NULL;
}

static void score_expression(const RefCall *call, RefCandidate *candidate)
{
	const SnapExpression *expression = candidate->rule->score_expression;
	ExprValue value = ref_value(call->ref, expression, call->visitor->values, call->request->as_of_us);
	if (value.kind == EXPR_INT || value.kind == EXPR_DOUBLE)
		cover_row(call->ref->cover,
		        value.kind == EXPR_INT ? COVER_SCORE_EXPRESSION_INT : COVER_SCORE_EXPRESSION_DOUBLE);
	value = ref_typed(value, EXPR_DOUBLE);
	if (value.kind == EXPR_ERROR) {
		strike(candidate, REASON_SCORE_FAILED, expression, error_text(call, value));
	} else if (!isfinite(value.d)) {
		cover_row(call->ref->cover, COVER_SCORE_NOT_FINITE);
		strike(candidate, REASON_SCORE_FAILED, expression, STR("RANGE"));
	} else {
		candidate->score.marketer = value.d;
	}
}

static void score(const RefCall *call, RefCandidate *candidate)
{
	ScoreParts *parts = &candidate->score;
	const SnapOverride *override = override_of(call, candidate->id.offer);
	if (candidate->rule && candidate->rule->score_expression)
		score_expression(call, candidate);
	else if (candidate->rule)
		parts->marketer = candidate->rule->score;
	else if (candidate->id.origin == ORIGIN_INDIVIDUAL)
		parts->marketer = override->score;
	else if (candidate->id.origin == ORIGIN_QUALIFIED)
		parts->marketer = ref_event(
		        call->ref, &call->visitor->state, candidate->id.offer, call->request->as_of_us)
		                          ->score;
	if (candidate->reason != REASON_OFFERED)
		return;
	parts->final = parts->marketer = plain_zero(call->ref, parts->marketer);
	if (!override || candidate->id.origin == ORIGIN_DEFAULT)
		return;
	cover_row(call->ref->cover, COVER_SCORE_OVERRIDDEN);
	parts->overridden = true;
	parts->final = parts->override = plain_zero(call->ref, override->score);
}

#define SCREEN(step)                                                                                         \
	do {                                                                                                 \
		step;                                                                                        \
		if (candidate->reason != REASON_OFFERED)                                                     \
			return;                                                                              \
	} while (0)

void ref_screen(const RefCall *call, const DecidePoint *point, RefCandidate *candidate)
{
	const SnapRule *rule = candidate->rule;
	candidate->reason = REASON_OFFERED;
	if (rule && rule->segment && !in_segment(call->visitor->segments, rule->segment - 1)) {
		const SnapSegment *segment = call->ref->snapshot->segments[rule->segment - 1];
		strike(candidate, REASON_SEGMENT_NOT_MATCHED, segment->expression, str(segment->name));
		return;
	}
	SCREEN(screen_offer(call, candidate));
	if (rule)
		SCREEN(screen_rule(call, candidate));
	SCREEN(screen_blacklist(call, candidate));
	SCREEN(screen_zone(call, point, candidate));
	SCREEN(screen_filter(call, point, candidate));
	if (rule)
		SCREEN(screen_eligibility(call, candidate));
	SCREEN(screen_state(call, candidate));
	score(call, candidate);
}
