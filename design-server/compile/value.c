// Literals, dates and expressions: the leaves.
#include "compile/internal.h"

#include "base/clock.h"

#include <math.h>

static const struct {
	Parley__Snapshot__V1__ValueType type;
	const char *text;
} types[] = {
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_UNSPECIFIED] = {SNAP_TYPE(UNSPECIFIED),
                "no type"},
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_BOOL] = {SNAP_TYPE(BOOL), "true or false"},
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_INT] = {SNAP_TYPE(INT), "an integer"},
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_DOUBLE] = {SNAP_TYPE(DOUBLE), "a number"},
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_STRING] = {SNAP_TYPE(STRING), "a text"},
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_TIMESTAMP] = {SNAP_TYPE(TIMESTAMP),
                "a moment such as 2026-01-31T08:00:00Z"},
        [PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_STRING_LIST] = {SNAP_TYPE(STRING_LIST),
                "a list of texts"},
};

Parley__Snapshot__V1__ValueType value_type(Parley__Design__V1__AttributeType type)
{
	return (size_t)type < ARRAY_COUNT(types) ? types[type].type : SNAP_TYPE(UNSPECIFIED);
}

const char *type_text(Parley__Design__V1__AttributeType type)
{
	return (size_t)type < ARRAY_COUNT(types) ? types[type].text : types[0].text;
}

#define LITERAL(kind) PARLEY__DESIGN__V1__LITERAL__KIND_##kind

// Whether the literal fits; then `ret` holds its value.
static bool convert(const Parley__Design__V1__Literal *literal, SnapConstant *ret)
{
	switch (ret->type) {
	case SNAP_TYPE(BOOL):
		ret->bool_value = literal->bool_value;
		return literal->kind_case == LITERAL(BOOL_VALUE);
	case SNAP_TYPE(INT):
		ret->int_value = literal->int_value;
		return literal->kind_case == LITERAL(INT_VALUE);
	case SNAP_TYPE(DOUBLE):
		ret->double_value = literal->kind_case == LITERAL(INT_VALUE) ? (double)literal->int_value
		                                                             : literal->double_value;
		return literal->kind_case == LITERAL(INT_VALUE) ||
		       (literal->kind_case == LITERAL(DOUBLE_VALUE) && isfinite(ret->double_value));
	case SNAP_TYPE(STRING):
		ret->string_value = literal->string_value;
		return literal->kind_case == LITERAL(STRING_VALUE);
	case SNAP_TYPE(TIMESTAMP):
		return literal->kind_case == LITERAL(STRING_VALUE) &&
		       time_parse(str(literal->string_value), &ret->int_value);
	case SNAP_TYPE(STRING_LIST):
		if (literal->kind_case != LITERAL(STRINGS_VALUE))
			return false;
		ret->n_string_values = literal->strings_value->n_values;
		ret->string_values = literal->strings_value->values;
		return true;
	default:
		return false;
	}
}

SnapConstant *compile_literal(Compile *c, const char *field, Parley__Design__V1__AttributeType type,
        const Parley__Design__V1__Literal *literal)
{
	SnapConstant constant = PARLEY__SNAPSHOT__V1__CONSTANT__INIT,
	             *ret = ARENA_NEW(c->arena, SnapConstant);
	constant.type = value_type(type);
	if (!convert(literal, &constant)) {
		problem(c, field, "it must be %s", type_text(type));
		return NULL;
	}
	if (constant.type == SNAP_TYPE(DOUBLE))
		constant.double_value += 0.0; // there is one zero
	if (ret)
		*ret = constant;
	return ret;
}

SnapExpression *compile_expression(
        Compile *c, const char *field, const ExprSchema *schema, const char *source, ExprKind expected)
{
	ExprProgram program;
	if (!*source) {
		problem(c, field, "it is empty: write an expression");
		return NULL;
	}
	if (expr_compile(schema, str(source), expected, c->arena, &program)) {
		problem_from_error(c, field);
		return NULL;
	}
	SnapExpression *expression = ARENA_NEW(c->arena, SnapExpression);
	if (!expression)
		return NULL;
	*expression = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	expression->source = (char *)(uintptr_t)source;
	expression->program =
	        (ProtobufCBinaryData){.len = program.len, .data = (uint8_t *)(uintptr_t)program.bytes};
	return expression;
}

static int64_t moment_us(const Google__Protobuf__Timestamp *moment)
{
	return moment->seconds * US_PER_S + moment->nanos / 1000;
}

void compile_dates(Compile *c, const Google__Protobuf__Timestamp *effective,
        const Google__Protobuf__Timestamp *expires, int64_t *ret_effective_us, int64_t *ret_expires_us)
{
	static const int64_t year_9999_s = INT64_C(253402300799);
	if ((effective && (effective->seconds < -year_9999_s || effective->seconds > year_9999_s)) ||
	        (expires && (expires->seconds < -year_9999_s || expires->seconds > year_9999_s))) {
		problem(c, "effective_time", "a date is outside the years 1 to 9999: correct it");
		return;
	}
	*ret_effective_us = effective ? moment_us(effective) : 0;
	*ret_expires_us = expires ? moment_us(expires) : 0;
	if (expires && *ret_expires_us == 0)
		*ret_expires_us = -1; // 0 says "for ever"
	if (effective && expires && moment_us(effective) >= moment_us(expires))
		problem(c, "expire_time",
		        "it is not after effective_time, so this would never hold: change one of them");
}
