// Calls whose deadline is too short: the default content in time instead of offers too late. Somebody has the
// session, as a start that loads a profile would; the calls come over real connections.
#include "server.h"
#include "service/turn.h"
#include "wire/wire.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

// --- having the session ---

static _Atomic(Session *) held;

static void hold(SessionWaiter *waiter, Err result, Session *session)
{
	(void)waiter;
	assert_int_equal(result, OK);
	atomic_store(&held, session);
}

static void take_session(const char *id)
{
	static SessionWaiter waiter;
	waiter = (SessionWaiter){.run = hold};
	atomic_store(&held, NULL);
	session_enter(server.service->sessions, str(id), &waiter);
	while (atomic_load(&held) == NULL) // the last call on it may just be leaving
		sched_yield();
}

static void give_back(void)
{
	session_leave(server.service->sessions, held, atomic_load(&server.steady_us));
}

// --- calls with a deadline ---

static Err call_within(int timeout_ms, const char *method, const ProtobufCMessage *request, void *ret)
{
	ProtobufCMessage *answer = NULL;
	Err e = rpc_call(server.client.rpc, &parley__runtime__v1__interaction_service__descriptor, method,
	        request, timeout_ms, server.client.arena, &answer);
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	*(ProtobufCMessage **)ret = answer;
	return e;
}

static Err ask_within(int timeout_ms, const GetOffersRequest *request, GetOffersResponse **ret)
{
	return call_within(timeout_ms, "GetOffers", &request->base, ret);
}

static void whoever_waits_for_a_session_gets_the_default_content_in_time(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetOffersResponse *answer = NULL;
	GetOffersRequest *request = new_offers(c, "s1", "home-banner", 2);
	request->n_points = 2;
	request->points[1]->interaction_point = (char *)"nowhere";
	request->sequence = 7;
	must_start(c, "s1", 1, NULL);
	take_session("s1");
	uint64_t recorded = journal_appended(server.journal);
	assert_int_equal(ask_within(6000, request, &answer), OK); // late, it would be TIMEOUT
	assert_true(ADVISED(answer, "DEADLINE_TOO_SHORT"));
	assert_string_equal(answer->points[0]->default_content, "welcome");
	assert_int_equal(answer->points[0]->n_offers, 0);
	assert_true(ADVISED(answer->points[1], "POINT_UNKNOWN"));
	assert_int_equal(answer->snapshot->version, 1);
	assert_int_equal(journal_appended(server.journal), recorded);
	give_back();
	assert_int_equal(ask_within(20000, request, &answer), OK); // its number was not taken
	assert_false(ADVISED(answer, "DEADLINE_TOO_SHORT"));
	assert_int_equal(answer->points[0]->n_offers, 2);
}

// What of a batch can be told in time is, and nothing of it is done.
static void a_batch_that_waits_tells_the_default_content_in_time(void **state)
{
	(void)state;
	Client *c = &server.client;
	ExecuteBatchResponse *answer = NULL;
	must_start(c, "s1", 1, NULL);
	char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	ExecuteBatchRequest *batch = new_batch(c, "s1");
	batch->sequence = 7;
	BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	BATCH_ADD(batch, GET_OFFERS, new_offers(c, "s1", "home-banner", 1));
	take_session("s1");
	uint64_t recorded = journal_appended(server.journal);
	assert_int_equal(call_within(6000, "ExecuteBatch", &batch->base, &answer), OK);
	assert_string_equal(answer->results[0]->failure->reason, "TIMEOUT");
	const GetOffersResponse *offers = answer->results[1]->get_offers;
	assert_true(ADVISED(offers, "DEADLINE_TOO_SHORT"));
	assert_string_equal(offers->points[0]->default_content, "welcome");
	assert_int_equal(journal_appended(server.journal), recorded);
	give_back();
	assert_int_equal(call_within(20000, "ExecuteBatch", &batch->base, &answer), OK); // the same again
	assert_false(answer->results[0]->post_event->duplicate);
	assert_false(ADVISED(answer->results[1]->get_offers, "DEADLINE_TOO_SHORT"));
}

