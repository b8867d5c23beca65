// Which decisions last, and until when: each thing that forbids it, on the bank. That what is made again is
// what decide() would make is tried on random worlds, too (tests/oracle/lasting_test.c).
#include "lasting_stage.h"

// --- the same question ---

static void only_treatment_codes_follow_the_seed(void **state)
{
	(void)state;
	open_bank();
	assert_true(lasts(HOME, 2));
	asked.request.seed = 43;
	Decision made, decided;
	assert_true(
	        lasting_again(asked.lasting, asked.kept, &asked.visitor, &asked.request, stage.arena, &made));
	assert_int_equal(decide(stage.plan, &asked.visitor, &asked.request, stage.arena, &decided), OK);
	stage_offers(made.points[0], "CARD LOAN");
	for (size_t i = 0; i < 2; i++) {
		const DecidedOffer *a = &made.points[0].offers[i], *b = &decided.points[0].offers[i];
		assert_string_equal(a->treatment_code, b->treatment_code);
		assert_string_not_equal(a->treatment_code, asked.decision.points[0].offers[i].treatment_code);
		assert_memory_equal(&a->score.final, &b->score.final, sizeof(double));
	}
}

static void another_question_is_another(void **state)
{
	(void)state;
	open_bank();
	assert_true(lasts(HOME, 2));
	assert_true(again());
	prepare(HOME, 3);
	assert_false(again());
	prepare("home-side", 2);
	assert_false(again());
	prepare(HOME, 2);
	asked.points[1] = asked.points[0];
	asked.request.count = 2;
	assert_false(again());
	assert_true(keep());
	assert_true(again());
	asked.request.count = 1;
	assert_false(again());
	lasting_forget(asked.kept);
	asked.request.count = 2;
	assert_false(again());
	asked.request.count = 0;
	assert_false(again());
}

static void questions_with_more_to_them_are_decided(void **state)
{
	(void)state;
	open_bank();
	assert_true(lasts(HOME, 2));
	asked.request.explain = true;
	assert_false(again());
	assert_false(keep());
	prepare(HOME, 2);
	asked.request.deduplicate_across = true;
	assert_false(again());
	assert_false(keep());
	stage.filter[0] = (OfferFilter){
	        STR("headline"), SNAP_COMPARE(EQUAL), {.kind = EXPR_STRING, .s = "CARD", .len = 4}};
	stage.filter_count = 1;
	prepare(HOME, 2);
	assert_false(again());
	assert_false(keep());
}

static void what_is_large_does_not_last(void **state)
{
	(void)state;
	for (size_t i = 0; i < LASTING_OFFERS; i++)
		world_rule(stage.bank, arena_printf(stage.arena, "more-%zu", i), NULL, "home",
		        world_offer(stage.bank, arena_printf(stage.arena, "MORE%zu", i))->code, (double)i);
	open_bank();
	assert_true(lasts(HOME, LASTING_OFFERS));
	assert_int_equal(asked.decision.points[0].offer_count, LASTING_OFFERS);
	assert_false(lasts(HOME, LASTING_OFFERS + 1));
	prepare(HOME, 1);
	for (size_t i = 1; i <= LASTING_POINTS; i++)
		asked.points[i] = asked.points[0];
	asked.request.count = LASTING_POINTS;
	assert_true(keep());
	asked.request.count = LASTING_POINTS + 1;
	assert_false(keep());
	assert_false(again());
}

// --- time ---

static void until_the_next_date(void **state)
{
	(void)state;
	int64_t now_us = stage.as_of_us;
	open_bank();
	assert_true(lasts(HOME, 2));
	assert_true(again_at(INT64_MIN));
	assert_true(again_at(INT64_MAX - 1));
	stage.bank = world_bank(stage.arena);
	SnapCampaign *campaign = world_campaign(stage.bank, "SPRING");
	campaign->effective_us = now_us - 9;
	campaign->expires_us = now_us + 9;
	SnapRule *rule = world_rule(stage.bank, "spring", NULL, NULL, "CARD", 10);
	world_rule_campaign(stage.bank, rule, "SPRING", NULL);
	rule->effective_us = now_us - 7;
	rule->expires_us = now_us + 7;
	SnapRule *global = world_global(stage.bank, "all", NULL, "LOAN", 5);
	global->effective_us = now_us - 5;
	global->expires_us = now_us + 5;
	SnapOffer *offer = world_offer(stage.bank, "SUMMER");
	offer->effective_us = now_us - 3;
	offer->expires_us = now_us + 3;
	open_bank();
	for (int64_t span = 3; span <= 9; span += 2) {
		stage.as_of_us = now_us + span - 1;
		assert_true(lasts(HOME, 2));
		assert_true(again_at(now_us + span - 2));
		assert_true(again_at(now_us + span - 1));
		assert_false(again_at(now_us + span));
		stage.as_of_us = now_us - span;
		assert_true(lasts(HOME, 2));
		assert_true(again_at(now_us - span + 1));
		assert_false(again_at(now_us - span - 1));
	}
}

