// Names to slots, calls to callees, and a type for every node. A program that passes cannot fail for want of
// an overload except where it says dyn. Messages name the types that were found and a way out.
#include "expr/check.h"
#include "base/nearest.h"

#include "expr/format.h"

static void check(Compilation *c, Node *node);

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

// The dotted name that a chain of selections spells, or the empty view.
static Str dotted(Compilation *c, const Node *node)
{
	Str before;
	char *text;

	if (node->kind == NODE_NAME)
		return node->name;
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

static void check_name(Compilation *c, Node *node)
{
	Str name = dotted(c, node);
	ExprKind kind;

	if (resolve_attribute(c, node, name))
		return;
	if (name.len && type_by_name(name, &kind)) {
		node->kind = NODE_LITERAL;
		node->value = (ExprValue){.kind = EXPR_TYPE, .type = kind};
		node->type = expr_type(EXPR_TYPE);
	} else if (name.len) {
		unknown_name(c, node, name);
	} else {
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "only attributes have dotted names; remove '.%.*s'", STR_ARG(node->name));
	}
}

static void check_list(Compilation *c, Node *node)
{
	const Type *element = expr_type_free();

	for (Node *item = node->first; item; item = item->next) {
		check(c, item);
		if (c->failed == OK)
			element = expr_type_join(element, item->type, c->arena);
	}
	node->type = expr_type_list(element, c->arena);
}

void expr_want_bool(Compilation *c, const Node *node, const char *where)
{
	const char *remedy = "";

	if (c->failed != OK || node->type->kind == EXPR_BOOL || node->type->kind == EXPR_DYN)
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
		check(c, child);
		expr_want_bool(c, child, node->kind == NODE_ALL ? "beside '&&'" : "beside '||'");
	}
	node->type = expr_type(EXPR_BOOL);
}

static void check_choice(Compilation *c, Node *node)
{
	const Type *yes, *no;

	for (Node *child = node->first; child; child = child->next)
		check(c, child);
	if (c->failed != OK)
		return;
	expr_want_bool(c, node->first, "before '?'");
	yes = node->first->next->type;
	no = node->last->type;
	node->type = expr_type_join(yes, no, c->arena);
	if (yes->kind == no->kind || yes->kind == EXPR_DYN || no->kind == EXPR_DYN)
		return;
	(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
	        "both ways of '?:' need the same type, found " STR_FMT " and " STR_FMT "%s",
	        STR_ARG(expr_type_name(yes, c->arena)), STR_ARG(expr_type_name(no, c->arena)),
	        expr_type_is_number(yes) && expr_type_is_number(no) ? ": convert one with double(x)" : "");
}

// has(x) asks about an attribute and does not evaluate it.
static void check_has(Compilation *c, Node *node)
{
	Node *child = node->first;

	if (node->count != 1 || (child->kind != NODE_NAME && child->kind != NODE_SELECT)) {
		(void)expr_fail(
		        c, ERR_EXPR_TYPE, node->at, "has() asks about one attribute; write has(name)");
		return;
	}
	check_name(c, child);
	if (c->failed == OK && child->kind != NODE_ATTRIBUTE)
		(void)expr_fail(c, ERR_EXPR_TYPE, child->at,
		        "has() asks about an attribute, and '" STR_FMT "' is a type", STR_ARG(child->name));
	node->kind = NODE_HAS;
	node->slot = child->slot;
	node->type = expr_type(EXPR_BOOL);
}

static void check_call(Compilation *c, Node *node)
{
	if (!node->member && str_eq(node->name, STR("has"))) {
		check_has(c, node);
		return;
	}
	for (Node *arg = node->first; arg; arg = arg->next)
		check(c, arg);
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

// Recursion ends: a tree is at most EXPR_DEPTH_MAX deep.
static void check(Compilation *c, Node *node)
{
	static void (*const checks[])(Compilation *, Node *) = {
	        [NODE_LITERAL] = check_literal,
	        [NODE_NAME] = check_name,
	        [NODE_SELECT] = check_name,
	        [NODE_CALL] = check_call,
	        [NODE_LIST] = check_list,
	        [NODE_ALL] = check_logic,
	        [NODE_ANY] = check_logic,
	        [NODE_CHOICE] = check_choice,
	};

	if (c->failed == OK)
		checks[node->kind](c, node);
}

Err expr_check(Compilation *c, ExprKind expected)
{
	const Type *type;
	Str found;

	check(c, c->root);
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
