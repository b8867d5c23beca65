// Stories about resources of every kind: reading, listing, and what is refused.
#include "fixture.h"

#include "admin/kind.h"

#include <stdio.h>

static void every_kind_can_be_made_read_listed_changed_and_deleted(void **state)
{
	(void)state;
	make_whole_bank();
	// In the reverse order of reference, so that nothing is in use when its turn comes.
	static const struct {
		const char *kind, *key, *plural, *name;
	} things[] = {
	        {"Constraint", "constraint", "constraints", "stock"},
	        {"SuppressionRule", "suppressionRule", "suppressionRules", "enough"},
	        {"Blacklist", "blacklist", "blacklists", "dislikes"},
	        {"ScoreOverride", "scoreOverride", "scoreOverrides", "likes"},
	        {"GlobalOffer", "globalOffer", "globalOffers", "for-all"},
	        {"TreatmentRule", "treatmentRule", "treatmentRules", "gold-for-adults"},
	        {"SegmentationFlow", "segmentationFlow", "segmentationFlows", "sorting"},
	        {"Campaign", "campaign", "campaigns", "spring"},
	        {"OfferList", "offerList", "offerLists", "cards"},
	        {"Offer", "offer", "offers", "gold"},
	        {"OfferTemplate", "offerTemplate", "offerTemplates", "card"},
	        {"Segment", "segment", "segments", "adults"},
	        {"AudienceList", "audienceList", "audienceLists", "vips"},
	        {"Event", "event", "events", "shown"},
	        {"OutcomeType", "outcomeType", "outcomeTypes", "visited"},
	        {"InteractionPoint", "interactionPoint", "interactionPoints", "banner"},
	        {"Zone", "zone", "zones", "home"},
	        {"AudienceLevel", "audienceLevel", "audienceLevels", "customer"},
	        {"Channel", "channel", "channels", "bank"},
	};
	assert_int_equal(ARRAY_COUNT(things), KIND_COUNT);
	for (size_t i = 0; i < ARRAY_COUNT(things); i++) {
		char method[96], path[64], id[96];
		bool scoped = kind_has_channel(kind_by_name(str(things[i].kind)));
		snprintf(id, sizeof(id), "%s'name': '%s'", scoped ? "'channel': 'bank', " : "",
		        things[i].name);
		snprintf(method, sizeof(method), "%sService/Update%s", things[i].kind, things[i].kind);
		must(DESIGNER, method,
		        "{'%s': {%s, 'description': 'new words'}, 'updateMask': 'description'}",
		        things[i].key, id);
		snprintf(method, sizeof(method), "%sService/Get%s", things[i].kind, things[i].kind);
		CLEANUP(json_decrefp_) json_t *got = ask(VIEWER, method, "{%s}", id);
		snprintf(path, sizeof(path), "%s.description", things[i].key);
		assert_string_equal(text_at(got, path), "new words");
		snprintf(path, sizeof(path), "%s.createTime", things[i].key);
		assert_string_not_equal(text_at(got, path), "");
		snprintf(method, sizeof(method), "%sService/List%ss", things[i].kind, things[i].kind);
		CLEANUP(json_decrefp_) json_t *listed = ask(VIEWER, method, "{}");
		assert_int_equal(count_at(listed, things[i].plural), 1);
		snprintf(method, sizeof(method), "%sService/Delete%s", things[i].kind, things[i].kind);
		must(DESIGNER, method, "{%s}", id);
		must_fail(ERR_RESOURCE_NOT_FOUND, NULL, "there is no", DESIGNER, method, "{%s}", id);
		must(DESIGNER, method, "{%s, 'allowMissing': true}", id);
	}
	assert_int_equal(sql_i64("SELECT count(*) FROM resource"), 0);
}

static void what_is_missing_is_named_with_the_remedy(void **state)
{
	(void)state;
	must_fail(ERR_RESOURCE_NOT_FOUND, NULL, "there is no offer gold: make it with CreateOffer", VIEWER,
	        "OfferService/GetOffer", "{'name': 'gold'}");
	must_fail(ERR_FIELD_MISSING, "offer", "no offer", DESIGNER, "OfferService/CreateOffer", "{}");
	must_fail(ERR_REFERENCE_DANGLING, "zone.channel", "make it first with CreateChannel", DESIGNER,
	        "ZoneService/CreateZone", "{'zone': {'channel': 'bank', 'name': 'home'}}");
}

