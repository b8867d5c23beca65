// Trees at random, from pools so small that comparisons are often met exactly and often missed by one.
#include "ast_random.h"

Node *ast_node(Arena *arena, NodeKind kind, ExprKind type, uint32_t count)
{
	Node *node = ARENA_NEW(arena, Node);
	node->kind = kind;
	node->type = type;
	node->count = count;
	return node;
}

Node *ast_literal(Arena *arena, ExprValue value)
{
	Node *node = ast_node(arena, NODE_LITERAL, value.kind, 0);
	node->value = value;
	return node;
}

ExprKind ast_kind(Parley__Snapshot__V1__ValueType type)
{
	static const ExprKind kinds[] = {
	        [SNAP_TYPE(UNSPECIFIED)] = EXPR_ERROR,
	        [SNAP_TYPE(BOOL)] = EXPR_BOOL,
	        [SNAP_TYPE(INT)] = EXPR_INT,
	        [SNAP_TYPE(DOUBLE)] = EXPR_DOUBLE,
	        [SNAP_TYPE(STRING)] = EXPR_STRING,
	        [SNAP_TYPE(TIMESTAMP)] = EXPR_TIMESTAMP,
	        [SNAP_TYPE(STRING_LIST)] = EXPR_LIST,
	};
	return kinds[type];
}

// --- values ---

#define EXACT_MAX (INT64_C(1) << 53) // beyond it not every int is a double
static const int64_t ints[] = {-1, 0, 0, 1, 1, 2, 3, 17, 18, 19, 40, 40, 41, 99, EXACT_MAX, EXACT_MAX + 1,
        -EXACT_MAX - 1, INT64_MAX, -INT64_MAX};
static const double doubles[] = {
        0, 0, 0.5, 1, 1.5, 2, 17, 18, 18.25, -2, 40, 40, 41, 1e300, 0.1, 0x1p53, -0x1p53};
static const char *const texts[] = {"", "a", "b", "gold", "gold", "basic", "Gold", "žluť", "o'\"n\\e"};
static const int64_t moments[] = {0, 0, 1, -1, 86400 * INT64_C(1000000), -86400 * INT64_C(1000000), 1500000};

ExprValue ast_random_value(Chance *chance, const AstWorld *world, ExprKind type)
{
	switch (type) {
	case EXPR_BOOL:
		return value_of_bool(chance_once_in(chance, 2));
	case EXPR_INT:
		return value_of_int(CHANCE_OF(chance, ints));
	case EXPR_DOUBLE:
		return value_of_double(CHANCE_OF(chance, doubles));
	case EXPR_STRING:
		return value_of_text(CHANCE_OF(chance, texts));
	case EXPR_TIMESTAMP:
		return value_of_moment(world->anchor_us + CHANCE_OF(chance, moments));
	default:
		break;
	}
	uint32_t count = chance_below(chance, 4);
	ExprValue *items = ARENA_ARRAY(world->arena, ExprValue, count);
	for (uint32_t i = 0; i < count; i++)
		items[i] = value_of_text(CHANCE_OF(chance, texts));
	return value_of_list(items, count);
}

// --- leaves ---

Node *ast_random_literal(Chance *chance, const AstWorld *world, ExprKind type)
{
	if (type != EXPR_LIST)
		return ast_literal(world->arena, ast_random_value(chance, world, type));
	Node *list = ast_node(world->arena, NODE_LITERALS, EXPR_LIST, 1 + chance_below(chance, 3));
	for (uint32_t i = 0; i < list->count; i++)
		list->child[i] = ast_random_literal(chance, world, EXPR_STRING);
	return list;
}

Node *ast_random_attribute(Chance *chance, const AstWorld *world, ExprKind type)
{
	size_t count = world->level->n_attributes, first = count ? chance_below(chance, count) : 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t slot = (uint32_t)((first + i) % count);
		if (ast_kind(world->level->attributes[slot]->type) != type)
			continue;
		Node *node = ast_node(world->arena, NODE_ATTRIBUTE, type, 0);
		node->slot = slot;
		return node;
	}
	return NULL;
}

