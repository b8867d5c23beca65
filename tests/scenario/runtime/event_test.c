// What events do: every kind of action, at once, under a condition and later.
#include "server.h"

#include <stdio.h>
#include <string.h>

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

static World *bank(void)
{
	return world_bank(server.client.arena);
}

static void deploy(World *world)
{
	server.manifest = must_deploy(&server.client, world_finish(world), 2, &server.manifest);
}

static PostEventResponse *must_post(const char *session, const char *id, const char *event, const char *code)
{
	PostEventResponse *answer = NULL;
	Err e = post_event(&server.client, new_event(&server.client, session, id, event, code), &answer);
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
	return answer;
}

static const char *advice(const PostEventResponse *answer, const char *code)
{
	for (size_t i = 0; i < answer->n_advisories; i++)
		if (strcmp(answer->advisories[i]->code, code) == 0)
			return answer->advisories[i]->message;
	return NULL;
}

static void assert_says(const PostEventResponse *answer, const char *code, const char *text)
{
	const char *message = advice(answer, code);
	if (message == NULL || strstr(message, text) == NULL)
		fprintf(stderr, "%s says: %s\n", code, message != NULL ? message : "nothing");
	assert_true(message != NULL && strstr(message, text) != NULL);
}

// Whether the offer is among all that home-banner shows.
static bool shows(const char *session, const char *offer)
{
	PointOffers *point = must_offer(&server.client, session, "home-banner", 10);
	for (size_t i = 0; i < point->n_offers; i++)
		if (strcmp(point->offers[i]->offer_code, offer) == 0)
			return true;
	return false;
}

static const char *code_of(const char *session, const char *offer)
{
	PointOffers *point = must_offer(&server.client, session, "home-banner", 10);
	for (size_t i = 0; i < point->n_offers; i++)
		if (strcmp(point->offers[i]->offer_code, offer) == 0)
			return point->offers[i]->treatment_code;
	fail_msg("%s is not shown", offer);
	return NULL;
}

static const ProfileAttribute *attribute(const char *session, int slot)
{
	GetProfileResponse *profile = NULL;
	assert_int_equal(get_profile(&server.client, session, &profile), OK);
	return profile->attributes[slot];
}

static bool in_segment(const char *session, const char *segment)
{
	GetProfileResponse *profile = NULL;
	assert_int_equal(get_profile(&server.client, session, &profile), OK);
	return listed(profile->segments, profile->n_segments, segment);
}

#define SOURCE(name) PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_##name

// --- contacts and responses ---

