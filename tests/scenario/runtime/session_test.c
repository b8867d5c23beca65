// What a session is beside offers and events: whose it is, what is known of the visitor, the order of its
// calls.
#include "server.h"

#include <stdio.h>
#include <stdlib.h>

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

#define SOURCE(name) PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_##name
#define WHAT(name)   PARLEY__JOURNAL__V1__ENTRY__WHAT_##name

static GetProfileResponse *must_profile(Client *c, const char *session)
{
	GetProfileResponse *answer = NULL;
	assert_int_equal(get_profile(c, session, &answer), OK);
	return answer;
}

// --- getProfile ---

static void the_profile_tells_values_and_where_they_came_from(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 42, string_value(c, "tier", "gold"));
	GetProfileResponse *profile = must_profile(c, "s1");
	assert_string_equal(profile->audience_level, "customer");
	assert_string_equal(profile->audience_id, "42");
	assert_int_equal(profile->snapshot->version, 1);
	assert_int_equal(profile->n_segments, 2);
	assert_int_equal(profile->n_attributes, WORLD_ATTRIBUTES);
	ProfileAttribute **attributes = profile->attributes;
	assert_string_equal(attributes[WORLD_AGE]->name, "age");
	assert_int_equal(attributes[WORLD_AGE]->value->int_value, 30);
	assert_int_equal(attributes[WORLD_AGE]->source, SOURCE(DEFAULT));
	assert_string_equal(attributes[WORLD_TIER]->value->string_value, "gold");
	assert_int_equal(attributes[WORLD_TIER]->source, SOURCE(SESSION));
	assert_int_equal(attributes[WORLD_TAGS]->value->strings_value->n_values, 0);
	assert_null(attributes[WORLD_JOINED]->value); // missing, and no default
	assert_int_equal(attributes[WORLD_JOINED]->source, SOURCE(DEFAULT));
}

static void the_profile_follows_what_calls_set(void **state)
{
	(void)state;
	Client *c = &server.client;
	StartSessionRequest *start = new_start(c, "s1", 1);
	NamedValue *tags = string_value(c, "tags", ""), *balance = double_value(c, "balance", 0);
	StringList list = PARLEY__RUNTIME__V1__STRING_LIST__INIT;
	list.n_values = 2;
	list.values = (char *[]){(char *)"a", (char *)"b"};
	tags->value->kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_STRINGS_VALUE;
	tags->value->strings_value = &list;
	balance->value = NULL; // the touchpoint knows that there is none
	start->parameters[start->n_parameters++] = tags;
	start->parameters[start->n_parameters++] = balance;
	assert_int_equal(start_session(c, start, NULL), OK);
	must_start(c, "s1", 1, int_value(c, "age", 12));
	GetProfileResponse *profile = must_profile(c, "s1");
	assert_int_equal(profile->n_segments, 0);
	assert_int_equal(profile->attributes[WORLD_AGE]->value->int_value, 12);
	assert_int_equal(profile->attributes[WORLD_TAGS]->value->strings_value->n_values, 2);
	assert_string_equal(profile->attributes[WORLD_TAGS]->value->strings_value->values[1], "b");
	assert_int_equal(profile->attributes[WORLD_TAGS]->source, SOURCE(SESSION));
	assert_null(profile->attributes[WORLD_BALANCE]->value);
	assert_int_equal(profile->attributes[WORLD_BALANCE]->source, SOURCE(SESSION));
	assert_refused(get_profile(c, "s2", NULL), (Refusal){ERR_SESSION_UNKNOWN, ""});
	assert_refused(get_profile(c, "", NULL), (Refusal){ERR_FIELD_MISSING, "session_id"});
}

static void origins_outlive_a_snapshot(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, double_value(c, "churn", 0.5));
	World *next = world_bank(c->arena);
	world_rule(next, "more", NULL, "home", "CARD", 1);
	must_deploy(c, world_finish(next), 2, &server.manifest);
	GetProfileResponse *profile = must_profile(c, "s1");
	assert_int_equal(profile->snapshot->version, 2);
	assert_true(ADVISED(profile, "SNAPSHOT_CHANGED"));
	assert_int_equal(profile->attributes[WORLD_CHURN]->source, SOURCE(SESSION));
	assert_true(profile->attributes[WORLD_CHURN]->value->double_value == 0.5);
	assert_int_equal(profile->attributes[WORLD_TIER]->source, SOURCE(DEFAULT));
}

