// Terms: what two expressions both compute is one term, whoever wrote it. So the text of a term is made of
// the tree, with attributes by their slots and variables by where they are bound.
#include "validate/logic_internal.h"

#include "expr/operate.h"

#include <stdarg.h>
#include <stdio.h>

enum { VARIABLES_MAX = 2 * EXPR_DEPTH_MAX, CONSTANT_FUEL = 100 * 1000 };

typedef struct Writer {
	Arena *arena;
	char *text;
	size_t len, room;
	bool lost;
	const Variable *bound[VARIABLES_MAX];
	size_t bound_count;
} Writer;

static void put_bytes(Writer *w, const char *bytes, size_t len)
{
	if (w->len + len > w->room && !w->lost) {
		size_t room = 2 * (w->room + len);
		char *text = arena_alloc(w->arena, room);
		w->lost = !text;
		if (text && w->len)
			memcpy(text, w->text, w->len);
		w->text = text;
		w->room = room;
	}
	if (w->lost || !len)
		return;
	memcpy(w->text + w->len, bytes, len);
	w->len += len;
}

static void put(Writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(Writer *w, const char *fmt, ...)
{
	char text[64];
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	put_bytes(w, text, len < 0 ? 0 : (size_t)len);
}

static void put_literal(Writer *w, ExprValue value)
{
	bool is_text = value.kind == EXPR_STRING || value.kind == EXPR_BYTES;
	if (is_text) {
		put(w, "'%d:%u:", (int)value.kind, value.len);
		put_bytes(w, value.s, value.len);
	} else if (value.kind == EXPR_BOOL) {
		put(w, "'%d:%d", (int)value.kind, value.b);
	} else {
		put(w, "'%d:%llx", (int)value.kind, (unsigned long long)value.u);
	}
}

static void put_variable(Writer *w, const Node *node)
{
	size_t at = w->bound_count;
	while (at && w->bound[at - 1] != node->variables[0])
		at--;
	put(w, "@%zu", at);
}

static void put_node(Writer *w, const Node *node);

static void put_children(Writer *w, const Node *node)
{
	size_t bound = w->bound_count;
	for (const Node *child = node->first; child; child = child->next) {
		put_node(w, child);
		put(w, ",");
		// Behind its range a macro's variables are known.
		for (size_t i = 0; child == node->first && i < ARRAY_COUNT(node->variables); i++) {
			if (node->kind != NODE_VARIABLE && node->variables[i] &&
			        w->bound_count < VARIABLES_MAX)
				w->bound[w->bound_count++] = node->variables[i];
		}
	}
	w->bound_count = bound;
}

static void put_node(Writer *w, const Node *node)
{
	switch (node->kind) {
	case NODE_LITERAL:
		put_literal(w, node->value);
		return;
	case NODE_ATTRIBUTE:
	case NODE_HAS:
		put(w, node->kind == NODE_HAS ? "?$%u" : "$%u", node->slot);
		return;
	case NODE_VARIABLE:
		put_variable(w, node);
		return;
	default:
		break;
	}
	put(w, "%d.%d.%d.%d(", (int)node->kind, (int)node->callee, (int)node->loop,
	        node->variables[1] != NULL);
	put_children(w, node);
	put(w, ")");
}

// --- what a node is like ---

void node_slots(const Node *node, uint64_t *slots)
{
	if (node->kind == NODE_ATTRIBUTE || node->kind == NODE_HAS)
		slots[node->slot / 64] |= UINT64_C(1) << (node->slot % 64);
	else
		for (const Node *child = node->first; child; child = child->next)
			node_slots(child, slots);
}

bool node_is_timely(const Node *node)
{
	if (node->kind == NODE_CALL && node->callee == CALLEE_NOW)
		return true;
	if (node->kind == NODE_HAS)
		return false;
	for (const Node *child = node->first; child; child = child->next) {
		if (node_is_timely(child))
			return true;
	}
	return false;
}

static bool callee_is_total(Callee callee)
{
	switch (callee) {
	case CALLEE_NOT:
	case CALLEE_EQ:
	case CALLEE_NE:
	case CALLEE_LT:
	case CALLEE_LE:
	case CALLEE_GT:
	case CALLEE_GE:
	case CALLEE_IN:
	case CALLEE_SIZE:
	case CALLEE_CONTAINS:
	case CALLEE_STARTS_WITH:
	case CALLEE_ENDS_WITH:
	case CALLEE_NOW:
		return true;
	default:
		return false;
	}
}

bool node_is_total(const Reading *reading, const Node *node)
{
	ExprValue constant;
	if (node->type->kind == EXPR_DYN)
		return false;
	switch (node->kind) {
	case NODE_LITERAL:
	case NODE_HAS:
		return true;
	case NODE_ATTRIBUTE:
		return !reading->logic->values[node->slot].missing;
	case NODE_CALL:
		if (node_constant(reading, node, &constant))
			return constant.kind != EXPR_ERROR;
		if (!callee_is_total(node->callee))
			return false;
		break;
	case NODE_LIST:
	case NODE_ALL:
	case NODE_ANY:
	case NODE_CHOICE:
		break;
	default:
		return false;
	}
	for (const Node *child = node->first; child; child = child->next) {
		if (!node_is_total(reading, child))
			return false;
	}
	return true;
}

static bool is_constant(const Node *node)
{
	switch (node->kind) {
	case NODE_LITERAL:
		return true;
	case NODE_CALL:
		if (node->callee == CALLEE_NOW)
			return false;
		break;
	case NODE_LIST:
	case NODE_CHOICE:
		break;
	default:
		return false;
	}
	for (const Node *child = node->first; child; child = child->next) {
		if (!is_constant(child))
			return false;
	}
	return true;
}

bool node_constant(const Reading *reading, const Node *node, ExprValue *ret)
{
	Compilation part = *reading->compilation;
	ExprProgram program;
	ExprScratch scratch = {reading->work, CONSTANT_FUEL};
	*ret = node->value;
	if (node->kind == NODE_LITERAL)
		return true;
	if (node->kind != NODE_CALL || !is_constant(node))
		return false;
	part.root = (Node *)(uintptr_t)node;
	if (expr_emit(&part, reading->work, &program))
		return false;
	*ret = expr_eval(&program, NULL, 0, &scratch);
	return ret->kind != EXPR_ERROR || ret->error != EXPR_ERR_FUEL;
}

// --- numbers of terms ---

static Err make_room(Logic *logic)
{
	if (logic->term_names.count <= logic->term_room)
		return OK;
	uint32_t room = logic->term_room ? 2 * logic->term_room : 64;
	TermFacts *terms = ARENA_ARRAY(logic->arena, TermFacts, room);
	if (!terms)
		return logic_no_memory();
	if (logic->term_room)
		memcpy(terms, logic->terms, logic->term_room * sizeof *terms);
	logic->terms = terms;
	logic->term_room = room;
	return OK;
}

static Domain values_of(Logic *logic, const Node *node, ExprKind kind)
{
	bool counts = node->kind == NODE_CALL && node->callee == CALLEE_SIZE;
	return counts ? domain_above(kind, expr_int(0), false, logic->arena) : domain_all(kind, logic->arena);
}

static Err describe(Reading *reading, const Node *a, const Node *b, TermFacts *ret)
{
	Logic *logic = reading->logic;
	uint64_t *slots = ARENA_ARRAY(logic->arena, uint64_t, logic->slot_words);
	if (!slots)
		return logic_no_memory();
	node_slots(a, slots);
	ret->timely = node_is_timely(a);
	ret->all.missing = !node_is_total(reading, a);
	if (b) {
		node_slots(b, slots);
		ret->timely |= node_is_timely(b);
		ret->all.missing |= !node_is_total(reading, b);
	}
	ret->slots = slots;
	return ret->all.lost ? logic_no_memory() : OK;
}

static uint32_t add_term(Reading *reading, Writer *w, const Node *a, const Node *b, TermFacts term)
{
	Logic *logic = reading->logic;
	uint32_t number = 0;
	bool is_new = false;
	if (!reading->failed)
		reading->failed =
		        w->lost ? logic_no_memory()
		                : numbering_add(&logic->term_names, str_n(w->text, w->len), &number, &is_new);
	if (!reading->failed && is_new) {
		reading->failed = make_room(logic);
		if (!reading->failed)
			reading->failed = describe(reading, a, b, &term);
		if (!reading->failed)
			logic->terms[number] = term;
	}
	return number;
}

uint32_t term_of(Reading *reading, const Node *node, ExprKind kind)
{
	Logic *logic = reading->logic;
	Writer w = {.arena = reading->work};
	TermFacts term = {.kind = kind, .slot = -1};
	put_node(&w, node);
	if (node->kind == NODE_ATTRIBUTE) {
		term.slot = (int)node->slot;
		term.all = logic->values[node->slot];
	} else {
		term.all = values_of(logic, node, kind);
	}
	return add_term(reading, &w, node, NULL, term);
}

uint32_t term_of_order(Reading *reading, const Node *a, const Node *b, bool *ret_turned)
{
	Arena *arena = reading->logic->arena;
	Writer left = {.arena = reading->work}, right = left, w = left;
	TermFacts term = {.kind = EXPR_INT, .slot = -1};
	put_node(&left, a);
	put_node(&right, b);
	Str x = str_n(left.text, left.len), y = str_n(right.text, right.len);
	int order = str_cmp(x, y);
	*ret_turned = order > 0;
	put(&w, "<=>(");
	put_bytes(&w, *ret_turned ? y.ptr : x.ptr, *ret_turned ? y.len : x.len);
	put(&w, ",");
	put_bytes(&w, *ret_turned ? x.ptr : y.ptr, *ret_turned ? x.len : y.len);
	w.lost |= left.lost || right.lost;
	Domain low = domain_above(EXPR_INT, expr_int(order ? -1 : 0), false, arena);
	Domain high = domain_below(EXPR_INT, expr_int(order ? 1 : 0), false, arena);
	term.all = domain_both(&low, &high, arena);
	term.all.nan = a->type->kind == EXPR_DOUBLE || b->type->kind == EXPR_DOUBLE;
	return add_term(reading, &w, a, b, term);
}
