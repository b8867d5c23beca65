// Checks bytes from outside, so that the evaluator needs no checks of its own: README.md says why these are
// enough. One pass over the constants, one over the code; since jumps only lead forward, the stack's depth at
// an instruction is known before the instruction is reached.
#include "expr/callee.h"
#include "expr/moment.h"
#include "expr/operate.h"
#include "expr/program.h"
#include "expr/regex.h"
#include "expr/utf8.h"

#define INVALID(...) err(ERR_EXPR_PROGRAM_INVALID, "compiled expression: " __VA_ARGS__)

static Err check_layout(const uint8_t *bytes, size_t len, ProgramView *ret)
{
	ProgramHeader header;
	size_t needed;

	if (!bytes || len < sizeof(header))
		return INVALID("%zu bytes are too few for a header; compile it again", len);
	if (len > EXPR_PROGRAM_MAX)
		return INVALID(
		        "%zu bytes are more than the limit of %d; compile it again", len, EXPR_PROGRAM_MAX);
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != PROGRAM_MAGIC && header.magic != PROGRAM_MAGIC_2 &&
	        header.magic != PROGRAM_MAGIC_1)
		return INVALID(
		        "it does not begin as a program does, or is of another version; compile it again");
	if (header.kind < EXPR_NULL || header.kind > EXPR_DYN || header.element > EXPR_DYN)
		return INVALID("its result type is unknown; compile it again");
	needed = sizeof(header) + header.constants * sizeof(ExprValue);
	if (header.instructions == 0 || needed > len ||
	        header.instructions > (len - needed) / sizeof(uint32_t))
		return INVALID("its parts do not fit into %zu bytes; compile it again", len);
	*ret = program_view(bytes, len);
	return OK;
}

static bool is_scalar(ExprKind kind)
{
	return kind != EXPR_LIST && kind != EXPR_MAP && kind != CONSTANT_PATTERN;
}

static bool run_is_sound(const ProgramView *view, ExprValue run, size_t len)
{
	return run.u <= view->header.constants && len <= view->header.constants - run.u;
}

static bool set_is_sound(const ProgramView *view, ExprValue set)
{
	uint32_t first = (uint32_t)set.u;

	if (!run_is_sound(view, set, set.len))
		return false;
	for (uint32_t i = 0; i < set.len; i++) {
		ExprValue member = constant_raw(view, first + i);

		if (!is_scalar(member.kind) || member.kind != constant_raw(view, first).kind)
			return false;
		if (i > 0 && expr_compare(constant_at(view, first + i - 1), constant_at(view, first + i)) !=
		                     ORDER_LESS)
			return false;
	}
	return true;
}

// A set of keys, and behind them as many values.
static bool map_is_sound(const ProgramView *view, ExprValue map)
{
	if (!run_is_sound(view, map, 2 * (size_t)map.len) || !set_is_sound(view, map))
		return false;
	for (uint32_t i = 0; i < map.len; i++)
		if (!is_scalar(constant_raw(view, (uint32_t)map.u + map.len + i).kind))
			return false;
	return true;
}

static bool text_is_sound(const ProgramView *view, ExprValue value)
{
	if (value.u > view->data_len || value.len > view->data_len - value.u)
		return false;
	if (value.kind == CONSTANT_PATTERN)
		return expr_regex_is_sound(str_n(view->data + value.u, value.len));
	return value.kind == EXPR_BYTES || expr_is_utf8(str_n(view->data + value.u, value.len));
}

static bool moment_is_sound(ExprValue value)
{
	ExprValue normal = expr_moment(value.kind, value.seconds, value.nanos);

	return normal.kind == value.kind && normal.seconds == value.seconds && normal.nanos == value.nanos;
}

// The kind is read as a number first: a byte that is no enumerator must not become one.
static bool constant_is_sound(const ProgramView *view, uint32_t index)
{
	uint32_t kind;
	ExprValue value;

	memcpy(&kind, view->constants + (size_t)index * sizeof(value), sizeof(kind));
	if (kind < EXPR_NULL || kind > CONSTANT_PATTERN)
		return false;
	value = constant_raw(view, index);
	switch (value.kind) {
	case EXPR_BOOL:
		return value.u <= 1;
	case EXPR_TYPE:
		return value.u >= EXPR_NULL && value.u <= EXPR_TYPE;
	case EXPR_STRING:
	case EXPR_BYTES:
	case CONSTANT_PATTERN:
		return text_is_sound(view, value);
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		return moment_is_sound(value);
	default:
		return true;
	}
}

