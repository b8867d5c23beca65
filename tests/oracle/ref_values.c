// Constants, what expressions give, and conditions on offers' attributes.
#include "oracle.h"
#include "reference.h"

ExprValue ref_constant(const SnapConstant *constant, Arena *arena)
{
	switch (constant->type) {
	case SNAP_TYPE(BOOL):
		return value_of_bool(constant->bool_value);
	case SNAP_TYPE(INT):
		return value_of_int(constant->int_value);
	case SNAP_TYPE(DOUBLE):
		return value_of_double(constant->double_value);
	case SNAP_TYPE(STRING):
		return value_of_text(constant->string_value);
	case SNAP_TYPE(TIMESTAMP):
		return value_of_moment(constant->int_value);
	default:
		break;
	}
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, constant->n_string_values);
	for (size_t i = 0; i < constant->n_string_values; i++)
		items[i] = value_of_text(constant->string_values[i]);
	return value_of_list(items, constant->n_string_values);
}

void ref_defaults(const Reference *ref, uint32_t level, ExprValue *values)
{
	const SnapLevel *of = ref->snapshot->audience_levels[level];
	for (uint32_t i = 0; i < of->n_attributes; i++) {
		const SnapConstant *constant = of->attributes[i]->default_value;
		values[i] = constant ? ref_constant(constant, ref->arena) : value_missing(i);
	}
}

ExprValue ref_value(
        const Reference *ref, const SnapExpression *expression, const ExprValue *values, int64_t now_us)
{
	const Formula *formula = (const Formula *)(const void *)expression;
	return ast_evaluate(formula->root, values, now_us, ref->arena, ref->cover);
}

ExprValue ref_typed(ExprValue value, ExprKind kind)
{
	if (value.kind == kind || value.kind == EXPR_ERROR)
		return value;
	if (value.kind == EXPR_INT && kind == EXPR_DOUBLE)
		return value_of_double((double)value.i);
	return value_error(EXPR_ERR_NO_OVERLOAD);
}

Str ref_error_text(const Reference *ref, uint32_t level, ExprValue error)
{
	if (error.error != EXPR_ERR_ATTRIBUTE_MISSING)
		return str(ast_error_name(error.error));
	return str(arena_printf(ref->arena, "ATTRIBUTE_MISSING: %s",
	        ref->snapshot->audience_levels[level]->attributes[error.slot]->name));
}

const SnapConstant *ref_offer_constant(const SnapOffer *offer, Str name)
{
	for (size_t i = 0; i < offer->n_attributes; i++)
		if (str_eq(str(offer->attributes[i]->name), name))
			return offer->attributes[i]->value;
	return NULL;
}

// --- conditions ---

typedef struct Compared {
	bool comparable, ordered; // ordered: not only equal or not
	int sign;
} Compared;

static int sign_of(bool less, bool greater)
{
	return greater - less;
}

static int compare_bytes(ExprValue a, ExprValue b)
{
	for (uint32_t i = 0; i < a.len && i < b.len; i++)
		if (a.s[i] != b.s[i])
			return (unsigned char)a.s[i] < (unsigned char)b.s[i] ? -1 : 1;
	return sign_of(a.len<b.len, a.len> b.len);
}

// By mathematical values: no int is rounded to a double.
static Compared compare_int_double(int64_t i, double d)
{
	if (d != d)
		return (Compared){0};
	if (d >= 0x1p63)
		return (Compared){true, true, -1};
	if (d < -0x1p63)
		return (Compared){true, true, 1};
	int64_t whole = (int64_t)d;
	if (i != whole)
		return (Compared){true, true, i < whole ? -1 : 1};
	double rest = d - (double)whole;
	return (Compared){true, true, sign_of(rest > 0, rest < 0)};
}

