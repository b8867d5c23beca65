// A plan answers by name, and a visitor's segments.
#include "decide/decide.h"
#include "lib/arena.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const Plan *plan_of(World *world)
{
	const Plan *plan;
	assert_int_equal(plan_build(world_finish(world), arena, &plan), OK);
	return plan;
}

static void find_segments(const Plan *plan, ExprValue *values, uint64_t *ret)
{
	SegmentRequest request = {.audience_id = STR("1"), .as_of_us = TEST_NOW_US};
	Segmentation segmentation = {.segments = ret};
	assert_int_equal(decide_segments(plan, &request, values, arena, &segmentation), OK);
}

static void every_name_is_found_and_no_other(void **state)
{
	(void)state;
	World *world = world_new(arena);
	world_zone(world, "home");
	for (size_t i = 0; i < 1000; i++) {
		world_point(world, arena_printf(arena, "p%zu", i), "home");
		world_event(world, arena_printf(arena, "e%zu", i), SNAP_ACTION(LOG_CONTACT));
	}
	const Plan *plan = plan_of(world);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(plan_point(plan, str(plan_snapshot(plan)->points[i]->name)), i);
		assert_int_equal(plan_event(plan, str(plan_snapshot(plan)->events[i]->name)), i);
		assert_int_equal(plan_point(plan, str(arena_printf(arena, "q%d", i))), -1);
	}
	assert_int_equal(plan_point(plan, (Str){0}), -1);
	assert_int_equal(plan_level(plan, STR("customer")), 0);
	assert_int_equal(plan_level(plan, STR("household")), -1);
	assert_int_equal(plan_attribute(plan, 0, STR("tier")), WORLD_TIER);
	assert_int_equal(plan_attribute(plan, 0, STR("shoe_size")), -1);
}

static void an_empty_channel_has_a_plan(void **state)
{
	(void)state;
	const Plan *plan = plan_of(world_new(arena));
	assert_int_equal(plan_segment_words(plan), 0);
	assert_int_equal(plan_point(plan, STR("home")), -1);
	ExprValue values[WORLD_ATTRIBUTES];
	decide_defaults(plan, 0, values);
	find_segments(plan, values, NULL);
}

static void defaults_are_the_levels(void **state)
{
	(void)state;
	const Plan *plan = plan_of(world_bank(arena));
	ExprValue values[WORLD_ATTRIBUTES];
	decide_defaults(plan, 0, values);
	assert_int_equal(values[WORLD_AGE].i, 30);
	assert_int_equal(values[WORLD_BALANCE].kind, EXPR_DOUBLE);
	assert_memory_equal(values[WORLD_TIER].s, "basic", values[WORLD_TIER].len);
	assert_int_equal(values[WORLD_TAGS].kind, EXPR_LIST);
	assert_int_equal(values[WORLD_JOINED].error, EXPR_ERR_ATTRIBUTE_MISSING);
	assert_int_equal(values[WORLD_CHURN].slot, WORLD_CHURN);
}

static void segments_are_bits_in_the_order_of_names(void **state)
{
	(void)state;
	World *world = world_new(arena);
	for (int i = 0; i < 130; i++)
		world_segment(world, arena_printf(arena, "s%03d", i), arena_printf(arena, "age >= %d", i));
	world_segment(world, "t-failing", "churn < 5");
	const Plan *plan = plan_of(world);
	assert_int_equal(plan_segment_words(plan), 3);
	ExprValue values[WORLD_ATTRIBUTES];
	decide_defaults(plan, 0, values);
	values[WORLD_AGE] = expr_int(64);
	uint64_t segments[3] = {1, 2, 3};
	find_segments(plan, values, segments);
	assert_true(segments[0] == UINT64_MAX && segments[1] == 1 && segments[2] == 0);
	values[WORLD_AGE] = expr_int(200);
	find_segments(plan, values, segments);
	assert_true(segments[1] == UINT64_MAX && segments[2] == 3);
}

static void reasons_have_names_and_texts(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++)
		assert_true(*reason_name((Reason)i) && *reason_text((Reason)i));
	assert_string_equal(reason_name(REASON_OFFERED), "OFFERED");
	assert_string_equal(reason_name(REASON_OUTRANKED), "OUTRANKED");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(every_name_is_found_and_no_other),
	        T(an_empty_channel_has_a_plan),
	        T(defaults_are_the_levels),
	        T(segments_are_bits_in_the_order_of_names),
	        T(reasons_have_names_and_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
