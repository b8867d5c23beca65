// Stories about what is offered: lists, campaigns, rules of both sorts, zones, and how often.
#include "fixture.h"

#include <stdio.h>

static void a_list_names_offers_or_says_which(void **state)
{
	static const Refusal wrong[] = {
	        {ERR_REFERENCE_DANGLING, "offers[1]", "there is no offer lead", "'offers': ['gold', 'lead']"},
	        {ERR_FIELD_INVALID, "offers[1]", "is there twice", "'offers': ['gold', 'gold']"},
	        {ERR_FIELD_INVALID, "expression", "exclude each other",
	                "'offers': ['gold'], 'expression': 'true'"},
	        {ERR_EXPR_NAME_UNKNOWN, "expression", "colour", "'expression': 'colour == \\\"red\\\"'"},
	        {ERR_EXPR_TYPE, "expression", "line 1", "'expression': 'code'"},
	};
	(void)state;
	make_bank();
	MUST_REFUSE("OfferList", wrong);
	make("OfferList", "empty", "");
	make("OfferList", "cheap",
	        "'expression': 'template == \\\"card\\\" && has(attributes.rate) && attributes.rate < 3.0'");
	make("OfferList", "cards", "'offers': ['gold']");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "offer_list cards (offers[0])", DESIGNER,
	        "OfferService/DeleteOffer", "{'name': 'gold'}");
}

static void of_other_things_a_resource_names_a_thousand_at_most(void **state)
{
	static char fields[32000];
	size_t used = (size_t)sprintf(fields, "'offers': [");
	(void)state;
	make_bank();
	for (int i = 0; i <= 1000; i++)
		used += (size_t)sprintf(fields + used, "%s'o%d'", i ? "," : "", i);
	sprintf(fields + used, "]");
	const Refusal wrong[] = {{ERR_LIMIT, "offers[999]", "put offers into offer lists", fields}};
	MUST_REFUSE("OfferList", wrong);
}

static void an_offer_may_be_personal(void **state)
{
	static const Refusal wrong[] = {
	        {ERR_EXPR_SYNTAX, "attributes[0].expression", "line 1",
	                "'code': 'X', 'template': 'card', 'attributes': [{'name': 'rate', 'expression': 'age "
	                "+'}]"},
	        {ERR_FIELD_INVALID, "attributes[0].value", "does not fit the type double",
	                "'code': 'X', 'template': 'card', 'attributes': [{'name': 'rate', 'value': 'x', "
	                "'expression': 'age'}]"},
	        {ERR_FIELD_INVALID, "attributes[0].value", "does not fit the type double",
	                "'code': 'X', 'template': 'card', 'attributes': [{'name': 'rate'}]"},
	};
	(void)state;
	make_bank();
	MUST_REFUSE("Offer", wrong);
	make("Offer", "silver",
	        "'code': 'S', 'template': 'card', 'attributes': [{'name': 'rate', 'expression': 'age < 30 ? "
	        "1.0 : "
	        "2.0'}, {'name': 'title', 'value': 'For you', 'expression': '\\\"For \\\" + job'}]");
}

static void a_campaign_has_cells_and_rules_belong_to_them(void **state)
{
	static const Refusal wrong[] = {
	        {ERR_FIELD_MISSING, "code", "not a code", ""},
	        {ERR_FIELD_INVALID, "code", "not a code", "'code': 'SPRING 26'"},
	        {ERR_CODE_DUPLICATE, "code", "is the code of campaign spring", "'code': 'SPRING'"},
	        {ERR_FIELD_INVALID, "expire_time", "not after",
	                "'code': 'X', 'effectiveTime': '2026-02-01T00:00:00Z', 'expireTime': "
	                "'2026-01-01T00:00:00Z'"},
	        {ERR_FIELD_INVALID, "attributes", "1 to 63 bytes", "'code': 'X', 'attributes': {'': 'x'}"},
	        {ERR_FIELD_MISSING, "cells[0].code", "not a code", "'code': 'X', 'cells': [{}]"},
	        {ERR_FIELD_INVALID, "cells[1].code", "there twice",
	                "'code': 'X', 'cells': [{'code': 'A'}, {'code': 'A'}]"},
	        {ERR_FIELD_INVALID, "cells[0].control_percent", "0 to 100",
	                "'code': 'X', 'cells': [{'code': 'A', 'controlPercent': 101}]"},
	        {ERR_FIELD_INVALID, "cells[0].control_percent", "round it",
	                "'code': 'X', 'cells': [{'code': 'A', 'controlPercent': 3.33333333}]"},
	        {ERR_FIELD_INVALID, "cells[0].control_cell", "another cell",
	                "'code': 'X', 'cells': [{'code': 'A', 'controlCell': 'A'}]"},
	};
	static const Refusal of_rules[] = {
	        {ERR_FIELD_MISSING, "offer", "or an offer list", "'segment': 'adults'"},
	        {ERR_FIELD_INVALID, "offer_list", "exclude each other",
	                "'offer': 'gold', 'offerList': 'cards'"},
	        {ERR_REFERENCE_DANGLING, "campaign", "there is no campaign autumn",
	                "'offer': 'gold', 'campaign': 'autumn'"},
	        {ERR_FIELD_INVALID, "cell", "campaign spring has no cell \"B\"",
	                "'offer': 'gold', 'campaign': 'spring', 'cell': 'B'"},
	        {ERR_FIELD_MISSING, "campaign", "that cell A is of", "'offer': 'gold', 'cell': 'A'"},
	};
	(void)state;
	make_bank();
	make("OfferList", "cards", "'offers': ['gold']");
	make("Campaign", "spring",
	        "'code': 'SPRING', 'attributes': {'owner': 'Dora', 'budget': '7 M'}, 'paused': true, "
	        "'cells': "
	        "[{'code': 'A', 'controlPercent': 12.5, 'controlCell': 'A-held-out'}, {'code': "
	        "'A-held-out'}]");
	MUST_REFUSE("Campaign", wrong);
	MUST_REFUSE("TreatmentRule", of_rules);
	make("TreatmentRule", "spring-cards", "'offerList': 'cards', 'campaign': 'spring', 'cell': 'A'");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "treatment_rule bank/spring-cards would no longer be valid",
	        DESIGNER, "CampaignService/UpdateCampaign",
	        "{'campaign': {'name': 'spring', 'code': 'SPRING', 'cells': [{'code': 'B'}]}}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "treatment_rule bank/spring-cards (campaign)", DESIGNER,
	        "CampaignService/DeleteCampaign", "{'name': 'spring'}");
}