static void what_was_accepted_is_not_offered_again(void **state)
{
	(void)state;
	World *world = bank();
	world_suppression(world, "had-it", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	world_suppression(world, "not-now", "SAVINGS", SNAP_TRIGGER(REJECT), SNAP_SCOPE(SESSION));
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const char *card = code_of("s1", "CARD"), *savings = code_of("s1", "SAVINGS");
	must_post("s1", "e1", "accepted", card);
	must_post("s1", "e2", "rejected", savings);
	assert_false(shows("s1", "CARD"));
	assert_false(shows("s1", "SAVINGS"));
	assert_true(shows("s1", "LOAN"));
	must_start(&server.client, "s2", 1, NULL); // the same visitor later
	assert_false(shows("s2", "CARD"));
	assert_true(shows("s2", "SAVINGS"));
	must_start(&server.client, "s3", 2, NULL);
	assert_true(shows("s3", "CARD"));
}

static void so_many_contacts_are_enough(void **state)
{
	(void)state;
	World *world = bank();
	world_suppression(world, "seen", "CARD", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(SESSION))->times = 2;
	world_constraint(world, "once", "LOAN", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 1);
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_post("s1", "e1", "shown", code_of("s1", "CARD"));
	must_post("s1", "e1", "shown", code_of("s1", "CARD")); // sent twice, counts once
	assert_true(shows("s1", "CARD"));
	must_post("s1", "e2", "shown", code_of("s1", "CARD"));
	assert_false(shows("s1", "CARD"));
	must_post("s1", "e3", "shown", code_of("s1", "LOAN"));
	assert_false(shows("s1", "LOAN"));
	must_start(&server.client, "s2", 1, NULL);
	assert_true(shows("s2", "CARD"));
	assert_true(shows("s2", "LOAN"));
}

static void what_happened_goes_with_the_session_under_another_snapshot(void **state)
{
	(void)state;
	World *world = bank();
	world_suppression(world, "had-it", "TRAVEL", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(SESSION));
	world_offer(world, "AAA"); // so that the others have other indexes
	must_start(&server.client, "s1", 1, string_value(&server.client, "tier", "gold"));
	must_post("s1", "e1", "accepted", code_of("s1", "TRAVEL"));
	assert_true(shows("s1", "TRAVEL"));
	deploy(world);
	assert_false(shows("s1", "TRAVEL"));
	assert_true(shows("s1", "CARD"));
}

static void a_response_in_another_session_counts_for_who_was_offered_it(void **state)
{
	(void)state;
	World *world = bank();
	world_suppression(world, "had-it", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const char *first = code_of("s1", "CARD"), *second = code_of("s1", "CARD");
	assert_int_equal(end_session(&server.client, "s1"), OK);
	must_start(&server.client, "agent", 2, NULL);
	must_post("agent", "e1", "accepted", first);
	assert_true(shows("agent", "CARD"));
	must_start(&server.client, "s2", 1, NULL);
	assert_false(shows("s2", "CARD"));
	must_post("s2", "e2", "accepted", second); // the visitor's own, from before

	Entry **entries;
	size_t count = server_entries(&entries);
	const EventPosted *other = NULL, *own = NULL;
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
			*(strcmp(entries[i]->event_posted->event_id, "e1") == 0 ? &other : &own) =
			        entries[i]->event_posted;
	assert_string_equal(other->treatment_audience_level, "customer");
	assert_string_equal(other->treatment_audience_id, "1");
	assert_string_equal(other->offer_code, "CARD");
	assert_string_equal(other->treatment_rule, "adults-card");
	assert_string_equal(own->treatment_audience_id, "");
	assert_string_equal(own->treatment_code, second);
}

// --- outcomes ---

static const EventPosted *posted_as(Entry **entries, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED &&
		        strcmp(entries[i]->event_posted->event_id, id) == 0)
			return entries[i]->event_posted;
	fail_msg("no event %s", id);
	return NULL;
}

// What a type counts as strikes at once; history has it from the treatment's path and not from the event.
static void an_event_logs_an_outcome_by_name(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *opened = world_event(world, "opened", SNAP_ACTION(UNSPECIFIED));
	world_action_outcome(world, opened, "opened", SNAP_ACTION(UNSPECIFIED));
	SnapEvent *signed_ = world_event(world, "signed", SNAP_ACTION(UNSPECIFIED));
	world_action_outcome(world, signed_, "signed-paper", SNAP_ACTION(LOG_ACCEPT));
	world_suppression(world, "taken", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const char *code = code_of("s1", "CARD");
	assert_int_equal(must_post("s1", "e1", "opened", code)->n_advisories, 0);
	assert_true(shows("s1", "CARD"));
	must_post("s1", "e2", "signed", code);
	assert_false(shows("s1", "CARD"));
	must_start(&server.client, "s2", 1, NULL);
	assert_false(shows("s2", "CARD"));
	assert_refused(post_event(&server.client, new_event(&server.client, "s1", "e3", "opened", ""), NULL),
	        (Refusal){ERR_TREATMENT_MISSING, "treatment_code"});

	Entry **entries;
	size_t count = server_entries(&entries);
	assert_string_equal(posted_as(entries, count, "e1")->outcome, "opened");
	assert_int_equal(posted_as(entries, count, "e1")->n_meanings, 0);
	assert_int_equal(posted_as(entries, count, "e1")->n_effects, 0);
	assert_string_equal(posted_as(entries, count, "e2")->outcome, "signed-paper");
	assert_string_equal(posted_as(entries, count, "e2")->offer_code, "CARD");
	assert_int_equal(posted_as(entries, count, "e2")->n_meanings, 0);
	assert_int_equal(posted_as(entries, count, "e2")->n_effects, 1);
}

static void an_event_logs_one_outcome_and_what_it_triggers_another(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *read = world_event(world, "read", SNAP_ACTION(LOG_CONTACT));
	world_action_outcome(world, read, "opened", SNAP_ACTION(UNSPECIFIED));
	world_action_outcome(world, read, "clicked", SNAP_ACTION(UNSPECIFIED));
	world_action_trigger(world, read, "followed");
	SnapEvent *followed = world_event(world, "followed", SNAP_ACTION(UNSPECIFIED));
	world_action_outcome(world, followed, "clicked", SNAP_ACTION(UNSPECIFIED));
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const PostEventResponse *answer = must_post("s1", "e1", "read", code_of("s1", "CARD"));
	assert_true(ADVISED(answer, "ACTION_FAILED"));
	assert_non_null(strstr(answer->advisories[0]->message, "action 3: the event has logged an outcome"));

	Entry **entries;
	size_t count = server_entries(&entries);
	assert_string_equal(posted_as(entries, count, "e1")->outcome, "opened");
	assert_int_equal(posted_as(entries, count, "e1")->n_meanings, 1);
	assert_string_equal(posted_as(entries, count, "~e1/1")->outcome, "clicked");
}

// --- offers qualified and suppressed ---

static void an_event_qualifies_offers(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *browsed = world_event(world, "browsed", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, browsed, SNAP_ACTION(QUALIFY_OFFERS), "TRAVEL", SNAP_SCOPE(SESSION))
	        ->score = 99;
	SnapAction *days =
	        world_action_offers(world, browsed, SNAP_ACTION(QUALIFY_OFFERS), "LOAN", SNAP_SCOPE(DAYS));
	days->days = 2;
	days->score = 98;
	deploy(world);
	must_start(
	        &server.client, "s1", 1, double_value(&server.client, "balance", 9000)); // LOAN is not for it
	assert_false(shows("s1", "TRAVEL"));
	assert_false(shows("s1", "LOAN"));
	must_post("s1", "e1", "browsed", "");
	PointOffers *point = must_offer(&server.client, "s1", "home-banner", 2);
	assert_string_equal(point->offers[0]->offer_code, "TRAVEL");
	assert_true(point->offers[0]->score == 99);
	assert_string_equal(point->offers[1]->offer_code, "LOAN");
	must_start(&server.client, "s2", 1, double_value(&server.client, "balance", 9000));
	assert_false(shows("s2", "TRAVEL"));
	assert_true(shows("s2", "LOAN"));
	server_skip_seconds(2 * 86400 + 1);
	assert_false(shows("s2", "LOAN"));
}

static void an_event_suppresses_the_offer_that_it_is_about(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *hidden = world_event(world, "hidden", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, hidden, SNAP_ACTION(SUPPRESS_OFFERS), NULL, SNAP_SCOPE(SESSION));
	SnapEvent *never = world_event(world, "never", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, never, SNAP_ACTION(SUPPRESS_OFFERS), NULL, SNAP_SCOPE(FOR_EVER));
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const char *savings = code_of("s1", "SAVINGS");
	must_post("s1", "e1", "hidden", code_of("s1", "CARD"));
	must_post("s1", "e2", "never", savings);
	assert_false(shows("s1", "CARD"));
	assert_false(shows("s1", "SAVINGS"));
	must_start(&server.client, "s2", 1, NULL);
	assert_true(shows("s2", "CARD"));
	assert_false(shows("s2", "SAVINGS"));
	assert_refused(post_event(&server.client, new_event(&server.client, "s1", "e3", "hidden", ""), NULL),
	        (Refusal){ERR_TREATMENT_MISSING, "treatment_code"});
}

// --- attributes and segments ---

static void an_event_sets_attributes_and_segments_follow(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *upgraded = world_event(world, "upgraded", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, upgraded, WORLD_TIER, "'gold'");
	world_action_set(world, upgraded, WORLD_BALANCE, "age * 1000"); // an int serves a double
	world_action_set(world, upgraded, WORLD_CHURN, "balance / 100000.0");
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	assert_false(in_segment("s1", "gold"));
	assert_int_equal(must_post("s1", "e1", "upgraded", "")->n_advisories, 0);
	assert_int_equal(attribute("s1", WORLD_TIER)->source, SOURCE(EVENT));
	assert_string_equal(attribute("s1", WORLD_TIER)->value->string_value, "gold");
	assert_true(attribute("s1", WORLD_BALANCE)->value->double_value == 30000);
	assert_true(attribute("s1", WORLD_CHURN)->value->double_value == 0.3);
	assert_true(in_segment("s1", "gold"));
	assert_true(in_segment("s1", "rich"));
	assert_true(shows("s1", "TRAVEL"));
}

static void an_action_that_fails_is_told_and_the_others_are_done(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *odd = world_event(world, "odd", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, odd, WORLD_CHURN, "churn + 0.1"); // missing, and without a default
	world_action_set(world, odd, WORLD_AGE, "age / (age - age)");
	world_action_set(world, odd, WORLD_TIER, "'gold'");
	world_action(world, odd, SNAP_ACTION(LOG_ACCEPT))->audience_level = 1;
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const PostEventResponse *answer = must_post("s1", "e1", "odd", "");
	assert_says(answer, "ACTION_FAILED", "event odd, action 1: ATTRIBUTE_MISSING: churn");
	assert_says(answer, "ACTION_FAILED", "event odd, action 2: DIVIDE_BY_ZERO");
	assert_says(answer, "ACTION_FAILED", "event odd, action 4: no treatment was quoted");
	assert_true(in_segment("s1", "gold"));
	assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 30);
}

static void conditions_say_what_is_done(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *visited = world_event(world, "visited", SNAP_ACTION(UNSPECIFIED));
	SnapAction *set = world_action_set(world, visited, WORLD_TIER, "'silver'");
	set->condition = world_expression(world, "age < 18");
	set = world_action_set(world, visited, WORLD_TIER, "'gold'");
	set->condition = world_expression(world, "tier == 'basic'");
	set = world_action_set(world, visited, WORLD_AGE, "99"); // sees what was done before it
	set->condition = world_expression(world, "tier == 'gold'");
	set = world_action_set(world, visited, WORLD_BALANCE, "1.0");
	set->condition = world_expression(world, "churn > 0.5"); // fails, and so grants nothing
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const PostEventResponse *answer = must_post("s1", "e1", "visited", "");
	assert_says(answer, "ACTION_FAILED", "event visited, action 4: ATTRIBUTE_MISSING: churn");
	assert_string_equal(attribute("s1", WORLD_TIER)->value->string_value, "gold");
	assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 99);
	assert_true(attribute("s1", WORLD_BALANCE)->value->double_value == 0);
}

