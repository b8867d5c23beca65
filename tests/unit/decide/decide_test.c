// Who gets what at the bank, and why not something else: a story for each reason and each tie.
#include "base/cleanup.h"
#include "decide/decide.h"
#include "world/seal.h"
#include "world/world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static World *bank;
static const Plan *plan;
static ExprValue values[WORLD_ATTRIBUTES];

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	bank = world_bank(arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

// Builds the plan, with the visitor as the level's defaults have it.
static const Snapshot *open_bank(void)
{
	const Snapshot *snapshot = world_finish(bank);
	assert_int_equal(snapshot_check(snapshot), OK);
	assert_int_equal(plan_build(snapshot, arena, &plan), OK);
	decide_defaults(plan, 0, values);
	return snapshot;
}

static DecideRequest request_of(const DecidePoint *points, size_t count)
{
	return (DecideRequest){
	        .points = points, .count = count, .as_of_us = TEST_NOW_US, .seed = 42, .explain = true};
}

static Decision ask(const DecideRequest *request)
{
	uint64_t *segments = ARENA_ARRAY(arena, uint64_t, plan_segment_words(plan));
	SegmentRequest segment_request = {.audience_id = STR("1"), .as_of_us = request->as_of_us};
	Segmentation segmentation = {.segments = segments};
	assert_int_equal(decide_segments(plan, &segment_request, values, arena, &segmentation), OK);
	Visitor visitor = {.audience_id = STR("1"), .values = values, .segments = segments};
	Decision decision;
	assert_int_equal(decide(plan, &visitor, request, arena, &decision), OK);
	assert_int_equal(decision.count, request->count);
	return decision;
}

static PointDecision ask_point(const char *point, uint32_t max)
{
	DecidePoint wanted = {.point = plan_point(plan, str(point)), .max = max};
	DecideRequest request = request_of(&wanted, 1);
	return ask(&request).points[0];
}

// "CARD LOAN": the codes offered, best first.
static void offers(PointDecision decision, const char *expected)
{
	char *got = arena_printf(arena, "%s", "");
	for (size_t i = 0; i < decision.offer_count; i++)
		got = arena_printf(arena, "%s%s%s", got, i ? " " : "",
		        plan_snapshot(plan)->offers[decision.offers[i].id.offer]->code);
	assert_string_equal(got, expected);
}

static DecidedCandidate candidate(PointDecision decision, const char *rule)
{
	for (size_t i = 0; i < decision.candidate_count; i++) {
		if (strcmp(plan_snapshot(plan)->rules[decision.candidates[i].id.source]->name, rule) == 0)
			return decision.candidates[i];
	}
	fail_msg("%s is no candidate", rule);
	return (DecidedCandidate){0};
}

static void reason(PointDecision decision, const char *rule, const char *name, const char *predicate)
{
	DecidedCandidate found = candidate(decision, rule);
	assert_string_equal(reason_name(found.reason), name);
	if (!str_eq(found.predicate, str(predicate)))
		fail_msg("%s: '" STR_FMT "'", rule, STR_ARG(found.predicate));
}

static void the_best_scores_win(void **state)
{
	(void)state;
	open_bank();
	offers(ask_point("home-banner", 5), "CARD LOAN SAVINGS");
	offers(ask_point("home-banner", 2), "CARD LOAN");
	offers(ask_point("home-banner", 0), "");
	offers(ask_point("call-script", 5), "SAVINGS");
	values[WORLD_TIER] = expr_string(STR("gold"));
	offers(ask_point("home-banner", 1), "TRAVEL");
	offers(ask_point("call-script", 1), "CARD");
}

static void an_unknown_point_is_answered_as_such(void **state)
{
	(void)state;
	open_bank();
	assert_int_equal(plan_point(plan, STR("nowhere")), -1);
	DecidePoint wanted[] = {
	        {.point = -1, .max = 3}, {.point = plan_point(plan, STR("home-side")), .max = 1}};
	DecideRequest request = request_of(wanted, 2);
	Decision decision = ask(&request);
	assert_int_equal(decision.points[0].point, -1);
	assert_int_equal(decision.points[0].offer_count + decision.points[0].candidate_count, 0);
	offers(decision.points[1], "CARD");
}

static void segment_not_matched(void **state)
{
	(void)state;
	open_bank();
	values[WORLD_AGE] = expr_int(17);
	PointDecision decision = ask_point("home-banner", 5);
	offers(decision, "SAVINGS");
	reason(decision, "adults-card", "SEGMENT_NOT_MATCHED", "age >= 18");
	reason(decision, "gold-travel", "SEGMENT_NOT_MATCHED", "tier == 'gold'");
	reason(decision, "everyone-savings", "OFFERED", "");
}

static void offer_not_published(void **state)
{
	(void)state;
	world_offer(bank, "DRAFT")->published = false;
	world_rule(bank, "draft", NULL, NULL, "DRAFT", 100);
	open_bank();
	PointDecision decision = ask_point("home-banner", 1);
	offers(decision, "CARD");
	reason(decision, "draft", "OFFER_NOT_PUBLISHED", "");
}

static void offer_outside_its_dates(void **state)
{
	(void)state;
	SnapOffer *offer = world_offer(bank, "SUMMER");
	world_rule(bank, "summer", NULL, NULL, "SUMMER", 100);
	offer->effective_us = TEST_NOW_US;
	offer->expires_us = TEST_NOW_US + 1;
	open_bank();
	DecidePoint wanted = {.point = plan_point(plan, STR("home-banner")), .max = 1};
	DecideRequest request = request_of(&wanted, 1);
	offers(ask(&request).points[0], "SUMMER");
	request.as_of_us = TEST_NOW_US - 1;
	reason(ask(&request).points[0], "summer", "OFFER_OUTSIDE_DATES", "");
	request.as_of_us = TEST_NOW_US + 1;
	reason(ask(&request).points[0], "summer", "OFFER_OUTSIDE_DATES", "");
}

static void rule_disabled_or_outside_its_dates(void **state)
{
	(void)state;
	world_rule(bank, "off", NULL, NULL, "LOAN", 100)->enabled = false;
	world_rule(bank, "later", NULL, NULL, "LOAN", 100)->effective_us = TEST_NOW_US + 1;
	world_rule(bank, "earlier", NULL, NULL, "LOAN", 100)->expires_us = TEST_NOW_US;
	open_bank();
	PointDecision decision = ask_point("home-banner", 1);
	offers(decision, "CARD");
	reason(decision, "off", "RULE_DISABLED", "");
	reason(decision, "later", "RULE_OUTSIDE_DATES", "");
	reason(decision, "earlier", "RULE_OUTSIDE_DATES", "");
}

static void not_eligible(void **state)
{
	(void)state;
	open_bank();
	values[WORLD_BALANCE] = expr_double(5000);
	PointDecision decision = ask_point("home-banner", 5);
	offers(decision, "CARD SAVINGS");
	reason(decision, "adults-loan", "NOT_ELIGIBLE", "balance < 5000");
}

static void an_eligibility_that_fails_grants_nothing(void **state)
{
	(void)state;
	world_rule(bank, "churn", NULL, NULL, "LOAN", 100)->eligibility = world_expression(bank, "churn < 5");
	open_bank();
	PointDecision decision = ask_point("home-banner", 1);
	offers(decision, "CARD");
	reason(decision, "churn", "ELIGIBILITY_FAILED", "churn < 5");
	values[WORLD_CHURN] = expr_double(1);
	offers(ask_point("home-banner", 1), "LOAN");
}

static void a_score_that_fails_ranks_nothing(void **state)
{
	(void)state;
	world_rule(bank, "churn", NULL, NULL, "LOAN", 0)->score_expression = world_expression(bank, "churn");
	open_bank();
	static const double not_scores[] = {__builtin_inf(), -__builtin_inf(), __builtin_nan("")};
	for (size_t i = 0; i <= ARRAY_COUNT(not_scores); i++) {
		PointDecision decision = ask_point("home-banner", 1);
		offers(decision, "CARD");
		reason(decision, "churn", "SCORE_FAILED", "churn");
		assert_true(candidate(decision, "churn").score.final == 0);
		values[WORLD_CHURN] = expr_double(not_scores[i % ARRAY_COUNT(not_scores)]);
	}
	values[WORLD_CHURN] = expr_double(60.5);
	offers(ask_point("home-banner", 1), "LOAN");
}

static void the_same_offer_from_two_rules_keeps_the_higher_score(void **state)
{
	(void)state;
	open_bank();
	values[WORLD_BALANCE] = expr_double(20000);
	PointDecision decision = ask_point("home-banner", 5);
	offers(decision, "CARD SAVINGS");
	assert_true(decision.offers[0].score.final > 79 && decision.offers[0].score.final < 81);
	reason(decision, "rich-card", "OFFERED", "");
	reason(decision, "adults-card", "DUPLICATE_OFFER", "");
}

static void others_scored_higher(void **state)
{
	(void)state;
	open_bank();
	PointDecision decision = ask_point("home-banner", 1);
	reason(decision, "adults-loan", "OUTRANKED", "");
	reason(decision, "everyone-savings", "OUTRANKED", "");
}

static void candidates_are_listed_by_rank_and_then_by_name(void **state)
{
	(void)state;
	open_bank();
	PointDecision decision = ask_point("home-banner", 2);
	static const char *const names[] = {
	        "adults-card", "adults-loan", "everyone-savings", "gold-travel", "rich-card"};
	assert_int_equal(decision.candidate_count, ARRAY_COUNT(names));
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		assert_string_equal(
		        plan_snapshot(plan)->rules[decision.candidates[i].id.source]->name, names[i]);
}

static void top_priority_goes_before_any_score(void **state)
{
	(void)state;
	world_rule(bank, "top", NULL, NULL, "LOAN", 1)->top_priority = true;
	SnapRule *dynamic = world_rule(bank, "dynamic", NULL, NULL, "TRAVEL", 0);
	dynamic->score_expression = world_expression(bank, "age");
	open_bank();
	values[WORLD_AGE] = expr_int(99);
	offers(ask_point("home-banner", 1), "LOAN");
	offers(ask_point("home-banner", 2), "LOAN TRAVEL");
}

static void a_dynamic_score_is_compared_with_static_ones(void **state)
{
	(void)state;
	open_bank();
	values[WORLD_BALANCE] = expr_double(10000);
	values[WORLD_AGE] = expr_int(19);
	offers(ask_point("call-script", 2), "SAVINGS TRAVEL");
	values[WORLD_AGE] = expr_int(21);
	offers(ask_point("call-script", 2), "TRAVEL SAVINGS");
	values[WORLD_AGE] = expr_int(20); // equal scores: by code
	offers(ask_point("call-script", 2), "SAVINGS TRAVEL");
	offers(ask_point("call-script", 1), "SAVINGS");
}

static World *world_of_ties(Parley__Snapshot__V1__TieBreak tie_break)
{
	World *world = world_new(arena);
	world_zone(world, "home")->tie_break = tie_break;
	world_point(world, "banner", "home");
	static const char *const codes[] = {"D", "A", "C", "B"};
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		world_offer(world, codes[i])->effective_us = i ? (int64_t)i * 1000 : 0;
		char *name = arena_printf(arena, "rule-%c", "zyxw"[i]);
		world_rule(world, name, NULL, NULL, codes[i], 50);
	}
	return world;
}

