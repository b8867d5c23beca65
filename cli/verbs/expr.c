// Expressions without a server: eval, check, disassemble.
#include "expr/expr.h"
#include "base/clock.h"
#include "cli.h"

enum { ATTRIBUTES_MAX = 256, FUEL = 10000000, SCRATCH_MAX = 16 << 20 };

typedef struct Expression {
	ExprSchema schema;
	ExprAttribute attributes[ATTRIBUTES_MAX];
	ExprValue values[ATTRIBUTES_MAX];
	ExprProgram program;
} Expression;

static Err usage_if(Cli *cli, Err e)
{
	cli->usage = e != OK;
	return e;
}

static Err declare(Cli *cli, Expression *ret)
{
	for (const OptionValue *value = cli->line.options[OPT_ENV]; value; value = value->next) {
		size_t slot = ret->schema.count;

		if (slot == ATTRIBUTES_MAX)
			return cli_usage(cli, "at most %d attributes", ATTRIBUTES_MAX);
		TRY(usage_if(
		        cli, expr_attribute_parse(str(value->text), cli->arena, &ret->attributes[slot])));
		ret->values[slot] = expr_missing((uint32_t)slot);
		ret->schema.count++;
	}
	ret->schema.attributes = ret->attributes;
	return OK;
}

static Err bind_one(Cli *cli, const char *text, Expression *expression)
{
	const char *equals = strchr(text, '=');

	for (size_t slot = 0; equals && slot < expression->schema.count; slot++)
		if (str_eq(str_n(text, (size_t)(equals - text)), expression->attributes[slot].name))
			return usage_if(cli, expr_value_parse(expression->attributes[slot].type,
			                             str(equals + 1), cli->arena, &expression->values[slot]));
	return cli_usage(cli, "--bind %s: %s", text,
	        equals ? "declare it first, with --env NAME:TYPE" : "say NAME=VALUE");
}

// Shows the line that a message beginning "line L, column C" is about, with a caret below the column.
static void print_caret(Str source)
{
	unsigned line, column;
	size_t start = 0, end;

	if (sscanf(err_detail()->message, "line %u, column %u", &line, &column) != 2 || line < 1 ||
	        column < 1)
		return;
	for (; line > 1 && start < source.len; start++)
		line -= source.ptr[start] == '\n';
	for (end = start; end < source.len && source.ptr[end] != '\n'; end++)
		;
	fprintf(stderr, "  %.*s\n  ", (int)(end - start), source.ptr + start);
	for (size_t i = start; i < end && column > 1; i++) {
		if (((unsigned char)source.ptr[i] & 0xc0) == 0x80)
			continue;
		fputc(source.ptr[i] == '\t' ? '\t' : ' ', stderr);
		column--;
	}
	fputs("^\n", stderr);
}

static Err compile(Cli *cli, Expression *ret)
{
	Str source = str(cli->line.arguments[0]);
	Err e;

	TRY(declare(cli, ret));
	e = expr_compile(&ret->schema, source, EXPR_DYN, cli->arena, &ret->program);
	if (e != OK)
		print_caret(source);
	return e;
}

Err verb_expr_eval(Cli *cli)
{
	CLEANUP(arena_freep) Arena *scratch_arena = arena_new(1 << 16, SCRATCH_MAX);
	ExprScratch scratch = {.arena = scratch_arena, .fuel = FUEL};
	Expression *expression = ARENA_NEW(cli->arena, Expression);
	ExprValue value;
	Str text;

	TRY(compile(cli, expression));
	for (const OptionValue *bind = cli->line.options[OPT_BIND]; bind; bind = bind->next)
		TRY(bind_one(cli, bind->text, expression));
	value = expr_eval(&expression->program, expression->values, clock_now_us(clock_system()), &scratch);
	if (value.kind == EXPR_ERROR && value.error == EXPR_ERR_ATTRIBUTE_MISSING &&
	        value.slot < expression->schema.count)
		return err(ERR_ATTRIBUTE_UNKNOWN,
		        "the expression ends in %s: '" STR_FMT "' has no value; give one with --bind",
		        expr_error_name(value.error), STR_ARG(expression->attributes[value.slot].name));
	if (value.kind == EXPR_ERROR)
		return err(ERR_EXPR_TYPE, "the expression ends in %s", expr_error_name(value.error));
	text = expr_value_format(value, cli->arena);
	printf(STR_FMT "\n", STR_ARG(text));
	return OK;
}

Err verb_expr_check(Cli *cli)
{
	Expression *expression = ARENA_NEW(cli->arena, Expression);
	Str type;

	TRY(compile(cli, expression));
	TRY(expr_infer(&expression->schema, str(cli->line.arguments[0]), cli->arena, &type));
	printf(STR_FMT "\n", STR_ARG(type));
	return OK;
}

Err verb_expr_disassemble(Cli *cli)
{
	Expression *expression = ARENA_NEW(cli->arena, Expression);
	Str text;

	TRY(compile(cli, expression));
	text = expr_disassemble(&expression->program, &expression->schema, cli->arena);
	printf(STR_FMT, STR_ARG(text));
	return OK;
}
