#include "expr_test.h"

#include <stdio.h>
#include <stdlib.h>

static const ExprAttribute attributes[] = {
        {STR("age"), {EXPR_INT, 0}},
        {STR("balance"), {EXPR_DOUBLE, 0}},
        {STR("visits"), {EXPR_UINT, 0}},
        {STR("name"), {EXPR_STRING, 0}},
        {STR("vip"), {EXPR_BOOL, 0}},
        {STR("tags"), {EXPR_LIST, EXPR_STRING}},
        {STR("since"), {EXPR_TIMESTAMP, 0}},
        {STR("gone"), {EXPR_INT, 0}},
        {STR("flag"), {EXPR_BOOL, 0}},
        {STR("order.total"), {EXPR_DOUBLE, 0}},
        {STR("wait"), {EXPR_DURATION, 0}},
};

const ExprSchema test_schema = {attributes, ARRAY_COUNT(attributes)};

static const ExprValue tags[] = {
        {.kind = EXPR_STRING, .len = 4, .s = "gold"},
        {.kind = EXPR_STRING, .len = 3, .s = "sms"},
};

const ExprValue test_visitor[] = {
        {.kind = EXPR_INT, .i = 42},
        {.kind = EXPR_DOUBLE, .d = 1200.5},
        {.kind = EXPR_UINT, .u = 7},
        {.kind = EXPR_STRING, .len = 3, .s = "Ana"},
        {.kind = EXPR_BOOL, .b = true},
        {.kind = EXPR_LIST, .len = 2, .items = tags},
        {.kind = EXPR_TIMESTAMP, .nanos = 678000000, .seconds = 1582979445},
        {.kind = EXPR_ERROR, .error = EXPR_ERR_ATTRIBUTE_MISSING, .slot = 7},
        {.kind = EXPR_ERROR, .error = EXPR_ERR_ATTRIBUTE_MISSING, .slot = 8},
        {.kind = EXPR_DOUBLE, .d = 99.9},
        {.kind = EXPR_DURATION, .seconds = 5400},
};

const char *evaluated(const char *source)
{
	static char text[4096];
	Arena *arena = arena_new(4096, 1 << 20);
	ExprScratch scratch = {arena, 100000};
	ExprProgram program;

	if (expr_compile(&test_schema, str(source), EXPR_DYN, arena, &program) == OK) {
		ExprValue value = expr_eval(&program, test_visitor, TEST_NOW_US, &scratch);
		Str made = expr_value_format(value, arena);

		(void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(made));
	} else {
		(void)snprintf(text, sizeof(text), "!%s: %s", err_reason(err_detail()->id) + 5,
		        err_detail()->message);
	}
	arena_free(arena);
	return text;
}
