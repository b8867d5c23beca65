// From the engine's values to messages and back.
#pragma once
#include "expr/expr.h"
#include "service/proto.h"

enum {
	TEXT_MAX = 4096, // bytes of a text
	LIST_MAX = 256,  // members of a list
};

// A copy in `arena`; *ret is NULL if the attribute is missing. Error: NO_MEMORY.
Err value_map(const ExprValue *value, Arena *arena, Value **ret);

// Whether a message says a value at all.
bool value_given(const Value *in);
// Reads a value that has to be of that type; texts borrow from the message. False: value_read says why not.
bool value_take(const Value *in, ValueType type, Arena *arena, ExprValue *ret);
// Whether value_take would have made such a value of a message.
bool value_fits(const ExprValue *value, ValueType type);
// As value_take. Error: `wrong`, at `path`.
Err value_read(const Value *in, ValueType type, Err wrong, const char *path, Arena *arena, ExprValue *ret);
// The same of any type. NULL is no value. Error: `wrong`.
Err value_read_any(const Value *in, Err wrong, const char *path, Arena *arena, ExprValue *ret);
// A moment in the years 1 to 9999, in microseconds; false if it is another.
bool value_read_time(const Google__Protobuf__Timestamp *in, int64_t *ret_us);
// What keeps an attribute of that type from having the value; NULL: nothing. An int does not serve a double
// here.
const char *value_problem(const ExprValue *value, ValueType type);
