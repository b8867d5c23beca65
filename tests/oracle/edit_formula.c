// Smaller expressions: none, a part of it instead of all, a literal instead of a part. Trees are private to a
// case that was just made, so they are changed in place.
#include "edit.h"

typedef struct Search {
	uint32_t left; // places still to pass
	EditResult result;
	Arena *arena;
	bool hoist;
	size_t nodes;
} Search;

static void drop(void *context, SnapExpression **place, uint32_t level, bool optional)
{
	(void)level;
	Search *search = context;
	if (search->result != EDIT_END || search->left-- > 0)
		return;
	search->result = optional ? EDIT_DONE : EDIT_NOTHING;
	if (optional)
		*place = NULL;
}

EditResult edit_formula_drop(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Search search = {.left = at, .result = EDIT_END};
	world_formulas(world, drop, &search);
	for (size_t i = 0; i < world->snapshot->n_segments; i++) {
		SnapSegment *segment = world->snapshot->segments[i];
		if (!segment->expression)
			segment->list_use = SNAP_LIST_USE(UNSPECIFIED);
	}
	return search.result;
}

static ExprValue simplest(ExprKind type)
{
	switch (type) {
	case EXPR_BOOL:
		return value_of_bool(true);
	case EXPR_INT:
		return value_of_int(0);
	case EXPR_DOUBLE:
		return value_of_double(0);
	default:
		return value_of_text("");
	}
}

static EditResult simplify(Search *search, Node *node)
{
	if (!search->hoist) {
		if (node->kind == NODE_LITERAL || node->type == EXPR_LIST || node->type == EXPR_TIMESTAMP)
			return EDIT_NOTHING;
		*node = *ast_literal(search->arena, simplest(node->type));
		return EDIT_DONE;
	}
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->child[i]->type != node->type || node->kind == NODE_LITERALS)
			continue;
		*node = *node->child[i];
		return EDIT_DONE;
	}
	return EDIT_NOTHING;
}

static void walk(Search *search, Node *node)
{
	if (search->result != EDIT_END)
		return;
	search->nodes++;
	if (search->left-- == 0) {
		search->result = simplify(search, node);
		return;
	}
	// What stands in a list of literals must stay one.
	for (uint32_t i = 0; i < node->count && node->kind != NODE_LITERALS; i++)
		walk(search, node->child[i]);
}

static void walk_formula(void *context, SnapExpression **place, uint32_t level, bool optional)
{
	(void)level;
	(void)optional;
	walk(context, formula_of(*place)->root);
}

static EditResult edit_node(World *world, uint32_t at, bool hoist)
{
	Search search = {.left = at, .result = EDIT_END, .arena = world->arena, .hoist = hoist};
	world_formulas(world, walk_formula, &search);
	return search.result;
}

EditResult edit_formula_hoist(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	return edit_node(world, at, true);
}

EditResult edit_formula_literal(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	return edit_node(world, at, false);
}

size_t formula_nodes(World *world)
{
	Search search = {.left = UINT32_MAX, .result = EDIT_END};
	world_formulas(world, walk_formula, &search);
	return search.nodes;
}
