// Many sessions at once, on the same visitors too, while checkpoints are written and snapshots come and go:
// nothing is lost or counted twice, and the journal still folds to the same.
#include "support.h"

#include <stdio.h>

enum { THREADS = 4, EVENTS = 6000, VISITORS = 50, TURNS = 12 };

static Shop *shop;

static void *touchpoint(void *context)
{
	const int thread = *(const int *)context;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	for (int i = 0; i < EVENTS; i++) {
		char visitor[16], codes[2][TREATMENT_CODE_SIZE];
		Effect effects[] = {CONTACT(i % SHOP_OFFERS), ACCEPT((i + 1) % SHOP_OFFERS)};
		VisitorTreatment treatment;
		uint64_t seed = (uint64_t)(thread * EVENTS + i);
		snprintf(visitor, sizeof visitor, "v%d", i % VISITORS);
		arena_reset(arena);
		if (shop_recommend(shop, arena, visitor, SHOP_NOW, seed, 2, codes) != OK ||
		        shop_record(shop, arena, visitor, "", SHOP_NOW + i % 3, effects, 2) != OK ||
		        visitors_treatment(shop->visitors, str(codes[1]), SHOP_NOW, arena, &treatment) != OK)
			return context;
		if (i % 1000 == 0)
			shop_wait(shop);
	}
	return NULL;
}

// Each with a view of its own, as snapshots have; what it counts never goes back.
static void *deployer(void *context)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	for (int turn = 0; turn < TURNS; turn++) {
		VisitorView *view = NULL;
		const uint64_t *volumes = NULL;
		uint64_t before = 0;
		if (visitor_view_new(shop->visitors, shop->snapshot, &view) != OK)
			return context;
		for (int i = 0; i < 1000; i++) {
			const Fact *facts;
			size_t count = 0;
			arena_reset(arena);
			if (visitor_volumes(view, SHOP_NOW, arena, &volumes) != OK || volumes[0] < before ||
			        visitor_facts(view, 0, STR("v7"), SHOP_NOW, arena, &facts, &count) != OK)
				return context;
			before = volumes[0];
		}
		if (keeper_checkpoint(shop->visitors->keeper) != OK)
			return context;
		visitor_view_free(view);
	}
	return NULL;
}

static uint64_t contacts_of(const char *visitor)
{
	const Fact *facts;
	uint64_t contacts = 0;
	for (size_t i = 0, count = shop_facts(shop, visitor, SHOP_NOW + 9, &facts); i < count; i++)
		contacts += facts[i].kind == FACT_CONTACT ? facts[i].count : 0;
	return contacts;
}

static void nothing_is_lost_between_calls(void **state)
{
	shop = *state;
	pthread_t threads[THREADS + 1];
	int numbers[THREADS + 1];
	shop->options.max_facts = 32;
	shop_constrain(shop, PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_DAY,
	        PARLEY__SNAPSHOT__V1__COUNTED__COUNTED_CONTACTS, 0, 1, 2, 3, 4, 5, 6, 7, -1);
	shop_open(shop);
	for (int i = 0; i <= THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(
		        pthread_create(&threads[i], NULL, i < THREADS ? touchpoint : deployer, &numbers[i]),
		        0);
	}
	for (int i = 0; i <= THREADS; i++) {
		void *failed = NULL;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW), THREADS * EVENTS);
	uint64_t contacts = 0;
	for (int i = 0; i < VISITORS; i++) {
		char visitor[16];
		snprintf(visitor, sizeof visitor, "v%d", i);
		contacts += contacts_of(visitor);
	}
	assert_int_equal(contacts, THREADS * EVENTS);
	shop_wait(shop);
	shop_activate(shop);
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW), THREADS * EVENTS);
	shop_close(shop);
	shop_assert_folds(shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(nothing_is_lost_between_calls, shop_set_up, shop_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
