// Several commands in one round trip: in order, with nobody in between, each with its own result.
#include "server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define WHAT(name)   PARLEY__JOURNAL__V1__ENTRY__WHAT_##name
#define RESULT(name) PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_##name

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

static void add_plain(Client *c, ExecuteBatchRequest *batch, bool end)
{
	if (end)
		BATCH_ADD(batch, END_SESSION,
		        (Parley__Runtime__V1__EndSessionRequest *)message_new(
		                c->arena, MESSAGE_OF(end_session_request)));
	else
		BATCH_ADD(batch, GET_PROFILE,
		        (GetProfileRequest *)message_new(c->arena, MESSAGE_OF(get_profile_request)));
}

static ExecuteBatchResponse *must_batch(Client *c, const ExecuteBatchRequest *batch)
{
	ExecuteBatchResponse *answer = NULL;
	assert_int_equal(execute_batch(c, batch, &answer), OK);
	assert_int_equal(answer->n_results, batch->n_commands);
	return answer;
}

static const char *failure_of(const ExecuteBatchResponse *answer, size_t i)
{
	return answer->results[i]->what_case == RESULT(FAILURE) ? answer->results[i]->failure->reason : "";
}

static void a_visit_takes_two_round_trips(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	ExecuteBatchRequest *batch = new_batch(c, "s1");
	StartSessionRequest *start = new_start(c, "s1", 42);
	start->parameters[start->n_parameters++] = string_value(c, "tier", "gold");
	BATCH_ADD(batch, START_SESSION, start);
	SetDebugRequest *debug = message_new(c->arena, MESSAGE_OF(set_debug_request));
	debug->debug = true;
	BATCH_ADD(batch, SET_DEBUG, debug);
	BATCH_ADD(batch, GET_OFFERS, new_offers(c, "s1", "home-banner", 1));
	add_plain(c, batch, false);
	ExecuteBatchResponse *answer = must_batch(c, batch);
	assert_int_equal(answer->results[0]->start_session->n_segments, 2);
	assert_true(ADVISED(answer->results[0]->start_session, "PROFILE_UNAVAILABLE"));
	PointOffers *point = answer->results[2]->get_offers->points[0];
	assert_string_equal(point->offers[0]->offer_code, "TRAVEL");
	assert_true(point->n_candidates > 0);
	assert_string_equal(answer->results[3]->get_profile->audience_id, "42");

	batch = new_batch(c, "s1");
	const char *code = point->offers[0]->treatment_code;
	BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e2", "accepted", code));
	BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	add_plain(c, batch, true);
	add_plain(c, batch, false);
	answer = must_batch(c, batch);
	assert_false(answer->results[0]->post_event->duplicate);
	assert_false(answer->results[1]->post_event->duplicate);
	assert_true(answer->results[2]->post_event->duplicate);
	assert_int_equal(answer->results[3]->what_case, RESULT(END_SESSION));
	assert_string_equal(failure_of(answer, 4), "SESSION_UNKNOWN");
	assert_int_equal(end_session(c, "s1"), ERR_SESSION_UNKNOWN);
	assert_int_equal(server_entries(&entries), 5);
	assert_int_equal(entries[2]->what_case, WHAT(EVENT_POSTED));
	assert_string_equal(entries[3]->event_posted->event_id, "e2");
	assert_int_equal(entries[4]->what_case, WHAT(SESSION_ENDED));
}

static void a_refused_command_stops_the_rest_only_if_told_to(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
	for (int stop = 0; stop < 2; stop++) {
		ExecuteBatchRequest *batch = new_batch(c, "s1");
		batch->stop_on_error = stop;
		add_plain(c, batch, false);
		GetOffersRequest *none = new_offers(c, "s1", "home-banner", 1);
		none->n_points = 0;
		BATCH_ADD(batch, GET_OFFERS, none);
		BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e1", "nothing", ""));
		BATCH_ADD(batch, GET_OFFERS, new_offers(c, "s1", "home-banner", 1));
		ExecuteBatchResponse *answer = must_batch(c, batch);
		assert_string_equal(failure_of(answer, 0), "");
		assert_string_equal(failure_of(answer, 1), "FIELD_MISSING");
		assert_string_equal(answer->results[1]->failure->field, "points");
		assert_int_equal(answer->results[1]->failure->code, 3);
		assert_string_equal(failure_of(answer, 2), stop ? "CANCELLED" : "EVENT_UNKNOWN");
		assert_string_equal(failure_of(answer, 3), stop ? "CANCELLED" : "");
	}
}