static void a_global_offer_is_for_everyone_of_a_level(void **state)
{
	static const Refusal wrong[] = {
	        {ERR_FIELD_MISSING, "offer", "or an offer list", "'zone': 'home'"},
	        {ERR_REFERENCE_DANGLING, "zone", "there is no zone", "'offer': 'gold', 'zone': 'attic'"},
	        {ERR_FIELD_INVALID, "score", "0 to 100", "'offer': 'gold', 'score': -1"},
	        {ERR_EXPR_TYPE, "score_expression", "column", "'offer': 'gold', 'scoreExpression': 'job'"},
	        {ERR_EXPR_NAME_UNKNOWN, "eligibility", "income",
	                "'offer': 'gold', 'eligibility': 'income > 1'"},
	        {ERR_FIELD_INVALID, "expire_time", "not after",
	                "'offer': 'gold', 'effectiveTime': '2026-02-01T00:00:00Z', 'expireTime': "
	                "'2026-01-01T00:00:00Z'"},
	};
	static const Refusal of_two_levels[] = {
	        {ERR_FIELD_MISSING, "audience_level", "more than one", "'offer': 'gold'"},
	};
	(void)state;
	make_bank();
	MUST_REFUSE("GlobalOffer", wrong);
	make("GlobalOffer", "everybody",
	        "'offer': 'gold', 'eligibility': 'age >= 18', 'scoreExpression': 'age'");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "global_offer bank/everybody would no longer be valid", DESIGNER,
	        "AudienceLevelService/UpdateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'attributes': [{'name': 'age', "
	        "'type': "
	        "'STRING'}]}, 'updateMask': 'attributes'}");
	make("AudienceLevel", "household", "'keys': [{'name': 'id', 'type': 'INT'}]");
	MUST_REFUSE("GlobalOffer", of_two_levels);
}

static void a_zone_says_who_and_what_is_let_in(void **state)
{
#define CONDITION(fields) "'offerInclusion': [{" fields "}]"
	static const Refusal wrong[] = {
	        {ERR_FIELD_MISSING, "inclusion[0].expression", "is empty", "'inclusion': [{}]"},
	        {ERR_EXPR_TYPE, "inclusion[0].expression", "line 1", "'inclusion': [{'expression': 'age'}]"},
	        {ERR_FIELD_INVALID, "inclusion[1].audience_level", "join the two",
	                "'inclusion': [{'expression': 'true'}, {'audienceLevel': 'customer', 'expression': "
	                "'true'}]"},
	        {ERR_FIELD_MISSING, "offer_inclusion[0].attribute", "attribute's name",
	                CONDITION("'comparison': 'EQUAL', 'value': 3")},
	        {ERR_FIELD_MISSING, "offer_inclusion[0].comparison", "such as EQUAL",
	                CONDITION("'attribute': 'rate', 'value': 3")},
	        {ERR_FIELD_INVALID, "offer_inclusion[0].value", "give a value",
	                CONDITION("'attribute': 'rate', 'comparison': 'LESS'")},
	        {ERR_FIELD_INVALID, "offer_inclusion[0].value", "have an order",
	                CONDITION("'attribute': 'rate', 'comparison': 'LESS', 'value': true")},
	        {ERR_FIELD_INVALID, "offer_inclusion[0].value", "give a text",
	                CONDITION("'attribute': 'tags', 'comparison': 'CONTAINS', 'value': 3")},
	        {ERR_FIELD_INVALID, "offer_inclusion[0].value", "give a moment",
	                CONDITION("'attribute': 'since', 'comparison': 'LESS', 'value': 'today', "
	                          "'timestamp': true")},
	        {ERR_REFERENCE_DANGLING, "default_offers[0]", "there is no offer",
	                "'defaultOffers': ['lead']"},
	        {ERR_REFERENCE_DANGLING, "default_offer_lists[0]", "there is no offer_list",
	                "'defaultOfferLists': ['lead']"},
	};
	(void)state;
	make_bank();
	MUST_REFUSE("Zone", wrong);
	make("OfferList", "cards", "'offers': ['gold']");
	make("Zone", "side",
	        "'deduplication': 'TREATMENT', 'inclusion': [{'expression': 'age >= 18'}], 'offerInclusion': "
	        "["
	        "{'attribute': 'rate', 'comparison': 'LESS_EQUAL', 'value': 3},"
	        "{'attribute': 'since', 'comparison': 'GREATER', 'value': '2026-01-31T08:00:00Z', "
	        "'timestamp': true},"
	        "{'attribute': 'tags', 'comparison': 'CONTAINS', 'value': 'new'}],"
	        " 'defaultOffers': ['gold'], 'defaultOfferLists': ['cards']");
}

