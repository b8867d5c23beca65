// What several checks ask: which attributes can have which values, who can be in a segment, which offers
// something can show.
#include "validate/internal.h"

#include "decide/plan.h"

#include <stdlib.h>

// --- logic ---

static void mark_action(const Analysis *a, const SnapAction *action, uint32_t level, bool *settable)
{
	bool is_for = action->audience_level == level + 1 || !action->audience_level;
	if (action->kind == SNAP_ACTION(SET_ATTRIBUTE) && is_for &&
	        action->attribute < a->snapshot->audience_levels[level]->n_attributes)
		settable[action->attribute] = true;
}

static void mark_settable(const Analysis *a, uint32_t level, bool *settable)
{
	const Snapshot *s = a->snapshot;
	const SnapLevel *of = s->audience_levels[level];
	for (size_t i = 0; i < of->n_attributes; i++)
		settable[i] = of->attributes[i]->session_settable || *of->attributes[i]->column;
	for (size_t i = 0; i < s->n_events; i++) {
		for (size_t j = 0; j < s->events[i]->n_actions; j++)
			mark_action(a, s->events[i]->actions[j], level, settable);
	}
	for (size_t i = 0; i < s->n_flows; i++) {
		for (size_t j = 0; s->flows[i]->audience_level == level && j < s->flows[i]->n_steps; j++) {
			const SnapStep *step = s->flows[i]->steps[j];
			if (step->kind == SNAP_STEP(SET_ATTRIBUTE))
				settable[step->attribute] = true;
		}
	}
}

static Err build_logic(Analysis *a)
{
	size_t levels = a->snapshot->n_audience_levels;
	a->logic = ARENA_ARRAY(a->arena, Logic *, levels + 1);
	a->settable = ARENA_ARRAY(a->arena, bool *, levels + 1);
	if (!a->logic || !a->settable)
		return validate_no_memory();
	for (uint32_t i = 0; i < levels; i++) {
		const SnapLevel *level = a->snapshot->audience_levels[i];
		a->settable[i] = ARENA_ARRAY(a->arena, bool, level->n_attributes + 1);
		if (!a->settable[i])
			return validate_no_memory();
		mark_settable(a, i, a->settable[i]);
		TRY(logic_new(level, a->settable[i], a->arena, &a->logic[i]));
	}
	return OK;
}

// --- segments ---

// Segments that a flow leads to: whatever else they say, anybody may be in them.
static Err flowed_segments(const Analysis *a, bool **ret)
{
	const Snapshot *s = a->snapshot;
	*ret = ARENA_ARRAY(a->arena, bool, s->n_segments + 1);
	if (!*ret)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_flows; i++) {
		for (size_t j = 0; j < s->flows[i]->n_steps; j++) {
			const SnapStep *step = s->flows[i]->steps[j];
			if (step->kind == SNAP_STEP(SEGMENT))
				(*ret)[step->segment] = true;
		}
	}
	return OK;
}

static Err build_segments(Analysis *a)
{
	const Snapshot *s = a->snapshot;
	a->segments = ARENA_ARRAY(a->arena, const Condition *, s->n_segments + 1);
	if (!a->segments)
		return validate_no_memory();
	TRY(flowed_segments(a, &a->flowed));
	for (size_t i = 0; i < s->n_segments; i++) {
		const SnapSegment *segment = s->segments[i];
		bool by_expression = segment->expression && !a->flowed[i] &&
		                     (!segment->list || segment->list_use != SNAP_LIST_USE(ANY));
		TRY(logic_condition(a->logic[segment->audience_level],
		        by_expression ? segment->expression : NULL, &a->segments[i]));
	}
	return OK;
}

// --- rules ---

size_t rule_count(const Analysis *a)
{
	return a->snapshot->n_rules + a->snapshot->n_global_offers;
}

const SnapRule *rule_at(const Analysis *a, size_t i, Object *ret)
{
	bool global = i >= a->snapshot->n_rules;
	const SnapRule *rule =
	        global ? a->snapshot->global_offers[i - a->snapshot->n_rules] : a->snapshot->rules[i];
	*ret = (Object){global ? "GlobalOffer" : "TreatmentRule", rule->name, ""};
	return rule;
}

size_t rule_offers(const Analysis *a, const SnapRule *rule, const uint32_t **ret)
{
	if (!rule->offer_list) {
		*ret = &rule->offer;
		return 1;
	}
	*ret = a->snapshot->offer_lists[rule->offer_list - 1]->offers;
	return a->snapshot->offer_lists[rule->offer_list - 1]->n_offers;
}

// --- offers ---

typedef struct Coded {
	const char *code;
	const Parley__Design__V1__Offer *in;
} Coded;

