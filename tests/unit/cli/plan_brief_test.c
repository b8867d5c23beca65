// A brief plan says the same as a whole one, in less room: what is recommended, by which rule, with which
// score and treatment code. What it cannot say is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_desk.h"

#include "base/cleanup.h"
#include "plan/answers.h"
#include "plan/side.h"
#include "plan/value.h"
#include "told.h"

#include <stdlib.h>
#include <string.h>

typedef Parley__Journal__V1__Recommendation Recommendation;
typedef Parley__Journal__V1__RecommendedOffer Offer;

static void loans_for_all(World *world)
{
	world_rule(world, "all-loan", NULL, "home", "LOAN", 95);
}

static void assert_same_offer(const Offer *a, const Offer *b)
{
	assert_string_equal(a->treatment_code, b->treatment_code);
	assert_string_equal(a->offer_code, b->offer_code);
	assert_string_equal(a->treatment_rule, b->treatment_rule);
	assert_string_equal(a->segment, b->segment);
	assert_string_equal(a->campaign, b->campaign);
	assert_string_equal(a->cell, b->cell);
	assert_string_equal(a->origin, b->origin);
	assert_int_equal(a->rank, b->rank);
	assert_memory_equal(&a->score, &b->score, sizeof a->score);
}

static size_t assert_same_question(const Recommendation *a, const Recommendation *b)
{
	assert_string_equal(a->interaction_point, b->interaction_point);
	assert_string_equal(a->zone, b->zone);
	assert_true(a->seed == b->seed);
	assert_int_equal(a->n_offers, b->n_offers);
	for (size_t i = 0; i < a->n_offers; i++)
		assert_same_offer(a->offers[i], b->offers[i]);
	return a->n_offers;
}

// How many offers both recommend, alike, at their present effects.
static size_t assert_same_effects(PlanSide *whole, PlanSide *brief)
{
	const EventEffects *a, *b;
	size_t offers = 0;

	must(plan_side_look(whole, &a));
	must(plan_side_look(brief, &b));
	if (!a) {
		assert_null(b);
		return SIZE_MAX;
	}
	assert_int_equal(a->place, b->place);
	assert_int_equal(a->n_problems, b->n_problems);
	assert_int_equal(a->n_segments_entered, b->n_segments_entered);
	must(plan_side_read(whole, a));
	must(plan_side_read(brief, b));
	assert_int_equal(whole->question_count, brief->question_count);
	assert_int_equal(a->n_entries, b->n_entries + b->n_answers);
	for (size_t i = 0; i < whole->question_count; i++)
		offers += assert_same_question(whole->questions[i].what, brief->questions[i].what);
	plan_side_step(whole);
	plan_side_step(brief);
	return offers;
}

static void test_brief_says_the_same(void **state)
{
	static Desk desk;
	PlanSide whole, brief;
	size_t offers = 0, more;

	(void)state;
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan(&desk, "whole", loans_for_all, NULL);
	desk_plan_brief(&desk, "brief", loans_for_all, NULL);
	must(plan_side_open(desk.plans[0], desk.compared[0].snapshot, &whole));
	must(plan_side_open(desk.plans[1], desk.compared[1].snapshot, &brief));
	while ((more = assert_same_effects(&whole, &brief)) != SIZE_MAX)
		offers += more;
	assert_true(offers >= VISITS);
	assert_int_equal(plan_file_end(desk.plans[0])->questions, plan_file_end(desk.plans[1])->questions);
	assert_true(plan_file_size(desk.plans[1]) < plan_file_size(desk.plans[0]));
	plan_side_close(&whole);
	plan_side_close(&brief);
	desk_clear(&desk);
}

static void test_brief_plans_compare(void **state)
{
	static Desk desk;
	json_t *compared = NULL;

	(void)state;
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan(&desk, "as-it-is", NULL, NULL);
	desk_plan_brief(&desk, "the-same", NULL, NULL);
	desk_plan_brief(&desk, "loans", loans_for_all, NULL);
	must(plans_compare(desk.compared, desk.count, VISITS, false, &compared));
	const json_t *comparisons = json_object_get(compared, "comparisons"),
	             *same = json_array_get(comparisons, 0), *loans = json_array_get(comparisons, 1),
	             *cause = json_array_get(json_object_get(loans, "causes"), 0);
	assert_int_equal(told_count(same, "questions"), VISITS);
	assert_int_equal(told_count(same, "changed"), 0);
	assert_int_equal(told_count(loans, "changed"), VISITS);
	assert_int_equal(told_count(loans, "explained"), 0);     // from the records alone
	assert_string_equal(told_text(cause, "why"), "segment"); // that of who lost
	assert_string_equal(told_text(cause, "what"), "(everyone)");
	json_decref(compared);
	desk_clear(&desk);
}

// Without its snapshot nobody knows what its numbers mean.
static void test_brief_needs_its_snapshot(void **state)
{
	static Desk desk;
	PlanSide side;
	PlanValue value;

	(void)state;
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan_brief(&desk, "brief", NULL, NULL);
	desk.compared[0].snapshot = NULL;
	assert_int_equal(plan_side_open(desk.plans[0], NULL, &side), ERR_RESOURCE_NOT_FOUND);
	assert_non_null(strstr(err_detail()->message, "brief"));
	assert_int_equal(plan_values(desk.set, desk.compared, 1, 0, &value), ERR_RESOURCE_NOT_FOUND);
	desk_clear(&desk);
}

static void assert_damaged(const Plan *plan, uint32_t point, uint32_t offer, uint32_t origin, uint32_t source)
{
	Parley__Plan__V1__PlanInputs inputs = PARLEY__PLAN__V1__PLAN_INPUTS__INIT;
	Parley__Plan__V1__AnsweredOffer answered = PARLEY__PLAN__V1__ANSWERED_OFFER__INIT,
	                                *offers[] = {&answered};
	Parley__Plan__V1__Answer answer = PARLEY__PLAN__V1__ANSWER__INIT, *answers[] = {&answer};
	EventEffects effects = PARLEY__PLAN__V1__EVENT_EFFECTS__INIT;
	const Recommendation *const *read;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 12, 0);

	answered.offer = offer;
	answered.origin = origin;
	answered.source = source;
	answer.point = point;
	answer.offers = offers;
	answer.n_offers = 1;
	effects.answers = answers;
	effects.n_answers = 1;
	assert_int_equal(plan_answers(plan, &inputs, &effects, arena, &read), ERR_STATE_CORRUPT);
}

static void test_what_the_snapshot_has_not_is_refused(void **state)
{
	static Desk desk;

	(void)state;
	desk_set(&desk);
	desk_visits(&desk);
	desk_plan_brief(&desk, "brief", NULL, NULL);
	const Plan *plan = desk.compared[0].snapshot;
	assert_damaged(plan, 1000, 0, ORIGIN_RULE, 0);
	assert_damaged(plan, 0, 1000, ORIGIN_RULE, 0);
	assert_damaged(plan, 0, 0, ORIGIN_RULE, 1000);
	assert_damaged(plan, 0, 0, ORIGIN_GLOBAL, 1000);
	assert_damaged(plan, 0, 0, ORIGIN_COUNT, 0);
	desk_clear(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_brief_says_the_same),
	        cmocka_unit_test(test_brief_plans_compare),
	        cmocka_unit_test(test_brief_needs_its_snapshot),
	        cmocka_unit_test(test_what_the_snapshot_has_not_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
