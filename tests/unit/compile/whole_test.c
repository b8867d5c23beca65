// A bank that uses everything that can be configured becomes a snapshot; then one line after the other is
// spoiled, and each time the problem names the resource, the field and what to do.
#include "base/cleanup.h"
#include "base/file.h"
#include "decide/decide.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"
#include "yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static Str bank;
static Problems problems;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	return file_read(PARLEY_SOURCE "/tests/unit/compile/bank.yaml", 1 << 20, arena, &bank) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static Snapshot *compile(Configuration *in)
{
	Snapshot *snapshot;
	Err e = compile_snapshot(in, arena, &snapshot, &problems);
	if (e)
		fail_msg("%s: %s", err_reason(e), err_detail()->message);
	return snapshot;
}

static Snapshot *compile_bank(void)
{
	return compile(configuration_from_yaml(arena, bank));
}

static const char *offer_code(const Snapshot *s, uint32_t offer)
{
	return s->offers[offer]->code;
}

static void codes_are(const Snapshot *s, const uint32_t *offers, size_t count, const char *expected)
{
	const char *codes = "";
	for (size_t i = 0; i < count; i++)
		codes = arena_printf(arena, "%s%s%s", codes, i ? " " : "", offer_code(s, offers[i]));
	assert_string_equal(codes, expected);
}

// --- what becomes of it ---

static void only_what_the_channel_can_reach_is_there(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	assert_int_equal(s->n_offers, 4); // nothing names "alone"
	assert_string_equal(s->offers[0]->code, "CARD");
	assert_string_equal(s->offers[3]->code, "LOAN-HOUSE");
	assert_int_equal(s->n_campaigns, 1);   // no rule is of "autumn"
	assert_int_equal(s->n_offer_lists, 1); // rules name only "loans"
	codes_are(s, s->offer_lists[0]->offers, s->offer_lists[0]->n_offers, "LOAN-CAR LOAN-HOUSE");
}

static void zones_say_whom_and_what_they_let_in(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	SnapZone *home = s->zones[0];
	assert_int_equal(home->deduplication, SNAP_DEDUP(TREATMENT));
	assert_int_equal(home->n_inclusion, 2);
	assert_string_equal(s->audience_levels[home->inclusion[0]->audience_level]->name, "contract");
	assert_string_equal(home->inclusion[0]->expression->source, "age != \"old\"");
	assert_int_equal(home->offer_inclusion[1]->value->type, SNAP_TYPE(INT));
	assert_int_equal(home->offer_inclusion[2]->value->type, SNAP_TYPE(TIMESTAMP));
	codes_are(s, home->default_offers, home->n_default_offers, "HELLO CARD LOAN-CAR LOAN-HOUSE");
}

static void actions_keep_their_order_and_get_their_level(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	SnapAction **actions = s->events[0]->actions;
	assert_int_equal(s->events[0]->n_actions, 5);
	assert_int_equal(actions[0]->audience_level, 0);
	assert_int_equal(actions[1]->audience_level, 2);
	assert_int_equal(actions[1]->attribute, 3);
	assert_string_equal(actions[1]->value->source, "age + 1");
	codes_are(s, actions[2]->offers, actions[2]->n_offers, "CARD LOAN-CAR LOAN-HOUSE");
	assert_int_equal(actions[2]->days, 30);
	assert_int_equal(actions[3]->n_offers, 0); // that of the treatment
	assert_int_equal(actions[4]->event, 1);
	assert_int_equal(s->events[1]->actions[0]->delay_s, 600);
	assert_string_equal(s->events[1]->actions[1]->outcome, "listened");
	assert_int_equal(s->events[1]->actions[1]->counts_as, SNAP_ACTION(LOG_CONTACT));
}

static void lists_are_canonical_and_united_once(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	assert_int_equal(s->n_audience_lists, 2);
	assert_string_equal(s->audience_lists[0]->name, "staff");
	assert_int_equal(s->audience_lists[0]->n_ids, 3);
	assert_string_equal(s->audience_lists[0]->ids[0], "-3");
	assert_string_equal(s->audience_lists[0]->ids[1], "12"); // by bytes
	assert_int_equal(s->audience_lists[1]->n_ids, 4);
	SnapSegment *inner = s->segments[0], *known = s->segments[1], *near = s->segments[2];
	assert_int_equal(inner->list, 2);
	assert_int_equal(inner->list_use, SNAP_LIST_USE(EXCEPT));
	assert_string_equal(inner->group, "worth");
	assert_int_equal(near->list, 2); // the same lists in another order
	assert_int_equal(known->list, 1);
}

