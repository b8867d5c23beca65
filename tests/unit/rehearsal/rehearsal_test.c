// What a rehearsal promises: the same story gives the same bytes, its clock is the caller's, and its end can
// be compared and carried on.
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VISITORS = 40, THREADS = 4 };

static World *bank(Arena *arena)
{
	World *world = world_bank(arena);
	world_suppression(world, "once", "SAVINGS",
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_ACCEPT,
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER);
	world_constraint(world, "few", "CARD",
	        PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL,
	        PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_EVER, 10);
	SnapEvent *thanks = world_event(world, "thanks", SNAP_ACTION(UNSPECIFIED));
	SnapAction *later = world_action_offers(world, thanks, SNAP_ACTION(SUPPRESS_OFFERS), "LOAN",
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER);
	later->delay_s = 600;
	return world;
}

// Visits of a day: who, what was shown, what was accepted.
static void tell_story(Stage *stage, int64_t from_us, uint64_t seed)
{
	char session[32], id[32];
	for (int64_t v = 0; v < VISITORS; v++) {
		int64_t at_us = from_us + v * 97 * US_PER_S;
		snprintf(session, sizeof session, "s%d", (int)v);
		BatchCommand *begin = start(stage, session, v);
		set_int(stage, begin, "age", 15 + v);
		set_double(stage, begin, "balance", (double)(v * 600));
		set_string(stage, begin, "tier", v % 3 == 0 ? "gold" : "basic");
		must_call(stage, at_us, 0, begin);
		PointOffers *shown =
		        must_offers(stage, at_us + 1, seed + (uint64_t)v, session, "home-banner", 2);
		snprintf(id, sizeof id, "c%d-%d", (int)v, (int)(from_us / HOUR_US));
		if (shown->n_offers > 0)
			must_call(stage, at_us + 2, 0,
			        event(stage, session, id, "shown", shown->offers[0]->treatment_code));
		id[0] = 'a';
		if (shown->n_offers > 0 && v % 5 == 0)
			must_call(stage, at_us + 3, 0,
			        event(stage, session, id, "accepted",
			                shown->offers[shown->n_offers - 1]->treatment_code));
		id[0] = 't';
		must_call(stage, at_us + 4, 0, event(stage, session, id, "thanks", ""));
		if (v % 2 == 0)
			must_call(stage, at_us + 5, 0, end(stage, session));
	}
}

static Session *session_of(Rehearsal *rehearsal, const char *id)
{
	return rehearsal_session(rehearsal, rehearsal_place(rehearsal, str(id)), str(id));
}

// A call that names its session.
static Err go_on(
        Stage *stage, int64_t now_us, uint64_t seed, const Parley__Runtime__V1__BatchCommand *command)
{
	Err e = rehearsal_tick(stage->rehearsal, now_us);
	return e != OK ? e : rehearsal_go_on(stage->rehearsal, NULL, seed, command, stage->arena);
}

static bool is_open(Stage *stage, int visitor)
{
	char session[32];
	snprintf(session, sizeof session, "s%d", visitor);
	return session_of(stage->rehearsal, session) != NULL;
}

static void assert_same(const Stage *a, const Stage *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->told[i].len, b->told[i].len);
		assert_memory_equal(a->told[i].ptr, b->told[i].ptr, a->told[i].len);
	}
}

static void assert_same_state(Stage *a, Stage *b)
{
	Str of_a, of_b;
	close(stage_save(a, &of_a));
	close(stage_save(b, &of_b));
	assert_int_equal(of_a.len, of_b.len);
	assert_memory_equal(of_a.ptr, of_b.ptr, of_a.len);
}

static void test_the_same_story_gives_the_same_bytes(void **state)
{
	static Stage one, two;
	(void)state;
	stage_set(&one, bank);
	stage_set(&two, bank);
	tell_story(&one, NOON_US, 7);
	tell_story(&two, NOON_US, 7);
	assert_true(one.count > (size_t)VISITORS * 4);
	assert_same(&one, &two);
	assert_same_state(&one, &two);
	stage_begin(&two, -1);
	tell_story(&two, NOON_US, 8);
	assert_int_equal(one.count, two.count);
	bool differs = false;
	for (size_t i = 0; i < one.count; i++)
		differs |= !str_eq(one.told[i], two.told[i]);
	assert_true(differs); // by the seeds
	stage_clear(&one);
	stage_clear(&two);
}

typedef struct Lane {
	pthread_t thread;
	Stage stage;
} Lane;

static void *run_lane(void *context)
{
	Lane *lane = context;
	tell_story(&lane->stage, NOON_US, 7);
	return NULL;
}

