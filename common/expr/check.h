// Between the two halves of the checker: names and structure (check.c), operators and functions
// (callee_check.c).
#pragma once
#include "expr/ast.h"

// Types a node and all below it.
void expr_check_node(Compilation *c, Node *node);
// Whether functions have names that begin so.
bool expr_is_namespace(Str name);
// A member call that is a macro is typed and true is returned.
bool expr_check_macro(Compilation *c, Node *node);
// Fails unless the node is a bool (or dyn); `where` says what asks for it.
void expr_want_bool(Compilation *c, const Node *node, const char *where);
// Finds the callee of a call whose arguments are checked, and its result's type.
void expr_check_callee(Compilation *c, Node *node);
