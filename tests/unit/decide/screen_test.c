// What stands between a candidate and its rank: a story for each reason that is not in decide_test.c, and
// which of two reasons is told.
#include "stage.h"

static const char *const home = "home-banner";

static void a_campaign_that_does_not_run_offers_nothing(void **state)
{
	(void)state;
	world_campaign(stage.bank, "off")->active = false;
	world_campaign(stage.bank, "later")->effective_us = TEST_NOW_US + 1;
	world_campaign(stage.bank, "over")->expires_us = TEST_NOW_US;
	SnapCampaign *runs = world_campaign(stage.bank, "runs");
	runs->effective_us = TEST_NOW_US;
	runs->expires_us = TEST_NOW_US + 1;
	static const char *const codes[] = {"off", "later", "over", "runs"};
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		SnapRule *rule = world_rule(stage.bank, codes[i], NULL, NULL, "LOAN", 90);
		world_rule_campaign(stage.bank, rule, codes[i], NULL);
		rule->enabled = i == 3; // the campaign is told first
	}
	stage_open();
	PointDecision decision = stage_ask_point(home, 1);
	stage_offers(decision, "LOAN");
	stage_reason(decision, "runs", "OFFERED");
	stage_cause(decision, "off", "CAMPAIGN_INACTIVE", "", "off");
	stage_cause(decision, "later", "CAMPAIGN_INACTIVE", "", "later");
	stage_cause(decision, "over", "CAMPAIGN_INACTIVE", "", "over");
}

static void a_control_group_is_held_out_and_stays_so(void **state)
{
	(void)state;
	SnapCampaign *campaign = world_campaign(stage.bank, "spring");
	world_cell(stage.bank, campaign, "held", 300000, "spring/held");
	world_cell(stage.bank, campaign, "open", 0, "spring/open");
	world_rule_campaign(
	        stage.bank, world_rule(stage.bank, "held", NULL, NULL, "LOAN", 90), "spring", "held");
	world_rule_campaign(
	        stage.bank, world_rule(stage.bank, "open", NULL, NULL, "TRAVEL", 80), "spring", "open");
	stage_open();
	int held = 0;
	for (int i = 0; i < 2000; i++) {
		stage.audience_id = str(arena_printf(stage.arena, "%d", i));
		PointDecision decision = stage_ask_point(home, 1);
		bool out = decide_share(STR("spring/held"), STR("customer"), stage.audience_id, 300000);
		stage_offers(decision, out ? "TRAVEL" : "LOAN");
		if (out)
			stage_cause(decision, "held", "CONTROL_GROUP", "", "held");
		held += out;
	}
	assert_in_range(held, 500, 700);
}

static void the_blacklist_is_of_one_visitor_and_offer(void **state)
{
	(void)state;
	world_household(stage.bank);
	world_blacklist(stage.bank, "7", "LOAN");
	world_blacklist(stage.bank, "7", "CARD");
	world_blacklist(stage.bank, "77", "SAVINGS");
	world_blacklist(stage.bank, "7", "SAVINGS")->audience_level = WORLD_HOUSEHOLD;
	stage_open();
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "SAVINGS");
	stage_cause(decision, "adults-card", "BLACKLISTED", "", "");
	stage_reason(decision, "adults-loan", "BLACKLISTED");
	stage.audience_id = STR("77");
	stage_offers(stage_ask_point(home, 5), "CARD LOAN");
	stage.audience_id = STR("777");
	stage_offers(stage_ask_point(home, 5), "CARD LOAN SAVINGS");
}

static void a_zone_takes_only_visitors_that_it_includes(void **state)
{
	(void)state;
	SnapZone *zone = world_zone(stage.bank, "club");
	world_point(stage.bank, "club-door", "club");
	world_include(stage.bank, zone, WORLD_CUSTOMER, "churn < 5");
	world_default_offers(stage.bank, zone, "LOAN");
	stage_open();
	PointDecision decision = stage_ask_point("club-door", 3);
	stage_offers(decision, "");
	stage_cause(decision, "everyone-savings", "ZONE_INCLUSION_FAILED", "churn < 5",
	        "ATTRIBUTE_MISSING: churn");
	stage_reason(decision, "DEFAULT:LOAN", "ZONE_INCLUSION_FAILED");
	stage.values[WORLD_CHURN] = expr_double(5);
	decision = stage_ask_point("club-door", 3);
	stage_offers(decision, "");
	stage_cause(decision, "everyone-savings", "ZONE_EXCLUDED", "churn < 5", "");
	stage.values[WORLD_CHURN] = expr_double(4);
	stage_offers(stage_ask_point("club-door", 3), "SAVINGS LOAN");
}

