// Equality and order. Integers compare exactly with one another, and as doubles beside a double, which is
// what CEL's conformance suite asks for beyond 2^53.
#include "expr/operate.h"

static Order order_of(bool less, bool greater)
{
	return less ? ORDER_LESS : greater ? ORDER_GREATER : ORDER_EQUAL;
}

static bool is_number(ExprValue value)
{
	return value.kind == EXPR_INT || value.kind == EXPR_UINT || value.kind == EXPR_DOUBLE;
}

static double as_double(ExprValue value)
{
	return value.kind == EXPR_INT ? (double)value.i : value.kind == EXPR_UINT ? (double)value.u : value.d;
}

static Order compare_numbers(ExprValue a, ExprValue b)
{
	if (a.kind == EXPR_DOUBLE || b.kind == EXPR_DOUBLE) {
		double x = as_double(a), y = as_double(b);

		return x < y || x >= y ? order_of(x<y, x> y) : ORDER_UNORDERED;
	}
	if (a.kind == b.kind)
		return a.kind == EXPR_INT ? order_of(a.i<b.i, a.i> b.i) : order_of(a.u<b.u, a.u> b.u);
	if (a.kind == EXPR_INT)
		return a.i < 0 ? ORDER_LESS : order_of((uint64_t)a.i<b.u, (uint64_t)a.i> b.u);
	return b.i < 0 ? ORDER_GREATER : order_of(a.u<(uint64_t)b.i, a.u>(uint64_t) b.i);
}

static Order compare_moments(ExprValue a, ExprValue b)
{
	if (a.seconds != b.seconds)
		return order_of(a.seconds < b.seconds, true);
	return order_of(a.nanos<b.nanos, a.nanos> b.nanos);
}

Order expr_compare(ExprValue a, ExprValue b)
{
	int order;

	if (is_number(a) && is_number(b))
		return compare_numbers(a, b);
	if (a.kind != b.kind)
		return ORDER_INCOMPARABLE;
	switch (a.kind) {
	case EXPR_BOOL:
		return order_of(a.b<b.b, a.b> b.b);
	case EXPR_STRING:
	case EXPR_BYTES:
		order = str_cmp(expr_value_str(a), expr_value_str(b)); // byte order is code point order
		return order_of(order<0, order> 0);
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		return compare_moments(a, b);
	default:
		return ORDER_INCOMPARABLE;
	}
}

static bool equal_lists(ExprValue a, ExprValue b)
{
	bool equal = a.len == b.len;

	for (uint32_t i = 0; equal && i < a.len; i++)
		equal = expr_equal(a.items[i], b.items[i]);
	return equal;
}

bool expr_equal(ExprValue a, ExprValue b)
{
	if (a.kind != b.kind || (a.kind != EXPR_NULL && a.kind != EXPR_TYPE && a.kind != EXPR_LIST))
		return expr_compare(a, b) == ORDER_EQUAL;
	if (a.kind == EXPR_LIST)
		return equal_lists(a, b);
	return a.kind == EXPR_NULL || a.type == b.type;
}
