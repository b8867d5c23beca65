// Any text as an expression: compiling never crashes, and what compiles verifies, runs and can be read.
#include "expr/expr.h"
#include "fuzz.h"

#include <stdlib.h>

static const ExprAttribute attributes[] = {
        {STR("age"), {EXPR_INT, 0}},
        {STR("a.b"), {EXPR_DOUBLE, 0}},
        {STR("name"), {EXPR_STRING, 0}},
        {STR("tags"), {EXPR_LIST, EXPR_STRING}},
        {STR("since"), {EXPR_TIMESTAMP, 0}},
        {STR("gone"), {EXPR_BOOL, 0}},
        {STR("scores"), {EXPR_MAP, EXPR_INT}},
};

static void run(const ExprSchema *schema, const ExprProgram *program, Arena *arena)
{
	const ExprValue tags[] = {expr_string(STR("gold")), expr_string(STR(""))};
	const ExprValue scores[] = {expr_string(STR("a")), expr_int(1), expr_int(2), expr_int(3)};
	const ExprValue values[] = {expr_int(42), expr_double(-0.5), expr_string(STR("Ana")),
	        expr_list(tags, 2), expr_timestamp_us(0), expr_missing(5),
	        {.kind = EXPR_MAP, .len = 2, .items = scores}};
	ExprScratch scratch = {arena, 20000};
	ExprValue value = expr_eval(program, values, 0, &scratch);

	if (value.kind != program->type.kind && value.kind != EXPR_ERROR && program->type.kind != EXPR_DYN)
		abort();
	(void)expr_value_format(value, arena);
	(void)expr_disassemble(program, schema, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const Str source = str_n((const char *)bytes, len);
	const ExprSchema schema = {attributes, ARRAY_COUNT(attributes)};
	Arena *arena = arena_new(4096, 4 << 20);
	ExprProgram program;

	if (expr_compile(&schema, source, EXPR_DYN, arena, &program) == OK)
		run(&schema, &program, arena);
	if (expr_compile_unchecked(&schema, source, arena, &program) == OK)
		run(&schema, &program, arena);
	arena_free(arena);
	return 0;
}