static Node *random_leaf(Chance *chance, const AstWorld *world, ExprKind type)
{
	Node *node = chance_below(chance, 3) ? ast_random_attribute(chance, world, type) : NULL;
	if (!node && type == EXPR_TIMESTAMP && chance_once_in(chance, 2))
		node = ast_node(world->arena, NODE_NOW, type, 0);
	return node ? node : ast_random_literal(chance, world, type);
}

// --- operators ---

Node *ast_make(const AstWorld *world, NodeKind kind, ExprKind type, Node *first, Node *second)
{
	Node *node = ast_node(world->arena, kind, type, second ? 2 : 1);
	node->child[0] = first;
	node->child[1] = second;
	return node;
}

Node *ast_random_has(Chance *chance, const AstWorld *world)
{
	if (!world->level->n_attributes)
		return ast_random_literal(chance, world, EXPR_BOOL);
	Node *node = ast_node(world->arena, NODE_HAS, EXPR_BOOL, 0);
	node->slot = chance_below(chance, world->level->n_attributes);
	return node;
}

static Node *random_comparison(Chance *chance, const AstWorld *world, int depth)
{
	static const ExprKind kinds[] = {
	        EXPR_INT, EXPR_INT, EXPR_DOUBLE, EXPR_DOUBLE, EXPR_STRING, EXPR_STRING, EXPR_TIMESTAMP};
	static const NodeKind orders[] = {
	        NODE_EQUAL, NODE_NOT_EQUAL, NODE_LESS, NODE_LESS_EQUAL, NODE_GREATER, NODE_GREATER_EQUAL};
	ExprKind left = CHANCE_OF(chance, kinds), right = left;
	NodeKind kind = CHANCE_OF(chance, orders);
	if (chance_once_in(chance, 8)) { // bools and lists know only equality
		left = right = chance_once_in(chance, 2) ? EXPR_BOOL : EXPR_LIST;
		kind = chance_once_in(chance, 2) ? NODE_EQUAL : NODE_NOT_EQUAL;
	}
	if (left == EXPR_INT && chance_once_in(chance, 6))
		right = EXPR_DOUBLE;
	Node *first = ast_random(chance, world, left, depth - 1);
	return ast_make(
	        world, kind, EXPR_BOOL, first, ast_random(chance, world, right, depth > 1 ? depth - 1 : 0));
}

static Node *random_membership(Chance *chance, const AstWorld *world, int depth)
{
	if (chance_once_in(chance, 2)) {
		Node *text = ast_random(chance, world, EXPR_STRING, depth - 1);
		return ast_make(
		        world, NODE_IN, EXPR_BOOL, text, ast_random(chance, world, EXPR_LIST, depth - 1));
	}
	static const ExprKind kinds[] = {EXPR_INT, EXPR_DOUBLE, EXPR_STRING, EXPR_TIMESTAMP};
	ExprKind kind = CHANCE_OF(chance, kinds);
	Node *list = ast_node(world->arena, NODE_LITERALS, EXPR_LIST, 1 + chance_below(chance, 3));
	for (uint32_t i = 0; i < list->count; i++)
		list->child[i] = ast_random_literal(chance, world, kind);
	return ast_make(world, NODE_IN, EXPR_BOOL, ast_random(chance, world, kind, depth - 1), list);
}

static Node *random_choice(Chance *chance, const AstWorld *world, ExprKind type, int depth)
{
	Node *test = ast_random(chance, world, EXPR_BOOL, depth - 1);
	Node *node = ast_make(world, NODE_CHOICE, type, test, ast_random(chance, world, type, depth - 1));
	node->child[2] = ast_random(chance, world, type, depth - 1);
	node->count = 3;
	return node;
}

