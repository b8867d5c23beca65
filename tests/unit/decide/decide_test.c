// Who gets what at the stage.bank, and why not something else: a story for each reason and each tie.
#include "base/cleanup.h"
#include "stage.h"

static void reason(PointDecision decision, const char *name, const char *expected, const char *predicate)
{
	stage_reason(decision, name, expected);
	DecidedCandidate found = stage_candidate(decision, name);
	if (!str_eq(found.predicate, str(predicate)))
		fail_msg("%s: '" STR_FMT "'", name, STR_ARG(found.predicate));
}

static void the_best_scores_win(void **state)
{
	(void)state;
	stage_open();
	stage_offers(stage_ask_point("home-banner", 5), "CARD LOAN SAVINGS");
	stage_offers(stage_ask_point("home-banner", 2), "CARD LOAN");
	stage_offers(stage_ask_point("home-banner", 0), "");
	stage_offers(stage_ask_point("call-script", 5), "SAVINGS");
	stage.values[WORLD_TIER] = expr_string(STR("gold"));
	stage_offers(stage_ask_point("home-banner", 1), "TRAVEL");
	stage_offers(stage_ask_point("call-script", 1), "CARD");
}

static void an_unknown_point_is_answered_as_such(void **state)
{
	(void)state;
	stage_open();
	assert_int_equal(plan_point(stage.plan, STR("nowhere")), -1);
	DecidePoint wanted[] = {
	        {.point = -1, .max = 3}, {.point = plan_point(stage.plan, STR("home-side")), .max = 1}};
	Decision decision = stage_ask(wanted, 2);
	assert_int_equal(decision.points[0].point, -1);
	assert_int_equal(decision.points[0].offer_count + decision.points[0].candidate_count, 0);
	stage_offers(decision.points[1], "CARD");
}

static void segment_not_matched(void **state)
{
	(void)state;
	stage_open();
	stage.values[WORLD_AGE] = expr_int(17);
	PointDecision decision = stage_ask_point("home-banner", 5);
	stage_offers(decision, "SAVINGS");
	reason(decision, "adults-card", "SEGMENT_NOT_MATCHED", "age >= 18");
	reason(decision, "gold-travel", "SEGMENT_NOT_MATCHED", "tier == 'gold'");
	reason(decision, "everyone-savings", "OFFERED", "");
}

static void offer_not_published(void **state)
{
	(void)state;
	world_offer(stage.bank, "DRAFT")->published = false;
	world_rule(stage.bank, "draft", NULL, NULL, "DRAFT", 100);
	stage_open();
	PointDecision decision = stage_ask_point("home-banner", 1);
	stage_offers(decision, "CARD");
	reason(decision, "draft", "OFFER_NOT_PUBLISHED", "");
}

static void offer_outside_its_dates(void **state)
{
	(void)state;
	SnapOffer *offer = world_offer(stage.bank, "SUMMER");
	world_rule(stage.bank, "summer", NULL, NULL, "SUMMER", 100);
	offer->effective_us = TEST_NOW_US;
	offer->expires_us = TEST_NOW_US + 1;
	stage_open();
	stage_offers(stage_ask_point("home-banner", 1), "SUMMER");
	stage.as_of_us = TEST_NOW_US - 1;
	reason(stage_ask_point("home-banner", 1), "summer", "OFFER_OUTSIDE_DATES", "");
	stage.as_of_us = TEST_NOW_US + 1;
	reason(stage_ask_point("home-banner", 1), "summer", "OFFER_OUTSIDE_DATES", "");
}

static void rule_disabled_or_outside_its_dates(void **state)
{
	(void)state;
	world_rule(stage.bank, "off", NULL, NULL, "LOAN", 100)->enabled = false;
	world_rule(stage.bank, "later", NULL, NULL, "LOAN", 100)->effective_us = TEST_NOW_US + 1;
	world_rule(stage.bank, "earlier", NULL, NULL, "LOAN", 100)->expires_us = TEST_NOW_US;
	stage_open();
	PointDecision decision = stage_ask_point("home-banner", 1);
	stage_offers(decision, "CARD");
	reason(decision, "off", "RULE_DISABLED", "");
	reason(decision, "later", "RULE_OUTSIDE_DATES", "");
	reason(decision, "earlier", "RULE_OUTSIDE_DATES", "");
}

