// From the best candidates to treatments: filled up with the zone's default offers, personalised, coded.
#include "decide/call.h"

static Err show_by(Call *call, const Spot *spot, uint64_t key)
{
	uint64_t *first = tally_at(&call->shown, key);
	if (!first)
		return err(ERR_NO_MEMORY, "no memory for what the points show");
	if (!*first)
		*first = spot->number + 1;
	return OK;
}

static Err show(Call *call, const Spot *spot, uint32_t offer, uint32_t treatment)
{
	if (!call->request->deduplicate_across)
		return OK;
	TRY(show_by(call, spot, duplicate_key(SNAP_DEDUP(OFFER), offer, treatment)));
	return show_by(call, spot, duplicate_key(SNAP_DEDUP(TREATMENT), offer, treatment));
}

static bool has_offer(const PointDecision *decision, uint32_t offer)
{
	for (size_t i = 0; i < decision->offer_count; i++) {
		if (decision->offers[i].id.offer == offer)
			return true;
	}
	return false;
}

// Why a default offer is not taken, or REASON_OFFERED.
static Reason default_strikes(Call *call, Spot *spot, const PlanRule *rule, const PointDecision *decision)
{
	if (!call_works(call))
		return REASON_WORK_LIMIT;
	Reason reason = call_screen(call, spot, rule);
	if (reason != REASON_OFFERED)
		return reason;
	if (call_shown(call, spot, rule))
		return REASON_DUPLICATE_ACROSS_POINTS;
	return has_offer(decision, rule->offer) ? REASON_DUPLICATE_OFFER : REASON_OFFERED;
}

static void fill_up(Call *call, Spot *spot, DecidedOffer *offers, PointDecision *ret)
{
	while (ret->offer_count < spot->wanted->max && spot->default_count < spot->zone->n_default_offers) {
		uint32_t source = (uint32_t)spot->default_count;
		CandidateId id = {ORIGIN_DEFAULT, source, spot->zone->default_offers[source]};
		PlanRule rule = plan_bare(call->plan, id, 0);
		Reason reason = default_strikes(call, spot, &rule, ret);
		spot->defaults[spot->default_count++] = reason;
		if (reason == REASON_OFFERED)
			offers[ret->offer_count++] = (DecidedOffer){.id = id};
	}
}

Err call_treat(Call *call, Spot *spot, PointDecision *ret)
{
	const Selection *chosen = &spot->selection;
	size_t defaults = spot->zone->n_default_offers, missing = spot->wanted->max - chosen->count;
	size_t most = chosen->count + (defaults < missing ? defaults : missing);
	DecidedOffer *offers = ARENA_ARRAY(call->arena, DecidedOffer, most);
	if (missing)
		spot->defaults = ARENA_ARRAY(call->arena, Reason, defaults);
	if (!offers || (missing && !spot->defaults))
		return err(ERR_NO_MEMORY, "no memory for %zu offers", most);
	for (size_t i = 0; i < chosen->count; i++)
		offers[i] = (DecidedOffer){.id = chosen->best[i].id, .score = chosen->best[i].score};
	ret->tied = chosen->tied;
	ret->offers = offers;
	ret->offer_count = chosen->count;
	fill_up(call, spot, offers, ret);
	for (size_t i = 0; i < ret->offer_count; i++) {
		treatment_code_make(&call->codes, call->treatments++, offers[i].treatment_code);
		TRY(call_personalise(call, &offers[i]));
		TRY(show(call, spot, offers[i].id.offer, i < chosen->count ? chosen->best[i].treatment : 0));
	}
	return OK;
}
