// Where candidates come from, what scores them, which of an offer's stays, and what fills up.
#include "stage.h"

static const char *const home = "home-banner";

static double final_score(PointDecision decision, const char *name)
{
	return stage_candidate(decision, name).score.final;
}

static void is_score(double got, double expected)
{
	if (got < expected || got > expected)
		fail_msg("%g, not %g", got, expected);
}

static void a_global_offer_is_for_everyone_of_its_level(void **state)
{
	(void)state;
	world_household(stage.bank);
	world_global(stage.bank, "hello", NULL, "TRAVEL", 70);
	world_global(stage.bank, "at-home", "home", "LOAN", 65);
	world_global(stage.bank, "families", NULL, "SAVINGS", 99)->audience_level = WORLD_HOUSEHOLD;
	stage_open();
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "TRAVEL LOAN CARD SAVINGS");
	stage_reason(decision, "hello", "OFFERED");
	assert_false(stage_has(decision, "families"));
	assert_int_equal(decision.offers[0].id.origin, ORIGIN_GLOBAL);
	assert_string_equal(decide_rule(stage.plan, decision.offers[0].id)->name, "hello");
	decision = stage_ask_point("call-script", 5);
	stage_offers(decision, "TRAVEL SAVINGS");
	assert_false(stage_has(decision, "at-home"));
}

static void a_list_makes_a_candidate_of_each_of_its_offers(void **state)
{
	(void)state;
	world_offer_list(stage.bank, "plastic", "TRAVEL CARD");
	world_rule_offers(stage.bank, world_rule(stage.bank, "plastic", NULL, "home", NULL, 70), "plastic");
	world_rule_offers(stage.bank, world_global(stage.bank, "cards", "service", NULL, 30), "plastic");
	stage_open();
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "CARD TRAVEL LOAN SAVINGS");
	stage_reason(decision, "plastic:CARD", "OFFERED");
	stage_reason(decision, "plastic:TRAVEL", "OFFERED");
	stage_reason(decision, "adults-card", "DUPLICATE_OFFER");
	stage_offers(stage_ask_point("call-script", 5), "CARD TRAVEL SAVINGS");
}

static void an_override_rescores_or_adds(void **state)
{
	(void)state;
	world_override(stage.bank, "7", "LOAN", 75, false);
	world_override(stage.bank, "7", "TRAVEL", 61, true);
	world_override(stage.bank, "7", "CARD", 0, false);
	world_override(stage.bank, "8", "SAVINGS", 100, false);
	stage_open();
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "LOAN TRAVEL SAVINGS CARD");
	DecidedCandidate loan = stage_candidate(decision, "adults-loan");
	assert_true(loan.score.overridden);
	is_score(loan.score.marketer, 50);
	is_score(loan.score.override, 75);
	is_score(loan.score.final, 75);
	DecidedCandidate travel = stage_candidate(decision, "INDIVIDUAL:TRAVEL");
	assert_int_equal(travel.reason, REASON_OFFERED);
	is_score(travel.score.marketer, 61);
	assert_false(stage_has(decision, "INDIVIDUAL:LOAN"));
	stage_offers(stage_ask_point(home, 1), "LOAN");
	stage_offers(stage_ask_point("call-script", 5), "TRAVEL SAVINGS"); // where no rule has it
	stage.audience_id = STR("8");
	stage_offers(stage_ask_point(home, 5), "SAVINGS CARD LOAN");
}

static void an_overridden_expression_must_still_give_a_score(void **state)
{
	(void)state;
	world_rule(stage.bank, "churn", NULL, "service", "LOAN", 0)->score_expression =
	        world_expression(stage.bank, "churn");
	world_override(stage.bank, "7", "LOAN", 95, false);
	stage_open();
	stage_reason(stage_ask_point("call-script", 5), "churn", "SCORE_FAILED");
	stage.values[WORLD_CHURN] = expr_double(3);
	PointDecision decision = stage_ask_point("call-script", 5);
	stage_offers(decision, "LOAN SAVINGS");
	is_score(stage_candidate(decision, "churn").score.marketer, 3);
	is_score(final_score(decision, "churn"), 95);
}

static void an_individual_offer_is_screened_like_others(void **state)
{
	(void)state;
	world_offer(stage.bank, "DRAFT")->published = false;
	world_offer(stage.bank, "LATER")->effective_us = TEST_NOW_US + 1;
	world_override(stage.bank, "7", "DRAFT", 90, true);
	world_override(stage.bank, "7", "LATER", 90, true);
	world_override(stage.bank, "7", "TRAVEL", 90, true);
	world_blacklist(stage.bank, "7", "TRAVEL");
	stage_open();
	PointDecision decision = stage_ask_point(home, 1);
	stage_offers(decision, "CARD");
	stage_reason(decision, "INDIVIDUAL:DRAFT", "OFFER_NOT_PUBLISHED");
	stage_reason(decision, "INDIVIDUAL:LATER", "OFFER_OUTSIDE_DATES");
	stage_reason(decision, "INDIVIDUAL:TRAVEL", "BLACKLISTED");
}

