// Contexts and tokens in files of their own.
#include "base/cleanup.h"
#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static Arena *arena;
static char folder[] = "/tmp/parley-context-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(4096, 0);
	if (!mkdtemp(folder))
		return -1;
	setenv("PARLEY_CONFIG", arena_printf(arena, "%s/cli/config.yaml", folder), 1);
	unsetenv("PARLEY_CONTEXT");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(arena_printf(arena, "%s/cli/config.yaml", folder));
	rmdir(arena_printf(arena, "%s/cli/tokens", folder));
	rmdir(arena_printf(arena, "%s/cli", folder));
	rmdir(folder);
	arena_free(arena);
	return 0;
}

static void without_a_file_there_is_an_empty_context(void **state)
{
	ContextFile file;
	Context *context;

	(void)state;
	assert_int_equal(context_load(arena, &file), OK);
	assert_int_equal(context_select(&file, NULL, arena, &context), OK);
	assert_int_equal(context->design.address.len, 0);
	assert_int_equal(context_select(&file, "work", arena, &context), ERR_CONFIG_INVALID);
}

static void what_is_saved_is_loaded(void **state)
{
	ContextFile file, again;
	Context *context;
	ContextEnvironment *environment;

	(void)state;
	assert_int_equal(context_load(arena, &file), OK);
	assert_int_equal(context_add(&file, STR("work"), arena, &context), OK);
	context->design = (Endpoint){.address = STR("design.example:7400"), .ca = STR("/c a: #.crt")};
	assert_int_equal(context_environment_add(context, STR("test"), arena, &environment), OK);
	environment->runtime = (Endpoint){.address = STR("127.0.0.1:7501"), .token_file = STR("/t")};
	assert_int_equal(context_add(&file, STR("home"), arena, &context), OK);
	assert_int_equal(context_save(&file, arena), OK);

	assert_int_equal(context_load(arena, &again), OK);
	assert_int_equal(context_select(&again, NULL, arena, &context), OK);
	assert_true(str_eq(context->name, STR("work"))); // the first became the current one
	assert_true(str_eq(context->design.ca, STR("/c a: #.crt")));
	assert_true(str_eq(context_environment(context, STR("test"))->runtime.token_file, STR("/t")));
	assert_null(context_environment(context, STR("production")));
	setenv("PARLEY_CONTEXT", "home", 1);
	assert_int_equal(context_select(&again, NULL, arena, &context), OK);
	assert_true(str_eq(context->name, STR("home")));
	unsetenv("PARLEY_CONTEXT");
	assert_int_equal(context_add(&again, STR("../up"), arena, &context), ERR_FIELD_INVALID);
}

static void a_token_is_its_owners_alone(void **state)
{
	struct stat info;
	ContextFile file;
	Context *context;
	Str token;

	(void)state;
	assert_int_equal(context_load(arena, &file), OK);
	assert_int_equal(context_select(&file, "work", arena, &context), OK);
	assert_int_equal(context_token_load(&file, context, arena, &token), OK);
	assert_int_equal(token.len, 0);
	assert_int_equal(context_token_save(&file, context, arena, STR("secret")), OK);
	assert_int_equal(stat(arena_printf(arena, "%s/cli/tokens/work", folder), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(context_token_load(&file, context, arena, &token), OK);
	assert_true(str_eq(token, STR("secret")));
	assert_int_equal(context_token_save(&file, context, arena, (Str){0}), OK);
	assert_int_equal(context_token_load(&file, context, arena, &token), OK);
	assert_int_equal(token.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(without_a_file_there_is_an_empty_context),
	        cmocka_unit_test(what_is_saved_is_loaded),
	        cmocka_unit_test(a_token_is_its_owners_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
