// Tree to program. Jumps only lead forward, operands follow the order of the source, and two things are made
// short: an attribute compared with a constant is one instruction, and so is an attribute in a constant list,
// which is sorted.
#include "expr/ast.h"
#include "expr/operate.h"
#include "expr/program.h"

#include <stdlib.h>

enum {
	INSTRUCTIONS_MAX = EXPR_PROGRAM_MAX / sizeof(uint32_t),
	CONSTANTS_MAX = EXPR_PROGRAM_MAX / sizeof(ExprValue),
};

typedef struct Emitter {
	Compilation *c;
	uint32_t *code;
	size_t instructions, instructions_max;
	ExprValue *constants; // texts as pointers until the end
	size_t constant_count, constants_max;
	size_t data_len;
} Emitter;

static void emit_node(Emitter *e, const Node *node);

static void too_large(Emitter *e)
{
	(void)expr_fail(e->c, ERR_EXPR_LIMIT, e->c->root->at,
	        "the compiled expression exceeds %d bytes; split it, or use a segment list for large sets",
	        EXPR_PROGRAM_MAX);
}

static size_t emit(Emitter *e, Opcode opcode, uint32_t operand)
{
	if (e->instructions == e->instructions_max) {
		too_large(e);
		return 0;
	}
	e->code[e->instructions] = INSTRUCTION(opcode, operand);
	return e->instructions++;
}

// Makes a jump lead to what is emitted next.
static void land(Emitter *e, size_t jump)
{
	e->code[jump] = INSTRUCTION(INSTRUCTION_OPCODE(e->code[jump]), e->instructions);
}

static uint32_t append_constant(Emitter *e, ExprValue value)
{
	if (e->constant_count == e->constants_max) {
		too_large(e);
		return 0;
	}
	if (value.kind == EXPR_STRING || value.kind == EXPR_BYTES)
		e->data_len += value.len;
	e->constants[e->constant_count] = value;
	return (uint32_t)e->constant_count++;
}

// Bit for bit the same: 0.0 and -0.0 are two constants.
static bool identical(ExprValue a, ExprValue b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case EXPR_STRING:
	case EXPR_BYTES:
		return str_eq(expr_value_str(a), expr_value_str(b));
	case EXPR_LIST:
		return false;
	default:
		return a.u == b.u && a.len == b.len;
	}
}

static uint32_t constant(Emitter *e, ExprValue value)
{
	ExprValue clean = {.kind = value.kind, .len = value.len, .u = value.u};

	if (value.kind == EXPR_BOOL)
		clean = (ExprValue){.kind = EXPR_BOOL, .u = value.b};
	else if (value.kind == EXPR_TYPE)
		clean = (ExprValue){.kind = EXPR_TYPE, .u = value.type};
	for (size_t i = 0; i < e->constant_count; i++)
		if (identical(e->constants[i], clean))
			return (uint32_t)i;
	return append_constant(e, clean);
}

// Whether a list can be a set: constants of one kind that has an order.
static bool is_set(const Node *list)
{
	ExprKind kind = list->first ? list->first->value.kind : EXPR_NULL;

	if (list->kind != NODE_LIST || !list->first || kind == EXPR_NULL || kind == EXPR_TYPE)
		return false;
	for (const Node *item = list->first; item; item = item->next)
		if (item->kind != NODE_LITERAL || item->value.kind != kind ||
		        (kind == EXPR_DOUBLE && item->value.d != item->value.d))
			return false;
	return true;
}

static int by_order(const void *a, const void *b)
{
	return (int)expr_compare(*(const ExprValue *)a, *(const ExprValue *)b);
}

// A sorted run of distinct constants, and the constant that names it.
static uint32_t set_constant(Emitter *e, const Node *list)
{
	ExprValue *sorted = ARENA_ARRAY(e->c->arena, ExprValue, list->count);
	ExprValue set = {.kind = EXPR_LIST};
	size_t count = 0;

	if (!sorted) {
		too_large(e);
		return 0;
	}
	for (const Node *item = list->first; item; item = item->next)
		sorted[count++] = item->value;
	qsort(sorted, count, sizeof(*sorted), by_order);
	set.u = e->constant_count;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !expr_equal(sorted[i - 1], sorted[i])) {
			(void)append_constant(e, sorted[i]);
			set.len++;
		}
	return append_constant(e, set);
}

