// Who may call what: certificates, tokens, and tokens that were known before.
#include "service/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>

enum { TOKENS = 20 }; // more than are kept

static uint8_t hashes[TOKENS + 1][TOKEN_HASH_SIZE];
static char tokens[TOKENS + 1][512];
static const Access here = {.environment = STR("staging"), .token_hashes = hashes, .token_count = TOKENS + 1};
static const Access elsewhere = {.environment = STR("test")};

static const RpcMethod offers = {.name = "GetOffers", .access = ACCESS_TOUCHPOINT};
static const RpcMethod activate = {.name = "Activate", .access = ACCESS_DESIGN};

static int make_tokens(void **state)
{
	(void)state;
	for (int i = 0; i < TOKENS; i++)
		snprintf(tokens[i], sizeof tokens[i], "token-%02d-of-a-touchpoint", i);
	memset(tokens[TOKENS], 'x', sizeof tokens[TOKENS] - 1); // too long to be kept
	for (int i = 0; i <= TOKENS; i++)
		EVP_Digest(tokens[i], strlen(tokens[i]), hashes[i], NULL, EVP_sha256(), NULL);
	return 0;
}

static Err ask(const Access *access, const RpcMethod *method, const char *identity, const char *token)
{
	const RpcPeer peer = {.identity = str(identity), .token = str(token)};
	void *principal;
	return access_authorize((void *)(uintptr_t)access, NULL, method, &peer, NULL, &principal);
}

static void known_tokens_stay_known(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i <= TOKENS; i++) {
			assert_int_equal(ask(&here, &offers, "", tokens[i]), OK);
			assert_int_equal(ask(&here, &offers, "", tokens[i]), OK);
		}
}

static void others_are_not_known_because_one_is(void **state)
{
	char other[sizeof tokens[0]];
	(void)state;
	assert_int_equal(ask(&here, &offers, "", tokens[0]), OK);
	for (size_t i = 0; i < strlen(tokens[0]); i++) { // as long, and but for one byte the same
		snprintf(other, sizeof other, "%s", tokens[0]);
		other[i] ^= 0x40;
		assert_int_equal(ask(&here, &offers, "", other), ERR_UNAUTHENTICATED);
	}
	snprintf(other, sizeof other, "%.*s", (int)strlen(tokens[0]) - 1, tokens[0]);
	assert_int_equal(ask(&here, &offers, "", other), ERR_UNAUTHENTICATED);
	assert_int_equal(ask(&here, &offers, "", ""), ERR_UNAUTHENTICATED);
	assert_int_equal(ask(&elsewhere, &offers, "", tokens[0]), ERR_UNAUTHENTICATED);
	assert_int_equal(ask(&here, &offers, "", tokens[0]), OK);
}

static void a_token_is_a_touchpoints_only(void **state)
{
	(void)state;
	assert_int_equal(ask(&here, &offers, "", tokens[1]), OK);
	assert_int_equal(ask(&here, &activate, "", tokens[1]), ERR_PERMISSION_DENIED);
	assert_int_equal(ask(&here, &activate, "spiffe://parley/design", ""), OK);
	assert_int_equal(ask(&here, &offers, "spiffe://parley/design", ""), ERR_PERMISSION_DENIED);
	assert_int_equal(ask(&here, &offers, "spiffe://parley/touchpoint/staging/web", ""), OK);
	assert_int_equal(
	        ask(&here, &offers, "spiffe://parley/touchpoint/test/web", ""), ERR_PERMISSION_DENIED);
}

static void *ask_for_all(void *context)
{
	for (int i = 0; i < 2000; i++)
		if (ask(&here, &offers, "", tokens[i % TOKENS]) != OK ||
		        ask(&here, &offers, "", "a stranger's token") != ERR_UNAUTHENTICATED)
			return context;
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, threads), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong = NULL;
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(known_tokens_stay_known),
	        cmocka_unit_test(others_are_not_known_because_one_is),
	        cmocka_unit_test(a_token_is_a_touchpoints_only),
	        cmocka_unit_test(threads_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests_name("access", tests, make_tokens, NULL);
}
