// Names to slots, calls to callees, and a type for every node. A program that passes cannot fail for want of
// an overload except where it says dyn. Messages name the types that were found and a way out.
#include "expr/check.h"
#include "base/nearest.h"

#include "expr/format.h"

// Names of types are values.
static bool type_by_name(Str name, ExprKind *ret)
{
	for (ExprKind kind = EXPR_NULL; kind <= EXPR_TYPE; kind++)
		if (str_eq(name, str(expr_type_text(kind)))) {
			*ret = kind;
			return true;
		}
	return false;
}

static const ExprAttribute *attribute(Compilation *c, Str name)
{
	for (size_t i = 0; i < c->schema->count; i++)
		if (str_eq(c->schema->attributes[i].name, name))
			return &c->schema->attributes[i];
	return NULL;
}

// The innermost variable of that name, or NULL.
static Variable *variable_of(const Compilation *c, Str name)
{
	for (Variable *variable = c->scope; variable; variable = variable->outer)
		if (str_eq(variable->name, name))
			return variable;
	return NULL;
}

// The name that a node spells, such as "order.total", unless it begins with a variable; else the empty view.
static Str dotted(Compilation *c, const Node *node)
{
	Str before;
	char *text;

	if (node->kind == NODE_NAME)
		return !node->absolute && variable_of(c, node->name) ? (Str){0} : node->name;
	if (node->kind != NODE_SELECT)
		return (Str){0};
	before = dotted(c, node->first);
	if (before.len == 0)
		return (Str){0};
	text = arena_printf(c->arena, STR_FMT "." STR_FMT, STR_ARG(before), STR_ARG(node->name));
	return str(text);
}

static void unknown_name(Compilation *c, const Node *node, Str name)
{
	Nearest nearest = nearest_to(name);

	for (size_t i = 0; i < c->schema->count; i++)
		nearest_try(&nearest, c->schema->attributes[i].name);
	if (nearest.best.len)
		(void)expr_fail(c, ERR_EXPR_NAME_UNKNOWN, node->at,
		        "there is no attribute '%.*s'; did you mean '%.*s'?", STR_ARG(name),
		        STR_ARG(nearest.best));
	else
		(void)expr_fail(c, ERR_EXPR_NAME_UNKNOWN, node->at,
		        "there is no attribute '%.*s'; add it to the profile schema, or quote it if it is a "
		        "text",
		        STR_ARG(name));
}

static bool resolve_attribute(Compilation *c, Node *node, Str name)
{
	const ExprAttribute *found = name.len ? attribute(c, name) : NULL;

	if (!found)
		return false;
	node->kind = NODE_ATTRIBUTE;
	node->slot = (uint32_t)(found - c->schema->attributes);
	node->type = expr_type_from(found->type, c->arena);
	return true;
}

static bool resolve_type(Node *node, Str name)
{
	ExprKind kind;

	if (!type_by_name(name, &kind))
		return false;
	node->kind = NODE_LITERAL;
	node->value = (ExprValue){.kind = EXPR_TYPE, .type = kind};
	node->type = expr_type(EXPR_TYPE);
	return true;
}

static bool resolve(Compilation *c, Node *node, Str name)
{
	return name.len && (resolve_attribute(c, node, name) || resolve_type(node, name));
}

static void check_name(Compilation *c, Node *node)
{
	Variable *variable = node->absolute ? NULL : variable_of(c, node->name);

	if (variable) {
		node->kind = NODE_VARIABLE;
		node->variables[0] = variable;
		node->type = variable->type;
	} else if (!resolve(c, node, node->name)) {
		unknown_name(c, node, node->name);
	}
}

// Whether any beginning of a chain of selections is a name that is known.
static bool begins_known(Compilation *c, const Node *node)
{
	ExprKind kind;
	Str name = dotted(c, node);

	if (name.len == 0 || attribute(c, name) || type_by_name(name, &kind))
		return true;
	return node->kind == NODE_SELECT && begins_known(c, node->first);
}

// x.field becomes x["field"], which is the same for maps.
static void check_field(Compilation *c, Node *node)
{
	const Type *map;
	Node *key;

	expr_check_node(c, node->first);
	if (c->failed != OK)
		return;
	map = node->first->type;
	if (map->kind != EXPR_MAP && map->kind != EXPR_DYN) {
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "only maps have fields, and this is a " STR_FMT "; remove '.%.*s'",
		        STR_ARG(expr_type_name(map, c->arena)), STR_ARG(node->name));
		return;
	}
	key = expr_node(c, NODE_LITERAL, node->at);
	key->value = expr_string(node->name);
	expr_node_add(c, node, key);
	node->kind = NODE_CALL;
	node->callee = CALLEE_INDEX;
	expr_check_node(c, key);
	if (c->failed == OK)
		expr_check_callee(c, node);
}