static void emit_constant(Emitter *e, ExprValue value)
{
	(void)emit(e, OP_CONST, constant(e, value));
}

static void emit_literal(Emitter *e, const Node *node)
{
	emit_constant(e, node->value);
}

static void emit_attribute(Emitter *e, const Node *node)
{
	(void)emit(e, OP_SLOT, node->slot);
}

static void emit_has(Emitter *e, const Node *node)
{
	(void)emit(e, OP_HAS, node->slot);
}

static void emit_list(Emitter *e, const Node *node)
{
	(void)emit(e, OP_LIST_NEW, node->count);
	for (const Node *item = node->first; item; item = item->next) {
		emit_node(e, item);
		(void)emit(e, OP_LIST_ADD, 0);
	}
	(void)emit(e, OP_LIST_END, 0);
}

// a && b: a; if it is false, that is the result; b; and. The joining instruction sorts out errors.
static void emit_logic(Emitter *e, const Node *node)
{
	bool all = node->kind == NODE_ALL;
	size_t *jumps = ARENA_ARRAY(e->c->arena, size_t, node->count);
	size_t count = 0;

	if (!jumps) {
		too_large(e);
		return;
	}
	for (const Node *child = node->first; child; child = child->next) {
		emit_node(e, child);
		if (child != node->first)
			(void)emit(e, all ? OP_AND : OP_OR, 0);
		if (child->next)
			jumps[count++] = emit(e, all ? OP_IF_FALSE : OP_IF_TRUE, 0);
	}
	for (size_t i = 0; i < count; i++)
		land(e, jumps[i]);
}

static void emit_choice(Emitter *e, const Node *node)
{
	size_t error, other, end;

	emit_node(e, node->first);
	error = emit(e, OP_UNLESS_BOOL, 0);
	other = emit(e, OP_POP_IF_FALSE, 0);
	emit_node(e, node->first->next);
	end = emit(e, OP_JUMP, 0);
	land(e, other);
	emit_node(e, node->last);
	land(e, end);
	land(e, error);
}

static const struct {
	Opcode opcode;
	uint32_t operand;
} callee_codes[CALLEE_COUNT] = {
#define OPERATOR(id, text, arity, opcode, check) [CALLEE_##id] = {opcode, 0},
#include "expr/operator_table.h"
#undef OPERATOR
#define FUNCTION(number, id, text, forms, arity, body) [CALLEE_##id] = {OP_CALL, number},
#include "expr/function_table.h"
#undef FUNCTION
};

// slot ⋄ constant, either way round, as one instruction. False if the node is something else.
static bool emit_slot_relation(Emitter *e, const Node *node)
{
	static const struct {
		Opcode straight, turned;
	} fused[CALLEE_COUNT] = {
	        [CALLEE_EQ] = {OP_SLOT_EQ, OP_SLOT_EQ},
	        [CALLEE_NE] = {OP_SLOT_NE, OP_SLOT_NE},
	        [CALLEE_LT] = {OP_SLOT_LT, OP_SLOT_GT},
	        [CALLEE_LE] = {OP_SLOT_LE, OP_SLOT_GE},
	        [CALLEE_GT] = {OP_SLOT_GT, OP_SLOT_LT},
	        [CALLEE_GE] = {OP_SLOT_GE, OP_SLOT_LE},
	};
	const Node *slot = node->first, *value = node->last;
	uint32_t index;
	bool turned;

	if (!fused[node->callee].straight)
		return false;
	turned = slot->kind == NODE_LITERAL;
	if (turned) {
		slot = node->last;
		value = node->first;
	}
	if (slot->kind != NODE_ATTRIBUTE || value->kind != NODE_LITERAL || slot->slot >= PROGRAM_PAIR_MAX ||
	        e->constant_count >= PROGRAM_PAIR_MAX)
		return false;
	index = constant(e, value->value);
	(void)emit(e, turned ? fused[node->callee].turned : fused[node->callee].straight,
	        OPERAND_PAIR(slot->slot, index));
	return true;
}

