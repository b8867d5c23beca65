// Attribute types are a table: name, type in expressions, which literal fits.
#include "admin/literal.h"

#include "base/clock.h"

typedef Parley__Design__V1__Literal Literal;
#define TYPE(name)    PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_##name
#define LITERAL(name) PARLEY__DESIGN__V1__LITERAL__KIND_##name##_VALUE

static const struct {
	const char *name;
	ExprType type;
	Parley__Design__V1__Literal__KindCase kinds[2]; // which literals fit
	const char *example;
} types[] = {
        [TYPE(BOOL)] = {"bool", {.kind = EXPR_BOOL}, {LITERAL(BOOL), LITERAL(BOOL)}, "true"},
        [TYPE(INT)] = {"int", {.kind = EXPR_INT}, {LITERAL(INT), LITERAL(INT)}, "42"},
        [TYPE(DOUBLE)] = {"double", {.kind = EXPR_DOUBLE}, {LITERAL(DOUBLE), LITERAL(INT)}, "3.5"},
        [TYPE(STRING)] = {"string", {.kind = EXPR_STRING}, {LITERAL(STRING), LITERAL(STRING)}, "\"text\""},
        [TYPE(TIMESTAMP)] = {"timestamp", {.kind = EXPR_TIMESTAMP}, {LITERAL(STRING), LITERAL(STRING)},
                "\"2026-01-31T08:00:00Z\""},
        [TYPE(STRING_LIST)] = {"list of string", {EXPR_LIST, EXPR_STRING},
                {LITERAL(STRINGS), LITERAL(STRINGS)}, "[\"a\", \"b\"]"},
};

static bool is_type(Parley__Design__V1__AttributeType type)
{
	return (size_t)type < ARRAY_COUNT(types) && types[type].name;
}

ExprType type_in_expressions(Parley__Design__V1__AttributeType type)
{
	return types[type].type;
}

Err check_type(const Check *check, const char *field, Parley__Design__V1__AttributeType type)
{
	if (is_type(type))
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field,
	        "is not a type: give BOOL, INT, DOUBLE, STRING, TIMESTAMP or STRING_LIST");
}

Err check_literal(
        const Check *check, const char *field, Parley__Design__V1__AttributeType type, const Literal *literal)
{
	int64_t us;
	bool fits = literal && (literal->kind_case == types[type].kinds[0] ||
	                               literal->kind_case == types[type].kinds[1]);
	if (fits && type == TYPE(TIMESTAMP))
		fits = time_parse(str(literal->string_value), &us);
	if (fits)
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field, "does not fit the type %s: give one such as %s",
	        types[type].name, types[type].example);
}
