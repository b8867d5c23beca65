// Conformance cases as JSON: declared types and values. Whatever is not understood is a failed case, never a
// skipped one.
#pragma once
#include "expr/expr.h"

#include <jansson.h>

// The type that a text such as "map(string, int64)" names. False if there is none.
bool case_type(Str text, ExprType *ret);
// {"int": "42"}, {"list": [...]}, … False if it is malformed.
bool case_value(const json_t *json, Arena *arena, ExprValue *ret);
// Whether the name of a type ("list(int)") and a case's ("list(int64)") mean the same.
bool case_same_type(Str found, Str expected);
// The same kind and content: NaN equals NaN, maps have no order, 1 is not 1.0.
bool case_same(ExprValue a, ExprValue b);
