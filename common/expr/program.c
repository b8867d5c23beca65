// The opcode table, sets, and the hash that binds a program to the declarations of its slots.
#include "expr/program.h"

#include "expr/operate.h"

const OpcodeRow expr_opcodes[OP_COUNT] = {
#define OPCODE(number, id, text, operand, pops, pushes) [OP_##id] = {text, OPERAND_##operand, pops, pushes},
#include "expr/opcode_table.h"
#undef OPCODE
};

uint32_t expr_instruction_slot(uint32_t word)
{
	uint32_t operand = INSTRUCTION_OPERAND(word);

	switch (expr_opcodes[INSTRUCTION_OPCODE(word)].operand) {
	case OPERAND_SLOT:
		return operand;
	case OPERAND_SLOT_CONST:
	case OPERAND_SLOT_SET:
		return OPERAND_PAIR_SLOT(operand);
	default:
		return UINT32_MAX;
	}
}

void expr_slots(const ExprProgram *program, uint64_t *slots)
{
	ProgramView view = program_view(program->bytes, program->len);

	for (size_t i = 0; i < view.header.instructions; i++) {
		uint32_t slot = expr_instruction_slot(instruction_at(view.code, i));

		if (slot != UINT32_MAX)
			slots[slot / 64] |= UINT64_C(1) << slot % 64;
	}
}

bool expr_reads_clock(const ExprProgram *program)
{
	ProgramView view = program_view(program->bytes, program->len);

	for (size_t i = 0; i < view.header.instructions; i++)
		if (instruction_at(view.code, i) == INSTRUCTION(OP_CALL, FUNCTION_NOW))
			return true;
	return false;
}

// FNV-1a.
static uint32_t hash(uint32_t state, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < len; i++)
		state = (state ^ byte[i]) * 16777619u;
	return state;
}

uint32_t expr_program_binding(const ProgramView *view, const ExprSchema *schema)
{
	uint32_t state = 2166136261u;

	for (size_t i = 0; i < view->header.instructions; i++) {
		uint32_t slot = expr_instruction_slot(instruction_at(view->code, i));
		uint8_t type[2];

		if (slot == UINT32_MAX)
			continue;
		type[0] = (uint8_t)schema->attributes[slot].type.kind;
		type[1] = (uint8_t)schema->attributes[slot].type.element;
		state = hash(state, type, sizeof(type));
		state = hash(state, schema->attributes[slot].name.ptr, schema->attributes[slot].name.len);
	}
	return state;
}

bool expr_constant_find(const ProgramView *view, uint32_t first, uint32_t count, ExprValue x, uint32_t *ret)
{
	uint32_t low = first, high = first + count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		Order order = expr_compare(x, constant_at(view, middle));

		*ret = middle;
		if (order == ORDER_EQUAL)
			return true;
		if (order == ORDER_INCOMPARABLE || order == ORDER_UNORDERED)
			return false;
		if (order == ORDER_LESS)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