static void what_flows_set_is_not_what_was_given(void **state)
{
	(void)state;
	World *world = bank();
	SnapFlow *flow = world_flow(world, "rank");
	world_set(world, flow, "one-more", WORLD_AGE, "age + 1", NULL);
	SnapEvent *again = world_event(world, "again", SNAP_ACTION(RESEGMENT));
	world_action_set(world, again, WORLD_BALANCE, "double(age)");
	deploy(world);
	must_start(&server.client, "s1", 1, int_value(&server.client, "age", 40));
	for (int i = 0; i < 3; i++) { // segmenting again is the same as once
		assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 41);
		assert_int_equal(attribute("s1", WORLD_AGE)->source, SOURCE(FLOW));
		must_post("s1", (const char *[]){"e1", "e2", "e3"}[i], "again", "");
	}
	assert_true(attribute("s1", WORLD_BALANCE)->value->double_value == 41);
}

// --- events that trigger events ---

static size_t posted(Entry **entries, size_t count, EventPosted **ret)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
			ret[found++] = entries[i]->event_posted;
	return found;
}

static void what_is_triggered_counts_as_an_event_of_its_own(void **state)
{
	(void)state;
	World *world = bank();
	world_suppression(world, "had-it", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(SESSION));
	SnapEvent *bought = world_event(world, "bought", SNAP_ACTION(UNSPECIFIED));
	world_action_trigger(world, bought, "quiet"); // logs nothing: history need not know
	world_action_trigger(world, bought, "accepted");
	world_action_trigger(world, bought, "shown");
	SnapEvent *quiet = world_event(world, "quiet", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, quiet, WORLD_TIER, "'gold'");
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const char *code = code_of("s1", "CARD");
	must_post("s1", "e1", "bought", code);
	assert_true(must_post("s1", "e1", "bought", code)->duplicate);
	assert_false(shows("s1", "CARD"));
	assert_true(in_segment("s1", "gold"));

	Entry **entries;
	EventPosted *events[16];
	size_t count = server_entries(&entries);
	assert_int_equal(posted(entries, count, events), 3);
	assert_string_equal(events[0]->event_id, "e1");
	assert_string_equal(events[0]->cause_event_id, "");
	assert_int_equal(events[0]->n_meanings, 0);
	assert_string_equal(events[1]->event_id, "~e1/2");
	assert_string_equal(events[1]->cause_event_id, "e1");
	assert_string_equal(events[1]->event, "accepted");
	assert_int_equal(events[1]->meanings[0], PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT);
	assert_int_equal(events[1]->n_effects, 1);
	assert_int_equal(events[1]->effects[0]->kind, PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT);
	assert_string_equal(events[1]->effects[0]->offer_code, "CARD");
	assert_string_equal(events[1]->treatment_code, code);
	assert_string_equal(events[2]->event_id, "~e1/3");
	assert_string_equal(events[2]->event, "shown");
}

