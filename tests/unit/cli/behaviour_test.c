// What a comparison counts for whom, and what of it stands in evidence.
#include "base/cleanup.h"
#include "release/behaviour.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static Behaviour behaviour;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	behaviour = (Behaviour){0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	behaviour_close(&behaviour);
	arena_free(arena);
	return 0;
}

static const Plan *plan_of(World *world)
{
	const Plan *plan;
	const Snapshot *snapshot = world_finish(world);
	assert_int_equal(snapshot_check(snapshot), OK);
	assert_int_equal(plan_build(snapshot, arena, &plan), OK);
	return plan;
}

static void compare(World *running, World *candidate)
{
	assert_int_equal(behaviour_open(plan_of(running), plan_of(candidate), arena, &behaviour), OK);
}

// A customer asks at the home banner and at the call centre.
static void asks(int64_t age, const char *tier)
{
	const Plan *plan = behaviour.running;
	ExprValue given[WORLD_ATTRIBUTES];
	uint64_t segments[4] = {0};
	decide_defaults(plan, 0, given);
	given[WORLD_AGE] = expr_int(age);
	given[WORLD_TIER] = expr_string(str(tier));
	const DecidePoint points[] = {{.point = plan_point(plan, STR("home-banner")), .max = 2},
	        {.point = plan_point(plan, STR("call-script")), .max = 1}, {.point = -1, .max = 1}};
	const Receipt receipt = {.visitor = {0, STR("7"), given, segments, {0}},
	        .given = given,
	        .request = {points, 3, TEST_NOW_US, 42, false, false}};
	assert_int_equal(behaviour_add(&behaviour, plan, &receipt, "0123456789ABC", arena), OK);
}

static void group_is(const json_t *groups, const char *name, int questions, int winners, int offers)
{
	size_t i;
	const json_t *group;
	json_array_foreach(groups, i, group)
	{
		if (strcmp(json_string_value(json_object_get(group, "name")), name) != 0)
			continue;
		assert_int_equal(json_integer_value(json_object_get(group, "questions")), questions);
		assert_int_equal(json_integer_value(json_object_get(group, "changed_winners")), winners);
		assert_int_equal(json_integer_value(json_object_get(group, "changed_offers")), offers);
		return;
	}
	fail_msg("there is no group '%s'", name);
}

static void the_same_configuration_changes_nothing(void **state)
{
	(void)state;
	compare(world_bank(arena), world_bank(arena));
	asks(44, "gold");
	asks(17, "basic");
	assert_int_equal(behaviour.decisions, 2);
	assert_int_equal(behaviour.all.questions, 4);
	assert_int_equal(behaviour.all.winners + behaviour.all.offers, 0);
}

// Golden customers get the other card first, at home only; others see the same.
static void changes_are_counted_by_zone_and_segment(void **state)
{
	(void)state;
	World *candidate = world_bank(arena);
	world_rule(candidate, "gold-savings", "gold", "home", "SAVINGS", 95);
	compare(world_bank(arena), candidate);
	asks(44, "gold");
	asks(44, "basic");
	asks(17, "basic");
	CLEANUP(json_decrefp_) json_t *report = behaviour_report(&behaviour);
	const json_t *zones = json_object_get(report, "zones"),
	             *segments = json_object_get(report, "segments");
	assert_int_equal(json_integer_value(json_object_get(report, "changed_winners")), 1);
	group_is(zones, "home", 3, 1, 1);
	group_is(zones, "service", 3, 0, 0);
	group_is(segments, "gold", 2, 1, 1);
	group_is(segments, "adults", 4, 1, 1);
	group_is(segments, "", 2, 0, 0);
	assert_int_equal(json_array_size(segments), 3);
	const json_t *move = json_array_get(json_object_get(report, "moves"), 0);
	assert_string_equal(json_string_value(json_object_get(move, "from")), "TRAVEL");
	assert_string_equal(json_string_value(json_object_get(move, "to")), "SAVINGS");
	const json_t *example = json_array_get(json_object_get(report, "examples"), 0);
	assert_string_equal(json_string_value(json_object_get(example, "point")), "home-banner");
	assert_string_equal(json_string_value(json_object_get(example, "decision_id")), "0123456789ABC");
}

// Another second offer is a changed answer, and no changed winner.
static void behind_the_winner_nothing_wins(void **state)
{
	(void)state;
	World *candidate = world_bank(arena);
	world_rule(candidate, "adults-travel", "adults", "home", "TRAVEL", 55);
	compare(world_bank(arena), candidate);
	asks(44, "basic");
	assert_int_equal(behaviour.all.winners, 0);
	assert_int_equal(behaviour.all.offers, 1);
}

// Who comes into a segment by the candidate, and whom nothing is offered any more.
static void a_new_segment_is_a_group_and_a_lost_point_a_change(void **state)
{
	(void)state;
	World *candidate = world_new(arena);
	world_zone(candidate, "service");
	world_point(candidate, "call-script", "service");
	world_offer(candidate, "SAVINGS");
	world_segment(candidate, "young", "age < 25");
	world_rule(candidate, "everyone-savings", NULL, NULL, "SAVINGS", 20);
	compare(world_bank(arena), candidate);
	asks(17, "basic");
	CLEANUP(json_decrefp_) json_t *report = behaviour_report(&behaviour);
	group_is(json_object_get(report, "segments"), "young", 2, 1, 1);
	group_is(json_object_get(report, "zones"), "home", 1, 1, 1);
	group_is(json_object_get(report, "zones"), "service", 1, 0, 0);
	const json_t *lost = json_array_get(json_object_get(report, "lost"), 0);
	assert_string_equal(
	        json_string_value(json_object_get(lost, "what")), "interaction point home-banner");
}

// What no limit is about goes first when evidence would be too long.
static void a_report_is_made_to_fit(void **state)
{
	(void)state;
	World *candidate = world_bank(arena);
	world_rule(candidate, "gold-savings", "gold", "home", "SAVINGS", 95);
	for (int i = 0; i < 100; i++) {
		char name[64];
		snprintf(name, sizeof name, "a-segment-of-everybody-that-has-a-long-name-%d", i);
		world_segment(candidate, name, "age < 100");
	}
	compare(world_bank(arena), candidate);
	asks(44, "basic");
	CLEANUP(json_decrefp_) json_t *report = behaviour_report(&behaviour);
	assert_int_equal(json_array_size(json_object_get(report, "segments")), 101);
	assert_int_equal(behaviour_fit(report, 1000, arena), OK);
	assert_int_equal(json_array_size(json_object_get(report, "segments")), 0);
	assert_int_equal(json_integer_value(json_object_get(report, "unchanged_segments")), 101);
	assert_int_equal(json_array_size(json_object_get(report, "zones")), 2);
	assert_int_equal(behaviour_fit(report, 100, arena), ERR_LIMIT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(the_same_configuration_changes_nothing),
	        T(changes_are_counted_by_zone_and_segment),
	        T(behind_the_winner_nothing_wins),
	        T(a_new_segment_is_a_group_and_a_lost_point_a_change),
	        T(a_report_is_made_to_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
