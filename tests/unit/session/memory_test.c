// What a session remembers, and how it carries on when another snapshot serves.
#include "base/cleanup.h"
#include "lib/arena.h"
#include "session/table.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const Plan *plan_of(World *world)
{
	const Plan *plan = NULL;
	const Snapshot *snapshot = world_finish(world);
	assert_int_equal(snapshot_check(snapshot), OK);
	assert_int_equal(plan_build(snapshot, arena, &plan), OK);
	return plan;
}

// A session with defaults, of which the ones in `given` were given.
static void begin(Session *session, const Plan *plan, const ExprValue *given[WORLD_ATTRIBUTES])
{
	Values values;
	SegmentRequest request = {.as_of_us = TEST_NOW_US};
	session->plan = plan;
	request.level = plan_level(plan, STR("customer"));
	assert_int_equal(values_new(plan, request.level, arena, &values), OK);
	for (int i = 0; i < WORLD_ATTRIBUTES; i++)
		if (given[i] != NULL)
			values_set(&values, i, *given[i], FROM_PROFILE);
	assert_int_equal(values_segment(&values, plan, &request, arena, NULL), OK);
	assert_int_equal(session_set_visitor(session, request.level, STR("42"), &values), OK);
}

static bool in_segment(const Session *session, const char *name)
{
	const Snapshot *snapshot = plan_snapshot(session->plan);
	for (size_t s = 0; s < snapshot->n_segments; s++)
		if (strcmp(snapshot->segments[s]->name, name) == 0)
			return (session_segments(session)[s / 64] >> (s % 64) & 1) != 0;
	return false;
}

static Decision decide_now(const Session *session, const char *point, uint32_t max, uint64_t seed)
{
	Decision decision;
	Visitor visitor = session_visitor(session);
	DecidePoint ask = {.point = plan_point(session->plan, str(point)), .max = max};
	DecideRequest request = {.points = &ask, .count = 1, .as_of_us = TEST_NOW_US, .seed = seed};
	assert_int_equal(decide(session->plan, &visitor, &request, arena, &decision), OK);
	return decision;
}

static void assert_text(Str actual, const char *expected)
{
	assert_int_equal(actual.len, strlen(expected));
	assert_memory_equal(actual.ptr != NULL ? actual.ptr : "", expected, actual.len);
}

static void values_are_the_sessions_own(void **state)
{
	(void)state;
	Session session = {0};
	char tier[] = "gold", tag[] = "new";
	ExprValue tags[] = {expr_string(str(tag)), expr_string(STR("loyal"))};
	ExprValue gold = expr_string(str(tier)), list = expr_list(tags, 2), age = expr_int(44);
	begin(&session, plan_of(world_bank(arena)),
	        (const ExprValue *[WORLD_ATTRIBUTES]){
	                [WORLD_AGE] = &age, [WORLD_TIER] = &gold, [WORLD_TAGS] = &list});
	memset(tier, 'x', 4);
	memset(tag, 'x', 3);
	const ExprValue *items = session_items(&session);
	assert_int_equal(items[WORLD_AGE].i, 44);
	assert_text(str_n(items[WORLD_TIER].s, items[WORLD_TIER].len), "gold");
	assert_int_equal(items[WORLD_TAGS].len, 2);
	assert_text(str_n(items[WORLD_TAGS].items[0].s, items[WORLD_TAGS].items[0].len), "new");
	assert_text(str_n(items[WORLD_TAGS].items[1].s, items[WORLD_TAGS].items[1].len), "loyal");
	assert_int_equal(items[WORLD_JOINED].kind, EXPR_ERROR);
	assert_true(in_segment(&session, "gold"));
	assert_false(in_segment(&session, "rich"));
	session_clear(&session);
}

static void treatments_are_known_until_newer_ones_push_them_out(void **state)
{
	(void)state;
	enum { CALLS = 150 }; // two offers each: more than are remembered
	Session session = {0};
	char codes[CALLS][2][TREATMENT_CODE_SIZE];
	begin(&session, plan_of(world_bank(arena)), (const ExprValue *[WORLD_ATTRIBUTES]){0});
	for (int i = 0; i < CALLS; i++) {
		Decision decision = decide_now(&session, "home-banner", 2, (uint64_t)i);
		assert_int_equal(decision.points[0].offer_count, 2);
		assert_int_equal(session_remember_decision(&session, &decision), OK);
		for (int o = 0; o < 2; o++)
			memcpy(codes[i][o], decision.points[0].offers[o].treatment_code, TREATMENT_CODE_SIZE);
	}
	for (int i = 0; i < CALLS; i++)
		for (int o = 0; o < 2; o++) {
			bool known = session_treatment(&session, str(codes[i][o])) != NULL;
			assert_int_equal(known, 2 * i + o >= 2 * CALLS - SESSION_TREATMENTS);
		}
	assert_null(session_treatment(&session, STR("0000000000000000000")));
	assert_null(session_treatment(&session, STR("")));
	TreatmentFacts facts =
	        session_treatment_facts(&session, session_treatment(&session, str(codes[CALLS - 1][0])));
	assert_text(facts.offer_code, "CARD");
	assert_text(facts.rule, "adults-card");
	assert_text(facts.segment, "adults");
	assert_text(facts.point, "home-banner");
	assert_text(facts.zone, "home");
	session_clear(&session);
}