// For a rule of the home zone, and nobody else's.
static void expect_timed(void)
{
	open_bank();
	assert_false(lasts(HOME, 1));
	assert_true(lasts("call-script", 1));
}

static void not_if_a_program_may_read_the_clock(void **state)
{
	(void)state;
	world_rule(stage.bank, "a", NULL, "home", "LOAN", 1)->eligibility =
	        world_expression(stage.bank, "age < 0 && now() < timestamp('2026-01-01T00:00:00Z')");
	expect_timed();
	stage.bank = world_bank(stage.arena);
	world_rule(stage.bank, "a", NULL, "home", "LOAN", 0)->score_expression =
	        world_expression(stage.bank, "now() < timestamp('2020-01-01T00:00:00Z') ? 1.0 : 2.0");
	expect_timed();
	stage.bank = world_bank(stage.arena);
	world_include(stage.bank, world_zone(stage.bank, "club"), 0, "[1].all(x, int(now()) > x)");
	world_point(stage.bank, "club-door", "club");
	open_bank();
	assert_false(lasts("club-door", 1));
	assert_true(lasts(HOME, 1));
	// Of a rule that is switched off no program runs.
	stage.bank = world_bank(stage.arena);
	SnapRule *rule = world_rule(stage.bank, "a", NULL, "home", "LOAN", 1);
	rule->eligibility = world_expression(stage.bank, "now() > joined");
	rule->enabled = false;
	open_bank();
	assert_true(lasts(HOME, 1));
}

// --- chance and persons ---

static bool lasts_with_ties(Parley__Snapshot__V1__TieBreak by)
{
	stage.bank = world_bank(stage.arena);
	SnapZone *fair = world_zone(stage.bank, "fair");
	fair->tie_break = by;
	world_point(stage.bank, "fair-1", "fair");
	world_rule(stage.bank, "b", NULL, "fair", "LOAN", 20);
	world_offer(stage.bank, "NEW")->effective_us = 1;
	world_rule(stage.bank, "c", NULL, "fair", "NEW", 20);
	open_bank();
	return lasts("fair-1", 2);
}

static void not_if_the_seed_tells_equal_scores_apart(void **state)
{
	(void)state;
	assert_false(lasts_with_ties(SNAP_TIE(SEEDED_RANDOM)));
	assert_true(lasts_with_ties(SNAP_TIE(NEWEST_OFFER)));
	assert_true(asked.decision.points[0].tied);
	assert_true(lasts_with_ties(SNAP_TIE(OFFER_CODE)));
	// Where no scores are equal the seed has no say.
	assert_true(lasts(HOME, 3));
	assert_false(asked.decision.points[0].tied);
}

static void not_if_it_says_something_personally(void **state)
{
	(void)state;
	SnapOffer *offer = world_offer(stage.bank, "HELLO");
	SnapOfferAttribute *text =
	        world_offer_attribute(stage.bank, offer, "greeting", world_string(stage.bank, "hello"));
	world_personalise(stage.bank, text, 0, "'hello ' + tier");
	world_rule(stage.bank, "greet", NULL, "home", "HELLO", 55);
	open_bank();
	assert_true(lasts(HOME, 1));
	assert_false(lasts(HOME, 2));
}

static void not_where_all_visitors_are_counted(void **state)
{
	(void)state;
	static const uint64_t volumes[1] = {0};
	world_constraint(stage.bank, "all", "TRAVEL", SNAP_CONSTRAINT(OVERALL), SNAP_PERIOD(DAY), 3);
	open_bank();
	assert_true(lasts(HOME, 1));
	stage.state.volumes = volumes;
	prepare(HOME, 1);
	assert_false(again());
	assert_false(keep());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGE_TEST(only_treatment_codes_follow_the_seed),
	        STAGE_TEST(another_question_is_another),
	        STAGE_TEST(questions_with_more_to_them_are_decided),
	        STAGE_TEST(what_is_large_does_not_last),
	        STAGE_TEST(until_the_next_date),
	        STAGE_TEST(not_if_a_program_may_read_the_clock),
	        STAGE_TEST(not_if_the_seed_tells_equal_scores_apart),
	        STAGE_TEST(not_if_it_says_something_personally),
	        STAGE_TEST(not_where_all_visitors_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
