// The engine against the plainest reading of its README: no indexes, no early stop, no shared verdicts, on
// random small channels and visitors. PARLEY_SEED in the environment repeats a run.
#include "base/cleanup.h"
#include "decide/decide.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { WORLDS = 150, VISITORS = 8, OFFERS = 6, RULES = 24 };

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
	state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state_of_chance >> 33) % n;
}

static int64_t some_moment(void)
{
	return chance(3) ? 0 : TEST_NOW_US - 3 + (int64_t)chance(7);
}

static char *name_of(Arena *arena, const char *kind, unsigned number)
{
	return arena_printf(arena, "%s%u", kind, number);
}

static const char *const conditions[] = {
        "age >= 18", "age >= 40", "balance < 3", "churn < 5", "tier == 'gold'", "false"};
static const char *const scores[] = {"age", "balance", "churn", "50"};

static void add_rule(World *world, Arena *arena, unsigned number)
{
	const char *segment = chance(2) ? name_of(arena, "s", chance(3)) : NULL;
	const char *zone = chance(3) ? name_of(arena, "z", chance(2)) : NULL;
	SnapRule *rule = world_rule(world, name_of(arena, "r", number), segment, zone,
	        name_of(arena, "O", chance(OFFERS)), 10 * chance(5));
	if (chance(2))
		rule->eligibility = world_expression(world, conditions[chance(ARRAY_COUNT(conditions))]);
	if (chance(4) == 0) {
		rule->score = 0;
		rule->score_expression = world_expression(world, scores[chance(ARRAY_COUNT(scores))]);
	}
	rule->enabled = chance(8) != 0;
	rule->top_priority = chance(8) == 0;
	rule->effective_us = some_moment();
	rule->expires_us = rule->effective_us ? rule->effective_us + 2 : some_moment();
}

static World *random_world(Arena *arena)
{
	World *world = world_new(arena);
	for (unsigned i = 0; i < 2; i++) {
		world_zone(world, name_of(arena, "z", i))->tie_break =
		        chance(2) ? SNAP_TIE(OFFER_CODE) : SNAP_TIE(NEWEST_OFFER);
		world_point(world, name_of(arena, "p", i), name_of(arena, "z", i));
	}
	for (unsigned i = 0; i < 3; i++)
		world_segment(world, name_of(arena, "s", i), conditions[chance(ARRAY_COUNT(conditions))]);
	for (unsigned i = 0; i < OFFERS; i++) {
		SnapOffer *offer = world_offer(world, name_of(arena, "O", i));
		offer->published = chance(6) != 0;
		offer->effective_us = some_moment();
	}
	for (unsigned i = 0; i < RULES; i++)
		add_rule(world, arena, i);
	return world;
}

static void random_visitor(ExprValue *values)
{
	static const int64_t ages[] = {10, 18, 20, 40, 60};
	values[WORLD_AGE] = expr_int(ages[chance(5)]);
	values[WORLD_BALANCE] = expr_double((double)chance(6) * 10);
	values[WORLD_TIER] = expr_string(chance(2) ? STR("gold") : STR("basic"));
	values[WORLD_CHURN] = chance(2) ? expr_missing(WORLD_CHURN) : expr_double((double)chance(10));
}

// --- the plain reading ---

typedef struct Reference {
	const Snapshot *snapshot;
	const ExprSchema *schema;
	ExprValue *values;
	Arena *arena;
} Reference;

static ExprValue value_of(const Reference *r, const SnapExpression *expression)
{
	ExprProgram program;
	assert_int_equal(
	        expr_verify(r->schema, expression->program.data, expression->program.len, &program), OK);
	ExprScratch scratch = {r->arena, 1000};
	return expr_eval(&program, r->values, TEST_NOW_US, &scratch);
}

static bool holds(int64_t effective_us, int64_t expires_us)
{
	return (!effective_us || effective_us <= TEST_NOW_US) && (!expires_us || TEST_NOW_US < expires_us);
}

static Reason judge(const Reference *r, const SnapRule *rule, double *score)
{
	const SnapOffer *offer = r->snapshot->offers[rule->offer];
	if (rule->segment) {
		ExprValue in = value_of(r, r->snapshot->segments[rule->segment - 1]->expression);
		if (in.kind != EXPR_BOOL || !in.b)
			return REASON_SEGMENT_NOT_MATCHED;
	}
	if (!offer->published)
		return REASON_OFFER_NOT_PUBLISHED;
	if (!holds(offer->effective_us, offer->expires_us))
		return REASON_OFFER_OUTSIDE_DATES;
	if (!rule->enabled)
		return REASON_RULE_DISABLED;
	if (!holds(rule->effective_us, rule->expires_us))
		return REASON_RULE_OUTSIDE_DATES;
	if (rule->eligibility) {
		ExprValue eligible = value_of(r, rule->eligibility);
		if (eligible.kind != EXPR_BOOL)
			return REASON_ELIGIBILITY_FAILED;
		if (!eligible.b)
			return REASON_NOT_ELIGIBLE;
	}
	*score = rule->score;
	if (rule->score_expression) {
		ExprValue value = value_of(r, rule->score_expression);
		if (value.kind != EXPR_INT && value.kind != EXPR_DOUBLE)
			return REASON_SCORE_FAILED;
		*score = value.kind == EXPR_INT ? (double)value.i : value.d;
	}
	return REASON_OFFERED;
}

typedef struct Judged {
	const SnapRule *rule;
	Reason reason;
	double score;
} Judged;