static Compared compare_numbers(ExprValue a, ExprValue b)
{
	if (a.kind == EXPR_INT && b.kind == EXPR_INT)
		return (Compared){true, true, sign_of(a.i<b.i, a.i> b.i)};
	if (a.kind == EXPR_INT)
		return compare_int_double(a.i, b.d);
	if (b.kind == EXPR_INT) {
		Compared turned = compare_int_double(b.i, a.d);
		turned.sign = -turned.sign;
		return turned;
	}
	if (a.d != a.d || b.d != b.d)
		return (Compared){0};
	return (Compared){true, true, sign_of(a.d<b.d, a.d> b.d)};
}

static bool same_list(ExprValue a, ExprValue b)
{
	for (uint32_t i = 0; i < a.len && i < b.len; i++)
		if (compare_bytes(a.items[i], b.items[i]) != 0)
			return false;
	return a.len == b.len;
}

static bool is_number(ExprValue value)
{
	return value.kind == EXPR_INT || value.kind == EXPR_DOUBLE;
}

static Compared compare(ExprValue a, ExprValue b)
{
	if (is_number(a) && is_number(b))
		return compare_numbers(a, b);
	if (a.kind != b.kind)
		return (Compared){0};
	switch (a.kind) {
	case EXPR_STRING:
		return (Compared){true, true, compare_bytes(a, b)};
	case EXPR_TIMESTAMP:
		if (a.seconds != b.seconds)
			return (Compared){true, true, a.seconds < b.seconds ? -1 : 1};
		return (Compared){true, true, sign_of(a.nanos<b.nanos, a.nanos> b.nanos)};
	case EXPR_BOOL:
		return (Compared){true, false, a.b != b.b};
	case EXPR_LIST:
		return (Compared){true, false, !same_list(a, b)};
	default:
		return (Compared){0};
	}
}

static bool holds(Parley__Snapshot__V1__Comparison comparison, Compared found)
{
	if (!found.comparable)
		return false;
	switch (comparison) {
	case SNAP_COMPARE(EQUAL):
		return found.sign == 0;
	case SNAP_COMPARE(NOT_EQUAL):
		return found.sign != 0;
	case SNAP_COMPARE(LESS):
		return found.ordered && found.sign < 0;
	case SNAP_COMPARE(LESS_EQUAL):
		return found.ordered && found.sign <= 0;
	case SNAP_COMPARE(GREATER):
		return found.ordered && found.sign > 0;
	case SNAP_COMPARE(GREATER_EQUAL):
		return found.ordered && found.sign >= 0;
	default:
		return false;
	}
}

static bool contains(ExprValue list, ExprValue text)
{
	if (list.kind != EXPR_LIST || text.kind != EXPR_STRING)
		return false;
	for (uint32_t i = 0; i < list.len; i++)
		if (compare_bytes(list.items[i], text) == 0)
			return true;
	return false;
}

bool ref_condition(const Reference *ref, const SnapOffer *offer, Str attribute,
        Parley__Snapshot__V1__Comparison comparison, ExprValue with)
{
	const SnapConstant *constant = ref_offer_constant(offer, attribute);
	if (!constant) {
		cover_row(ref->cover, COVER_CONDITION_ABSENT);
		return false;
	}
	ExprValue value = ref_constant(constant, ref->arena);
	bool held;
	if (comparison == SNAP_COMPARE(CONTAINS)) {
		held = contains(value, with);
	} else {
		Compared found = compare(value, with);
		held = holds(comparison, found);
		if (!found.comparable)
			cover_row(ref->cover, is_number(value) && is_number(with) ? COVER_CONDITION_NAN
			                                                          : COVER_CONDITION_TYPES);
		else if (is_number(value) && value.kind != with.kind)
			cover_row(ref->cover, COVER_CONDITION_MIXED);
		else if (held && value.kind == EXPR_LIST && comparison == SNAP_COMPARE(EQUAL))
			cover_row(ref->cover, COVER_CONDITION_LISTS);
	}
	if (held)
		cover_row(ref->cover, (CoverRow)(COVER_CONDITION_EQUAL + (comparison - SNAP_COMPARE(EQUAL))));
	return held;
}
