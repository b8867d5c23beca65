// recommend: a visit in one call, without a session.
#include "server.h"

#define WHAT(name)   PARLEY__JOURNAL__V1__ENTRY__WHAT_##name
#define RESULT(name) PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_##name

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

static RecommendResponse *must_recommend(Client *c, const RecommendRequest *request)
{
	RecommendResponse *answer = NULL;
	assert_int_equal(recommend(c, request, &answer), OK);
	return answer;
}

static const char *failure_of(const BatchResult *result)
{
	return result->what_case == RESULT(FAILURE) ? result->failure->reason : "";
}

static void a_visit_takes_one_call(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	RecommendRequest *request = new_recommend(c, 42, "home-banner", 2);
	request->parameters[request->n_parameters++] = string_value(c, "tier", "gold");
	RecommendResponse *answer = must_recommend(c, request);
	assert_int_equal(answer->n_segments, 2);
	assert_true(listed(answer->segments, answer->n_segments, "gold"));
	assert_int_equal(answer->snapshot->version, 1);
	assert_true(ADVISED(answer, "PROFILE_UNAVAILABLE"));
	assert_int_equal(answer->n_points, 1);
	assert_int_equal(answer->points[0]->n_offers, 2);
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "TRAVEL");
	assert_int_equal(answer->points[0]->n_candidates, 0);
	request->explain = true;
	assert_true(must_recommend(c, request)->points[0]->n_candidates > 0);

	// The history has two whole sessions, of different IDs that no touchpoint can choose.
	assert_int_equal(server_entries(&entries), 6);
	assert_int_equal(entries[0]->what_case, WHAT(SESSION_STARTED));
	assert_int_equal(entries[0]->session_started->n_segments, 2);
	assert_int_equal(entries[1]->what_case, WHAT(RECOMMENDATION));
	assert_int_equal(entries[1]->recommendation->n_offers, 2);
	assert_int_equal(entries[2]->what_case, WHAT(SESSION_ENDED));
	assert_string_equal(entries[2]->session_ended->cause, "ended");
	for (int i = 0; i < 6; i++) {
		assert_string_equal(entries[i]->context->audience_id, "42");
		assert_int_equal(entries[i]->context->session_id[0], '~');
		assert_string_equal(entries[i]->context->session_id, entries[i / 3 * 3]->context->session_id);
	}
	assert_string_not_equal(entries[0]->context->session_id, entries[3]->context->session_id);
}

static void its_session_is_nobody_elses(void **state)
{
	(void)state;
	Client *c = &server.client;
	ExecuteBatchRequest *batch = new_batch(c, "~0");
	BATCH_ADD(batch, START_SESSION, new_start(c, "~0", 1));
	assert_refused(
	        start_session(c, new_start(c, "~0", 1), NULL), (Refusal){ERR_FIELD_INVALID, "session_id"});
	assert_refused(execute_batch(c, batch, NULL), (Refusal){ERR_FIELD_INVALID, "session_id"});
}

static void sessions_do_not_pile_up(void **state)
{
	(void)state;
	Client *c = &server.client;
	server_tear_down(NULL);
	server_start(NULL, 1); // session at a time
	for (int i = 0; i < 10; i++)
		must_recommend(c, new_recommend(c, i, "home-side", 1));
	must_start(c, "s1", 1, NULL);
	RecommendResponse *answer = NULL;
	assert_int_equal(recommend(c, new_recommend(c, 1, "home-side", 1), &answer), ERR_LIMIT);
}

static void a_refused_event_does_not_refuse_the_visit(void **state)
{
	(void)state;
	Client *c = &server.client;
	RecommendRequest *request = new_recommend(c, 1, "home-banner", 1);
	recommend_event(c, request, "e1", "nothing", "");
	recommend_event(c, request, "e2", "shown", "");
	RecommendResponse *answer = must_recommend(c, request);
	assert_int_equal(answer->n_events, 2);
	assert_string_equal(failure_of(answer->events[0]), "EVENT_UNKNOWN");
	assert_string_equal(failure_of(answer->events[1]), "TREATMENT_MISSING");
	assert_int_equal(answer->points[0]->n_offers, 1);
}

