// A bank that uses everything that can be configured is spoiled in one line after the other, and each time
// the one problem names the resource, the field and what to do.
#include "base/cleanup.h"
#include "base/file.h"
#include "snapshot/snapshot.h"
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

static void compile(Configuration *in)
{
	Parley__Snapshot__V1__Snapshot *snapshot;
	Err e = compile_snapshot(in, arena, &snapshot, &problems);
	if (e)
		fail_msg("%s: %s", err_reason(e), err_detail()->message);
}

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
		Parley__Snapshot__V1__Snapshot *snapshot;
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
	        {"outcome: listened}", "outcome: listend}", "Event called actions[1].outcome",
	                "no outcome type 'listend'"},
	        {"LOG_OUTCOME, outcome: listened", "LOG_CONTACT, outcome: listened",
	                "Event called actions[1].outcome", "an action LOG_CONTACT has none"},
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
	Parley__Snapshot__V1__Snapshot *snapshot;
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

// The bank with events that trigger one another in a row; each also does `more` things.
static Configuration *with_row(int count, int more)
{
	const char *text = arena_cstr(arena, bank);
	for (int i = 0; i < count; i++) {
		text = arena_printf(
		        arena, "%s\n---\nkind: Event\nchannel: bank\nname: row-%d\nactions:\n", text, i);
		for (int j = 0; j < more; j++)
			text = arena_printf(arena, "%s  - RESEGMENT\n", text);
		if (i < count - 1)
			text = arena_printf(
			        arena, "%s  - {kind: TRIGGER_EVENT, event: row-%d}\n", text, i + 1);
		else
			text = arena_printf(arena, "%s  - RESEGMENT\n", text);
	}
	return configuration_from_yaml(arena, str(text));
}

static void what_one_report_sets_off_is_bounded(void **state)
{
	(void)state;
	Parley__Snapshot__V1__Snapshot *snapshot;
	compile(with_row(SNAPSHOT_TRIGGERS_IN_A_ROW + 1, 1));
	assert_int_equal(
	        compile_snapshot(with_row(SNAPSHOT_TRIGGERS_IN_A_ROW + 2, 1), arena, &snapshot, &problems),
	        ERR_COMPILE_FAILED);
	told("Event row-0 actions", "9 events trigger one another at once; at most 8");
	assert_int_equal(problems.count, 1);
	compile(with_row(SNAPSHOT_ACTIONS_AT_ONCE / 16, 15));
	assert_int_equal(compile_snapshot(with_row(SNAPSHOT_ACTIONS_AT_ONCE / 16 + 1, 15), arena, &snapshot,
	                         &problems),
	        ERR_COMPILE_FAILED);
	told("Event row-0 actions", "80 actions at once");
	assert_int_equal(problems.count, 1);
}

// Both are lists; only what is in them tells them apart.
static void a_list_of_numbers_is_no_list_of_texts(void **state)
{
	(void)state;
	Parley__Snapshot__V1__Snapshot *snapshot;
	Configuration *in = spoiled("attribute: value, value: age + 1", "attribute: tags, value: '[age]'");
	assert_int_equal(compile_snapshot(in, arena, &snapshot, &problems), ERR_COMPILE_FAILED);
	told("Event browsed actions[1].value", "a list of texts");
	compile(spoiled("attribute: value, value: age + 1", "attribute: tags, value: '[name]'"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(problems_of_zones_and_events_name_their_place),
	        T(problems_of_audiences_name_their_place),
	        T(problems_of_offers_and_rules_name_their_place),
	        T(what_one_report_sets_off_is_bounded),
	        T(a_list_of_numbers_is_no_list_of_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