static bool emit_set(Emitter *e, const Node *node)
{
	uint32_t set;

	if (node->callee != CALLEE_IN || !is_set(node->last))
		return false;
	set = set_constant(e, node->last);
	if (node->first->kind == NODE_ATTRIBUTE && node->first->slot < PROGRAM_PAIR_MAX &&
	        set < PROGRAM_PAIR_MAX) {
		(void)emit(e, OP_SLOT_IN, OPERAND_PAIR(node->first->slot, set));
	} else {
		emit_node(e, node->first);
		(void)emit(e, OP_IN_SET, set);
	}
	return true;
}

static void emit_call(Emitter *e, const Node *node)
{
	if (emit_slot_relation(e, node) || emit_set(e, node))
		return;
	for (const Node *arg = node->first; arg; arg = arg->next)
		emit_node(e, arg);
	if (node->callee != CALLEE_DYN)
		(void)emit(e, callee_codes[node->callee].opcode, callee_codes[node->callee].operand);
}

static void emit_node(Emitter *e, const Node *node)
{
	static void (*const emitters[])(Emitter *, const Node *) = {
	        [NODE_LITERAL] = emit_literal,
	        [NODE_CALL] = emit_call,
	        [NODE_LIST] = emit_list,
	        [NODE_ALL] = emit_logic,
	        [NODE_ANY] = emit_logic,
	        [NODE_CHOICE] = emit_choice,
	        [NODE_ATTRIBUTE] = emit_attribute,
	        [NODE_HAS] = emit_has,
	};

	if (e->c->failed == OK)
		emitters[node->kind](e, node);
}

// Puts header, constants, code and data together; texts become offsets.
static Err assemble(Emitter *e, Arena *arena, ExprProgram *ret)
{
	size_t constants_len = e->constant_count * sizeof(ExprValue),
	       code_len = e->instructions * sizeof(uint32_t);
	size_t len = sizeof(ProgramHeader) + constants_len + code_len + e->data_len;
	ExprType type = expr_type_public(e->c->root->type);
	ProgramHeader header = {.magic = PROGRAM_MAGIC,
	        .kind = (uint8_t)type.kind,
	        .element = (uint8_t)type.element,
	        .constants = (uint16_t)e->constant_count,
	        .instructions = (uint32_t)e->instructions};
	uint64_t offset = 0;
	uint8_t *bytes;
	ProgramView view;
	char *data;

	if (len > EXPR_PROGRAM_MAX) {
		too_large(e);
		return e->c->failed;
	}
	bytes = arena_alloc(arena, len);
	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for a compiled expression");
	data = (char *)bytes + len - e->data_len;
	for (size_t i = 0; i < e->constant_count; i++) {
		ExprValue *value = &e->constants[i];

		if (value->kind != EXPR_STRING && value->kind != EXPR_BYTES)
			continue;
		if (value->len)
			memcpy(data + offset, value->s, value->len);
		value->u = offset;
		offset += value->len;
	}
	memcpy(bytes, &header, sizeof(header));
	if (constants_len)
		memcpy(bytes + sizeof(header), e->constants, constants_len);
	memcpy(bytes + sizeof(header) + constants_len, e->code, code_len);
	view = program_view(bytes, len);
	header.binding = expr_program_binding(&view, e->c->schema);
	memcpy(bytes, &header, sizeof(header));
	*ret = (ExprProgram){bytes, len, type};
	return OK;
}

static size_t at_most(size_t limit, size_t wanted)
{
	return wanted < limit ? wanted : limit;
}

// No node makes more than four instructions or two constants.
Err expr_emit(Compilation *c, Arena *arena, ExprProgram *ret)
{
	Emitter e = {.c = c, .instructions_max = at_most(INSTRUCTIONS_MAX, 4 * c->node_count + 1)};

	e.constants_max = at_most(CONSTANTS_MAX, 2 * c->node_count);
	e.code = ARENA_ARRAY(c->arena, uint32_t, e.instructions_max);
	e.constants = ARENA_ARRAY(c->arena, ExprValue, e.constants_max);

	if (!e.code || !e.constants)
		return err(ERR_NO_MEMORY, "no memory to compile an expression");
	emit_node(&e, c->root);
	(void)emit(&e, OP_RETURN, 0);
	return c->failed == OK ? assemble(&e, arena, ret) : c->failed;
}
