// One comparison for zones, requests and rules alike: values of different kinds never meet a condition, and
// numbers are compared by what they are, not by how they are stored.
#include "decide/plan.h"

#include <math.h>

// As strcmp's; ORDER_NONE: the two cannot be compared.
enum { ORDER_NONE = 2 };

static int order_text(const char *a, ExprValue b)
{
	int order = str_cmp(str(a), str_n(b.s, b.len));
	return (order > 0) - (order < 0);
}

static int order_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int order_double(double a, double b)
{
	return isnan(a) || isnan(b) ? ORDER_NONE : (a > b) - (a < b);
}

// Exact: a double above 2^53 is not rounded to, nor an int from.
static int order_int_double(int64_t a, double b)
{
	if (isnan(b))
		return ORDER_NONE;
	if (b >= 0x1p63)
		return -1;
	if (b < -0x1p63)
		return 1;
	double whole = trunc(b);
	int order = order_int(a, (int64_t)whole);
	return order ? order : order_double(whole, b);
}

static int order_number(const SnapConstant *a, ExprValue b)
{
	if (a->type == SNAP_TYPE(INT))
		return b.kind == EXPR_INT ? order_int(a->int_value, b.i)
		                          : order_int_double(a->int_value, b.d);
	if (b.kind == EXPR_DOUBLE)
		return order_double(a->double_value, b.d);
	int reversed = order_int_double(b.i, a->double_value);
	return reversed == ORDER_NONE ? ORDER_NONE : -reversed;
}

static int order_timestamp(const SnapConstant *a, ExprValue b)
{
	ExprValue left = expr_timestamp_us(a->int_value);
	return left.seconds != b.seconds ? order_int(left.seconds, b.seconds)
	                                 : order_int(left.nanos, b.nanos);
}

static bool is_text(ExprValue value, const char *text)
{
	return value.kind == EXPR_STRING && str_eq(str_n(value.s, value.len), str(text));
}

static bool lists_equal(const SnapConstant *a, ExprValue b)
{
	if (a->n_string_values != b.len)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (!is_text(b.items[i], a->string_values[i]))
			return false;
	}
	return true;
}

static bool contains(const SnapConstant *list, ExprValue text)
{
	if (list->type != SNAP_TYPE(STRING_LIST) || text.kind != EXPR_STRING)
		return false;
	for (size_t i = 0; i < list->n_string_values; i++) {
		if (is_text(text, list->string_values[i]))
			return true;
	}
	return false;
}

static bool is_number(ExprKind kind)
{
	return kind == EXPR_INT || kind == EXPR_DOUBLE;
}

// Of bools and lists, which have no order, 0 or 1; `ordered` tells.
static int order_of(const SnapConstant *a, ExprValue b, bool *ordered)
{
	*ordered = true;
	switch (a->type) {
	case SNAP_TYPE(INT):
	case SNAP_TYPE(DOUBLE):
		return is_number(b.kind) ? order_number(a, b) : ORDER_NONE;
	case SNAP_TYPE(STRING):
		return b.kind == EXPR_STRING ? order_text(a->string_value, b) : ORDER_NONE;
	case SNAP_TYPE(TIMESTAMP):
		return b.kind == EXPR_TIMESTAMP ? order_timestamp(a, b) : ORDER_NONE;
	default:
		break;
	}
	*ordered = false;
	if (a->type == SNAP_TYPE(BOOL))
		return b.kind == EXPR_BOOL ? (a->bool_value != 0) != b.b : ORDER_NONE;
	return b.kind == EXPR_LIST && a->type == SNAP_TYPE(STRING_LIST) ? !lists_equal(a, b) : ORDER_NONE;
}

bool plan_compare(const SnapConstant *constant, Parley__Snapshot__V1__Comparison comparison, ExprValue value)
{
	if (!constant)
		return false;
	if (comparison == SNAP_COMPARE(CONTAINS))
		return contains(constant, value);
	bool ordered;
	int order = order_of(constant, value, &ordered);
	if (order == ORDER_NONE)
		return false;
	switch (comparison) {
	case SNAP_COMPARE(EQUAL):
		return order == 0;
	case SNAP_COMPARE(NOT_EQUAL):
		return order != 0;
	case SNAP_COMPARE(LESS):
		return ordered && order < 0;
	case SNAP_COMPARE(LESS_EQUAL):
		return ordered && order <= 0;
	case SNAP_COMPARE(GREATER):
		return ordered && order > 0;
	case SNAP_COMPARE(GREATER_EQUAL):
		return ordered && order >= 0;
	default:
		return false;
	}
}
