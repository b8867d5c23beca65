// Types of the checker. Those without parameters are one object each, so that equal pointers are the common
// case.
#include "expr/ast.h"

static const Type dyn = {EXPR_DYN, NULL, NULL};
static const Type free_type = {EXPR_DYN, NULL, NULL};

#define SIMPLE(id) [EXPR_##id] = {EXPR_##id, NULL, NULL}
static const Type simple[] = {
        SIMPLE(ERROR),
        SIMPLE(NULL),
        SIMPLE(BOOL),
        SIMPLE(INT),
        SIMPLE(UINT),
        SIMPLE(DOUBLE),
        SIMPLE(STRING),
        SIMPLE(BYTES),
        SIMPLE(TIMESTAMP),
        SIMPLE(DURATION),
        [EXPR_LIST] = {EXPR_LIST, &dyn, NULL},
        [EXPR_MAP] = {EXPR_MAP, &dyn, &dyn},
        SIMPLE(TYPE),
};

const Type *expr_type(ExprKind kind)
{
	return kind == EXPR_DYN ? &dyn : &simple[kind];
}

const Type *expr_type_free(void)
{
	return &free_type;
}

const Type *expr_type_list(const Type *element, Arena *arena)
{
	Type *type = ARENA_NEW(arena, Type);

	if (!type)
		return expr_type(EXPR_LIST);
	*type = (Type){.kind = EXPR_LIST, .element = element};
	return type;
}

const Type *expr_type_map(const Type *key, const Type *value, Arena *arena)
{
	Type *type = ARENA_NEW(arena, Type);

	if (!type)
		return expr_type(EXPR_MAP);
	*type = (Type){.kind = EXPR_MAP, .element = value, .key = key};
	return type;
}

const Type *expr_type_from(ExprType type, Arena *arena)
{
	if (type.kind == EXPR_LIST)
		return expr_type_list(expr_type(type.element), arena);
	if (type.kind == EXPR_MAP)
		return expr_type_map(&dyn, expr_type(type.element), arena);
	return expr_type(type.kind);
}

ExprType expr_type_public(const Type *type)
{
	ExprType result = {.kind = type->kind};

	if (type->element)
		result.element = type->element->kind;
	return result;
}

Str expr_type_full_name(const Type *type, Arena *arena)
{
	Str key = {0}, element;
	const char *text = expr_kind_name(type->kind), *full;

	if (!type->element)
		return str(text);
	if (type->key)
		key = expr_type_full_name(type->key, arena);
	element = expr_type_full_name(type->element, arena);
	full = arena_printf(arena, "%s(" STR_FMT "%s" STR_FMT ")", text, STR_ARG(key), type->key ? ", " : "",
	        STR_ARG(element));
	return str(full ? full : text);
}

Str expr_type_name(const Type *type, Arena *arena)
{
	if (type->element && type->element->kind == EXPR_DYN && (!type->key || type->key->kind == EXPR_DYN))
		return str(expr_kind_name(type->kind));
	return expr_type_full_name(type, arena);
}

const Type *expr_type_join(const Type *a, const Type *b, Arena *arena)
{
	if (a == b || b == &free_type)
		return a;
	if (a == &free_type)
		return b;
	if (a->kind != b->kind)
		return &dyn;
	if (a->kind == EXPR_LIST)
		return expr_type_list(expr_type_join(a->element, b->element, arena), arena);
	if (a->kind == EXPR_MAP)
		return expr_type_map(expr_type_join(a->key, b->key, arena),
		        expr_type_join(a->element, b->element, arena), arena);
	return a;
}

bool expr_type_is_number(const Type *type)
{
	return type->kind == EXPR_INT || type->kind == EXPR_UINT || type->kind == EXPR_DOUBLE;
}

bool expr_type_fits(const Type *a, const Type *b)
{
	if (a->kind == EXPR_DYN || b->kind == EXPR_DYN)
		return true;
	if (expr_type_is_number(a) && expr_type_is_number(b))
		return true;
	if (a->kind == EXPR_LIST && b->kind == EXPR_LIST)
		return expr_type_fits(a->element, b->element);
	if (a->kind == EXPR_MAP && b->kind == EXPR_MAP)
		return expr_type_fits(a->key, b->key) && expr_type_fits(a->element, b->element);
	return a->kind == b->kind;
}
