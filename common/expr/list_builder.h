// A list under construction: a kind of value of its own, which no constant and no caller can make. Its
// capacity lies before its first item, so that adding is safe whatever program does it; no operator but these
// knows the kind.
#pragma once
#include "expr/operate.h"

#define EXPR_LIST_BUILDER ((ExprKind)(EXPR_DYN + 1))

static inline ExprValue list_builder_new(Evaluation *evaluation, uint32_t capacity)
{
	ExprValue *memory;

	if (!expr_burn(evaluation, capacity * sizeof(ExprValue)))
		return expr_error(EXPR_ERR_FUEL);
	memory = ARENA_ARRAY(evaluation->arena, ExprValue, (size_t)capacity + 1);
	if (!memory)
		return expr_error(EXPR_ERR_MEMORY);
	memory[0] = expr_int(capacity);
	return (ExprValue){.kind = EXPR_LIST_BUILDER, .items = memory + 1};
}

// The list with one more item; an error if either is one.
static inline ExprValue list_builder_add(ExprValue list, ExprValue item)
{
	if (expr_is_error(list))
		return list;
	if (expr_is_error(item))
		return item;
	if (list.kind != EXPR_LIST_BUILDER || item.kind == EXPR_LIST_BUILDER || list.len >= list.items[-1].i)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	((ExprValue *)list.items)[list.len++] = item;
	return list;
}

static inline ExprValue list_builder_end(ExprValue list)
{
	if (list.kind == EXPR_LIST_BUILDER)
		list.kind = EXPR_LIST;
	return list;
}
