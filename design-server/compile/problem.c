#include "compile/internal.h"

#include <stdio.h>

static void note(Compile *c, ProblemSort sort, const char *field, const char *message)
{
	Problems *problems = c->problems;
	problems->found++;
	if (problems->count < PROBLEMS_MAX)
		problems->items[problems->count++] =
		        (Problem){sort, c->kind, str(c->name), field, message ? message : ""};
}

void problem(Compile *c, const char *field, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *message = arena_vprintf(c->arena, fmt, args);
	va_end(args);
	note(c, PROBLEM_OTHER, field, message);
}

void problem_as(Compile *c, ProblemSort sort, const char *field, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *message = arena_vprintf(c->arena, fmt, args);
	va_end(args);
	note(c, sort, field, message);
}

void problem_from_error(Compile *c, const char *field)
{
	Err id = err_detail()->id;
	bool expression = id == ERR_EXPR_SYNTAX || id == ERR_EXPR_NAME_UNKNOWN || id == ERR_EXPR_TYPE ||
	                  id == ERR_EXPR_LIMIT;
	note(c, expression ? PROBLEM_EXPRESSION : PROBLEM_OTHER, field,
	        arena_cstr(c->arena, str(err_detail()->message)));
}

Err problems_error(const Compile *c)
{
	const Problems *problems = c->problems;
	char text[sizeof(ErrDetail)], path[sizeof err_detail()->field];
	size_t len = 0, told = 0;
	for (; told < problems->count; told++) {
		const Problem *p = &problems->items[told];
		int n = snprintf(text + len, sizeof text - len, "%s%s %s, %s: %s", told ? "; " : "", p->kind,
		        p->name.ptr, p->field, p->message);
		if (n < 0 || len + (size_t)n > sizeof err_detail()->message - 64)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	const Problem *first = &problems->items[0];
	snprintf(path, sizeof path, "%s/%s.%s", first->kind, first->name.ptr, first->field);
	if (!told)
		return err_at(ERR_COMPILE_FAILED, path, "%zu problems; the first: %.800s", problems->found,
		        first->message);
	if (told < problems->found)
		return err_at(ERR_COMPILE_FAILED, path, "%zu problems: %s; and %zu more", problems->found,
		        text, problems->found - told);
	return err_at(ERR_COMPILE_FAILED, path, "%s", text);
}
