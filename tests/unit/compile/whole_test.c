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

// --- problems ---

static Configuration *spoiled(const char *old, const char *new)
{
	const char *text = arena_cstr(arena, bank), *at = strstr(text, old);
	if (!at)
		fail_msg("the bank has no '%s'", old);
	return configuration_from_yaml(
	        arena, str(arena_printf(arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old))));
}

static void told(const char *place, const char *part)
{
	for (size_t i = 0; i < problems.count; i++) {
		const Problem *p = &problems.items[i];
		const char *found = arena_printf(arena, "%s %s %s", p->kind, p->name.ptr, p->field);
		if (strcmp(found, place) == 0 && strstr(p->message, part))
			return;
	}
	fail_msg("'%s: … %s' is not told, but %s", place, part, err_detail()->message);
}

typedef struct Spoil {
	const char *old, *new, *place, *part;
} Spoil;

static void try_all(const Spoil *spoils, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		Snapshot *snapshot;
		Configuration *in = spoiled(spoils[i].old, spoils[i].new);
		Err e = compile_snapshot(in, arena, &snapshot, &problems);
		if (e != ERR_COMPILE_FAILED)
			fail_msg("'%s' for '%s' is taken", spoils[i].new, spoils[i].old);
		told(spoils[i].place, spoils[i].part);
		if (problems.found != 1)
			fail_msg("'%s': one mistake, but %zu problems: %s", spoils[i].new, problems.found,
			        err_detail()->message);
	}
}

static void problems_of_zones_and_events_name_their_place(void **state)
{
	(void)state;
	static const Spoil spoils[] = {
	        {"expression: age >= 16", "expression: agee", "Zone home inclusion[0].expression", "agee"},
	        {"{audience_level: contract, expression: age != \"old\"}", "{expression: age > 1}",
	                "Zone home inclusion[1].audience_level", "2 audience levels: name the one"},
	        {"{audience_level: contract, expression: age != \"old\"}",
	                "{audience_level: customer, expression: age > 1}",
	                "Zone home inclusion[1].audience_level", "join the two with &&"},
	        {"attribute: kind, comparison", "attribute: kidn, comparison", "Zone home offer_inclusion[0]",
	                "no offer of the channel has an attribute 'kidn'"},
	        {"LESS_EQUAL, value: 20", "LESS_EQUAL, value: low", "Zone home offer_inclusion[1]",
	                "compares with this value"},
	        {"LESS_EQUAL, value: 20", "LESS_EQUAL, value: true", "Zone home offer_inclusion[1]",
	                "use EQUAL"},
	        {"LESS_EQUAL, value: 20", "CONTAINS, value: 20", "Zone home offer_inclusion[1]",
	                "comparison"},
	        {"\"2020-01-01T00:00:00Z\", timestamp", "soon, timestamp",
	                "Zone home offer_inclusion[2].value", "a moment such as"},
	        {"default_offers: [hello, card]", "default_offers: [hello, hello, card]",
	                "Zone home default_offers[1]", "there twice"},
	        {"default_offers: [hello, card]", "default_offers: [hello, crad]",
	                "Zone home default_offers[1]", "no offer 'crad'"},
	        {"default_offer_lists: [loans]", "default_offer_lists: [loan]",
	                "Zone home default_offer_lists[0]", "no offer list 'loan'"},
	        {"  - RESEGMENT", "  - {kind: RESEGMENT, days: 3}", "Event browsed actions[0].days",
	                "an action RESEGMENT has none"},
	        {"SET_ATTRIBUTE, audience_level: customer", "SET_ATTRIBUTE",
	                "Event browsed actions[1].audience_level", "name the one that this action is for"},
	        {"attribute: value, value: age + 1", "attribute: values, value: age + 1",
	                "Event browsed actions[1].attribute", "'customer' has no attribute 'values'"},
	        {"value: age + 1", "value: name", "Event browsed actions[1].value", "double"},
	        {"condition: age > 3", "condition: age", "Event browsed actions[1].condition", "bool"},
	        {"scope: DAYS, days: 30", "scope: DAYS", "Event browsed actions[2].days", "1 to 3650"},
	        {"scope: DAYS, days: 30", "days: 30", "Event browsed actions[2].scope", "for how long"},
	        {"score: 70", "score: 170", "Event browsed actions[2].score", "170 is not within"},
	        {"QUALIFY_OFFERS, offers: [card]", "QUALIFY_OFFERS, offers: [cadr]",
	                "Event browsed actions[2].offers[0]", "no offer 'cadr'"},
	        {"delay_s: 60}", "delay_s: 99999999}", "Event browsed actions[3].delay_s", "90 days"},
	        {"TRIGGER_EVENT, event: called", "TRIGGER_EVENT", "Event browsed actions[4].event",
	                "name the one to trigger"},
	        {"event: browsed, delay_s: 600", "event: browsed", "Event called actions[0].event",
	                "leads back here at once"},
	};
	try_all(spoils, ARRAY_COUNT(spoils));
}

