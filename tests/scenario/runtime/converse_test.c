// converse: commands over a stream that stays open. The journal's disk has a gate, so that events can be held
// on their way to it.
#include "raw.h"
#include "server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#define WHAT(name)   PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##name
#define RESULT(name) PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_##name

static struct {
	JournalIo io;
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool shut;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};

static int wait_and_sync(void *context, int fd)
{
	pthread_mutex_lock(&disk.lock);
	while (disk.shut)
		pthread_cond_wait(&disk.opened, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
	return journal_io_system()->fdatasync(context, fd);
}

static void shut_disk(bool shut)
{
	pthread_mutex_lock(&disk.lock);
	disk.shut = shut;
	pthread_cond_broadcast(&disk.opened);
	pthread_mutex_unlock(&disk.lock);
}

static RawStream stream;

static int set_up(void **state)
{
	(void)state;
	char target[32];
	disk.io = *journal_io_system();
	disk.io.fdatasync = wait_and_sync;
	server_start(&disk.io, 0);
	snprintf(target, sizeof target, "127.0.0.1:%d", server.port);
	raw_open(&stream, target, "/parley.runtime.v1.InteractionService/Converse");
	return 0;
}

static int tear_down(void **state)
{
	shut_disk(false);
	raw_close(&stream);
	return server_tear_down(state);
}

// Sends a command, whose session ID is left out of it.
static void ask_(uint64_t number, const char *session, BatchCommandCase what, void *command)
{
	ConverseRequest request = PARLEY__RUNTIME__V1__CONVERSE_REQUEST__INIT;
	BatchCommand asked = PARLEY__RUNTIME__V1__BATCH_COMMAND__INIT;
	asked.what_case = what;
	asked.start_session = command; // whichever it is
	request.number = number;
	request.session_id = (char *)session;
	request.command = &asked;
	raw_send(&stream, &request.base);
}

#define ASK(number, session, what, message)                                                                  \
	({                                                                                                   \
		__auto_type asked_ = (message);                                                              \
		asked_->session_id = (char *)"";                                                             \
		ask_((number), (session), WHAT(what), asked_);                                               \
	})

static GetProfileRequest *profile_request(void)
{
	return message_new(server.client.arena, MESSAGE_OF(get_profile_request));
}

// The next answer, which must have that number.
static BatchResult *hear(uint64_t number)
{
	const ConverseResponse *answer = (const ConverseResponse *)raw_receive(
	        &stream, MESSAGE_OF(converse_response), server.client.arena);
	assert_non_null(answer);
	assert_int_equal(answer->number, number);
	assert_non_null(answer->result);
	return answer->result;
}

static const char *failure_of(const BatchResult *result)
{
	return result->what_case == RESULT(FAILURE) ? result->failure->reason : "";
}

static void assert_ended(int code)
{
	assert_null(raw_receive(&stream, MESSAGE_OF(converse_response), server.client.arena));
	assert_int_equal(raw_status(&stream).code, code);
}

static void a_session_is_answered_in_order(void **state)
{
	(void)state;
	Client *c = &server.client;
	ASK(1, "s1", START_SESSION, new_start(c, "s1", 42));
	ASK(2, "s1", GET_OFFERS, new_offers(c, "s1", "home-banner", 1));
	assert_string_equal(hear(1)->start_session->segments[0], "adults");
	const char *code = hear(2)->get_offers->points[0]->offers[0]->treatment_code;
	shut_disk(true);
	ASK(3, "s1", POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	ASK(4, "s1", GET_PROFILE, profile_request());
	ASK(5, "s1", POST_EVENT, new_event(c, "s1", "e2", "accepted", code));
	ASK(6, "s1", POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	ASK(7, "s1", END_SESSION,
	        (Parley__Runtime__V1__EndSessionRequest *)message_new(
	                c->arena, MESSAGE_OF(end_session_request)));
	ASK(8, "s1", GET_PROFILE, profile_request());
	ASK(9, "s2", START_SESSION, new_start(c, "s2", 43));
	assert_int_equal(hear(9)->what_case, RESULT(START_SESSION)); // of another session: it does not wait
	shut_disk(false);
	assert_false(hear(3)->post_event->duplicate);
	assert_string_equal(hear(4)->get_profile->audience_id, "42");
	assert_false(hear(5)->post_event->duplicate);
	assert_true(hear(6)->post_event->duplicate);
	assert_int_equal(hear(7)->what_case, RESULT(END_SESSION));
	assert_string_equal(failure_of(hear(8)), "SESSION_UNKNOWN");
	raw_half_close(&stream);
	assert_ended(GRPC_STATUS_OK);
}

static void one_session_may_have_all_of_the_window(void **state)
{
	enum { MANY = 64 }; // more than may wait for a session
	(void)state;
	Client *c = &server.client;
	char id[16];
	must_start(c, "s1", 42, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	shut_disk(true);
	for (uint64_t i = 1; i <= MANY; i++) {
		snprintf(id, sizeof id, "e%d", (int)i);
		ASK(i, "s1", POST_EVENT, new_event(c, "s1", id, "shown", code));
	}
	ASK(MANY + 1, "s1", GET_PROFILE, profile_request()); // is read when the window has room
	shut_disk(false);
	raw_half_close(&stream);
	for (uint64_t i = 1; i <= MANY; i++)
		assert_string_equal(failure_of(hear(i)), "");
	assert_int_equal(hear(MANY + 1)->what_case, RESULT(GET_PROFILE));
	assert_ended(GRPC_STATUS_OK);
}

static void a_refused_request_refuses_nothing_else(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 42, NULL);
	ConverseRequest nothing = PARLEY__RUNTIME__V1__CONVERSE_REQUEST__INIT;
	nothing.number = 1;
	nothing.session_id = (char *)"s1";
	raw_send(&stream, &nothing.base);
	assert_string_equal(failure_of(hear(1)), "FIELD_MISSING");
	ask_(2, "s1", WHAT(GET_OFFERS), new_offers(c, "s2", "home-banner", 1));
	BatchResult *other = hear(2);
	assert_string_equal(failure_of(other), "FIELD_INVALID");
	assert_string_equal(other->failure->field, "command");
	ASK(3, "", GET_PROFILE, profile_request());
	assert_string_equal(failure_of(hear(3)), "FIELD_MISSING");
	ASK(4, "s2", GET_PROFILE, profile_request());
	assert_string_equal(failure_of(hear(4)), "SESSION_UNKNOWN");
	ASK(5, "s1", POST_EVENT, new_event(c, "s1", "e1", "nothing", ""));
	BatchResult *unknown = hear(5);
	assert_string_equal(failure_of(unknown), "EVENT_UNKNOWN");
	assert_int_equal(unknown->failure->code, GRPC_STATUS_NOT_FOUND);
	assert_string_equal(unknown->failure->field, "event");
	GetProfileRequest *numbered = profile_request();
	numbered->sequence = 7;
	ASK(6, "s1", GET_PROFILE, numbered);
	ASK(7, "s1", GET_PROFILE, numbered);
	assert_string_equal(failure_of(hear(6)), "");
	assert_string_equal(failure_of(hear(7)), "SEQUENCE_PASSED");
	raw_half_close(&stream);
	assert_ended(GRPC_STATUS_OK);
}

static void what_is_no_request_ends_the_stream(void **state)
{
	(void)state;
	must_start(&server.client, "s1", 42, NULL);
	ASK(1, "s1", GET_PROFILE, profile_request());
	raw_send_bytes(&stream, "\x1a\x05", 2); // a command that is cut off
	assert_int_equal(hear(1)->what_case, RESULT(GET_PROFILE));
	assert_ended(GRPC_STATUS_INVALID_ARGUMENT);
}

static void a_touchpoint_that_leaves_loses_nothing_of_what_it_said(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 42, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	shut_disk(true);
	ASK(1, "s1", POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	ASK(2, "s1", GET_PROFILE, profile_request());
	ASK(3, "s2", GET_PROFILE, profile_request());
	assert_string_equal(failure_of(hear(3)), "SESSION_UNKNOWN"); // all have been read
	raw_cancel(&stream);
	shut_disk(false);
	GetProfileResponse *profile = NULL;
	assert_int_equal(get_profile(c, "s1", &profile), OK); // the session is free
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED), 1);
}

static void *stop(void *context)
{
	(void)context;
	rpc_server_stop(server.rpc);
	return NULL;
}

static void a_server_that_stops_answers_what_was_asked(void **state)
{
	(void)state;
	Client *c = &server.client;
	pthread_t stopper;
	must_start(c, "s1", 42, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	shut_disk(true);
	ASK(1, "s1", POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	ASK(2, "s2", GET_PROFILE, profile_request());
	hear(2);
	assert_int_equal(pthread_create(&stopper, NULL, stop, NULL), 0);
	shut_disk(false);
	assert_string_equal(failure_of(hear(1)), "");
	assert_ended(GRPC_STATUS_UNAVAILABLE);
	pthread_join(stopper, NULL);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(a_session_is_answered_in_order),
	        STORY(one_session_may_have_all_of_the_window),
	        STORY(a_refused_request_refuses_nothing_else),
	        STORY(what_is_no_request_ends_the_stream),
	        STORY(a_touchpoint_that_leaves_loses_nothing_of_what_it_said),
	        STORY(a_server_that_stops_answers_what_was_asked),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime conversations", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
