// Streams whose messages are calls. What the handler does with a request is named by its session ID: "now"
// answers, "later" answers when the test says so, "never" fails the stream.
#include "fixture.h"

#include <stdlib.h>
#include <unistd.h>

typedef Parley__Runtime__V1__ConverseRequest ConverseRequest;
typedef Parley__Runtime__V1__ConverseResponse ConverseResponse;

enum { HELD_MAX = 256 };

static const char path[] = "/parley.runtime.v1.InteractionService/Converse";

// What the handler and the test share; under the fixture's lock.
typedef struct Desk {
	RpcCall *held[HELD_MAX];
	uint64_t numbers[HELD_MAX];
	int count; // of calls that were ever held
	int opened, closed;
} Desk;

typedef struct StreamState {
	Fixture *fixture;
} StreamState;

static void answer(RpcCall *call, uint64_t number)
{
	ConverseResponse response = PARLEY__RUNTIME__V1__CONVERSE_RESPONSE__INIT;

	response.number = number;
	rpc_reply(call, &response.base);
}

static void hold(Fixture *fixture, RpcCall *call, uint64_t number)
{
	Desk *desk = fixture->own;

	pthread_mutex_lock(&fixture->lock);
	desk->held[desk->count] = call;
	desk->numbers[desk->count++] = number;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
}

static void handle(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const ConverseRequest *in = (const ConverseRequest *)request;

	assert_ptr_equal(((StreamState *)rpc_stream_state(call))->fixture, service);
	if (strcmp(in->session_id, "later") == 0)
		hold(service, call, in->number);
	else if (strcmp(in->session_id, "never") == 0)
		rpc_fail(call, err_at(ERR_FIELD_INVALID, "session_id", "this one cannot be done"));
	else
		answer(call, in->number);
}

static void count(Fixture *fixture, size_t offset)
{
	pthread_mutex_lock(&fixture->lock);
	++*(int *)(void *)((char *)fixture->own + offset);
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
}

static void *open_state(void *service)
{
	StreamState *state = malloc(sizeof(*state));

	state->fixture = service;
	count(service, offsetof(Desk, opened));
	return state;
}

static void close_state(void *state)
{
	count(((StreamState *)state)->fixture, offsetof(Desk, closed));
	free(state);
}

static void begin(Fixture *fixture, Desk *desk, RpcServerOptions options, RpcStreaming rules)
{
	rules.open = open_state;
	rules.close = close_state;
	*desk = (Desk){0};
	fixture_start_with(fixture, options,
	        &(RpcMethod){.name = "Converse", .handler = handle, .max_request = 1024, .streaming = &rules},
	        desk);
}

// Every stream's state has been closed by then.
static void end(Fixture *fixture, const Desk *desk)
{
	fixture_stop(fixture);
	assert_int_equal(desk->opened, desk->closed);
}

static void wait_for(Fixture *fixture, const int *what, int count_wanted)
{
	pthread_mutex_lock(&fixture->lock);
	while (*what < count_wanted)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	pthread_mutex_unlock(&fixture->lock);
}

static void release(const Desk *desk, int which)
{
	answer(desk->held[which], desk->numbers[which]);
}

static void ask(RawStream *stream, uint64_t number, const char *how)
{
	ConverseRequest request = PARLEY__RUNTIME__V1__CONVERSE_REQUEST__INIT;

	request.number = number;
	request.session_id = (char *)how;
	raw_send(stream, &request.base);
}

// The number of the next answer; 0 if the stream has ended.
static uint64_t hear(RawStream *stream, Fixture *fixture)
{
	const ConverseResponse *response = (const ConverseResponse *)raw_receive(
	        stream, &parley__runtime__v1__converse_response__descriptor, fixture->arena);

	return response ? response->number : 0;
}

static void answers_go_out_as_they_are_ready(void **state)
{
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){0});
	raw_open(&stream, fixture.target, path);
	ask(&stream, 1, "later");
	ask(&stream, 2, "now");
	ask(&stream, 3, "later");
	assert_int_equal(hear(&stream, &fixture), 2);
	wait_for(&fixture, &desk.count, 2);
	release(&desk, 1);
	assert_int_equal(hear(&stream, &fixture), 3);
	raw_half_close(&stream);
	release(&desk, 0);
	assert_int_equal(hear(&stream, &fixture), 1);
	assert_int_equal(hear(&stream, &fixture), 0);
	assert_int_equal(raw_status(&stream).code, GRPC_STATUS_OK);
	raw_close(&stream);
	end(&fixture, &desk);
}

static void many_messages_pass_through_a_small_window(void **state)
{
	enum { MANY = 1000 };
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){.window = 3});
	raw_open(&stream, fixture.target, path);
	for (uint64_t i = 1; i <= MANY; i++)
		ask(&stream, i, "now");
	raw_half_close(&stream);
	for (uint64_t i = 1; i <= MANY; i++)
		assert_int_equal(hear(&stream, &fixture), i);
	assert_int_equal(hear(&stream, &fixture), 0);
	assert_int_equal(raw_status(&stream).code, GRPC_STATUS_OK);
	raw_close(&stream);
	end(&fixture, &desk);
}

