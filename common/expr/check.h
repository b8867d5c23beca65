// Between the two halves of the checker: names and structure (check.c), operators and functions
// (callee_check.c).
#pragma once
#include "expr/ast.h"

// Fails unless the node is a bool (or dyn); `where` says what asks for it.
void expr_want_bool(Compilation *c, const Node *node, const char *where);
// Finds the callee of a call whose arguments are checked, and its result's type.
void expr_check_callee(Compilation *c, Node *node);
