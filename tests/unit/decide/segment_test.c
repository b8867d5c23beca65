// How a visitor gets into segments: by expression, by list, by flow; and how that is told.
#include "decide/decide.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static World *world;
static const Plan *plan;
static ExprValue values[WORLD_ATTRIBUTES];
static uint8_t set[WORLD_ATTRIBUTES];
static Segmentation found;
static int level;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	world = world_new(arena);
	level = WORLD_CUSTOMER;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void open_world(void)
{
	const Snapshot *snapshot = world_finish(world);
	if (snapshot_check(snapshot))
		fail_msg("%s", err_detail()->message);
	assert_int_equal(plan_build(snapshot, arena, &plan), OK);
	decide_defaults(plan, level, values);
}

// "adults gold": the visitor's segments, by name. The same with and without a trace.
static void segments_of(const char *id, const char *expected)
{
	size_t words = plan_segment_words(plan);
	uint64_t *plain = ARENA_ARRAY(arena, uint64_t, words), *told = ARENA_ARRAY(arena, uint64_t, words);
	ExprValue copy[WORLD_ATTRIBUTES];
	memcpy(copy, values, sizeof copy);
	memset(set, 0, sizeof set);
	SegmentRequest request = {.level = level, .audience_id = str(id), .as_of_us = TEST_NOW_US};
	Segmentation untold = {.segments = plain};
	assert_int_equal(decide_segments(plan, &request, copy, arena, &untold), OK);
	assert_int_equal(untold.trace_count, 0);
	request.explain = true;
	found = (Segmentation){.segments = told, .set = set};
	assert_int_equal(decide_segments(plan, &request, values, arena, &found), OK);
	assert_memory_equal(plain, told, words * sizeof *told);
	char *names = arena_printf(arena, "%s", "");
	for (size_t i = 0; i < plan_snapshot(plan)->n_segments; i++) {
		if ((told[i / 64] >> (i % 64)) & 1)
			names = arena_printf(arena, "%s%s%s", names, *names ? " " : "",
			        plan_snapshot(plan)->segments[i]->name);
	}
	assert_string_equal(names, expected);
}

// One entry of the trace, as "flow/step branch segment matched beaten-by 'predicate' error".
static const char *traced(size_t index)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	assert_true(index < found.trace_count);
	const SegmentTrace *entry = &found.trace[index];
	char *text = entry->flow < 0 ? arena_printf(arena, "-")
	                             : arena_printf(arena, "%s/%s", snapshot->flows[entry->flow]->name,
	                                       snapshot->flows[entry->flow]->steps[entry->step]->name);
	return arena_printf(arena, "%s %d %s %s %s '" STR_FMT "' " STR_FMT, text, entry->branch,
	        entry->segment < 0 ? "-" : snapshot->segments[entry->segment]->name,
	        entry->matched ? "yes" : "no",
	        entry->beaten_by < 0 ? "-" : snapshot->segments[entry->beaten_by]->name,
	        STR_ARG(entry->predicate), STR_ARG(entry->error));
}