static void as_many_actions_as_a_snapshot_may_have_are_done(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *wide = world_event(world, "wide", SNAP_ACTION(UNSPECIFIED));
	SnapEvent *many = world_event(world, "many", SNAP_ACTION(UNSPECIFIED));
	for (int i = 0; i < 8; i++)
		world_action_trigger(world, wide, "many");
	for (int i = 0; i < SNAPSHOT_ACTIONS_AT_ONCE / 8 - 1; i++)
		world_action_set(world, many, WORLD_AGE, "age + 1");
	SnapEvent *later = world_event(world, "later", SNAP_ACTION(UNSPECIFIED));
	world_action_trigger(world, later, "wide")->delay_s = 5; // one more
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	assert_int_equal(must_post("s1", "e1", "wide", "")->n_advisories, 0);
	assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 30 + 56);
	must_post("s1", "e2", "later", "");
	server_skip_seconds(6);
	GetProfileResponse *profile = NULL;
	assert_int_equal(get_profile(&server.client, "s1", &profile), OK);
	assert_int_equal(profile->n_advisories, 0);
	assert_int_equal(profile->attributes[WORLD_AGE]->value->int_value, 30 + 2 * 56);
}

static void nobody_can_choose_the_id_of_what_follows(void **state)
{
	(void)state;
	deploy(bank());
	must_start(&server.client, "s1", 1, NULL);
	const char *code = code_of("s1", "CARD");
	assert_refused(
	        post_event(&server.client, new_event(&server.client, "s1", "~e1/1", "shown", code), NULL),
	        (Refusal){ERR_FIELD_INVALID, "event_id"});
	must_post("s1", "e1/1", "shown", code); // this one is the touchpoint's own
}