static void not_eligible(void **state)
{
	(void)state;
	stage_open();
	stage.values[WORLD_BALANCE] = expr_double(5000);
	PointDecision decision = stage_ask_point("home-banner", 5);
	stage_offers(decision, "CARD SAVINGS");
	reason(decision, "adults-loan", "NOT_ELIGIBLE", "balance < 5000");
}

static void an_eligibility_that_fails_grants_nothing(void **state)
{
	(void)state;
	world_rule(stage.bank, "churn", NULL, NULL, "LOAN", 100)->eligibility =
	        world_expression(stage.bank, "churn < 5");
	stage_open();
	PointDecision decision = stage_ask_point("home-banner", 1);
	stage_offers(decision, "CARD");
	reason(decision, "churn", "ELIGIBILITY_FAILED", "churn < 5");
	stage.values[WORLD_CHURN] = expr_double(1);
	stage_offers(stage_ask_point("home-banner", 1), "LOAN");
}

static void a_score_that_fails_ranks_nothing(void **state)
{
	(void)state;
	world_rule(stage.bank, "churn", NULL, NULL, "LOAN", 0)->score_expression =
	        world_expression(stage.bank, "churn");
	stage_open();
	static const double not_scores[] = {__builtin_inf(), -__builtin_inf(), __builtin_nan("")};
	for (size_t i = 0; i <= ARRAY_COUNT(not_scores); i++) {
		PointDecision decision = stage_ask_point("home-banner", 1);
		stage_offers(decision, "CARD");
		reason(decision, "churn", "SCORE_FAILED", "churn");
		assert_true(stage_candidate(decision, "churn").score.final == 0);
		stage.values[WORLD_CHURN] = expr_double(not_scores[i % ARRAY_COUNT(not_scores)]);
	}
	stage.values[WORLD_CHURN] = expr_double(60.5);
	stage_offers(stage_ask_point("home-banner", 1), "LOAN");
}

static void the_same_offer_from_two_rules_keeps_the_higher_score(void **state)
{
	(void)state;
	stage_open();
	stage.values[WORLD_BALANCE] = expr_double(20000);
	PointDecision decision = stage_ask_point("home-banner", 5);
	stage_offers(decision, "CARD SAVINGS");
	assert_true(decision.offers[0].score.final > 79 && decision.offers[0].score.final < 81);
	reason(decision, "rich-card", "OFFERED", "");
	reason(decision, "adults-card", "DUPLICATE_OFFER", "");
}

static void others_scored_higher(void **state)
{
	(void)state;
	stage_open();
	PointDecision decision = stage_ask_point("home-banner", 1);
	reason(decision, "adults-loan", "OUTRANKED", "");
	reason(decision, "everyone-savings", "OUTRANKED", "");
}

static void candidates_are_listed_by_rank_and_then_by_name(void **state)
{
	(void)state;
	stage_open();
	PointDecision decision = stage_ask_point("home-banner", 2);
	static const char *const names[] = {
	        "adults-card", "adults-loan", "everyone-savings", "gold-travel", "rich-card"};
	assert_int_equal(decision.candidate_count, ARRAY_COUNT(names));
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		assert_string_equal(
		        plan_snapshot(stage.plan)->rules[decision.candidates[i].id.source]->name, names[i]);
}

static void top_priority_goes_before_any_score(void **state)
{
	(void)state;
	world_rule(stage.bank, "top", NULL, NULL, "LOAN", 1)->top_priority = true;
	SnapRule *dynamic = world_rule(stage.bank, "dynamic", NULL, NULL, "TRAVEL", 0);
	dynamic->score_expression = world_expression(stage.bank, "age");
	stage_open();
	stage.values[WORLD_AGE] = expr_int(99);
	stage_offers(stage_ask_point("home-banner", 1), "LOAN");
	stage_offers(stage_ask_point("home-banner", 2), "LOAN TRAVEL");
}

static void a_dynamic_score_is_compared_with_static_ones(void **state)
{
	(void)state;
	stage_open();
	stage.values[WORLD_BALANCE] = expr_double(10000);
	stage.values[WORLD_AGE] = expr_int(19);
	stage_offers(stage_ask_point("call-script", 2), "SAVINGS TRAVEL");
	stage.values[WORLD_AGE] = expr_int(21);
	stage_offers(stage_ask_point("call-script", 2), "TRAVEL SAVINGS");
	stage.values[WORLD_AGE] = expr_int(20); // equal scores: by code
	stage_offers(stage_ask_point("call-script", 2), "SAVINGS TRAVEL");
	stage_offers(stage_ask_point("call-script", 1), "SAVINGS");
}