static void limits_say_what_counts_and_how_long(void **state)
{
	static const Refusal of_suppressions[] = {
	        {ERR_FIELD_MISSING, "offers", "or offer lists", "'trigger': 'ACCEPT', 'scope': 'SESSION'"},
	        {ERR_FIELD_MISSING, "trigger", "ACCEPT, REJECT", "'offers': ['gold'], 'scope': 'SESSION'"},
	        {ERR_FIELD_MISSING, "times", "how many",
	                "'offers': ['gold'], 'trigger': 'PRESENTATIONS', 'scope': 'SESSION'"},
	        {ERR_FIELD_INVALID, "times", "leave it out",
	                "'offers': ['gold'], 'trigger': 'ACCEPT', 'times': 2, 'scope': 'SESSION'"},
	        {ERR_FIELD_MISSING, "scope", "how long", "'offers': ['gold'], 'trigger': 'ACCEPT'"},
	        {ERR_FIELD_INVALID, "days", "1 to 3650",
	                "'offers': ['gold'], 'trigger': 'ACCEPT', 'scope': 'DAYS', 'days': 3651"},
	        {ERR_FIELD_INVALID, "related_attribute", "attribute's name",
	                "'offers': ['gold'], 'trigger': 'ACCEPT', 'scope': 'SESSION', 'relatedAttribute': 'a "
	                "b'"},
	};
	static const Refusal of_constraints[] = {
	        {ERR_FIELD_MISSING, "offers", "or offer lists", "'scope': 'SESSION', 'limit': 1"},
	        {ERR_FIELD_MISSING, "scope", "SESSION, VISITOR", "'offers': ['gold'], 'limit': 1"},
	        {ERR_FIELD_INVALID, "period", "no periods",
	                "'offers': ['gold'], 'scope': 'SESSION', 'period': 'DAY', 'limit': 1"},
	        {ERR_FIELD_MISSING, "limit", "at least 1", "'offers': ['gold'], 'scope': 'VISITOR'"},
	        {ERR_FIELD_INVALID, "limit", "at least 1",
	                "'offers': ['gold'], 'scope': 'VISITOR', 'limit': -1"},
	};
	(void)state;
	make_bank();
	MUST_REFUSE("SuppressionRule", of_suppressions);
	MUST_REFUSE("Constraint", of_constraints);
	make("OfferList", "cards", "'offers': ['gold']");
	make("SuppressionRule", "taken",
	        "'offerLists': ['cards'], 'trigger': 'ACCEPT', 'scope': 'FOR_EVER', 'relatedAttribute': "
	        "'title'");
	make("Constraint", "stock",
	        "'offerLists': ['cards'], 'scope': 'OVERALL', 'period': 'MONTH', 'counted': 'ACCEPTS', "
	        "'limit': "
	        "1000");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "suppression_rule bank/taken (offer_lists[0])", DESIGNER,
	        "OfferListService/DeleteOfferList", "{'name': 'cards'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_list_names_offers_or_says_which, fixture_clear),
	        cmocka_unit_test_setup(of_other_things_a_resource_names_a_thousand_at_most, fixture_clear),
	        cmocka_unit_test_setup(an_offer_may_be_personal, fixture_clear),
	        cmocka_unit_test_setup(a_campaign_has_cells_and_rules_belong_to_them, fixture_clear),
	        cmocka_unit_test_setup(a_global_offer_is_for_everyone_of_a_level, fixture_clear),
	        cmocka_unit_test_setup(a_zone_says_who_and_what_is_let_in, fixture_clear),
	        cmocka_unit_test_setup(limits_say_what_counts_and_how_long, fixture_clear),
	};
	return cmocka_run_group_tests_name("admin offers and campaigns", tests, fixture_start, fixture_stop);
}
