// Deploy profiles as they are, and as they should not be.
#include "base/cleanup.h"
#include "base/file.h"
#include "release/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char dir[64];
static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/parley-environments-XXXXXX");
	arena = arena_new(16 * 1024, 0);
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	int failed = system(arena_printf(arena, "rm -rf %s", dir));
	arena_free(arena);
	return failed;
}

static void declare(const char *folder, const char *yaml)
{
	char *path = arena_printf(arena, "%s/%s", dir, folder);
	assert_int_equal(dir_make(path, 0700), OK);
	assert_int_equal(
	        file_write_durable(arena_printf(arena, "%s/environment.yaml", path), str(yaml), 0600), OK);
}

static void refused(const char *part)
{
	Environments environments;
	assert_int_equal(environments_load(str(dir), arena, &environments), ERR_CONFIG_INVALID);
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static void they_are_listed_in_the_order_of_promotion(void **state)
{
	(void)state;
	Environments environments;
	declare("production",
	        "name: production\npromotes_from: staging\nfleet: web\nmanifest_lifetime: 30d\nepoch: 2\n"
	        "servers:\n  - {name: a, address: 10.0.0.1:7503}\n  - {name: b, address: b:7503, tls_name: "
	        "c}\n");
	declare("staging", "name: staging\npromotes_from: zero\nfleet: web\n");
	declare("zero", "name: zero\nfleet: web\n");
	assert_int_equal(environments_load(str(dir), arena, &environments), OK);
	assert_int_equal(environments.count, 3);
	assert_true(str_eq(environments.items[0].name, STR("zero")));
	assert_int_equal(environments.items[0].manifest_lifetime_us, INT64_C(365) * 86400 * 1000000);
	assert_int_equal(environments.items[0].epoch, 1);
	assert_true(str_eq(environments.items[1].name, STR("staging")));
	const Environment *production;
	assert_int_equal(environment_find(&environments, STR("production"), &production), OK);
	assert_int_equal(production->manifest_lifetime_us, INT64_C(30) * 86400 * 1000000);
	assert_int_equal(production->epoch, 2);
	assert_int_equal(production->servers.count, 2);
	assert_true(str_eq(environment_server(production, 1)->tls_name, STR("c")));
	assert_int_equal(environment_find(&environments, STR("moon"), &production), ERR_ENVIRONMENT_UNKNOWN);
	assert_non_null(strstr(err_detail()->message, "(there are: zero, staging, production)"));
}

static void no_folder_declares_none(void **state)
{
	(void)state;
	Environments environments;
	const Environment *found;
	assert_int_equal(
	        environments_load(str(arena_printf(arena, "%s/none", dir)), arena, &environments), OK);
	assert_int_equal(environments.count, 0);
	assert_int_equal(environment_find(&environments, STR("test"), &found), ERR_ENVIRONMENT_UNKNOWN);
}

static void a_line_without_a_beginning_is_refused(void **state)
{
	(void)state;
	declare("a", "name: a\npromotes_from: b\nfleet: web\n");
	declare("b", "name: b\npromotes_from: a\nfleet: web\n");
	refused("promotes from");
}

static void a_source_that_is_not_there_is_refused(void **state)
{
	(void)state;
	declare("a", "name: a\npromotes_from: nowhere\nfleet: web\n");
	refused("'nowhere', which does not exist");
}

static void a_name_unlike_its_folder_is_refused(void **state)
{
	(void)state;
	declare("a", "name: b\nfleet: web\n");
	refused("its folder is 'a'");
}

static void an_unknown_key_is_refused_with_its_place(void **state)
{
	(void)state;
	declare("a", "name: a\nfleet: web\nserver: []\n");
	refused("environment.yaml:3:1");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(they_are_listed_in_the_order_of_promotion),
	        T(no_folder_declares_none),
	        T(a_line_without_a_beginning_is_refused),
	        T(a_source_that_is_not_there_is_refused),
	        T(a_name_unlike_its_folder_is_refused),
	        T(an_unknown_key_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
