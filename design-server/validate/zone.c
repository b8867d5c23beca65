// Zones: whether anybody asks there, whether there is anything to offer, and to whom.
#include "validate/internal.h"

typedef struct ZoneFacts {
	size_t points;
	bool candidates; // something can be offered, to somebody
	bool taken;      // and its conditions on offers let some of it in
	const char *point;
} ZoneFacts;

static void count_offer(const Analysis *a, ZoneFacts *facts, uint32_t zone, uint32_t offer)
{
	facts[zone].candidates = true;
	facts[zone].taken |= zone_takes(a, zone, offer);
}

static void count_everywhere(const Analysis *a, ZoneFacts *facts, uint32_t offer)
{
	for (uint32_t i = 0; i < a->snapshot->n_zones; i++)
		count_offer(a, facts, i, offer);
}

static void count_rules(const Analysis *a, ZoneFacts *facts)
{
	Object object;
	for (size_t i = 0; i < rule_count(a); i++) {
		const SnapRule *rule = rule_at(a, i, &object);
		const uint32_t *offers;
		size_t count = rule_offers(a, rule, &offers);
		for (size_t j = 0; j < count; j++) {
			if (rule->zone)
				count_offer(a, facts, rule->zone - 1, offers[j]);
			else
				count_everywhere(a, facts, offers[j]);
		}
	}
}

// What is offered in every zone without a rule: individual and qualified offers.
static Err count_others(const Analysis *a, ZoneFacts *facts)
{
	const Snapshot *s = a->snapshot;
	bool *counted = ARENA_ARRAY(a->arena, bool, s->n_offers + 1);
	if (!counted)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_score_overrides; i++) {
		const SnapOverride *override = s->score_overrides[i];
		if (override->adds && !counted[override->offer])
			count_everywhere(a, facts, override->offer);
		counted[override->offer] |= override->adds;
	}
	for (size_t i = 0; i < s->n_events; i++) {
		for (size_t j = 0; j < s->events[i]->n_actions; j++) {
			const SnapAction *action = s->events[i]->actions[j];
			for (size_t k = 0;
			        action->kind == SNAP_ACTION(QUALIFY_OFFERS) && k < action->n_offers; k++)
				count_everywhere(a, facts, action->offers[k]);
		}
	}
	for (uint32_t i = 0; a->qualifies_quoted && i < s->n_offers; i++) {
		if (a->offers[i].candidate)
			count_everywhere(a, facts, i);
	}
	for (uint32_t i = 0; i < s->n_zones; i++) {
		for (size_t j = 0; j < s->zones[i]->n_default_offers; j++)
			count_offer(a, facts, i, s->zones[i]->default_offers[j]);
	}
	return OK;
}

static void check_content(Analysis *a, const SnapZone *zone, const ZoneFacts *facts)
{
	Object object = {"Zone", zone->name, ""};
	if (!facts->points)
		finding(a, FINDING_ZONE_WITHOUT_POINT, object,
		        "put an interaction point into it, or delete it",
		        "no interaction point belongs to it, so nobody can ask for its offers");
	else if (!facts->candidates)
		finding(a, FINDING_ZONE_WITHOUT_CANDIDATES, object,
		        "make a treatment rule, a global offer or default offers for it",
		        "no rule, global offer, individual score, event or default offers anything in it: "
		        "its %zu "
		        "points ('%s'%s) only ever show their default content",
		        facts->points, facts->point, facts->points > 1 ? " …" : "");
	else if (!facts->taken) {
		object.field = "offer_inclusion";
		finding(a, FINDING_ZONE_OFFERS_NEVER, object,
		        "correct the conditions, or the attributes of the offers",
		        "none of the offers that could be shown in it meets all %zu conditions of its "
		        "inclusion rule",
		        zone->n_offer_inclusion);
	}
}

static Err check_inclusion(Analysis *a, const SnapZone *zone, const SnapLevelExpression *inclusion)
{
	const Condition *condition;
	Object object = {"Zone", zone->name, "inclusion"};
	TRY(logic_condition(a->logic[inclusion->audience_level], inclusion->expression, &condition));
	if (condition->never)
		finding(a, FINDING_ZONE_NEVER, object, "correct the expression",
		        "nobody of the level '%s' meets its inclusion rule '%s'%s",
		        a->snapshot->audience_levels[inclusion->audience_level]->name, condition->source,
		        clash_text(a, condition));
	return analyse_condition(a, object, inclusion->audience_level, inclusion->expression);
}

Err analyse_zones(Analysis *a)
{
	const Snapshot *s = a->snapshot;
	ZoneFacts *facts = ARENA_ARRAY(a->arena, ZoneFacts, s->n_zones + 1);
	a->idle = ARENA_ARRAY(a->arena, bool, s->n_zones + 1);
	if (!facts || !a->idle)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_points; i++) {
		ZoneFacts *of = &facts[s->points[i]->zone];
		if (!of->points++)
			of->point = s->points[i]->name;
	}
	count_rules(a, facts);
	TRY(count_others(a, facts));
	for (size_t i = 0; i < s->n_zones; i++) {
		check_content(a, s->zones[i], &facts[i]);
		a->idle[i] = facts[i].candidates && !facts[i].taken;
		for (size_t j = 0; j < s->zones[i]->n_inclusion; j++)
			TRY(check_inclusion(a, s->zones[i], s->zones[i]->inclusion[j]));
	}
	return OK;
}