// What the server has done so far is behind this call.
static void pass_by(Fixture *fixture)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(call_simply(fixture, fixture->client, "StartSession", "s", 5000), OK);
}

static void no_more_is_read_than_the_window_has(void **state)
{
	enum { WINDOW = 4 };
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){.window = WINDOW});
	raw_open(&stream, fixture.target, path);
	for (uint64_t i = 1; i <= 2 * WINDOW; i++)
		ask(&stream, i, "later");
	wait_for(&fixture, &desk.count, WINDOW);
	pass_by(&fixture);
	assert_int_equal(desk.count, WINDOW);
	release(&desk, 2);
	assert_int_equal(hear(&stream, &fixture), 3);
	wait_for(&fixture, &desk.count, WINDOW + 1);
	pass_by(&fixture);
	assert_int_equal(desk.count, WINDOW + 1);
	for (int i = 0; i < 2 * WINDOW; i++) {
		wait_for(&fixture, &desk.count, i + 1);
		if (i != 2)
			release(&desk, i);
	}
	raw_close(&stream);
	end(&fixture, &desk);
}

static void a_stream_gets_one_call_even_when_the_server_is_full(void **state)
{
	Fixture fixture;
	RawStream one, other;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){.max_in_flight = 2}, (RpcStreaming){0});
	raw_open(&one, fixture.target, path);
	raw_open(&other, fixture.target, path);
	for (uint64_t i = 1; i <= 3; i++)
		ask(&one, i, "later");
	wait_for(&fixture, &desk.count, 2);
	assert_int_equal(call_simply(&fixture, fixture.client, "StartSession", "s", 5000), ERR_BUSY);
	ask(&other, 9, "now");
	assert_int_equal(hear(&other, &fixture), 9);
	assert_int_equal(desk.count, 2);
	release(&desk, 0);
	release(&desk, 1);
	wait_for(&fixture, &desk.count, 3);
	release(&desk, 2);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(hear(&one, &fixture), i);
	raw_close(&one);
	raw_close(&other);
	end(&fixture, &desk);
}

static void a_failure_ends_the_stream_behind_what_was_asked_before(void **state)
{
	Fixture fixture;
	RawStream stream;
	RawAnswer status;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){0});
	raw_open(&stream, fixture.target, path);
	ask(&stream, 1, "later");
	ask(&stream, 2, "never");
	wait_for(&fixture, &desk.count, 1);
	pass_by(&fixture);
	release(&desk, 0);
	assert_int_equal(hear(&stream, &fixture), 1);
	assert_int_equal(hear(&stream, &fixture), 0);
	status = raw_status(&stream);
	assert_int_equal(status.code, GRPC_STATUS_INVALID_ARGUMENT);
	assert_string_equal(status.message, "this one cannot be done");
	assert_true(status.has_details);
	raw_close(&stream);
	end(&fixture, &desk);
}

static void what_is_no_message_or_too_large_ends_the_stream(void **state)
{
	static const char large[1500] = "\x12\xd9\x0b"; // a session ID of 1,497 bytes
	static const struct {
		size_t len;
		const char *bytes;
		int code;
	} cases[] = {
	        {2, "\xff\xff", GRPC_STATUS_INVALID_ARGUMENT},
	        {4, "\x12\x02\xc0\x80", GRPC_STATUS_INVALID_ARGUMENT}, // not UTF-8
	        {sizeof(large), large, GRPC_STATUS_RESOURCE_EXHAUSTED},
	};
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){0});
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		raw_open(&stream, fixture.target, path);
		ask(&stream, 1, "now");
		raw_send_bytes(&stream, cases[i].bytes, cases[i].len);
		assert_int_equal(hear(&stream, &fixture), 1);
		assert_int_equal(hear(&stream, &fixture), 0);
		assert_int_equal(raw_status(&stream).code, cases[i].code);
		raw_close(&stream);
	}
	end(&fixture, &desk);
}

static void *stop(void *server)
{
	rpc_server_stop(server);
	return NULL;
}

static void a_server_that_stops_answers_what_was_asked(void **state)
{
	Fixture fixture;
	RawStream busy, idle;
	pthread_t stopper;
	RawAnswer status;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){0});
	raw_open(&idle, fixture.target, path);
	raw_open(&busy, fixture.target, path);
	ask(&busy, 1, "later");
	wait_for(&fixture, &desk.opened, 2);
	wait_for(&fixture, &desk.count, 1);
	assert_int_equal(pthread_create(&stopper, NULL, stop, fixture.server), 0);
	assert_int_equal(hear(&idle, &fixture), 0); // it has begun to stop
	assert_int_equal(raw_status(&idle).code, GRPC_STATUS_UNAVAILABLE);
	release(&desk, 0);
	assert_int_equal(hear(&busy, &fixture), 1);
	assert_int_equal(hear(&busy, &fixture), 0);
	status = raw_status(&busy);
	assert_int_equal(status.code, GRPC_STATUS_UNAVAILABLE);
	assert_non_null(strstr(status.message, "shutting down"));
	assert_true(status.has_details);
	pthread_join(stopper, NULL);
	raw_close(&busy);
	raw_close(&idle);
	end(&fixture, &desk);
}

