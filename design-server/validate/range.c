// What values an expression can have, or can fail for want of. Numbers are followed through constants and
// choices; where attributes come in, anything is possible and nothing is said.
#include "validate/logic_internal.h"

#include "base/cleanup.h"

#include <math.h>

enum { WORK_BLOCK = 32 * 1024 };

// What a number can be. Both ends are reached, or nothing is known.
typedef struct Reach {
	bool known;
	double low, high;
} Reach;

static Reach at_value(double value)
{
	return (Reach){isfinite(value), value, value};
}

static Reach around(Reach a, Reach b)
{
	return (Reach){a.known || b.known, a.known && !(b.known && b.low < a.low) ? a.low : b.low,
	        a.known && !(b.known && b.high > a.high) ? a.high : b.high};
}

// Of a choice either side can come about, unless its test is never, or always, true. A side of which nothing
// is known can at least not take back what the other can be.
static Reach reach_of(Reading *reading, const Node *node)
{
	ExprValue value;
	if (node_constant(reading, node, &value))
		return value.kind == EXPR_INT      ? at_value((double)value.i)
		       : value.kind == EXPR_DOUBLE ? at_value(value.d)
		                                   : (Reach){0};
	if (node->kind != NODE_CHOICE)
		return (Reach){0};
	Formula yes = read_formula(reading, node->first, true),
	        no = read_formula(reading, node->first, false);
	Reach first = reach_of(reading, node->first->next), second = reach_of(reading, node->last);
	if (formula_is_never(&yes) || formula_is_never(&no))
		return formula_is_never(&yes) ? second : first;
	return around(first, second);
}

static bool asks_for(const Node *node, uint32_t slot)
{
	if (node->kind == NODE_HAS && node->slot == slot)
		return true;
	for (const Node *child = node->first; child; child = child->next) {
		if (asks_for(child, slot))
			return true;
	}
	return false;
}

static const Node *find_lacking(const Logic *logic, const Node *root, const Node *node)
{
	if (node->kind == NODE_ATTRIBUTE)
		return logic->values[node->slot].missing && !asks_for(root, node->slot) ? node : NULL;
	for (const Node *child = node->first; child; child = child->next) {
		const Node *found = find_lacking(logic, root, child);
		if (found)
			return found;
	}
	return NULL;
}

Err logic_lacking(Logic *logic, const char *source, const char **ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Compilation c = {.arena = work, .schema = &logic->schema, .source = str(source)};
	if (!work)
		return logic_no_memory();
	TRY(expr_analyse(&c, EXPR_DYN));
	const Node *found = find_lacking(logic, c.root, c.root);
	*ret = found ? logic->level->attributes[found->slot]->name : NULL;
	return OK;
}

Err logic_range(Logic *logic, const char *source, bool *ret_known, double *ret_low, double *ret_high)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Compilation c = {.arena = work, .schema = &logic->schema, .source = str(source)};
	Reading reading = {.logic = logic, .compilation = &c, .work = work};
	if (!work)
		return logic_no_memory();
	TRY(expr_analyse(&c, EXPR_DOUBLE));
	Reach reach = reach_of(&reading, c.root);
	*ret_known = reach.known;
	*ret_low = reach.low;
	*ret_high = reach.high;
	return reading.failed;
}