static void one_large_answer_is_remembered_whole(void **state)
{
	(void)state;
	enum { OFFERS = 700 };
	Session session = {0};
	DecidedOffer offers[OFFERS] = {0};
	PointDecision point = {.point = 0, .offers = offers, .offer_count = OFFERS};
	Decision decision = {.points = &point, .count = 1};
	begin(&session, plan_of(world_bank(arena)), (const ExprValue *[WORLD_ATTRIBUTES]){0});
	for (int i = 0; i < OFFERS; i++)
		snprintf(offers[i].treatment_code, TREATMENT_CODE_SIZE, "CODE%d", i);
	Decision before = decide_now(&session, "home-banner", 2, 1);
	for (int i = 0; i < 200; i++) // let it wrap first
		assert_int_equal(session_remember_decision(&session, &before), OK);
	assert_int_equal(session_remember_decision(&session, &decision), OK);
	for (int i = 0; i < OFFERS; i++)
		assert_non_null(session_treatment(&session, str(offers[i].treatment_code)));
	session_clear(&session);
}

static void the_last_events_are_known_again(void **state)
{
	(void)state;
	Session session = {0};
	for (uint64_t i = 0; i < 2 * SESSION_EVENTS; i++) {
		assert_false(session_event_seen(&session, 1, (EventKey){i, ~i}));
		assert_int_equal(session_event_reserve(&session), OK);
		session_event_remember(&session, (EventKey){i, ~i});
	}
	assert_false(session_event_seen(
	        &session, 1, (EventKey){SESSION_EVENTS - 1, ~(uint64_t)(SESSION_EVENTS - 1)}));
	assert_true(session_event_seen(&session, 1, (EventKey){SESSION_EVENTS, ~(uint64_t)SESSION_EVENTS}));
	assert_false(session_event_seen(&session, 1, (EventKey){SESSION_EVENTS, 0}));
	assert_false(session_event_seen(&session, 2, (EventKey){SESSION_EVENTS, ~(uint64_t)SESSION_EVENTS}));
	session_clear(&session);
}

// --- another snapshot ---

static SnapAttribute *attribute_of(const Snapshot *snapshot, int slot)
{
	return snapshot->audience_levels[0]->attributes[slot];
}

static void a_session_carries_on_under_another_snapshot(void **state)
{
	(void)state;
	Session session = {0};
	ExprValue gold = expr_string(STR("gold")), balance = expr_double(20000);
	begin(&session, plan_of(world_bank(arena)),
	        (const ExprValue *[WORLD_ATTRIBUTES]){[WORLD_TIER] = &gold, [WORLD_BALANCE] = &balance});
	Decision decision = decide_now(&session, "call-script", 2, 5);
	char code[TREATMENT_CODE_SIZE];
	memcpy(code, decision.points[0].offers[0].treatment_code, sizeof code);
	assert_int_equal(session_remember_decision(&session, &decision), OK);

	World *next =
	        world_bank(arena); // the same level, one default changed, one attribute gone, all else anew
	SnapAttribute **attributes = world_finish(next)->audience_levels[0]->attributes;
	attributes[WORLD_AGE]->default_value->int_value = 99;
	attributes[WORLD_CHURN]->name = (char *)"fresh";
	world_segment(next, "aged", "age > 90");
	for (int times = 0; times < 2; times++) { // a second time: the treatment is text already
		assert_int_equal(session_follow(&session, plan_of(next), TEST_NOW_US, arena), OK);
		assert_int_equal(session.notes, SESSION_NOTE_CHANGED);
		assert_true(in_segment(&session, "rich"));
		assert_true(in_segment(&session, "gold"));
		assert_true(in_segment(&session, "aged")); // a default is the new snapshot's
		TreatmentFacts facts =
		        session_treatment_facts(&session, session_treatment(&session, str(code)));
		assert_text(facts.offer_code, "CARD");
		assert_text(facts.rule, "gold-card");
		assert_text(facts.segment, "gold");
		assert_text(facts.point, "call-script");
		assert_text(facts.zone, "service");
	}
	session_clear(&session);
}

