// Keys come from files, and files are often wrong.
#include "base/cleanup.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static Arena *arena;

static char *path(const char *name)
{
	return arena_printf(arena, "%s/%s", dir, name);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/parley-keys-XXXXXX");
	arena = arena_new(4096, 0);
	test_key_write(1, mkdtemp(dir), "a");
	test_key_write(2, dir, "b");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const names[] = {"a.key", "a.pub", "b.key", "b.pub"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		unlink(path(names[i]));
	rmdir(dir);
	arena_free(arena);
	return 0;
}

static void a_key_is_known_by_its_bytes(void **state)
{
	(void)state;
	SigningKey *key;
	assert_int_equal(signing_key_load(path("a.key"), &key), OK);
	char id[65], expected[65];
	signing_key_id(key, id);
	test_key_id(1, expected);
	assert_string_equal(id, expected);
	signing_key_free(key);
}

static void a_private_key_for_everybody_is_refused(void **state)
{
	(void)state;
	SigningKey *key;
	assert_int_equal(chmod(path("a.key"), 0644), 0);
	assert_int_equal(signing_key_load(path("a.key"), &key), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "chmod 600"));
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	SigningKey *key;
	assert_int_equal(signing_key_load(path("nowhere.key"), &key), ERR_IO);
	assert_int_equal(signing_key_load(path("a.pub"), &key), ERR_CONFIG_INVALID);
	uint8_t known[32];
	assert_int_equal(public_key_load(path("a.key"), known), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "-pubout"));
}

static void a_public_key_is_read_from_its_file(void **state)
{
	(void)state;
	uint8_t key[32], expected[32];
	assert_int_equal(public_key_load(path("b.pub"), key), OK);
	test_key_public(2, expected);
	assert_memory_equal(key, expected, 32);
	assert_int_equal(public_key_load(path("nowhere.pub"), key), ERR_IO);
}

static void digests_read_as_they_are_written(void **state)
{
	(void)state;
	Digest digest = digest_of(STR("abc")), back;
	char hex[65];
	digest_hex(&digest, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(digest_parse(str(hex), &back) && digest_eq(&digest, &back));
	assert_false(digest_parse(STR("ba78"), &back));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_key_is_known_by_its_bytes),
	        T(a_private_key_for_everybody_is_refused),
	        T(what_is_no_key_is_refused),
	        T(a_public_key_is_read_from_its_file),
	        T(digests_read_as_they_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
