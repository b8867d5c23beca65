// The bodies of functions, as function_table.h names them.
#pragma once
#include "expr/operate.h"

#define FUNCTION(number, id, text, forms, arity, body)                                                       \
	ExprValue body(Evaluation *evaluation, const ExprValue *args);
#include "expr/function_table.h"
#undef FUNCTION

// The function as it is called from inside: by its body's name with one argument.
static inline bool expr_is_text(ExprValue value)
{
	return value.kind == EXPR_STRING || value.kind == EXPR_BYTES;
}
