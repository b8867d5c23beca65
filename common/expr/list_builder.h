// A list or map under construction: kinds of value of their own, which no constant and no caller can make.
// The capacity lies before the first item, so that adding is safe whatever program does it; no operator but
// these knows the kinds. Nothing copies such a value (`local` and `add` refuse it): two of them over the same
// memory could make a list that contains itself.
#pragma once
#include "expr/operate.h"

enum { EXPR_LIST_BUILDER = EXPR_DYN + 1, EXPR_MAP_BUILDER };

// `capacity` counts cells: a map's pair takes two.
static inline ExprValue builder_new(Evaluation *evaluation, ExprKind kind, size_t capacity)
{
	ExprValue *memory;

	if (!expr_burn(evaluation, capacity * sizeof(ExprValue)))
		return expr_error(EXPR_ERR_FUEL);
	memory = ARENA_ARRAY(evaluation->arena, ExprValue, capacity + 1);
	if (!memory)
		return expr_error(EXPR_ERR_MEMORY);
	memory[0] = expr_int((int64_t)capacity);
	return (ExprValue){.kind = kind, .items = memory + 1};
}

static inline ExprValue list_builder_new(Evaluation *evaluation, size_t capacity)
{
	return builder_new(evaluation, (ExprKind)EXPR_LIST_BUILDER, capacity);
}

static inline ExprValue map_builder_new(Evaluation *evaluation, size_t pairs)
{
	return builder_new(evaluation, (ExprKind)EXPR_MAP_BUILDER, 2 * pairs);
}

// The list with one more item; an error if either is one. An error may be added to a map too.
static inline ExprValue list_builder_add(ExprValue list, ExprValue item)
{
	if (expr_is_error(list))
		return list;
	if (expr_is_error(item))
		return item;
	if ((int)list.kind != EXPR_LIST_BUILDER || item.kind > EXPR_TYPE || list.len >= list.items[-1].i)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	((ExprValue *)list.items)[list.len++] = item;
	return list;
}

// The map with one more pair; an error if any of them is one, or the map has the key.
ExprValue expr_map_builder_add(Evaluation *evaluation, ExprValue map, ExprValue key, ExprValue value);

static inline ExprValue list_builder_end(ExprValue list)
{
	if ((int)list.kind == EXPR_LIST_BUILDER)
		list.kind = EXPR_LIST;
	else if ((int)list.kind == EXPR_MAP_BUILDER)
		list.kind = EXPR_MAP;
	return list;
}
