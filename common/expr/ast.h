// The syntax tree between parser and emitter. Nodes live in the compilation's own arena and are chained as
// first child and next sibling, so that a node has one shape whatever its arity; the checker resolves names
// in place. Types are richer here than in the public ExprType: they nest.
#pragma once
#include "expr/callee.h"
#include "expr/expr.h"

typedef struct Type {
	ExprKind kind;
	const struct Type *element; // of list; of map: the value's
	const struct Type *key;     // of map
} Type;

// The type of a kind that has no parameters (lists come as list(dyn)).
const Type *expr_type(ExprKind kind);
// The element type of `[]`: joins with any other.
const Type *expr_type_free(void);
const Type *expr_type_list(const Type *element, Arena *arena);
const Type *expr_type_map(const Type *key, const Type *value, Arena *arena);
// A public type as an inner one, and back (deeper nesting becomes dyn).
const Type *expr_type_from(ExprType type, Arena *arena);
ExprType expr_type_public(const Type *type);
// "list(int)"; for people, who know that a list may hold anything, list(dyn) is "list".
Str expr_type_full_name(const Type *type, Arena *arena);
Str expr_type_name(const Type *type, Arena *arena);
// The type that fits both, dyn if they differ.
const Type *expr_type_join(const Type *a, const Type *b, Arena *arena);
// Whether a value of one may be one of the other.
bool expr_type_fits(const Type *a, const Type *b);
bool expr_type_is_number(const Type *type);

typedef enum NodeKind {
	NODE_LITERAL,
	NODE_NAME,      // an identifier, before it is resolved
	NODE_SELECT,    // child.name, before it is resolved
	NODE_CALL,      // function or operator over its children
	NODE_LIST,      // [children]
	NODE_MAP,       // {child: child, …}
	NODE_ALL,       // children joined by &&
	NODE_ANY,       // children joined by ||
	NODE_CHOICE,    // child ? child : child
	NODE_ATTRIBUTE, // a slot
	NODE_HAS,       // whether a slot has a value
	NODE_VARIABLE,  // what a macro binds
	NODE_LOOP,      // a macro over the first child; the others are what it evaluates for each item
	NODE_BIND,      // the second child, in which a variable stands for the first
	NODE_FAIL,      // refused by a checker that may not refuse: an error when it runs
} NodeKind;

// What of an item of a loop a variable stands for.
typedef enum Access {
	ACCESS_WHOLE, // all of what is bound: cel.bind
	ACCESS_ITEM,  // of a list the element, of a map the key
	ACCESS_KEY,   // of a list the index, of a map the key
	ACCESS_VALUE, // of a list the element, of a map the value
} Access;

// A name that a macro binds, within the macro's other arguments.
typedef struct Variable {
	Str name;
	Access access;
	const Type *type;
	uint32_t place; // where on the stack, set by the emitter
	struct Variable *outer;
} Variable;

// What a macro makes of the items. The emitter has one function for each.
typedef enum LoopKind { LOOP_ALL, LOOP_EXISTS, LOOP_EXISTS_ONE, LOOP_LIST, LOOP_FILTER, LOOP_MAP } LoopKind;

typedef struct Node {
	NodeKind kind;
	uint32_t at; // byte offset in the source, for messages
	uint32_t depth;
	uint32_t count;     // of children
	bool grouped;       // stands in parentheses
	bool member;        // a call written child.name(…)
	bool only_negative; // the literal 9223372036854775808, good only behind a minus
	bool absolute;      // a name written with a dot before it: never a variable
	LoopKind loop;
	Variable *variables[2]; // that a loop or bind binds; [0]: that a variable names
	Callee callee;
	uint32_t slot;
	Str name;
	ExprValue value;  // of a literal; of a call whose pattern is written out, its automaton
	const Type *type; // set by the checker
	struct Node *first, *last, *next;
} Node;

// One compilation's state.
typedef struct Compilation {
	Arena *arena;
	const ExprSchema *schema;
	Str source;
	Node *nodes; // zeroed, as many as the source has bytes: no source needs more
	size_t node_count;
	Node *root;
	Variable *scope; // the innermost
	bool unchecked;  // types and names that are wrong become errors when it runs
	Err failed;      // the first failure
} Compilation;

// Notes a failure "line L, column C: …" unless there is one already, and returns the first.
Err expr_fail(Compilation *c, Err id, uint32_t at, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
// Text to tree (grammar.y, lexer.re). Errors: EXPR_SYNTAX, EXPR_LIMIT.
Err expr_parse(Compilation *c);
// Resolves names and types. Errors: EXPR_NAME_UNKNOWN, EXPR_TYPE.
Err expr_check(Compilation *c, ExprKind expected);
// Tree to program bytes in `arena`. Error: EXPR_LIMIT.
Err expr_emit(Compilation *c, Arena *arena, ExprProgram *ret);

// Source to typed tree: c->root, for whoever reasons about expressions instead of running them. `arena`,
// `schema` and `source` are the caller's; nothing of the tree outlives the arena. Errors as of expr_compile.
Err expr_analyse(Compilation *c, ExprKind expected);

// A new node. Never fails.
Node *expr_node(Compilation *c, NodeKind kind, uint32_t at);
// Appends a child; nested beyond EXPR_DEPTH_MAX it notes a failure.
void expr_node_add(Compilation *c, Node *parent, Node *child);
