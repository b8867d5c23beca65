// The pipeline. Everything on the way lives in an arena of its own; only the program goes into the caller's.
// What comes out has passed the same verifier that a runtime server will ask.
#include "base/cleanup.h"
#include "expr/ast.h"
#include "expr/utf8.h"

enum { WORK_BLOCK = 64 * 1024 };

static Err begin(Compilation *c)
{
	if (c->source.len == 0)
		return err(ERR_EXPR_SYNTAX,
		        "line 1, column 1: the expression is empty; write 'true' for always");
	if (c->source.len > EXPR_SOURCE_MAX)
		return err(ERR_EXPR_LIMIT,
		        "line 1, column 1: the expression has %zu bytes, the limit is %d; split it",
		        c->source.len, EXPR_SOURCE_MAX);
	if (!expr_is_utf8(c->source))
		return err(ERR_EXPR_SYNTAX, "line 1, column 1: the expression is not UTF-8 text");
	c->nodes = ARENA_ARRAY(c->arena, Node, c->source.len);
	return c->nodes ? OK : err(ERR_NO_MEMORY, "no memory to compile an expression");
}

Err expr_analyse(Compilation *c, ExprKind expected)
{
	TRY(begin(c));
	TRY(expr_parse(c));
	return expr_check(c, expected);
}

static Err compile(Compilation *c, ExprKind expected, Arena *arena, ExprProgram *ret)
{
	ExprProgram made;

	if (!c->arena)
		return err(ERR_NO_MEMORY, "no memory to compile an expression");
	TRY(expr_analyse(c, expected));
	TRY(expr_emit(c, arena, &made));
	return expr_verify(c->schema, made.bytes, made.len, ret);
}

Err expr_compile(const ExprSchema *schema, Str source, ExprKind expected, Arena *arena, ExprProgram *ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Compilation c = {.arena = work, .schema = schema, .source = source};

	return compile(&c, expected, arena, ret);
}

Err expr_compile_unchecked(const ExprSchema *schema, Str source, Arena *arena, ExprProgram *ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Compilation c = {.arena = work, .schema = schema, .source = source, .unchecked = true};

	return compile(&c, EXPR_DYN, arena, ret);
}

Err expr_infer(const ExprSchema *schema, Str source, Arena *arena, Str *ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Compilation c = {.arena = work, .schema = schema, .source = source};

	if (!work)
		return err(ERR_NO_MEMORY, "no memory to compile an expression");
	TRY(expr_analyse(&c, EXPR_DYN));
	*ret = arena_str(arena, expr_type_full_name(c.root->type, work));
	return ret->ptr ? OK : err(ERR_NO_MEMORY, "no memory for the name of a type");
}
