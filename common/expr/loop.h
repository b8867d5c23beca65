// What loops do to the stack. A cursor is a kind of value of its own, like a builder; it counts the items
// that are done with. Every step looks at the kinds it finds, so that no program can lead it astray.
#pragma once
#include "expr/list_builder.h"

enum { EXPR_CURSOR = EXPR_MAP_BUILDER + 1 };

static inline ExprValue cursor_new(void)
{
	return (ExprValue){.kind = (ExprKind)EXPR_CURSOR};
}

static inline bool is_range(ExprValue value)
{
	return value.kind == EXPR_LIST || value.kind == EXPR_MAP;
}

// As long as what the loop under `top` goes through.
static inline uint32_t loop_len(const ExprValue *top)
{
	return is_range(top[-1]) ? top[-1].len : 0;
}

// Whether there is an item; if there can be none, what the loop collects becomes the error that says why.
static inline bool loop_has_item(ExprValue *top)
{
	const ExprValue range = top[-2], cursor = top[-1];

	if (is_range(range) && (int)cursor.kind == EXPR_CURSOR)
		return cursor.u < range.len;
	*top = expr_is_error(range) ? range : expr_error(EXPR_ERR_NO_OVERLOAD);
	return false;
}

static inline void loop_advance(ExprValue *top)
{
	if ((int)top[-1].kind == EXPR_CURSOR)
		top[-1].u++;
}

// The current item: of a map the key or its value; of a list its index or the element.
static inline ExprValue loop_item(const ExprValue *cursor, bool key, bool index)
{
	const ExprValue range = cursor[-1];

	if ((int)cursor->kind != EXPR_CURSOR || !is_range(range) || cursor->u >= range.len)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (range.kind == EXPR_MAP)
		return range.items[2 * cursor->u + !key];
	return index ? value_int((int64_t)cursor->u) : range.items[cursor->u];
}

static inline ExprValue loop_local(ExprValue value)
{
	return value.kind <= EXPR_TYPE ? value : expr_error(EXPR_ERR_NO_OVERLOAD);
}