static void steps_stand_before_what_follows_them(void **state)
{
	(void)state;
	SnapFlow *flow = compile_bank()->flows[0];
	static const char *const names[] = {"start", "halves", "note", "put"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		assert_string_equal(flow->steps[i]->name, names[i]);
	assert_int_equal(flow->steps[0]->branches[0]->next, 2);
	assert_int_equal(flow->steps[0]->next, 3);
	assert_int_equal(flow->steps[1]->branches[0]->share_ppm, 125000);
	assert_string_equal(flow->steps[1]->salt, "split/halves");
	assert_int_equal(flow->steps[2]->attribute, 3);
	assert_int_equal(flow->steps[3]->next, 0);
}

static void personalised_attributes_fit_the_levels_they_can(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	SnapOffer *card = s->offers[0], *hello = s->offers[1];
	assert_int_equal(card->attributes[3]->n_personalised, 1); // contracts have no name
	assert_int_equal(card->attributes[3]->personalised[0]->audience_level, 1);
	assert_string_equal(card->attributes[3]->value->string_value, "hi");
	assert_int_equal(card->attributes[1]->n_personalised, 1); // a contract's age is a text
	assert_non_null(card->attributes[1]->value);              // the template's default
	assert_null(hello->attributes[3]->value);
	assert_int_equal(hello->attributes[3]->type, SNAP_TYPE(STRING));
}

static void rules_belong_to_campaigns_and_cells(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	SnapRule *loans = s->rules[0], *everyone = s->global_offers[0];
	const SnapCampaign *spring = s->campaigns[loans->campaign - 1];
	assert_true(spring->active && spring->expires_us);
	const SnapCell *test = spring->cells[loans->cell - 1];
	assert_string_equal(test->code, "TEST");
	assert_int_equal(test->control_ppm, 100005);
	assert_string_equal(test->control_salt, "SPRING/TEST");
	assert_string_equal(test->control_cell, "HOLD");
	assert_string_equal(spring->cells[0]->control_salt, "");
	assert_int_equal(loans->offer_list, 1);
	assert_int_equal(everyone->audience_level, 0);
	assert_true(everyone->score > 49 && everyone->score < 51);
}

static void entries_about_visitors_are_merged(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	assert_int_equal(s->n_score_overrides, 3);
	assert_string_equal(s->score_overrides[0]->audience_id, "12");
	assert_true(s->score_overrides[0]->adds);
	assert_string_equal(s->score_overrides[1]->audience_id, "7"); // written 007
	assert_string_equal(offer_code(s, s->score_overrides[1]->offer), "CARD");
	assert_string_equal(offer_code(s, s->score_overrides[2]->offer), "LOAN-HOUSE"); // said twice
	assert_int_equal(s->n_blacklist, 2);
	assert_string_equal(s->blacklist[0]->audience_id, "7|a\\|b");
}

static void limits_have_their_offers_written_out(void **state)
{
	(void)state;
	Snapshot *s = compile_bank();
	SnapSuppression *taken = s->suppressions[0], *tired = s->suppressions[1];
	codes_are(s, tired->offers, tired->n_offers, "CARD LOAN-CAR LOAN-HOUSE");
	assert_int_equal(tired->times, 3);
	assert_int_equal(taken->times, 1);
	SnapConstraint *few = s->constraints[0], *once = s->constraints[1];
	assert_int_equal(few->counted, SNAP_COUNTED(ACCEPTS));
	assert_int_equal(once->period, SNAP_PERIOD(EVER));
	assert_int_equal(once->counted, SNAP_COUNTED(CONTACTS));
	codes_are(s, once->offers, once->n_offers, "CARD LOAN-HOUSE");
}

// The documents of the file, the last first.
static Str turned_around(void)
{
	const char *text = arena_cstr(arena, bank), *end = text + bank.len;
	const char *turned = "";
	while (end > text) {
		const char *start = end - 1;
		while (start > text && strncmp(start, "\n---\n", 5) != 0)
			start--;
		turned = arena_printf(arena, "%s\n---\n%.*s", turned, (int)(end - start), start);
		end = start;
	}
	return str(turned);
}

static void the_order_of_resources_does_not_matter(void **state)
{
	(void)state;
	Str blob, turned;
	assert_int_equal(snapshot_pack(compile_bank(), arena, &blob), OK);
	Configuration *in = configuration_from_yaml(arena, turned_around());
	assert_int_equal(snapshot_pack(compile(in), arena, &turned), OK);
	assert_true(str_eq(blob, turned));
	const Plan *plan;
	assert_int_equal(plan_build(compile(in), arena, &plan), OK);
}

// --- the sample bank ---

static Snapshot *sample_bank(void)
{
	Str sample;
	assert_int_equal(
	        file_read(PARLEY_SOURCE "/deploy-profiles/sample/retail-bank.yaml", 1 << 20, arena, &sample),
	        OK);
	return compile(configuration_from_yaml(arena, sample));
}

static void set(const Plan *plan, ExprValue *values, const char *name, ExprValue value)
{
	int slot = plan_attribute(plan, 0, str(name));
	assert_in_range(slot, 0, 100);
	values[slot] = value;
}

static const char *reason_of(const Plan *plan, const PointDecision *point, const char *rule)
{
	for (size_t i = 0; i < point->candidate_count; i++) {
		const SnapRule *of = decide_rule(plan, point->candidates[i].id);
		if (of && strcmp(of->name, rule) == 0)
			return reason_name(point->candidates[i].reason);
	}
	return "no candidate";
}

// As it stands in customers.csv: 40, well paid, a credit card, two missed payments.
static void customer_1010_gets_nothing_for_many_reasons(void **state)
{
	(void)state;
	const Plan *plan;
	assert_int_equal(plan_build(sample_bank(), arena, &plan), OK);
	ExprValue values[16];
	decide_defaults(plan, 0, values);
	set(plan, values, "age", expr_int(40));
	set(plan, values, "income", expr_double(61500));
	set(plan, values, "balance", expr_double(150));
	set(plan, values, "has_credit_card", expr_bool(true));
	set(plan, values, "missed_payments", expr_int(2));
	const int64_t as_of_us = INT64_C(1793000000) * 1000000; // in 2026
	SegmentRequest who = {.level = 0, .audience_id = STR("1010"), .as_of_us = as_of_us};
	Segmentation segmentation = {.segments = ARENA_ARRAY(arena, uint64_t, plan_segment_words(plan))};
	assert_int_equal(decide_segments(plan, &who, values, arena, &segmentation), OK);
	Visitor visitor = {
	        .audience_id = who.audience_id, .values = values, .segments = segmentation.segments};
	DecidePoint point = {.point = plan_point(plan, STR("home-hero")), .max = 3};
	DecideRequest request = {
	        .points = &point, .count = 1, .as_of_us = as_of_us, .seed = 1, .explain = true};
	Decision decision;
	assert_int_equal(decide(plan, &visitor, &request, arena, &decision), OK);
	const PointDecision *home = &decision.points[0];
	assert_int_equal(home->offer_count, 0);
	static const char *const expected[][2] = {
	        {"young-get-account", "SEGMENT_NOT_MATCHED"},
	        {"everyone-gets-green-fund", "OFFER_NOT_PUBLISHED"},
	        {"jubilee-coach", "CAMPAIGN_INACTIVE"},
	        {"seekers-get-home-loan", "CONTROL_GROUP"},
	        {"everyone-hears-of-deposit", "BLACKLISTED"},
	        {"gold-trial-gets-gold-card", "NOT_ELIGIBLE"},
	        {"telephones-get-mobile-pay", "ELIGIBILITY_FAILED"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
		assert_string_equal(reason_of(plan, home, expected[i][0]), expected[i][1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(only_what_the_channel_can_reach_is_there),
	        T(zones_say_whom_and_what_they_let_in),
	        T(actions_keep_their_order_and_get_their_level),
	        T(lists_are_canonical_and_united_once),
	        T(steps_stand_before_what_follows_them),
	        T(personalised_attributes_fit_the_levels_they_can),
	        T(rules_belong_to_campaigns_and_cells),
	        T(entries_about_visitors_are_merged),
	        T(limits_have_their_offers_written_out),
	        T(the_order_of_resources_does_not_matter),
	        T(customer_1010_gets_nothing_for_many_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
