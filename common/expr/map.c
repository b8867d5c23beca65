// What maps can do.
#include "expr/map.h"

#include "expr/list_builder.h"

const ExprValue *expr_map_find(Evaluation *evaluation, ExprValue map, ExprValue key)
{
	for (size_t i = 0; i < map.len; i++) {
		if (!expr_burn(evaluation, 16))
			return NULL;
		if (expr_equal(evaluation, key, map.items[2 * i]))
			return &map.items[2 * i + 1];
	}
	return NULL;
}

ExprValue expr_map_has(Evaluation *evaluation, ExprValue map, ExprValue key)
{
	if (expr_is_error(map))
		return map;
	if (expr_is_error(key))
		return key;
	if (map.kind != EXPR_MAP)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	return value_bool(expr_map_find(evaluation, map, key) != NULL);
}

static bool is_key(ExprValue key)
{
	return key.kind == EXPR_BOOL || key.kind == EXPR_INT || key.kind == EXPR_UINT ||
	       key.kind == EXPR_STRING;
}

ExprValue expr_map_builder_add(Evaluation *evaluation, ExprValue map, ExprValue key, ExprValue value)
{
	ExprValue *pair;

	if (expr_is_error(map))
		return map;
	if (expr_is_error(key))
		return key;
	if (expr_is_error(value))
		return value;
	if ((int)map.kind != EXPR_MAP_BUILDER || !is_key(key) || value.kind > EXPR_TYPE ||
	        2 * (int64_t)map.len >= map.items[-1].i)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (expr_map_find(evaluation, map, key))
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	pair = (ExprValue *)map.items + 2 * (size_t)map.len++;
	pair[0] = key;
	pair[1] = value;
	return map;
}