static void a_batch_with_nothing_to_tell_is_refused_before_anything_is_done(void **state)
{
	(void)state;
	Client *c = &server.client;
	ExecuteBatchResponse *answer = NULL;
	must_start(c, "s1", 1, NULL);
	char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	ExecuteBatchRequest *batch = new_batch(c, "s1");
	BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	take_session("s1");
	assert_int_equal(call_within(6000, "ExecuteBatch", &batch->base, &answer), ERR_TIMEOUT);
	assert_non_null(strstr(err_detail()->message, "nothing was done")); // the server's own words
	give_back();
	assert_int_equal(call_within(20000, "ExecuteBatch", &batch->base, &answer), OK);
	assert_false(answer->results[0]->post_event->duplicate);
}

typedef struct Answered {
	Reply reply; // first
	int times;
	Err result;
	bool advised;
	size_t offers;
	char content[32];
} Answered;

// As its caller would read it.
static GetOffersResponse *received(const ProtobufCMessage *response)
{
	Arena *arena = server.client.arena;
	ProtobufCMessage *got = NULL;
	Str packed;
	assert_int_equal(wire_pack(response, arena, &packed), OK);
	assert_int_equal(wire_unpack(response->descriptor, packed, 0, arena, &got), OK);
	return (GetOffersResponse *)got;
}

static void note(Reply *reply, Err result, const void *response)
{
	Answered *answered = (Answered *)reply;
	answered->times++;
	answered->result = result;
	if (result != OK)
		return;
	const GetOffersResponse *out = received(response);
	answered->advised = ADVISED(out, "DEADLINE_TOO_SHORT");
	answered->offers = out->points[0]->n_offers;
	snprintf(answered->content, sizeof answered->content, "%s", out->points[0]->default_content);
}

static Answered turn_with(int64_t left_us, const GetOffersRequest *request)
{
	Answered answered = {.reply.send = note};
	Arena *arena = arena_new(16 * 1024, 0);
	int64_t now_us = monotonic_us();
	turn_begin(server.service, &(TurnCall){.reply = &answered.reply,
	                                   .arena = arena,
	                                   .command = &get_offers_command,
	                                   .request = request,
	                                   .session_id = request->session_id,
	                                   .begun_us = now_us,
	                                   .deadline_us = now_us + left_us});
	assert_int_equal(answered.times, 1);
	arena_free(arena);
	return answered;
}

static void with_next_to_no_time_left_nothing_is_begun(void **state)
{
	(void)state;
	GetOffersRequest *request = new_offers(&server.client, "s1", "home-banner", 2);
	must_start(&server.client, "s1", 1, NULL);
	uint64_t recorded = journal_appended(server.journal);
	const int64_t too_little[] = {TURN_MARGIN_US, 1, 0, -1000000};
	for (int i = 0; i < 4; i++) {
		Answered answered = turn_with(too_little[i], request); // the session is free
		assert_true(answered.advised);
		assert_string_equal(answered.content, "welcome");
	}
	take_session("s1");
	assert_true(turn_with(1, request).advised); // and when it is not
	give_back();
	assert_int_equal(journal_appended(server.journal), recorded);
	Answered in_time = turn_with(60 * US_PER_S, request);
	assert_false(in_time.advised);
	assert_int_equal(in_time.offers, 2);
	assert_int_equal(journal_appended(server.journal), recorded + 1);
}

static void a_session_that_ends_meanwhile_is_unknown_and_not_late(void **state)
{
	(void)state;
	GetOffersRequest *request = new_offers(&server.client, "s1", "home-banner", 2);
	Answered waiting = {.reply.send = note};
	Arena *arena = arena_new(16 * 1024, 0);
	must_start(&server.client, "s1", 1, NULL);
	take_session("s1");
	int64_t now_us = monotonic_us();
	turn_begin(server.service, &(TurnCall){.reply = &waiting.reply,
	                                   .arena = arena,
	                                   .command = &get_offers_command,
	                                   .request = request,
	                                   .session_id = "s1",
	                                   .begun_us = now_us,
	                                   .deadline_us = now_us + 3600 * US_PER_S});
	assert_int_equal(waiting.times, 0);
	session_end(server.service->sessions, held);
	assert_int_equal(waiting.times, 1);
	assert_int_equal(waiting.result, ERR_SESSION_UNKNOWN);
	arena_free(arena);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        T(whoever_waits_for_a_session_gets_the_default_content_in_time),
	        T(a_batch_that_waits_tells_the_default_content_in_time),
	        T(a_batch_with_nothing_to_tell_is_refused_before_anything_is_done),
	        T(with_next_to_no_time_left_nothing_is_begun),
	        T(a_session_that_ends_meanwhile_is_unknown_and_not_late),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
