// What an expression can call: operators and functions, from one table each. The number of a function is what
// a program carries: it never changes and is never used again for another.
#pragma once
#include "expr/expr.h"

typedef enum Callee {
	CALLEE_NONE,
#define OPERATOR(id, text, arity, opcode, check) CALLEE_##id,
#include "expr/operator_table.h"
#undef OPERATOR
#define FUNCTION(number, id, text, forms, arity, body) CALLEE_##id,
#include "expr/function_table.h"
#undef FUNCTION
	CALLEE_COUNT,
} Callee;

// How a function may be written.
enum { AS_GLOBAL = 1, AS_MEMBER = 2, AS_BOTH = 3 };

enum {
#define FUNCTION(number, id, text, forms, arity, body) FUNCTION_##id = (number),
#include "expr/function_table.h"
#undef FUNCTION
	FUNCTION_ARITY_MAX = 4,
};

// What an evaluation carries through to functions.
typedef struct Evaluation {
	Arena *arena;
	int64_t now_us;
	uint64_t fuel;
} Evaluation;

// A function's body; none of `args` is an error. It never fails but by an error value.
typedef ExprValue (*FunctionBody)(Evaluation *evaluation, const ExprValue *args);

typedef struct Function {
	Callee callee;
	const char *text;
	uint32_t arity; // with the receiver
	FunctionBody body;
} Function;

// By number; NULL if there is none.
const Function *expr_function(uint32_t number);
