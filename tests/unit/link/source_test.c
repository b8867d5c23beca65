// Source codes: read as people write them, and every slip of one character or of two neighbours is found.
#include "link/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20261123, CODES = 200 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static LinkKeys keys;

static int make_keys(void **state)
{
	(void)state;
	return link_keys_make(&(uint8_t[LINK_KEY_SIZE]){7, 7, 7}, 1, STR("production"), &keys) != OK;
}

static void make(uint32_t serial, char plain[LINK_SOURCE_CHARS + 1])
{
	char text[LINK_SOURCE_TEXT + 1];
	link_source_write(&keys, STR("bank"), STR("GOLD"), serial, text);
	assert_int_equal(strlen(text), LINK_SOURCE_TEXT);
	assert_true(link_source_normalize(str(text), plain));
}

static bool reads(const char *text, size_t len, char plain[LINK_SOURCE_CHARS + 1])
{
	return link_source_normalize(str_n(text, len), plain);
}

static void a_code_is_its_offers_alone(void **state)
{
	(void)state;
	char plain[LINK_SOURCE_CHARS + 1];
	LinkKeys other;
	link_keys_make(&(uint8_t[LINK_KEY_SIZE]){7, 7, 7}, 1, STR("staging"), &other);
	for (uint32_t serial = 0; serial < LINK_SOURCE_SERIALS; serial += LINK_SOURCE_SERIALS / CODES) {
		make(serial, plain);
		assert_true(link_source_may_be(plain, link_offer_ref(STR("bank"), STR("GOLD"))));
		assert_true(link_source_holds(&keys, plain, STR("bank"), STR("GOLD")));
		assert_false(link_source_holds(&keys, plain, STR("bank"), STR("SILVER")));
		assert_false(link_source_holds(&keys, plain, STR("shop"), STR("GOLD")));
		assert_false(link_source_holds(&other, plain, STR("bank"), STR("GOLD")));
	}
}

static void people_write_it_as_they_like(void **state)
{
	(void)state;
	char plain[LINK_SOURCE_CHARS + 1], again[LINK_SOURCE_CHARS + 1];
	char text[2 * LINK_SOURCE_CHARS + 1];
	for (uint32_t serial = 0; serial < CODES; serial++) {
		size_t len = 0;
		make(serial, plain);
		for (size_t i = 0; i < LINK_SOURCE_CHARS; i++) {
			char c = plain[i];
			text[len++] = c == '0'   ? 'o'
			              : c == '1' ? "Il"[serial % 2]
			              : c >= 'A' ? (char)(c + 32)
			                         : c;
			if (i % 4 == 3)
				text[len++] = " -"[serial % 2];
		}
		assert_true(reads(text, len, again));
		assert_string_equal(again, plain);
	}
}

static void every_single_slip_and_every_swap_is_found(void **state)
{
	(void)state;
	char plain[LINK_SOURCE_CHARS + 1], slip[LINK_SOURCE_CHARS + 1], again[LINK_SOURCE_CHARS + 1];
	for (uint32_t serial = 0; serial < CODES; serial++) {
		make(serial * 167773, plain);
		for (size_t at = 0; at < LINK_SOURCE_CHARS; at++) {
			for (size_t c = 0; c < sizeof alphabet - 1; c++) {
				memcpy(slip, plain, sizeof slip);
				slip[at] = alphabet[c];
				assert_int_equal(
				        reads(slip, LINK_SOURCE_CHARS, again), slip[at] == plain[at]);
			}
			for (size_t to = at + 1; to < LINK_SOURCE_CHARS; to++) {
				memcpy(slip, plain, sizeof slip);
				slip[at] = plain[to];
				slip[to] = plain[at];
				assert_int_equal(
				        reads(slip, LINK_SOURCE_CHARS, again), plain[at] == plain[to]);
			}
		}
	}
}

static void other_texts_are_none(void **state)
{
	(void)state;
	char plain[LINK_SOURCE_CHARS + 1];
	assert_false(link_source_normalize(STR(""), plain));
	assert_false(link_source_normalize(STR("U00000000000"), plain));
	assert_false(link_source_normalize(STR("0000-0000-0000-0"), plain));
	assert_false(link_source_normalize(STR("0000-0000-000"), plain));
	assert_false(link_source_normalize(STR("------------------------0000"), plain));
	assert_true(
	        link_source_normalize(STR("0000-0000-0000"), plain)); // its check is right: it is nobody's
	assert_false(link_source_holds(&keys, plain, STR("bank"), STR("GOLD")));
}

// What the README says of guessing, measured: valid checks, drawn at random.
static void guessing_does_not_pay(void **state)
{
	(void)state;
	char guess[LINK_SOURCE_CHARS + 1] = "", plain[LINK_SOURCE_CHARS + 1];
	unsigned hits = 0;
	print_message("seed %d\n", SEED);
	srandom(SEED);
	for (unsigned i = 0; i < 500000; i++) {
		for (size_t at = 0; at < LINK_SOURCE_CHARS; at++)
			guess[at] = alphabet[random() % 32];
		hits += reads(guess, LINK_SOURCE_CHARS, plain) &&
		        link_source_holds(&keys, plain, STR("bank"), STR("GOLD"));
	}
	assert_int_equal(hits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_code_is_its_offers_alone),
	        cmocka_unit_test(people_write_it_as_they_like),
	        cmocka_unit_test(every_single_slip_and_every_swap_is_found),
	        cmocka_unit_test(other_texts_are_none),
	        cmocka_unit_test(guessing_does_not_pay),
	};
	return cmocka_run_group_tests(tests, make_keys, NULL);
}
