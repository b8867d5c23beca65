// Messages as people and browsers write them.
#include "base/cleanup.h"
#include "google/rpc/error_details.pb-c.h"
#include "lib/arena.h"
#include "parley/design/v1/history.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"
#include "parley/runtime/v1/control.pb-c.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define OFFER (&parley__design__v1__offer__descriptor)
#define RULE  (&parley__design__v1__treatment_rule__descriptor)

static Err parse(const ProtobufCMessageDescriptor *descriptor, const char *text, ProtobufCMessage **ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;

	TRY(json_parse(str(text), 1 << 20, &json));
	return json_to_message(json, descriptor, arena, ret);
}

static const char *print(const ProtobufCMessage *message, unsigned style)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;

	assert_int_equal(json_from_message(message, style, &json), OK);
	assert_int_equal(json_text(json, false, arena, &text), OK);
	return arena_cstr(arena, text);
}

static void same(
        const ProtobufCMessageDescriptor *descriptor, unsigned style, const char *in, const char *out)
{
	ProtobufCMessage *message;

	if (parse(descriptor, in, &message) != OK)
		fail_msg("%s: %s", in, err_detail()->message);
	assert_string_equal(print(message, style), out);
}

static void refused(const ProtobufCMessageDescriptor *descriptor, const char *in, Err id, const char *field,
        const char *says)
{
	ProtobufCMessage *message;

	assert_int_equal(parse(descriptor, in, &message), id);
	assert_string_equal(err_detail()->field, field);
	if (!strstr(err_detail()->message, says))
		fail_msg("'%s' does not say '%s'", err_detail()->message, says);
}

static void people_read_short_words_and_bare_constants(void **state)
{
	const char *text =
	        "{\"name\":\"gold\",\"create_time\":\"2026-01-31T08:00:00Z\",\"code\":\"G1\",\"attributes\":["
	        "{\"name\":\"rate\",\"value\":0.1},{\"name\":\"term\",\"value\":36},{\"name\":\"on\","
	        "\"value\":false},"
	        "{\"name\":\"line\",\"value\":\"Grüße\"},{\"name\":\"tags\",\"value\":[\"a\",\"b\"]}],"
	        "\"state\":\"PUBLISHED\"}";

	(void)state;
	same(OFFER, JSON_FOR_PEOPLE, text, text);
}

static void programs_get_the_mapping_as_it_stands(void **state)
{
	(void)state;
	same(OFFER, JSON_PROTO,
	        "{\"display_name\":\"Gold\",\"attributes\":[{\"name\":\"term\",\"value\":36}],\"state\":"
	        "\"published\"}",
	        "{\"displayName\":\"Gold\",\"attributes\":[{\"name\":\"term\",\"value\":{\"intValue\":\"36\"}"
	        "}],"
	        "\"state\":\"OFFER_STATE_PUBLISHED\"}");
	same(OFFER, JSON_FOR_PEOPLE, "{\"attributes\":[{\"name\":\"term\",\"value\":{\"intValue\":\"36\"}}]}",
	        "{\"attributes\":[{\"name\":\"term\",\"value\":36}]}");
}

static void wide_integers_survive(void **state)
{
	const ProtobufCMessageDescriptor *blob = &parley__runtime__v1__stage_blob_request__descriptor;

	(void)state;
	same(blob, JSON_PROTO, "{\"length\":\"18446744073709551615\",\"offset\":9}",
	        "{\"length\":\"18446744073709551615\",\"offset\":\"9\"}");
	same(blob, JSON_PLAIN_INTS, "{\"length\":\"18446744073709551615\",\"offset\":\"9\"}",
	        "{\"length\":\"18446744073709551615\",\"offset\":9}");
	same(blob, JSON_PLAIN_INTS, "{\"offset\":1e3}", "{\"offset\":1000}");
	refused(blob, "{\"offset\":-1}", ERR_FIELD_INVALID, "offset", "out of range");
	refused(blob, "{\"offset\":1.5}", ERR_FIELD_INVALID, "offset", "whole number");
}

static void bytes_are_base64_of_either_alphabet(void **state)
{
	const ProtobufCMessageDescriptor *blob = &parley__runtime__v1__stage_blob_request__descriptor;

	(void)state;
	same(blob, JSON_PROTO, "{\"data\":\"-_8\"}", "{\"data\":\"+/8=\"}");
	same(blob, JSON_PROTO, "{\"data\":\"AAEC\"}", "{\"data\":\"AAEC\"}");
	same(blob, JSON_PROTO, "{\"data\":\"\"}", "{}");
	refused(blob, "{\"data\":\"A\"}", ERR_FIELD_INVALID, "data", "base64");
	refused(blob, "{\"data\":\"AA=A\"}", ERR_FIELD_INVALID, "data", "base64");
	refused(blob, "{\"data\":\"A\\u00e9AA\"}", ERR_FIELD_INVALID, "data", "base64");
}

