// A program for people: one instruction a line, with names and constants in place of numbers.
#include "expr/callee.h"
#include "expr/operate.h"
#include "expr/program.h"
#include "expr/regex.h"

#include <stdio.h>

enum { LINE_MAX_SIZE = 160 };

static Str constant_text(const ProgramView *view, uint32_t index, Arena *arena)
{
	ExprValue value = constant_at(view, index);

	switch (value.kind) {
	case EXPR_LIST:
		return str(arena_printf(arena, "{%u constants}", value.len));
	case EXPR_MAP:
		return str(arena_printf(arena, "{%u pairs}", value.len));
	case CONSTANT_PATTERN:
		return str(arena_printf(arena, "{%zu states}", expr_regex_size(expr_value_str(value))));
	default:
		return expr_value_format(value, arena);
	}
}

static Str slot_text(const ExprSchema *schema, uint32_t slot)
{
	return schema->attributes[slot].name;
}

static char *operand_text(const ProgramView *view, const ExprSchema *schema, uint32_t word, Arena *arena)
{
	uint32_t operand = INSTRUCTION_OPERAND(word);
	Str text;

	switch (expr_opcodes[INSTRUCTION_OPCODE(word)].operand) {
	case OPERAND_CONST:
	case OPERAND_SET:
	case OPERAND_TABLE:
	case OPERAND_PATTERN:
		text = constant_text(view, operand, arena);
		return arena_printf(arena, " " STR_FMT, STR_ARG(text));
	case OPERAND_SLOT:
		text = slot_text(schema, operand);
		return arena_printf(arena, " " STR_FMT, STR_ARG(text));
	case OPERAND_TARGET:
	case OPERAND_BACK:
		return arena_printf(arena, " -> %04u", operand);
	case OPERAND_COUNT:
	case OPERAND_BELOW:
	case OPERAND_PLACE:
	case OPERAND_CURSOR:
		return arena_printf(arena, " %u", operand);
	case OPERAND_FUNCTION:
		return arena_printf(arena, " %s", expr_function(operand)->text);
	case OPERAND_SLOT_CONST:
	case OPERAND_SLOT_SET:
		text = constant_text(view, OPERAND_PAIR_CONST(operand), arena);
		return arena_printf(arena, " " STR_FMT ", " STR_FMT,
		        STR_ARG(slot_text(schema, OPERAND_PAIR_SLOT(operand))), STR_ARG(text));
	case OPERAND_ERROR:
		return arena_printf(arena, " %s", expr_error_name((ExprError)operand));
	case OPERAND_NONE:
		break;
	}
	return arena_printf(arena, "%s", "");
}

// Lines are cut at LINE_MAX_SIZE, so that the whole has a size that is known beforehand.
Str expr_disassemble(const ExprProgram *program, const ExprSchema *schema, Arena *arena)
{
	ProgramView view = program_view(program->bytes, program->len);
	char *text = arena_alloc(arena, (size_t)view.header.instructions * LINE_MAX_SIZE);
	size_t len = 0;

	if (!text)
		return (Str){0};
	for (uint32_t i = 0; i < view.header.instructions; i++) {
		uint32_t word = instruction_at(view.code, i);
		const char *operand = operand_text(&view, schema, word, arena);
		int wrote = snprintf(text + len, LINE_MAX_SIZE - 1, "%04u %s%s", i,
		        expr_opcodes[INSTRUCTION_OPCODE(word)].text, operand ? operand : " ...");

		len += wrote < LINE_MAX_SIZE - 1 ? (size_t)wrote : LINE_MAX_SIZE - 2;
		text[len++] = '\n';
	}
	return str_n(text, len);
}
