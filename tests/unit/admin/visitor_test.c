// Stories about audiences: lists of visitors, segments, what is said of single visitors.
#include "fixture.h"

#include <stdio.h>

#define LEVEL "'audienceLevel': 'customer'"

static void make_household(void)
{
	make("AudienceLevel", "household",
	        "'keys': [{'name': 'street', 'type': 'STRING'}, {'name': 'number', 'type': 'INT'},"
	        " {'name': 'owner', 'type': 'BOOL'}], 'attributes': [{'name': 'heads', 'type': 'INT'}]");
}

static void a_list_has_visitors_as_the_runtime_writes_their_ids(void **state)
{
	static const Refusal of_customers[] = {
	        {ERR_FIELD_MISSING, "audience_level", "name the audience_level", "'ids': ['7']"},
	        {ERR_REFERENCE_DANGLING, "audience_level", "there is no audience_level bank/pets",
	                "'audienceLevel': 'pets'"},
	        {ERR_FIELD_INVALID, "ids[1]", "write \"7\"", LEVEL ", 'ids': ['7', '007']"},
	        {ERR_FIELD_INVALID, "ids[0]", "write customer_id (integer)", LEVEL ", 'ids': ['+7']"},
	        {ERR_FIELD_INVALID, "ids[0]", "'Ann' is not an ID of a customer", LEVEL ", 'ids': ['Ann']"},
	        {ERR_FIELD_INVALID, "ids[0]", "customer_id (integer)", LEVEL ", 'ids': ['7|8']"},
	        {ERR_FIELD_INVALID, "ids[0]", "customer_id (integer)", LEVEL ", 'ids': ['']"},
	        {ERR_FIELD_INVALID, "ids[0]", "customer_id (integer)",
	                LEVEL ", 'ids': ['9223372036854775808']"},
	        {ERR_FIELD_INVALID, "ids[2]", "index 0 says: leave one out",
	                LEVEL ", 'ids': ['7', '8', '7']"},
	};
	static const Refusal of_households[] = {
	        {ERR_FIELD_INVALID, "ids[0]", "write street (text)|number (integer)|owner",
	                "'audienceLevel': 'household', 'ids': ['Elm St|7']"},
	        {ERR_FIELD_INVALID, "ids[0]", "write street (text)|number (integer)|owner",
	                "'audienceLevel': 'household', 'ids': ['Elm St|7|true|x']"},
	        {ERR_FIELD_INVALID, "ids[0]", "owner (true or false)",
	                "'audienceLevel': 'household', 'ids': ['Elm St|7|yes']"},
	        {ERR_FIELD_INVALID, "ids[0]", "street (text)",
	                "'audienceLevel': 'household', 'ids': ['|7|true']"},
	        {ERR_FIELD_INVALID, "ids[0]", "street (text)",
	                "'audienceLevel': 'household', 'ids': ['Elm\\\\St|7|true']"},
	};
	(void)state;
	make_bank();
	make_household();
	MUST_REFUSE("AudienceList", of_customers);
	MUST_REFUSE("AudienceList", of_households);
	make("AudienceList", "vips", LEVEL ", 'ids': ['-7', '0', '9223372036854775807']");
	make("AudienceList", "corner",
	        "'audienceLevel': 'household', 'ids': ['Elm St|-7|true', 'A\\\\|B\\\\\\\\|1|false']");
	make("AudienceList", "nobody", LEVEL);
	// With other keys the IDs would be nobody's.
	must_fail(ERR_RESOURCE_IN_USE, NULL, "audience_list bank/vips would no longer be valid", DESIGNER,
	        "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'keys': [{'name': 'customer_id', "
	        "'type': 'BOOL'}]}, 'updateMask': 'keys'}");
}

