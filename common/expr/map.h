// Maps: pairs of key and value one behind the other, in the order in which they were written. Finding a key
// reads them one by one, which takes fuel: the maps of expressions are small.
#pragma once
#include "expr/operate.h"

// The value under a key that equals `key`, or NULL.
const ExprValue *expr_map_find(Evaluation *evaluation, ExprValue map, ExprValue key);
// has(map.field); errors among the operands come out again.
ExprValue expr_map_has(Evaluation *evaluation, ExprValue map, ExprValue key);