// One row: the error, its field, a piece of its message, and the request that deserves it.
static const struct {
	Err expected;
	const char *field, *about, *method, *request;
} wrong[] = {
        {ERR_FIELD_INVALID, "channel.name", "lower-case letter", "ChannelService/CreateChannel",
                "{'channel': {'name': 'Bank'}}"},
        {ERR_FIELD_MISSING, "channel.name", "needs a name", "ChannelService/CreateChannel",
                "{'channel': {}}"},
        {ERR_FIELD_INVALID, "channel.session_timeout_s", "10 to 86400", "ChannelService/CreateChannel",
                "{'channel': {'name': 'x', 'sessionTimeoutS': 3}}"},
        {ERR_RESOURCE_EXISTS, "name", "exists already", "ChannelService/CreateChannel",
                "{'channel': {'name': 'bank'}}"},
        {ERR_FIELD_MISSING, "zone.channel", "name the channel", "ZoneService/CreateZone",
                "{'zone': {'name': 'x'}}"},
        {ERR_FIELD_MISSING, "interaction_point.zone", "name the zone",
                "InteractionPointService/CreateInteractionPoint",
                "{'interactionPoint': {'channel': 'bank', 'name': 'x', 'defaultContent': 'y'}}"},
        {ERR_REFERENCE_DANGLING, "interaction_point.zone", "there is no zone bank/attic",
                "InteractionPointService/CreateInteractionPoint",
                "{'interactionPoint': {'channel': 'bank', 'name': 'x', 'zone': 'attic', "
                "'defaultContent': 'y'}}"},
        {ERR_FIELD_MISSING, "interaction_point.default_content", "what to show",
                "InteractionPointService/CreateInteractionPoint",
                "{'interactionPoint': {'channel': 'bank', 'name': 'x', 'zone': 'home'}}"},
        {ERR_FIELD_INVALID, "event.actions[1].kind", "unspecified", "EventService/CreateEvent",
                "{'event': {'channel': 'bank', 'name': 'x', 'actions': ['RESEGMENT', "
                "'UNSPECIFIED']}}"},
        {ERR_FIELD_MISSING, "audience_level.keys", "1 to 8 keys", "AudienceLevelService/CreateAudienceLevel",
                "{'audienceLevel': {'channel': 'bank', 'name': 'x'}}"},
        {ERR_FIELD_INVALID, "audience_level.keys[0].type", "BOOL, INT or STRING",
                "AudienceLevelService/CreateAudienceLevel",
                "{'audienceLevel': {'channel': 'bank', 'name': 'x', 'keys': [{'name': 'k', 'type': "
                "'DOUBLE'}]}}"},
        {ERR_FIELD_INVALID, "audience_level.attributes[1].name", "there twice",
                "AudienceLevelService/CreateAudienceLevel",
                "{'audienceLevel': {'channel': 'bank', 'name': 'x', 'keys': [{'name': 'k', 'type': "
                "'INT'}],"
                " 'attributes': [{'name': 'a', 'type': 'INT'}, {'name': 'a', 'type': 'INT'}]}}"},
        {ERR_FIELD_INVALID, "audience_level.attributes[0].name", "word of the expression language",
                "AudienceLevelService/CreateAudienceLevel",
                "{'audienceLevel': {'channel': 'bank', 'name': 'x', 'keys': [{'name': 'k', 'type': "
                "'INT'}],"
                " 'attributes': [{'name': 'in', 'type': 'INT'}]}}"},
        {ERR_FIELD_INVALID, "audience_level.attributes[0].default", "does not fit the type int",
                "AudienceLevelService/CreateAudienceLevel",
                "{'audienceLevel': {'channel': 'bank', 'name': 'x', 'keys': [{'name': 'k', 'type': "
                "'INT'}],"
                " 'attributes': [{'name': 'a', 'type': 'INT', 'default': 'many'}]}}"},
        {ERR_FIELD_INVALID, "audience_level.profile_table", "not a table",
                "AudienceLevelService/CreateAudienceLevel",
                "{'audienceLevel': {'channel': 'bank', 'name': 'x', 'keys': [{'name': 'k', 'type': "
                "'INT'}],"
                " 'profileTable': 'a; drop table b'}}"},
        {ERR_EXPR_NAME_UNKNOWN, "segment.expression", "line 1, column 1", "SegmentService/CreateSegment",
                "{'segment': {'channel': 'bank', 'name': 'x', 'audienceLevel': 'customer', "
                "'expression': 'agee > 3'}}"},
        {ERR_EXPR_TYPE, "segment.expression", "line 1", "SegmentService/CreateSegment",
                "{'segment': {'channel': 'bank', 'name': 'x', 'audienceLevel': 'customer', "
                "'expression': 'age + 1'}}"},
        {ERR_EXPR_SYNTAX, "segment.expression", "line 2", "SegmentService/CreateSegment",
                "{'segment': {'channel': 'bank', 'name': 'x', 'audienceLevel': 'customer', "
                "'expression': 'age >\\n > 3'}}"},
        {ERR_FIELD_INVALID, "offer_template.attributes[0].type", "not a type",
                "OfferTemplateService/CreateOfferTemplate",
                "{'offerTemplate': {'name': 'x', 'attributes': [{'name': 'a'}]}}"},
        {ERR_FIELD_MISSING, "offer.code", "not a code", "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'template': 'card', 'attributes': [{'name': 'rate', "
                "'value': 1.5}]}}"},
        {ERR_CODE_DUPLICATE, "offer.code", "is the code of offer gold already", "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'code': 'GOLD-1', 'template': 'card', 'attributes': "
                "[{'name': 'rate', 'value': 1.5}]}}"},
        {ERR_FIELD_MISSING, "offer.attributes", "rate", "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'code': 'X', 'template': 'card'}}"},
        {ERR_FIELD_INVALID, "offer.attributes[0].name", "has no attribute", "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'code': 'X', 'template': 'card', 'attributes': [{'name': "
                "'colour', 'value': 'red'}]}}"},
        {ERR_FIELD_INVALID, "offer.attributes[0].value", "does not fit the type double",
                "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'code': 'X', 'template': 'card', 'attributes': [{'name': "
                "'rate', 'value': 'low'}]}}"},
        {ERR_FIELD_INVALID, "offer.destination", "absolute https", "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'code': 'X', 'template': 'card', 'attributes': [{'name': "
                "'rate', 'value': 1}],"
                " 'destination': 'http://example.com'}}"},
        {ERR_FIELD_INVALID, "offer.expire_time", "not after effective_time", "OfferService/CreateOffer",
                "{'offer': {'name': 'x', 'code': 'X', 'template': 'card', 'attributes': [{'name': "
                "'rate', 'value': 1}],"
                " 'effectiveTime': '2026-02-01T00:00:00Z', 'expireTime': '2026-01-01T00:00:00Z'}}"},
        {ERR_FIELD_INVALID, "treatment_rule.score", "0 to 100", "TreatmentRuleService/CreateTreatmentRule",
                "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'segment': 'adults', 'offer': "
                "'gold', 'score': 101}}"},
        {ERR_EXPR_TYPE, "treatment_rule.score_expression", "column",
                "TreatmentRuleService/CreateTreatmentRule",
                "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'offer': 'gold', "
                "'scoreExpression': 'job'}}"},
        {ERR_EXPR_NAME_UNKNOWN, "treatment_rule.eligibility", "income",
                "TreatmentRuleService/CreateTreatmentRule",
                "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'offer': 'gold', 'eligibility': "
                "'income > 1'}}"},
        {ERR_REFERENCE_DANGLING, "treatment_rule.offer", "there is no offer silver",
                "TreatmentRuleService/CreateTreatmentRule",
                "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'offer': 'silver'}}"},
};

