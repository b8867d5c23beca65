// Calls and what becomes of them: answers, errors with their details, limits, malformed requests.
#include "fixture.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

static const char start_path[] = "/parley.runtime.v1.InteractionService/StartSession";

static void a_call_is_answered(void **state)
{
	Fixture fixture;
	Parley__Runtime__V1__StartSessionResponse *response;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (int i = 0; i < 200; i++) {
		assert_int_equal(start_session(&fixture, fixture.client, "s-1", &response), OK);
		assert_int_equal(response->n_segments, 5);
		assert_string_equal(response->segments[0], "s-1");
		assert_string_equal(response->segments[1], "");
		assert_string_equal(response->segments[2], "");
		assert_string_equal(response->segments[3], "plaintext");
		assert_string_equal(response->segments[4], "1"); // there was a deadline
	}
	fixture_stop(&fixture);
}

static void errors_keep_their_details(void **state)
{
	Fixture fixture;
	const ErrDetail *detail = err_detail();

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	assert_int_equal(
	        call_simply(&fixture, fixture.client, "GetOffers", "plain", 5000), ERR_SESSION_UNKNOWN);
	assert_string_equal(detail->message, "no session ‚plain‘: start one first");
	assert_string_equal(detail->field, "");
	assert_int_equal(
	        call_simply(&fixture, fixture.client, "GetOffers", "field", 5000), ERR_FIELD_INVALID);
	assert_string_equal(detail->field, "points[0].max_offers");
	assert_int_equal(strlen(detail->message), 900 + strlen(": at most 100"));
	assert_int_equal(
	        call_simply(&fixture, fixture.client, "GetOffers", "retry", 5000), ERR_DB_UNAVAILABLE);
	assert_int_equal(detail->retry_after_ms, 2345);
	assert_int_equal(call_simply(&fixture, fixture.client, "GetOffers", "other", 5000), ERR_JOURNAL_FULL);
	assert_string_equal(detail->message, err_text(ERR_JOURNAL_FULL));
	fixture_stop(&fixture);
}

static void unknown_methods_are_told_so(void **state)
{
	Fixture fixture;
	RawAnswer answer;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	assert_int_equal(call_simply(&fixture, fixture.client, "GetVersion", "", 5000), ERR_METHOD_UNKNOWN);
	for (int i = 0; i < 40; i++) { // more than there are doors
		answer = raw_call(fixture.target, "/no.Such/Thing", "", 0, 5000);
		assert_int_equal(answer.code, GRPC_STATUS_UNIMPLEMENTED);
		assert_true(answer.has_details);
		assert_non_null(strstr(answer.message, "/no.Such/Thing"));
	}
	fixture_stop(&fixture);
}

static void malformed_requests_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
	        {"\x0a\x05"
	         "ab",
	                4},              // shorter than it says
	        {"\x0a\x02\xc3\x28", 4}, // not UTF-8
	        {"\x0a\x03"
	         "a\0b",
	                5},                      // NUL in a text
	        {"\x08\x01", 2},                 // a number where text belongs
	        {"\xff\xff\xff\xff\xff\xff", 6}, // a tag without end
	        {"\x0b\x0c", 2},                 // a group
	        {"\x1a\x02\x12\x05", 4},         // nested, and shorter than it says
	};
	Fixture fixture;
	RawAnswer answer;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		answer = raw_call(fixture.target, start_path, bad[i].bytes, bad[i].len, 5000);
		assert_int_equal(answer.code, GRPC_STATUS_INVALID_ARGUMENT);
		assert_true(answer.has_details);
	}
	answer = raw_call(fixture.target, start_path, NULL, 0, 5000); // no message at all
	assert_int_equal(answer.code, GRPC_STATUS_INVALID_ARGUMENT);
	assert_int_equal(fixture.handled, 0);
	fixture_stop(&fixture);
}

static void oversized_requests_are_refused(void **state)
{
	static const struct {
		size_t len;
		bool ours; // refused by us and not by the transport
	} sizes[] = {{64 * 1024 + 1, true}, {100 * 1024, true}, {1024 * 1024, false}};
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	char *bytes = arena_alloc(arena, 1024 * 1024);
	Fixture fixture;
	RawAnswer answer;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		answer = raw_call(fixture.target, start_path, bytes, sizes[i].len, 5000);
		assert_int_equal(answer.code, GRPC_STATUS_RESOURCE_EXHAUSTED);
		assert_int_equal(answer.has_details, sizes[i].ours);
	}
	memset(bytes, 'x', 2000);
	bytes[1999] = '\0';
	assert_int_equal(
	        call_simply(&fixture, fixture.client, "GetOffers", bytes, 5000), ERR_REQUEST_TOO_LARGE);
	assert_int_equal(fixture.handled, 0);
	fixture_stop(&fixture);
}

static void other_threads_may_answer(void **state)
{
	Fixture fixture;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (int i = 0; i < 200; i++)
		assert_int_equal(call_simply(&fixture, fixture.client, "PostEvent", "s", 5000), OK);
	fixture_stop(&fixture);
}