// --- setAudience ---

// The bank with a second level: visitors by cookie, whose tier a session may set, whose age it may not, and
// whose churn is text.
static Snapshot *bank_with_visitors(Client *c)
{
	Snapshot *snapshot = world_finish(world_bank(c->arena));
	const Level *customer = snapshot->audience_levels[0];
	Level *visitor = ARENA_NEW(c->arena, Level);
	*visitor = *customer;
	visitor->name = (char *)"visitor";
	visitor->profile_table = (char *)"";
	visitor->keys = ARENA_ARRAY(c->arena, Parley__Snapshot__V1__AudienceKey *, 1);
	visitor->keys[0] = ARENA_NEW(c->arena, Parley__Snapshot__V1__AudienceKey);
	*visitor->keys[0] = *customer->keys[0];
	visitor->keys[0]->name = (char *)"cookie";
	visitor->keys[0]->type = PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING;
	visitor->attributes = ARENA_ARRAY(c->arena, Parley__Snapshot__V1__Attribute *, 3);
	visitor->n_attributes = 3;
	const int from[] = {WORLD_AGE, WORLD_TIER, WORLD_CHURN};
	for (size_t i = 0; i < 3; i++) {
		visitor->attributes[i] = ARENA_NEW(c->arena, Parley__Snapshot__V1__Attribute);
		*visitor->attributes[i] = *customer->attributes[from[i]];
	}
	visitor->attributes[0]->session_settable = false;
	visitor->attributes[2]->type = PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING;
	Level **levels = ARENA_ARRAY(c->arena, Level *, 2);
	levels[0] = snapshot->audience_levels[0];
	levels[1] = visitor;
	snapshot->audience_levels = levels;
	snapshot->n_audience_levels = 2;
	return snapshot;
}

static void a_visitor_signs_in_and_the_session_goes_on(void **state)
{
	(void)state;
	Client *c = &server.client;
	SetAudienceResponse *changed = NULL;
	Entry **entries;
	must_start(c, "s1", 1, string_value(c, "tier", "gold"));
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	SetAudienceRequest *request = new_audience(c, "s1", 2);
	request->parameters[request->n_parameters++] = double_value(c, "balance", 20000);
	assert_int_equal(set_audience(c, request, &changed), OK);
	assert_true(ADVISED(changed, "PROFILE_UNAVAILABLE"));
	assert_false(ADVISED(changed, "ATTRIBUTE_DROPPED"));
	assert_int_equal(changed->n_segments, 3); // still gold, and rich now
	assert_true(listed(changed->segments, 3, "gold") && listed(changed->segments, 3, "rich"));
	GetProfileResponse *profile = must_profile(c, "s1");
	assert_string_equal(profile->audience_id, "2");
	assert_int_equal(profile->attributes[WORLD_BALANCE]->source, SOURCE(SESSION));
	// What was shown before the sign-in may be answered after it, by whom the session is about now.
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "accepted", code), NULL), OK);
	assert_true(must_start(c, "s1", 2, NULL)->resumed);
	assert_int_equal(start_session(c, new_start(c, "s1", 1), NULL), ERR_SESSION_CONFLICT);

	assert_int_equal(server_entries(&entries), 5);
	assert_int_equal(entries[2]->what_case, WHAT(SESSION_ENDED));
	assert_string_equal(entries[2]->session_ended->cause, "audience");
	assert_string_equal(entries[2]->context->audience_id, "1");
	assert_int_equal(entries[3]->what_case, WHAT(SESSION_STARTED));
	assert_string_equal(entries[3]->context->audience_id, "2");
	assert_string_equal(entries[3]->context->session_id, "s1");
	assert_string_equal(entries[3]->session_started->keys[0]->value, "2");
	assert_int_equal(entries[3]->session_started->n_segments, 3);
	assert_string_equal(entries[4]->context->audience_id, "2");
	assert_string_equal(entries[4]->event_posted->offer_code, "TRAVEL");
}

