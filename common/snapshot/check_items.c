// What a channel is made of: audience levels, places, segments, offers. References within bounds, values
// within limits and of their types, programs verified.
#include "snapshot/internal.h"

enum {
	KEYS_MAX = 16,
	ATTRIBUTES_MAX = 1024,
	OFFER_ATTRIBUTES_MAX = 256,
	CONDITIONS_MAX = 16,
	DEFAULT_OFFERS_MAX = 256,
	TABLE_MAX_LEN = 127,
	COLUMN_MAX_LEN = 63,
};

// --- audience levels ---

static Err check_attribute(const SnapAttribute *attribute)
{
	if (!name_is_identifier(str(attribute->name)))
		return INVALID("the attribute '%.80s' is not an identifier", attribute->name);
	if (!type_is_known(attribute->type))
		return INVALID("the attribute '%s' has no known type", attribute->name);
	TRY(check_sql_name(attribute->column, COLUMN_MAX_LEN, "column"));
	if (!attribute->default_value)
		return OK;
	if (attribute->default_value->type != attribute->type)
		return INVALID("the default of '%s' has another type", attribute->name);
	return check_constant(attribute->default_value);
}

static Err check_key(const SnapKey *key)
{
	if (!name_is_identifier(str(key->name)))
		return INVALID("the key '%.80s' is not an identifier", key->name);
	if (key->type != SNAP_TYPE(BOOL) && key->type != SNAP_TYPE(INT) && key->type != SNAP_TYPE(STRING))
		return INVALID("the key '%s' is neither bool, int nor string", key->name);
	return check_sql_name(key->column, COLUMN_MAX_LEN, "column");
}

static Err check_unique_names(const SnapLevel *level)
{
	for (size_t i = 0; i < level->n_attributes; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(level->attributes[i]->name, level->attributes[j]->name) == 0)
				return INVALID(
				        "the attribute '%s' is there twice", level->attributes[i]->name);
		}
	}
	for (size_t i = 1; i < level->n_keys; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(level->keys[i]->name, level->keys[j]->name) == 0)
				return INVALID("the key '%s' is there twice", level->keys[i]->name);
		}
	}
	return OK;
}

Err check_level(Check *check, const void *item)
{
	(void)check;
	const SnapLevel *level = item;
	if (level->n_keys == 0 || level->n_keys > KEYS_MAX)
		return INVALID("it has %zu keys, 1 to %d are allowed", level->n_keys, KEYS_MAX);
	if (level->n_attributes > ATTRIBUTES_MAX)
		return INVALID(
		        "it has %zu attributes, at most %d are allowed", level->n_attributes, ATTRIBUTES_MAX);
	for (size_t i = 0; i < level->n_keys; i++)
		TRY(check_key(level->keys[i]));
	for (size_t i = 0; i < level->n_attributes; i++)
		TRY(check_attribute(level->attributes[i]));
	TRY(check_sql_name(level->profile_table, TABLE_MAX_LEN, "profile table"));
	return check_unique_names(level);
}

// --- zones and points ---

// Whether such a value can be compared so; one that cannot would never hold, which nobody means.
static bool compares(Parley__Snapshot__V1__Comparison comparison, Parley__Snapshot__V1__ValueType type)
{
	switch (comparison) {
	case SNAP_COMPARE(EQUAL):
	case SNAP_COMPARE(NOT_EQUAL):
		return true;
	case SNAP_COMPARE(CONTAINS):
		return type == SNAP_TYPE(STRING);
	case SNAP_COMPARE(LESS):
	case SNAP_COMPARE(LESS_EQUAL):
	case SNAP_COMPARE(GREATER):
	case SNAP_COMPARE(GREATER_EQUAL):
		return type != SNAP_TYPE(BOOL) && type != SNAP_TYPE(STRING_LIST);
	default:
		return false;
	}
}

static Err check_condition(const SnapCondition *condition)
{
	if (!name_is_identifier(str(condition->attribute)))
		return INVALID(
		        "an offer condition's attribute '%.80s' is not an identifier", condition->attribute);
	if (!condition->value)
		return INVALID("the offer condition on '%s' has no value", condition->attribute);
	TRY(check_constant(condition->value));
	if (!compares(condition->comparison, condition->value->type))
		return INVALID("the offer condition on '%s' has no known comparison, or one that its value "
		               "does not have",
		        condition->attribute);
	return OK;
}

// In the designer's order, which need not be ascending.
static Err check_default_offers(Check *check, const SnapZone *zone)
{
	if (zone->n_default_offers > DEFAULT_OFFERS_MAX)
		return INVALID("it has %zu default offers, at most %d are allowed", zone->n_default_offers,
		        DEFAULT_OFFERS_MAX);
	TRY(check_references(check, zone->n_default_offers));
	for (size_t i = 0; i < zone->n_default_offers; i++) {
		TRY(check_index(zone->default_offers[i], check->snapshot->n_offers, "offer"));
		for (size_t j = 0; j < i; j++) {
			if (zone->default_offers[i] == zone->default_offers[j])
				return INVALID(
				        "its default offer %u is there twice", zone->default_offers[i]);
		}
	}
	return OK;
}