// As many as are in flight when an answer is left to the poller, and more: none is forgotten, none waits for
// the next, and the client has all of them at once.
static void a_heap_of_answers_from_another_thread(void **state)
{
	enum { ROUNDS = 40, CALLS = 100 };
	Fixture fixture;
	Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (int round = 0; round < ROUNDS; round++) {
		RpcPending *pending[CALLS];
		ProtobufCMessage *response;

		fixture_hold(&fixture, (size_t)(CALLS - round));
		for (int i = 0; i < CALLS; i++)
			assert_int_equal(rpc_call_begin(fixture.client, SERVICE, "PostEvent", &request.base,
			                         20000, &pending[i]),
			        OK);
		for (int i = 0; i < CALLS; i++)
			assert_int_equal(rpc_call_end(pending[i], fixture.arena, &response), OK);
	}
	assert_int_equal(fixture.handled, ROUNDS * CALLS);
	fixture_stop(&fixture);
}

typedef struct Front {
	Fixture *fixture;
	Str request;
	bool asked; // for the request
	Err failed;
	ErrDetail detail;
	char segment[64];
	bool done;
} Front;

static Err front_body(void *context, Arena *arena, Str *ret)
{
	Front *front = context;

	(void)arena;
	front->asked = true;
	*ret = front->request;
	return OK;
}

static void front_done(void *context, Err failed, const ErrDetail *detail, Str response)
{
	Front *front = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	ProtobufCMessage *message;

	pthread_mutex_lock(&front->fixture->lock);
	front->failed = failed;
	front->detail = *detail;
	if (failed == OK &&
	        wire_unpack(&parley__runtime__v1__start_session_response__descriptor, response, 0, arena,
	                &message) == OK &&
	        ((Parley__Runtime__V1__StartSessionResponse *)message)->n_segments > 1)
		snprintf(front->segment, sizeof(front->segment), "%s %s",
		        ((Parley__Runtime__V1__StartSessionResponse *)message)->segments[0],
		        ((Parley__Runtime__V1__StartSessionResponse *)message)->segments[1]);
	front->done = true;
	pthread_cond_broadcast(&front->fixture->changed);
	pthread_mutex_unlock(&front->fixture->lock);
}

static void invoke(Front *front, Fixture *fixture, const char *method, Str request)
{
	const RpcPeer peer = {.identity = STR("spiffe://parley/design")};
	char path[128];

	*front = (Front){.fixture = fixture, .request = request};
	snprintf(path, sizeof(path), "/parley.runtime.v1.InteractionService/%s", method);
	rpc_server_invoke(fixture->server, str(path), &peer, front_body, front_done, front);
	pthread_mutex_lock(&fixture->lock);
	while (!front->done)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	pthread_mutex_unlock(&fixture->lock);
}

static void fronts_inside_run_the_same_handlers(void **state)
{
	static const char large[64 * 1024 + 1];
	Fixture fixture;
	Front front;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	gate_open(&fixture);
	assert_non_null(rpc_server_method(fixture.server, str(start_path)));
	assert_null(rpc_server_method(fixture.server, STR("/no.Such/Thing")));
	invoke(&front, &fixture, "StartSession", STR("\x0a\x02hi"));
	assert_int_equal(front.failed, OK);
	assert_string_equal(front.segment, "hi spiffe://parley/design");
	invoke(&front, &fixture, "PostEvent", (Str){0}); // answered by another thread
	assert_int_equal(front.failed, OK);
	invoke(&front, &fixture, "EndSession", (Str){0}); // runs on a worker
	assert_int_equal(front.failed, OK);
	invoke(&front, &fixture, "GetOffers",
	        STR("\x0a\x05"
	            "field"));
	assert_int_equal(front.failed, ERR_FIELD_INVALID);
	assert_string_equal(front.detail.field, "points[0].max_offers");
	invoke(&front, &fixture, "StartSession", STR("\x0a\x09hi"));
	assert_int_equal(front.failed, ERR_REQUEST_MALFORMED);
	invoke(&front, &fixture, "StartSession", str_n(large, sizeof(large)));
	assert_int_equal(front.failed, ERR_REQUEST_TOO_LARGE);
	invoke(&front, &fixture, "Nothing", (Str){0});
	assert_int_equal(front.failed, ERR_METHOD_UNKNOWN);
	assert_false(front.asked); // nothing is decoded for a call that is refused
	rpc_server_stop(fixture.server);
	invoke(&front, &fixture, "PostEvent", (Str){0});
	assert_int_equal(front.failed, ERR_SHUTTING_DOWN);
	fixture_stop(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_call_is_answered),
	        cmocka_unit_test(errors_keep_their_details),
	        cmocka_unit_test(unknown_methods_are_told_so),
	        cmocka_unit_test(malformed_requests_are_refused),
	        cmocka_unit_test(oversized_requests_are_refused),
	        cmocka_unit_test(other_threads_may_answer),
	        cmocka_unit_test(a_heap_of_answers_from_another_thread),
	        cmocka_unit_test(fronts_inside_run_the_same_handlers),
	};
	int failed;

	rpc_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