static void a_start_that_is_refused_leaves_no_session(void **state)
{
	(void)state;
	Client *c = &server.client;
	ExecuteBatchRequest *batch = new_batch(c, "s1");
	StartSessionRequest *start = new_start(c, "s1", 1);
	start->audience->level = (char *)"household";
	BATCH_ADD(batch, START_SESSION, start);
	add_plain(c, batch, false);
	ExecuteBatchResponse *answer = must_batch(c, batch);
	assert_string_equal(failure_of(answer, 0), "AUDIENCE_INVALID");
	assert_string_equal(failure_of(answer, 1), "SESSION_UNKNOWN");
	assert_refused(get_profile(c, "s1", NULL), (Refusal){ERR_SESSION_UNKNOWN, ""});
}

static void a_batch_has_one_number(void **state)
{
	(void)state;
	Client *c = &server.client;
	ExecuteBatchRequest *batch = new_batch(c, "s1");
	BATCH_ADD(batch, START_SESSION, new_start(c, "s1", 1));
	batch->sequence = 4;
	must_batch(c, batch);
	batch = new_batch(c, "s1");
	add_plain(c, batch, false);
	batch->sequence = 4;
	assert_refused(execute_batch(c, batch, NULL), (Refusal){ERR_SEQUENCE_PASSED, "sequence"});
	batch->sequence = 7;
	assert_true(ADVISED(must_batch(c, batch), "SEQUENCE_GAP"));
}

typedef struct Signer {
	Client client;
	int64_t customer;
} Signer;

// Each signs in and looks who it is: nobody may come in between.
static void *sign_in(void *context)
{
	Signer *signer = context;
	Client *c = &signer->client;
	char id[24];
	snprintf(id, sizeof id, "%d", (int)signer->customer);
	for (int i = 0; i < 30; i++) {
		ExecuteBatchResponse *answer = NULL;
		ExecuteBatchRequest *batch = new_batch(c, "s1");
		BATCH_ADD(batch, SET_AUDIENCE, new_audience(c, "s1", signer->customer));
		BATCH_ADD(batch, GET_OFFERS, new_offers(c, "s1", "home-banner", 1));
		add_plain(c, batch, false);
		if (execute_batch(c, batch, &answer) != OK || failure_of(answer, 2)[0] != '\0' ||
		        strcmp(answer->results[2]->get_profile->audience_id, id) != 0)
			return context;
	}
	return NULL;
}

static void nobody_comes_in_between(void **state)
{
	enum { THREADS = 4 };
	(void)state;
	Signer signers[THREADS];
	pthread_t threads[THREADS];
	must_start(&server.client, "s1", 1, NULL);
	for (int i = 0; i < THREADS; i++) {
		signers[i] = (Signer){client_new(server.port, NULL, NULL), 100 + i};
		assert_int_equal(pthread_create(&threads[i], NULL, sign_in, &signers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *wrong = NULL;
		pthread_join(threads[i], &wrong);
		client_free(&signers[i].client);
		assert_null(wrong);
	}
}

static void wrong_batches_are_refused_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		ExecuteBatchRequest *r = new_batch(c, "s1");                                                 \
		add_plain(c, r, false);                                                                      \
		change;                                                                                      \
		assert_refused(execute_batch(c, r, NULL), (Refusal){ERR_##reason, path});                    \
	} while (0)
	REFUSED(FIELD_MISSING, "session_id", r->session_id = (char *)"");
	REFUSED(SESSION_UNKNOWN, "", r->session_id = (char *)"s2");
	REFUSED(FIELD_MISSING, "commands", r->n_commands = 0);
	REFUSED(FIELD_INVALID, "commands", while (r->n_commands < 17) add_plain(c, r, false));
	REFUSED(FIELD_MISSING, "commands[1]", r->n_commands = 2);
	REFUSED(FIELD_INVALID, "commands[1]", BATCH_ADD(r, START_SESSION, new_start(c, "s1", 1)));
	REFUSED(FIELD_INVALID, "commands[0]", r->commands[0]->get_profile->session_id = (char *)"s2");
	REFUSED(FIELD_INVALID, "commands[0]", r->commands[0]->get_profile->sequence = 1);
#undef REFUSED
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(a_visit_takes_two_round_trips),
	        STORY(a_refused_command_stops_the_rest_only_if_told_to),
	        STORY(a_start_that_is_refused_leaves_no_session),
	        STORY(a_batch_has_one_number),
	        STORY(nobody_comes_in_between),
	        STORY(wrong_batches_are_refused_by_field),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime batches", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