static void an_event_qualifies_offers_everywhere(void **state)
{
	(void)state;
	stage_open();
	stage_session_fact(FACT_QUALIFY, "TRAVEL", HOURS(1))->score = 55;
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "CARD TRAVEL LOAN SAVINGS");
	is_score(final_score(decision, "QUALIFIED:TRAVEL"), 55);
	stage_offers(stage_ask_point("call-script", 1), "TRAVEL");
}

static void a_qualified_offer_takes_the_visitors_own_score(void **state)
{
	(void)state;
	world_override(stage.bank, "7", "TRAVEL", 5, false);
	stage_open();
	stage_fact(FACT_QUALIFY, "TRAVEL", HOURS(1))->score = 100;
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "CARD LOAN SAVINGS TRAVEL");
	is_score(stage_candidate(decision, "QUALIFIED:TRAVEL").score.marketer, 100);
	is_score(final_score(decision, "QUALIFIED:TRAVEL"), 5);
}

static void origins_decide_between_equals(void **state)
{
	(void)state;
	world_rule(stage.bank, "rule", NULL, "home", "TRAVEL", 90);
	world_global(stage.bank, "global", NULL, "TRAVEL", 90);
	world_override(stage.bank, "7", "TRAVEL", 90, true);
	stage_open();
	stage_fact(FACT_QUALIFY, "TRAVEL", 1)->score = 90;
	PointDecision decision = stage_ask_point(home, 1);
	stage_listed(decision,
	        "rule OFFERED, adults-card OUTRANKED, adults-loan OUTRANKED, everyone-savings OUTRANKED, "
	        "gold-travel SEGMENT_NOT_MATCHED, rich-card SEGMENT_NOT_MATCHED, global DUPLICATE_OFFER, "
	        "INDIVIDUAL:TRAVEL DUPLICATE_OFFER, QUALIFIED:TRAVEL DUPLICATE_OFFER");
}

static void minus_zero_is_zero(void **state)
{
	(void)state;
	world_rule(stage.bank, "a", NULL, "home", "TRAVEL", 0)->score_expression =
	        world_expression(stage.bank, "balance * -1.0");
	stage_open();
	PointDecision decision = stage_ask_point(home, 9);
	double score = stage_candidate(decision, "a").score.final;
	assert_false(__builtin_signbit(score));
	is_score(score, 0);
}

// --- duplicates ---

static SnapZone *open_fair(Parley__Snapshot__V1__Deduplication deduplication)
{
	SnapZone *zone = world_zone(stage.bank, "fair");
	zone->deduplication = deduplication;
	world_point(stage.bank, "fair-1", "fair");
	world_point(stage.bank, "fair-2", "fair");
	SnapCampaign *campaign = world_campaign(stage.bank, "spring");
	world_cell(stage.bank, campaign, "a", 0, "");
	world_cell(stage.bank, campaign, "b", 0, "");
	static const char *const cells[] = {NULL, "a", "a", "b"};
	for (size_t i = 0; i < ARRAY_COUNT(cells); i++) {
		char *name = arena_printf(stage.arena, "card-%zu", i);
		SnapRule *rule = world_rule(stage.bank, name, NULL, "fair", "CARD", 90 - (double)i);
		world_rule_campaign(stage.bank, rule, "spring", cells[i]);
	}
	world_rule(stage.bank, "card-plain", NULL, "fair", "CARD", 10);
	world_rule(stage.bank, "card-plain-2", NULL, "fair", "CARD", 9);
	return zone;
}

static void duplicates_go_by_offer(void **state)
{
	(void)state;
	open_fair(SNAP_DEDUP(OFFER));
	stage_open();
	PointDecision decision = stage_ask_point("fair-1", 9);
	stage_offers(decision, "CARD SAVINGS");
	stage_reason(decision, "card-0", "OFFERED");
	stage_reason(decision, "card-plain", "DUPLICATE_OFFER");
}

