// A link's token: its documented form, made here once more with OpenSSL's own HMAC; and that nothing else is
// taken: another text, environment, key or time.
#include "link/link.h"

#include <endian.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20261123, MUTATIONS = 200000 };

static const uint8_t key[][LINK_KEY_SIZE] = {{1, 2, 3}, {4, 5, 6}};
static const char code[] = "0123456789ABCDEFGHJ";

static LinkKeys keys_for(const uint8_t (*from)[LINK_KEY_SIZE], size_t count, const char *environment)
{
	LinkKeys keys;
	assert_int_equal(link_keys_make(from, count, str(environment), &keys), OK);
	return keys;
}

static Str write(const LinkKeys *keys, char token[LINK_TOKEN_CHARS])
{
	assert_true(link_click_write(keys, str(code), 0x1122334455667788, 1800000000, token));
	return str_n(token, LINK_TOKEN_CHARS);
}

static void hmac(const uint8_t *with, const void *data, size_t len, uint8_t ret[32])
{
	unsigned size = 32;
	assert_non_null(HMAC(EVP_sha256(), with, LINK_KEY_SIZE, data, len, ret, &size));
}

static void the_form_is_the_documented_one(void **state)
{
	(void)state;
	static const char label[] = "parley link v1 click production";
	uint8_t bytes[41 + 16] = {1}, derived[32];
	unsigned char text[64];
	char token[LINK_TOKEN_CHARS];
	for (unsigned i = 0; i < LINK_TREATMENT_CHARS; i++) // values 0, 1, 2, …: bit by bit
		for (unsigned b = 0; b < 5; b++)
			if (i >> (4 - b) & 1)
				bytes[1 + (5 * i + b) / 8] |= (uint8_t)(0x80 >> (5 * i + b) % 8);
	memcpy(bytes + 13, (uint64_t[]){htobe64(0x1122334455667788)}, 8);
	memcpy(bytes + 21, (uint32_t[]){htobe32(1800000000)}, 4);
	hmac(key[0], label, sizeof label - 1, derived);
	hmac(derived, bytes, 25, bytes + 25);
	EVP_EncodeBlock(text, bytes, 41);
	for (size_t i = 0; i < LINK_TOKEN_CHARS; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	LinkKeys keys = keys_for(key, 1, "production");
	write(&keys, token);
	assert_memory_equal(token, text, LINK_TOKEN_CHARS);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	LinkKeys keys = keys_for(key, 1, "production");
	char token[LINK_TOKEN_CHARS];
	ClickLink link;
	assert_true(link_click_read(&keys, write(&keys, token), &link));
	assert_string_equal(link.treatment_code, code);
	assert_int_equal(link.offer, 0x1122334455667788);
	assert_int_equal(link.expires_s, 1800000000);
}

static void only_treatment_codes_and_possible_times_are_written(void **state)
{
	(void)state;
	LinkKeys keys = keys_for(key, 1, "production");
	char token[LINK_TOKEN_CHARS];
	assert_false(link_click_write(&keys, STR(""), 1, 1, token));
	assert_false(link_click_write(&keys, STR("0123456789ABCDEFGH"), 1, 1, token));
	assert_false(link_click_write(&keys, STR("0123456789ABCDEFGHU"), 1, 1, token));
	assert_false(link_click_write(&keys, str(code), 1, -1, token));
	assert_false(link_click_write(&keys, str(code), 1, INT64_C(1) << 32, token));
}

static void another_environments_link_is_worth_nothing(void **state)
{
	(void)state;
	LinkKeys staging = keys_for(key, 1, "staging"), production = keys_for(key, 1, "production");
	char token[LINK_TOKEN_CHARS];
	ClickLink link;
	assert_false(link_click_read(&production, write(&staging, token), &link));
}

static void a_key_that_was_changed_is_believed_until_it_goes(void **state)
{
	(void)state;
	const uint8_t turned[][LINK_KEY_SIZE] = {{4, 5, 6}, {1, 2, 3}};
	LinkKeys old = keys_for(key, 1, "production"), both = keys_for(turned, 2, "production"),
	         new = keys_for(turned, 1, "production");
	char token[LINK_TOKEN_CHARS];
	ClickLink link;
	Str before = write(&old, token);
	assert_true(link_click_read(&both, before, &link));
	assert_false(link_click_read(&new, before, &link));
	assert_true(link_click_read(&new, write(&both, token), &link));
}

static void nothing_else_is_taken(void **state)
{
	(void)state;
	static const char any[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=%\r\n.~";
	LinkKeys keys = keys_for(key, 2, "production");
	char token[LINK_TOKEN_CHARS], other[LINK_TOKEN_CHARS + 2];
	ClickLink link;
	write(&keys, token);
	print_message("seed %d\n", SEED);
	srandom(SEED);
	for (unsigned i = 0; i < MUTATIONS; i++) {
		size_t len = LINK_TOKEN_CHARS;
		memcpy(other, token, LINK_TOKEN_CHARS);
		other[LINK_TOKEN_CHARS] = 'A';
		for (long n = random() % 3; n >= 0; n--)
			other[(size_t)random() % LINK_TOKEN_CHARS] = any[(size_t)random() % (sizeof any - 1)];
		if (random() % 8 == 0)
			len = (size_t)random() % (LINK_TOKEN_CHARS + 2);
		if (len != LINK_TOKEN_CHARS || memcmp(other, token, len) != 0)
			assert_false(link_click_read(&keys, str_n(other, len), &link));
	}
	for (size_t at = 0; at < LINK_TOKEN_CHARS; at++) // every other character in every place
		for (unsigned c = 0; c < 256; c++) {
			memcpy(other, token, LINK_TOKEN_CHARS);
			other[at] = (char)c;
			assert_int_equal(link_click_read(&keys, str_n(other, LINK_TOKEN_CHARS), &link),
			        other[at] == token[at]);
		}
}

static void key_files_are_read_or_refused_by_line(void **state)
{
	(void)state;
#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	LinkKeys keys;
	assert_int_equal(link_keys_parse(STR("# new\n" HEX "\r\n\n" HEX), "f", STR("e"), &keys), OK);
	assert_int_equal(keys.count, 2);
	assert_int_equal(link_keys_parse(STR(""), "f", STR("e"), &keys), ERR_CONFIG_INVALID);
	assert_int_equal(link_keys_parse(STR("#\n" HEX "0\n"), "f", STR("e"), &keys), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "f:2"));
	assert_null(strstr(err_detail()->message, "00112233"));
	assert_int_equal(
	        link_keys_parse(STR(HEX "\n" HEX "\n" HEX "\n" HEX "\n" HEX "\n" HEX), "f", STR("e"), &keys),
	        ERR_CONFIG_INVALID);
	assert_int_equal(link_keys_read("/nonexistent/key", STR("e"), &keys), ERR_CONFIG_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_form_is_the_documented_one),
	        cmocka_unit_test(what_was_written_is_read),
	        cmocka_unit_test(only_treatment_codes_and_possible_times_are_written),
	        cmocka_unit_test(another_environments_link_is_worth_nothing),
	        cmocka_unit_test(a_key_that_was_changed_is_believed_until_it_goes),
	        cmocka_unit_test(nothing_else_is_taken),
	        cmocka_unit_test(key_files_are_read_or_refused_by_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
