// Scores have to be between 0 and 100. What an expression can give is followed through constants, choices and
// sums; where attributes come in, anything is possible and nothing is told.
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
