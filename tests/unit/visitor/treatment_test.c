// Treatments can be quoted later, elsewhere and in another life; the newest stay.
#include "support.h"

#include <stdio.h>

static VisitorTreatment found;

static Err look_up(Shop *shop, const char *code, int64_t now_us)
{
	return visitors_treatment(shop->visitors, str(code), now_us, shop->arena, &found);
}

static void a_code_tells_whose_offer_it_was(void **state)
{
	Shop *shop = *state;
	char codes[3][TREATMENT_CODE_SIZE];
	shop_open(shop);
	assert_int_equal(shop_recommend(shop, shop->arena, "7", SHOP_NOW, 42, 3, codes), OK);
	shop_wait(shop);
	for (int life = 0; life < 3; life++) {
		assert_int_equal(look_up(shop, codes[1], SHOP_NOW + HOUR_US), OK);
		assert_string_equal(found.audience_id, "7");
		assert_string_equal(found.audience_level, "customer");
		assert_string_equal(found.channel, "shop");
		assert_string_equal(found.offer, "o1");
		assert_string_equal(found.rule, "rule");
		assert_string_equal(found.point, "home");
		assert_string_equal(found.zone, "top");
		assert_string_equal(found.campaign, "spring");
		assert_string_equal(found.cell, "c1");
		assert_int_equal(found.time_us, SHOP_NOW);
		life == 0 ? shop_crash(shop) : shop_close(shop);
		shop_open(shop);
	}
	assert_int_equal(shop_status(shop).treatments, 3);
}

static void codes_that_were_never_issued_are_unknown(void **state)
{
	Shop *shop = *state;
	char codes[1][TREATMENT_CODE_SIZE];
	shop_open(shop);
	assert_int_equal(look_up(shop, "0000000000042000000", SHOP_NOW), ERR_TREATMENT_UNKNOWN);
	assert_int_equal(shop_recommend(shop, shop->arena, "7", SHOP_NOW, 42, 1, codes), OK);
	assert_int_equal(look_up(shop, "0000000000042000000", SHOP_NOW), OK);
	assert_int_equal(look_up(shop, "0000000000042000001", SHOP_NOW), ERR_TREATMENT_UNKNOWN);
	assert_int_equal(look_up(shop, "", SHOP_NOW), ERR_TREATMENT_UNKNOWN);
	assert_int_equal(look_up(shop, "00000000000420000000", SHOP_NOW), ERR_TREATMENT_UNKNOWN);
	assert_int_equal(look_up(shop, "home", SHOP_NOW), ERR_TREATMENT_UNKNOWN);
}

static void old_treatments_are_unknown(void **state)
{
	Shop *shop = *state;
	char codes[1][TREATMENT_CODE_SIZE];
	shop->options.treatment_age_us = DAY_US;
	shop_open(shop);
	assert_int_equal(shop_recommend(shop, shop->arena, "7", SHOP_NOW, 42, 1, codes), OK);
	assert_int_equal(look_up(shop, codes[0], SHOP_NOW + DAY_US), OK);
	assert_int_equal(look_up(shop, codes[0], SHOP_NOW + DAY_US + 1), ERR_TREATMENT_UNKNOWN);
}

// Far more than there is room for, of many sizes: the newest are there, whole, also after a restart.
static void the_newest_stay(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	enum { CALLS = 60000 };
	char codes[40][TREATMENT_CODE_SIZE], code[TREATMENT_CODE_SIZE];
	shop->options.treatment_bytes = 8 << 20;
	shop_open(shop);
	for (uint64_t call = 1; call <= CALLS; call++) {
		arena_reset(arena);
		assert_int_equal(
		        shop_recommend(shop, arena, "7", SHOP_NOW, call, 1 + call * 7 % 13, codes), OK);
		if (call % 5000 == 0)
			shop_wait(shop);
	}
	for (int life = 0; life < 2; life++) {
		uint64_t known = 0, oldest = 0;
		for (uint64_t call = CALLS; call >= 1; call--) {
			arena_reset(arena);
			snprintf(code, sizeof code, "%013llu000000", (unsigned long long)call);
			Err e = visitors_treatment(shop->visitors, str(code), SHOP_NOW, arena, &found);
			known += e == OK;
			oldest = e == OK ? call : oldest;
		}
		VisitorsStatus status = shop_status(shop);
		print_message("%llu of %d calls are known, the oldest %llu; %llu treatments\n",
		        (unsigned long long)known, CALLS, (unsigned long long)oldest,
		        (unsigned long long)status.treatments);
		assert_true(known > 5000 && known < CALLS / 2);
		assert_true(CALLS - oldest < 3 * known); // no shard keeps much longer than others
		shop_close(shop);
		shop_open(shop);
	}
	shop_close(shop);
	shop_assert_folds(shop);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, shop_set_up, shop_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(a_code_tells_whose_offer_it_was),
	        STORY(codes_that_were_never_issued_are_unknown),
	        STORY(old_treatments_are_unknown),
	        STORY(the_newest_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