static void duplicates_go_by_treatment(void **state)
{
	(void)state;
	open_fair(SNAP_DEDUP(TREATMENT));
	stage_open();
	PointDecision decision = stage_ask_point("fair-1", 9);
	stage_offers(decision, "CARD CARD CARD SAVINGS CARD");
	stage_reason(decision, "card-0", "OFFERED");
	stage_reason(decision, "card-1", "OFFERED");
	stage_reason(decision, "card-2", "DUPLICATE_OFFER");
	stage_reason(decision, "card-3", "OFFERED");
	stage_reason(decision, "card-plain", "OFFERED");
	stage_reason(decision, "card-plain-2", "DUPLICATE_OFFER");
	stage_offers(stage_ask_point("fair-1", 2), "CARD CARD");
	stage_reason(stage_ask_point("fair-1", 2), "card-plain-2", "DUPLICATE_OFFER");
}

static void duplicates_may_be_allowed(void **state)
{
	(void)state;
	open_fair(SNAP_DEDUP(NONE));
	stage_open();
	stage_offers(stage_ask_point("fair-1", 9), "CARD CARD CARD CARD SAVINGS CARD CARD");
	PointDecision decision = stage_ask_point("fair-1", 3);
	stage_offers(decision, "CARD CARD CARD");
	stage_reason(decision, "card-plain", "OUTRANKED");
}

static Decision ask_fair(uint32_t first, uint32_t second)
{
	DecidePoint points[] = {{.point = plan_point(stage.plan, STR("fair-1")), .max = first},
	        {.point = plan_point(stage.plan, STR("fair-2")), .max = second}};
	return stage_ask(points, 2);
}

static void points_of_a_call_need_not_show_the_same(void **state)
{
	(void)state;
	open_fair(SNAP_DEDUP(OFFER));
	stage_open();
	stage_offers(ask_fair(1, 1).points[1], "CARD");
	stage.deduplicate_across = true;
	Decision decision = ask_fair(1, 9);
	stage_offers(decision.points[0], "CARD");
	stage_reason(decision.points[0], "card-1", "DUPLICATE_OFFER"); // what comes later changes nothing
	stage_reason(decision.points[0], "everyone-savings", "OUTRANKED");
	stage_offers(decision.points[1], "SAVINGS");
	stage_reason(decision.points[1], "card-0", "DUPLICATE_ACROSS_POINTS");
	stage_reason(decision.points[1], "card-plain", "DUPLICATE_ACROSS_POINTS");
}

static void across_points_treatments_count_where_the_zone_says_so(void **state)
{
	(void)state;
	open_fair(SNAP_DEDUP(TREATMENT));
	stage_open();
	stage.deduplicate_across = true;
	Decision decision = ask_fair(2, 2);
	stage_reason(decision.points[0], "card-0", "OFFERED");
	stage_reason(decision.points[0], "card-1", "OFFERED");
	stage_reason(decision.points[1], "card-0", "DUPLICATE_ACROSS_POINTS");
	stage_reason(decision.points[1], "card-2", "DUPLICATE_ACROSS_POINTS"); // the cell of card-1
	stage_reason(decision.points[1], "card-3", "OFFERED");
	stage_offers(decision.points[1], "CARD SAVINGS");
}

static void across_points_even_duplicates_are_taken_out(void **state)
{
	(void)state;
	open_fair(SNAP_DEDUP(NONE));
	stage_open();
	stage.deduplicate_across = true;
	Decision decision = ask_fair(2, 9);
	stage_offers(decision.points[0], "CARD CARD");
	stage_offers(decision.points[1], "SAVINGS");
}

// --- default offers ---

static void default_offers_fill_up(void **state)
{
	(void)state;
	SnapZone *zone = open_fair(SNAP_DEDUP(OFFER));
	world_offer(stage.bank, "DRAFT")->published = false;
	world_default_offers(stage.bank, zone, "DRAFT CARD TRAVEL LOAN");
	world_override(stage.bank, "7", "TRAVEL", 100, false); // means nothing to a default offer
	stage_open();
	PointDecision decision = stage_ask_point("fair-1", 3);
	stage_offers(decision, "CARD SAVINGS TRAVEL");
	stage_reason(decision, "DEFAULT:DRAFT", "OFFER_NOT_PUBLISHED");
	stage_reason(decision, "DEFAULT:CARD", "DUPLICATE_OFFER");
	stage_reason(decision, "DEFAULT:TRAVEL", "OFFERED");
	assert_false(stage_candidate(decision, "DEFAULT:TRAVEL").score.overridden);
	is_score(final_score(decision, "DEFAULT:TRAVEL"), 0);
	assert_int_equal(decision.offers[2].id.source, 2);
	assert_false(stage_has(decision, "DEFAULT:LOAN")); // was not needed
	decision = stage_ask_point("fair-1", 2);
	assert_false(stage_has(decision, "DEFAULT:DRAFT"));
	stage_offers(stage_ask_point("fair-1", 9), "CARD SAVINGS TRAVEL LOAN");
}

