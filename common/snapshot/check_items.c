// The content of each kind of item: references within bounds, values within limits and of their types,
// programs verified.
#include "snapshot/internal.h"

#include <math.h>

enum {
	TEXT_MAX = 64 * 1024,
	KEYS_MAX = 16,
	ATTRIBUTES_MAX = 1024,
	ACTIONS_MAX = 16,
	OFFER_ATTRIBUTES_MAX = 256,
	MEMBERS_MAX = 4096,
	TABLE_MAX_LEN = 127,
	COLUMN_MAX_LEN = 63,
};

static Err check_text(const char *text, const char *what)
{
	size_t len = strlen(text);
	if (len > TEXT_MAX)
		return INVALID("its %s has %zu bytes, at most %d are allowed", what, len, TEXT_MAX);
	if (!str_is_utf8(str(text)))
		return INVALID("its %s is not UTF-8", what);
	return OK;
}

// Names in the profile database end up quoted in SQL; what could end the quotes is refused here already.
static Err check_sql_name(const char *name, size_t max, const char *what)
{
	TRY(check_text(name, what));
	if (strlen(name) > max)
		return INVALID("its %s '%.80s' is longer than %zu bytes", what, name, max);
	for (const char *c = name; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == '"' || *c == 0x7f)
			return INVALID("its %s has a quote or a control character", what);
	}
	return OK;
}

static Err check_dates(int64_t effective_us, int64_t expires_us)
{
	if (effective_us && expires_us && effective_us >= expires_us)
		return INVALID("it expires before it is effective");
	return OK;
}

// --- constants ---

// Every field but the one of its type must be unset, or else equal configurations could differ in bytes.
static bool constant_is_plain(const SnapConstant *constant)
{
	bool is_int = constant->type == SNAP_TYPE(INT) || constant->type == SNAP_TYPE(TIMESTAMP);
	return (constant->type == SNAP_TYPE(BOOL) || !constant->bool_value) &&
	       (is_int || !constant->int_value) &&
	       (constant->type == SNAP_TYPE(DOUBLE) || fpclassify(constant->double_value) == FP_ZERO) &&
	       (constant->type == SNAP_TYPE(STRING) || !*constant->string_value) &&
	       (constant->type == SNAP_TYPE(STRING_LIST) || !constant->n_string_values);
}

static bool type_is_known(Parley__Snapshot__V1__ValueType type)
{
	return type > SNAP_TYPE(UNSPECIFIED) && type <= SNAP_TYPE(STRING_LIST);
}

static Err check_constant(const SnapConstant *constant)
{
	if (!type_is_known(constant->type) || !constant_is_plain(constant))
		return INVALID("a constant has no known type or more than one value");
	if (!isfinite(constant->double_value))
		return INVALID("a constant is not a finite number");
	TRY(check_text(constant->string_value, "constant"));
	if (constant->n_string_values > MEMBERS_MAX)
		return INVALID("a list has %zu members, at most %d are allowed", constant->n_string_values,
		        MEMBERS_MAX);
	for (size_t i = 0; i < constant->n_string_values; i++)
		TRY(check_text(constant->string_values[i], "list member"));
	return OK;
}

// --- expressions ---

// A result that is known only when it runs (dyn) is fine: the engine looks at what comes out.
static bool result_is(ExprKind kind, bool number)
{
	return kind == EXPR_DYN || (number ? kind == EXPR_INT || kind == EXPR_DOUBLE : kind == EXPR_BOOL);
}

static Err check_expression(
        const ExprSchema *schema, const SnapExpression *expression, bool number, const char *what)
{
	size_t source_len = strlen(expression->source);
	if (source_len == 0 || source_len > EXPR_SOURCE_MAX)
		return INVALID("its %s's text has %zu bytes, 1 to %d are allowed", what, source_len,
		        EXPR_SOURCE_MAX);
	TRY(check_text(expression->source, what));
	ExprProgram program;
	Err e = expr_verify(schema, expression->program.data, expression->program.len, &program);
	if (e)
		return err_context(e, "its %s", what);
	if (!result_is(program.type.kind, number))
		return INVALID("its %s gives %s, it must give %s", what, expr_kind_name(program.type.kind),
		        number ? "int or double" : "bool");
	return OK;
}

