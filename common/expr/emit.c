// Tree to program. Jumps only lead forward, operands follow the order of the source, and an attribute
// compared with a constant is made one instruction. What is searched in constants is emit_constant.c's.
#include "expr/emit.h"

#include "expr/operate.h"

enum {
	INSTRUCTIONS_MAX = EXPR_PROGRAM_MAX / sizeof(uint32_t),
	CONSTANTS_MAX = EXPR_PROGRAM_MAX / sizeof(ExprValue),
};

void expr_emit_too_large(Emitter *e)
{
	(void)expr_fail(e->c, ERR_EXPR_LIMIT, e->c->root->at,
	        "the compiled expression exceeds %d bytes; split it, or use a segment list for large sets",
	        EXPR_PROGRAM_MAX);
}

// How an instruction changes the stack's depth.
static int depth_change(Opcode opcode, uint32_t operand)
{
	const OpcodeRow *row = &expr_opcodes[opcode];

	if (opcode == OP_CALL)
		return 1 - (int)expr_function(operand)->arity;
	return row->pushes - row->pops - (opcode == OP_KEEP ? (int)operand : 0);
}

size_t expr_emit_op(Emitter *e, Opcode opcode, uint32_t operand)
{
	e->depth += depth_change(opcode, operand);
	if (e->depth > PROGRAM_STACK_MAX)
		(void)expr_fail(e->c, ERR_EXPR_LIMIT, e->c->root->at,
		        "it holds more than %d values at once; split it into several expressions",
		        PROGRAM_STACK_MAX);
	if (e->instructions == e->instructions_max) {
		expr_emit_too_large(e);
		return 0;
	}
	e->code[e->instructions] = INSTRUCTION(opcode, operand);
	return e->instructions++;
}

void expr_emit_land(Emitter *e, size_t jump)
{
	e->code[jump] = INSTRUCTION(INSTRUCTION_OPCODE(e->code[jump]), e->instructions);
}

static void emit_literal(Emitter *e, const Node *node)
{
	expr_emit_constant(e, node->value);
}

static void emit_attribute(Emitter *e, const Node *node)
{
	(void)expr_emit_op(e, OP_SLOT, node->slot);
}

static void emit_has(Emitter *e, const Node *node)
{
	(void)expr_emit_op(e, OP_HAS, node->slot);
}

static void emit_list(Emitter *e, const Node *node)
{
	(void)expr_emit_op(e, OP_LIST_NEW, node->count);
	for (const Node *item = node->first; item; item = item->next) {
		expr_emit_node(e, item);
		(void)expr_emit_op(e, OP_LIST_ADD, 0);
	}
	(void)expr_emit_op(e, OP_LIST_END, 0);
}

static void emit_map(Emitter *e, const Node *node)
{
	(void)expr_emit_op(e, OP_MAP_NEW, node->count / 2);
	for (const Node *item = node->first; item; item = item->next->next) {
		expr_emit_node(e, item);
		expr_emit_node(e, item->next);
		(void)expr_emit_op(e, OP_MAP_ADD, 0);
	}
	(void)expr_emit_op(e, OP_LIST_END, 0);
}

static void emit_fail(Emitter *e, const Node *node)
{
	(void)expr_emit_op(e, OP_FAIL, node->value.error);
}

// a && b: a; if it is false, that is the result; b; and. The joining instruction sorts out errors.
static void emit_logic(Emitter *e, const Node *node)
{
	bool all = node->kind == NODE_ALL;
	size_t *jumps = ARENA_ARRAY(e->c->arena, size_t, node->count);
	size_t count = 0;

	if (!jumps) {
		expr_emit_too_large(e);
		return;
	}
	for (const Node *child = node->first; child; child = child->next) {
		expr_emit_node(e, child);
		if (child != node->first)
			(void)expr_emit_op(e, all ? OP_AND : OP_OR, 0);
		if (child->next)
			jumps[count++] = expr_emit_op(e, all ? OP_IF_FALSE : OP_IF_TRUE, 0);
	}
	for (size_t i = 0; i < count; i++)
		expr_emit_land(e, jumps[i]);
}

static void emit_choice(Emitter *e, const Node *node)
{
	size_t error, other, end;

	expr_emit_node(e, node->first);
	error = expr_emit_op(e, OP_UNLESS_BOOL, 0);
	other = expr_emit_op(e, OP_POP_IF_FALSE, 0);
	expr_emit_node(e, node->first->next);
	end = expr_emit_op(e, OP_JUMP, 0);
	e->depth--;
	expr_emit_land(e, other);
	expr_emit_node(e, node->last);
	expr_emit_land(e, end);
	expr_emit_land(e, error);
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
	index = expr_emit_constant_index(e, value->value);
	(void)expr_emit_op(e, turned ? fused[node->callee].turned : fused[node->callee].straight,
	        OPERAND_PAIR(slot->slot, index));
	return true;
}

static void emit_call(Emitter *e, const Node *node)
{
	if (emit_slot_relation(e, node) || expr_emit_search(e, node))
		return;
	for (const Node *arg = node->first; arg; arg = arg->next)
		expr_emit_node(e, arg);
	if (node->callee != CALLEE_DYN)
		(void)expr_emit_op(e, callee_codes[node->callee].opcode, callee_codes[node->callee].operand);
}

void expr_emit_node(Emitter *e, const Node *node)
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
	        [NODE_MAP] = emit_map,
	        [NODE_VARIABLE] = expr_emit_variable,
	        [NODE_LOOP] = expr_emit_loop,
	        [NODE_BIND] = expr_emit_bind,
	        [NODE_FAIL] = emit_fail,
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
		expr_emit_too_large(e);
		return e->c->failed;
	}
	bytes = arena_alloc(arena, len);
	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for a compiled expression");
	data = (char *)bytes + len - e->data_len;
	for (size_t i = 0; i < e->constant_count; i++) {
		ExprValue *value = &e->constants[i];

		if (!constant_has_data(value->kind))
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

// No node makes more than 16 instructions or three constants.
Err expr_emit(Compilation *c, Arena *arena, ExprProgram *ret)
{
	Emitter e = {.c = c, .instructions_max = at_most(INSTRUCTIONS_MAX, 16 * c->node_count + 1)};

	e.constants_max = at_most(CONSTANTS_MAX, 3 * c->node_count);
	e.code = ARENA_ARRAY(c->arena, uint32_t, e.instructions_max);
	e.constants = ARENA_ARRAY(c->arena, ExprValue, e.constants_max);

	if (!e.code || !e.constants)
		return err(ERR_NO_MEMORY, "no memory to compile an expression");
	expr_emit_node(&e, c->root);
	(void)expr_emit_op(&e, OP_RETURN, 0);
	return c->failed == OK ? assemble(&e, arena, ret) : c->failed;
}