// Each snapshot is recommended under for a while and left; what is remembered may be of many of them.
static void treatments_of_many_snapshots_are_told_by_their_own(void **state)
{
	(void)state;
	enum { SNAPSHOTS = 40, CALLS = 7, REMEMBERED = SNAPSHOTS * CALLS * 2 };
	Session session = {0};
	char codes[REMEMBERED][TREATMENT_CODE_SIZE], offers[SNAPSHOTS][16];
	size_t count = 0;
	for (int s = 0; s < SNAPSHOTS; s++) {
		const Snapshot *snapshot = world_finish(world_bank(arena));
		const Plan *plan = NULL;
		snprintf(offers[s], sizeof offers[s], "CARD%d", s);
		for (size_t o = 0; o < snapshot->n_offers; o++)
			if (strcmp(snapshot->offers[o]->code, "CARD") == 0)
				snapshot->offers[o]->code = offers[s];
		assert_int_equal(plan_build(snapshot, arena, &plan), OK);
		if (s == 0)
			begin(&session, plan, (const ExprValue *[WORLD_ATTRIBUTES]){0});
		else
			assert_int_equal(session_follow(&session, plan, TEST_NOW_US, arena), OK);
		for (int i = 0; i < CALLS; i++) {
			Decision decision = decide_now(&session, "home-banner", 2, count);
			assert_int_equal(session_remember_decision(&session, &decision), OK);
			for (int o = 0; o < 2; o++, count++)
				memcpy(codes[count], decision.points[0].offers[o].treatment_code,
				        TREATMENT_CODE_SIZE);
		}
	}
	for (size_t i = 0; i < count; i += 2) {
		const Treatment *treatment = session_treatment(&session, str(codes[i]));
		assert_int_equal(treatment != NULL, i >= count - SESSION_TREATMENTS);
		if (treatment == NULL)
			continue;
		TreatmentFacts facts = session_treatment_facts(&session, treatment);
		assert_text(facts.offer_code, offers[i / 2 / CALLS]);
		assert_text(facts.rule, "adults-card");
		assert_text(facts.zone, "home");
	}
	session_clear(&session);
	assert_null(session.old_facts);
}

static void what_no_longer_exists_is_dropped_and_noted(void **state)
{
	(void)state;
	Session session = {0};
	ExprValue churn = expr_double(0.5), gold = expr_string(STR("gold"));
	begin(&session, plan_of(world_bank(arena)),
	        (const ExprValue *[WORLD_ATTRIBUTES]){[WORLD_CHURN] = &churn, [WORLD_TIER] = &gold});
	World *next = world_bank(arena);
	attribute_of(world_finish(next), WORLD_CHURN)->type =
	        SNAP_TYPE(INT); // another type is another attribute
	assert_int_equal(session_follow(&session, plan_of(next), TEST_NOW_US, arena), OK);
	assert_int_equal(session.notes, SESSION_NOTE_CHANGED | SESSION_NOTE_DROPPED);
	assert_int_equal(session_items(&session)[WORLD_CHURN].kind, EXPR_ERROR);
	assert_true(in_segment(&session, "gold"));
	session_clear(&session);
}

static void without_its_level_a_session_cannot_go_on(void **state)
{
	(void)state;
	Session session = {0};
	begin(&session, plan_of(world_bank(arena)), (const ExprValue *[WORLD_ATTRIBUTES]){0});
	World *next = world_bank(arena);
	world_finish(next)->audience_levels[0]->keys[0]->name = (char *)"account";
	assert_int_equal(session_follow(&session, plan_of(next), TEST_NOW_US, arena), ERR_SESSION_UNKNOWN);
	assert_int_equal(session.notes, 0);
	assert_true(in_segment(&session, "adults")); // it is as it was
	session_clear(&session);
}

static void notes_are_told_together_up_to_a_bound(void **state)
{
	(void)state;
	Session session = {0};
	session_note(&session, SESSION_NOTE_FAILED, STR("one; two"));
	session_note(&session, SESSION_NOTE_FAILED, STR("three"));
	session_note(&session, SESSION_NOTE_PAUSED, STR(""));
	assert_int_equal(session.notes, SESSION_NOTE_FAILED | SESSION_NOTE_PAUSED);
	assert_string_equal(session_note_text(&session, SESSION_NOTE_FAILED), "one; two; three");
	assert_string_equal(session_note_text(&session, SESSION_NOTE_LIMIT), "");
	for (int i = 0; i < 1000; i++)
		session_note(&session, SESSION_NOTE_FAILED, STR("something else; and that"));
	const char *text = session_note_text(&session, SESSION_NOTE_FAILED);
	assert_true(strlen(text) > SESSION_NOTE_TEXT - 32 && strlen(text) < SESSION_NOTE_TEXT + 32);
	assert_non_null(strstr(text, "; and more"));
	session_forget_notes(&session);
	char *all = arena_alloc(arena, 2000); // at once, and cut between two of them
	memset(all, 'x', 2000);
	all[300] = ';';
	session_note(&session, SESSION_NOTE_LIMIT, str_n(all, 2000));
	text = session_note_text(&session, SESSION_NOTE_LIMIT);
	assert_int_equal(strlen(text), 300 + strlen("; and more"));
	session_clear(&session);
}

