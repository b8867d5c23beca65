// A receipt's inputs taken to another snapshot: what has the same name goes on, wherever it stands there, and
// what does not is told.
#include "decide/carry.h"

#include "base/cleanup.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { FACTS = 4 };

static struct {
	Arena *arena;
	const Plan *from;
	ExprValue given[WORLD_ATTRIBUTES];
	uint64_t segments[4], volumes[8];
	Fact facts[FACTS], session_facts[FACTS];
	DecidePoint points[2];
	Receipt receipt;
} it;

static const Plan *plan_of(World *world)
{
	const Plan *plan;
	const Snapshot *snapshot = world_finish(world);
	assert_int_equal(snapshot_check(snapshot), OK);
	assert_int_equal(plan_build(snapshot, it.arena, &plan), OK);
	return plan;
}

static World *first_world(void)
{
	World *world = world_bank(it.arena);
	world_constraint(world, "few-cards", "CARD", SNAP_CONSTRAINT(OVERALL), SNAP_PERIOD(DAY), 100);
	return world;
}

static Fact contact(const char *offer, int64_t ago_us)
{
	return (Fact){(uint32_t)plan_offer(it.from, str(offer)), 1, FACT_CONTACT, TEST_NOW_US - ago_us, 0, 0};
}

// A golden customer, rich and of age, who was shown a card and a loan.
static int set_up(void **state)
{
	(void)state;
	it.arena = arena_new(64 * 1024, 0);
	it.from = plan_of(first_world());
	decide_defaults(it.from, 0, it.given);
	it.given[WORLD_AGE] = expr_int(44);
	it.given[WORLD_TIER] = expr_string(STR("gold"));
	it.given[WORLD_BALANCE] = expr_double(20000);
	it.segments[0] = 7;
	it.facts[0] = it.session_facts[0] = contact("CARD", 20);
	it.facts[1] = contact("LOAN", 10);
	it.volumes[0] = 42;
	it.points[0] = (DecidePoint){.point = plan_point(it.from, STR("home-side")), .max = 3};
	it.points[1] = (DecidePoint){.point = -1, .max = 1};
	it.receipt = (Receipt){
	        .visitor = {0, STR("7"), it.given, it.segments,
	                {it.facts, 2, it.session_facts, 1, it.volumes}},
	        .given = it.given,
	        .request = {it.points, 2, TEST_NOW_US, 42, true, false},
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(it.arena);
	return 0;
}

static Carried carry_to(const Plan *to)
{
	Carried carried;
	assert_int_equal(receipt_carry(it.from, &it.receipt, to, it.arena, &carried), OK);
	return carried;
}

static uint64_t decide_by(const Plan *plan, const Visitor *visitor, const DecideRequest *request)
{
	Decision decision;
	uint64_t digest;
	assert_int_equal(decide(plan, visitor, request, it.arena, &decision), OK);
	assert_int_equal(decision_digest(&decision, it.arena, &digest), OK);
	return digest;
}

static bool lost(const Carried *carried, CarryKind kind, const char *name)
{
	for (size_t i = 0; i < carried->loss_count; i++)
		if (carried->losses[i].kind == kind && strcmp(carried->losses[i].name, name) == 0)
			return true;
	return false;
}

static void to_itself_nothing_changes(void **state)
{
	(void)state;
	Carried carried = carry_to(it.from);
	assert_true(carried.possible);
	assert_int_equal(carried.loss_count, 0);
	assert_true(decide_by(it.from, &carried.visitor, &carried.request) ==
	            decide_by(it.from, &it.receipt.visitor, &it.receipt.request));
}

// Everything before CARD and home-side in the alphabet moves their indices.
static void what_moved_is_found_by_its_name(void **state)
{
	(void)state;
	World *world = first_world();
	world_offer(world, "AAA");
	world_zone(world, "attic");
	world_point(world, "attic-door", "attic");
	world_segment(world, "all", "true");
	world_constraint(world, "a-few", "AAA", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 1);
	const Plan *to = plan_of(world);
	Carried carried = carry_to(to);
	const VisitorState *had = &carried.visitor.state;
	assert_int_equal(carried.loss_count, 0);
	assert_int_equal(carried.request.points[0].point, plan_point(to, STR("home-side")));
	assert_int_not_equal(carried.request.points[0].point, it.points[0].point);
	assert_int_equal(carried.request.points[1].point, -1);
	assert_int_equal(had->fact_count, 2);
	assert_int_equal(had->facts[0].offer, plan_offer(to, STR("CARD")));
	assert_int_equal(had->session_facts[0].offer, plan_offer(to, STR("CARD")));
	assert_int_equal(had->volumes[0], 0);
	assert_int_equal(had->volumes[1], 42);
	assert_int_equal(carried.visitor.segments[0], 15);
	assert_true(carried.request.seed == 42 && carried.request.deduplicate_across);
}

static void segments_are_the_other_snapshots(void **state)
{
	(void)state;
	World *world = first_world();
	world_segment(world, "older", "age >= 40");
	world_segment(world, "younger", "age < 40");
	const Plan *to = plan_of(world); // adults, gold, older, rich, younger
	assert_int_equal(carry_to(to).visitor.segments[0], 1 | 2 | 4 | 8);
}

static void what_is_not_there_is_told(void **state)
{
	(void)state;
	World *world = world_new(it.arena);
	world_zone(world, "home");
	world_point(world, "home-banner", "home");
	world_offer(world, "LOAN");
	world_constraint(world, "few-cards", "LOAN", SNAP_CONSTRAINT(OVERALL), SNAP_PERIOD(MONTH), 100);
	const Plan *to = plan_of(world);
	Carried carried = carry_to(to);
	assert_true(carried.possible);
	assert_int_equal(carried.loss_count, 3);
	assert_true(lost(&carried, CARRY_POINT, "home-side"));
	assert_true(lost(&carried, CARRY_OFFER, "CARD"));
	assert_true(lost(&carried, CARRY_CONSTRAINT, "few-cards"));
	assert_int_equal(carried.visitor.state.fact_count, 1);
	assert_int_equal(carried.visitor.state.session_fact_count, 0);
	assert_int_equal(carried.visitor.state.volumes[0], 0);
	assert_int_equal(carried.request.points[0].point, -1);
}

static void an_attribute_goes_on_by_name_and_type(void **state)
{
	(void)state;
	World *world = first_world();
	Snapshot *snapshot = world_finish(world);
	const Plan *to;
	it.given[WORLD_CHURN] = expr_double(0.25);
	assert_true(carry_to(it.from).visitor.values[WORLD_CHURN].kind == EXPR_DOUBLE);
	snapshot->audience_levels[0]->attributes[WORLD_CHURN]->name = world_text(world, "risk");
	assert_int_equal(plan_build(snapshot, it.arena, &to), OK);
	Carried carried = carry_to(to);
	assert_int_equal(carried.loss_count, 1);
	assert_true(lost(&carried, CARRY_ATTRIBUTE, "churn"));
	assert_true(carried.visitor.values[WORLD_CHURN].kind == EXPR_ERROR);
	assert_int_equal(carried.visitor.values[WORLD_AGE].i, 44);
}

// Its default is not in a receipt: the other snapshot's takes its place.
static void a_default_is_the_other_snapshots(void **state)
{
	(void)state;
	World *world = first_world();
	Snapshot *snapshot = world_finish(world);
	const Plan *to;
	snapshot->audience_levels[0]->attributes[WORLD_AGE]->default_value = world_int(world, 17);
	assert_int_equal(plan_build(snapshot, it.arena, &to), OK);
	assert_int_equal(carry_to(to).visitor.values[WORLD_AGE].i, 44);
	it.given[WORLD_AGE] = expr_int(30);
	assert_int_equal(carry_to(to).visitor.values[WORLD_AGE].i, 17);
}

static void without_the_audience_level_nothing_can_be_asked(void **state)
{
	(void)state;
	World *world = first_world();
	Snapshot *snapshot = world_finish(world);
	const Plan *to;
	snapshot->audience_levels[0]->keys[0]->type = SNAP_TYPE(STRING);
	assert_int_equal(plan_build(snapshot, it.arena, &to), OK);
	Carried carried = carry_to(to);
	assert_false(carried.possible);
	assert_true(lost(&carried, CARRY_LEVEL, "customer"));
	assert_string_equal(carry_kind_name(CARRY_LEVEL), "audience level");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(to_itself_nothing_changes),
	        T(what_moved_is_found_by_its_name),
	        T(segments_are_the_other_snapshots),
	        T(what_is_not_there_is_told),
	        T(an_attribute_goes_on_by_name_and_type),
	        T(a_default_is_the_other_snapshots),
	        T(without_the_audience_level_nothing_can_be_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