// The longest name that is declared wins; what follows it are fields.
static void check_select(Compilation *c, Node *node)
{
	Str name = dotted(c, node);

	if (resolve(c, node, name))
		return;
	if (begins_known(c, node->first))
		check_field(c, node);
	else
		unknown_name(c, node, name);
}

static void check_list(Compilation *c, Node *node)
{
	const Type *element = expr_type_free();

	for (Node *item = node->first; item; item = item->next) {
		expr_check_node(c, item);
		if (c->failed == OK)
			element = expr_type_join(element, item->type, c->arena);
	}
	node->type = expr_type_list(element, c->arena);
}

static bool may_be_key(const Type *type)
{
	return type->kind == EXPR_BOOL || type->kind == EXPR_INT || type->kind == EXPR_UINT ||
	       type->kind == EXPR_STRING || type->kind == EXPR_DYN;
}

static void check_map(Compilation *c, Node *node)
{
	const Type *key = expr_type_free(), *value = key;

	for (Node *item = node->first; item; item = item->next->next) {
		expr_check_node(c, item);
		expr_check_node(c, item->next);
		if (c->failed != OK)
			return;
		if (!may_be_key(item->type)) {
			(void)expr_fail(c, ERR_EXPR_TYPE, item->at,
			        "a map's keys are bool, int, uint or string, found " STR_FMT
			        "; convert it with string(x)",
			        STR_ARG(expr_type_name(item->type, c->arena)));
			return;
		}
		key = expr_type_join(key, item->type, c->arena);
		value = expr_type_join(value, item->next->type, c->arena);
	}
	node->type = expr_type_map(key, value, c->arena);
}

void expr_want_bool(Compilation *c, const Node *node, const char *where)
{
	const char *remedy = "";

	if (c->failed != OK || c->unchecked || node->type->kind == EXPR_BOOL || node->type->kind == EXPR_DYN)
		return;
	if (expr_type_is_number(node->type))
		remedy = ": compare it, for example 'x > 0'";
	else if (node->type->kind == EXPR_STRING)
		remedy = ": compare it, for example 'x == \"a\"'";
	else if (node->type->kind == EXPR_LIST)
		remedy = ": test it, for example '\"a\" in x' or 'size(x) > 0'";
	else
		remedy = ": compare it";
	(void)expr_fail(c, ERR_EXPR_TYPE, node->at, "expected bool %s, found " STR_FMT "%s", where,
	        STR_ARG(expr_type_name(node->type, c->arena)), remedy);
}

static void check_logic(Compilation *c, Node *node)
{
	for (Node *child = node->first; child; child = child->next) {
		expr_check_node(c, child);
		expr_want_bool(c, child, node->kind == NODE_ALL ? "beside '&&'" : "beside '||'");
	}
	node->type = expr_type(EXPR_BOOL);
}

static void check_choice(Compilation *c, Node *node)
{
	const Type *yes, *no;

	for (Node *child = node->first; child; child = child->next)
		expr_check_node(c, child);
	if (c->failed != OK)
		return;
	expr_want_bool(c, node->first, "before '?'");
	yes = node->first->next->type;
	no = node->last->type;
	node->type = expr_type_join(yes, no, c->arena);
	if (c->unchecked || yes->kind == no->kind || yes->kind == EXPR_DYN || no->kind == EXPR_DYN)
		return;
	(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
	        "both ways of '?:' need the same type, found " STR_FMT " and " STR_FMT "%s",
	        STR_ARG(expr_type_name(yes, c->arena)), STR_ARG(expr_type_name(no, c->arena)),
	        expr_type_is_number(yes) && expr_type_is_number(no) ? ": convert one with double(x)" : "");
}