static void events_come_first_and_count_once(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	RecommendRequest *request = new_recommend(c, 42, "home-banner", 1);
	const char *code = must_recommend(c, request)->points[0]->offers[0]->treatment_code;
	request = new_recommend(c, 42, "home-banner", 1);
	recommend_event(c, request, "e1", "shown", code);
	recommend_event(c, request, "e2", "accepted", code);
	recommend_event(c, request, "e1", "shown", code);
	RecommendResponse *answer = must_recommend(c, request);
	assert_false(answer->events[0]->post_event->duplicate);
	assert_false(answer->events[1]->post_event->duplicate);
	assert_true(answer->events[2]->post_event->duplicate);
	assert_int_equal(answer->points[0]->n_offers, 1);
	must_start(c, "s1", 7, NULL); // quoted by a session of another visitor, it counts for the first
	assert_int_equal(post_event(c, new_event(c, "s1", "e3", "rejected", code), NULL), OK);
	request = new_recommend(c, 42, "home-banner", 1);
	request->n_points = 0;
	recommend_event(
	        c, request, "e4", "shown", must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code);
	answer = must_recommend(c, request);
	assert_int_equal(answer->n_points, 0);
	assert_string_equal(failure_of(answer->events[0]), "");
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, WHAT(EVENT_POSTED)), 4);
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == WHAT(EVENT_POSTED) &&
		        strcmp(entries[i]->event_posted->event_id, "e3") == 0)
			assert_string_equal(entries[i]->event_posted->treatment_audience_id, "42");
}

static void what_if_leaves_no_trace(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	Parley__Runtime__V1__WhatIf what_if = PARLEY__RUNTIME__V1__WHAT_IF__INIT;
	NamedValue *gold = string_value(c, "tier", "gold");
	RecommendRequest *request = new_recommend(c, 42, "home-banner", 1);
	what_if.attributes = &gold;
	what_if.n_attributes = 1;
	request->what_if = &what_if;
	RecommendResponse *answer = must_recommend(c, request);
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "TRAVEL");
	assert_true(ADVISED(answer, "WHAT_IF"));
	assert_int_equal(server_entries(&entries), 0);
}

static void what_is_wrong_is_told_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	Parley__Runtime__V1__WhatIf what_if = PARLEY__RUNTIME__V1__WHAT_IF__INIT;
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		RecommendRequest *r = new_recommend(c, 1, "home-banner", 1);                                 \
		change;                                                                                      \
		assert_refused(recommend(c, r, NULL), (Refusal){ERR_##reason, path});                        \
	} while (0)
	REFUSED(FIELD_MISSING, "channel", r->channel = (char *)"");
	REFUSED(CHANNEL_NOT_DEPLOYED, "channel", r->channel = (char *)"shop");
	REFUSED(AUDIENCE_INVALID, "audience.level", r->audience->level = (char *)"household");
	REFUSED(ATTRIBUTE_UNKNOWN, "parameters[0].name",
	        r->parameters[r->n_parameters++] = string_value(c, "colour", "red"));
	REFUSED(FIELD_MISSING, "points", r->n_points = 0);
	REFUSED(FIELD_INVALID, "points", r->n_points = 17);
	REFUSED(FIELD_MISSING, "events[0].event_id", recommend_event(c, r, "", "shown", ""));
	REFUSED(FIELD_MISSING, "events[0].event", recommend_event(c, r, "e1", "", ""));
	REFUSED(FIELD_INVALID, "events", while (r->n_events < 16) recommend_event(c, r, "e1", "shown", ""));
	REFUSED(FIELD_INVALID, "what_if", r->what_if = &what_if; recommend_event(c, r, "e1", "shown", ""));
#undef REFUSED
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(a_visit_takes_one_call),
	        STORY(its_session_is_nobody_elses),
	        STORY(sessions_do_not_pile_up),
	        STORY(a_refused_event_does_not_refuse_the_visit),
	        STORY(events_come_first_and_count_once),
	        STORY(what_if_leaves_no_trace),
	        STORY(what_is_wrong_is_told_by_field),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime recommend", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
