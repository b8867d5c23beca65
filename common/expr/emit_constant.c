// Constants, and what is searched in them. A list of constants becomes a sorted set for each kind in it, a
// map of constants a sorted table of its keys, and a pattern its automaton, so that none of them is made anew
// whenever the program runs.
#include "expr/emit.h"
#include "expr/operate.h"

#include <stdlib.h>

// Beyond this an integer may equal several others, as doubles, and a map's first key would not be found.
#define KEY_EXACT_MAX (INT64_C(1) << 53)

static uint32_t append_constant(Emitter *e, ExprValue value)
{
	if (e->constant_count == e->constants_max) {
		expr_emit_too_large(e);
		return 0;
	}
	if (constant_has_data(value.kind))
		e->data_len += value.len;
	e->constants[e->constant_count] = value;
	return (uint32_t)e->constant_count++;
}

// Bit for bit the same: 0.0 and -0.0 are two constants.
static bool identical(ExprValue a, ExprValue b)
{
	if (a.kind != b.kind)
		return false;
	if (constant_has_data(a.kind))
		return str_eq(expr_value_str(a), expr_value_str(b));
	return a.kind != EXPR_LIST && a.kind != EXPR_MAP && a.u == b.u && a.len == b.len;
}

// The value with every byte that means nothing zero: same source, same bytes.
static ExprValue clean(ExprValue value)
{
	if (value.kind == EXPR_BOOL)
		return (ExprValue){.kind = EXPR_BOOL, .u = value.b};
	if (value.kind == EXPR_TYPE)
		return (ExprValue){.kind = EXPR_TYPE, .u = value.type};
	return (ExprValue){.kind = value.kind, .len = value.len, .u = value.u};
}

uint32_t expr_emit_constant_index(Emitter *e, ExprValue value)
{
	value = clean(value);
	for (size_t i = 0; i < e->constant_count; i++)
		if (identical(e->constants[i], value))
			return (uint32_t)i;
	return append_constant(e, value);
}

void expr_emit_constant(Emitter *e, ExprValue value)
{
	(void)expr_emit_op(e, OP_CONST, expr_emit_constant_index(e, value));
}

static int by_order(const void *a, const void *b)
{
	return (int)expr_compare(*(const ExprValue *)a, *(const ExprValue *)b);
}

static ExprValue *values_new(Emitter *e, size_t count)
{
	ExprValue *values = ARENA_ARRAY(e->c->arena, ExprValue, count);

	if (!values)
		expr_emit_too_large(e);
	return values;
}

// Whether a list consists of constants that have an order. A NaN has none, but equals nothing either.
static bool is_searchable(const Node *list)
{
	bool any = false;

	if (list->kind != NODE_LIST)
		return false;
	for (const Node *item = list->first; item; item = item->next) {
		ExprKind kind = item->value.kind;

		if (item->kind != NODE_LITERAL || kind < EXPR_BOOL || kind > EXPR_DURATION)
			return false;
		any |= item->value.kind != EXPR_DOUBLE || item->value.d == item->value.d;
	}
	return any;
}

// A sorted run of the list's distinct constants of one kind, and the constant that names it. False if there
// are none.
static bool set_constant(Emitter *e, const Node *list, ExprKind kind, uint32_t *ret)
{
	ExprValue *sorted = values_new(e, list->count);
	ExprValue set = {.kind = EXPR_LIST};
	size_t count = 0;

	for (const Node *item = list->first; sorted && item; item = item->next)
		if (item->value.kind == kind && (kind != EXPR_DOUBLE || item->value.d == item->value.d))
			sorted[count++] = item->value;
	if (count == 0)
		return false;
	qsort(sorted, count, sizeof(*sorted), by_order);
	set.u = e->constant_count;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || expr_compare(sorted[i - 1], sorted[i]) != ORDER_EQUAL) {
			(void)append_constant(e, clean(sorted[i]));
			set.len++;
		}
	*ret = append_constant(e, set);
	return true;
}

static bool is_pair(const Node *attribute, uint32_t set)
{
	return attribute->kind == NODE_ATTRIBUTE && attribute->slot < PROGRAM_PAIR_MAX &&
	       set < PROGRAM_PAIR_MAX;
}

// What is searched for: an attribute is read for each set, anything else once.
static void emit_in_set(Emitter *e, const Node *x, uint32_t set)
{
	if (is_pair(x, set)) {
		(void)expr_emit_op(e, OP_SLOT_IN, OPERAND_PAIR(x->slot, set));
		return;
	}
	expr_emit_node(e, x);
	(void)expr_emit_op(e, OP_IN_SET, set);
}