static Node *random_condition(Chance *chance, const AstWorld *world, int depth)
{
	Node *first;
	switch (chance_below(chance, 16)) {
	case 0:
	case 1:
	case 2:
		first = ast_random(chance, world, EXPR_BOOL, depth - 1);
		return ast_make(
		        world, NODE_AND, EXPR_BOOL, first, ast_random(chance, world, EXPR_BOOL, depth - 1));
	case 3:
	case 4:
	case 5:
		first = ast_random(chance, world, EXPR_BOOL, depth - 1);
		return ast_make(
		        world, NODE_OR, EXPR_BOOL, first, ast_random(chance, world, EXPR_BOOL, depth - 1));
	case 6:
		return ast_make(
		        world, NODE_NOT, EXPR_BOOL, ast_random(chance, world, EXPR_BOOL, depth - 1), NULL);
	case 7:
		return random_choice(chance, world, EXPR_BOOL, depth);
	case 8:
	case 9:
		return random_membership(chance, world, depth);
	case 10:
		return ast_random_has(chance, world);
	default:
		return random_comparison(chance, world, depth);
	}
}

static Node *random_number(Chance *chance, const AstWorld *world, ExprKind type, int depth)
{
	static const NodeKind kinds[] = {NODE_ADD, NODE_SUBTRACT, NODE_MULTIPLY, NODE_DIVIDE, NODE_MODULUS};
	NodeKind kind = kinds[chance_below(chance, type == EXPR_INT ? 5 : 4)];
	if (chance_once_in(chance, 8))
		return ast_make(world, NODE_NEGATE, type, ast_random(chance, world, type, depth - 1), NULL);
	if (type == EXPR_INT && chance_once_in(chance, 6))
		return ast_make(world, NODE_SIZE, EXPR_INT,
		        ast_random(chance, world, chance_once_in(chance, 2) ? EXPR_LIST : EXPR_STRING,
		                depth - 1),
		        NULL);
	Node *first = ast_random(chance, world, type, depth - 1);
	if ((kind == NODE_DIVIDE || kind == NODE_MODULUS) && chance_once_in(chance, 3)) {
		ExprValue zero = type == EXPR_INT ? value_of_int(0) : value_of_double(0);
		return ast_make(world, kind, type, first, ast_literal(world->arena, zero));
	}
	return ast_make(world, kind, type, first, ast_random(chance, world, type, depth - 1));
}

static Node *random_later(Chance *chance, const AstWorld *world, int depth)
{
	static const int64_t near[] = {0, 1, -1, 86400, -86400},
	                     far[] = {INT64_C(9000000000), -INT64_C(9000000000)};
	Node *node = ast_make(world, NODE_LATER, EXPR_TIMESTAMP,
	        ast_random(chance, world, EXPR_TIMESTAMP, depth - 1), NULL);
	node->value =
	        value_of_int(chance_once_in(chance, 2) ? CHANCE_OF(chance, near) : CHANCE_OF(chance, far));
	return node;
}

static Node *random_inner(Chance *chance, const AstWorld *world, ExprKind type, int depth)
{
	if (type == EXPR_BOOL)
		return random_condition(chance, world, depth);
	if (chance_once_in(chance, 5))
		return random_choice(chance, world, type, depth);
	if (type == EXPR_INT || type == EXPR_DOUBLE)
		return random_number(chance, world, type, depth);
	if (type == EXPR_TIMESTAMP)
		return random_later(chance, world, depth);
	Node *first = ast_random(chance, world, type, depth - 1);
	return ast_make(world, NODE_ADD, type, first, ast_random(chance, world, type, depth - 1));
}

Node *ast_random(Chance *chance, const AstWorld *world, ExprKind type, int depth)
{
	if (type == EXPR_BOOL && chance_once_in(chance, 800))
		return ast_node(world->arena, NODE_ENDLESS, EXPR_BOOL, 0);
	// Conditions are worth something only above the leaves; other values mostly at them.
	bool leaf =
	        depth <= 0 || (type == EXPR_BOOL ? chance_once_in(chance, 8) : chance_below(chance, 4) != 0);
	return leaf ? random_leaf(chance, world, type) : random_inner(chance, world, type, depth);
}