// Rehearsals side by side share a content and nothing else.
static void test_others_do_not_matter(void **state)
{
	static Stage alone;
	static Lane lanes[THREADS];
	(void)state;
	stage_set(&alone, bank);
	tell_story(&alone, NOON_US, 7);
	for (size_t i = 0; i < THREADS; i++) {
		lanes[i].stage = (Stage){.arena = arena_new(64 * 1024, 0), .content = alone.content};
		stage_begin(&lanes[i].stage, -1);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(lanes[i].thread, NULL);
		assert_same(&alone, &lanes[i].stage);
		assert_same_state(&alone, &lanes[i].stage);
		lanes[i].stage.content = NULL;
		stage_clear(&lanes[i].stage);
	}
	stage_clear(&alone);
}

// A state that was saved goes on as if it had never been.
static void test_a_state_is_carried_on(void **state)
{
	static Stage whole, parts;
	Str saved;
	(void)state;
	stage_set(&whole, bank);
	stage_set(&parts, bank);
	tell_story(&whole, NOON_US, 7);
	tell_story(&parts, NOON_US, 7);
	assert_true(is_open(&whole, VISITORS - 1)); // the last one that did not end
	// Sessions are not in it: let those that are open end first, everywhere.
	assert_int_equal(rehearsal_tick(whole.rehearsal, NOON_US + 12 * HOUR_US), OK);
	assert_int_equal(rehearsal_tick(parts.rehearsal, NOON_US + 12 * HOUR_US), OK);
	for (int v = 0; v < VISITORS; v++)
		assert_false(is_open(&whole, v));
	int fd = stage_save(&parts, &saved);
	stage_begin(&parts, fd);
	close(fd);
	size_t before = whole.count;
	tell_story(&whole, NOON_US + 24 * HOUR_US, 9);
	tell_story(&parts, NOON_US + 24 * HOUR_US, 9);
	assert_int_equal(whole.count - before, parts.count);
	for (size_t i = 0; i < parts.count; i++)
		assert_true(str_eq(whole.told[before + i], parts.told[i]));
	stage_clear(&whole);
	stage_clear(&parts);
}

// The clock is the caller's: idle sessions end and delayed actions come due at the full second after their
// time, however far the next call is away.
static void test_time_passes_between_calls(void **state)
{
	static Stage stage;
	(void)state;
	stage_set(&stage, bank);
	must_call(&stage, NOON_US, 0, start(&stage, "s", 1));
	must_call(&stage, NOON_US + 1, 0, event(&stage, "s", "e", "thanks", ""));
	assert_int_equal(rehearsal_tick(stage.rehearsal, NOON_US + 400 * 24 * HOUR_US), OK);
	assert_null(session_of(stage.rehearsal, "s"));
	assert_int_equal(stage.count, 4);
	const Entry *due = stage_entry(&stage, 2), *ended = stage_entry(&stage, 3);
	assert_int_equal(due->what_case, PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED);
	assert_int_equal(due->event_posted->n_effects, 1);
	assert_int_equal(due->context->time_us, NOON_US + 1 + 600 * US_PER_S);
	int64_t timeout_us = (int64_t)rehearsal_snapshot(stage.content)->session_timeout_s * US_PER_S;
	assert_int_equal(ended->what_case, PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_ENDED);
	assert_string_equal(ended->session_ended->cause, "expired");
	assert_int_equal(ended->context->time_us, NOON_US + timeout_us + US_PER_S);
	stage_clear(&stage);
}

static void test_time_does_not_go_back(void **state)
{
	static Stage stage;
	BatchResult *result = NULL;
	(void)state;
	stage_set(&stage, bank);
	must_call(&stage, NOON_US, 0, start(&stage, "s", 1));
	assert_int_equal(
	        rehearsal_call(stage.rehearsal, NOON_US - 1, 0, end(&stage, "s"), stage.arena, &result),
	        ERR_FIELD_INVALID);
	must_call(&stage, NOON_US, 0, end(&stage, "s"));
	stage_clear(&stage);
}

static void test_a_refused_call_is_a_result(void **state)
{
	static Stage stage;
	(void)state;
	stage_set(&stage, bank);
	BatchResult *result = call(&stage, NOON_US, 0, offers(&stage, "nobody", "home-banner", 1));
	assert_int_equal((int)result->what_case, PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_FAILURE);
	assert_string_equal(result->failure->reason, "SESSION_UNKNOWN");
	assert_int_equal(
	        go_on(&stage, NOON_US, 0, offers(&stage, "nobody", "home-banner", 1)), ERR_SESSION_UNKNOWN);
	assert_int_equal(stage.count, 0);
	stage_clear(&stage);
}

