// Literals, dates, expressions, shares, IDs: the leaves.
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

bool literal_fits(
        Parley__Design__V1__AttributeType type, const Parley__Design__V1__Literal *literal, SnapConstant *ret)
{
	*ret = (SnapConstant)PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
	ret->type = value_type(type);
	bool fits = convert(literal, ret);
	if (ret->type == SNAP_TYPE(DOUBLE))
		ret->double_value += 0.0; // there is one zero
	return fits;
}

Parley__Design__V1__AttributeType literal_type(const Parley__Design__V1__Literal *literal, bool timestamp)
{
#define TYPE(name) PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_##name
	switch (literal->kind_case) {
	case LITERAL(BOOL_VALUE):
		return TYPE(BOOL);
	case LITERAL(INT_VALUE):
		return TYPE(INT);
	case LITERAL(DOUBLE_VALUE):
		return TYPE(DOUBLE);
	case LITERAL(STRING_VALUE):
		return timestamp ? TYPE(TIMESTAMP) : TYPE(STRING);
	case LITERAL(STRINGS_VALUE):
		return TYPE(STRING_LIST);
	default:
		return TYPE(UNSPECIFIED);
	}
#undef TYPE
}

SnapConstant *compile_literal(Compile *c, const char *field, Parley__Design__V1__AttributeType type,
        const Parley__Design__V1__Literal *literal)
{
	SnapConstant constant, *ret = ARENA_NEW(c->arena, SnapConstant);
	if (!literal_fits(type, literal, &constant)) {
		problem(c, field, "it must be %s", type_text(type));
		return NULL;
	}
	if (ret)
		*ret = constant;
	return ret;
}

// --- expressions ---

static const struct {
	ExprKind kind;
	const char *text;
} expected_kinds[] = {
        [SNAP_TYPE(BOOL)] = {EXPR_BOOL, "bool"},
        [SNAP_TYPE(INT)] = {EXPR_INT, "int"},
        [SNAP_TYPE(DOUBLE)] = {EXPR_DOUBLE, "double"},
        [SNAP_TYPE(STRING)] = {EXPR_STRING, "string"},
        [SNAP_TYPE(TIMESTAMP)] = {EXPR_TIMESTAMP, "timestamp"},
        [SNAP_TYPE(STRING_LIST)] = {EXPR_LIST, "list(string)"},
};

static bool is_list_of_others(ExprType type)
{
	return type.kind == EXPR_LIST && type.element != EXPR_STRING && type.element != EXPR_DYN;
}

Err try_expression(Compile *c, const ExprSchema *schema, const char *source,
        Parley__Snapshot__V1__ValueType expected, SnapExpression **ret, const char **ret_message)
{
	ExprProgram program;
	*ret = NULL;
	if (!*source) {
		*ret_message = "it is empty: write an expression";
		return OK;
	}
	if (expr_compile(schema, str(source), expected_kinds[expected].kind, c->arena, &program)) {
		*ret_message = arena_cstr(c->arena, str(err_detail()->message));
		return *ret_message ? OK : compile_no_memory();
	}
	if (is_list_of_others(program.type)) {
		*ret_message = "it gives a list of something else than texts: make it a list of texts";
		return OK;
	}
	*ret = ARENA_NEW(c->arena, SnapExpression);
	if (!*ret)
		return compile_no_memory();
	**ret = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	(*ret)->source = (char *)(uintptr_t)source;
	(*ret)->program =
	        (ProtobufCBinaryData){.len = program.len, .data = (uint8_t *)(uintptr_t)program.bytes};
	return OK;
}

SnapExpression *compile_expression(Compile *c, const char *field, const ExprSchema *schema,
        const char *source, Parley__Snapshot__V1__ValueType expected)
{
	SnapExpression *ret;
	const char *message;
	if (expected == SNAP_TYPE(UNSPECIFIED) || try_expression(c, schema, source, expected, &ret, &message))
		return NULL; // memory, which ends the compilation, or a type that was told already
	if (!ret)
		problem_as(c, PROBLEM_EXPRESSION, field, "%s", message);
	return ret;
}

// --- numbers ---

bool score_fits(double score)
{
	return isfinite(score) && score >= 0 && score <= 100;
}

void compile_score(Compile *c, const char *field, double score, double *ret)
{
	*ret = score + 0.0; // there is one zero
	if (!score_fits(score))
		problem(c, field, "%g is not within 0 and 100: correct it", score);
}

void compile_share(Compile *c, const char *field, double percent, uint32_t *ret_ppm)
{
	if (!isfinite(percent) || percent < 0 || percent > 100) {
		problem(c, field, "%g is not within 0 and 100 percent: correct it", percent);
		return;
	}
	double ppm = round(percent * 10000);
	if (fabs(percent * 10000 - ppm) > 1e-6)
		problem(c, field, "%.10g is finer than a share can be: give it in steps of 0.0001", percent);
	*ret_ppm = (uint32_t)ppm;
}

void compile_scope(Compile *c, const char *path, Parley__Design__V1__Scope scope, uint32_t days,
        Parley__Snapshot__V1__Scope *ret, uint32_t *ret_days)
{
	enum { DAYS_MAX = 3650 };
	const char *days_field = arena_printf(c->arena, "%sdays", path);
	*ret = (Parley__Snapshot__V1__Scope)scope; // the same numbers
	*ret_days = days;
	if (*ret == SNAP_SCOPE(UNSPECIFIED) || (unsigned)*ret > SNAP_SCOPE(FOR_EVER))
		problem(c, arena_printf(c->arena, "%sscope", path),
		        "it does not say for how long: choose SESSION, DAYS or FOR_EVER");
	else if (*ret == SNAP_SCOPE(DAYS) && (!days || days > DAYS_MAX))
		problem(c, days_field, "say for how many days, 1 to %d", DAYS_MAX);
	else if (*ret != SNAP_SCOPE(DAYS) && days)
		problem(c, days_field,
		        "it has days, but its scope is another: take them out, or make it DAYS");
}

char *compile_id(Compile *c, const char *list, size_t index, const char *member, int level, const char *id)
{
	Str canonical;
	// There may be millions: the field is only spelt for those that are wrong.
	if (!audience_id_canonical(c->out->audience_levels[level], str(id), c->arena, &canonical))
		return (char *)(uintptr_t)canonical.ptr;
	problem_from_error(c, arena_printf(c->arena, "%s[%zu]%s", list, index, member));
	return NULL;
}

// --- dates ---

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
		problem_as(c, PROBLEM_DATES, "expire_time",
		        "it is not after effective_time, so this would never hold: change one of them");
}
