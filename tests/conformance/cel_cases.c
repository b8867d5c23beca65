// Runs conformance cases, one JSON object a line: the expression, its environment, and what must come out.
// Each line counts as one case, passed or failed; there is no third way.
#include "base/cleanup.h"
#include "case_json.h"

#include <stdio.h>
#include <stdlib.h>

enum { ATTRIBUTES_MAX = 16 };
#define FUEL UINT64_C(1000000)

typedef struct Case {
	json_t *json;
	Arena *arena;
	ExprAttribute attributes[ATTRIBUTES_MAX];
	ExprValue values[ATTRIBUTES_MAX];
	size_t count;
	const char *wrong; // why it failed, or NULL
} Case;

static void wrong(Case *c, const char *what, const char *text)
{
	if (!c->wrong)
		c->wrong = arena_printf(c->arena, "%s%s", what, text);
}

// Variables: declared ones, and bound ones that nobody declared.
static void read_environment(Case *c)
{
	json_t *env = json_object_get(c->json, "env"), *bindings = json_object_get(c->json, "bindings");
	json_t *item;
	const char *name;

	json_object_foreach(env, name, item)
	{
		ExprAttribute *attribute = &c->attributes[c->count];

		attribute->name = str(name);
		c->values[c->count] = expr_missing((uint32_t)c->count);
		if (c->count + 1 == ATTRIBUTES_MAX ||
		        !case_type(str(json_string_value(item)), &attribute->type))
			return wrong(c, "unreadable declaration of ", name);
		c->count++;
	}
	json_object_foreach(bindings, name, item)
	{
		size_t slot = 0;

		while (slot < c->count && !str_eq(c->attributes[slot].name, str(name)))
			slot++;
		if (slot == c->count && c->count + 1 < ATTRIBUTES_MAX)
			c->attributes[c->count++] = (ExprAttribute){str(name), {EXPR_DYN, 0}};
		if (slot == ATTRIBUTES_MAX || !case_value(item, c->arena, &c->values[slot]))
			return wrong(c, "unreadable value of ", name);
	}
}

static void compare_result(Case *c, ExprValue found)
{
	const json_t *expected = json_object_get(c->json, "value");
	ExprValue value;

	if (!expected)
		return;
	if (!case_value(expected, c->arena, &value))
		wrong(c, "unreadable ", "value");
	else if (!case_same(found, value))
		wrong(c, "found ", arena_cstr(c->arena, expr_value_format(found, c->arena)));
}

// A refusal may stand for the failing that a case asks for, if the compiler foresaw it from types and
// constants; not knowing a name or a form never does.
static void run(Case *c)
{
	const ExprSchema schema = {c->attributes, c->count};
	Str source = str_n(json_string_value(json_object_get(c->json, "expr")),
	        json_string_length(json_object_get(c->json, "expr")));
	bool must_fail = json_object_get(c->json, "error") != NULL;
	ExprScratch scratch = {c->arena, FUEL};
	ExprProgram program;
	ExprValue found;
	Err failed;

	failed = json_is_true(json_object_get(c->json, "unchecked"))
	                 ? expr_compile_unchecked(&schema, source, c->arena, &program)
	                 : expr_compile(&schema, source, EXPR_DYN, c->arena, &program);
	if (failed == ERR_EXPR_TYPE && must_fail)
		return;
	if (failed != OK)
		return wrong(c, "", err_detail()->message);
	if (json_object_get(c->json, "type")) {
		const char *expected = json_string_value(json_object_get(c->json, "type"));
		Str type = {0};

		if (expr_infer(&schema, source, c->arena, &type) != OK ||
		        !case_same_type(type, str(expected)))
			wrong(c, "deduced ", arena_cstr(c->arena, type));
	}
	if (json_is_true(json_object_get(c->json, "check_only")))
		return;
	found = expr_eval(&program, c->values, 0, &scratch);
	if (must_fail && found.kind != EXPR_ERROR)
		wrong(c, "should have failed, found ",
		        arena_cstr(c->arena, expr_value_format(found, c->arena)));
	compare_result(c, found);
}

static bool pass(const char *line)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 64 << 20);
	Case c = {.json = json_loads(line, JSON_ALLOW_NUL, NULL), .arena = arena};

	if (json_is_string(json_object_get(c.json, "expr"))) {
		read_environment(&c);
		if (!c.wrong)
			run(&c);
	} else {
		wrong(&c, "", "not a case");
	}
	if (c.wrong)
		(void)printf("FAILED %s/%s/%s: %s\n\t%s\n",
		        json_string_value(json_object_get(c.json, "file")),
		        json_string_value(json_object_get(c.json, "section")),
		        json_string_value(json_object_get(c.json, "name")),
		        json_string_value(json_object_get(c.json, "expr")), c.wrong);
	json_decref(c.json);
	return !c.wrong;
}

int main(int argc, char **argv)
{
	size_t passed = 0, failed = 0, room = 0;
	char *line = NULL;

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");

		if (!file) {
			perror(argv[i]);
			return 2;
		}
		while (getline(&line, &room, file) > 0) {
			if (pass(line))
				passed++;
			else
				failed++;
		}
		(void)fclose(file);
	}
	free(line);
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
