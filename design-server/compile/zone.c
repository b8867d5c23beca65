// Places: zones with what they let in and fill up with, and the points in them.
#include "compile/internal.h"

#include <stddef.h>
#include <stdlib.h>

typedef Parley__Design__V1__Zone DesignZone;
typedef Parley__Design__V1__ZoneInclusion Inclusion;
typedef Parley__Design__V1__OfferCondition Condition;

enum { DEFAULT_OFFERS_MAX = 256 };

// --- the visitor's part of the inclusion rule ---

static int by_level(const void *a, const void *b)
{
	uint32_t left = (*(const SnapLevelExpression *const *)a)->audience_level;
	uint32_t right = (*(const SnapLevelExpression *const *)b)->audience_level;
	return (left > right) - (left < right);
}

static void compile_inclusion(Compile *c, size_t i, const Inclusion *in, SnapZone *zone)
{
	const char *level_field = arena_printf(c->arena, "inclusion[%zu].audience_level", i);
	int level = level_or_only(c, level_field, in->audience_level, "inclusion rule");
	if (level < 0)
		return;
	for (size_t j = 0; j < zone->n_inclusion; j++) {
		if (zone->inclusion[j]->audience_level == (uint32_t)level) {
			problem(c, level_field,
			        "there is an inclusion rule for '%s' already: join the two with &&",
			        c->out->audience_levels[level]->name);
			return;
		}
	}
	SnapLevelExpression *made = zone->inclusion[zone->n_inclusion++];
	made->audience_level = (uint32_t)level;
	made->expression = compile_expression(c, arena_printf(c->arena, "inclusion[%zu].expression", i),
	        &c->schemas[level], in->expression, SNAP_TYPE(BOOL));
}

// --- the offer's part ---

static bool is_number(Parley__Snapshot__V1__ValueType type)
{
	return type == SNAP_TYPE(INT) || type == SNAP_TYPE(DOUBLE);
}

static bool comparable(Parley__Snapshot__V1__Comparison how, Parley__Snapshot__V1__ValueType a,
        Parley__Snapshot__V1__ValueType b)
{
	if (how == SNAP_COMPARE(CONTAINS))
		return a == SNAP_TYPE(STRING_LIST) && b == SNAP_TYPE(STRING);
	return a == b || (is_number(a) && is_number(b));
}

// A condition that no offer could ever meet is a slip of the pen: it would silence the zone.
static void refuse_impossible(Compile *c, const char *field, const SnapCondition *condition)
{
	bool named = false;
	for (size_t i = 0; i < c->out->n_offers; i++) {
		const SnapOffer *offer = c->out->offers[i];
		for (size_t j = 0; j < offer->n_attributes; j++) {
			if (strcmp(offer->attributes[j]->name, condition->attribute) != 0)
				continue;
			named = true;
			if (comparable(condition->comparison, offer->attributes[j]->type,
			            condition->value->type))
				return;
		}
	}
	if (c->out->n_offers)
		problem(c, field,
		        named ? "no offer of the channel has an attribute '%s' that compares with this "
		                "value: "
		                "correct the value or the comparison"
		              : "no offer of the channel has an attribute '%s': correct the name",
		        condition->attribute);
}

static void compile_condition(Compile *c, size_t i, const Condition *in, SnapCondition *condition)
{
	const char *field = arena_printf(c->arena, "offer_inclusion[%zu]", i);
	condition->attribute = in->attribute;
	condition->comparison = (Parley__Snapshot__V1__Comparison)in->comparison; // the same numbers
	if (in->comparison <= 0 || in->comparison > (int)SNAP_COMPARE(CONTAINS)) {
		problem(c, field, "it does not say how to compare: choose one of the listed");
		return;
	}
	if (!in->value) {
		problem(c, field, "it has no value: say with what to compare");
		return;
	}
	condition->value = compile_literal(c, arena_printf(c->arena, "%s.value", field),
	        literal_type(in->value, in->timestamp), in->value);
	if (!condition->value)
		return;
	bool is_truth = condition->value->type == SNAP_TYPE(BOOL);
	bool is_list = condition->value->type == SNAP_TYPE(STRING_LIST);
	bool ordered = condition->comparison >= SNAP_COMPARE(LESS) &&
	               condition->comparison <= SNAP_COMPARE(GREATER_EQUAL);
	if (ordered && (is_truth || is_list))
		problem(c, field, "such a value is neither less nor greater than another: use EQUAL");
	else
		refuse_impossible(c, field, condition);
}

// --- default offers ---

static Err add_default(Compile *c, const char *field, uint32_t offer, bool tell, SnapZone *zone)
{
	for (size_t i = 0; i < zone->n_default_offers; i++) {
		if (zone->default_offers[i] != offer)
			continue;
		if (tell)
			problem(c, field, "the offer '%s' is there twice: remove one",
			        c->out->offers[offer]->name);
		return OK;
	}
	if (zone->n_default_offers == DEFAULT_OFFERS_MAX)
		return err(ERR_LIMIT, "full");
	zone->default_offers[zone->n_default_offers++] = offer;
	return OK;
}

