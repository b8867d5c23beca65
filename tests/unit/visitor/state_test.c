// What is remembered of visitors and counted of offers: across sessions and restarts, as the journal has it.
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#define PERIOD(name)  PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_##name
#define COUNTED(name) PARLEY__SNAPSHOT__V1__COUNTED__COUNTED_##name

static void what_was_accepted_is_known_after_a_restart(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, CONTACT(1));
	shop_post(shop, "7", SHOP_NOW + 1, ACCEPT(1));
	shop_post(shop, "7", SHOP_NOW + 2, QUALIFY(2, FOREVER_US, 77.5));
	shop_post(shop, "7", SHOP_NOW + 3, SUPPRESS(3, SHOP_NOW + DAY_US));
	shop_post(shop, "8", SHOP_NOW + 4, REJECT(1));
	for (int life = 0; life < 3; life++) {
		assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 10, &facts), 4);
		assert_int_equal(facts[0].kind, FACT_CONTACT);
		assert_int_equal(facts[1].kind, FACT_ACCEPT);
		assert_int_equal(facts[1].offer, 1);
		assert_int_equal(facts[1].time_us, SHOP_NOW + 1);
		assert_int_equal(facts[2].kind, FACT_QUALIFY);
		assert_true(facts[2].score == 77.5 && facts[2].until_us == INT64_MAX);
		assert_int_equal(facts[3].until_us, SHOP_NOW + DAY_US);
		assert_int_equal(shop_facts(shop, "8", SHOP_NOW + 10, &facts), 1);
		assert_int_equal(shop_facts(shop, "9", SHOP_NOW + 10, &facts), 0);
		life == 0 ? shop_close(shop) : shop_crash(shop);
		shop_open(shop);
	}
	assert_int_equal(shop_status(shop).visitors, 2);
}

// Everything that can be in a journal, again and again: what the live state wrote down is what the whole
// journal folds to, byte for byte.
static void post_anything(Shop *shop, Arena *arena, int i)
{
	char visitor[16], id[16];
	int64_t time_us = SHOP_NOW + i * 400 * US_PER_S - rand() % 3;
	int kind = rand() % 10, offer = rand() % SHOP_OFFERS;
	char codes[3][TREATMENT_CODE_SIZE];
	snprintf(visitor, sizeof visitor, "v%d", rand() % (rand() % 3 > 0 ? 5000 : 20));
	snprintf(id, sizeof id, "e%d", rand() % 20 == 0 ? i - 1 : i); // now and then one again
	Effect effects[2] = {kind < 6   ? CONTACT(offer)
	                     : kind < 7 ? ACCEPT(offer)
	                     : kind < 8 ? REJECT(offer)
	                     : kind < 9 ? SUPPRESS(offer, time_us + rand() % (int)(DAY_US / 1000) * 1000)
	                                : QUALIFY(offer, FOREVER_US, rand() % 100),
	        CONTACT(rand() % SHOP_OFFERS)};
	arena_reset(arena);
	if (i % 7 == 0)
		assert_int_equal(shop_recommend(shop, arena, visitor, time_us, (uint64_t)i, 3, codes), OK);
	assert_int_equal(shop_record(shop, arena, visitor, id, time_us, effects, 1 + (size_t)(i % 2)), OK);
	if (i % 1000 == 0)
		shop_wait(shop);
}

static void the_journal_folds_to_the_live_state(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	unsigned seed = 3;
	print_message("seed %u\n", seed);
	srand(seed);
	shop->options.max_visitors = 4096; // of 5,000: some are forgotten
	shop->options.max_facts = 8;       // some are merged, some dropped
	shop->options.retention_us = 10 * DAY_US;
	shop->options.treatment_bytes = 8 << 20;
	shop_constrain(shop, PERIOD(DAY), COUNTED(CONTACTS), 0, 1, -1);
	for (int life = 0, i = 0; life < 4; life++) {
		shop_open(shop);
		for (int end = i + 6000; i < end; i++) {
			post_anything(shop, arena, i);
			if (i % 2500 == 0)
				assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
		}
		assert_true(life == 0 || shop_status(shop).forgotten > 0);
		assert_true(shop_status(shop).dropped_facts > 0);
		shop_wait(shop);
		life % 2 ? shop_crash(shop) : shop_close(shop);
	}
	shop_open(shop);
	shop_post(shop, "last", SHOP_NOW, CONTACT(1));
	shop_close(shop);
	shop_assert_folds(shop);
}

