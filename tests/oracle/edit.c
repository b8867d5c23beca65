// The edits in the order in which they are tried: what takes most away comes first.
#include "edit.h"

#define DROP(name, owner, list)                                                                              \
	static EditResult name(World *world, Visit *visit, uint32_t at)                                      \
	{                                                                                                    \
		(void)world;                                                                                 \
		(void)visit;                                                                                 \
		if (at >= (owner)->n_##list)                                                                 \
			return EDIT_END;                                                                     \
		EDIT_REMOVE((owner)->list, (owner)->n_##list, at);                                           \
		return EDIT_DONE;                                                                            \
	}
DROP(drop_rule, world->snapshot, rules)
DROP(drop_global, world->snapshot, global_offers)
DROP(drop_override, world->snapshot, score_overrides)
DROP(drop_ban, world->snapshot, blacklist)
DROP(drop_suppression, world->snapshot, suppressions)

// The first and second half of the rules, each quarter, each eighth: one by one large worlds would take
// minutes.
static EditResult drop_many_rules(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	uint32_t parts = 2;
	for (; parts <= 8 && at >= parts; parts *= 2)
		at -= parts;
	if (parts > 8)
		return EDIT_END;
	size_t first = snapshot->n_rules * at / parts, end = snapshot->n_rules * (at + 1) / parts;
	for (size_t i = end; i > first; i--)
		EDIT_REMOVE(snapshot->rules, snapshot->n_rules, i - 1);
	return end > first ? EDIT_DONE : EDIT_NOTHING;
}

static EditResult drop_constraint(World *world, Visit *visit, uint32_t at)
{
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_constraints)
		return EDIT_END;
	size_t volumes = snapshot->n_constraints;
	EDIT_REMOVE(snapshot->constraints, snapshot->n_constraints, at);
	if (visit->volumes)
		EDIT_REMOVE(visit->volumes, volumes, at);
	return EDIT_DONE;
}

// --- the request and the state ---

static EditResult drop_requested_point(World *world, Visit *visit, uint32_t at)
{
	(void)world;
	if (at >= visit->point_count)
		return EDIT_END;
	EDIT_REMOVE(visit->points, visit->point_count, at);
	return EDIT_DONE;
}

static EditResult drop_filter(World *world, Visit *visit, uint32_t at)
{
	for (size_t i = 0; i < visit->point_count; i++) {
		DecidePoint *point = &visit->points[i];
		if (at >= point->filter_count) {
			at -= (uint32_t)point->filter_count;
			continue;
		}
		OfferFilter *kept = ARENA_ARRAY(world->arena, OfferFilter, point->filter_count);
		memcpy(kept, point->filter, point->filter_count * sizeof *kept);
		EDIT_REMOVE(kept, point->filter_count, at);
		point->filter = kept;
		return EDIT_DONE;
	}
	return EDIT_END;
}

static EditResult drop_fact(World *world, Visit *visit, uint32_t at)
{
	(void)world;
	if (at >= visit->fact_count)
		return EDIT_END;
	EDIT_REMOVE(visit->facts, visit->fact_count, at);
	return EDIT_DONE;
}

static EditResult drop_session_fact(World *world, Visit *visit, uint32_t at)
{
	(void)world;
	if (at >= visit->session_fact_count)
		return EDIT_END;
	EDIT_REMOVE(visit->session_facts, visit->session_fact_count, at);
	return EDIT_DONE;
}

static EditResult done_if(bool did)
{
	return did ? EDIT_DONE : EDIT_NOTHING;
}

#define RESET(place, value)                                                                                  \
	({                                                                                                   \
		bool changed_ = (place) != (value);                                                          \
		(place) = (value);                                                                           \
		done_if(changed_);                                                                           \
	})

static EditResult plain_request(World *world, Visit *visit, uint32_t at)
{
	switch (at) {
	case 0:
		return RESET(visit->across, false);
	case 1:
		return RESET(visit->volumes, NULL);
	case 2:
		return RESET(visit->as_of_us, world->anchor_us);
	default:
		break;
	}
	at -= 3;
	if (at >= visit->point_count)
		return EDIT_END;
	uint32_t *max = &visit->points[at].max;
	return done_if(*max > 1 && (*max = *max > 4 ? 4 : *max - 1));
}

static EditResult plain_fact(World *world, Visit *visit, uint32_t at)
{
	(void)world;
	Fact *fact = at < visit->fact_count ? &visit->facts[at] : NULL;
	if (!fact && at - visit->fact_count < visit->session_fact_count)
		fact = &visit->session_facts[at - visit->fact_count];
	return fact ? RESET(fact->count, 1) : EDIT_END;
}

static EditResult plain_value(World *world, Visit *visit, uint32_t at)
{
	if (at >= world->snapshot->audience_levels[visit->level]->n_attributes)
		return EDIT_END;
	bool there = visit->values[at].kind != EXPR_ERROR;
	visit->values[at] = value_missing(at);
	return done_if(there);
}

// --- fields of rules, offers and zones ---

enum { RULE_FIELDS = 8 };

static EditResult plain_rule(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	const Snapshot *snapshot = world->snapshot;
	size_t index = at / RULE_FIELDS;
	if (index >= snapshot->n_rules + snapshot->n_global_offers)
		return EDIT_END;
	SnapRule *rule = index < snapshot->n_rules ? snapshot->rules[index]
	                                           : snapshot->global_offers[index - snapshot->n_rules];
	switch (at % RULE_FIELDS) {
	case 0:
		rule->effective_us = 0;
		return RESET(rule->expires_us, 0);
	case 1:
		return RESET(rule->top_priority, false);
	case 2:
		rule->cell = 0;
		return RESET(rule->campaign, 0);
	case 3:
		return RESET(rule->cell, 0);
	case 4:
		return RESET(rule->zone, 0);
	case 5:
		return RESET(rule->segment, 0);
	case 6:
		if (!rule->offer_list || !snapshot->offer_lists[rule->offer_list - 1]->n_offers)
			return EDIT_NOTHING;
		rule->offer = snapshot->offer_lists[rule->offer_list - 1]->offers[0];
		rule->offer_list = 0;
		return EDIT_DONE;
	default:
		return RESET(rule->enabled, true);
	}
}

enum { OFFER_FIELDS = 3 };

static EditResult plain_offer(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	if (at / OFFER_FIELDS >= world->snapshot->n_offers)
		return EDIT_END;
	SnapOffer *offer = world->snapshot->offers[at / OFFER_FIELDS];
	switch (at % OFFER_FIELDS) {
	case 0:
		return RESET(offer->effective_us, 0);
	case 1:
		return RESET(offer->expires_us, 0);
	default:
		return RESET(offer->published, true);
	}
}

static EditResult drop_offer_attribute(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_offers; i++) {
		SnapOffer *offer = world->snapshot->offers[i];
		if (at < offer->n_attributes) {
			EDIT_REMOVE(offer->attributes, offer->n_attributes, at);
			return EDIT_DONE;
		}
		at -= (uint32_t)offer->n_attributes;
	}
	return EDIT_END;
}

