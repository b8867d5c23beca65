// A rehearsal driven by JSON lines, as `parley-runtime rehearse` is.
#include "rehearsal/driver.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

typedef struct Talk {
	Arena *arena;
	RehearsalContent *content;
	Driver *driver;
} Talk;

static int set_up(void **state)
{
	static Talk talk;
	Str blob;
	talk = (Talk){.arena = arena_new(64 * 1024, 0)};
	World *world = world_bank(talk.arena);
	world_suppression(world, "once", "SAVINGS",
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_ACCEPT,
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER);
	assert_int_equal(snapshot_pack(world_finish(world), talk.arena, &blob), OK);
	assert_int_equal(rehearsal_content_open(blob, 1, &talk.content), OK);
	assert_int_equal(
	        driver_new(&(DriverOptions){.content = talk.content, .state_fd = -1}, &talk.driver), OK);
	*state = &talk;
	return 0;
}

static int tear_down(void **state)
{
	Talk *talk = *state;
	driver_free(talk->driver);
	rehearsal_content_free(talk->content);
	arena_free(talk->arena);
	return 0;
}

// What a line is answered with.
static const char *ask(Talk *talk, const char *line)
{
	Str answer;
	assert_int_equal(driver_line(talk->driver, str(line), talk->arena, &answer), OK);
	return arena_cstr(talk->arena, answer);
}

static void assert_says(Talk *talk, const char *line, const char *expected)
{
	const char *answer = ask(talk, line);
	if (strstr(answer, expected) == NULL)
		fprintf(stderr, "%s\n  is answered by %s\n  without       %s\n", line, answer, expected);
	assert_non_null(strstr(answer, expected));
}

#define CUSTOMER "\"level\":\"customer\",\"id\":\"1\""
#define START(at)                                                                                            \
	"{\"at\":\"" at "\",\"call\":{\"start_session\":{\"session_id\":\"s\",\"channel\":\"bank\","         \
	"\"audience\":{\"level\":\"customer\",\"keys\":[{\"name\":\"customer_id\",\"value\":{\"int_value\":" \
	"1}}]}}}}"
#define OFFERS(at)                                                                                           \
	"{\"at\":\"" at                                                                                      \
	"\",\"seed\":\"18446744073709551615\",\"call\":{\"get_offers\":{\"session_id\":\"s\",\"points\":"    \
	"[{\"interaction_point\":\"call-script\",\"max_offers\":3}]}}}"

static void test_a_story(void **state)
{
	Talk *talk = *state;
	assert_string_equal(ask(talk, "{\"profile\":{" CUSTOMER
	                              ",\"attributes\":{\"tier\":\"gold\",\"balance\":5,\"tags\":[\"a\"],"
	                              "\"joined\":\"2020-01-31T08:00:00Z\",\"churn\":null}}}"),
	        "{}");
	assert_says(talk, START("2026-01-01T12:00:00Z"), "\"segments\":[\"adults\",\"gold\"]");
	assert_says(talk, OFFERS("2026-01-01T12:00:01Z"), "\"offer_code\":\"SAVINGS\"");
	assert_says(talk, OFFERS("2026-01-01T12:00:01Z"), "\"seed\":\"18446744073709551615\"");
	assert_says(talk,
	        "{\"at\":\"2026-01-01T12:00:02Z\",\"given\":{" CUSTOMER
	        ",\"offer\":\"SAVINGS\",\"kind\":\"accept\"}}",
	        "\"kind\":\"ACCEPT\"");
	assert_null(strstr(ask(talk, OFFERS("2026-01-01T12:00:03Z")), "SAVINGS"));
	assert_says(talk, "{\"at\":\"2026-01-01T12:00:04Z\",\"state\":{" CUSTOMER "}}",
	        "\"state\":[{\"offer\":\"SAVINGS\",\"kind\":\"accept\",\"count\":1,\"time\":\"2026-01-01T12:"
	        "00:02Z\"}]");
	assert_says(talk, "{\"at\":\"2026-01-03T12:00:00Z\"}", "\"cause\":\"expired\"");
}

