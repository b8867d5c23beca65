// Trees as CEL. Everything composite is in parentheses, but chains of one logical operator, which the
// language flattens.
#include "ast.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

static void write_text(FILE *out, ExprValue text)
{
	fputc('"', out);
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.s[i] == '"' || text.s[i] == '\\')
			fputc('\\', out);
		fputc(text.s[i], out);
	}
	fputc('"', out);
}

static void write_double(FILE *out, double value)
{
	char text[40];
	snprintf(text, sizeof text, "%.17g", value);
	fputs(text, out);
	if (isfinite(value) && !strpbrk(text, ".e"))
		fputs(".0", out);
}

static void write_moment(FILE *out, ExprValue value)
{
	time_t seconds = value.seconds;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	fprintf(out, "timestamp(\"%04d-%02d-%02dT%02d:%02d:%02d.%09dZ\")", tm.tm_year + 1900, tm.tm_mon + 1,
	        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)value.nanos);
}

static const char *const error_names[] = {
        [EXPR_ERR_ATTRIBUTE_MISSING] = "ATTRIBUTE_MISSING",
        [EXPR_ERR_NO_OVERLOAD] = "NO_OVERLOAD",
        [EXPR_ERR_DIVIDE_BY_ZERO] = "DIVIDE_BY_ZERO",
        [EXPR_ERR_MODULUS_BY_ZERO] = "MODULUS_BY_ZERO",
        [EXPR_ERR_OVERFLOW] = "OVERFLOW",
        [EXPR_ERR_RANGE] = "RANGE",
        [EXPR_ERR_FUEL] = "FUEL",
};

const char *ast_error_name(ExprError error)
{
	const char *name = error < ARRAY_COUNT(error_names) ? error_names[error] : NULL;
	return name ? name : "another error";
}

void ast_write_value(FILE *out, ExprValue value)
{
	switch (value.kind) {
	case EXPR_ERROR:
		fprintf(out, "<%s>", ast_error_name(value.error));
		break;
	case EXPR_BOOL:
		fputs(value.b ? "true" : "false", out);
		break;
	case EXPR_INT:
		fprintf(out, "%" PRId64, value.i);
		break;
	case EXPR_DOUBLE:
		write_double(out, value.d);
		break;
	case EXPR_STRING:
		write_text(out, value);
		break;
	case EXPR_TIMESTAMP:
		write_moment(out, value);
		break;
	case EXPR_LIST:
		fputc('[', out);
		for (uint32_t i = 0; i < value.len; i++) {
			fputs(i ? ", " : "", out);
			ast_write_value(out, value.items[i]);
		}
		fputc(']', out);
		break;
	default:
		fprintf(out, "<a value of kind %d>", (int)value.kind);
	}
}

static const char *const operators[] = {
        [NODE_AND] = "&&",
        [NODE_OR] = "||",
        [NODE_EQUAL] = "==",
        [NODE_NOT_EQUAL] = "!=",
        [NODE_LESS] = "<",
        [NODE_LESS_EQUAL] = "<=",
        [NODE_GREATER] = ">",
        [NODE_GREATER_EQUAL] = ">=",
        [NODE_IN] = "in",
        [NODE_ADD] = "+",
        [NODE_SUBTRACT] = "-",
        [NODE_MULTIPLY] = "*",
        [NODE_DIVIDE] = "/",
        [NODE_MODULUS] = "%",
};

static bool is_atom(const Node *node)
{
	// A negative number after a minus would be another operator.
	if (node->kind == NODE_LITERAL)
		return (node->value.kind != EXPR_INT || node->value.i >= 0) &&
		       (node->value.kind != EXPR_DOUBLE || !signbit(node->value.d));
	return node->kind == NODE_LITERALS || node->kind == NODE_ATTRIBUTE || node->kind == NODE_HAS ||
	       node->kind == NODE_SIZE || node->kind == NODE_DOUBLE || node->kind == NODE_NOW ||
	       node->kind == NODE_ENDLESS || node->kind == NODE_DYN;
}

static void write_child(FILE *out, const Node *parent, const Node *child, const SnapLevel *level)
{
	bool chain = child->kind == parent->kind && child == parent->child[0] &&
	             (child->kind == NODE_AND || child->kind == NODE_OR);
	bool bare = chain || is_atom(child);
	fputs(bare ? "" : "(", out);
	ast_write(out, child, level);
	fputs(bare ? "" : ")", out);
}

static void write_list(FILE *out, const Node *node, const SnapLevel *level)
{
	fputc('[', out);
	for (uint32_t i = 0; i < node->count; i++) {
		fputs(i ? ", " : "", out);
		ast_write(out, node->child[i], level);
	}
	fputc(']', out);
}

static void write_call(FILE *out, const char *name, const Node *node, const SnapLevel *level)
{
	fprintf(out, "%s(", name);
	ast_write(out, node->child[0], level);
	fputc(')', out);
}

static void write_infix(FILE *out, const Node *node, const SnapLevel *level)
{
	write_child(out, node, node->child[0], level);
	fprintf(out, " %s ", operators[node->kind]);
	write_child(out, node, node->child[1], level);
}

static void write_choice(FILE *out, const Node *node, const SnapLevel *level)
{
	write_child(out, node, node->child[0], level);
	fputs(" ? ", out);
	write_child(out, node, node->child[1], level);
	fputs(" : ", out);
	write_child(out, node, node->child[2], level);
}

// 20^4 rounds of several units each: beyond what an expression may use.
static void write_endless(FILE *out)
{
	for (char name = 'a'; name < 'e'; name++)
		fprintf(out, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20].all(%c__, ", name);
	fputs("true))))", out);
}

void ast_write(FILE *out, const Node *node, const SnapLevel *level)
{
	switch (node->kind) {
	case NODE_LITERAL:
		ast_write_value(out, node->value);
		break;
	case NODE_LITERALS:
		write_list(out, node, level);
		break;
	case NODE_ATTRIBUTE:
		fputs(level->attributes[node->slot]->name, out);
		break;
	case NODE_HAS:
		fprintf(out, "has(%s)", level->attributes[node->slot]->name);
		break;
	case NODE_NOT:
	case NODE_NEGATE:
		fputc(node->kind == NODE_NOT ? '!' : '-', out);
		write_child(out, node, node->child[0], level);
		break;
	case NODE_SIZE:
		write_call(out, "size", node, level);
		break;
	case NODE_DOUBLE:
		write_call(out, "double", node, level);
		break;
	case NODE_DYN:
		write_call(out, "dyn", node, level);
		break;
	case NODE_CHOICE:
		write_choice(out, node, level);
		break;
	case NODE_LATER:
		write_child(out, node, node->child[0], level);
		fprintf(out, " + duration(\"%" PRId64 "s\")", node->value.i);
		break;
	case NODE_NOW:
		fputs("now()", out);
		break;
	case NODE_ENDLESS:
		write_endless(out);
		break;
	default:
		write_infix(out, node, level);
	}
}

char *ast_print(const Node *node, const SnapLevel *level, Arena *arena)
{
	char text[EXPR_SOURCE_MAX];
	FILE *out = fmemopen(text, sizeof text, "w");
	if (!out)
		abort();
	ast_write(out, node, level);
	long len = ftell(out);
	fclose(out);
	return arena_cstr(arena, str_n(text, (size_t)len));
}