enum { ZONE_FIELDS = 4 };

static EditResult plain_zone(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	if (at / ZONE_FIELDS >= world->snapshot->n_zones)
		return EDIT_END;
	SnapZone *zone = world->snapshot->zones[at / ZONE_FIELDS];
	switch (at % ZONE_FIELDS) {
	case 0:
		return RESET(zone->n_inclusion, 0);
	case 1:
		return done_if(zone->n_offer_inclusion && zone->n_offer_inclusion--);
	case 2:
		return done_if(zone->n_default_offers && zone->n_default_offers--);
	default:
		return RESET(zone->tie_break, SNAP_TIE(OFFER_CODE));
	}
}

static EditResult plain_campaign(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	if (at >= world->snapshot->n_campaigns)
		return EDIT_END;
	SnapCampaign *campaign = world->snapshot->campaigns[at];
	bool did = campaign->effective_us || campaign->expires_us || !campaign->active;
	campaign->effective_us = campaign->expires_us = 0;
	campaign->active = true;
	return done_if(did);
}

static EditResult drop_related(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	if (at >= world->snapshot->n_suppressions)
		return EDIT_END;
	SnapSuppression *rule = world->snapshot->suppressions[at];
	bool did = *rule->related_attribute;
	rule->related_attribute = arena_cstr(world->arena, (Str){0});
	return done_if(did);
}

static const EditAt edits[] = {
        drop_requested_point,
        drop_many_rules,
        drop_rule,
        drop_global,
        edit_flow,
        drop_suppression,
        drop_constraint,
        drop_override,
        drop_ban,
        drop_filter,
        drop_fact,
        drop_session_fact,
        edit_flow_step,
        edit_flow_branch,
        plain_request,
        plain_rule,
        plain_offer,
        plain_zone,
        plain_campaign,
        plain_fact,
        drop_related,
        edit_formula_drop,
        edit_segment,
        edit_audience_list,
        edit_offer_list,
        edit_cell,
        edit_campaign,
        edit_offer,
        drop_offer_attribute,
        edit_point,
        edit_zone,
        edit_formula_literal,
        edit_formula_hoist,
        plain_value,
};
const uint32_t edit_kinds = ARRAY_COUNT(edits);

EditResult edit_apply(World *world, Visit *visit, Edit edit)
{
	return edits[edit.kind](world, visit, edit.at);
}

size_t case_weight(const World *world, const Visit *visit)
{
	const Snapshot *s = world->snapshot;
	size_t weight = s->n_rules + s->n_global_offers + s->n_score_overrides + s->n_blacklist +
	                s->n_suppressions + s->n_constraints + s->n_offers + s->n_segments + s->n_flows +
	                s->n_campaigns + s->n_offer_lists + s->n_audience_lists + s->n_zones + s->n_points;
	for (size_t i = 0; i < s->n_offers; i++)
		weight += s->offers[i]->n_attributes;
	for (size_t i = 0; i < s->n_flows; i++)
		weight += s->flows[i]->n_steps;
	World copy = *world;
	return weight + formula_nodes(&copy) + visit->fact_count + visit->session_fact_count +
	       visit->point_count;
}