// One set: in it. Several: in one || in another.
static void emit_in_list(Emitter *e, const Node *x, const Node *list)
{
	uint32_t sets[EXPR_DURATION + 1], count = 0;
	size_t jumps[EXPR_DURATION + 1];
	bool once = x->kind != NODE_ATTRIBUTE;
	uint32_t place;

	for (ExprKind kind = EXPR_BOOL; kind <= EXPR_DURATION; kind++)
		count += set_constant(e, list, kind, &sets[count]);
	if (count == 1) {
		emit_in_set(e, x, sets[0]);
		return;
	}
	if (once)
		expr_emit_node(e, x);
	place = (uint32_t)e->depth;
	for (uint32_t i = 0; i < count; i++) {
		if (once) {
			(void)expr_emit_op(e, OP_WHOLE, place);
			(void)expr_emit_op(e, OP_IN_SET, sets[i]);
		} else {
			emit_in_set(e, x, sets[i]);
		}
		if (i > 0)
			(void)expr_emit_op(e, OP_OR, 0);
		if (i + 1 < count)
			jumps[i] = expr_emit_op(e, OP_IF_TRUE, 0);
	}
	for (uint32_t i = 0; i + 1 < count; i++)
		expr_emit_land(e, jumps[i]);
	if (once)
		(void)expr_emit_op(e, OP_KEEP, 1);
}

static bool is_exact_key(ExprValue key)
{
	switch (key.kind) {
	case EXPR_BOOL:
	case EXPR_STRING:
		return true;
	case EXPR_INT:
		return key.i >= -KEY_EXACT_MAX && key.i < KEY_EXACT_MAX;
	case EXPR_UINT:
		return key.u < (uint64_t)KEY_EXACT_MAX;
	default:
		return false;
	}
}

// The pairs of a map of constants by key; NULL if it is another map, or one that cannot be made.
static const ExprValue *sorted_map(Emitter *e, const Node *map)
{
	ExprValue *pairs;
	size_t count = 0;

	if (map->kind != NODE_MAP || !map->first)
		return NULL;
	for (const Node *key = map->first; key; key = key->next->next)
		if (key->kind != NODE_LITERAL || key->next->kind != NODE_LITERAL ||
		        key->value.kind != map->first->value.kind || !is_exact_key(key->value))
			return NULL;
	pairs = values_new(e, map->count);
	for (const Node *node = map->first; pairs && node; node = node->next)
		pairs[count++] = node->value;
	if (pairs)
		qsort(pairs, count / 2, 2 * sizeof(*pairs), by_order);
	for (size_t i = 2; i < count; i += 2)
		if (expr_compare(pairs[i - 2], pairs[i]) == ORDER_EQUAL)
			return NULL;
	return pairs;
}

// Keys, then values; returns the first key.
static uint32_t append_pairs(Emitter *e, const ExprValue *pairs, size_t count, bool with_values)
{
	uint32_t first = (uint32_t)e->constant_count;

	for (size_t i = 0; i < count; i++)
		(void)append_constant(e, clean(pairs[2 * i]));
	for (size_t i = 0; with_values && i < count; i++)
		(void)append_constant(e, clean(pairs[2 * i + 1]));
	return first;
}

static bool emit_map_search(Emitter *e, const Node *x, const Node *map, bool look_up)
{
	const ExprValue *pairs = sorted_map(e, map);
	ExprValue table = {.kind = look_up ? EXPR_MAP : EXPR_LIST, .len = map->count / 2};
	uint32_t index;

	if (!pairs)
		return false;
	table.u = append_pairs(e, pairs, table.len, look_up);
	index = append_constant(e, table);
	if (look_up) {
		expr_emit_node(e, x);
		(void)expr_emit_op(e, OP_LOOK_UP, index);
	} else {
		emit_in_set(e, x, index);
	}
	return true;
}

// Patterns are carried as far as a program has room for them; the others are compiled whenever they are used.
static bool emit_match(Emitter *e, const Node *node)
{
	ExprValue automaton = node->value;

	if (automaton.kind != EXPR_BYTES || e->patterns_len + automaton.len > PROGRAM_PATTERNS_MAX)
		return false;
	automaton.kind = CONSTANT_PATTERN;
	e->patterns_len += automaton.len;
	expr_emit_node(e, node->first);
	(void)expr_emit_op(e, OP_MATCH, expr_emit_constant_index(e, automaton));
	return true;
}

bool expr_emit_search(Emitter *e, const Node *node)
{
	switch (node->callee) {
	case CALLEE_IN:
		if (!is_searchable(node->last))
			return emit_map_search(e, node->first, node->last, false);
		emit_in_list(e, node->first, node->last);
		return true;
	case CALLEE_INDEX:
		return emit_map_search(e, node->last, node->first, true);
	case CALLEE_MATCHES:
		return emit_match(e, node);
	default:
		return false;
	}
}
