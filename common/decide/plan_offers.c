// What is known of an offer before anybody asks: what orders equal scores, which zones admit it by its
// attributes, which of these are personalised.
#include "decide/build.h"

#include <xxhash.h>

ExprValue plan_constant(const SnapConstant *constant, Arena *arena)
{
	switch (constant->type) {
	case SNAP_TYPE(BOOL):
		return expr_bool(constant->bool_value);
	case SNAP_TYPE(INT):
		return expr_int(constant->int_value);
	case SNAP_TYPE(DOUBLE):
		return expr_double(constant->double_value);
	case SNAP_TYPE(STRING):
		return expr_string(str(constant->string_value));
	case SNAP_TYPE(TIMESTAMP):
		return expr_timestamp_us(constant->int_value);
	default:
		break;
	}
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, constant->n_string_values);
	for (size_t i = 0; items && i < constant->n_string_values; i++)
		items[i] = expr_string(str(constant->string_values[i]));
	return expr_list(items, items ? constant->n_string_values : 0);
}

const SnapConstant *plan_offer_constant(const SnapOffer *offer, Str name)
{
	for (size_t i = 0; i < offer->n_attributes; i++) {
		if (str_eq(str(offer->attributes[i]->name), name))
			return offer->attributes[i]->value;
	}
	return NULL;
}

// What equal scores are ordered by: known when the plan is built, but for the seed.
static Err build_ties(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	uint64_t *keys = ARENA_ARRAY(builder->arena, uint64_t, snapshot->n_offers);
	uint64_t *ages = ARENA_ARRAY(builder->arena, uint64_t, snapshot->n_offers);
	if (!keys || !ages)
		return err(ERR_NO_MEMORY, "no memory for %zu offers", snapshot->n_offers);
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		const SnapOffer *offer = snapshot->offers[i];
		int64_t effective_us = offer->effective_us ? offer->effective_us : INT64_MIN;
		keys[i] = XXH3_64bits(offer->code, strlen(offer->code));
		ages[i] = (uint64_t)INT64_MAX - (uint64_t)effective_us;
	}
	builder->plan->offer_keys = keys;
	builder->plan->offer_ages = ages;
	return OK;
}

static Err build_personal(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	uint32_t *starts = ARENA_ARRAY(builder->arena, uint32_t, snapshot->n_offers + 1);
	size_t count = 0;
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		for (size_t j = 0; j < snapshot->offers[i]->n_attributes; j++)
			count += snapshot->offers[i]->attributes[j]->n_personalised;
	}
	PlanPersonal *personal = ARENA_ARRAY(builder->arena, PlanPersonal, count);
	if (!starts || !personal)
		return err(ERR_NO_MEMORY, "no memory for %zu personalised attributes", count);
	uint32_t made = 0;
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		for (uint32_t j = 0; j < snapshot->offers[i]->n_attributes; j++) {
			const SnapOfferAttribute *attribute = snapshot->offers[i]->attributes[j];
			for (size_t k = 0; k < attribute->n_personalised; k++) {
				const SnapLevelExpression *by = attribute->personalised[k];
				PlanPersonal *planned = &personal[made++];
				*planned = (PlanPersonal){.attribute = j, .level = by->audience_level};
				TRY(intern(&builder->values, by->audience_level, by->expression,
				        &planned->value));
			}
		}
		starts[i + 1] = made;
	}
	builder->plan->personal_starts = starts;
	builder->plan->personal = personal;
	return OK;
}

Err build_offers(Builder *builder)
{
	TRY(build_ties(builder));
	return build_personal(builder);
}

// --- zones ---

static bool admits(const SnapZone *zone, const ExprValue *values, const SnapOffer *offer)
{
	for (size_t i = 0; i < zone->n_offer_inclusion; i++) {
		const SnapCondition *condition = zone->offer_inclusion[i];
		if (!plan_compare(plan_offer_constant(offer, str(condition->attribute)),
		            condition->comparison, values[i]))
			return false;
	}
	return true;
}

static Err build_zone(Builder *builder, const SnapZone *zone, const uint64_t **ret)
{
	const Snapshot *snapshot = builder->snapshot;
	if (!zone->n_offer_inclusion)
		return OK;
	ExprValue *values = ARENA_ARRAY(builder->scratch, ExprValue, zone->n_offer_inclusion);
	uint64_t *bits = ARENA_ARRAY(builder->arena, uint64_t, snapshot->n_offers / 64 + 1);
	if (!values || !bits)
		return err(ERR_NO_MEMORY, "no memory for the conditions of a zone");
	for (size_t i = 0; i < zone->n_offer_inclusion; i++)
		values[i] = plan_constant(zone->offer_inclusion[i]->value, builder->scratch);
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		if (admits(zone, values, snapshot->offers[i]))
			bits[i / 64] |= UINT64_C(1) << (i % 64);
	}
	*ret = bits;
	return OK;
}

Err build_zones(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	const uint64_t **offers = ARENA_ARRAY(builder->arena, const uint64_t *, snapshot->n_zones);
	if (!offers)
		return err(ERR_NO_MEMORY, "no memory for %zu zones", snapshot->n_zones);
	for (size_t i = 0; i < snapshot->n_zones; i++)
		TRY(build_zone(builder, snapshot->zones[i], &offers[i]));
	builder->plan->zone_offers = offers;
	return OK;
}