static void problems_of_audiences_name_their_place(void **state)
{
	(void)state;
	static const Spoil spoils[] = {
	        {"\"-3\"", "\"3x\"", "AudienceList staff ids[2]", "write customer_id (integer)"},
	        {"name: guests, audience_level: customer, ids: [\"7\", \"1\"]",
	                "name: guests, audience_level: customers, ids: []",
	                "AudienceList guests audience_level", "no audience level 'customers'"},
	        {"lists: [staff, guests]", "lists: [staff, gusts]", "Segment inner lists[1]",
	                "no audience list 'gusts'"},
	        {"list_use: EXCEPT\n", "", "Segment inner list_use", "say how they go together"},
	        {"group: worth\n", "", "Segment inner rank", "name the group"},
	        {"lists: [staff]}", "lists: [staff], list_use: ALL}", "Segment known list_use",
	                "take it out"},
	        {"{name: put, kind: SEGMENT, segment: trial}", "{name: put, kind: SEGMENT, segment: near}",
	                "Segment trial expression", "nobody would ever be in it"},
	        {"next: halves", "next: halfs", "SegmentationFlow split steps[0].branches[0].next",
	                "no step 'halfs'"},
	        {"segment: trial}\n  - name", "segment: trial, next: start}\n  - name",
	                "SegmentationFlow split steps[0].next", "leads back"},
	        {"segment: trial}\n  - name", "segment: trial, next: note}\n  - name",
	                "SegmentationFlow split steps[1].next", "leads back"},
	        {"  - name: halves", "  - {name: lost, kind: SEGMENT, segment: trial}\n  - name: halves",
	                "SegmentationFlow split steps[2].name", "no way leads to the step 'lost'"},
	        {"condition: age >= 18, next", "condition: age, next",
	                "SegmentationFlow split steps[0].branches[0].condition", "bool"},
	        {"share_percent: 50", "share_percent: 90", "SegmentationFlow split steps[2].branches",
	                "102.5000 %"},
	        {"share_percent: 50", "share_percent: 0.00001",
	                "SegmentationFlow split steps[2].branches[1].share_percent", "steps of 0.0001"},
	        {"kind: SAMPLE", "kind: SAMPLE\n    segment: trial",
	                "SegmentationFlow split steps[2].segment", "a step SAMPLE has none"},
	        {"value: age, next", "value: name, next", "SegmentationFlow split steps[3].value", "double"},
	        {"\"7|a\\\\|b\", offer_list", "\"7\", offer_list", "Blacklist never entries[0].audience_id",
	                "customer_id (integer)|product (text)"},
	        {"offer: house, score: 3", "offer: house, score: 4",
	                "ScoreOverride said-again entries[0].score",
	                "the visitor '7' has the score 4 for the offer 'house' here, and 3 by entries[1] of "
	                "'hand-picked'"},
	        {"offer: house, score: 3", "score: 3", "ScoreOverride said-again entries[0].offer",
	                "neither an offer nor an offer list"},
	        {"offer: house, score: 3", "offer: hut, score: 3",
	                "ScoreOverride said-again entries[0].offer", "no offer 'hut'"},
	        {"offer: house, score: 3", "offer: house, score: -3",
	                "ScoreOverride said-again entries[0].score", "not within 0 and 100"},
	};
	// The last one also says a second score.
	try_all(spoils, ARRAY_COUNT(spoils) - 1);
	Snapshot *snapshot;
	const Spoil *last = &spoils[ARRAY_COUNT(spoils) - 1];
	assert_int_equal(compile_snapshot(spoiled(last->old, last->new), arena, &snapshot, &problems),
	        ERR_COMPILE_FAILED);
	told(last->place, last->part);
}