static void wrong_resources_are_refused_where_they_are_wrong(void **state)
{
	(void)state;
	make_bank();
	int64_t before = sql_i64("SELECT count(*) FROM resource"),
	        audited = sql_i64("SELECT count(*) FROM audit");
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		must_fail(wrong[i].expected, wrong[i].field, wrong[i].about, DESIGNER, wrong[i].method, "%s",
		        wrong[i].request);
	assert_int_equal(sql_i64("SELECT count(*) FROM resource"), before);
	assert_int_equal(sql_i64("SELECT count(*) FROM audit"), audited);
}

static void a_rule_finds_its_audience_level(void **state)
{
	(void)state;
	make_bank();
	must(DESIGNER, "TreatmentRuleService/CreateTreatmentRule",
	        "{'treatmentRule': {'channel': 'bank', 'name': 'all', 'offer': 'gold', 'eligibility': 'age > "
	        "20'}}");
	must(DESIGNER, "AudienceLevelService/CreateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'visitor', 'keys': [{'name': 'cookie', "
	        "'type': 'STRING'}]}}");
	must_fail(ERR_FIELD_MISSING, "treatment_rule.audience_level", "more than one", DESIGNER,
	        "TreatmentRuleService/CreateTreatmentRule",
	        "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'offer': 'gold'}}");
	must_fail(ERR_FIELD_INVALID, "treatment_rule.audience_level", "sorts visitors of customer", DESIGNER,
	        "TreatmentRuleService/CreateTreatmentRule",
	        "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'offer': 'gold', 'segment': 'adults', "
	        "'audienceLevel': 'visitor'}}");
	must(DESIGNER, "TreatmentRuleService/CreateTreatmentRule",
	        "{'treatmentRule': {'channel': 'bank', 'name': 'x', 'offer': 'gold', 'audienceLevel': "
	        "'visitor'}}");
}