// --- later ---

static void an_action_can_wait_for_its_time(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *left = world_event(world, "left", SNAP_ACTION(UNSPECIFIED));
	SnapAction *late = world_action(world, left, SNAP_ACTION(LOG_REJECT));
	late->delay_s = 60;
	SnapAction *set = world_action_set(world, left, WORLD_TIER, "'gold'");
	set->delay_s = 120;
	set->condition = world_expression(world, "age > 50"); // as it is then
	world_suppression(world, "not-now", "CARD", SNAP_TRIGGER(REJECT), SNAP_SCOPE(SESSION));
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_post("s1", "e1", "left", code_of("s1", "CARD"));
	server_skip_seconds(59);
	assert_true(shows("s1", "CARD"));
	server_skip_seconds(2);
	assert_false(shows("s1", "CARD"));
	assert_false(in_segment("s1", "gold"));
	PostEventRequest *older = new_event(&server.client, "s1", "e2", "shown", code_of("s1", "SAVINGS"));
	older->parameters[older->n_parameters++] = int_value(&server.client, "age", 60);
	assert_int_equal(post_event(&server.client, older, NULL), OK);
	server_skip_seconds(60);
	assert_true(in_segment("s1", "gold"));

	Entry **entries;
	size_t count = server_entries(&entries);
	const Entry *first = NULL, *second = NULL;
	for (size_t i = 0; i < count; i++) {
		const Entry *entry = entries[i];
		if (entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
			continue;
		if (strcmp(entry->event_posted->event_id, "e1") == 0)
			first = entry;
		if (strcmp(entry->event_posted->event_id, "~e1/1") == 0)
			second = entry;
	}
	assert_int_equal(first->event_posted->n_meanings, 0);
	assert_string_equal(second->event_posted->event, "left");
	assert_string_equal(second->event_posted->cause_event_id, "e1");
	assert_string_equal(second->event_posted->offer_code, "CARD");
	assert_int_equal(
	        second->event_posted->meanings[0], PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_REJECT);
	assert_true(second->context->time_us == first->context->time_us + 60 * US_PER_S); // when it was due
}

static void what_is_due_is_done_though_nobody_calls(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *left = world_event(world, "left", SNAP_ACTION(UNSPECIFIED));
	world_action(world, left, SNAP_ACTION(LOG_CONTACT))->delay_s = 5;
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_start(&server.client, "s2", 2, NULL);
	must_post("s1", "e1", "left", code_of("s1", "CARD"));
	must_post("s2", "e2", "left", code_of("s2", "CARD"));
	assert_int_equal(end_session(&server.client, "s2"), OK); // and with it what waits
	server_pass_seconds(7);
	Entry **entries;
	EventPosted *events[16];
	size_t count = server_entries(&entries);
	assert_int_equal(posted(entries, count, events), 3);
	assert_string_equal(events[2]->event_id, "~e1/1");
}

static void what_the_sweep_could_not_do_is_told_with_the_next_answer(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *left = world_event(world, "left", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, left, WORLD_CHURN, "churn + 0.1")->delay_s = 5; // missing
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_post("s1", "e1", "left", "");
	must_post("s1", "e2", "left", "");
	server_pass_seconds(7);
	assert_refused(post_event(&server.client, new_event(&server.client, "s1", "e3", "nothing", ""), NULL),
	        (Refusal){ERR_EVENT_UNKNOWN, "event"}); // a refusal tells nothing of it
	const PostEventResponse *answer = must_post("s1", "e3", "left", "");
	assert_says(answer, "ACTION_FAILED",
	        "event left, action 1: ATTRIBUTE_MISSING: churn; event left, action 1: ATTRIBUTE_MISSING");
	assert_int_equal(must_post("s1", "e4", "left", "")->n_advisories, 0); // once
	server_pass_seconds(7);
	SetAudienceResponse *changed = NULL; // loads a profile, or would
	assert_int_equal(set_audience(&server.client, new_audience(&server.client, "s1", 1), &changed), OK);
	assert_true(ADVISED(changed, "ACTION_FAILED"));
	assert_int_equal(set_audience(&server.client, new_audience(&server.client, "s1", 1), &changed), OK);
	assert_false(ADVISED(changed, "ACTION_FAILED"));
}

static void what_waits_is_the_visitors_and_not_the_next_ones(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *left = world_event(world, "left", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, left, WORLD_TIER, "'gold'")->delay_s = 5;
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_post("s1", "e1", "left", "");
	assert_int_equal(set_audience(&server.client, new_audience(&server.client, "s1", 1), NULL), OK);
	server_skip_seconds(6);
	assert_true(in_segment("s1", "gold")); // the same visitor still
	must_post("s1", "e2", "left", "");
	assert_int_equal(set_audience(&server.client, new_audience(&server.client, "s1", 2), NULL), OK);
	SetAudienceRequest *request = new_audience(&server.client, "s1", 2);
	request->parameters[request->n_parameters++] = string_value(&server.client, "tier", "basic");
	assert_int_equal(set_audience(&server.client, request, NULL), OK);
	server_skip_seconds(6);
	assert_false(in_segment("s1", "gold"));
}

static void only_so_many_actions_wait(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *left = world_event(world, "left", SNAP_ACTION(UNSPECIFIED));
	for (int i = 0; i < 16; i++)
		world_action_set(world, left, WORLD_AGE, "age + 1")->delay_s = 5;
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	const char *const ids[] = {"e1", "e2", "e3", "e4"};
	for (int i = 0; i < 4; i++)
		assert_int_equal(must_post("s1", ids[i], "left", "")->n_advisories, 0);
	assert_says(
	        must_post("s1", "e5", "left", ""), "ACTION_LIMIT", "too many actions of the session wait");
	server_skip_seconds(6);
	assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 30 + 64);
}