static void problems_of_offers_and_rules_name_their_place(void **state)
{
	(void)state;
	static const Spoil spoils[] = {
	        {"expression: \"'hi ' + name\"", "expression: nam", "Offer card attributes[0].expression",
	                "it fits no audience level; for 'contract': "},
	        {"[{name: greeting, expression: name}]", "[{name: greeting}]", "Offer hello attributes",
	                "no value for 'greeting'"},
	        {"expression: attributes.kind", "expression: 1 + attributes.kind",
	                "OfferList loans expression", ""},
	        {"attributes.kind == \"loan\"", "attributes.kind == \"lone\"", "OfferList loans expression",
	                "no offer meets it"},
	        {"attributes.kind == \"loan\"", "now() > timestamp(\"2020-01-01T00:00:00Z\")",
	                "OfferList loans expression", "uses now()"},
	        {"offers: [house, card]", "offers: [house, crad]", "OfferList both offers[1]",
	                "no offer 'crad'"},
	        {"control_percent: 10.0005", "control_percent: 100.5",
	                "Campaign spring cells[0].control_percent", "0 and 100 percent"},
	        {"control_cell: HOLD", "control_cell: HELD", "Campaign spring cells[0].control_cell",
	                "no other cell 'HELD'"},
	        {"{code: HOLD}", "{code: HOLD}, {code: HOLD}", "Campaign spring cells[2].code",
	                "there twice"},
	        {"campaign: spring\n", "campaign: sprig\n", "TreatmentRule grown-loans campaign",
	                "no campaign 'sprig'"},
	        {"cell: TEST\n", "cell: TSET\n", "TreatmentRule grown-loans cell", "has no cell 'TSET'"},
	        {"campaign: spring\n", "", "TreatmentRule grown-loans cell", "name the cell's campaign"},
	        {"zone: home, offer: card}", "zone: home, offer: card, offer_list: both}",
	                "TreatmentRule trial-card offer_list", "keep one of the two"},
	        {"zone: home, offer: card}", "zone: home}", "TreatmentRule trial-card offer", "name one"},
	        {"offer_list: loans\n", "offer_list: loan\n", "TreatmentRule grown-loans offer_list",
	                "no offer list 'loan'"},
	        {"name: everyone, audience_level: contract", "name: everyone",
	                "GlobalOffer everyone audience_level", "2 audience levels: name the one"},
	        {"eligibility: age == \"new\"", "eligibility: age > 3", "GlobalOffer everyone eligibility",
	                ""},
	        {"times: 3\n", "", "SuppressionRule tired times", "after how many presentations"},
	        {"trigger: PRESENTATIONS\n", "trigger: REJECT\n", "SuppressionRule tired times",
	                "only PRESENTATIONS are counted"},
	        {"related_attribute: kind", "related_attribute: kin",
	                "SuppressionRule tired related_attribute", "none of its offers"},
	        {"name: taken, offers: [card]", "name: taken", "SuppressionRule taken offers",
	                "name what it limits"},
	        {"trigger: ACCEPT, ", "", "SuppressionRule taken trigger", "choose one"},
	        {"scope: SESSION, limit: 1", "scope: SESSION, limit: 0", "Constraint once limit",
	                "1 or more"},
	        {"scope: SESSION, limit: 1", "scope: SESSION, period: DAY, limit: 1",
	                "Constraint once period", "no periods"},
	        {"scope: SESSION, limit: 1", "limit: 1", "Constraint once scope",
	                "SESSION, VISITOR or OVERALL"},
	};
	try_all(spoils, ARRAY_COUNT(spoils));
}

// A bool score of a map's member is only known when it runs, but a list of numbers is not a list of texts.
static void a_list_of_numbers_is_no_list_of_texts(void **state)
{
	(void)state;
	Snapshot *snapshot;
	Configuration *in = spoiled("attribute: value, value: age + 1", "attribute: tags, value: '[age]'");
	assert_int_equal(compile_snapshot(in, arena, &snapshot, &problems), ERR_COMPILE_FAILED);
	told("Event browsed actions[1].value", "a list of texts");
	compile(spoiled("attribute: value, value: age + 1", "attribute: tags, value: '[name]'"));
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
	        {"winter-coach", "CAMPAIGN_INACTIVE"},
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
	        T(problems_of_zones_and_events_name_their_place),
	        T(problems_of_audiences_name_their_place),
	        T(problems_of_offers_and_rules_name_their_place),
	        T(a_list_of_numbers_is_no_list_of_texts),
	        T(customer_1010_gets_nothing_for_many_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