static bool run_constant_is_sound(const ProgramView *view, ExprValue value)
{
	if (value.kind == EXPR_LIST)
		return set_is_sound(view, value);
	return value.kind != EXPR_MAP || map_is_sound(view, value);
}

// How many constants a set or map names, and how many bytes of the data another constant.
static size_t named_by(ExprValue value)
{
	if (value.kind == EXPR_MAP)
		return 2 * (size_t)value.len;
	return value.kind == EXPR_LIST || constant_has_data(value.kind) ? value.len : 0;
}

// Members first: a set or map is looked at only when all that it may name is known to be sound. No two
// constants name the same bytes or constants, which bounds the work.
static Err check_constants(const ProgramView *view)
{
	size_t bytes = 0, members = 0;

	for (uint32_t i = 0; i < view->header.constants; i++) {
		if (!constant_is_sound(view, i))
			return INVALID("constant %u is damaged; compile it again", i);
		if (constant_has_data(constant_raw(view, i).kind))
			bytes += named_by(constant_raw(view, i));
		if (bytes > view->data_len)
			return INVALID("constant %u names what is another's; compile it again", i);
	}
	for (uint32_t i = 0; i < view->header.constants; i++) {
		if (!run_constant_is_sound(view, constant_raw(view, i)))
			return INVALID("set or map %u is damaged; compile it again", i);
		if (!constant_has_data(constant_raw(view, i).kind))
			members += named_by(constant_raw(view, i));
		if (members > view->header.constants)
			return INVALID("constant %u names what is another's; compile it again", i);
	}
	return OK;
}

static bool is_value(const ProgramView *view, uint32_t index)
{
	return index < view->header.constants && is_scalar(constant_raw(view, index).kind);
}

static bool is_constant(const ProgramView *view, uint32_t index, ExprKind kind)
{
	return index < view->header.constants && constant_raw(view, index).kind == kind;
}

static bool operand_is_sound(const ProgramView *view, const ExprSchema *schema, size_t at, uint32_t word)
{
	uint32_t operand = INSTRUCTION_OPERAND(word);
	uint32_t slot = expr_instruction_slot(word);

	if (slot != UINT32_MAX && slot >= schema->count)
		return false;
	switch (expr_opcodes[INSTRUCTION_OPCODE(word)].operand) {
	case OPERAND_CONST:
		return is_value(view, operand);
	case OPERAND_SET:
		return is_constant(view, operand, EXPR_LIST);
	case OPERAND_TABLE:
		return is_constant(view, operand, EXPR_MAP);
	case OPERAND_PATTERN:
		return is_constant(view, operand, CONSTANT_PATTERN);
	case OPERAND_SLOT_CONST:
		return is_value(view, OPERAND_PAIR_CONST(operand));
	case OPERAND_SLOT_SET:
		return is_constant(view, OPERAND_PAIR_CONST(operand), EXPR_LIST);
	case OPERAND_TARGET:
		return operand > at && operand < view->header.instructions;
	case OPERAND_COUNT:
		return operand <= view->header.instructions;
	case OPERAND_ERROR:
		return operand > EXPR_ERR_ATTRIBUTE_MISSING && operand <= EXPR_ERR_MEMORY;
	case OPERAND_BELOW:
		return operand < PROGRAM_STACK_MAX;
	case OPERAND_PLACE:
		return operand >= 1 && operand <= PROGRAM_STACK_MAX;
	case OPERAND_CURSOR:
		return operand >= 2 && operand <= PROGRAM_STACK_MAX;
	case OPERAND_BACK:
		return operand < at;
	case OPERAND_FUNCTION:
		return expr_function(operand) != NULL;
	case OPERAND_SLOT:
		return true;
	case OPERAND_NONE:
		return operand == 0;
	}
	return false;
}

enum { UNREACHED = -1, STACK_UNEQUAL = -2 };

// Two ways into one instruction must find the same depth.
static int meet(int known, int depth)
{
	if (known == UNREACHED || known == depth)
		return depth;
	return STACK_UNEQUAL;
}

// The depth behind an instruction, or STACK_UNEQUAL if the stack would be left below or above.
static int depth_after(uint32_t word, int depth)
{
	const OpcodeRow *row = &expr_opcodes[INSTRUCTION_OPCODE(word)];
	uint32_t operand = INSTRUCTION_OPERAND(word);
	int pops = row->pops;

	if (row->operand == OPERAND_FUNCTION)
		pops = (int)expr_function(operand)->arity;
	else if (row->operand == OPERAND_BELOW)
		pops += (int)operand;
	else if ((row->operand == OPERAND_PLACE || row->operand == OPERAND_CURSOR) && (int)operand > depth)
		return STACK_UNEQUAL;
	if (depth < pops || depth - pops + row->pushes > PROGRAM_STACK_MAX)
		return STACK_UNEQUAL;
	return depth - pops + row->pushes;
}

