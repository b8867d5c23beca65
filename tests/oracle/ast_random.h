// Pieces that trees are put together from.
#pragma once
#include "ast.h"

Node *ast_node(Arena *arena, NodeKind kind, ExprKind type, uint32_t count);
// A node of one child or, if `second` is not NULL, of two.
Node *ast_make(const AstWorld *world, NodeKind kind, ExprKind type, Node *first, Node *second);
Node *ast_random_literal(Chance *chance, const AstWorld *world, ExprKind type);
// An attribute of that type; NULL if the level has none.
Node *ast_random_attribute(Chance *chance, const AstWorld *world, ExprKind type);
Node *ast_random_has(Chance *chance, const AstWorld *world);
