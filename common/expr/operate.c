// The operators' slow paths: everything beyond what the evaluator does inline.
#include "expr/operate.h"

#include "expr/map.h"
#include "expr/moment.h"

bool expr_burn(Evaluation *evaluation, size_t bytes)
{
	uint64_t cost = bytes / 16;

	if (cost > evaluation->fuel) {
		evaluation->fuel = 0;
		return false;
	}
	evaluation->fuel -= cost;
	return true;
}

void expr_exhaust(Evaluation *evaluation)
{
	evaluation->fuel = 0;
}

static bool divides(Callee callee)
{
	return callee == CALLEE_DIVIDE || callee == CALLEE_MODULUS;
}

static ExprValue by_zero(Callee callee)
{
	return expr_error(callee == CALLEE_DIVIDE ? EXPR_ERR_DIVIDE_BY_ZERO : EXPR_ERR_MODULUS_BY_ZERO);
}

// Of integers of any type: does what does not divide, and tells whether it overflows.
#define OVERFLOWS(callee, a, b, result)                                                                      \
	((callee) == CALLEE_ADD               ? __builtin_add_overflow(a, b, result)                         \
	        : (callee) == CALLEE_SUBTRACT ? __builtin_sub_overflow(a, b, result)                         \
	                                      : __builtin_mul_overflow(a, b, result))

static ExprValue int_arithmetic(Callee callee, int64_t a, int64_t b)
{
	int64_t result;

	if (!divides(callee))
		return OVERFLOWS(callee, a, b, &result) ? expr_error(EXPR_ERR_OVERFLOW) : value_int(result);
	if (b == 0)
		return by_zero(callee);
	if (a == INT64_MIN && b == -1)
		return expr_error(EXPR_ERR_OVERFLOW);
	return value_int(callee == CALLEE_DIVIDE ? a / b : a % b);
}

static ExprValue uint_arithmetic(Callee callee, uint64_t a, uint64_t b)
{
	uint64_t result;

	if (!divides(callee))
		return OVERFLOWS(callee, a, b, &result) ? expr_error(EXPR_ERR_OVERFLOW) : expr_uint(result);
	if (b == 0)
		return by_zero(callee);
	return expr_uint(callee == CALLEE_DIVIDE ? a / b : a % b);
}