static void one_of_several_is_one(void **state)
{
	(void)state;
	same(RULE, JSON_FOR_PEOPLE, "{\"score\":0}", "{\"score\":0}"); // set, though the default value
	same(RULE, JSON_FOR_PEOPLE, "{\"score_expression\":\"age * 2\"}",
	        "{\"score_expression\":\"age * 2\"}");
	refused(RULE, "{\"score\":1,\"scoreExpression\":\"2\"}", ERR_FIELD_INVALID, "scoreExpression",
	        "exclude each other");
}

static void masks_maps_and_lists_of_enums(void **state)
{
	(void)state;
	same(&parley__design__v1__update_offer_request__descriptor, JSON_PROTO,
	        "{\"updateMask\":\"displayName,state\"}", "{\"updateMask\":\"displayName,state\"}");
	same(&parley__design__v1__update_offer_request__descriptor, JSON_SNAKE_CASE,
	        "{\"updateMask\":\"displayName,state\"}", "{\"update_mask\":\"display_name,state\"}");
	same(&google__rpc__error_info__descriptor, JSON_PROTO, "{\"metadata\":{\"a\":\"b\",\"c\":\"\"}}",
	        "{\"metadata\":{\"a\":\"b\",\"c\":\"\"}}");
	same(&google__rpc__retry_info__descriptor, JSON_PROTO, "{\"retryDelay\":\"1.5s\"}",
	        "{\"retryDelay\":\"1.500000000s\"}");
	same(&parley__design__v1__list_history_request__descriptor, JSON_SHORT_ENUMS,
	        "{\"kinds\":[\"accept\",\"HISTORY_KIND_CONTACT\",5,77]}",
	        "{\"kinds\":[\"ACCEPT\",\"CONTACT\",\"EVENT\",77]}");
}

static void mistakes_are_named_with_their_place_and_remedy(void **state)
{
	(void)state;
	refused(OFFER, "{\"display_nam\":\"x\"}", ERR_FIELD_UNKNOWN, "display_nam",
	        "did you mean 'display_name'?");
	refused(OFFER, "{\"attributes\":[{\"name\":\"a\"},{\"nam\":1}]}", ERR_FIELD_UNKNOWN,
	        "attributes[1].nam", "'name'");
	refused(OFFER, "{\"attributes\":[{\"name\":1}]}", ERR_FIELD_INVALID, "attributes[0].name", "quotes");
	refused(OFFER, "{\"state\":\"PUBLISHD\"}", ERR_FIELD_INVALID, "state", "did you mean 'PUBLISHED'?");
	refused(OFFER, "{\"effective_time\":\"tomorrow\"}", ERR_FIELD_INVALID, "effective_time", "RFC 3339");
	refused(OFFER, "{\"displayName\":\"a\",\"display_name\":\"b\"}", ERR_FIELD_INVALID, "displayName",
	        "twice");
	refused(OFFER, "{\"attributes\":[null]}", ERR_FIELD_INVALID, "attributes[0]", "not an object");
	refused(OFFER, "{\"attributes\":{}}", ERR_FIELD_INVALID, "attributes", "not a list");
	refused(OFFER, "[]", ERR_FIELD_INVALID, "", "Offer");
	refused(OFFER, "{\"code\": }", ERR_JSON_INVALID, "", "line 1");
	refused(OFFER, "{\"code\":\"a\",\"code\":\"b\"}", ERR_JSON_INVALID, "", "duplicate");
}

static void depth_and_length_are_limited(void **state)
{
	char deep[200];
	json_t *json;

	(void)state;
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	assert_int_equal(json_parse(str_n(deep, 130), 1000, &json), ERR_LIMIT);
	assert_int_equal(json_parse(str_n(deep + 1, 128), 1000, &json), OK);
	json_decref(json);
	assert_int_equal(json_parse(STR("[1,2]"), 4, &json), ERR_LIMIT);
}

static void text_is_escaped_indented_and_short(void **state)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;

	(void)state;
	assert_int_equal(
	        json_parse(STR("{\"b\":[1,0.1,1e300,{}],\"a\":\"q\\\"\\n\\u0001é\"}"), 1000, &json), OK);
	assert_int_equal(json_text(json, true, arena, &text), OK);
	assert_string_equal(arena_cstr(arena, text), "{\n  \"b\": [\n    1,\n    0.1,\n    1e+300,\n    {}\n "
	                                             " ],\n  \"a\": \"q\\\"\\n\\u0001é\"\n}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(people_read_short_words_and_bare_constants),
	        cmocka_unit_test(programs_get_the_mapping_as_it_stands),
	        cmocka_unit_test(wide_integers_survive),
	        cmocka_unit_test(bytes_are_base64_of_either_alphabet),
	        cmocka_unit_test(one_of_several_is_one),
	        cmocka_unit_test(masks_maps_and_lists_of_enums),
	        cmocka_unit_test(mistakes_are_named_with_their_place_and_remedy),
	        cmocka_unit_test(depth_and_length_are_limited),
	        cmocka_unit_test(text_is_escaped_indented_and_short),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
