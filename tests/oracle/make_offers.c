// Offers. Their attributes come from pools so small that offers have values in common.
#include "oracle.h"

static const struct {
	const char *name;
	ExprKind kind, other; // sometimes it has another type
} offer_attributes[] = {
        {"color", EXPR_STRING, EXPR_LIST},
        {"price", EXPR_INT, EXPR_DOUBLE},
        {"rate", EXPR_DOUBLE, EXPR_INT},
        {"since", EXPR_TIMESTAMP, EXPR_INT},
        {"themes", EXPR_LIST, EXPR_STRING},
        {"vip", EXPR_BOOL, EXPR_STRING},
};

const char *make_attribute_name(Chance *chance)
{
	uint32_t i = chance_below(chance, ARRAY_COUNT(offer_attributes) + 1);
	return i < ARRAY_COUNT(offer_attributes) ? offer_attributes[i].name : "unknown";
}

ExprValue make_attribute_value(Chance *chance, const World *world, ExprKind kind, Arena *arena)
{
	static const int64_t ints[] = {1, 1, 2, 3, (INT64_C(1) << 53) + 1, INT64_MAX, INT64_MIN};
	static const double doubles[] = {1, 1, 1.5, 2, 3, 0x1p53, 0x1p63, -0x1p63, 0, -0.0};
	static const char *const texts[] = {"red", "red", "blue", "b", "ž", ""};
	static const int64_t spans[] = {0, 0, 1, -1};
	switch (kind) {
	case EXPR_BOOL:
		return value_of_bool(chance_once_in(chance, 2));
	case EXPR_INT:
		return value_of_int(CHANCE_OF(chance, ints));
	case EXPR_DOUBLE:
		return value_of_double(CHANCE_OF(chance, doubles));
	case EXPR_STRING:
		return value_of_text(CHANCE_OF(chance, texts));
	case EXPR_TIMESTAMP:
		return value_of_moment(world->anchor_us + CHANCE_OF(chance, spans));
	default:
		break;
	}
	uint32_t count = chance_below(chance, 3);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, count);
	for (uint32_t i = 0; i < count; i++)
		items[i] = value_of_text(texts[chance_below(chance, 3)]);
	return value_of_list(items, count);
}

static Parley__Snapshot__V1__ValueType type_of(ExprKind kind)
{
	for (Parley__Snapshot__V1__ValueType type = SNAP_TYPE(BOOL);; type++)
		if (ast_kind(type) == kind)
			return type;
}

static void make_personalised(Chance *chance, World *world, SnapOfferAttribute *attribute)
{
	size_t levels = world->snapshot->n_audience_levels;
	MAKE_LIST(world, attribute->personalised, SnapLevelExpression,
	        PARLEY__SNAPSHOT__V1__LEVEL_EXPRESSION__INIT, levels);
	for (uint32_t i = 0; i < levels; i++) {
		if (chance_below(chance, 4) == 0)
			continue;
		SnapLevelExpression *of = attribute->personalised[attribute->n_personalised++];
		of->audience_level = i;
		of->expression = make_formula(chance, world, i, ast_kind(attribute->type));
	}
}

static void make_offer_attributes(Chance *chance, World *world, SnapOffer *offer)
{
	MAKE_LIST(world, offer->attributes, SnapOfferAttribute, PARLEY__SNAPSHOT__V1__OFFER_ATTRIBUTE__INIT,
	        ARRAY_COUNT(offer_attributes));
	for (size_t i = 0; i < ARRAY_COUNT(offer_attributes); i++) {
		if (chance_once_in(chance, 3))
			continue;
		SnapOfferAttribute *attribute = offer->attributes[offer->n_attributes++];
		attribute->name = arena_cstr(world->arena, str(offer_attributes[i].name));
		ExprKind kind =
		        chance_once_in(chance, 3) ? offer_attributes[i].other : offer_attributes[i].kind;
		attribute->type = type_of(kind);
		if (chance_once_in(chance, 4))
			make_personalised(chance, world, attribute);
		if (!attribute->n_personalised || chance_once_in(chance, 2))
			attribute->value =
			        make_constant(world, make_attribute_value(chance, world, kind, world->arena));
	}
}

void make_offers(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_offers = MAKE_LIST(world, snapshot->offers, SnapOffer, PARLEY__SNAPSHOT__V1__OFFER__INIT,
	        2 + chance_below(chance, 7) * (world->scale > 1 ? 4 : 1));
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		SnapOffer *offer = snapshot->offers[i];
		offer->code = arena_printf(
		        world->arena, "%c%x", (int)('A' + (int)i), chance_below(chance, 1 << 16));
		offer->name = offer->code;
		offer->template_ = arena_cstr(world->arena, STR("card"));
		offer->published = chance_below(chance, 12) != 0;
		make_dates(chance, world, &offer->effective_us, &offer->expires_us);
		make_offer_attributes(chance, world, offer);
	}
}

// Some offers, ascending, at least one if `max` is not 0.
uint32_t *make_offer_set(Chance *chance, World *world, size_t max, size_t *ret_count)
{
	size_t offers = world->snapshot->n_offers, count = 0;
	uint32_t *set = ARENA_ARRAY(world->arena, uint32_t, offers + 1);
	for (uint32_t i = 0; i < offers && count < max; i++)
		if (chance_once_in(chance, 3))
			set[count++] = i;
	if (!count && max)
		set[count++] = chance_below(chance, offers);
	*ret_count = count;
	return set;
}