static void a_zone_takes_only_offers_that_it_includes(void **state)
{
	(void)state;
	SnapZone *zone = world_zone(stage.bank, "club");
	world_point(stage.bank, "club-door", "club");
	world_offer_attribute(stage.bank, world_offer(stage.bank, "GOLD"), "fee", world_int(stage.bank, 20));
	world_offer_attribute(
	        stage.bank, world_offer(stage.bank, "FREE"), "fee", world_double(stage.bank, 0));
	world_rule(stage.bank, "gold", NULL, NULL, "GOLD", 50);
	world_rule(stage.bank, "free", NULL, NULL, "FREE", 40);
	world_include_offers(
	        stage.bank, zone, "headline", SNAP_COMPARE(NOT_EQUAL), world_string(stage.bank, "SAVINGS"));
	world_include_offers(stage.bank, zone, "fee", SNAP_COMPARE(LESS), world_double(stage.bank, 19.5));
	stage_open();
	PointDecision decision = stage_ask_point("club-door", 3);
	stage_offers(decision, "FREE");
	stage_cause(decision, "gold", "ZONE_EXCLUDED", "", "fee");
	stage_cause(decision, "everyone-savings", "ZONE_EXCLUDED", "", "headline");
	// A failed expression is told first, also for what the offer's conditions would exclude.
	world_include(stage.bank, zone, WORLD_CUSTOMER, "churn < 5");
	stage_open();
	stage_reason(stage_ask_point("club-door", 3), "gold", "ZONE_INCLUSION_FAILED");
	stage_offers(stage_ask_point(home, 5), "CARD GOLD LOAN FREE SAVINGS");
}

static void a_request_can_ask_for_some_offers_only(void **state)
{
	(void)state;
	stage_open();
	stage.filter[stage.filter_count++] =
	        (OfferFilter){STR("headline"), SNAP_COMPARE(GREATER), expr_string(STR("CARD"))};
	PointDecision decision = stage_ask_point(home, 5);
	stage_offers(decision, "LOAN SAVINGS");
	stage_cause(decision, "adults-card", "REQUEST_FILTERED", "", "headline");
	stage.filter[stage.filter_count++] = (OfferFilter){STR("fee"), SNAP_COMPARE(EQUAL), expr_int(1)};
	decision = stage_ask_point(home, 5);
	stage_offers(decision, "");
	stage_cause(decision, "adults-card", "REQUEST_FILTERED", "", "headline");
	stage_cause(decision, "adults-loan", "REQUEST_FILTERED", "", "fee");
}