static World *world_of_ties(Parley__Snapshot__V1__TieBreak tie_break)
{
	World *world = world_new(stage.arena);
	world_zone(world, "home")->tie_break = tie_break;
	world_point(world, "banner", "home");
	static const char *const codes[] = {"D", "A", "C", "B"};
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		world_offer(world, codes[i])->effective_us = i ? (int64_t)i * 1000 : 0;
		char *name = arena_printf(stage.arena, "rule-%c", "zyxw"[i]);
		world_rule(world, name, NULL, NULL, codes[i], 50);
	}
	return world;
}

static void ties_go_by_code_or_by_age(void **state)
{
	(void)state;
	stage.bank = world_of_ties(SNAP_TIE(OFFER_CODE));
	stage_open();
	stage_offers(stage_ask_point("banner", 3), "A B C");
	stage.bank = world_of_ties(SNAP_TIE(NEWEST_OFFER));
	stage_open();
	stage_offers(stage_ask_point("banner", 9), "B C A D");
}

static void seeded_ties_are_fair(void **state)
{
	(void)state;
	stage.bank = world_of_ties(SNAP_TIE(SEEDED_RANDOM));
	stage_open();
	size_t wins[4] = {0};
	for (stage.seed = 1; stage.seed <= 4000; stage.seed++)
		wins[stage_ask_point("banner", 1).offers[0].id.offer]++;
	for (size_t i = 0; i < 4; i++)
		assert_in_range(wins[i], 850, 1150);
}

static void treatment_codes_are_unique(void **state)
{
	(void)state;
	stage_open();
	DecidePoint wanted[] = {{.point = plan_point(stage.plan, STR("home-banner")), .max = 3},
	        {.point = plan_point(stage.plan, STR("home-side")), .max = 3}};
	enum { CALLS = 200, CODES = CALLS * 6 };
	static char codes[CODES][TREATMENT_CODE_SIZE];
	size_t count = 0;
	for (stage.seed = 0; stage.seed < CALLS; stage.seed++) {
		Decision decision = stage_ask(wanted, 2);
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
	stage_open();
	static DecidePoint wanted[DECIDE_POINTS_MAX + 1];
	DecideRequest request = {.points = wanted, .count = ARRAY_COUNT(wanted)};
	Visitor visitor = {.values = stage.values, .segments = (uint64_t[]){0}};
	Decision decision;
	assert_int_equal(decide(stage.plan, &visitor, &request, stage.arena, &decision), ERR_LIMIT);
	wanted[0].max = DECIDE_OFFERS_MAX + 1;
	request.count = 1;
	assert_int_equal(decide(stage.plan, &visitor, &request, stage.arena, &decision), ERR_LIMIT);
	CLEANUP(arena_freep) Arena *tiny = arena_new(128, 256);
	wanted[0].max = 100;
	assert_int_equal(decide(stage.plan, &visitor, &request, tiny, &decision), ERR_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(the_best_scores_win),
	        STAGE_TEST(an_unknown_point_is_answered_as_such),
	        STAGE_TEST(segment_not_matched),
	        STAGE_TEST(offer_not_published),
	        STAGE_TEST(offer_outside_its_dates),
	        STAGE_TEST(rule_disabled_or_outside_its_dates),
	        STAGE_TEST(not_eligible),
	        STAGE_TEST(an_eligibility_that_fails_grants_nothing),
	        STAGE_TEST(a_score_that_fails_ranks_nothing),
	        STAGE_TEST(the_same_offer_from_two_rules_keeps_the_higher_score),
	        STAGE_TEST(others_scored_higher),
	        STAGE_TEST(candidates_are_listed_by_rank_and_then_by_name),
	        STAGE_TEST(top_priority_goes_before_any_score),
	        STAGE_TEST(a_dynamic_score_is_compared_with_static_ones),
	        STAGE_TEST(ties_go_by_code_or_by_age),
	        STAGE_TEST(seeded_ties_are_fair),
	        STAGE_TEST(treatment_codes_are_unique),
	        STAGE_TEST(too_much_at_once_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