static int by_code(const void *left, const void *right)
{
	return strcmp(((const Coded *)left)->code, ((const Coded *)right)->code);
}

static Err find_designed(Analysis *a)
{
	size_t count = a->in->offers.count;
	Coded *coded = ARENA_ARRAY(a->arena, Coded, count + 1);
	if (!coded)
		return validate_no_memory();
	for (size_t i = 0; i < count; i++)
		coded[i] = (Coded){a->in->offers.items[i]->code, a->in->offers.items[i]};
	if (count)
		qsort(coded, count, sizeof *coded, by_code);
	for (size_t i = 0; i < a->snapshot->n_offers; i++) {
		Coded wanted = {.code = a->snapshot->offers[i]->code};
		const Coded *found = bsearch(&wanted, coded, count, sizeof wanted, by_code);
		if (!found)
			return err(ERR_INTERNAL, "the offer %s was compiled from nothing", wanted.code);
		a->offers[i].in = found->in;
	}
	return OK;
}

static void mark_rule(Analysis *a, const SnapRule *rule)
{
	const uint32_t *offers;
	size_t count = rule_offers(a, rule, &offers);
	for (size_t i = 0; i < count; i++)
		a->offers[offers[i]].candidate = true;
}

static void mark_candidates(Analysis *a)
{
	const Snapshot *s = a->snapshot;
	Object object;
	for (size_t i = 0; i < rule_count(a); i++)
		mark_rule(a, rule_at(a, i, &object));
	for (size_t i = 0; i < s->n_score_overrides; i++)
		a->offers[s->score_overrides[i]->offer].candidate |= s->score_overrides[i]->adds;
	for (size_t i = 0; i < s->n_events; i++) {
		for (size_t j = 0; j < s->events[i]->n_actions; j++) {
			const SnapAction *action = s->events[i]->actions[j];
			for (size_t k = 0;
			        action->kind == SNAP_ACTION(QUALIFY_OFFERS) && k < action->n_offers; k++)
				a->offers[action->offers[k]].candidate = true;
		}
	}
	for (size_t i = 0; i < s->n_zones; i++) {
		for (size_t j = 0; j < s->zones[i]->n_default_offers; j++) {
			OfferFacts *facts = &a->offers[s->zones[i]->default_offers[j]];
			facts->by_default = true;
			facts->candidate |= a->qualifies_quoted;
		}
	}
}

bool offer_lives(const Analysis *a, uint32_t offer)
{
	const SnapOffer *of = a->snapshot->offers[offer];
	return of->published && (!of->expires_us || of->expires_us > a->options->as_of_us);
}

// --- zones ---

const SnapExpression *zone_inclusion(const SnapZone *zone, uint32_t level)
{
	for (size_t i = 0; i < zone->n_inclusion; i++) {
		if (zone->inclusion[i]->audience_level == level)
			return zone->inclusion[i]->expression;
	}
	return NULL;
}

static const SnapConstant *constant_of(const SnapOffer *offer, const char *attribute)
{
	for (size_t i = 0; i < offer->n_attributes; i++) {
		if (strcmp(offer->attributes[i]->name, attribute) == 0)
			return offer->attributes[i]->value;
	}
	return NULL;
}

bool zone_takes(const Analysis *a, uint32_t zone, uint32_t offer)
{
	return !a->takes[zone] || a->takes[zone][offer];
}

// Judged by the engine's own comparison.
static Err build_takes(Analysis *a)
{
	const Snapshot *s = a->snapshot;
	a->takes = ARENA_ARRAY(a->arena, bool *, s->n_zones + 1);
	if (!a->takes)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_zones; i++) {
		const SnapZone *zone = s->zones[i];
		if (!zone->n_offer_inclusion)
			continue;
		bool *takes = a->takes[i] = ARENA_ARRAY(a->arena, bool, s->n_offers + 1);
		if (!takes)
			return validate_no_memory();
		memset(takes, true, s->n_offers);
		for (size_t j = 0; j < zone->n_offer_inclusion; j++) {
			const SnapCondition *condition = zone->offer_inclusion[j];
			ExprValue value = plan_constant(condition->value, a->arena);
			for (size_t k = 0; k < s->n_offers; k++)
				takes[k] &= plan_compare(constant_of(s->offers[k], condition->attribute),
				        condition->comparison, value);
		}
	}
	return OK;
}

// --- the whole ---

Err model_build(Analysis *a)
{
	a->offers = ARENA_ARRAY(a->arena, OfferFacts, a->snapshot->n_offers + 1);
	if (!a->offers)
		return validate_no_memory();
	TRY(find_designed(a));
	mark_candidates(a);
	TRY(build_logic(a));
	TRY(build_takes(a));
	return build_segments(a);
}