// What the pass over the code knows.
typedef struct Pass {
	const ProgramView *view;
	int16_t *depths;                // the stack's depth before each instruction
	uint32_t loops[EXPR_DEPTH_MAX]; // the NEXT of each open loop
	size_t loop_count;
} Pass;

// Loops lie within one another: each ends with a way back to the NEXT of the innermost that is open, at the
// same depth, and that NEXT leaves for the instruction behind the way back.
static bool loop_is_sound(Pass *p, size_t at, uint32_t word, int depth)
{
	uint32_t begin;

	if (INSTRUCTION_OPCODE(word) == OP_NEXT) {
		if (p->loop_count == ARRAY_COUNT(p->loops))
			return false;
		p->loops[p->loop_count++] = (uint32_t)at;
	} else if (INSTRUCTION_OPCODE(word) == OP_LOOP) {
		if (p->loop_count == 0)
			return false;
		begin = p->loops[--p->loop_count];
		return INSTRUCTION_OPERAND(word) == begin && p->depths[begin] == depth &&
		       INSTRUCTION_OPERAND(instruction_at(p->view->code, begin)) == at + 1;
	}
	return true;
}

static bool falls_through(uint32_t word)
{
	uint32_t opcode = INSTRUCTION_OPCODE(word);

	return opcode != OP_RETURN && opcode != OP_JUMP && opcode != OP_LOOP;
}

// Checks an instruction whose operand is sound, and notes the depth wherever it leads.
static Err follow(Pass *p, size_t at, uint32_t word)
{
	int depth = p->depths[at];

	if (depth < 0)
		return INVALID("instruction %zu is not reached with one stack depth; compile it again", at);
	if (!loop_is_sound(p, at, word, depth))
		return INVALID("instruction %zu breaks a loop; compile it again", at);
	depth = depth_after(word, depth);
	if (depth < 0 || (INSTRUCTION_OPCODE(word) == OP_RETURN && depth != 0))
		return INVALID("instruction %zu breaks the stack; compile it again", at);
	if (expr_opcodes[INSTRUCTION_OPCODE(word)].operand == OPERAND_TARGET) {
		uint32_t target = INSTRUCTION_OPERAND(word);

		p->depths[target] = (int16_t)meet(p->depths[target], depth);
	}
	if (!falls_through(word))
		return OK;
	if (at + 1 == p->view->header.instructions)
		return INVALID("it does not end with return; compile it again");
	p->depths[at + 1] = (int16_t)meet(p->depths[at + 1], depth);
	return OK;
}

// `depths` has an entry for each instruction.
static Err check_code(const ProgramView *view, const ExprSchema *schema, int16_t *depths)
{
	Pass pass = {.view = view, .depths = depths};
	size_t count = view->header.instructions;
	uint32_t word = 0;

	for (size_t i = 0; i < count; i++)
		depths[i] = UNREACHED;
	depths[0] = 0;
	for (size_t i = 0; i < count; i++) {
		word = instruction_at(view->code, i);
		if (INSTRUCTION_OPCODE(word) >= OP_COUNT || !operand_is_sound(view, schema, i, word))
			return INVALID(
			        "instruction %zu is damaged or does not fit the schema; compile it again", i);
		TRY(follow(&pass, i, word));
	}
	if (INSTRUCTION_OPCODE(word) != OP_RETURN || pass.loop_count > 0)
		return INVALID("it does not end with return; compile it again");
	return OK;
}

Err expr_verify(const ExprSchema *schema, const uint8_t *bytes, size_t len, ExprProgram *ret)
{
	__attribute__((uninitialized)) int16_t depths[EXPR_PROGRAM_MAX / sizeof(uint32_t)];
	ProgramView view;

	TRY(check_layout(bytes, len, &view));
	TRY(check_constants(&view));
	TRY(check_code(&view, schema, depths));
	if (view.header.binding != expr_program_binding(&view, schema))
		return INVALID("it was compiled against other attributes; compile it again");
	*ret = (ExprProgram){bytes, len, {(ExprKind)view.header.kind, (ExprKind)view.header.element}};
	return OK;
}