static ExprValue double_arithmetic(Callee callee, double a, double b)
{
	switch (callee) {
	case CALLEE_ADD:
		return expr_double(a + b);
	case CALLEE_SUBTRACT:
		return expr_double(a - b);
	case CALLEE_MULTIPLY:
		return expr_double(a * b);
	case CALLEE_DIVIDE:
		return expr_double(a / b);
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

// Texts or lists, one behind the other.
static ExprValue concat(Evaluation *evaluation, ExprValue a, ExprValue b)
{
	bool list = a.kind == EXPR_LIST;
	size_t size = list ? sizeof(ExprValue) : 1;
	size_t total = (size_t)a.len + b.len;
	char *memory;

	if (!list && a.kind != EXPR_STRING && a.kind != EXPR_BYTES)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (b.len == 0)
		return a;
	if (a.len == 0)
		return b;
	if (!expr_burn(evaluation, total * size))
		return expr_error(EXPR_ERR_FUEL);
	memory = total <= UINT32_MAX ? arena_alloc(evaluation->arena, total * size) : NULL;
	if (!memory)
		return expr_error(EXPR_ERR_MEMORY);
	memcpy(memory, a.s, a.len * size);
	memcpy(memory + a.len * size, b.s, b.len * size);
	a.len = (uint32_t)total;
	if (list)
		a.items = (const ExprValue *)(const void *)memory;
	else
		a.s = memory;
	return a;
}

ExprValue expr_arithmetic(Evaluation *evaluation, Callee callee, ExprValue a, ExprValue b)
{
	if (expr_is_error(a))
		return a;
	if (expr_is_error(b))
		return b;
	if (a.kind == EXPR_TIMESTAMP || a.kind == EXPR_DURATION) {
		if (callee == CALLEE_ADD)
			return expr_moment_add(a, b);
		return callee == CALLEE_SUBTRACT ? expr_moment_subtract(a, b)
		                                 : expr_error(EXPR_ERR_NO_OVERLOAD);
	}
	if (a.kind != b.kind)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	switch (a.kind) {
	case EXPR_INT:
		return int_arithmetic(callee, a.i, b.i);
	case EXPR_UINT:
		return uint_arithmetic(callee, a.u, b.u);
	case EXPR_DOUBLE:
		return double_arithmetic(callee, a.d, b.d);
	default:
		return callee == CALLEE_ADD ? concat(evaluation, a, b) : expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

ExprValue expr_negate(ExprValue a)
{
	switch (a.kind) {
	case EXPR_ERROR:
		return a;
	case EXPR_INT:
		return int_arithmetic(CALLEE_SUBTRACT, 0, a.i);
	case EXPR_DOUBLE:
		return expr_double(-a.d);
	case EXPR_DURATION:
		return expr_moment_negate(a);
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

size_t expr_weight(ExprValue a, ExprValue b)
{
	if (a.kind != b.kind || (a.kind != EXPR_STRING && a.kind != EXPR_BYTES))
		return 0;
	return a.len < b.len ? a.len : b.len;
}

ExprValue expr_relation(Evaluation *evaluation, Callee callee, ExprValue a, ExprValue b)
{
	bool equality = callee == CALLEE_EQ || callee == CALLEE_NE;
	Order order;

	if (equality && a.kind == EXPR_STRING && b.kind == EXPR_STRING && a.len != b.len)
		return value_bool(callee == CALLEE_NE);
	if (expr_is_error(a))
		return a;
	if (expr_is_error(b))
		return b;
	if (equality)
		return value_bool(expr_equal(evaluation, a, b) == (callee == CALLEE_EQ));
	if (!expr_burn(evaluation, expr_weight(a, b)))
		return expr_error(EXPR_ERR_FUEL);
	order = expr_compare(a, b);
	switch (order) {
	case ORDER_INCOMPARABLE:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	case ORDER_UNORDERED:
		return value_bool(false);
	case ORDER_EQUAL:
		return value_bool(callee == CALLEE_LE || callee == CALLEE_GE);
	case ORDER_LESS:
		return value_bool(callee == CALLEE_LT || callee == CALLEE_LE);
	default:
		return value_bool(callee == CALLEE_GT || callee == CALLEE_GE);
	}
}

ExprValue expr_in(Evaluation *evaluation, ExprValue x, ExprValue list)
{
	if (expr_is_error(x))
		return x;
	if (expr_is_error(list))
		return list;
	if (list.kind == EXPR_MAP)
		return value_bool(expr_map_find(evaluation, list, x) != NULL);
	if (list.kind != EXPR_LIST)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	for (uint32_t i = 0; i < list.len; i++) {
		if (!expr_burn(evaluation, 16))
			return expr_error(EXPR_ERR_FUEL);
		if (x.kind == EXPR_STRING && x.kind == list.items[i].kind && x.len != list.items[i].len)
			continue;
		if (expr_equal(evaluation, x, list.items[i]))
			return value_bool(true);
	}
	return value_bool(false);
}

static ExprValue list_index(ExprValue list, ExprValue index)
{
	if (index.kind == EXPR_UINT && index.u <= INT64_MAX)
		index = value_int((int64_t)index.u);
	else if (index.kind == EXPR_DOUBLE && index.d >= 0 && index.d < 0x1p32 &&
	         (double)(int64_t)index.d == index.d)
		index = value_int((int64_t)index.d);
	if (index.kind != EXPR_INT)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	if (index.i < 0 || index.i >= list.len)
		return expr_error(EXPR_ERR_INDEX_OUT_OF_RANGE);
	return list.items[index.i];
}

ExprValue expr_index(Evaluation *evaluation, ExprValue range, ExprValue index)
{
	const ExprValue *found;

	if (expr_is_error(range))
		return range;
	if (expr_is_error(index))
		return index;
	if (range.kind == EXPR_LIST)
		return list_index(range, index);
	if (range.kind != EXPR_MAP)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	found = expr_map_find(evaluation, range, index);
	return found ? *found : expr_error(EXPR_ERR_NO_SUCH_KEY);
}
