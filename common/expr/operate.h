// What the operators do to values, apart from the evaluator so that constant folding, sets and tests use the
// same.
#pragma once
#include "expr/callee.h"

ExprValue expr_error(ExprError error);
ExprValue expr_bytes(Str value);

// expr_bool() and its kin where every nanosecond counts.
static inline ExprValue value_bool(bool value)
{
	return (ExprValue){.kind = EXPR_BOOL, .b = value};
}

static inline ExprValue value_int(int64_t value)
{
	return (ExprValue){.kind = EXPR_INT, .i = value};
}

static inline bool expr_is_error(ExprValue value)
{
	return value.kind == EXPR_ERROR;
}

static inline Str expr_value_str(ExprValue value)
{
	return str_n(value.s, value.len);
}

// How two values stand. UNORDERED: NaN; INCOMPARABLE: there is no order between such kinds.
typedef enum Order { ORDER_LESS = -1, ORDER_EQUAL, ORDER_GREATER, ORDER_UNORDERED, ORDER_INCOMPARABLE } Order;

// Numbers of different kinds compare as CEL says: by value, an integer beside a double as a double.
Order expr_compare(ExprValue a, ExprValue b);
// CEL's ==: false between kinds that never are equal. Never an error, but it takes fuel and may leave none.
bool expr_equal(Evaluation *evaluation, ExprValue a, ExprValue b);
// Takes fuel for `bytes` of text or for list items of that size; false if it ran out.
bool expr_burn(Evaluation *evaluation, size_t bytes);
// Takes all of it: the evaluation ends with FUEL at its next instruction.
void expr_exhaust(Evaluation *evaluation);
// The text that comparing two scalars reads.
size_t expr_weight(ExprValue a, ExprValue b);
// How deep functions follow lists and maps within one another. Compiled expressions do not get there.
enum { EXPR_NESTING_MAX = 128 };

// The operators; errors among the operands come out again, the left one first.
ExprValue expr_arithmetic(Evaluation *evaluation, Callee callee, ExprValue a, ExprValue b);
ExprValue expr_negate(ExprValue a);
ExprValue expr_relation(Evaluation *evaluation, Callee callee, ExprValue a, ExprValue b);
ExprValue expr_in(Evaluation *evaluation, ExprValue x, ExprValue list);
ExprValue expr_index(Evaluation *evaluation, ExprValue range, ExprValue index);
