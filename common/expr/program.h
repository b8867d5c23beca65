// The bytes of a program, as README.md lays them down, and the reading of them that verifier, evaluator and
// disassembler share. All numbers are little-endian.
#pragma once
#include "expr/expr.h"

#include <assert.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "programs are read in place, little-endian");
static_assert(sizeof(ExprValue) == 16, "constants are stored as values");

typedef enum Opcode {
#define OPCODE(number, id, text, operand, pops, pushes) OP_##id = (number),
#include "expr/opcode_table.h"
#undef OPCODE
	OP_COUNT,
} Opcode;

typedef enum Operand {
	OPERAND_NONE,
	OPERAND_CONST, // a constant that is a value
	OPERAND_SLOT,
	OPERAND_TARGET,     // an instruction further on
	OPERAND_SET,        // a constant that is a set
	OPERAND_COUNT,      // how many items at most
	OPERAND_FUNCTION,   // a function's number
	OPERAND_SLOT_CONST, // slot in the lower 12 bits, constant in the upper
	OPERAND_SLOT_SET,
	OPERAND_ERROR,  // the number of an error
	OPERAND_BELOW,  // how many values under the top one go
	OPERAND_PLACE,  // a value's place on the stack, counted from 1 at the bottom
	OPERAND_CURSOR, // the place of a value that has another below it
	OPERAND_BACK,   // the NEXT that begins the innermost open loop
	OPERAND_TABLE,  // a constant that is a map
	OPERAND_PATTERN,
} Operand;

typedef struct OpcodeRow {
	const char *text;
	Operand operand;
	uint8_t pops, pushes;
} OpcodeRow;

extern const OpcodeRow expr_opcodes[OP_COUNT];

enum {
	PROGRAM_MAGIC = 0x33585850,   // "PXX3"
	PROGRAM_MAGIC_2 = 0x32585850, // "PXX2": without constant maps and patterns
	PROGRAM_MAGIC_1 = 0x31585850, // "PXX1": without loops and maps
	PROGRAM_STACK_MAX = 256,      // values on the operand stack
	PROGRAM_PAIR_MAX = 4096,      // slots and constants that fit into half an operand
	PROGRAM_PATTERNS_MAX = 16384, // bytes of automata that a compiled program carries
};

typedef struct ProgramHeader {
	uint32_t magic;
	uint8_t kind, element; // of the result
	uint16_t constants;    // how many
	uint32_t instructions; // how many
	uint32_t binding;      // hash of names and types of the slots in use
} ProgramHeader;
static_assert(sizeof(ProgramHeader) == 16, "the header has no padding");

// Where the parts of a program lie.
typedef struct ProgramView {
	ProgramHeader header;
	const uint8_t *constants;
	const uint8_t *code;
	const char *data;
	size_t data_len;
} ProgramView;

static inline uint32_t instruction_at(const uint8_t *code, size_t index)
{
	uint32_t word;

	memcpy(&word, code + index * sizeof(word), sizeof(word));
	return word;
}

#define INSTRUCTION(opcode, operand) ((uint32_t)(opcode) | (uint32_t)(operand) << 8)
#define INSTRUCTION_OPCODE(word)     ((word)&0xff)
#define INSTRUCTION_OPERAND(word)    ((word) >> 8)
#define OPERAND_PAIR(slot, constant) ((uint32_t)(slot) | (uint32_t)(constant) << 12)
#define OPERAND_PAIR_SLOT(operand)   ((operand)&0xfff)
#define OPERAND_PAIR_CONST(operand)  ((operand) >> 12)

// The kind of a constant that is a pattern's automaton. No value has it.
#define CONSTANT_PATTERN             EXPR_DYN

static inline bool constant_has_data(ExprKind kind)
{
	return kind == EXPR_STRING || kind == EXPR_BYTES || kind == CONSTANT_PATTERN;
}

// A constant as it is stored: texts are offsets into the data, sets and maps name a run of constants.
static inline ExprValue constant_raw(const ProgramView *view, uint32_t index)
{
	ExprValue value;

	memcpy(&value, view->constants + (size_t)index * sizeof(value), sizeof(value));
	return value;
}

static inline ExprValue constant_at(const ProgramView *view, uint32_t index)
{
	ExprValue value = constant_raw(view, index);

	if (constant_has_data(value.kind))
		value.s = view->data + value.u;
	return value;
}

// The parts of a program whose lengths are known to be sound.
static inline ProgramView program_view(const uint8_t *bytes, size_t len)
{
	ProgramView view;

	memcpy(&view.header, bytes, sizeof(view.header));
	view.constants = bytes + sizeof(view.header);
	view.code = view.constants + (size_t)view.header.constants * sizeof(ExprValue);
	view.data = (const char *)view.code + (size_t)view.header.instructions * sizeof(uint32_t);
	view.data_len = len - (size_t)((const uint8_t *)view.data - bytes);
	return view;
}

// The slot that an instruction reads, or UINT32_MAX.
uint32_t expr_instruction_slot(uint32_t word);
// Hash over the declarations of the slots that the code uses; the slots must be within the schema.
uint32_t expr_program_binding(const ProgramView *view, const ExprSchema *schema);
// Finds `x` in a sorted run of constants; false if it is not there.
bool expr_constant_find(const ProgramView *view, uint32_t first, uint32_t count, ExprValue x, uint32_t *ret);