static void ties_go_by_code_or_by_age(void **state)
{
	(void)state;
	bank = world_of_ties(SNAP_TIE(OFFER_CODE));
	open_bank();
	offers(ask_point("banner", 3), "A B C");
	bank = world_of_ties(SNAP_TIE(NEWEST_OFFER));
	open_bank();
	offers(ask_point("banner", 9), "B C A D");
}

static void seeded_ties_are_fair(void **state)
{
	(void)state;
	bank = world_of_ties(SNAP_TIE(SEEDED_RANDOM));
	open_bank();
	DecidePoint wanted = {.point = 0, .max = 1};
	DecideRequest request = request_of(&wanted, 1);
	size_t wins[4] = {0};
	for (request.seed = 1; request.seed <= 4000; request.seed++)
		wins[ask(&request).points[0].offers[0].id.offer]++;
	for (size_t i = 0; i < 4; i++)
		assert_in_range(wins[i], 850, 1150);
}

static void explaining_changes_nothing(void **state)
{
	(void)state;
	open_bank();
	DecidePoint wanted[] = {{.point = 0, .max = 2}, {.point = 1, .max = 2}, {.point = 2, .max = 2}};
	DecideRequest request = request_of(wanted, 3);
	Decision told = ask(&request);
	request.explain = false;
	Decision plain = ask(&request);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(plain.points[i].candidate_count, 0);
		assert_int_equal(plain.points[i].offer_count, told.points[i].offer_count);
		assert_memory_equal(plain.points[i].offers, told.points[i].offers,
		        plain.points[i].offer_count * sizeof(DecidedOffer));
	}
}