static void the_trace_is(const char *const *lines, size_t count)
{
	assert_int_equal(found.trace_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(traced(i), lines[i]);
}
#define TRACE(...)                                                                                           \
	the_trace_is((const char *const[]){__VA_ARGS__}, ARRAY_COUNT(((const char *const[]){__VA_ARGS__})))

static void lists_go_with_expressions(void **state)
{
	(void)state;
	world_list(world, "vips", "10 7 9");
	static const struct {
		const char *name, *expression;
		Parley__Snapshot__V1__ListUse use;
	} segments[] = {{"all", "age >= 40", SNAP_LIST_USE(ALL)}, {"any", "age >= 40", SNAP_LIST_USE(ANY)},
	        {"except", "age >= 40", SNAP_LIST_USE(EXCEPT)}, {"only", NULL, SNAP_LIST_USE(UNSPECIFIED)}};
	for (size_t i = 0; i < ARRAY_COUNT(segments); i++)
		world_segment_list(world, world_segment(world, segments[i].name, segments[i].expression),
		        "vips", segments[i].use);
	world_segment(world, "plain", "age >= 40");
	world_segment(world, "flows-only", NULL);
	open_world();
	segments_of("7", "any only");
	TRACE("- -1 all no - 'age >= 40' ", "- -1 any yes - 'age >= 40' ", "- -1 except no - 'age >= 40' ",
	        "- -1 only yes - '' ", "- -1 plain no - 'age >= 40' ");
	segments_of("8", "");
	values[WORLD_AGE] = expr_int(40);
	segments_of("7", "all any only plain");
	segments_of("8", "any except plain");
	segments_of("", "any except plain");
}

static void a_failing_expression_puts_nobody_in(void **state)
{
	(void)state;
	world_list(world, "vips", "7");
	world_segment_list(world, world_segment(world, "any", "churn < 5"), "vips", SNAP_LIST_USE(ANY));
	world_segment_list(world, world_segment(world, "except", "churn < 5"), "vips", SNAP_LIST_USE(EXCEPT));
	open_world();
	segments_of("7", "any");
	segments_of("8", "");
	TRACE("- -1 any no - 'churn < 5' ATTRIBUTE_MISSING: churn",
	        "- -1 except no - 'churn < 5' ATTRIBUTE_MISSING: churn");
}

static void levels_have_segments_and_lists_of_their_own(void **state)
{
	(void)state;
	world_household(world);
	world_segment(world, "customers", "age >= 18");
	world_segment(world, "families", "age >= 18")->audience_level = WORLD_HOUSEHOLD;
	world_list(world, "both", "a b")->audience_level = WORLD_HOUSEHOLD;
	SnapSegment *listed = world_segment(world, "listed", NULL);
	listed->audience_level = WORLD_HOUSEHOLD;
	world_segment_list(world, listed, "both", SNAP_LIST_USE(UNSPECIFIED));
	open_world();
	segments_of("a", "customers");
	level = WORLD_HOUSEHOLD;
	segments_of("a", "families listed");
	segments_of("ab", "families");
}

static void of_a_group_only_the_first_counts(void **state)
{
	(void)state;
	static const struct {
		const char *name, *expression, *group;
		uint32_t rank;
	} segments[] = {{"a-all", "true", "value", 3}, {"b-adult", "age >= 18", "value", 2},
	        {"c-old", "age >= 60", "value", 1}, {"d-old", "age >= 60", "value", 1},
	        {"e-other", "true", "other", 9}, {"f-free", "true", "", 0}};
	for (size_t i = 0; i < ARRAY_COUNT(segments); i++) {
		SnapSegment *segment = world_segment(world, segments[i].name, segments[i].expression);
		segment->group = world_text(world, segments[i].group);
		segment->rank = segments[i].rank;
	}
	open_world();
	segments_of("7", "b-adult e-other f-free");
	TRACE("- -1 a-all no b-adult '' ", "- -1 b-adult yes - '' ", "- -1 c-old no - 'age >= 60' ",
	        "- -1 d-old no - 'age >= 60' ", "- -1 e-other yes - '' ", "- -1 f-free yes - '' ");
	values[WORLD_AGE] = expr_int(60);
	segments_of("7", "c-old e-other f-free"); // of equal ranks by name
	values[WORLD_AGE] = expr_int(5);
	segments_of("7", "a-all e-other f-free");
}

static void a_flow_decides_and_puts(void **state)
{
	(void)state;
	static const char *const names[] = {"adult", "child", "everybody", "rich"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		world_segment(world, names[i], NULL);
	SnapFlow *flow = world_flow(world, "main");
	SnapStep *age = world_decision(world, flow, "age", "put-child");
	world_branch(world, flow, age, "churn > 1", "put-rich"); // fails: on to the next branch
	world_branch(world, flow, age, "age >= 18", "put-adult");
	world_output(world, flow, "put-adult", "adult", "put-all");
	world_output(world, flow, "put-rich", "rich", NULL);
	world_output(world, flow, "put-child", "child", "put-all");
	world_output(world, flow, "put-all", "everybody", NULL);
	open_world();
	segments_of("7", "adult everybody");
	TRACE("main/age 1 - no - 'churn > 1' ATTRIBUTE_MISSING: churn", "main/put-adult -1 adult yes - '' ",
	        "main/put-all -1 everybody yes - '' ");
	values[WORLD_AGE] = expr_int(3);
	segments_of("7", "child everybody");
	assert_string_equal(traced(0), "main/age -1 - no - 'age >= 18' ");
	values[WORLD_CHURN] = expr_double(2);
	segments_of("7", "rich");
}

static void what_a_flow_sets_is_seen_by_all_that_follows(void **state)
{
	(void)state;
	world_segment(world, "gold", "tier == 'gold'");
	world_segment(world, "by-flow", NULL);
	SnapFlow *first = world_flow(world, "a-first");
	SnapStep *before = world_decision(world, first, "before", "set");
	world_branch(world, first, before, "tier == 'gold'", NULL);
	world_set(world, first, "set", WORLD_TIER, "tier == 'basic' ? 'gold' : tier", "double");
	world_set(world, first, "double", WORLD_BALANCE, "age", "fails"); // an int serves a double
	world_set(world, first, "fails", WORLD_CHURN, "churn + 1.0", NULL);
	SnapFlow *second = world_flow(world, "b-second");
	SnapStep *after = world_decision(world, second, "after", NULL);
	world_branch(world, second, after, "tier == 'gold' && balance == 30.0", "put");
	world_output(world, second, "put", "by-flow", NULL);
	open_world();
	segments_of("7", "by-flow gold");
	TRACE("a-first/before -1 - no - 'tier == 'gold'' ", "a-first/set -1 - yes - '' ",
	        "a-first/double -1 - yes - '' ",
	        "a-first/fails -1 - no - 'churn + 1.0' ATTRIBUTE_MISSING: churn",
	        "b-second/after 0 - no - '' ", "b-second/put -1 by-flow yes - '' ", "- -1 gold yes - '' ");
	assert_int_equal(values[WORLD_BALANCE].kind, EXPR_DOUBLE);
	assert_int_equal(values[WORLD_CHURN].error, EXPR_ERR_ATTRIBUTE_MISSING);
	static const uint8_t expected[WORLD_ATTRIBUTES] = {[WORLD_BALANCE] = 1, [WORLD_TIER] = 1};
	assert_memory_equal(set, expected, sizeof set);
}

static void a_sample_takes_its_shares(void **state)
{
	(void)state;
	world_segment(world, "a", NULL);
	world_segment(world, "b", NULL);
	world_segment(world, "rest", NULL);
	SnapFlow *flow = world_flow(world, "ab");
	SnapStep *sample = world_sample(world, flow, "split", "ab-test", "put-rest");
	world_share(world, flow, sample, 200000, "put-a");
	world_share(world, flow, sample, 300000, "put-b");
	world_output(world, flow, "put-a", "a", NULL);
	world_output(world, flow, "put-b", "b", NULL);
	world_output(world, flow, "put-rest", "rest", NULL);
	open_world();
	int counts[3] = {0};
	for (int i = 0; i < 3000; i++) {
		char *id = arena_printf(arena, "%d", i);
		uint32_t place = decide_share_of(STR("ab-test"), STR("customer"), str(id));
		int expected = place < 200000 ? 0 : place < 500000 ? 1 : 2;
		static const char *const names[] = {"a", "b", "rest"};
		segments_of(id, names[expected]);
		assert_int_equal(found.trace[0].branch, expected == 2 ? -1 : expected);
		counts[expected]++;
	}
	assert_in_range(counts[0], 500, 700);
	assert_in_range(counts[1], 780, 1020);
}

static void flows_and_expressions_both_put_and_groups_come_last(void **state)
{
	(void)state;
	SnapSegment *first = world_segment(world, "first", "false"),
	            *second = world_segment(world, "second", "true");
	first->group = second->group = world_text(world, "one");
	second->rank = 1;
	SnapFlow *flow = world_flow(world, "main");
	world_output(world, flow, "put", "first", NULL);
	open_world();
	segments_of("7", "first");
	TRACE("main/put -1 first yes - '' ", "- -1 first no - 'false' ", "- -1 second no first '' ");
}

static void without_memory_nothing_is_said(void **state)
{
	(void)state;
	world_segment(world, "everybody", "true");
	open_world();
	uint64_t segments[1] = {1};
	Segmentation none = {.segments = segments};
	SegmentRequest request = {.audience_id = STR("7"), .as_of_us = TEST_NOW_US, .explain = true};
	Arena *tiny = arena_new(16, 16);
	assert_int_equal(decide_segments(plan, &request, values, tiny, &none), ERR_NO_MEMORY);
	assert_int_equal(segments[0], 0);
	arena_free(tiny);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(lists_go_with_expressions),
	        T(a_failing_expression_puts_nobody_in),
	        T(levels_have_segments_and_lists_of_their_own),
	        T(of_a_group_only_the_first_counts),
	        T(a_flow_decides_and_puts),
	        T(what_a_flow_sets_is_seen_by_all_that_follows),
	        T(a_sample_takes_its_shares),
	        T(flows_and_expressions_both_put_and_groups_come_last),
	        T(without_memory_nothing_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