static void test_another_story_begins_with_nothing(void **state)
{
	Talk *talk = *state;
	ask(talk, "{\"profile\":{" CUSTOMER ",\"attributes\":{\"tier\":\"gold\",\"balance\":5}}}");
	assert_says(talk, START("2026-01-01T12:00:00Z"), "gold");
	assert_says(talk,
	        "{\"at\":\"2026-01-01T12:00:02Z\",\"given\":{" CUSTOMER
	        ",\"offer\":\"SAVINGS\",\"kind\":\"accept\"}}",
	        "ACCEPT");
	assert_says(talk, "{\"reset\":1}", "\"field\":\"reset\"");
	assert_string_equal(ask(talk, "{\"reset\":true}"), "{}");
	assert_says(talk, "{\"at\":\"2025-01-01T12:00:00Z\",\"state\":{" CUSTOMER "}}", "\"state\":[]");
	assert_says(talk, OFFERS("2025-01-01T12:00:00Z"), "SESSION_UNKNOWN");
	assert_null(strstr(ask(talk, START("2025-01-01T12:00:00Z")), "gold"));
}

static void test_calls_without_a_session(void **state)
{
	Talk *talk = *state;
	assert_says(talk,
	        "{\"at\":\"2026-01-01T12:00:00Z\",\"recommend\":{\"channel\":\"bank\",\"audience\":{"
	        "\"level\":\"customer\","
	        "\"keys\":[{\"name\":\"customer_id\",\"value\":{\"int_value\":1}}]},\"points\":[{"
	        "\"interaction_point\":"
	        "\"call-script\"}],\"explain\":true}}",
	        "\"reason\":\"OFFERED\"");
	assert_says(talk,
	        "{\"at\":\"2026-01-01T12:00:00Z\",\"respond\":{\"event_id\":\"r1\",\"channel\":\"bank\","
	        "\"custom_code\":\"x\","
	        "\"response\":\"accept\"}}",
	        "\"response_posted\"");
}

static void test_what_is_wrong_is_told_and_the_story_goes_on(void **state)
{
	Talk *talk = *state;
	assert_says(talk, "{", "JSON_INVALID");
	assert_says(talk, "[]", "JSON_INVALID");
	assert_says(talk, "{}", "\"field\":\"at\"");
	assert_says(talk, "{\"at\":\"noon\"}", "\"field\":\"at\"");
	assert_says(talk, "{\"at\":\"2026-01-01T12:00:00Z\",\"calls\":{}}", "FIELD_UNKNOWN");
	assert_says(talk, "{\"at\":\"2026-01-01T12:00:00Z\",\"call\":{}}", "FIELD_MISSING");
	assert_says(talk, "{\"at\":\"2026-01-01T12:00:00Z\",\"seed\":-1,\"call\":{}}", "\"field\":\"seed\"");
	assert_says(talk, OFFERS("2026-01-01T12:00:00Z"), "SESSION_UNKNOWN");
	assert_says(talk, OFFERS("2026-01-01T11:59:59Z"), "\"field\":\"at\"");
	assert_says(
	        talk, "{\"profile\":{\"level\":\"dog\",\"id\":\"1\",\"attributes\":{}}}", "AUDIENCE_INVALID");
	assert_says(talk, "{\"profile\":{\"level\":\"customer\",\"id\":\"rex\",\"attributes\":{}}}",
	        "AUDIENCE_INVALID");
	assert_says(talk, "{\"profile\":{" CUSTOMER ",\"attributes\":{\"shoe\":1}}}", "ATTRIBUTE_UNKNOWN");
	assert_says(talk, "{\"profile\":{" CUSTOMER ",\"attributes\":{\"age\":\"old\"}}}", "ATTRIBUTE_TYPE");
	assert_says(talk,
	        "{\"at\":\"2026-01-01T12:00:00Z\",\"given\":{" CUSTOMER
	        ",\"offer\":\"MOON\",\"kind\":\"accept\"}}",
	        "\"field\":\"given.offer\"");
	assert_says(talk,
	        "{\"at\":\"2026-01-01T12:00:00Z\",\"given\":{" CUSTOMER
	        ",\"offer\":\"CARD\",\"kind\":\"hug\"}}",
	        "\"field\":\"given.kind\"");
	assert_says(talk, START("2026-01-01T12:00:00Z"), "\"start_session\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_a_story, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_another_story_begins_with_nothing, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_calls_without_a_session, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                test_what_is_wrong_is_told_and_the_story_goes_on, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