static void treatment_codes_are_unique(void **state)
{
	(void)state;
	open_bank();
	DecidePoint wanted[] = {{.point = plan_point(plan, STR("home-banner")), .max = 3},
	        {.point = plan_point(plan, STR("home-side")), .max = 3}};
	DecideRequest request = request_of(wanted, 2);
	enum { CALLS = 200, CODES = CALLS * 6 };
	static char codes[CODES][TREATMENT_CODE_SIZE];
	size_t count = 0;
	for (request.seed = 0; request.seed < CALLS; request.seed++) {
		Decision decision = ask(&request);
		for (size_t p = 0; p < 2; p++) {
			for (size_t i = 0; i < decision.points[p].offer_count; i++)
				memcpy(codes[count++], decision.points[p].offers[i].treatment_code,
				        TREATMENT_CODE_SIZE);
		}
	}
	assert_int_equal(count, CODES);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(strlen(codes[i]), TREATMENT_CODE_SIZE - 1);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(codes[i], codes[j]);
	}
}

static void too_much_at_once_is_refused(void **state)
{
	(void)state;
	open_bank();
	static DecidePoint wanted[DECIDE_POINTS_MAX + 1];
	DecideRequest request = request_of(wanted, ARRAY_COUNT(wanted));
	Visitor visitor = {.values = values, .segments = (uint64_t[]){0}};
	Decision decision;
	assert_int_equal(decide(plan, &visitor, &request, arena, &decision), ERR_LIMIT);
	wanted[0].max = DECIDE_OFFERS_MAX + 1;
	request.count = 1;
	assert_int_equal(decide(plan, &visitor, &request, arena, &decision), ERR_LIMIT);
	CLEANUP(arena_freep) Arena *tiny = arena_new(128, 256);
	wanted[0].max = 100;
	assert_int_equal(decide(plan, &visitor, &request, tiny, &decision), ERR_NO_MEMORY);
}