// Lets the session remember an answer.
static void remember(Session *session)
{
	if (session->lasting == NULL)
		session->lasting = calloc(1, sizeof *session->lasting);
	session->lasting->point_count = 1;
}

// Puts values that are copies of the session's but for one (slot -1: none is another), and segments that are
// the same but for some; returns whether the answer is remembered still.
static bool put_other(Session *session, int slot, ExprValue value, uint64_t segments)
{
	Values values;
	remember(session);
	assert_int_equal(session_values(session, arena, &values), OK);
	if (slot >= 0)
		values_set(&values, slot, value, FROM_EVENT);
	values.segments[0] ^= segments;
	session_put_values(session, session_values_make(&values));
	return session->lasting->point_count > 0;
}

static void an_answer_is_remembered_while_the_visitor_is_the_same(void **state)
{
	(void)state;
	Session session = {0};
	ExprValue texts[] = {expr_string(STR("a")), expr_string(STR("b"))};
	ExprValue others[] = {expr_string(STR("a")), expr_string(STR("c"))};
	const ExprValue gold = expr_string(STR("gold")), tags = expr_list(texts, 2), none = {0};
	const Plan *plan = plan_of(world_bank(arena));
	begin(&session, plan,
	        (const ExprValue *[WORLD_ATTRIBUTES]){[WORLD_TIER] = &gold, [WORLD_TAGS] = &tags});
	assert_true(put_other(&session, -1, none, 0));
	assert_true(put_other(&session, WORLD_TIER, expr_string(STR("gold")), 0));
	assert_true(put_other(&session, WORLD_TAGS, expr_list(texts, 2), 0));
	assert_false(put_other(&session, -1, none, 1));
	assert_false(put_other(&session, WORLD_TIER, expr_string(STR("cold")), 0));
	assert_false(put_other(&session, WORLD_TIER, expr_string(STR("colder")), 0));
	assert_false(put_other(&session, WORLD_TAGS, expr_list(others, 2), 0));
	assert_false(put_other(&session, WORLD_TAGS, expr_list(others, 1), 0));
	assert_false(put_other(&session, WORLD_AGE, expr_int(31), 0));
	assert_false(put_other(&session, WORLD_AGE, expr_missing(WORLD_AGE), 0));
	assert_false(put_other(&session, WORLD_CHURN, expr_double(-0.0), 0));
	assert_false(put_other(&session, WORLD_CHURN, expr_double(0.0), 0));
	Values values;
	assert_int_equal(session_values(&session, arena, &values), OK);
	remember(&session);
	assert_int_equal(session_keep(&session, &values), OK);
	assert_int_equal(session.lasting->point_count, 0);
	remember(&session);
	assert_int_equal(session_values(&session, arena, &values), OK);
	assert_int_equal(session_set_visitor(&session, session.level, STR("43"), &values), OK);
	assert_int_equal(session.lasting->point_count, 0);
	session_clear(&session);
}

static void a_session_is_small(void **state)
{
	(void)state;
	Session session = {0};
	begin(&session, plan_of(world_bank(arena)), (const ExprValue *[WORLD_ATTRIBUTES]){0});
	Decision decision = decide_now(&session, "home-banner", 3, 1);
	assert_int_equal(session_remember_decision(&session, &decision), OK);
	assert_int_equal(session_event_reserve(&session), OK);
	size_t bytes = sizeof session + session.treatments.capacity * sizeof(Treatment) +
	               session.events.capacity * sizeof(EventKey) +
	               plan_segment_words(session.plan) * sizeof(uint64_t);
	assert_true(bytes < 1024);
	session_clear(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(values_are_the_sessions_own, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                treatments_are_known_until_newer_ones_push_them_out, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(one_large_answer_is_remembered_whole, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(the_last_events_are_known_again, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_session_carries_on_under_another_snapshot, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                what_no_longer_exists_is_dropped_and_noted, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                treatments_of_many_snapshots_are_told_by_their_own, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(without_its_level_a_session_cannot_go_on, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                an_answer_is_remembered_while_the_visitor_is_the_same, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_session_is_small, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(notes_are_told_together_up_to_a_bound, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("session memory", tests, NULL, NULL);
}
