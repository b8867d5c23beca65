// Equality and order. Integers compare exactly with one another, and as doubles beside a double, which is
// what CEL's conformance suite asks for beyond 2^53.
#include "expr/map.h"
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

static bool equal(Evaluation *evaluation, ExprValue a, ExprValue b, int depth);

static bool equal_lists(Evaluation *evaluation, ExprValue a, ExprValue b, int depth)
{
	bool same = a.len == b.len;

	for (uint32_t i = 0; same && i < a.len; i++)
		same = equal(evaluation, a.items[i], b.items[i], depth);
	return same;
}

// Keys are distinct, so that as many pairs with equal partners make equal maps.
static bool equal_maps(Evaluation *evaluation, ExprValue a, ExprValue b, int depth)
{
	bool same = a.len == b.len;

	for (uint32_t i = 0; same && i < a.len; i++) {
		const ExprValue *other = expr_map_find(evaluation, b, a.items[2 * i]);

		same = other && equal(evaluation, a.items[2 * i + 1], *other, depth);
	}
	return same;
}

// Running out of fuel, or into values nested deeper than any expression makes them, ends the evaluation: the
// answer then does not matter.
static bool equal(Evaluation *evaluation, ExprValue a, ExprValue b, int depth)
{
	if (!expr_burn(evaluation, depth > 0 ? 16 + expr_weight(a, b) : expr_weight(a, b)))
		return false;
	if (a.kind != b.kind || (a.kind != EXPR_NULL && a.kind != EXPR_TYPE && a.kind < EXPR_LIST))
		return expr_compare(a, b) == ORDER_EQUAL;
	if (a.kind != EXPR_LIST && a.kind != EXPR_MAP)
		return a.kind == EXPR_NULL || (a.kind == EXPR_TYPE && a.type == b.type);
	if (depth == EXPR_NESTING_MAX) {
		expr_exhaust(evaluation);
		return false;
	}
	return a.kind == EXPR_LIST ? equal_lists(evaluation, a, b, depth + 1)
	                           : equal_maps(evaluation, a, b, depth + 1);
}

bool expr_equal(Evaluation *evaluation, ExprValue a, ExprValue b)
{
	return equal(evaluation, a, b, 0);
}
