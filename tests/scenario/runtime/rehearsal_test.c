// A rehearsal against the thing itself: the same calls, told to a server and then to a rehearsal at the
// moments and with the seeds that the server's journal has, leave the same records, byte for byte.
#include "rehearsal/rehearsal.h"
#include "server.h"
#include "wire/wire.h"

#include <stdio.h>
#include <string.h>

enum { CALLS_MAX = 64, CUSTOMERS = 5 };

typedef struct Story {
	BatchCommand calls[CALLS_MAX];
	size_t count;
	Str told[2 * CALLS_MAX]; // to the rehearsal's journal
	size_t told_count;
	Arena *arena;
} Story;

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

static void must(Err e)
{
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
}

static Snapshot *bank(void)
{
	World *world = world_bank(server.client.arena);
	world_suppression(world, "once", "SAVINGS",
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_ACCEPT,
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER);
	world_constraint(world, "few", "CARD",
	        PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL,
	        PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_EVER, 2);
	SnapEvent *thanks = world_event(world, "thanks", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, thanks, SNAP_ACTION(SUPPRESS_OFFERS), "LOAN",
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER)
	        ->delay_s = 60;
	return world_finish(world);
}

#define SAY(story, what, field, request)                                                                     \
	((story)->calls[(story)->count++] = (BatchCommand){                                                  \
	         PROTOBUF_C_MESSAGE_INIT(&parley__runtime__v1__batch_command__descriptor),                   \
	         PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##what, {.field = (request)}})

static void say_start(Story *story, const char *session, int64_t customer)
{
	StartSessionRequest *request = new_start(&server.client, session, customer);
	StartSessionResponse *response = NULL;
	request->parameters = ARENA_ARRAY(server.client.arena, NamedValue *, 3);
	request->parameters[request->n_parameters++] = int_value(&server.client, "age", 20 + customer);
	request->parameters[request->n_parameters++] =
	        string_value(&server.client, "tier", customer % 2 == 0 ? "gold" : "basic");
	request->parameters[request->n_parameters++] =
	        double_value(&server.client, "balance", (double)customer * 3000);
	SAY(story, START_SESSION, start_session, request);
	must(start_session(&server.client, request, &response));
}

// The first offer's treatment code; NULL: there is none.
static const char *say_offers(Story *story, const char *session, const char *point)
{
	GetOffersRequest *request = new_offers(&server.client, session, point, 3);
	GetOffersResponse *response = NULL;
	SAY(story, GET_OFFERS, get_offers, request);
	must(get_offers(&server.client, request, &response));
	return response->points[0]->n_offers > 0 ? response->points[0]->offers[0]->treatment_code : NULL;
}

static void say_event(Story *story, const char *session, const char *id, const char *event, const char *code)
{
	PostEventRequest *request = new_event(&server.client, session, id, event, code);
	PostEventResponse *response = NULL;
	SAY(story, POST_EVENT, post_event, request);
	must(post_event(&server.client, request, &response));
}

static void say_end(Story *story, const char *session)
{
	EndSessionRequest *request = message_new(server.client.arena, MESSAGE_OF(end_session_request));
	request->session_id = arena_cstr(server.client.arena, str(session));
	SAY(story, END_SESSION, end_session, request);
	must(end_session(&server.client, session));
}

static void tell(Story *story)
{
	char session[16], id[16];
	for (int64_t customer = 1; customer <= CUSTOMERS; customer++) {
		snprintf(session, sizeof session, "s%d", (int)customer);
		say_start(story, session, customer);
		const char *code = say_offers(story, session, "home-banner");
		snprintf(id, sizeof id, "c%d", (int)customer);
		say_event(story, session, id, "shown", code);
		code = say_offers(story, session, "call-script");
		id[0] = 'a';
		if (code != NULL)
			say_event(story, session, id, "accepted", code);
		id[0] = 't';
		say_event(story, session, id, "thanks", "");
	}
	server_skip_seconds(90);
	for (int64_t customer = 1; customer <= CUSTOMERS; customer++) {
		snprintf(session, sizeof session, "s%d", (int)customer);
		(void)say_offers(story, session, "home-banner");
		(void)say_offers(story, session, "call-script");
		say_end(story, session);
	}
}

static Err hear(void *context, const RehearsalEntry *entry)
{
	Story *story = context;
	assert_true(story->told_count < ARRAY_COUNT(story->told));
	story->told[story->told_count++] = arena_str(story->arena, entry->payload);
	return OK;
}

// What follows from an event comes by itself.
static bool is_of_a_call(const Entry *entry)
{
	return entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED ||
	       entry->event_posted->cause_event_id[0] == '\0';
}

static void rehearse(Story *story, Rehearsal *rehearsal, Entry **entries, size_t count)
{
	size_t next = 0;
	for (size_t i = 0; i < count; i++) {
		BatchResult *result = NULL;
		if (!is_of_a_call(entries[i]))
			continue;
		uint64_t seed = entries[i]->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION
		                        ? entries[i]->recommendation->seed
		                        : 0;
		assert_true(next < story->count);
		must(rehearsal_call(rehearsal, entries[i]->context->time_us, seed, &story->calls[next++],
		        story->arena, &result));
		assert_int_not_equal((int)result->what_case, PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_FAILURE);
	}
	assert_int_equal(next, story->count);
}

// The next record of that session behind the first `from`.
static size_t next_of(const Story *story, const char *session, size_t from)
{
	for (size_t i = from; i < story->told_count; i++) {
		ProtobufCMessage *message = NULL;
		must(wire_unpack(
		        &parley__journal__v1__entry__descriptor, story->told[i], 0, story->arena, &message));
		if (strcmp(((Entry *)message)->context->session_id, session) == 0)
			return i;
	}
	fail_msg("session %s has too few records", session);
	return 0;
}

// Session by session: what comes due in the same second has no order among sessions.
static void assert_same(const Story *story, Entry **entries, size_t count)
{
	assert_int_equal(story->told_count, count);
	for (int customer = 1; customer <= CUSTOMERS; customer++) {
		char session[16];
		size_t next = 0;
		snprintf(session, sizeof session, "s%d", customer);
		for (size_t i = 0; i < count; i++) {
			Str packed;
			if (strcmp(entries[i]->context->session_id, session) != 0)
				continue;
			next = next_of(story, session, next);
			must(wire_pack(&entries[i]->base, story->arena, &packed));
			assert_int_equal(packed.len, story->told[next].len);
			assert_memory_equal(packed.ptr, story->told[next].ptr, packed.len);
			next++;
		}
	}
}

static void test_the_records_are_the_servers(void **state)
{
	static Story story;
	Entry **entries = NULL;
	Str blob;
	(void)state;
	story.arena = server.client.arena;
	Snapshot *snapshot = bank();
	must(snapshot_pack(snapshot, story.arena, &blob));
	must_deploy(&server.client, snapshot, 2, &server.manifest);
	tell(&story);
	size_t count = server_entries(&entries);
	assert_true(count > story.count); // delayed actions
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	CLEANUP(rehearsal_freep) Rehearsal *rehearsal = NULL;
	must(rehearsal_content_open(blob, 2, &content));
	const RehearsalOptions options = {
	        .content = content, .state_fd = -1, .entry = hear, .context = &story};
	must(rehearsal_new(&options, &rehearsal));
	rehearse(&story, rehearsal, entries, count);
	assert_same(&story, entries, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_the_records_are_the_servers, set_up, server_tear_down),
	};
	rpc_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