static void a_server_cuts_streams_that_take_too_long(void **state)
{
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){.drain_timeout_ms = 50}, (RpcStreaming){0});
	raw_open(&stream, fixture.target, path);
	ask(&stream, 1, "later");
	wait_for(&fixture, &desk.count, 1);
	pthread_t stopper;
	assert_int_equal(pthread_create(&stopper, NULL, stop, fixture.server), 0);
	assert_int_equal(hear(&stream, &fixture), 0); // cut off: the answer never came
	release(&desk, 0);
	pthread_join(stopper, NULL);
	raw_close(&stream);
	end(&fixture, &desk);
}

static void a_caller_that_leaves_leaves_nothing_behind(void **state)
{
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){0});
	raw_open(&stream, fixture.target, path);
	for (uint64_t i = 1; i <= 4; i++)
		ask(&stream, i, "later");
	wait_for(&fixture, &desk.count, 4);
	release(&desk, 3);
	raw_cancel(&stream);
	raw_close(&stream);
	pass_by(&fixture);
	assert_int_equal(desk.closed, 0); // the handlers still have it
	for (int i = 0; i < 3; i++)
		release(&desk, i); // the last one frees the stream, on this thread
	wait_for(&fixture, &desk.closed, 1);
	end(&fixture, &desk);
}

static void a_stream_that_asks_nothing_is_ended(void **state)
{
	Fixture fixture;
	RawStream stream;
	RawAnswer status;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){.idle_ms = 40});
	raw_open(&stream, fixture.target, path);
	ask(&stream, 1, "later");
	wait_for(&fixture, &desk.count, 1);
	usleep(100 * 1000); // it waits for its answer: that is not idle
	release(&desk, 0);
	assert_int_equal(hear(&stream, &fixture), 1);
	assert_int_equal(hear(&stream, &fixture), 0);
	status = raw_status(&stream);
	assert_int_equal(status.code, GRPC_STATUS_UNAVAILABLE);
	assert_non_null(strstr(status.message, "nothing was asked"));
	raw_close(&stream);
	end(&fixture, &desk);
}

static void streams_are_bounded(void **state)
{
	Fixture fixture;
	RawStream first, second, late;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){.streams = 2});
	raw_open(&first, fixture.target, path);
	raw_open(&second, fixture.target, path);
	wait_for(&fixture, &desk.opened, 2);
	raw_open(&late, fixture.target, path);
	assert_int_equal(raw_status(&late).code, GRPC_STATUS_RESOURCE_EXHAUSTED);
	raw_close(&late);
	raw_half_close(&first);
	assert_int_equal(raw_status(&first).code, GRPC_STATUS_OK);
	raw_close(&first);
	raw_close(&second);
	end(&fixture, &desk);
}

static Err refuse(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	(void)context, (void)call, (void)peer, (void)arena, (void)ret_principal;
	assert_string_equal(method->name, "Converse");
	return err(ERR_UNAUTHENTICATED, "nobody gets in");
}

static void strangers_open_nothing(void **state)
{
	Fixture fixture;
	RawStream stream;
	Desk desk;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){.authorize = refuse}, (RpcStreaming){0});
	raw_open(&stream, fixture.target, path);
	assert_int_equal(raw_status(&stream).code, GRPC_STATUS_UNAUTHENTICATED);
	raw_close(&stream);
	assert_int_equal(desk.opened, 0);
	end(&fixture, &desk);
}

static void note(void *context, Err failed, const ErrDetail *detail, Str response)
{
	(void)detail, (void)response;
	*(Err *)context = failed;
}

static void a_front_cannot_call_a_stream(void **state)
{
	Fixture fixture;
	Desk desk;
	Err result = OK;

	(void)state;
	begin(&fixture, &desk, (RpcServerOptions){0}, (RpcStreaming){0});
	rpc_server_invoke(fixture.server, str(path), &(RpcPeer){0}, NULL, note, &result);
	assert_int_equal(result, ERR_NOT_SUPPORTED);
	end(&fixture, &desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(answers_go_out_as_they_are_ready),
	        cmocka_unit_test(many_messages_pass_through_a_small_window),
	        cmocka_unit_test(no_more_is_read_than_the_window_has),
	        cmocka_unit_test(a_stream_gets_one_call_even_when_the_server_is_full),
	        cmocka_unit_test(a_failure_ends_the_stream_behind_what_was_asked_before),
	        cmocka_unit_test(what_is_no_message_or_too_large_ends_the_stream),
	        cmocka_unit_test(a_server_that_stops_answers_what_was_asked),
	        cmocka_unit_test(a_server_cuts_streams_that_take_too_long),
	        cmocka_unit_test(a_caller_that_leaves_leaves_nothing_behind),
	        cmocka_unit_test(a_stream_that_asks_nothing_is_ended),
	        cmocka_unit_test(streams_are_bounded),
	        cmocka_unit_test(strangers_open_nothing),
	        cmocka_unit_test(a_front_cannot_call_a_stream),
	};

	rpc_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
