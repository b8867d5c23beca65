// Expressions as trees of our own. They are printed as CEL, which the real compiler compiles for the engine,
// and evaluated as they stand for the reference: compiler and evaluator are part of what is compared.
#pragma once
#include "base/arena.h"
#include "chance.h"
#include "cover.h"
#include "expr/expr.h"
#include "snapshot/types.h"

#include <stdio.h>

typedef enum NodeKind {
	NODE_LITERAL,
	NODE_LITERALS, // a list of literals
	NODE_ATTRIBUTE,
	NODE_HAS,
	NODE_NOT,
	NODE_AND,
	NODE_OR,
	NODE_CHOICE,
	NODE_EQUAL,
	NODE_NOT_EQUAL,
	NODE_LESS,
	NODE_LESS_EQUAL,
	NODE_GREATER,
	NODE_GREATER_EQUAL,
	NODE_IN,
	NODE_ADD,
	NODE_SUBTRACT,
	NODE_MULTIPLY,
	NODE_DIVIDE,
	NODE_MODULUS,
	NODE_NEGATE,
	NODE_SIZE,
	NODE_DOUBLE, // an int as a double
	NODE_LATER,  // a timestamp plus a whole number of seconds
	NODE_NOW,
	NODE_DYN,     // its child, of a type that the checker does not know
	NODE_ENDLESS, // runs until the fuel is out
} NodeKind;

enum { NODE_CHILDREN_MAX = 4 };

typedef struct Node {
	NodeKind kind;
	ExprKind type;
	ExprValue value; // of LITERAL; the seconds of LATER
	uint32_t slot;   // of ATTRIBUTE and HAS
	struct Node *child[NODE_CHILDREN_MAX];
	uint32_t count; // of children
} Node;

// What trees are made from.
typedef struct AstWorld {
	const SnapLevel *level;
	int64_t anchor_us; // moments are around it
	Arena *arena;
} AstWorld;

// A tree of that type: BOOL, INT, DOUBLE, STRING, TIMESTAMP or LIST (of texts).
Node *ast_random(Chance *chance, const AstWorld *world, ExprKind type, int depth);
// What most conditions are: a few comparisons of attributes with constants.
Node *ast_random_predicates(Chance *chance, const AstWorld *world);
// What most scores are: attributes times numbers, added up; or a choice between two of these.
Node *ast_random_score(Chance *chance, const AstWorld *world, ExprKind type);
// That attribute times a number, or by itself.
Node *ast_random_multiple(Chance *chance, const AstWorld *world, uint32_t slot);
ExprValue ast_random_value(Chance *chance, const AstWorld *world, ExprKind type);
ExprKind ast_kind(Parley__Snapshot__V1__ValueType type);
Node *ast_literal(Arena *arena, ExprValue value);

// The tree as CEL.
char *ast_print(const Node *node, const SnapLevel *level, Arena *arena);
void ast_write(FILE *out, const Node *node, const SnapLevel *level);
// The stable name of an error.
const char *ast_error_name(ExprError error);
void ast_write_value(FILE *out, ExprValue value);

// An evaluation of the reference.
typedef struct AstRun {
	const ExprValue *values;
	int64_t now_us;
	Arena *arena;
	Cover *cover;
	bool exhausted;
} AstRun;
ExprValue ast_evaluate(const Node *node, const ExprValue *values, int64_t now_us, Arena *arena, Cover *cover);

// Values as the data type has them.
static inline ExprValue value_error(ExprError error)
{
	return (ExprValue){.kind = EXPR_ERROR, .error = error};
}

static inline ExprValue value_of_bool(bool b)
{
	return (ExprValue){.kind = EXPR_BOOL, .b = b};
}

static inline ExprValue value_of_int(int64_t i)
{
	return (ExprValue){.kind = EXPR_INT, .i = i};
}

static inline ExprValue value_of_double(double d)
{
	return (ExprValue){.kind = EXPR_DOUBLE, .d = d};
}

static inline ExprValue value_of_text(const char *text)
{
	return (ExprValue){.kind = EXPR_STRING, .len = (uint32_t)strlen(text), .s = text};
}

static inline ExprValue value_of_list(const ExprValue *items, size_t count)
{
	return (ExprValue){.kind = EXPR_LIST, .len = (uint32_t)count, .items = items};
}

static inline ExprValue value_missing(uint32_t slot)
{
	return (ExprValue){.kind = EXPR_ERROR, .error = EXPR_ERR_ATTRIBUTE_MISSING, .slot = slot};
}

static inline ExprValue value_of_moment(int64_t us)
{
	int64_t rest = us % 1000000;
	int64_t seconds = us / 1000000 - (rest < 0);
	if (rest < 0)
		rest += 1000000;
	return (ExprValue){.kind = EXPR_TIMESTAMP, .nanos = (int32_t)(rest * 1000), .seconds = seconds};
}