static Err compile_default_offers(Compile *c, const DesignZone *in, SnapZone *zone)
{
	Err e = OK;
	zone->default_offers = ARENA_ARRAY(c->arena, uint32_t, DEFAULT_OFFERS_MAX);
	if (!zone->default_offers)
		return compile_no_memory();
	for (size_t i = 0; !e && i < in->n_default_offers; i++) {
		const char *field = arena_printf(c->arena, "default_offers[%zu]", i);
		int offer = reference(c, &c->offers, field, "offer", in->default_offers[i]);
		if (offer >= 0)
			e = add_default(c, field, c->offer_index[offer], true, zone);
	}
	for (size_t i = 0; !e && i < in->n_default_offer_lists; i++) {
		const char *field = arena_printf(c->arena, "default_offer_lists[%zu]", i);
		int list = reference(c, &c->offer_lists, field, "offer list", in->default_offer_lists[i]);
		OfferSet set = {0};
		if (list >= 0)
			TRY(offer_set_of_list(c, list, &set));
		for (size_t j = 0; !e && j < set.count; j++)
			e = add_default(c, field, set.items[j], false, zone);
	}
	if (e)
		problem(c, "default_offers", "there are more than %d default offers: name fewer",
		        DEFAULT_OFFERS_MAX);
	return OK;
}

// --- the whole ---

static void compile_settings(Compile *c, const DesignZone *in, SnapZone *zone)
{
	zone->tie_break = (Parley__Snapshot__V1__TieBreak)in->tie_break; // the same numbers
	if (zone->tie_break == SNAP_TIE(UNSPECIFIED))
		zone->tie_break = SNAP_TIE(SEEDED_RANDOM);
	if ((unsigned)zone->tie_break > SNAP_TIE(OFFER_CODE))
		problem(c, "tie_break", "%d is not a known tie-break: choose one of the listed",
		        in->tie_break);
	zone->deduplication = (Parley__Snapshot__V1__Deduplication)in->deduplication; // likewise
	if (zone->deduplication == SNAP_DEDUP(UNSPECIFIED))
		zone->deduplication = SNAP_DEDUP(OFFER);
	if ((unsigned)zone->deduplication > SNAP_DEDUP(NONE))
		problem(c, "deduplication", "%d is not a known deduplication: choose one of the listed",
		        in->deduplication);
}

static Err compile_zone(Compile *c, const DesignZone *in, SnapZone *zone)
{
	c->name = zone->name = in->name;
	compile_settings(c, in, zone);
	zone->inclusion = NEW_ITEMS(
	        c, SnapLevelExpression, PARLEY__SNAPSHOT__V1__LEVEL_EXPRESSION__INIT, in->n_inclusion);
	zone->offer_inclusion = NEW_ITEMS(
	        c, SnapCondition, PARLEY__SNAPSHOT__V1__OFFER_CONDITION__INIT, in->n_offer_inclusion);
	if (!zone->inclusion || !zone->offer_inclusion)
		return compile_no_memory();
	for (size_t i = 0; i < in->n_inclusion; i++)
		compile_inclusion(c, i, in->inclusion[i], zone);
	if (zone->n_inclusion)
		qsort(zone->inclusion, zone->n_inclusion, sizeof(void *), by_level);
	zone->n_offer_inclusion = in->n_offer_inclusion;
	for (size_t i = 0; i < in->n_offer_inclusion; i++)
		compile_condition(c, i, in->offer_inclusion[i], zone->offer_inclusion[i]);
	return compile_default_offers(c, in, zone);
}

Err compile_zones(Compile *c)
{
	size_t count = c->in->zones.count;
	c->kind = "Zone";
	c->out->zones = NEW_ITEMS(c, SnapZone, PARLEY__SNAPSHOT__V1__ZONE__INIT, count);
	if (!c->out->zones)
		return compile_no_memory();
	c->out->n_zones = count;
	for (size_t i = 0; i < count; i++)
		TRY(compile_zone(c, c->in->zones.items[i], c->out->zones[i]));
	return index_by(c, c->out->zones, count, offsetof(SnapZone, name), &c->zones);
}

Err compile_points(Compile *c)
{
	size_t count = c->in->points.count;
	c->kind = "InteractionPoint";
	c->out->points = NEW_ITEMS(c, SnapPoint, PARLEY__SNAPSHOT__V1__INTERACTION_POINT__INIT, count);
	if (!c->out->points)
		return compile_no_memory();
	c->out->n_points = count;
	for (size_t i = 0; i < count; i++) {
		const Parley__Design__V1__InteractionPoint *in = c->in->points.items[i];
		SnapPoint *point = c->out->points[i];
		c->name = point->name = in->name;
		point->default_content = in->default_content;
		if (!*in->default_content)
			problem_as(c, PROBLEM_NO_CONTENT, "default_content",
			        "it is empty: say what to show without an offer");
		if (!*in->zone)
			problem(c, "zone", "it names no zone: name one");
		point->zone = (uint32_t)reference(c, &c->zones, "zone", "zone", in->zone);
	}
	return OK;
}
