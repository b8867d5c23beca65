// What `parley snapshot inspect` tells of a plan.
#include "base/cleanup.h"
#include "decide/inspect.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Str packed(World *world, Arena *arena)
{
	Str blob;
	assert_int_equal(snapshot_pack(world_finish(world), arena, &blob), OK);
	return blob;
}

static void shared_predicates_and_programs_are_counted(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	World *world = world_new(arena);
	InspectedSnapshot told;
	world_zone(world, "home");
	world_offer(world, "CARD");
	for (unsigned i = 0; i < 100; i++) {
		SnapRule *rule = world_rule(world, arena_printf(arena, "r%02u", i), NULL, "home", "CARD", 50);
		rule->eligibility = world_expression(
		        world, arena_printf(arena, "age >= %u && tier == 'gold'", 18 + i % 10));
	}
	world_rule(world, "s", NULL, "home", "CARD", 50)->eligibility =
	        world_expression(world, "tier.startsWith('g')");
	SnapRule *scored = world_rule(world, "t", NULL, "home", "CARD", 0);
	scored->score_expression = world_expression(world, "balance * 0.5");
	assert_int_equal(snapshot_inspect(packed(world, arena), arena, &told), OK);
	assert_true(str_eq(told.channel, STR("bank")));
	assert_int_equal(strlen(told.sha256), 64);
	const Inspection *plan = &told.plan;
	assert_int_equal(plan->candidates, 102);
	assert_int_equal(plan->conditions.distinct, 11);
	assert_int_equal(plan->conditions.run, 1);
	assert_int_equal(plan->conditions.told, 10);
	assert_int_equal(plan->predicates, 11); // ten ages and a tier
	assert_int_equal(plan->predicate_uses, 20);
	assert_int_equal(plan->texts, 1);
	assert_int_equal(plan->scores.distinct, 1);
	assert_int_equal(plan->scores.run, 0);
	assert_int_equal(plan->list_count, 1);
	const InspectedList *list = &plan->lists[0];
	assert_true(str_eq(list->zone, STR("home")));
	assert_int_equal(list->candidates, 102);
	assert_int_equal(list->dynamic, 1);
	assert_true(list->indexed);
	assert_int_equal(list->tables, 2);
	assert_int_equal(list->rechecked, 1); // the one whose program has to run
	assert_true(list->index_bytes > 0 && plan->plan_bytes > list->index_bytes);
}

static void one_of_everything_can_be_inspected(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	InspectedSnapshot told;
	assert_int_equal(snapshot_inspect(packed(world_whole(arena), arena), arena, &told), OK);
	assert_true(told.plan.list_count > 0 && told.plan.segments > 0);
}

static void bytes_that_are_no_snapshot_are_refused(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	InspectedSnapshot told;
	assert_int_not_equal(snapshot_inspect(STR("not a snapshot"), arena, &told), OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shared_predicates_and_programs_are_counted),
	        cmocka_unit_test(one_of_everything_can_be_inspected),
	        cmocka_unit_test(bytes_that_are_no_snapshot_are_refused),
	};
	return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