// --- items ---

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

Err check_level(const Check *check, const void *item)
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

Err check_zone(const Check *check, const void *item)
{
	(void)check;
	const SnapZone *zone = item;
	// Unspecified is left to the design side: it writes what it means.
	if (zone->tie_break <= SNAP_TIE(UNSPECIFIED) || zone->tie_break > SNAP_TIE(OFFER_CODE))
		return INVALID("it has no known tie-break");
	return OK;
}

Err check_point(const Check *check, const void *item)
{
	const SnapPoint *point = item;
	if (point->zone >= check->snapshot->n_zones)
		return INVALID("it refers to zone %u of %zu", point->zone, check->snapshot->n_zones);
	if (!*point->default_content)
		return INVALID("it has no default content");
	return check_text(point->default_content, "default content");
}

Err check_event(const Check *check, const void *item)
{
	(void)check;
	const SnapEvent *event = item;
	TRY(check_text(event->category, "category"));
	if (event->n_actions > ACTIONS_MAX)
		return INVALID("it has %zu actions, at most %d are allowed", event->n_actions, ACTIONS_MAX);
	for (size_t i = 0; i < event->n_actions; i++) {
		Parley__Snapshot__V1__EventActionKind kind = event->actions[i]->kind;
		if (kind <= SNAP_ACTION(UNSPECIFIED) || kind > SNAP_ACTION(RESEGMENT))
			return INVALID("action %zu is not known", i);
	}
	return OK;
}

Err check_segment(const Check *check, const void *item)
{
	const SnapSegment *segment = item;
	if (segment->audience_level >= check->snapshot->n_audience_levels)
		return INVALID("it refers to audience level %u of %zu", segment->audience_level,
		        check->snapshot->n_audience_levels);
	if (!segment->expression)
		return INVALID("it has no expression");
	return check_expression(
	        &check->schemas[segment->audience_level], segment->expression, false, "expression");
}

Err check_offer(const Check *check, const void *item)
{
	(void)check;
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
		const SnapOfferAttribute *attribute = offer->attributes[i];
		if (!name_is_identifier(str(attribute->name)) || !attribute->value)
			return INVALID("attribute %zu has no proper name or no value", i);
		TRY(check_constant(attribute->value));
		for (size_t j = 0; j < i; j++) {
			if (strcmp(offer->attributes[j]->name, attribute->name) == 0)
				return INVALID("the attribute '%s' is there twice", attribute->name);
		}
	}
	return OK;
}

static Err check_rule_references(const Snapshot *snapshot, const SnapRule *rule)
{
	if (rule->audience_level >= snapshot->n_audience_levels)
		return INVALID("it refers to audience level %u of %zu", rule->audience_level,
		        snapshot->n_audience_levels);
	if (rule->segment > snapshot->n_segments)
		return INVALID("it refers to segment %u of %zu", rule->segment - 1, snapshot->n_segments);
	if (rule->zone > snapshot->n_zones)
		return INVALID("it refers to zone %u of %zu", rule->zone - 1, snapshot->n_zones);
	if (rule->offer >= snapshot->n_offers)
		return INVALID("it refers to offer %u of %zu", rule->offer, snapshot->n_offers);
	if (rule->segment && snapshot->segments[rule->segment - 1]->audience_level != rule->audience_level)
		return INVALID("its segment is of another audience level");
	return OK;
}

Err check_rule(const Check *check, const void *item)
{
	const SnapRule *rule = item;
	TRY(check_rule_references(check->snapshot, rule));
	TRY(check_dates(rule->effective_us, rule->expires_us));
	if (!isfinite(rule->score) || rule->score < 0 || rule->score > 100)
		return INVALID("its score %g is not within 0 and 100", rule->score);
	const ExprSchema *schema = &check->schemas[rule->audience_level];
	if (rule->score_expression) {
		if (fpclassify(rule->score) != FP_ZERO)
			return INVALID("it has a score and a score expression: one of them is enough");
		TRY(check_expression(schema, rule->score_expression, true, "score expression"));
	}
	if (rule->eligibility)
		TRY(check_expression(schema, rule->eligibility, false, "eligibility"));
	return OK;
}