static void a_segment_may_be_an_expression_lists_both_or_neither(void **state)
{
	static const Refusal wrong[] = {
	        {ERR_REFERENCE_DANGLING, "lists[1]", "there is no audience_list bank/pets",
	                LEVEL ", 'lists': ['vips', 'pets']"},
	        {ERR_FIELD_INVALID, "lists[1]", "is there twice", LEVEL ", 'lists': ['vips', 'vips']"},
	        {ERR_FIELD_MISSING, "lists[0]", "name the audience_list", LEVEL ", 'lists': ['']"},
	        {ERR_FIELD_INVALID, "lists[0]", "is of customer and the segment of household",
	                "'audienceLevel': 'household', 'lists': ['vips']"},
	        {ERR_FIELD_MISSING, "list_use", "ALL, ANY or EXCEPT",
	                LEVEL ", 'lists': ['vips'], 'expression': 'age > 3'"},
	        {ERR_FIELD_INVALID, "list_use", "leave it out",
	                LEVEL ", 'lists': ['vips'], 'listUse': 'ANY'"},
	        {ERR_FIELD_INVALID, "list_use", "leave it out",
	                LEVEL ", 'expression': 'true', 'listUse': 'EXCEPT'"},
	        {ERR_FIELD_INVALID, "group", "is not a group's name", LEVEL ", 'group': 'By Value'"},
	        {ERR_FIELD_INVALID, "rank", "name the group", LEVEL ", 'rank': 2"},
	};
	(void)state;
	make_bank();
	make_household();
	make("AudienceList", "vips", LEVEL ", 'ids': ['7']");
	make("AudienceList", "friends", LEVEL ", 'ids': ['8']");
	MUST_REFUSE("Segment", wrong);
	make("Segment", "known", LEVEL ", 'lists': ['vips', 'friends'], 'group': 'by-value', 'rank': 1");
	make("Segment", "known-adults",
	        LEVEL ", 'lists': ['vips'], 'listUse': 'ALL', 'expression': 'age >= 18'");
	make("Segment", "by-flows-only", LEVEL);
	must_fail(ERR_RESOURCE_IN_USE, NULL, "segment bank/known (lists[1])", DESIGNER,
	        "AudienceListService/DeleteAudienceList", "{'channel': 'bank', 'name': 'friends'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "would no longer be valid: segment.lists[1]", DESIGNER,
	        "AudienceListService/UpdateAudienceList",
	        "{'audienceList': {'channel': 'bank', 'name': 'friends', 'audienceLevel': 'household'}}");
}

static void overrides_and_blacklists_speak_of_visitors_and_offers(void **state)
{
	static const Refusal of_overrides[] = {
	        {ERR_FIELD_INVALID, "entries[0].audience_id", "is not an ID of a customer",
	                LEVEL ", 'entries': [{'audienceId': 'Ann', 'offer': 'gold', 'score': 1}]"},
	        {ERR_FIELD_MISSING, "entries[0].offer", "or an offer list",
	                LEVEL ", 'entries': [{'audienceId': '7', 'score': 1}]"},
	        {ERR_FIELD_INVALID, "entries[0].offer_list", "exclude each other",
	                LEVEL ", 'entries': [{'audienceId': '7', 'offer': 'gold', 'offerList': 'cards'}]"},
	        {ERR_REFERENCE_DANGLING, "entries[1].offer", "there is no offer lead",
	                LEVEL ", 'entries': [{'audienceId': '7', 'offer': 'gold'}, {'audienceId': '7', "
	                      "'offer': 'lead'}]"},
	        {ERR_FIELD_INVALID, "entries[0].score", "0 to 100",
	                LEVEL ", 'entries': [{'audienceId': '7', 'offer': 'gold', 'score': 100.5}]"},
	        {ERR_FIELD_INVALID, "entries[1]", "index 0 says",
	                LEVEL ", 'entries': [{'audienceId': '7', 'offer': 'gold', 'score': 1},"
	                      " {'audienceId': '7', 'offer': 'gold', 'score': 2}]"},
	};
	static const Refusal of_blacklists[] = {
	        {ERR_FIELD_INVALID, "entries[1]", "index 0 says",
	                LEVEL ", 'entries': [{'audienceId': '7', 'offerList': 'cards'}, {'audienceId': '7', "
	                      "'offerList': 'cards'}]"},
	        {ERR_REFERENCE_DANGLING, "entries[0].offer_list", "there is no offer_list loans",
	                LEVEL ", 'entries': [{'audienceId': '7', 'offerList': 'loans'}]"},
	        {ERR_FIELD_INVALID, "entries[0].audience_id", "write \"0\"",
	                LEVEL ", 'entries': [{'audienceId': '-0', 'offer': 'gold'}]"},
	};
	(void)state;
	make_bank();
	make("OfferList", "cards", "'offers': ['gold']");
	MUST_REFUSE("ScoreOverride", of_overrides);
	MUST_REFUSE("Blacklist", of_blacklists);
	make("ScoreOverride", "likes",
	        LEVEL ", 'entries': [{'audienceId': '7', 'offer': 'gold', 'score': 100, 'adds': true},"
	              " {'audienceId': '8', 'offer': 'gold', 'score': 0}, {'audienceId': '7', 'offerList': "
	              "'cards', 'score': 5}]");
	make("Blacklist", "never", LEVEL ", 'entries': [{'audienceId': '9', 'offer': 'gold'}]");
	// Each thing is one reference, however often it is named.
	assert_int_equal(sql_i64("SELECT count(*) FROM resource_reference WHERE kind = 'ScoreOverride' AND "
	                         "to_kind = 'Offer' AND field = 'entries[0].offer'"),
	        1);
	assert_int_equal(sql_i64("SELECT count(*) FROM resource_reference WHERE kind = 'ScoreOverride'"), 4);
	must_fail(ERR_RESOURCE_IN_USE, NULL, "blacklist bank/never (entries[0].offer)", DESIGNER,
	        "OfferService/DeleteOffer", "{'name': 'gold'}");
}

