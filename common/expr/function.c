// The function table, by number.
#include "expr/function.h"

static const Function functions[] = {
#define FUNCTION(number, id, text, forms, arity, body) [number] = {CALLEE_##id, text, arity, body},
#include "expr/function_table.h"
#undef FUNCTION
};

const Function *expr_function(uint32_t number)
{
	return number < ARRAY_COUNT(functions) && functions[number].body ? &functions[number] : NULL;
}