// Whether a comes before b in a zone.
static bool before(
        const Reference *r, const Judged *a, const Judged *b, Parley__Snapshot__V1__TieBreak tie_break)
{
	const SnapOffer *left = r->snapshot->offers[a->rule->offer],
	                *right = r->snapshot->offers[b->rule->offer];
	if (a->rule->top_priority != b->rule->top_priority)
		return a->rule->top_priority;
	if (a->score < b->score || a->score > b->score)
		return a->score > b->score;
	if (tie_break == SNAP_TIE(NEWEST_OFFER) && left->effective_us != right->effective_us)
		return left->effective_us > right->effective_us;
	int by_code = strcmp(left->code, right->code);
	return by_code ? by_code < 0 : strcmp(a->rule->name, b->rule->name) < 0;
}

// Takes the best of what is left, as often as there are offers to take.
static size_t take(const Reference *r, Judged *judged, size_t count, size_t max,
        Parley__Snapshot__V1__TieBreak tie_break, uint32_t *ret)
{
	size_t taken = 0;
	while (taken < max) {
		Judged *best = NULL;
		for (size_t i = 0; i < count; i++) {
			if (judged[i].reason == REASON_OFFERED &&
			        (!best || before(r, &judged[i], best, tie_break)))
				best = &judged[i];
		}
		if (!best)
			return taken;
		ret[taken++] = best->rule->offer;
		for (size_t i = 0; i < count; i++) {
			if (judged[i].rule->offer == best->rule->offer && judged[i].reason == REASON_OFFERED)
				judged[i].reason = REASON_DUPLICATE_OFFER;
		}
	}
	return taken;
}

// --- the comparison ---

static void same_reasons(const Reference *r, const PointDecision *point, const Judged *judged, size_t count)
{
	assert_int_equal(point->candidate_count, count);
	for (size_t i = 0; i < count; i++) {
		const DecidedCandidate *candidate = &point->candidates[i];
		const Judged *other = judged;
		while (other->rule != r->snapshot->rules[candidate->id.source])
			other++;
		if (candidate->reason >= REASON_DUPLICATE_OFFER || candidate->reason == REASON_OFFERED)
			assert_int_equal(other->reason, REASON_OFFERED);
		else
			assert_int_equal(candidate->reason, other->reason);
	}
}

static void same_decision(
        const Reference *r, uint32_t zone, const PointDecision *told, const PointDecision *plain, size_t max)
{
	Judged judged[RULES];
	size_t count = 0;
	for (size_t i = 0; i < r->snapshot->n_rules; i++) {
		const SnapRule *rule = r->snapshot->rules[i];
		if (rule->zone && rule->zone != zone + 1)
			continue;
		judged[count] = (Judged){.rule = rule};
		judged[count].reason = judge(r, rule, &judged[count].score);
		count++;
	}
	same_reasons(r, told, judged, count);
	uint32_t expected[OFFERS];
	size_t taken = take(r, judged, count, max, r->snapshot->zones[zone]->tie_break, expected);
	assert_int_equal(told->offer_count, taken);
	assert_int_equal(plain->offer_count, taken);
	for (size_t i = 0; i < taken; i++) {
		assert_int_equal(told->offers[i].id.offer, expected[i]);
		assert_int_equal(plain->offers[i].id.offer, expected[i]);
		// Explain lists first what was offered, by the very rules.
		assert_int_equal(told->candidates[i].reason, REASON_OFFERED);
		assert_int_equal(told->candidates[i].id.source, told->offers[i].id.source);
	}
	assert_true(taken == told->candidate_count || told->candidates[taken].reason != REASON_OFFERED);
}

static void compare_visitor(const Reference *r, const Plan *plan, uint32_t max)
{
	uint64_t segments[1];
	SegmentRequest segment_request = {.audience_id = STR("1"), .as_of_us = TEST_NOW_US};
	Segmentation segmentation = {.segments = segments};
	assert_int_equal(decide_segments(plan, &segment_request, r->values, r->arena, &segmentation), OK);
	Visitor visitor = {.audience_id = STR("1"), .values = r->values, .segments = segments};
	DecidePoint wanted[] = {{.point = 0, .max = max}, {.point = 1, .max = max}};
	DecideRequest request = {
	        .points = wanted, .count = 2, .as_of_us = TEST_NOW_US, .seed = chance(1000), .explain = true};
	Decision told, plain;
	assert_int_equal(decide(plan, &visitor, &request, r->arena, &told), OK);
	request.explain = false;
	assert_int_equal(decide(plan, &visitor, &request, r->arena, &plain), OK);
	for (uint32_t zone = 0; zone < 2; zone++)
		same_decision(r, zone, &told.points[zone], &plain.points[zone], max);
}

static void the_engine_agrees_with_the_plain_reading(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WORLDS; i++) {
		CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
		const Snapshot *snapshot = world_finish(random_world(arena));
		assert_int_equal(snapshot_check(snapshot), OK);
		const Plan *plan;
		assert_int_equal(plan_build(snapshot, arena, &plan), OK);
		ExprSchema schema;
		assert_int_equal(snapshot_schema(snapshot->audience_levels[0], arena, &schema), OK);
		ExprValue values[WORLD_ATTRIBUTES];
		decide_defaults(plan, 0, values);
		for (unsigned v = 0; v < VISITORS; v++) {
			random_visitor(values);
			Reference reference = {snapshot, &schema, values, arena};
			compare_visitor(&reference, plan, chance(OFFERS));
		}
	}
}

int main(void)
{
	const char *given = getenv("PARLEY_SEED");
	state_of_chance = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("PARLEY_SEED=%llu\n", (unsigned long long)state_of_chance);
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_engine_agrees_with_the_plain_reading)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
