// The leaves: texts, dates, constants, expressions, indices.
#include "snapshot/internal.h"

#include <math.h>

enum {
	TEXT_MAX = 64 * 1024,
	LABEL_MAX = 255,
	MEMBERS_MAX = 4096,
	DAYS_MAX = 3650,
	REFERENCES_MAX = 16 << 20,
};

static Err check_text_len(const char *text, size_t max, const char *what)
{
	size_t len = strlen(text);
	if (len > max)
		return INVALID("its %s has %zu bytes, at most %zu are allowed", what, len, max);
	if (!str_is_utf8(str(text)))
		return INVALID("its %s is not UTF-8", what);
	return OK;
}

Err check_text(const char *text, const char *what)
{
	return check_text_len(text, TEXT_MAX, what);
}

Err check_label(const char *text, const char *what)
{
	return check_text_len(text, LABEL_MAX, what);
}

// Names in the profile database end up quoted in SQL; what could end the quotes is refused here already.
Err check_sql_name(const char *name, size_t max, const char *what)
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

Err check_dates(int64_t effective_us, int64_t expires_us)
{
	if (effective_us && expires_us && effective_us >= expires_us)
		return INVALID("it expires before it is effective");
	return OK;
}

Err check_score(double score)
{
	if (!isfinite(score) || score < 0 || score > 100)
		return INVALID("its score %g is not within 0 and 100", score);
	return OK;
}

Err check_share(uint64_t ppm, const char *what)
{
	if (ppm > 1000000)
		return INVALID("its %s is %llu millionths, more than all", what, (unsigned long long)ppm);
	return OK;
}

Err check_scope(Parley__Snapshot__V1__Scope scope, uint32_t days)
{
	if (scope <= SNAP_SCOPE(UNSPECIFIED) || scope > SNAP_SCOPE(FOR_EVER))
		return INVALID("it has no known scope");
	if (scope == SNAP_SCOPE(DAYS) ? days == 0 || days > DAYS_MAX : days != 0)
		return INVALID("its scope and %u days do not go together (1 to %d with SCOPE_DAYS, else 0)",
		        days, DAYS_MAX);
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

bool type_is_known(Parley__Snapshot__V1__ValueType type)
{
	return type > SNAP_TYPE(UNSPECIFIED) && type <= SNAP_TYPE(STRING_LIST);
}

Err check_constant(const SnapConstant *constant)
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
static bool gives(ExprType type, Parley__Snapshot__V1__ValueType expected)
{
	static const ExprKind kinds[] = {
	        [SNAP_TYPE(BOOL)] = EXPR_BOOL,
	        [SNAP_TYPE(INT)] = EXPR_INT,
	        [SNAP_TYPE(DOUBLE)] = EXPR_DOUBLE,
	        [SNAP_TYPE(STRING)] = EXPR_STRING,
	        [SNAP_TYPE(TIMESTAMP)] = EXPR_TIMESTAMP,
	        [SNAP_TYPE(STRING_LIST)] = EXPR_LIST,
	};
	if (type.kind == EXPR_DYN || (type.kind == EXPR_INT && expected == SNAP_TYPE(DOUBLE)))
		return true;
	if (type.kind == EXPR_LIST && type.element != EXPR_STRING && type.element != EXPR_DYN)
		return false;
	return type.kind == kinds[expected];
}

static const char *expected_text(Parley__Snapshot__V1__ValueType expected)
{
	static const char *const texts[] = {
	        [SNAP_TYPE(BOOL)] = "bool",
	        [SNAP_TYPE(INT)] = "int",
	        [SNAP_TYPE(DOUBLE)] = "int or double",
	        [SNAP_TYPE(STRING)] = "string",
	        [SNAP_TYPE(TIMESTAMP)] = "timestamp",
	        [SNAP_TYPE(STRING_LIST)] = "a list of strings",
	};
	return texts[expected];
}

Err check_expression(const ExprSchema *schema, const SnapExpression *expression,
        Parley__Snapshot__V1__ValueType expected, const char *what)
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
	if (!gives(program.type, expected))
		return INVALID("its %s gives %s, it must give %s", what, expr_kind_name(program.type.kind),
		        expected_text(expected));
	return OK;
}

Err check_level_expressions(const Check *check, SnapLevelExpression *const *list, size_t count,
        Parley__Snapshot__V1__ValueType expected, const char *what)
{
	for (size_t i = 0; i < count; i++) {
		TRY(check_index(
		        list[i]->audience_level, check->snapshot->n_audience_levels, "audience level"));
		if (i && list[i]->audience_level <= list[i - 1]->audience_level)
			return INVALID("its %s is there twice for an audience level, or out of order", what);
		if (!list[i]->expression)
			return INVALID("its %s has no expression for an audience level", what);
		TRY(check_expression(
		        &check->schemas[list[i]->audience_level], list[i]->expression, expected, what));
	}
	return OK;
}

// --- indices ---

Err check_index(uint32_t index, size_t count, const char *what)
{
	return index < count ? OK : INVALID("it refers to %s %u of %zu", what, index, count);
}

Err check_optional(uint32_t index_plus_1, size_t count, const char *what)
{
	return index_plus_1 ? check_index(index_plus_1 - 1, count, what) : OK;
}

Err check_references(Check *check, size_t count)
{
	check->references += count;
	if (check->references > REFERENCES_MAX)
		return INVALID("more than %d references to offers: split the channel", REFERENCES_MAX);
	return OK;
}

Err check_offers(Check *check, const uint32_t *offers, size_t count)
{
	TRY(check_references(check, count));
	for (size_t i = 0; i < count; i++) {
		TRY(check_index(offers[i], check->snapshot->n_offers, "offer"));
		if (i && offers[i] <= offers[i - 1])
			return INVALID("its offer %u is there twice or out of order", offers[i]);
	}
	return OK;
}

Err check_attribute_value(const Check *check, uint32_t level, uint32_t attribute, const SnapExpression *value)
{
	const SnapLevel *of = check->snapshot->audience_levels[level];
	TRY(check_index(attribute, of->n_attributes, "attribute"));
	if (!value)
		return INVALID("it sets '%s', but to no value", of->attributes[attribute]->name);
	return check_expression(&check->schemas[level], value, of->attributes[attribute]->type, "value");
}