static void default_offers_know_what_other_points_show(void **state)
{
	(void)state;
	SnapZone *zone = open_fair(SNAP_DEDUP(TREATMENT));
	world_default_offers(stage.bank, zone, "CARD SAVINGS LOAN TRAVEL");
	stage_open();
	stage.deduplicate_across = true;
	Decision decision = ask_fair(9, 3);
	stage_offers(decision.points[0], "CARD CARD CARD SAVINGS CARD LOAN TRAVEL");
	stage_offers(decision.points[1], "");
	stage_reason(decision.points[0], "DEFAULT:CARD", "DUPLICATE_OFFER");
	stage_reason(decision.points[1], "DEFAULT:CARD", "DUPLICATE_ACROSS_POINTS");
	stage_reason(decision.points[1], "DEFAULT:TRAVEL", "DUPLICATE_ACROSS_POINTS");
	stage.deduplicate_across = false;
	stage_offers(ask_fair(9, 3).points[1], "CARD CARD CARD");
}

// --- attributes ---

static const DecidedAttribute *attribute(PointDecision decision, size_t index)
{
	assert_true(index < decision.offers[0].attribute_count);
	return &decision.offers[0].attributes[index];
}

static void attributes_speak_to_the_visitor(void **state)
{
	(void)state;
	world_household(stage.bank);
	SnapOffer *offer = world_offer(stage.bank, "CREDIT");
	world_rule(stage.bank, "credit", NULL, "service", "CREDIT", 90);
	SnapOfferAttribute *text = world_offer_attribute(stage.bank, offer, "text", NULL);
	world_personalise(stage.bank, text, WORLD_CUSTOMER, "'for ' + tier");
	SnapOfferAttribute *rate =
	        world_offer_attribute(stage.bank, offer, "rate", world_double(stage.bank, 9.5));
	world_personalise(stage.bank, rate, WORLD_CUSTOMER, "age"); // an int serves
	SnapOfferAttribute *limit =
	        world_offer_attribute(stage.bank, offer, "limit", world_double(stage.bank, 100));
	world_personalise(stage.bank, limit, WORLD_CUSTOMER, "churn");
	SnapOfferAttribute *never = world_offer_attribute(stage.bank, offer, "never", NULL);
	world_personalise(stage.bank, never, WORLD_CUSTOMER, "churn < 1.0 ? 'a' : 'b'");
	SnapOfferAttribute *family =
	        world_offer_attribute(stage.bank, offer, "family", world_string(stage.bank, "f"));
	world_personalise(stage.bank, family, WORLD_HOUSEHOLD, "tier");
	stage_open();
	PointDecision decision = stage_ask_point("call-script", 1);
	stage_offers(decision, "CREDIT");
	assert_int_equal(decision.offers[0].attribute_count, 4);
	assert_int_equal(attribute(decision, 0)->attribute, 1); // behind "headline"
	assert_memory_equal(attribute(decision, 0)->value.s, "for basic", 9);
	assert_int_equal(attribute(decision, 1)->value.kind, EXPR_DOUBLE);
	is_score(attribute(decision, 1)->value.d, 30);
	is_score(attribute(decision, 2)->value.d, 100); // failed: the fixed value
	assert_int_equal(attribute(decision, 3)->value.error, EXPR_ERR_ATTRIBUTE_MISSING);
	stage.values[WORLD_CHURN] = expr_double(0.5);
	decision = stage_ask_point("call-script", 1);
	is_score(attribute(decision, 2)->value.d, 0.5);
	assert_memory_equal(attribute(decision, 3)->value.s, "a", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(a_global_offer_is_for_everyone_of_its_level),
	        STAGE_TEST(a_list_makes_a_candidate_of_each_of_its_offers),
	        STAGE_TEST(an_override_rescores_or_adds),
	        STAGE_TEST(an_overridden_expression_must_still_give_a_score),
	        STAGE_TEST(an_individual_offer_is_screened_like_others),
	        STAGE_TEST(an_event_qualifies_offers_everywhere),
	        STAGE_TEST(a_qualified_offer_takes_the_visitors_own_score),
	        STAGE_TEST(origins_decide_between_equals),
	        STAGE_TEST(minus_zero_is_zero),
	        STAGE_TEST(duplicates_go_by_offer),
	        STAGE_TEST(duplicates_go_by_treatment),
	        STAGE_TEST(duplicates_may_be_allowed),
	        STAGE_TEST(points_of_a_call_need_not_show_the_same),
	        STAGE_TEST(across_points_treatments_count_where_the_zone_says_so),
	        STAGE_TEST(across_points_even_duplicates_are_taken_out),
	        STAGE_TEST(default_offers_fill_up),
	        STAGE_TEST(default_offers_know_what_other_points_show),
	        STAGE_TEST(attributes_speak_to_the_visitor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
