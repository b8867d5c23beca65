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
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const ExprSchema schema = {attributes, ARRAY_COUNT(attributes)};
	Arena *arena = arena_new(4096, 4 << 20);
	const ExprValue tags[] = {expr_string(STR("gold")), expr_string(STR(""))};
	const ExprValue values[] = {expr_int(42), expr_double(-0.5), expr_string(STR("Ana")),
	        expr_list(tags, 2), expr_timestamp_us(0), expr_missing(5)};
	ExprScratch scratch = {arena, 100000};
	ExprProgram program;

	if (expr_compile(&schema, str_n((const char *)bytes, len), EXPR_DYN, arena, &program) == OK) {
		ExprValue value = expr_eval(&program, values, 0, &scratch);

		if (value.kind != program.type.kind && value.kind != EXPR_ERROR &&
		        program.type.kind != EXPR_DYN)
			abort();
		(void)expr_value_format(value, arena);
		(void)expr_disassemble(&program, &schema, arena);
	}
	arena_free(arena);
	return 0;
}
