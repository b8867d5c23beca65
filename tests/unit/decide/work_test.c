// What a call may cost: its work, its memory, and the plan's.
#include "base/cleanup.h"
#include "stage.h"

// An expression that no call can finish within an expression's limit, another for each number.
static SnapExpression *endless(unsigned number)
{
	return world_expression(stage.bank, arena_printf(stage.arena,
	                                            "tags.all(a, tags.all(b, tags.all(c, tags.all(d, size(a "
	                                            "+ b + c + d) > 0)))) && age != -%u",
	                                            number));
}

static void open_endless(unsigned rules)
{
	stage.bank = world_new(stage.arena);
	SnapZone *zone = world_zone(stage.bank, "home");
	world_point(stage.bank, "banner", "home");
	world_point(stage.bank, "side", "home");
	world_offer(stage.bank, "A");
	world_offer(stage.bank, "B");
	world_offer(stage.bank, "C");
	world_default_offers(stage.bank, zone, "C");
	for (unsigned i = 0; i < rules; i++) {
		char *name = arena_printf(stage.arena, "r%03u", i);
		world_rule(stage.bank, name, NULL, NULL, "A", 90)->eligibility = endless(i);
	}
	world_rule(stage.bank, "s-last", NULL, NULL, "B", 10);
	stage_open();
	static ExprValue tags[40];
	for (size_t i = 0; i < ARRAY_COUNT(tags); i++)
		tags[i] = expr_string(STR("tag"));
	stage.values[WORLD_TAGS] = expr_list(tags, ARRAY_COUNT(tags));
}

enum { ENOUGH = DECIDE_CALL_FUEL / DECIDE_EXPRESSION_FUEL + 2 };

static void a_call_ends_when_its_work_is_used_up(void **state)
{
	(void)state;
	open_endless(ENOUGH);
	PointDecision decision = stage_ask_point("banner", 2);
	stage_offers(decision, "");
	stage_cause(decision, "r000", "ELIGIBILITY_FAILED",
	        plan_snapshot(stage.plan)->rules[0]->eligibility->source, expr_error_name(EXPR_ERR_FUEL));
	stage_reason(decision, "s-last", "WORK_LIMIT");
	stage_reason(decision, "DEFAULT:C", "WORK_LIMIT");
	// One that is not out of work goes on.
	open_endless(ENOUGH - 5);
	stage_offers(stage_ask_point("banner", 2), "B C");
}

static void explaining_takes_no_work_from_an_answer(void **state)
{
	(void)state;
	open_endless(ENOUGH);
	// What is already found is not lost, and the second point finds what the first's explaining looks at.
	SnapRule *first = world_rule(stage.bank, "a-first", NULL, NULL, "B", 95);
	first->top_priority = true;
	stage_open();
	DecidePoint points[] = {{.point = 0, .max = 1}, {.point = 1, .max = 1}};
	Decision decision = stage_ask(points, 2);
	stage_offers(decision.points[0], "B");
	stage_offers(decision.points[1], "B");
	stage_reason(decision.points[0], "a-first", "OFFERED");
	stage_reason(decision.points[1], "a-first", "OFFERED");
}

static void a_call_needs_little_memory_however_many_rules(void **state)
{
	(void)state;
	SnapOfferList *list = world_offer_list(stage.bank, "all", "");
	list->offers = ARENA_ARRAY(stage.arena, uint32_t, 250);
	list->n_offers = 250;
	for (uint32_t i = 0; i < 250; i++) {
		world_offer(stage.bank, arena_printf(stage.arena, "O%03u", i));
		list->offers[i] = i;
	}
	for (unsigned i = 0; i < 400; i++) {
		SnapRule *rule = world_rule(stage.bank, arena_printf(stage.arena, "many-%u", i), NULL, NULL,
		        NULL, (double)(i % 100));
		world_rule_offers(stage.bank, rule, "all");
		rule->eligibility = world_expression(stage.bank, arena_printf(stage.arena, "age > %u", i));
	}
	const Snapshot *snapshot = stage_open();
	CLEANUP(arena_freep) Arena *own = arena_new(1 << 20, 0);
	const Plan *plan;
	assert_int_equal(plan_build(snapshot, own, &plan), OK);
	size_t used = arena_used(own);
	print_message("a plan of 100,000 rules in two zones: %zu KiB\n", used / 1024);
	assert_true(used < (size_t)64 << 20);
	uint64_t segments[1] = {0};
	Visitor visitor = {.values = stage.values, .segments = segments};
	DecidePoint point = {.max = 3};
	DecideRequest request = {.points = &point, .count = 1, .as_of_us = TEST_NOW_US};
	Decision decision;
	CLEANUP(arena_freep) Arena *call = arena_new(16 * 1024, 0);
	assert_int_equal(decide(stage.plan, &visitor, &request, call, &decision), OK);
	assert_int_equal(decision.points[0].offer_count, 3);
	print_message("a call: %zu bytes\n", arena_used(call));
	assert_true(arena_used(call) < 64 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(a_call_ends_when_its_work_is_used_up),
	        STAGE_TEST(explaining_takes_no_work_from_an_answer),
	        STAGE_TEST(a_call_needs_little_memory_however_many_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