static void the_first_that_strikes_is_told(void **state)
{
	(void)state;
	SnapCampaign *campaign = world_campaign(stage.bank, "spring");
	world_cell(stage.bank, campaign, "held", 1000000, "salt");
	SnapOffer *offer = world_offer(stage.bank, "DOOMED");
	SnapRule *rule = world_rule(stage.bank, "doomed", "adults", "home", "DOOMED", 90);
	world_rule_campaign(stage.bank, rule, "spring", "held");
	rule->eligibility = world_expression(stage.bank, "churn < 5");
	rule->score_expression = world_expression(stage.bank, "churn");
	rule->score = 0;
	rule->enabled = false;
	rule->expires_us = TEST_NOW_US;
	campaign->active = offer->published = false;
	offer->expires_us = TEST_NOW_US;
	SnapBlacklistEntry *blacklisted = world_blacklist(stage.bank, "7", "DOOMED");
	stage_open();
	stage_fact(FACT_SUPPRESS, "DOOMED", 1);
	stage.filter[stage.filter_count++] =
	        (OfferFilter){STR("headline"), SNAP_COMPARE(EQUAL), expr_string(STR("CARD"))};
	stage.values[WORLD_AGE] = expr_int(1);
#define TOLD(reason)                                                                                         \
	stage_open();                                                                                        \
	stage_reason(stage_ask_point(home, 1), "doomed", reason)
	stage_reason(stage_ask_point(home, 1), "doomed", "SEGMENT_NOT_MATCHED");
	TOLD("OFFER_NOT_PUBLISHED");
	offer->published = true;
	TOLD("OFFER_OUTSIDE_DATES");
	offer->expires_us = 0;
	TOLD("CAMPAIGN_INACTIVE");
	campaign->active = true;
	TOLD("RULE_DISABLED");
	rule->enabled = true;
	TOLD("RULE_OUTSIDE_DATES");
	rule->expires_us = 0;
	TOLD("CONTROL_GROUP");
	campaign->cells[0]->control_ppm = 0;
	TOLD("BLACKLISTED");
	blacklisted->audience_id = world_text(stage.bank, "8");
	TOLD("REQUEST_FILTERED");
	stage.filter_count = 0;
	TOLD("ELIGIBILITY_FAILED");
	rule->eligibility = NULL;
	TOLD("SUPPRESSED_BY_EVENT");
	stage.state.fact_count = 0;
	TOLD("SCORE_FAILED");
	stage.values[WORLD_CHURN] = expr_double(1);
	stage_reason(stage_ask_point(home, 1), "doomed", "OUTRANKED");
}

static void failures_say_what_failed(void **state)
{
	(void)state;
	world_rule(stage.bank, "a-missing", NULL, NULL, "LOAN", 50)->eligibility =
	        world_expression(stage.bank, "churn < 5");
	world_rule(stage.bank, "b-division", NULL, NULL, "LOAN", 50)->eligibility =
	        world_expression(stage.bank, "100 / (age - 30) > 1");
	world_rule(stage.bank, "c-infinite", NULL, NULL, "LOAN", 0)->score_expression =
	        world_expression(stage.bank, "balance / 0.0");
	stage_open();
	stage.values[WORLD_BALANCE] = expr_double(1);
	PointDecision decision = stage_ask_point(home, 1);
	stage_cause(decision, "a-missing", "ELIGIBILITY_FAILED", "churn < 5", "ATTRIBUTE_MISSING: churn");
	stage_cause(decision, "b-division", "ELIGIBILITY_FAILED", "100 / (age - 30) > 1", "DIVIDE_BY_ZERO");
	stage_cause(decision, "c-infinite", "SCORE_FAILED", "balance / 0.0", "RANGE");
	stage_cause(decision, "rich-card", "SEGMENT_NOT_MATCHED", "balance >= 10000", "rich");
}

static void an_endless_expression_runs_dry(void **state)
{
	(void)state;
	SnapRule *rule = world_rule(stage.bank, "endless", NULL, NULL, "LOAN", 90);
	rule->eligibility = world_expression(
	        stage.bank, "tags.all(a, tags.all(b, tags.all(c, tags.all(d, size(a + b + c + d) > 0))))");
	stage_open();
	ExprValue tags[40];
	for (size_t i = 0; i < ARRAY_COUNT(tags); i++)
		tags[i] = expr_string(STR("tag"));
	stage.values[WORLD_TAGS] = expr_list(tags, ARRAY_COUNT(tags));
	PointDecision decision = stage_ask_point(home, 1);
	stage_offers(decision, "CARD");
	stage_reason(decision, "endless", "ELIGIBILITY_FAILED");
	assert_string_equal(stage_candidate(decision, "endless").detail.ptr, expr_error_name(EXPR_ERR_FUEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(a_campaign_that_does_not_run_offers_nothing),
	        STAGE_TEST(a_control_group_is_held_out_and_stays_so),
	        STAGE_TEST(the_blacklist_is_of_one_visitor_and_offer),
	        STAGE_TEST(a_zone_takes_only_visitors_that_it_includes),
	        STAGE_TEST(a_zone_takes_only_offers_that_it_includes),
	        STAGE_TEST(a_request_can_ask_for_some_offers_only),
	        STAGE_TEST(the_first_that_strikes_is_told),
	        STAGE_TEST(failures_say_what_failed),
	        STAGE_TEST(an_endless_expression_runs_dry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
