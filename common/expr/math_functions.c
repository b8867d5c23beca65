// The math extension.
#include "expr/function.h"

#include <math.h>

static bool is_number(ExprValue value)
{
	return value.kind == EXPR_INT || value.kind == EXPR_UINT || value.kind == EXPR_DOUBLE;
}

// The first of the numbers that no other is beyond.
static ExprValue extreme(Evaluation *evaluation, ExprValue numbers, Order beyond)
{
	ExprValue best = numbers;

	if (numbers.kind != EXPR_LIST)
		return is_number(numbers) ? numbers : expr_error(EXPR_ERR_NO_OVERLOAD);
	if (numbers.len == 0)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	if (!expr_burn(evaluation, numbers.len * sizeof(ExprValue)))
		return expr_error(EXPR_ERR_FUEL);
	for (uint32_t i = 0; i < numbers.len; i++) {
		if (!is_number(numbers.items[i]))
			return expr_error(EXPR_ERR_NO_OVERLOAD);
		if (i == 0 || expr_compare(numbers.items[i], best) == beyond)
			best = numbers.items[i];
	}
	return best;
}

ExprValue expr_math_greatest(Evaluation *evaluation, const ExprValue *args)
{
	return extreme(evaluation, args[0], ORDER_GREATER);
}

ExprValue expr_math_least(Evaluation *evaluation, const ExprValue *args)
{
	return extreme(evaluation, args[0], ORDER_LESS);
}

#define OF_DOUBLE(name, formula)                                                                             \
	ExprValue expr_math_##name(Evaluation *evaluation, const ExprValue *args)                            \
	{                                                                                                    \
		const double x = args[0].d;                                                                  \
                                                                                                             \
		(void)evaluation;                                                                            \
		return args[0].kind == EXPR_DOUBLE ? (formula) : expr_error(EXPR_ERR_NO_OVERLOAD);           \
	}

OF_DOUBLE(ceil, expr_double(ceil(x)))
OF_DOUBLE(floor, expr_double(floor(x)))
OF_DOUBLE(round, expr_double(round(x)))
OF_DOUBLE(trunc, expr_double(trunc(x)))
OF_DOUBLE(is_nan, expr_bool(isnan(x)))
OF_DOUBLE(is_inf, expr_bool(isinf(x)))
OF_DOUBLE(is_finite, expr_bool(isfinite(x)))

ExprValue expr_math_sqrt(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_INT:
		return expr_double(sqrt((double)args[0].i));
	case EXPR_UINT:
		return expr_double(sqrt((double)args[0].u));
	case EXPR_DOUBLE:
		return expr_double(sqrt(args[0].d));
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

ExprValue expr_math_abs(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_INT:
		return args[0].i < 0 ? expr_negate(args[0]) : args[0];
	case EXPR_UINT:
		return args[0];
	case EXPR_DOUBLE:
		return expr_double(fabs(args[0].d));
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

ExprValue expr_math_sign(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_INT:
		return expr_int((args[0].i > 0) - (args[0].i < 0));
	case EXPR_UINT:
		return expr_uint(args[0].u > 0);
	case EXPR_DOUBLE:
		return isnan(args[0].d) ? args[0] : expr_double((args[0].d > 0) - (args[0].d < 0));
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

static bool is_bits(ExprValue value)
{
	return value.kind == EXPR_INT || value.kind == EXPR_UINT;
}

// The bits as a value of the kind that `like` has; ints are two's complement.
static ExprValue bits(ExprValue like, uint64_t value)
{
	like.u = value;
	return like;
}

#define OF_BITS(name, sign)                                                                                  \
	ExprValue expr_math_bit_##name(Evaluation *evaluation, const ExprValue *args)                        \
	{                                                                                                    \
		(void)evaluation;                                                                            \
		if (!is_bits(args[0]) || args[0].kind != args[1].kind)                                       \
			return expr_error(EXPR_ERR_NO_OVERLOAD);                                             \
		return bits(args[0], args[0].u sign args[1].u);                                              \
	}

OF_BITS(and, &)
OF_BITS(or, |)
OF_BITS(xor, ^)

ExprValue expr_math_bit_not(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	return is_bits(args[0]) ? bits(args[0], ~args[0].u) : expr_error(EXPR_ERR_NO_OVERLOAD);
}

// Bits that leave are lost, and zeros come in, for negative numbers too.
static ExprValue shift(const ExprValue *args, bool left)
{
	if (!is_bits(args[0]) || args[1].kind != EXPR_INT)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (args[1].i < 0)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	if (args[1].i > 63)
		return bits(args[0], 0);
	return bits(args[0], left ? args[0].u << args[1].i : args[0].u >> args[1].i);
}

ExprValue expr_math_bit_shift_left(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	return shift(args, true);
}

ExprValue expr_math_bit_shift_right(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	return shift(args, false);
}