static void test_a_session_that_was_found_goes_on(void **state)
{
	static Stage named, found;
	Stage *stages[] = {&named, &found};
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(stages); i++) {
		stage_set(stages[i], bank);
		must_call(stages[i], NOON_US, 0, start(stages[i], "s", 1));
		assert_int_equal(rehearsal_tick(stages[i]->rehearsal, NOON_US + 1), OK);
	}
	Session *session = session_of(found.rehearsal, "s");
	int home = plan_point(rehearsal_plan(found.content), STR("home-banner"));
	const DecidePoint two = {.point = home, .max = 2}, many = {.point = home, .max = 101};
	assert_int_equal(go_on(&named, NOON_US + 1, 7, offers(&named, "s", "home-banner", 2)), OK);
	assert_int_equal(rehearsal_ask(found.rehearsal, session, 7, &(SessionAsk){.points = &two, .count = 1},
	                         found.arena),
	        OK);
	assert_int_equal(go_on(&named, NOON_US + 1, 0, event(&named, "s", "t", "thanks", "")), OK);
	assert_int_equal(rehearsal_go_on(found.rehearsal, session, 0, event(&found, "", "t", "thanks", ""),
	                         found.arena),
	        OK);
	assert_same(&named, &found);
	assert_int_equal(rehearsal_ask(found.rehearsal, session, 7,
	                         &(SessionAsk){.points = &many, .count = 1}, found.arena),
	        ERR_FIELD_INVALID);
	assert_int_equal(rehearsal_ask(found.rehearsal, NULL, 7, &(SessionAsk){.points = &two, .count = 1},
	                         found.arena),
	        ERR_FIELD_MISSING);
	assert_int_equal(found.count, named.count);
	for (size_t i = 0; i < ARRAY_COUNT(stages); i++)
		stage_clear(stages[i]);
}

// Customer 1 comes, or comes again, and sets `count` attributes.
static Err begin_told(Stage *stage, const Parameter *items, size_t count)
{
	const ExprValue key = expr_int(1);
	return rehearsal_start(stage->rehearsal, session_of(stage->rehearsal, "s"), 0,
	        &(SessionStart){.session_id = "s",
	                .channel = "bank",
	                .level = 0,
	                .keys = &key,
	                .parameters = {items, count}},
	        stage->arena);
}

static void test_a_session_begins_by_the_snapshots_indexes(void **state)
{
	static Stage named, told;
	const Parameter set[] = {{WORLD_AGE, expr_int(71)}, {WORLD_TIER, expr_string(STR("gold"))}};
	(void)state;
	stage_set(&named, bank);
	stage_set(&told, bank);
	for (int i = 0; i < 2; i++) { // the second time it goes on
		BatchCommand *command = start(&named, "s", 1);
		set_int(&named, command, "age", set[0].value.i);
		set_string(&named, command, "tier", "gold");
		must_call(&named, NOON_US + i, 0, command);
		must_offers(&named, NOON_US + i, 7, "s", "home-banner", 2);
		assert_int_equal(rehearsal_tick(told.rehearsal, NOON_US + i), OK);
		assert_int_equal(begin_told(&told, set, ARRAY_COUNT(set)), OK);
		must_offers(&told, NOON_US + i, 7, "s", "home-banner", 2);
	}
	assert_same(&named, &told);
	stage_clear(&named);
	stage_clear(&told);
}

static void test_what_is_told_of_a_session_is_checked(void **state)
{
	static Stage stage;
	const Parameter age = {WORLD_AGE, expr_int(71)}, text = {WORLD_AGE, expr_string(STR("71"))},
	                joined = {WORLD_JOINED, expr_timestamp_us(INT64_MAX)}, twice[] = {age, age};
	(void)state;
	stage_set(&stage, bank);
	assert_int_equal(rehearsal_tick(stage.rehearsal, NOON_US), OK);
	assert_int_equal(begin_told(&stage, &text, 1), ERR_ATTRIBUTE_TYPE);
	assert_int_equal(begin_told(&stage, &joined, 1), ERR_ATTRIBUTE_TYPE);
	assert_int_equal(begin_told(&stage, twice, 2), ERR_FIELD_INVALID);
	assert_null(session_of(stage.rehearsal, "s"));
	assert_int_equal(begin_told(&stage, &age, 1), OK);
	must_call(&stage, NOON_US, 0, end(&stage, "s"));
	must_call(&stage, NOON_US, 0, start(&stage, "s", 2));
	assert_int_equal(begin_told(&stage, &age, 1), ERR_SESSION_CONFLICT);
	stage_clear(&stage);
}