static void what_is_in_use_stays_and_its_users_are_named(void **state)
{
	(void)state;
	make_bank();
	must_fail(ERR_RESOURCE_IN_USE, NULL, "treatment_rule bank/gold-for-adults (offer)", DESIGNER,
	        "OfferService/DeleteOffer", "{'name': 'gold'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "segment bank/adults (audience_level)", DESIGNER,
	        "AudienceLevelService/DeleteAudienceLevel", "{'channel': 'bank', 'name': 'customer'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "and 1 more", DESIGNER, "ChannelService/DeleteChannel",
	        "{'name': 'bank'}");
}

static void a_change_may_not_break_what_refers_to_it(void **state)
{
	(void)state;
	make_bank();
	// The rule reaches the level's attribute only through its segment.
	must_fail(ERR_RESOURCE_IN_USE, NULL, "segment bank/adults would no longer be valid", DESIGNER,
	        "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'attributes': [{'name': 'job', "
	        "'type': 'STRING'}]},"
	        " 'updateMask': 'attributes'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "offer gold would no longer be valid", DESIGNER,
	        "OfferTemplateService/UpdateOfferTemplate",
	        "{'offerTemplate': {'name': 'card', 'attributes': [{'name': 'limit', 'type': 'INT'}]}}");
	must(DESIGNER, "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'attributes': [{'name': 'income', "
	        "'type': 'DOUBLE'},"
	        " {'name': 'age', 'type': 'INT'}]}, 'updateMask': 'attributes'}");
}

static void make_zones(int count)
{
	must(DESIGNER, "ChannelService/CreateChannel", "{'channel': {'name': 'a'}}");
	must(DESIGNER, "ChannelService/CreateChannel", "{'channel': {'name': 'b'}}");
	for (int i = 0; i < count; i++)
		must(DESIGNER, "ZoneService/CreateZone",
		        "{'zone': {'channel': '%s', 'name': 'z%02d', 'tieBreak': '%s'}}", i % 2 ? "b" : "a",
		        i, i % 3 ? "NEWEST_OFFER" : "OFFER_CODE");
}

// Reads all pages; between them a zone appears and one that was read goes away.
static void pages_neither_repeat_nor_skip(void **state)
{
	(void)state;
	char token[512] = "", seen[2048] = "";
	size_t count = 0;
	make_zones(20);
	for (int page = 0; page == 0 || *token; page++) {
		CLEANUP(json_decrefp_)
		json_t *answer =
		        ask(VIEWER, "ZoneService/ListZones", "{'pageSize': 3, 'pageToken': '%s'}", token);
		assert_non_null(answer);
		for (size_t i = 0; i < count_at(answer, "zones"); i++, count++) {
			char path[32];
			snprintf(path, sizeof(path), "zones.%zu.name", i);
			assert_null(strstr(seen, text_at(answer, path)));
			strcat(strcat(seen, " "), text_at(answer, path));
		}
		snprintf(token, sizeof(token), "%s", text_at(answer, "nextPageToken"));
		if (page == 0) {
			must(DESIGNER, "ZoneService/CreateZone",
			        "{'zone': {'channel': 'a', 'name': 'a-new-one'}}");
			must(DESIGNER, "ZoneService/DeleteZone", "{'channel': 'a', 'name': 'z00'}");
		}
	}
	assert_int_equal(count, 20);
}