static void those_inactive_longest_are_forgotten_first(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	const Fact *facts;
	char visitor[16];
	shop->options.max_visitors = 4 * VISITOR_SHARDS;
	shop_open(shop);
	for (int i = 0; i < 40 * VISITOR_SHARDS; i++) {
		snprintf(visitor, sizeof visitor, "v%d", i);
		arena_reset(arena);
		Effect effects[] = {ACCEPT(1)};
		assert_int_equal(shop_record(shop, arena, visitor, "", SHOP_NOW + i, effects, 1), OK);
		// One stays active and is not forgotten.
		if (i % (VISITOR_SHARDS / 4) == 0)
			assert_int_equal(
			        shop_record(shop, arena, "faithful", "", SHOP_NOW + i, effects, 1), OK);
	}
	VisitorsStatus status = shop_status(shop);
	assert_true(status.visitors <= 4 * VISITOR_SHARDS);
	assert_true(status.visitors > 3 * VISITOR_SHARDS);
	assert_int_equal(status.visitors + status.forgotten, 40 * VISITOR_SHARDS + 1);
	assert_int_equal(shop_facts(shop, "faithful", SHOP_NOW + DAY_US, &facts), 160);
	assert_int_equal(shop_facts(shop, "v0", SHOP_NOW + DAY_US, &facts), 0);
	assert_int_equal(shop_facts(shop, visitor, SHOP_NOW + DAY_US, &facts), 1);
}

static void old_contacts_count_no_longer_and_leave(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	const Fact *facts;
	shop->options.retention_us = 30 * DAY_US;
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, CONTACT(1));
	shop_post(shop, "7", SHOP_NOW, ACCEPT(2));
	shop_post(shop, "8", SHOP_NOW, CONTACT(1));
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 30 * DAY_US, &facts), 2);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 30 * DAY_US + 1, &facts), 1);
	assert_int_equal(facts[0].kind, FACT_ACCEPT);
	assert_int_equal(shop_status(shop).visitors, 2); // they are still there
	// Others' records bring the sweep by.
	for (int i = 0; i < 20 * VISITOR_SHARDS; i++) {
		char visitor[16];
		snprintf(visitor, sizeof visitor, "v%d", i);
		arena_reset(arena);
		Effect effects[] = {CONTACT(1)};
		assert_int_equal(
		        shop_record(shop, arena, visitor, "", SHOP_NOW + 31 * DAY_US, effects, 1), OK);
	}
	assert_int_equal(shop_status(shop).visitors, 20 * VISITOR_SHARDS + 1);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW, &facts), 1);
}

static void an_event_that_comes_again_is_not_applied_again(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	const Fact *facts;
	Effect effects[] = {CONTACT(1)};
	shop_constrain(shop, PERIOD(EVER), COUNTED(CONTACTS), 1, -1);
	shop_open(shop);
	assert_int_equal(shop_record(shop, arena, "7", "again", SHOP_NOW, effects, 1), OK);
	assert_int_equal(shop_record(shop, arena, "7", "again", SHOP_NOW, effects, 1), OK);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW, &facts), 1);
	shop_wait(shop);
	shop_crash(shop);
	shop_open(shop);
	assert_int_equal(shop_record(shop, arena, "7", "again", SHOP_NOW + 5, effects, 1), OK);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 10, &facts), 1);
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW), 1);
	assert_int_equal(shop_record(shop, arena, "7", "other", SHOP_NOW + 5, effects, 1), OK);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 10, &facts), 2);
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW), 2);
}

static Err bring(Shop *shop, Arena *arena, const char *visitor, const char *id)
{
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__EffectsApplied applied = PARLEY__JOURNAL__V1__EFFECTS_APPLIED__INIT;
	Parley__Journal__V1__Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&effect};
	Parley__Journal__V1__Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	context.channel = (char *)"shop";
	context.audience_level = (char *)"customer";
	context.audience_id = (char *)(uintptr_t)visitor;
	context.time_us = SHOP_NOW;
	effect.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT;
	effect.offer_code = (char *)"o3";
	applied.effect_id = (char *)(uintptr_t)id;
	applied.effects = effects;
	applied.n_effects = 1;
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EFFECTS_APPLIED;
	entry.effects_applied = &applied;
	return visitors_record(shop->visitors, &entry, str(id), arena, NULL, NULL);
}

static void what_is_brought_from_elsewhere_is_applied_once_and_folds(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	const Fact *facts;
	shop_open(shop);
	for (int i = 0; i < 3; i++)
		assert_int_equal(bring(shop, arena, "7", "~effect:1"), OK);
	assert_int_equal(bring(shop, arena, "8", "~effect:2"), OK);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW, &facts), 1);
	assert_int_equal(facts[0].kind, FACT_ACCEPT);
	assert_int_equal(facts[0].offer, 3);
	shop_wait(shop);
	shop_crash(shop);
	shop_open(shop);
	assert_int_equal(bring(shop, arena, "7", "~effect:1"), OK);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW, &facts), 1);
	assert_int_equal(shop_facts(shop, "8", SHOP_NOW, &facts), 1);
	shop_wait(shop);
	shop_close(shop);
	shop_assert_folds(shop);
	shop_open(shop);
}

