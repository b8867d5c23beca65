// Zones: who and what is let in.
#include "admin/level.h"
#include "admin/validate.h"
#include "base/clock.h"

#include "parley/design/v1/zone.pb-c.h"

#include <math.h>

enum { INCLUSIONS_MAX = 64, CONDITIONS_MAX = 16, DEFAULT_OFFERS_MAX = 256 };

typedef Parley__Design__V1__Zone Zone;
typedef Parley__Design__V1__OfferCondition OfferCondition;
#define COMPARISON(name) PARLEY__DESIGN__V1__COMPARISON__COMPARISON_##name
#define LITERAL(name)    PARLEY__DESIGN__V1__LITERAL__KIND_##name##_VALUE

static Err check_inclusion(Check *check, const Zone *zone, size_t index, const Resolved **levels)
{
	const Parley__Design__V1__ZoneInclusion *inclusion = zone->inclusion[index];
	const char *field = check_at(check, "inclusion[%zu].expression", index);
	const char *level_field = check_at(check, "inclusion[%zu].audience_level", index);
	const Resolved *level;
	if (!*inclusion->expression)
		return check_fail(check, ERR_FIELD_MISSING, field,
		        "is empty: say in CEL who is shown offers here, such as age >= 18, or leave the "
		        "inclusion out");
	TRY(level_named(check, level_field, inclusion->audience_level, "whose visitors it is about", &level));
	for (size_t i = 0; i < index; i++)
		if (str_eq(levels[i]->name, level->name))
			return check_fail(check, ERR_FIELD_INVALID, level_field,
			        "there is an inclusion for " STR_FMT " already: join the two with &&",
			        STR_ARG(level->name));
	levels[index] = level;
	return level_expression(check, field, level, inclusion->expression, EXPR_BOOL);
}

static bool is_ordering(Parley__Design__V1__Comparison comparison)
{
	return comparison >= COMPARISON(LESS) && comparison <= COMPARISON(GREATER_EQUAL);
}

// NULL if the value can be compared so, else what to do.
static const char *unlike(const OfferCondition *condition)
{
	const Parley__Design__V1__Literal *value = condition->value;
	int64_t us;
	if (!value || value->kind_case == PARLEY__DESIGN__V1__LITERAL__KIND__NOT_SET)
		return "give a value to compare with";
	if (condition->timestamp &&
	        (value->kind_case != LITERAL(STRING) || !time_parse(str(value->string_value), &us)))
		return "with timestamp give a moment such as \"2026-01-31T08:00:00Z\"";
	if (value->kind_case == LITERAL(DOUBLE) && !isfinite(value->double_value))
		return "give a finite number";
	if (condition->comparison == COMPARISON(CONTAINS) &&
	        (value->kind_case != LITERAL(STRING) || condition->timestamp))
		return "CONTAINS looks for a text in a list of texts: give a text";
	if (is_ordering(condition->comparison) &&
	        (value->kind_case == LITERAL(BOOL) || value->kind_case == LITERAL(STRINGS)))
		return "only numbers, texts and moments have an order: compare with EQUAL or NOT_EQUAL";
	return NULL;
}

static Err check_condition(const Check *check, const Zone *zone, size_t index)
{
	const OfferCondition *condition = zone->offer_inclusion[index];
	const char *prefix = check_at(check, "offer_inclusion[%zu]", index), *remedy;
	if (!is_identifier(str(condition->attribute)))
		return check_fail(check, *condition->attribute ? ERR_FIELD_INVALID : ERR_FIELD_MISSING,
		        check_at(check, "%s.attribute", prefix),
		        "\"%s\" is not an attribute's name: give that of an offer template's attribute",
		        condition->attribute);
	if (condition->comparison == COMPARISON(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%s.comparison", prefix),
		        "say how to compare, such as EQUAL");
	remedy = unlike(condition);
	return remedy ? check_fail(
	                        check, ERR_FIELD_INVALID, check_at(check, "%s.value", prefix), "%s", remedy)
	              : OK;
}

Err validate_zone(Check *check)
{
	const Zone *zone = (const void *)check->message;
	const Resolved *levels[INCLUSIONS_MAX];
	if (zone->n_inclusion > INCLUSIONS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "inclusion",
		        "has %zu expressions; at most %d are taken", zone->n_inclusion, INCLUSIONS_MAX);
	if (zone->n_offer_inclusion > CONDITIONS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "offer_inclusion",
		        "has %zu conditions; at most %d are taken", zone->n_offer_inclusion, CONDITIONS_MAX);
	if (zone->n_default_offers > DEFAULT_OFFERS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "default_offers",
		        "names %zu offers; at most %d are taken", zone->n_default_offers, DEFAULT_OFFERS_MAX);
	for (size_t i = 0; i < zone->n_inclusion; i++)
		TRY(check_inclusion(check, zone, i, levels));
	for (size_t i = 0; i < zone->n_offer_inclusion; i++)
		TRY(check_condition(check, zone, i));
	return OK;
}