Err check_zone(Check *check, const void *item)
{
	const SnapZone *zone = item;
	// Unspecified is left to the design side: it writes what it means.
	if (zone->tie_break <= SNAP_TIE(UNSPECIFIED) || zone->tie_break > SNAP_TIE(OFFER_CODE))
		return INVALID("it has no known tie-break");
	if (zone->deduplication <= SNAP_DEDUP(UNSPECIFIED) || zone->deduplication > SNAP_DEDUP(NONE))
		return INVALID("it has no known deduplication");
	TRY(check_level_expressions(
	        check, zone->inclusion, zone->n_inclusion, SNAP_TYPE(BOOL), "inclusion rule"));
	if (zone->n_offer_inclusion > CONDITIONS_MAX)
		return INVALID("it has %zu offer conditions, at most %d are allowed", zone->n_offer_inclusion,
		        CONDITIONS_MAX);
	for (size_t i = 0; i < zone->n_offer_inclusion; i++)
		TRY(check_condition(zone->offer_inclusion[i]));
	return check_default_offers(check, zone);
}

Err check_point(Check *check, const void *item)
{
	const SnapPoint *point = item;
	TRY(check_index(point->zone, check->snapshot->n_zones, "zone"));
	if (!*point->default_content)
		return INVALID("it has no default content");
	return check_text(point->default_content, "default content");
}

// --- segments ---

Err check_segment(Check *check, const void *item)
{
	const SnapSegment *segment = item;
	const Snapshot *snapshot = check->snapshot;
	TRY(check_index(segment->audience_level, snapshot->n_audience_levels, "audience level"));
	TRY(check_optional(segment->list, snapshot->n_audience_lists, "audience list"));
	if (segment->list &&
	        snapshot->audience_lists[segment->list - 1]->audience_level != segment->audience_level)
		return INVALID("its list is of another audience level");
	bool both = segment->list && segment->expression;
	if (both ? segment->list_use <= SNAP_LIST_USE(UNSPECIFIED) ||
	                        segment->list_use > SNAP_LIST_USE(EXCEPT)
	         : segment->list_use != SNAP_LIST_USE(UNSPECIFIED))
		return INVALID("it says how list and expression go together without having both, or does not "
		               "say it");
	if (*segment->group && !name_is_plain(str(segment->group)))
		return INVALID("its group '%.80s' is not a name", segment->group);
	if (!*segment->group && segment->rank)
		return INVALID("it has a rank, but no group");
	return segment->expression ? check_expression(&check->schemas[segment->audience_level],
	                                     segment->expression, SNAP_TYPE(BOOL), "expression")
	                           : OK;
}

// --- offers ---

static Err check_offer_attribute(const Check *check, const SnapOfferAttribute *attribute)
{
	if (!name_is_identifier(str(attribute->name)))
		return INVALID("the attribute '%.80s' is not an identifier", attribute->name);
	if (!type_is_known(attribute->type))
		return INVALID("the attribute '%s' has no known type", attribute->name);
	if (!attribute->value && !attribute->n_personalised)
		return INVALID("the attribute '%s' has no value", attribute->name);
	if (attribute->value && attribute->value->type != attribute->type)
		return INVALID("the value of '%s' has another type", attribute->name);
	if (attribute->value)
		TRY(check_constant(attribute->value));
	Err e = check_level_expressions(
	        check, attribute->personalised, attribute->n_personalised, attribute->type, "expression");
	return e ? err_context(e, "the attribute '%s'", attribute->name) : OK;
}

Err check_offer(Check *check, const void *item)
{
	const SnapOffer *offer = item;
	TRY(check_text(offer->name, "name"));
	TRY(check_text(offer->destination, "destination"));
	TRY(check_dates(offer->effective_us, offer->expires_us));
	if (!name_is_plain(str(offer->template_)))
		return INVALID("its template '%.80s' is not a name", offer->template_);
	if (offer->n_attributes > OFFER_ATTRIBUTES_MAX)
		return INVALID("it has %zu attributes, at most %d are allowed", offer->n_attributes,
		        OFFER_ATTRIBUTES_MAX);
	for (size_t i = 0; i < offer->n_attributes; i++) {
		TRY(check_offer_attribute(check, offer->attributes[i]));
		for (size_t j = 0; j < i; j++) {
			if (strcmp(offer->attributes[j]->name, offer->attributes[i]->name) == 0)
				return INVALID(
				        "the attribute '%s' is there twice", offer->attributes[i]->name);
		}
	}
	return OK;
}

Err check_offer_list(Check *check, const void *item)
{
	const SnapOfferList *list = item;
	return check_offers(check, list->offers, list->n_offers);
}