static void a_treatment_of_another_visitor_counts_for_that_one(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	shop_open(shop);
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__EventPosted posted = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Parley__Journal__V1__Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	Parley__Journal__V1__Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&effect};
	effect.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT;
	effect.offer_code = (char *)"o1";
	context.channel = (char *)"shop";
	context.audience_level = (char *)"customer";
	context.audience_id = (char *)"clerk";
	context.time_us = SHOP_NOW;
	posted.effects = effects;
	posted.n_effects = 1;
	posted.treatment_audience_level = (char *)"customer";
	posted.treatment_audience_id = (char *)"shown";
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = &posted;
	assert_int_equal(visitors_record(shop->visitors, &entry, STR("x"), shop->arena, NULL, NULL), OK);
	assert_int_equal(shop_facts(shop, "clerk", SHOP_NOW, &facts), 0);
	assert_int_equal(shop_facts(shop, "shown", SHOP_NOW, &facts), 1);
}

static void volumes_count_what_any_snapshot_asks_for(void **state)
{
	Shop *shop = *state;
	shop_constrain(shop, PERIOD(HOUR), COUNTED(CONTACTS), 0, 1, -1);
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, CONTACT(0));
	shop_post(shop, "8", SHOP_NOW + 1, CONTACT(1));
	shop_post(shop, "9", SHOP_NOW + 2, CONTACT(2));
	shop_post(shop, "9", SHOP_NOW + 2, ACCEPT(1));
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW), 2);
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW + HOUR_US), 0);
	// The next snapshot asks for more; what was before counts, and what comes.
	shop_constrain(shop, PERIOD(DAY), COUNTED(CONTACTS), 0, 1, 2, -1);
	shop_constrain(shop, PERIOD(EVER), COUNTED(ACCEPTS), 1, 2, -1);
	shop_activate(shop);
	assert_int_equal(shop_volume(shop, 0, SHOP_NOW), 2);
	assert_int_equal(shop_volume(shop, 1, SHOP_NOW), 3);
	assert_int_equal(shop_volume(shop, 2, SHOP_NOW + 900 * DAY_US), 1);
	shop_post(shop, "9", SHOP_NOW + HOUR_US, CONTACT(2));
	shop_post(shop, "9", SHOP_NOW + HOUR_US, CONTACT(1));
	for (int life = 0; life < 3; life++) {
		assert_int_equal(shop_volume(shop, 0, SHOP_NOW), 2); // the hour before is still known
		assert_int_equal(shop_volume(shop, 0, SHOP_NOW + HOUR_US), 1);
		assert_int_equal(shop_volume(shop, 1, SHOP_NOW), 5);
		assert_int_equal(shop_volume(shop, 1, SHOP_NOW + DAY_US), 0);
		assert_int_equal(shop_volume(shop, 2, SHOP_NOW), 1);
		assert_int_equal(
		        keeper_checkpoint(shop->visitors->keeper), OK); // counting goes on in the other half
		life == 0 ? shop_crash(shop) : shop_close(shop);
		shop_open(shop);
	}
	shop_post(shop, "9", SHOP_NOW + 2 * HOUR_US, ACCEPT(2));
	assert_int_equal(shop_volume(shop, 2, SHOP_NOW), 2);
}

static void a_snapshot_without_overall_constraints_asks_for_nothing(void **state)
{
	Shop *shop = *state;
	const uint64_t *volumes = NULL;
	shop_open(shop);
	assert_int_equal(visitor_volumes(shop->view, SHOP_NOW, shop->arena, &volumes), OK);
	assert_null(volumes);
}

static void offers_that_a_snapshot_lacks_are_kept_for_the_next(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, ACCEPT(0));
	shop_post(shop, "7", SHOP_NOW + 1, ACCEPT(7));
	size_t all = shop->snapshot->n_offers;
	Parley__Snapshot__V1__Offer **offers = shop->snapshot->offers;
	shop->snapshot->offers = offers + 1; // o0 goes; the others' indexes move
	shop->snapshot->n_offers = all - 1;
	shop_activate(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 2, &facts), 1);
	assert_int_equal(facts[0].offer, 6);
	shop->snapshot->offers = offers;
	shop->snapshot->n_offers = all;
	shop_activate(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 2, &facts), 2);
	assert_int_equal(facts[0].offer, 0);
	assert_int_equal(facts[1].offer, 7);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, shop_set_up, shop_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(what_was_accepted_is_known_after_a_restart),
	        STORY(the_journal_folds_to_the_live_state),
	        STORY(those_inactive_longest_are_forgotten_first),
	        STORY(old_contacts_count_no_longer_and_leave),
	        STORY(an_event_that_comes_again_is_not_applied_again),
	        STORY(what_is_brought_from_elsewhere_is_applied_once_and_folds),
	        STORY(a_treatment_of_another_visitor_counts_for_that_one),
	        STORY(volumes_count_what_any_snapshot_asks_for),
	        STORY(a_snapshot_without_overall_constraints_asks_for_nothing),
	        STORY(offers_that_a_snapshot_lacks_are_kept_for_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
