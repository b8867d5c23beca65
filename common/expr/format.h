// Numbers and types as text, for string() and for people.
#pragma once
#include "expr/expr.h"

enum { FORMAT_NUMBER_SIZE = 40 };
// The shortest text that reads back as the same number. Returns its length.
size_t expr_format_double(double number, char text[FORMAT_NUMBER_SIZE]);
// How CEL names a type: null_type, google.protobuf.Timestamp, …
const char *expr_type_text(ExprKind kind);