static void only_what_the_new_level_lets_a_session_set_is_kept(void **state)
{
	(void)state;
	Client *c = &server.client;
	SetAudienceResponse *changed = NULL;
	Entry **entries;
	must_deploy(c, bank_with_visitors(c), 2, &server.manifest);
	StartSessionRequest *start = new_start(c, "s1", 1);
	start->parameters[start->n_parameters++] = int_value(c, "age", 12);
	start->parameters[start->n_parameters++] = string_value(c, "tier", "gold");
	start->parameters[start->n_parameters++] = double_value(c, "churn", 0.5);
	assert_int_equal(start_session(c, start, NULL), OK);
	SetAudienceRequest *request = new_audience(c, "s1", 0);
	request->audience->level = (char *)"visitor";
	request->audience->keys[0] = string_value(c, "cookie", "x|y");
	assert_int_equal(set_audience(c, request, &changed), OK);
	assert_true(ADVISED(changed, "ATTRIBUTE_DROPPED"));
	assert_false(ADVISED(changed, "PROFILE_UNAVAILABLE")); // the level has no table
	assert_int_equal(changed->n_segments, 0);              // they are all of the other level
	GetProfileResponse *profile = must_profile(c, "s1");
	assert_string_equal(profile->audience_level, "visitor");
	assert_string_equal(profile->audience_id, "x|y");
	assert_int_equal(profile->n_attributes, 3);
	assert_int_equal(profile->attributes[0]->value->int_value, 30);
	assert_int_equal(profile->attributes[0]->source, SOURCE(DEFAULT));
	assert_string_equal(profile->attributes[1]->value->string_value, "gold");
	assert_int_equal(profile->attributes[1]->source, SOURCE(SESSION));
	assert_null(profile->attributes[2]->value);
	assert_int_equal(set_audience(c, new_audience(c, "s1", 3), &changed), OK); // and back
	assert_true(listed(changed->segments, changed->n_segments, "gold"));
	size_t count = server_entries(&entries);
	assert_int_equal(count, 5);
	assert_string_equal(entries[1]->context->audience_level, "customer");
	assert_string_equal(entries[2]->session_started->profile, "none");
	assert_string_equal(entries[3]->context->audience_level, "visitor");
	assert_string_equal(entries[3]->context->audience_id, "x|y");
}

static void wrong_audiences_are_refused_and_change_nothing(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 1, NULL);
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		SetAudienceRequest *r = new_audience(c, "s1", 2);                                            \
		change;                                                                                      \
		assert_refused(set_audience(c, r, NULL), (Refusal){ERR_##reason, path});                     \
	} while (0)
	REFUSED(FIELD_MISSING, "session_id", r->session_id = (char *)"");
	REFUSED(SESSION_UNKNOWN, "", r->session_id = (char *)"s2");
	REFUSED(FIELD_MISSING, "audience.level", r->audience = NULL);
	REFUSED(AUDIENCE_INVALID, "audience.level", r->audience->level = (char *)"household");
	REFUSED(AUDIENCE_INVALID, "audience.keys", r->audience->n_keys = 0);
	REFUSED(ATTRIBUTE_UNKNOWN, "parameters[0].name",
	        r->parameters[r->n_parameters++] = int_value(c, "agge", 1));
#undef REFUSED
	assert_string_equal(must_profile(c, "s1")->audience_id, "1");
	assert_int_equal(server_entries(&entries), 1);
}

// --- setDebug ---

static void debugging_makes_every_answer_explain(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
	assert_int_equal(must_offer(c, "s1", "home-banner", 1)->n_candidates, 0);
	assert_int_equal(set_debug(c, "s1", true), OK);
	assert_true(must_profile(c, "s1")->debug);
	assert_true(must_offer(c, "s1", "home-banner", 1)->n_candidates > 0);
	assert_int_equal(set_audience(c, new_audience(c, "s1", 2), NULL), OK);
	assert_true(
	        must_offer(c, "s1", "home-banner", 1)->n_candidates > 0); // the session's, not the visitor's
	assert_int_equal(set_debug(c, "s1", false), OK);
	assert_int_equal(must_offer(c, "s1", "home-banner", 1)->n_candidates, 0);
	assert_refused(set_debug(c, "s2", true), (Refusal){ERR_SESSION_UNKNOWN, ""});
}

