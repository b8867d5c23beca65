// From the engine's values to messages.
#pragma once
#include "expr/expr.h"
#include "service/proto.h"

// A copy in `arena`; *ret is NULL if the attribute is missing. Error: NO_MEMORY.
Err value_map(const ExprValue *value, Arena *arena, Value **ret);