static void a_page_token_belongs_to_its_query(void **state)
{
	(void)state;
	make_zones(6);
	CLEANUP(json_decrefp_)
	json_t *first = ask(VIEWER, "ZoneService/ListZones", "{'pageSize': 1, 'channel': 'a'}");
	const char *token = text_at(first, "nextPageToken");
	must(VIEWER, "ZoneService/ListZones", "{'pageSize': 2, 'channel': 'a', 'pageToken': '%s'}", token);
	must_fail(ERR_PAGE_TOKEN_INVALID, "page_token", "this very query", VIEWER, "ZoneService/ListZones",
	        "{'channel': 'b', 'pageToken': '%s'}", token);
	must_fail(ERR_PAGE_TOKEN_INVALID, "page_token", "", VIEWER, "ZoneService/ListZones",
	        "{'channel': 'a', 'filter': 'true', 'pageToken': '%s'}", token);
	must_fail(ERR_PAGE_TOKEN_INVALID, "page_token", "", VIEWER, "ChannelService/ListChannels",
	        "{'pageToken': '%s'}", token);
	must_fail(ERR_PAGE_TOKEN_INVALID, "page_token", "", VIEWER, "ZoneService/ListZones",
	        "{'pageToken': 'rubbish!'}");
	must_fail(ERR_FIELD_INVALID, "page_size", "negative", VIEWER, "ZoneService/ListZones",
	        "{'pageSize': -1}");
}

static void filters_are_cel_over_fields(void **state)
{
	(void)state;
	make_zones(12);
	static const struct {
		const char *filter;
		size_t count;
	} filters[] = {
	        {"tie_break == \\\"OFFER_CODE\\\"", 4},
	        {"channel == \\\"a\\\" && name.endsWith(\\\"0\\\")", 2},
	        {"name in [\\\"z01\\\", \\\"z02\\\", \\\"zz\\\"]", 2},
	        {"create_time > timestamp(\\\"2020-01-01T00:00:00Z\\\")", 12},
	        {"false", 0},
	};
	for (size_t i = 0; i < ARRAY_COUNT(filters); i++) {
		CLEANUP(json_decrefp_)
		json_t *answer = ask(VIEWER, "ZoneService/ListZones", "{'filter': '%s'}", filters[i].filter);
		if (!answer)
			print_error("%s: %s\n", filters[i].filter, err_detail()->message);
		assert_non_null(answer);
		assert_int_equal(count_at(answer, "zones"), filters[i].count);
	}
	must_fail(ERR_FILTER_INVALID, "filter", "column", VIEWER, "ZoneService/ListZones",
	        "{'filter': 'nmae == name'}");
	must_fail(ERR_FILTER_INVALID, "filter", "", VIEWER, "ZoneService/ListZones", "{'filter': 'name'}");
}

static void an_unset_time_is_missing_to_a_filter(void **state)
{
	(void)state;
	make_bank();
	must(DESIGNER, "OfferService/CreateOffer",
	        "{'offer': {'name': 'silver', 'code': 'S', 'template': 'card', 'attributes': [{'name': "
	        "'rate', 'value': 1}],"
	        " 'expireTime': '2027-01-01T00:00:00Z'}}");
	CLEANUP(json_decrefp_)
	json_t *with = ask(VIEWER, "OfferService/ListOffers",
	        "{'filter': 'expire_time < timestamp(\\\"2030-01-01T00:00:00Z\\\")'}");
	assert_int_equal(count_at(with, "offers"), 1);
	assert_string_equal(text_at(with, "offers.0.name"), "silver");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(every_kind_can_be_made_read_listed_changed_and_deleted, fixture_clear),
	        cmocka_unit_test_setup(what_is_missing_is_named_with_the_remedy, fixture_clear),
	        cmocka_unit_test_setup(wrong_resources_are_refused_where_they_are_wrong, fixture_clear),
	        cmocka_unit_test_setup(a_rule_finds_its_audience_level, fixture_clear),
	        cmocka_unit_test_setup(what_is_in_use_stays_and_its_users_are_named, fixture_clear),
	        cmocka_unit_test_setup(a_change_may_not_break_what_refers_to_it, fixture_clear),
	        cmocka_unit_test_setup(pages_neither_repeat_nor_skip, fixture_clear),
	        cmocka_unit_test_setup(a_page_token_belongs_to_its_query, fixture_clear),
	        cmocka_unit_test_setup(filters_are_cel_over_fields, fixture_clear),
	        cmocka_unit_test_setup(an_unset_time_is_missing_to_a_filter, fixture_clear),
	};
	return cmocka_run_group_tests_name("admin resources", tests, fixture_start, fixture_stop);
}