// --- sequence numbers ---

static Err offers_numbered(Client *c, uint64_t sequence, GetOffersResponse **ret)
{
	GetOffersRequest *request = new_offers(c, "s1", "home-banner", 1);
	request->sequence = sequence;
	return get_offers(c, request, ret);
}

static void numbered_calls_keep_their_order(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetOffersResponse *answer = NULL;
	StartSessionRequest *start = new_start(c, "s1", 1);
	start->sequence = 7;
	assert_int_equal(start_session(c, start, NULL), OK);
	assert_int_equal(offers_numbered(c, 8, &answer), OK);
	assert_false(ADVISED(answer, "SEQUENCE_GAP"));
	assert_refused(offers_numbered(c, 8, NULL), (Refusal){ERR_SEQUENCE_PASSED, "sequence"});
	assert_refused(offers_numbered(c, 3, NULL), (Refusal){ERR_SEQUENCE_PASSED, "sequence"});
	assert_int_equal(offers_numbered(c, 12, &answer), OK);
	assert_true(ADVISED(answer, "SEQUENCE_GAP"));
	assert_non_null(strstr(answer->advisories[0]->message, "9 would be next"));
	assert_int_equal(offers_numbered(c, 0, &answer), OK); // not numbered
	assert_int_equal(offers_numbered(c, 13, &answer), OK);
	assert_false(ADVISED(answer, "SEQUENCE_GAP"));
	SetAudienceRequest *audience = new_audience(c, "s1", 2);
	audience->sequence = 14;
	assert_int_equal(set_audience(c, audience, NULL), OK);
	assert_refused(set_audience(c, audience, NULL), (Refusal){ERR_SEQUENCE_PASSED, "sequence"});
	assert_int_equal(offers_numbered(c, UINT64_MAX, NULL), OK);
	assert_refused(offers_numbered(c, UINT64_MAX, NULL), (Refusal){ERR_SEQUENCE_PASSED, "sequence"});
	start = new_start(c, "s1", 2);
	start->sequence = 1;
	assert_int_equal(start_session(c, start, NULL), OK); // a touchpoint that begins again
	assert_int_equal(offers_numbered(c, 2, &answer), OK);
	assert_false(ADVISED(answer, "SEQUENCE_GAP"));
}

static void a_refused_call_has_not_taken_its_number(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
	assert_int_equal(offers_numbered(c, 1, NULL), OK);
	PostEventRequest *event = new_event(c, "s1", "e1", "nothing", "");
	event->sequence = 2;
	assert_refused(post_event(c, event, NULL), (Refusal){ERR_EVENT_UNKNOWN, "event"});
	assert_int_equal(offers_numbered(c, 2, NULL), OK);
}

static void an_event_may_come_again_with_its_number(void **state)
{
	(void)state;
	Client *c = &server.client;
	PostEventResponse *answer = NULL;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	PostEventRequest *event = new_event(c, "s1", "e1", "shown", code);
	event->sequence = 5;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post_event(c, event, &answer), OK);
		assert_int_equal(answer->duplicate, i > 0);
	}
	event->event_id = (char *)"e2";
	assert_refused(post_event(c, event, NULL), (Refusal){ERR_SEQUENCE_PASSED, "sequence"});
	event->sequence = 9;
	assert_int_equal(post_event(c, event, &answer), OK);
	assert_true(ADVISED(answer, "SEQUENCE_GAP"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(the_profile_tells_values_and_where_they_came_from),
	        STORY(the_profile_follows_what_calls_set),
	        STORY(origins_outlive_a_snapshot),
	        STORY(a_visitor_signs_in_and_the_session_goes_on),
	        STORY(only_what_the_new_level_lets_a_session_set_is_kept),
	        STORY(wrong_audiences_are_refused_and_change_nothing),
	        STORY(debugging_makes_every_answer_explain),
	        STORY(numbered_calls_keep_their_order),
	        STORY(a_refused_call_has_not_taken_its_number),
	        STORY(an_event_may_come_again_with_its_number),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime sessions", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