// has(x) asks whether an attribute has a value, has(x.y) also whether a map has a field.
static void check_has(Compilation *c, Node *node)
{
	Node *child = node->first;

	if (node->count != 1 || (child->kind != NODE_NAME && child->kind != NODE_SELECT)) {
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "has() asks about an attribute or a map's field; write has(name) or has(x.name)");
		return;
	}
	expr_check_node(c, child);
	if (c->failed != OK)
		return;
	node->type = expr_type(EXPR_BOOL);
	if (child->kind == NODE_ATTRIBUTE) {
		node->kind = NODE_HAS;
		node->slot = child->slot;
	} else if (child->kind == NODE_CALL && child->callee == CALLEE_INDEX) {
		node->callee = CALLEE_HAS_KEY;
		node->first = child->first;
		node->last = child->last;
		node->count = child->count;
	} else {
		(void)expr_fail(c, ERR_EXPR_TYPE, child->at,
		        "has() asks about an attribute or a map's field, and '" STR_FMT
		        "' always has a value",
		        STR_ARG(child->name));
	}
}

// math.abs(x): the receiver is part of the name.
static void join_namespace(Compilation *c, Node *node)
{
	Str before = node->member ? dotted(c, node->first) : (Str){0};
	Str name;

	if (before.len == 0 || attribute(c, before) || !expr_is_namespace(before))
		return;
	name = str(arena_printf(c->arena, STR_FMT "." STR_FMT, STR_ARG(before), STR_ARG(node->name)));
	node->name = name;
	node->member = false;
	node->first = node->first->next;
	node->last = node->first ? node->last : NULL;
	node->count--;
}

static void check_call(Compilation *c, Node *node)
{
	if (node->callee == CALLEE_NONE)
		join_namespace(c, node);
	if (!node->member && str_eq(node->name, STR("has"))) {
		check_has(c, node);
		return;
	}
	if (node->callee == CALLEE_NONE && expr_check_macro(c, node))
		return;
	for (Node *arg = node->first; arg; arg = arg->next)
		expr_check_node(c, arg);
	if (c->failed == OK)
		expr_check_callee(c, node);
}

static void check_literal(Compilation *c, Node *node)
{
	node->type = expr_type(node->value.kind);
	if (node->only_negative)
		(void)expr_fail(c, ERR_EXPR_SYNTAX, node->at,
		        "the number does not fit into an int; write 9223372036854775808u for uint");
}

// Without the checker's right to refuse, what it would refuse fails when it runs.
static void postpone(Compilation *c, Node *node)
{
	node->kind = NODE_FAIL;
	node->value = (ExprValue){.kind = EXPR_ERROR, .error = EXPR_ERR_NO_OVERLOAD};
	node->type = expr_type(EXPR_DYN);
	c->failed = OK;
}

// Recursion ends: a tree is at most EXPR_DEPTH_MAX deep.
void expr_check_node(Compilation *c, Node *node)
{
	static void (*const checks[])(Compilation *, Node *) = {
	        [NODE_LITERAL] = check_literal,
	        [NODE_NAME] = check_name,
	        [NODE_SELECT] = check_select,
	        [NODE_CALL] = check_call,
	        [NODE_LIST] = check_list,
	        [NODE_MAP] = check_map,
	        [NODE_ALL] = check_logic,
	        [NODE_ANY] = check_logic,
	        [NODE_CHOICE] = check_choice,
	};

	if (c->failed == OK)
		checks[node->kind](c, node);
	if (c->unchecked && (c->failed == ERR_EXPR_TYPE || c->failed == ERR_EXPR_NAME_UNKNOWN))
		postpone(c, node);
}

Err expr_check(Compilation *c, ExprKind expected)
{
	const Type *type;
	Str found;

	expr_check_node(c, c->root);
	if (c->failed != OK)
		return c->failed;
	type = c->root->type;
	if (expected == EXPR_DYN || type->kind == expected ||
	        (expected == EXPR_DOUBLE && type->kind == EXPR_INT))
		return OK;
	if (type->kind == EXPR_DYN)
		return expr_fail(c, ERR_EXPR_TYPE, c->root->at,
		        "expected %s, found dyn: what it is shows only when it runs; convert it with %s(x)",
		        expr_kind_name(expected), expr_kind_name(expected));
	if (expected == EXPR_BOOL) {
		expr_want_bool(c, c->root, "as the result");
		return c->failed;
	}
	found = expr_type_name(type, c->arena);
	return expr_fail(c, ERR_EXPR_TYPE, c->root->at,
	        "expected %s as the result, found " STR_FMT ": convert it with %s(x)",
	        expr_kind_name(expected), STR_ARG(found), expr_kind_name(expected));
}
