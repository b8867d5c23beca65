// Loops and variables. A loop keeps three values on the stack: what it goes through, a cursor, and what it
// collects; variables are places on the stack. Errors need no instructions of their own: what collects meets
// them as it would anywhere.
#include "expr/emit.h"
#include "expr/operate.h"

void expr_emit_variable(Emitter *e, const Node *node)
{
	static const Opcode opcodes[] = {
	        [ACCESS_WHOLE] = OP_WHOLE,
	        [ACCESS_ITEM] = OP_ITEM,
	        [ACCESS_KEY] = OP_KEY,
	        [ACCESS_VALUE] = OP_VALUE,
	};
	const Variable *variable = node->variables[0];

	(void)expr_emit_op(e, opcodes[variable->access], variable->place);
}

// An instruction that reads the loop's item.
static void emit_item(Emitter *e, const Node *loop, Opcode opcode)
{
	(void)expr_emit_op(e, opcode, loop->variables[0]->place);
}

static void start_false(Emitter *e)
{
	expr_emit_constant(e, expr_bool(false));
}

static void start_true(Emitter *e)
{
	expr_emit_constant(e, expr_bool(true));
}

static void start_count(Emitter *e)
{
	expr_emit_constant(e, expr_int(0));
}

static void start_list(Emitter *e)
{
	(void)expr_emit_op(e, OP_LIST_FOR, 0);
}

static void start_map(Emitter *e)
{
	(void)expr_emit_op(e, OP_MAP_FOR, 0);
}

// Each step leaves the collected value on top. It returns a jump out of the loop, or 0.
static size_t step_all(Emitter *e, const Node *loop)
{
	expr_emit_node(e, loop->last);
	(void)expr_emit_op(e, OP_AND, 0);
	return expr_emit_op(e, OP_IF_FALSE, 0);
}

static size_t step_exists(Emitter *e, const Node *loop)
{
	expr_emit_node(e, loop->last);
	(void)expr_emit_op(e, OP_OR, 0);
	return expr_emit_op(e, OP_IF_TRUE, 0);
}

// count + (test ? 1 : 0)
static size_t step_exists_one(Emitter *e, const Node *loop)
{
	size_t error, other, end;

	expr_emit_node(e, loop->last);
	error = expr_emit_op(e, OP_UNLESS_BOOL, 0);
	other = expr_emit_op(e, OP_POP_IF_FALSE, 0);
	expr_emit_constant(e, expr_int(1));
	end = expr_emit_op(e, OP_JUMP, 0);
	e->depth--;
	expr_emit_land(e, other);
	expr_emit_constant(e, expr_int(0));
	expr_emit_land(e, end);
	expr_emit_land(e, error);
	(void)expr_emit_op(e, OP_ADD, 0);
	return 0;
}

// Emits what is collected of one item; true if it is already added.
static bool emit_collected(Emitter *e, const Node *loop)
{
	if (loop->loop == LOOP_FILTER)
		emit_item(e, loop, OP_ITEM);
	else if (loop->loop == LOOP_LIST)
		expr_emit_node(e, loop->last);
	if (loop->loop != LOOP_MAP)
		return false;
	emit_item(e, loop, OP_KEY);
	expr_emit_node(e, loop->last);
	(void)expr_emit_op(e, OP_MAP_ADD, 0);
	return true;
}

// An error of the test is added like an item, which makes it the result.
static size_t step_collect(Emitter *e, const Node *loop)
{
	const Node *test = loop->first->next;
	bool tests = loop->loop == LOOP_FILTER || test != loop->last;
	size_t error = 0, other = 0, added = 0;
	bool done;

	if (tests) {
		expr_emit_node(e, test);
		error = expr_emit_op(e, OP_UNLESS_BOOL, 0);
		other = expr_emit_op(e, OP_POP_IF_FALSE, 0);
	}
	done = emit_collected(e, loop);
	if (done && tests) {
		added = expr_emit_op(e, OP_JUMP, 0);
		e->depth++;
	}
	if (tests)
		expr_emit_land(e, error);
	if (!done || tests)
		(void)expr_emit_op(e, OP_LIST_ADD, 0);
	if (tests)
		expr_emit_land(e, other);
	if (added)
		expr_emit_land(e, added);
	return 0;
}

static void end_plain(Emitter *e)
{
	(void)e;
}

static void end_count(Emitter *e)
{
	expr_emit_constant(e, expr_int(1));
	(void)expr_emit_op(e, OP_EQ, 0);
}

static void end_collection(Emitter *e)
{
	(void)expr_emit_op(e, OP_LIST_END, 0);
}

static const struct {
	void (*start)(Emitter *e);
	size_t (*step)(Emitter *e, const Node *loop);
	void (*end)(Emitter *e);
} loops[] = {
        [LOOP_ALL] = {start_true, step_all, end_plain},
        [LOOP_EXISTS] = {start_false, step_exists, end_plain},
        [LOOP_EXISTS_ONE] = {start_count, step_exists_one, end_count},
        [LOOP_LIST] = {start_list, step_collect, end_collection},
        [LOOP_FILTER] = {start_list, step_collect, end_collection},
        [LOOP_MAP] = {start_map, step_collect, end_collection},
};

void expr_emit_loop(Emitter *e, const Node *node)
{
	size_t next, leave;

	expr_emit_node(e, node->first);
	(void)expr_emit_op(e, OP_ITERATE, 0);
	for (size_t i = 0; i < ARRAY_COUNT(node->variables); i++)
		if (node->variables[i])
			node->variables[i]->place = (uint32_t)e->depth;
	loops[node->loop].start(e);
	next = expr_emit_op(e, OP_NEXT, 0);
	leave = loops[node->loop].step(e, node);
	(void)expr_emit_op(e, OP_LOOP, (uint32_t)next);
	expr_emit_land(e, next);
	if (leave)
		expr_emit_land(e, leave);
	loops[node->loop].end(e);
	(void)expr_emit_op(e, OP_KEEP, 2);
}

void expr_emit_bind(Emitter *e, const Node *node)
{
	expr_emit_node(e, node->first);
	node->variables[0]->place = (uint32_t)e->depth;
	expr_emit_node(e, node->last);
	(void)expr_emit_op(e, OP_KEEP, 1);
}