// 64 KiB are taken at once: seven thousand visitors.
static void a_long_list_is_kept_and_listed(void **state)
{
	static char fields[60000];
	size_t used = (size_t)sprintf(fields, LEVEL ", 'ids': [");
	(void)state;
	make_bank();
	for (int i = 0; i < 5000; i++)
		used += (size_t)sprintf(fields + used, "%s'%d'", i ? "," : "", 100000 + i);
	sprintf(fields + used, "]");
	for (int i = 0; i < 60; i++) {
		char name[16];
		snprintf(name, sizeof(name), "l%02d", i);
		make("AudienceList", name, fields);
	}
	// A page is cut where it gets too long; the next one goes on.
	CLEANUP(json_decrefp_) json_t *all = ask(VIEWER, "AudienceListService/ListAudienceLists", "{}");
	assert_in_range(count_at(all, "audienceLists"), 10, 59);
	assert_int_equal(count_at(all, "audienceLists.0.ids"), 5000);
	assert_string_not_equal(text_at(all, "nextPageToken"), "");
	CLEANUP(json_decrefp_)
	json_t *last = ask(
	        VIEWER, "AudienceListService/ListAudienceLists", "{'filter': 'name.endsWith(\\\"59\\\")'}");
	assert_int_equal(count_at(last, "audienceLists"), 1);
	must_fail(ERR_RESOURCE_IN_USE, NULL, "audience_list bank/l00 would no longer be valid", DESIGNER,
	        "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'keys': [{'name': 'customer_id', "
	        "'type': 'BOOL'}]}, 'updateMask': 'keys'}");
	must(DESIGNER, "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'keys': [{'name': 'customer_id', "
	        "'type': 'STRING'}]}, 'updateMask': 'keys'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_list_has_visitors_as_the_runtime_writes_their_ids, fixture_clear),
	        cmocka_unit_test_setup(a_segment_may_be_an_expression_lists_both_or_neither, fixture_clear),
	        cmocka_unit_test_setup(overrides_and_blacklists_speak_of_visitors_and_offers, fixture_clear),
	        cmocka_unit_test_setup(a_long_list_is_kept_and_listed, fixture_clear),
	};
	return cmocka_run_group_tests_name("admin visitors", tests, fixture_start, fixture_stop);
}