static void test_the_decision_has_the_calls_seed(void **state)
{
	static Stage stage;
	(void)state;
	stage_set(&stage, bank);
	must_call(&stage, NOON_US, 1, start(&stage, "s", 1));
	must_offers(&stage, NOON_US, 4711, "s", "home-banner", 1);
	const Entry *entry = stage_entry(&stage, 1);
	assert_int_equal(entry->what_case, PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION);
	assert_int_equal(entry->recommendation->seed, 4711);
	stage_clear(&stage);
}

static void test_an_explained_call_lists_candidates(void **state)
{
	static Stage stage;
	(void)state;
	stage_set(&stage, bank);
	must_call(&stage, NOON_US, 0, start(&stage, "s", 1));
	BatchCommand *command = offers(&stage, "s", "home-banner", 1);
	command->get_offers->explain = true;
	BatchResult *result = must_call(&stage, NOON_US, 1, command);
	assert_true(result->get_offers->points[0]->n_candidates > 1);
	stage_clear(&stage);
}

// Every level has profiles if the caller has them; values follow the level's slots.
static void give_gold(void *context, ProfileRequest *request)
{
	(void)context;
	request->outcome = str_eq(request->audience_id, STR("1")) ? PROFILE_LOADED : PROFILE_NOT_FOUND;
	request->values = ARENA_ARRAY(request->arena, ExprValue, WORLD_ATTRIBUTES);
	request->given = ARENA_ARRAY(request->arena, uint64_t, 1);
	request->values[WORLD_TIER] = expr_string(STR("gold"));
	request->given[0] = 1 << WORLD_TIER;
}

static void test_profiles_come_from_the_caller(void **state)
{
	static Stage stage;
	(void)state;
	stage_set(&stage, bank);
	stage.options.profile = give_gold;
	stage_begin(&stage, -1);
	BatchResult *one = must_call(&stage, NOON_US, 0, start(&stage, "s1", 1));
	BatchResult *two = must_call(&stage, NOON_US, 0, start(&stage, "s2", 2));
	assert_int_equal(one->start_session->n_segments, two->start_session->n_segments + 1);
	assert_string_equal(stage_entry(&stage, 0)->session_started->profile, "loaded");
	assert_string_equal(stage_entry(&stage, 1)->session_started->profile, "not found");
	stage_clear(&stage);
}

static void test_what_was_given_counts(void **state)
{
	static Stage stage;
	const Fact *facts = NULL;
	size_t count = 0;
	(void)state;
	stage_set(&stage, bank);
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__EventPosted posted = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Parley__Journal__V1__Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&effect};
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	effect.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT;
	effect.offer_code = (char *)"SAVINGS";
	posted.effects = effects;
	posted.n_effects = 1;
	context.channel = (char *)"bank";
	context.audience_level = (char *)"customer";
	context.audience_id = (char *)"1";
	context.time_us = NOON_US - 24 * HOUR_US;
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = &posted;
	assert_int_equal(rehearsal_given(stage.rehearsal, &entry), OK);
	must_call(&stage, NOON_US, 0, start(&stage, "s1", 1));
	must_call(&stage, NOON_US, 0, start(&stage, "s2", 2));
	PointOffers *one = must_offers(&stage, NOON_US, 1, "s1", "call-script", 5);
	PointOffers *two = must_offers(&stage, NOON_US, 1, "s2", "call-script", 5);
	assert_int_equal(one->n_offers, 0); // what was accepted once is not shown again
	assert_int_equal(two->n_offers, 1);
	assert_int_equal(
	        rehearsal_facts(stage.rehearsal, WORLD_CUSTOMER, STR("1"), stage.arena, &facts, &count), OK);
	assert_int_equal(count, 1);
	assert_int_equal(facts[0].kind, FACT_ACCEPT);
	context.channel = (char *)"shop";
	assert_int_equal(rehearsal_given(stage.rehearsal, &entry), ERR_FIELD_INVALID);
	stage_clear(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_same_story_gives_the_same_bytes),
	        cmocka_unit_test(test_others_do_not_matter),
	        cmocka_unit_test(test_a_state_is_carried_on),
	        cmocka_unit_test(test_time_passes_between_calls),
	        cmocka_unit_test(test_time_does_not_go_back),
	        cmocka_unit_test(test_a_refused_call_is_a_result),
	        cmocka_unit_test(test_a_session_that_was_found_goes_on),
	        cmocka_unit_test(test_a_session_begins_by_the_snapshots_indexes),
	        cmocka_unit_test(test_what_is_told_of_a_session_is_checked),
	        cmocka_unit_test(test_the_decision_has_the_calls_seed),
	        cmocka_unit_test(test_an_explained_call_lists_candidates),
	        cmocka_unit_test(test_profiles_come_from_the_caller),
	        cmocka_unit_test(test_what_was_given_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
