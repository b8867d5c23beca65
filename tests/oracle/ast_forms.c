// The forms that most conditions and scores have, for which the engine has short cuts.
#include "ast_random.h"

// --- conditions ---

static Node *random_literals(Chance *chance, const AstWorld *world, ExprKind kind)
{
	Node *list =
	        ast_node(world->arena, NODE_LITERALS, EXPR_LIST, 1 + chance_below(chance, NODE_CHILDREN_MAX));
	for (uint32_t i = 0; i < list->count; i++)
		list->child[i] = ast_random_literal(chance, world, kind);
	return list;
}

static Node *random_predicate(Chance *chance, const AstWorld *world)
{
	static const ExprKind kinds[] = {EXPR_BOOL, EXPR_INT, EXPR_INT, EXPR_INT, EXPR_DOUBLE, EXPR_DOUBLE,
	        EXPR_STRING, EXPR_STRING, EXPR_TIMESTAMP, EXPR_LIST};
	static const NodeKind orders[] = {
	        NODE_EQUAL, NODE_NOT_EQUAL, NODE_LESS, NODE_LESS_EQUAL, NODE_GREATER, NODE_GREATER_EQUAL};
	ExprKind kind = CHANCE_OF(chance, kinds);
	Node *attribute = ast_random_attribute(chance, world, kind);
	if (!attribute)
		return ast_random_has(chance, world);
	if (kind == EXPR_BOOL)
		return chance_once_in(chance, 2) ? attribute
		                                 : ast_make(world, NODE_NOT, EXPR_BOOL, attribute, NULL);
	if (kind == EXPR_LIST)
		return ast_make(
		        world, NODE_IN, EXPR_BOOL, ast_random_literal(chance, world, EXPR_STRING), attribute);
	if (chance_once_in(chance, 4))
		return ast_make(world, NODE_IN, EXPR_BOOL, attribute, random_literals(chance, world, kind));
	ExprKind other = kind == EXPR_INT && chance_once_in(chance, 5) ? EXPR_DOUBLE : kind;
	Node *literal = ast_random_literal(chance, world, other);
	NodeKind order = CHANCE_OF(chance, orders);
	return chance_once_in(chance, 4) ? ast_make(world, order, EXPR_BOOL, literal, attribute)
	                                 : ast_make(world, order, EXPR_BOOL, attribute, literal);
}

Node *ast_random_predicates(Chance *chance, const AstWorld *world)
{
	NodeKind joined = chance_below(chance, 4) ? NODE_AND : NODE_OR;
	Node *node = random_predicate(chance, world);
	for (uint32_t more = chance_below(chance, 4); more > 0; more--)
		node = ast_make(world, joined, EXPR_BOOL, node, random_predicate(chance, world));
	return node;
}

// --- scores ---

static Node *random_factor(Chance *chance, const AstWorld *world, ExprKind type)
{
	if (type == EXPR_DOUBLE && chance_once_in(chance, 4)) {
		Node *whole = ast_random_attribute(chance, world, EXPR_INT);
		if (whole)
			return ast_make(world, NODE_DOUBLE, EXPR_DOUBLE, whole, NULL);
	}
	Node *attribute = ast_random_attribute(chance, world, type);
	return attribute ? attribute : ast_random_literal(chance, world, type);
}

static Node *random_part(Chance *chance, const AstWorld *world, ExprKind type)
{
	Node *factor = random_factor(chance, world, type);
	if (chance_once_in(chance, 3))
		return factor;
	Node *literal = ast_random_literal(chance, world, type);
	switch (chance_below(chance, 4)) {
	case 0:
		return literal;
	case 1:
		return ast_make(world, NODE_MULTIPLY, type, literal, factor);
	default:
		return ast_make(world, NODE_MULTIPLY, type, factor, literal);
	}
}

static Node *random_sum(Chance *chance, const AstWorld *world, ExprKind type)
{
	Node *sum = random_part(chance, world, type);
	for (uint32_t more = chance_below(chance, 4); more > 0; more--) {
		NodeKind sign = chance_below(chance, 3) ? NODE_ADD : NODE_SUBTRACT;
		sum = ast_make(world, sign, type, sum, random_part(chance, world, type));
	}
	return sum;
}

Node *ast_random_score(Chance *chance, const AstWorld *world, ExprKind type)
{
	Node *sum = random_sum(chance, world, type);
	if (chance_below(chance, 4))
		return sum;
	Node *choice = ast_make(world, NODE_CHOICE, type, ast_random_predicates(chance, world), sum);
	choice->child[2] = random_sum(chance, world, type);
	choice->count = 3;
	return choice;
}

Node *ast_random_multiple(Chance *chance, const AstWorld *world, uint32_t slot)
{
	static const double factors[] = {0, 0.1, 0.5, 0.75, 1.5, 2, 3, 10, -1};
	ExprKind kind = ast_kind(world->level->attributes[slot]->type);
	Node *attribute = ast_node(world->arena, NODE_ATTRIBUTE, kind, 0);
	attribute->slot = slot;
	if (chance_once_in(chance, 10))
		return attribute;
	ExprValue factor = kind == EXPR_INT ? value_of_int((int64_t)chance_below(chance, 12) - 1)
	                                    : value_of_double(CHANCE_OF(chance, factors));
	return ast_make(world, NODE_MULTIPLY, kind, attribute, ast_literal(world->arena, factor));
}
