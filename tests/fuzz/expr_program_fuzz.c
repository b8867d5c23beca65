// Any bytes as a program: what verifies can be evaluated and read. The hash that binds a program to its
// schema is put right first, or no mutation would ever get past it.
#include "expr/program.h"
#include "fuzz.h"

static const ExprAttribute attributes[] = {
        {STR("age"), {EXPR_INT, 0}},
        {STR("name"), {EXPR_STRING, 0}},
        {STR("tags"), {EXPR_LIST, EXPR_STRING}},
        {STR("gone"), {EXPR_BOOL, 0}},
        {STR("scores"), {EXPR_MAP, EXPR_INT}},
};

static const ExprSchema schema = {attributes, ARRAY_COUNT(attributes)};

static void bind(uint8_t *bytes, size_t len)
{
	ProgramHeader header;
	ProgramView view;

	memcpy(&header, bytes, sizeof(header));
	if (sizeof(header) + header.constants * sizeof(ExprValue) > len ||
	        header.instructions >
	                (len - sizeof(header) - header.constants * sizeof(ExprValue)) / sizeof(uint32_t))
		return;
	view = program_view(bytes, len);
	for (size_t i = 0; i < header.instructions; i++) {
		uint32_t word = instruction_at(view.code, i), slot;

		if (INSTRUCTION_OPCODE(word) >= OP_COUNT)
			return;
		slot = expr_instruction_slot(word);
		if (slot != UINT32_MAX && slot >= schema.count)
			return;
	}
	header.binding = expr_program_binding(&view, &schema);
	memcpy(bytes, &header, sizeof(header));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	Arena *arena = arena_new(4096, 4 << 20);
	const ExprValue tags[] = {expr_string(STR("gold")), expr_string(STR(""))};
	const ExprValue scores[] = {expr_string(STR("a")), expr_int(1), expr_int(2), expr_int(3)};
	const ExprValue values[] = {expr_int(42), expr_string(STR("Ana")), expr_list(tags, 2),
	        expr_missing(3), {.kind = EXPR_MAP, .len = 2, .items = scores}};
	ExprScratch scratch = {arena, 20000};
	uint8_t *copy = arena_alloc(arena, len);
	ExprProgram program;

	if (copy && len >= sizeof(ProgramHeader)) {
		memcpy(copy, bytes, len);
		bind(copy, len);
		if (expr_verify(&schema, copy, len, &program) == OK) {
			ExprValue value = expr_eval(&program, values, 0, &scratch);

			(void)expr_value_format(value, arena);
			(void)expr_disassemble(&program, &schema, arena);
		}
	}
	arena_free(arena);
	return 0;
}
