// A visitor is forgotten: by the state, by every file of it, and by whoever folds the journal again.
#include "support.h"

#include "base/file.h"
#include "visitor/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WHO   "v-who-987650123"
#define OTHER "v-other-1002"

static void live(Shop *shop, const char *visitor, uint64_t seed, char codes[2][TREATMENT_CODE_SIZE])
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	shop_post(shop, visitor, SHOP_NOW, CONTACT(1));
	shop_post(shop, visitor, SHOP_NOW + HOUR_US, SUPPRESS(2, FOREVER_US));
	shop_post(shop, visitor, SHOP_NOW + HOUR_US, ACCEPT(3));
	assert_int_equal(shop_recommend(shop, arena, visitor, SHOP_NOW, seed, 2, codes), OK);
}

static size_t facts_of(Shop *shop, const char *visitor)
{
	const Fact *facts = NULL;
	return shop_facts(shop, visitor, SHOP_NOW + DAY_US, &facts);
}

static Err find(Shop *shop, const char *code)
{
	VisitorTreatment found;
	return visitors_treatment(shop->visitors, str(code), SHOP_NOW + HOUR_US, shop->arena, &found);
}

static VisitorsErased erase(Shop *shop)
{
	VisitorsErased erased;
	assert_int_equal(visitors_erase(shop->visitors, STR("1"), STR("customer"), STR(WHO),
	                         SHOP_NOW + DAY_US, &erased),
	        OK);
	shop_wait(shop);
	return erased;
}

static bool is_in(const Shop *shop, const char *file)
{
	char path[96];
	Str bytes = {0};
	snprintf(path, sizeof path, "%s/%s", shop->state_dir, file);
	assert_int_equal(file_read(path, 64 << 20, shop->arena, &bytes), OK);
	return memmem(bytes.ptr, bytes.len, WHO, strlen(WHO)) != NULL;
}

static void assert_folds(Shop *shop, bool from_start)
{
	const ReplayOptions options = {
	        .visitors_dir = shop->state_dir, .journal_dir = shop->journal_dir, .from_start = from_start};
	ReplayReport report;
	assert_int_equal(visitors_replay(&options, shop->arena, &report), OK);
	for (size_t i = 0; i < report.difference_count; i++)
		print_error("%s\n", report.differences[i]);
	assert_int_equal(report.different, 0);
}

static void who_is_erased_is_forgotten_and_nobody_else(void **state)
{
	Shop *shop = *state;
	char mine[2][TREATMENT_CODE_SIZE], theirs[2][TREATMENT_CODE_SIZE];
	shop_open(shop);
	live(shop, WHO, 11, mine);
	live(shop, OTHER, 12, theirs);
	assert_int_equal(find(shop, mine[1]), OK);
	size_t theirs_before = facts_of(shop, OTHER);
	VisitorsErased erased = erase(shop);
	assert_int_equal(erased.states, 1);
	assert_int_equal(erased.recommendations, 1);
	assert_int_equal(facts_of(shop, WHO), 0);
	assert_int_equal(facts_of(shop, OTHER), theirs_before);
	assert_int_equal(find(shop, mine[0]), ERR_TREATMENT_UNKNOWN);
	assert_int_equal(find(shop, mine[1]), ERR_TREATMENT_UNKNOWN);
	assert_int_equal(find(shop, theirs[0]), OK);
	erased = erase(shop);
	assert_int_equal(erased.states + erased.recommendations, 0);
}

static void no_checkpoint_has_him_any_more(void **state)
{
	Shop *shop = *state;
	char codes[2][TREATMENT_CODE_SIZE], path[96];
	uint64_t files = 0;
	shop_open(shop);
	live(shop, WHO, 11, codes);
	assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
	assert_true(is_in(shop, "newest"));
	snprintf(path, sizeof path, "%s/newest.damaged", shop->state_dir);
	FILE *damaged = fopen(path, "we");
	assert_non_null(damaged);
	fputs(WHO, damaged);
	assert_int_equal(fclose(damaged), 0);
	erase(shop);
	assert_int_equal(visitors_rewrite(shop->visitors, &files), OK);
	assert_int_equal(files, 1);
	assert_false(is_in(shop, "newest"));
	assert_false(is_in(shop, "previous"));
	assert_int_not_equal(access(path, F_OK), 0);
}

// The one who comes again is a new one, and the fold knows the two apart.
static void a_fold_forgets_him_too(void **state)
{
	Shop *shop = *state;
	char codes[2][TREATMENT_CODE_SIZE];
	shop_open(shop);
	live(shop, WHO, 11, codes);
	live(shop, OTHER, 12, codes);
	assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
	live(shop, WHO, 13, codes);
	erase(shop);
	shop_post(shop, WHO, SHOP_NOW + 2 * DAY_US, CONTACT(5));
	assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
	assert_folds(shop, false);
	assert_folds(shop, true);
	shop_crash(shop);
	shop_open(shop);
	assert_int_equal(facts_of(shop, WHO), 1);
	assert_int_equal(find(shop, codes[0]), ERR_TREATMENT_UNKNOWN);
}

// Without a checkpoint the next life hashes by another seed.
static void a_fold_by_another_seed_forgets_him_too(void **state)
{
	Shop *shop = *state;
	char codes[2][TREATMENT_CODE_SIZE];
	shop->options.hash_seed = 1;
	shop_open(shop);
	live(shop, WHO, 11, codes);
	live(shop, OTHER, 12, codes);
	erase(shop);
	shop_crash(shop);
	shop->options.hash_seed = 2;
	shop_open(shop);
	assert_int_equal(facts_of(shop, WHO), 0);
	assert_true(facts_of(shop, OTHER) > 0);
}

// More recommendations than one record names.
static void all_recommendations_go_however_many(void **state)
{
	Shop *shop = *state;
	enum { MANY = 100000 };
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	char codes[2][TREATMENT_CODE_SIZE];
	shop_open(shop);
	for (uint64_t i = 0; i < MANY; i++) {
		arena_reset(arena);
		Err e = shop_recommend(shop, arena, i % 2 == 0 ? WHO : OTHER, SHOP_NOW, i + 1, 2, codes);
		if (e == ERR_JOURNAL_FULL) {
			shop_wait(shop);
			i--;
			continue;
		}
		assert_int_equal(e, OK);
	}
	shop_wait(shop);
	VisitorsErased erased = erase(shop);
	assert_true(erased.recommendations > 1000);
	assert_int_equal(erase(shop).recommendations, 0);
	assert_int_equal(find(shop, codes[0]), OK); // the last is the other's
	assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
	assert_false(is_in(shop, "newest"));
	assert_folds(shop, true);
}

int main(void)
{
#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, shop_set_up, shop_tear_down)
	const struct CMUnitTest tests[] = {
	        SHOP_TEST(who_is_erased_is_forgotten_and_nobody_else),
	        SHOP_TEST(no_checkpoint_has_him_any_more),
	        SHOP_TEST(a_fold_forgets_him_too),
	        SHOP_TEST(a_fold_by_another_seed_forgets_him_too),
	        SHOP_TEST(all_recommendations_go_however_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
