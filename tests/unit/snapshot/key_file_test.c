// A person's key in a file: encrypted, readable by OpenSSL's own tools, and never written over.
#include "base/cleanup.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

typedef struct Home {
	char dir[64], key[96], known[96];
} Home;

typedef struct Answer {
	const char *text;
	int asked;
} Answer;

static size_t answer(void *context, char *buffer, size_t size)
{
	Answer *given = context;
	size_t len = strlen(given->text);
	assert_true(len <= size);
	memcpy(buffer, given->text, len);
	given->asked++;
	return len;
}

static int set_up(void **state)
{
	static Home home;
	strcpy(home.dir, "/tmp/parley-key-file-XXXXXX");
	assert_non_null(mkdtemp(home.dir));
	snprintf(home.key, sizeof home.key, "%s/anna.key", home.dir);
	snprintf(home.known, sizeof home.known, "%s/anna.pub", home.dir);
	*state = &home;
	return setenv("KEY", home.key, 1) || setenv("PUB", home.known, 1);
}

static int tear_down(void **state)
{
	Home *home = *state;
	remove(home->key);
	remove(home->known);
	remove(home->dir);
	return 0;
}

// The command finds the files in $KEY and $PUB.
static void run(int expected, const char *command)
{
	int status = system(command);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void same_key(const SigningKey *key, const Home *home)
{
	uint8_t mine[32], known[32];
	signing_key_public(key, mine);
	assert_int_equal(public_key_load(home->known, known), OK);
	assert_memory_equal(mine, known, 32);
}

static void an_encrypted_key_opens_with_its_passphrase_only(void **state)
{
	Home *home = *state;
	SigningKey *key;
	Answer right = {"correct horse", 0}, wrong = {"Correct horse", 0}, none = {"", 0};
	assert_int_equal(signing_key_create(home->key, home->known, STR("correct horse")), OK);
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &wrong, &key), ERR_PASSPHRASE_WRONG);
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &none, &key), ERR_PASSPHRASE_WRONG);
	assert_int_equal(signing_key_load(home->key, &key), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "nobody to ask"));
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &right, &key), OK);
	assert_int_equal(right.asked, 1);
	same_key(key, home);
	signing_key_free(key);
}

static void openssl_reads_what_is_written_here(void **state)
{
	Home *home = *state;
	assert_int_equal(signing_key_create(home->key, home->known, STR("correct horse")), OK);
	run(0, "openssl pkey -in $KEY -passin pass:'correct horse' -noout");
	run(1, "openssl pkey -in $KEY -passin pass:other -noout 2>/dev/null");
	run(0, "grep -q 'BEGIN ENCRYPTED PRIVATE KEY' $KEY");
	run(0, "openssl pkey -pubin -in $PUB -noout");
}

static void what_openssl_encrypts_is_read_here(void **state)
{
	Home *home = *state;
	SigningKey *key;
	Answer right = {"old style", 0};
	run(0, "openssl genpkey -algorithm ed25519 -aes256 -pass pass:'old style' -out $KEY 2>/dev/null");
	run(0, "chmod 600 $KEY");
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &right, &key), OK);
	signing_key_free(key);
}

static void a_server_key_asks_nobody(void **state)
{
	Home *home = *state;
	SigningKey *key;
	Answer unused = {"", 0};
	assert_int_equal(signing_key_create(home->key, home->known, (Str){0}), OK);
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &unused, &key), OK);
	assert_int_equal(unused.asked, 0);
	same_key(key, home);
	signing_key_free(key);
	assert_int_equal(signing_key_load(home->key, &key), OK);
	signing_key_free(key);
}

static void a_key_is_its_owners_and_is_never_written_over(void **state)
{
	Home *home = *state;
	struct stat info;
	assert_int_equal(signing_key_create(home->key, home->known, (Str){0}), OK);
	assert_int_equal(stat(home->key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(signing_key_create(home->key, home->known, (Str){0}), ERR_IO);
	assert_int_equal(remove(home->known), 0);
	assert_int_equal(signing_key_create(home->key, home->known, (Str){0}), ERR_IO);
	assert_non_null(strstr(err_detail()->message, "never overwritten"));
	assert_int_equal(stat(home->known, &info), -1); // nothing half done is left
}

static void a_passphrase_can_change(void **state)
{
	Home *home = *state;
	SigningKey *key, *again;
	Answer before = {"before", 0}, after = {"after", 0};
	assert_int_equal(signing_key_create(home->key, home->known, STR("before")), OK);
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &before, &key), OK);
	assert_int_equal(signing_key_save(key, home->key, STR("after")), OK);
	assert_int_equal(
	        signing_key_load_encrypted(home->key, answer, &before, &again), ERR_PASSPHRASE_WRONG);
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &after, &again), OK);
	same_key(again, home);
	signing_key_free(key);
	signing_key_free(again);
}

static void a_key_that_asks_for_hours_of_work_is_refused(void **state)
{
	Home *home = *state;
	SigningKey *key;
	Answer right = {"slow", 0};
	run(0, "openssl genpkey -algorithm ed25519 -out $PUB 2>/dev/null");
	run(0, "openssl pkcs8 -topk8 -in $PUB -out $KEY -passout pass:slow -scrypt_N 1024 -scrypt_r 8 "
	       "-scrypt_p 512");
	run(0, "chmod 600 $KEY");
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &right, &key), ERR_CONFIG_INVALID);
	assert_int_equal(right.asked, 0);
}

static void what_is_no_ed25519_key_is_refused(void **state)
{
	Home *home = *state;
	SigningKey *key;
	Answer unused = {"", 0};
	run(0, "openssl genpkey -algorithm x25519 -out $KEY 2>/dev/null && chmod 600 $KEY");
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &unused, &key), ERR_CONFIG_INVALID);
	run(0, "head -c 20000 /dev/zero > $KEY");
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &unused, &key), ERR_CONFIG_INVALID);
	run(0, ": > $KEY");
	assert_int_equal(signing_key_load_encrypted(home->key, answer, &unused, &key), ERR_CONFIG_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(an_encrypted_key_opens_with_its_passphrase_only),
	        T(openssl_reads_what_is_written_here),
	        T(what_openssl_encrypts_is_read_here),
	        T(a_server_key_asks_nobody),
	        T(a_key_is_its_owners_and_is_never_written_over),
	        T(a_passphrase_can_change),
	        T(a_key_that_asks_for_hours_of_work_is_refused),
	        T(what_is_no_ed25519_key_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