// --- determinism ---

static void *decide_elsewhere(void *context)
{
	Arena *own = arena_new(64 * 1024, 0);
	const Plan *theirs;
	assert_int_equal(plan_build(plan_snapshot(plan), own, &theirs), OK);
	DecidePoint wanted[] = {{.point = plan_point(plan, STR("home-banner")), .max = 3},
	        {.point = plan_point(plan, STR("call-script")), .max = 3}};
	DecideRequest request = request_of(wanted, 2);
	uint64_t segments[1];
	SegmentRequest segment_request = {.audience_id = STR("1"), .as_of_us = TEST_NOW_US};
	Segmentation segmentation = {.segments = segments};
	assert_int_equal(decide_segments(theirs, &segment_request, values, own, &segmentation), OK);
	Visitor visitor = {.audience_id = STR("1"), .values = values, .segments = segments};
	Decision decision;
	assert_int_equal(decide(theirs, &visitor, &request, own, &decision), OK);
	memcpy(context, decision.points[0].offers, 3 * sizeof(DecidedOffer));
	arena_free(own);
	return NULL;
}

static void the_same_inputs_give_the_same_bytes(void **state)
{
	(void)state;
	world_rule(bank, "tie", NULL, NULL, "TRAVEL", 60);
	open_bank();
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	static DecidedOffer results[THREADS][3];
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, decide_elsewhere, results[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 1; i < THREADS; i++)
		assert_memory_equal(results[i], results[0], sizeof results[0]);
	assert_int_equal(strlen(results[0][2].treatment_code), TREATMENT_CODE_SIZE - 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(the_best_scores_win),
	        T(an_unknown_point_is_answered_as_such),
	        T(segment_not_matched),
	        T(offer_not_published),
	        T(offer_outside_its_dates),
	        T(rule_disabled_or_outside_its_dates),
	        T(not_eligible),
	        T(an_eligibility_that_fails_grants_nothing),
	        T(a_score_that_fails_ranks_nothing),
	        T(the_same_offer_from_two_rules_keeps_the_higher_score),
	        T(others_scored_higher),
	        T(candidates_are_listed_by_rank_and_then_by_name),
	        T(top_priority_goes_before_any_score),
	        T(a_dynamic_score_is_compared_with_static_ones),
	        T(ties_go_by_code_or_by_age),
	        T(seeded_ties_are_fair),
	        T(explaining_changes_nothing),
	        T(treatment_codes_are_unique),
	        T(too_much_at_once_is_refused),
	        T(the_same_inputs_give_the_same_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