static void what_goes_round_comes_to_an_end(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *round = world_event(world, "round", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, round, WORLD_AGE, "age + 1");
	world_action_trigger(world, round, "round")->delay_s = 1;
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_post("s1", "e1", "round", "");
	server_pass_seconds(30);
	assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 30 + 1 + 8);
}

static void an_action_that_waits_finds_its_event_under_another_snapshot(void **state)
{
	(void)state;
	World *world = bank();
	SnapEvent *left = world_event(world, "left", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, left, WORLD_TIER, "'gold'")->delay_s = 5;
	SnapEvent *gone = world_event(world, "gone", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, gone, WORLD_AGE, "99")->delay_s = 5;
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	must_post("s1", "e1", "left", "");
	must_post("s1", "e2", "gone", "");
	World *next = bank();
	world_event(next, "aaa", SNAP_ACTION(RESEGMENT));
	left = world_event(next, "left", SNAP_ACTION(UNSPECIFIED));
	world_action_set(next, left, WORLD_TIER, "'gold'");
	must_deploy(&server.client, world_finish(next), 3, &server.manifest);
	GetProfileResponse *profile = NULL;
	assert_int_equal(get_profile(&server.client, "s1", &profile), OK);
	assert_true(ADVISED(profile, "ACTION_DROPPED"));
	server_skip_seconds(6);
	assert_true(in_segment("s1", "gold"));
	assert_int_equal(attribute("s1", WORLD_AGE)->value->int_value, 30);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        T(what_was_accepted_is_not_offered_again),
	        T(so_many_contacts_are_enough),
	        T(what_happened_goes_with_the_session_under_another_snapshot),
	        T(a_response_in_another_session_counts_for_who_was_offered_it),
	        T(an_event_logs_an_outcome_by_name),
	        T(an_event_logs_one_outcome_and_what_it_triggers_another),
	        T(an_event_qualifies_offers),
	        T(an_event_suppresses_the_offer_that_it_is_about),
	        T(an_event_sets_attributes_and_segments_follow),
	        T(an_action_that_fails_is_told_and_the_others_are_done),
	        T(conditions_say_what_is_done),
	        T(what_flows_set_is_not_what_was_given),
	        T(what_is_triggered_counts_as_an_event_of_its_own),
	        T(as_many_actions_as_a_snapshot_may_have_are_done),
	        T(nobody_can_choose_the_id_of_what_follows),
	        T(an_action_can_wait_for_its_time),
	        T(what_is_due_is_done_though_nobody_calls),
	        T(what_the_sweep_could_not_do_is_told_with_the_next_answer),
	        T(what_waits_is_the_visitors_and_not_the_next_ones),
	        T(only_so_many_actions_wait),
	        T(what_goes_round_comes_to_an_end),
	        T(an_action_that_waits_finds_its_event_under_another_snapshot),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("events", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
