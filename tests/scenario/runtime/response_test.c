// Responses without a session: what is refused, what the journal is told, what takes effect at once.
#include "server.h"

#include <string.h>

#define CODE(name)   PARLEY__RUNTIME__V1__POST_RESPONSE_REQUEST__CODE_##name##_CODE
#define POSTED       PARLEY__JOURNAL__V1__ENTRY__WHAT_RESPONSE_POSTED
#define NOBODY_KNOWS "0123456789ABCDEFGHJ"

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

static const char *treatment(const char *session, int64_t customer)
{
	must_start(&server.client, session, customer, NULL);
	PointOffers *point = must_offer(&server.client, session, "home-banner", 1);
	assert_int_equal(point->n_offers, 1);
	return point->offers[0]->treatment_code;
}

static PostResponseResponse *must_respond(const PostResponseRequest *request)
{
	PostResponseResponse *answer = NULL;
	Err e = post_response(&server.client, request, &answer);
	if (e != OK)
		fail_msg("%s: %s", err_reason(e), err_detail()->message);
	return answer;
}

static const Parley__Journal__V1__ResponsePosted *only_response(
        Entry **entries, size_t count, const Entry **ret)
{
	assert_int_equal(count_entries(entries, count, POSTED), 1);
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == POSTED)
			*ret = entries[i];
	return (*ret)->response_posted;
}

static void what_the_server_knows_is_in_the_record(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries = NULL;
	const Entry *entry = NULL;
	const char *code = treatment("s1", 7);
	assert_int_equal(end_session(c, "s1"), OK);
	PostResponseResponse *first = must_respond(new_response(c, "r1", code, "accept"));
	assert_false(first->duplicate);
	assert_int_equal(first->n_advisories, 0);
	assert_true(must_respond(new_response(c, "r1", code, "accept"))->duplicate);
	char kept[64];
	strcpy(kept, code);
	size_t count = server_entries(&entries);
	const Parley__Journal__V1__ResponsePosted *posted = only_response(entries, count, &entry);
	assert_string_equal(posted->event_id, "r1");
	assert_string_equal(posted->code, kept);
	assert_string_equal(posted->response, "accept");
	assert_true(posted->known);
	assert_string_not_equal(posted->offer_code, "");
	assert_string_equal(posted->interaction_point, "home-banner");
	assert_true(posted->recommended_us > 0 && posted->responded_us >= posted->recommended_us);
	assert_int_equal(posted->n_effects, 1);
	assert_int_equal(posted->effects[0]->kind, PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT);
	assert_string_equal(entry->context->audience_id, "7");
	assert_string_equal(entry->context->session_id, "");
	assert_int_equal(entry->context->snapshot_version, 1);
}

static void what_it_does_not_know_is_kept_and_advised(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries = NULL;
	const Entry *entry = NULL;
	PostResponseRequest *request = new_response(c, "r1", NOBODY_KNOWS, "clicked");
	assert_true(ADVISED(must_respond(request), "RESPONSE_LATE"));
	size_t count = server_entries(&entries);
	const Parley__Journal__V1__ResponsePosted *posted = only_response(entries, count, &entry);
	assert_false(posted->known);
	assert_int_equal(posted->n_effects, 0);
	assert_int_equal(posted->code_kind, PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_TREATMENT);
	assert_string_equal(entry->context->audience_id, "");
}

static void an_offer_code_goes_with_its_visitor(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries = NULL;
	const Entry *entry = NULL;
	PostResponseRequest *request = new_response(c, "r1", "CARD", "reject");
	request->code_case = CODE(OFFER);
	request->audience = new_customer(c, 7);
	must_respond(request);
	size_t count = server_entries(&entries);
	const Parley__Journal__V1__ResponsePosted *posted = only_response(entries, count, &entry);
	assert_int_equal(posted->code_kind, PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_OFFER);
	assert_string_equal(posted->code, "CARD");
	assert_string_equal(entry->context->audience_level, "customer");
	assert_string_equal(entry->context->audience_id, "7");
}

// One that says it came before the offer will not count, and has no effect; nor has a type that is not the
// server's to judge.
static void only_what_will_count_takes_effect(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries = NULL;
	const char *code = treatment("s1", 7);
	PostResponseRequest *early = new_response(c, "r1", code, "accept");
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	time.seconds = 1577836800; // 2020
	early->time = &time;
	must_respond(early);
	must_respond(new_response(c, "r2", code, "opened"));
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, POSTED), 2);
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == POSTED)
			assert_int_equal(entries[i]->response_posted->n_effects, 0);
}

static void an_id_is_one_whether_it_was_an_event_or_a_response(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries = NULL;
	const char *code = treatment("s1", 7);
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "accepted", code), NULL), OK);
	must_respond(new_response(c, "e1", code, "accept"));
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, POSTED), 1); // history drops it by its ID
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	Client *c = &server.client;
	char long_text[200];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		PostResponseRequest *r = new_response(c, "r1", NOBODY_KNOWS, "accept");                      \
		change;                                                                                      \
		assert_refused(post_response(c, r, NULL), (Refusal){ERR_##reason, path});                    \
	} while (0)
	REFUSED(FIELD_MISSING, "event_id", r->event_id = (char *)"");
	REFUSED(FIELD_INVALID, "event_id", r->event_id = (char *)"~1");
	REFUSED(FIELD_INVALID, "event_id", r->event_id = long_text);
	REFUSED(FIELD_MISSING, "channel", r->channel = (char *)"");
	REFUSED(CHANNEL_NOT_DEPLOYED, "channel", r->channel = (char *)"shop");
	REFUSED(FIELD_MISSING, "treatment_code", r->code_case = 0);
	REFUSED(FIELD_MISSING, "treatment_code", r->treatment_code = (char *)"");
	REFUSED(FIELD_INVALID, "treatment_code", r->treatment_code = long_text);
	REFUSED(FIELD_INVALID, "audience", r->audience = new_customer(c, 7));
	REFUSED(FIELD_MISSING, "audience", r->code_case = CODE(OFFER));
	REFUSED(FIELD_INVALID, "custom_code", (r->code_case = CODE(CUSTOM), r->custom_code = long_text));
	REFUSED(AUDIENCE_INVALID, "audience.level",
	        (r->code_case = CODE(OFFER), r->audience = new_customer(c, 7),
	                r->audience->level = (char *)"moon"));
	REFUSED(FIELD_MISSING, "response", r->response = (char *)"");
	REFUSED(FIELD_INVALID, "response", r->response = long_text);
	REFUSED(FIELD_INVALID, "time", r->time = &time); // 1970
	time.seconds = 4102444800;
	REFUSED(FIELD_INVALID, "time", r->time = &time); // 2100
	time.nanos = -1;
	REFUSED(FIELD_INVALID, "time", r->time = &time);
#undef REFUSED
	Entry **entries = NULL;
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, POSTED), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(what_the_server_knows_is_in_the_record),
	        STORY(what_it_does_not_know_is_kept_and_advised),
	        STORY(an_offer_code_goes_with_its_visitor),
	        STORY(only_what_will_count_takes_effect),
	        STORY(an_id_is_one_whether_it_was_an_event_or_a_response),
	        STORY(nonsense_is_refused),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime responses", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
