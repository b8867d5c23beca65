// getOffers beyond the simple case: filters, points that share, personalised offers, explain, and what if.
#include "server.h"
#include "wire/wire.h"

#include <stdio.h>
#include <string.h>

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	return 0;
}

static World *bank(void)
{
	return world_bank(server.client.arena);
}

static void deploy(World *world)
{
	server.manifest = must_deploy(&server.client, world_finish(world), 2, &server.manifest);
}

static GetOffersResponse *must_get(const GetOffersRequest *request)
{
	GetOffersResponse *answer = NULL;
	Err e = get_offers(&server.client, request, &answer);
	if (e != OK)
		fprintf(stderr, "%s at %s: %s\n", err_reason(e), err_detail()->field, err_detail()->message);
	assert_int_equal(e, OK);
	return answer;
}

static GetOffersRequest *ask(const char *session, const char *point, uint32_t max)
{
	return new_offers(&server.client, session, point, max);
}

// --- filters ---

#define COMPARE(name) PARLEY__RUNTIME__V1__COMPARISON__COMPARISON_##name

static void filter_by(GetOffersRequest *request, const char *attribute,
        Parley__Runtime__V1__Comparison comparison, NamedValue *value)
{
	PointRequest *point = request->points[0];
	if (point->filter == NULL)
		point->filter = message_list(server.client.arena, MESSAGE_OF(offer_condition), 32);
	OfferCondition *condition = point->filter[point->n_filter++];
	condition->attribute = (char *)attribute;
	condition->comparison = comparison;
	condition->value = value->value;
}

static void only_what_meets_the_filter_is_offered(void **state)
{
	(void)state;
	Client *c = &server.client;
	World *world = bank();
	SnapOffer *cheap = world_offer(world, "CHEAP"), *dear = world_offer(world, "DEAR");
	world_offer_attribute(world, cheap, "rate", world_double(world, 1.5));
	world_offer_attribute(world, dear, "rate", world_int(world, 9));
	world_rule(world, "cheap", NULL, "home", "CHEAP", 10);
	world_rule(world, "dear", NULL, "home", "DEAR", 11);
	deploy(world);
	must_start(c, "s1", 1, NULL);
	GetOffersRequest *request = ask("s1", "home-banner", 10);
	filter_by(request, "rate", COMPARE(LESS_EQUAL), int_value(c, "", 2));
	GetOffersResponse *answer = must_get(request);
	assert_int_equal(answer->points[0]->n_offers, 1);
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "CHEAP");
	request = ask("s1", "home-banner", 10);
	filter_by(request, "headline", COMPARE(UNSPECIFIED), string_value(c, "", "LOAN"));
	request->explain = true;
	answer = must_get(request);
	assert_int_equal(answer->points[0]->n_offers, 1);
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "LOAN");
	bool filtered = false;
	for (size_t i = 0; i < answer->points[0]->n_candidates; i++) {
		const Candidate *candidate = answer->points[0]->candidates[i];
		if (strcmp(candidate->offer_code, "CARD") != 0 ||
		        strcmp(candidate->reason, "REQUEST_FILTERED") != 0)
			continue;
		filtered = true;
		assert_string_equal(candidate->detail, "headline");
		assert_null(candidate->score_parts);
	}
	assert_true(filtered);
}

static void wrong_filters_are_refused_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		GetOffersRequest *r = ask("s1", "home-banner", 1);                                           \
		filter_by(r, "rate", COMPARE(EQUAL), int_value(c, "", 1));                                   \
		change;                                                                                      \
		assert_refused(get_offers(c, r, NULL), (Refusal){ERR_##reason, path});                       \
	} while (0)
	REFUSED(FIELD_MISSING, "points[0].filter[0]", r->points[0]->filter[0]->attribute = (char *)"");
	REFUSED(FIELD_INVALID, "points[0].filter[0]",
	        r->points[0]->filter[0]->comparison = (Parley__Runtime__V1__Comparison)8);
	REFUSED(FIELD_INVALID, "points[0].filter[0].value", r->points[0]->filter[0]->value = NULL);
	REFUSED(FIELD_INVALID, "points[0].filter",
	        while (r->points[0]->n_filter < 17)
	                filter_by(r, "rate", COMPARE(EQUAL), int_value(c, "", 1)));
#undef REFUSED
}

// --- points, attributes ---

static void a_later_point_does_not_repeat_an_earlier_one_when_asked(void **state)
{
	(void)state;
	must_start(&server.client, "s1", 1, NULL);
	GetOffersRequest *request = ask("s1", "home-banner", 1);
	request->n_points = 2;
	request->points[1]->interaction_point = (char *)"home-side";
	GetOffersResponse *answer = must_get(request);
	assert_string_equal(
	        answer->points[1]->offers[0]->offer_code, answer->points[0]->offers[0]->offer_code);
	request->deduplicate_across_points = true;
	request->explain = true;
	answer = must_get(request);
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "CARD");
	assert_string_equal(answer->points[1]->offers[0]->offer_code, "LOAN");
	bool told = false;
	for (size_t i = 0; i < answer->points[1]->n_candidates; i++)
		told |= strcmp(answer->points[1]->candidates[i]->reason, "DUPLICATE_ACROSS_POINTS") == 0;
	assert_true(told);
}

static const Value *value_of(const Offer *offer, const char *name)
{
	for (size_t i = 0; i < offer->n_attributes; i++)
		if (strcmp(offer->attributes[i]->name, name) == 0)
			return offer->attributes[i]->value;
	return NULL;
}

static void attributes_are_the_visitors_where_they_are_personalised(void **state)
{
	(void)state;
	Client *c = &server.client;
	World *world = bank();
	SnapOffer *offer = world_offer(world, "YOURS");
	SnapOfferAttribute *limit = world_offer_attribute(world, offer, "limit", world_double(world, 100));
	world_personalise(world, limit, WORLD_CUSTOMER, "churn * 1000.0");
	SnapOfferAttribute *greeting = world_offer_attribute(world, offer, "greeting", NULL);
	world_personalise(world, greeting, WORLD_CUSTOMER, "'Hello, ' + tags[0]");
	world_offer_attribute(world, offer, "colour", world_string(world, "blue"));
	world_rule(world, "yours", NULL, "home", "YOURS", 100);
	deploy(world);
	must_start(c, "s1", 1, NULL);
	const Offer *shown = must_offer(c, "s1", "home-banner", 1)->offers[0];
	assert_string_equal(shown->offer_code, "YOURS");
	assert_string_equal(shown->offer_name, "YOURS");
	assert_true(value_of(shown, "limit")->double_value == 100); // no churn: the fixed value
	assert_null(value_of(shown, "greeting"));                   // no tag and no fixed value: left out
	assert_string_equal(value_of(shown, "colour")->string_value, "blue");
	GetOffersRequest *request = ask("s1", "home-banner", 1);
	request->what_if = message_new(c->arena, MESSAGE_OF(what_if));
	request->what_if->n_attributes = 1;
	request->what_if->attributes = ARENA_ARRAY(c->arena, NamedValue *, 1);
	request->what_if->attributes[0] = double_value(c, "churn", 0.5);
	shown = must_get(request)->points[0]->offers[0];
	assert_true(value_of(shown, "limit")->double_value == 500);
	assert_string_equal(shown->attributes[0]->name, "headline"); // the template's order
	assert_string_equal(shown->attributes[1]->name, "limit");
	assert_string_equal(shown->attributes[2]->name, "colour");
}

// --- explain ---

static const Candidate *candidate_of(const GetOffersResponse *answer, const char *rule)
{
	for (size_t i = 0; i < answer->points[0]->n_candidates; i++)
		if (strcmp(answer->points[0]->candidates[i]->treatment_rule, rule) == 0)
			return answer->points[0]->candidates[i];
	fail_msg("%s is no candidate", rule);
	return NULL;
}

static void explaining_tells_campaign_cell_and_how_the_score_came_about(void **state)
{
	(void)state;
	World *world = bank();
	SnapCampaign *spring = world_campaign(world, "SPRING");
	world_cell(world, spring, "A", 0, "salt");
	SnapRule *rule = world_rule(world, "spring-loan", NULL, "home", "LOAN", 40);
	world_rule_campaign(world, rule, "SPRING", "A");
	world_override(world, "1", "LOAN", 95, false);
	world_override(world, "1", "TRAVEL", 12, true);
	deploy(world);
	must_start(&server.client, "s1", 1, NULL);
	GetOffersRequest *request = ask("s1", "home-banner", 1);
	request->explain = true;
	GetOffersResponse *answer = must_get(request);
	const Candidate *loan = candidate_of(answer, "spring-loan");
	assert_string_equal(loan->campaign, "SPRING");
	assert_string_equal(loan->cell, "A");
	assert_int_equal(loan->origin, PARLEY__RUNTIME__V1__CANDIDATE_ORIGIN__CANDIDATE_ORIGIN_RULE);
	assert_true(loan->score_parts->marketer_score == 40);
	assert_true(loan->score_parts->overridden);
	assert_true(loan->score_parts->override_score == 95);
	assert_true(loan->score_parts->final_score == 95);
	assert_true(loan->score == 95);
	const Candidate *added = candidate_of(answer, "");
	assert_int_equal(added->origin, PARLEY__RUNTIME__V1__CANDIDATE_ORIGIN__CANDIDATE_ORIGIN_INDIVIDUAL);
	assert_string_equal(added->offer_code, "TRAVEL");
}

static void the_profile_tells_how_the_segments_came_about(void **state)
{
	(void)state;
	Client *c = &server.client;
	World *world = bank();
	SnapFlow *flow = world_flow(world, "ranking");
	SnapStep *which = world_decision(world, flow, "which", NULL);
	world_branch(world, flow, which, "age > 20", "raise");
	world_set(world, flow, "raise", WORLD_BALANCE, "20000.0", "out");
	world_output(world, flow, "out", "chosen", NULL);
	world_segment(world, "chosen", NULL);
	deploy(world);
	must_start(c, "s1", 1, NULL);
	GetProfileRequest request = PARLEY__RUNTIME__V1__GET_PROFILE_REQUEST__INIT;
	request.session_id = (char *)"s1";
	request.explain = true;
	ProtobufCMessage *made = NULL;
	assert_int_equal(rpc_call(c->rpc, &parley__runtime__v1__interaction_service__descriptor, "GetProfile",
	                         &request.base, 20000, c->arena, &made),
	        OK);
	const GetProfileResponse *profile = (const GetProfileResponse *)made;
	assert_true(listed(profile->segments, profile->n_segments, "chosen"));
	assert_true(listed(profile->segments, profile->n_segments, "rich"));
	assert_string_equal(profile->trace[0]->flow, "ranking");
	assert_string_equal(profile->trace[0]->step, "which");
	assert_string_equal(profile->trace[1]->step, "raise");
	assert_true(profile->trace[1]->matched);
	assert_string_equal(profile->trace[2]->segment, "chosen");
	const Parley__Runtime__V1__SegmentTrace *gold = NULL;
	for (size_t i = 3; i < profile->n_trace; i++)
		if (strcmp(profile->trace[i]->segment, "gold") == 0)
			gold = profile->trace[i];
	assert_false(gold->matched);
	assert_string_equal(gold->predicate, "tier == 'gold'");
	assert_string_equal(gold->flow, "");
	assert_int_equal(profile->attributes[WORLD_BALANCE]->source,
	        PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_FLOW);
}

// --- what if ---

static WhatIf *what_if(GetOffersRequest *request)
{
	Client *c = &server.client;
	request->what_if = message_new(c->arena, MESSAGE_OF(what_if));
	request->what_if->attributes = ARENA_ARRAY(c->arena, NamedValue *, 8);
	return request->what_if;
}

static void what_if_decides_in_another_world(void **state)
{
	(void)state;
	Client *c = &server.client;
	World *world = bank();
	world_rule(world, "later", NULL, "home", "SAVINGS", 99)->effective_us =
	        clock_now_us(clock_system()) + 86400 * US_PER_S;
	deploy(world);
	must_start(c, "s1", 1, NULL);
	GetOffersRequest *request = ask("s1", "home-banner", 1);
	WhatIf *other = what_if(request);
	other->attributes[other->n_attributes++] = string_value(c, "tier", "gold");
	GetOffersResponse *answer = must_get(request);
	assert_true(ADVISED(answer, "WHAT_IF"));
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "TRAVEL"); // segments follow
	assert_string_equal(answer->points[0]->offers[0]->treatment_code, "");
	request = ask("s1", "home-banner", 1);
	other = what_if(request);
	other->as_of = message_new(c->arena, &google__protobuf__timestamp__descriptor);
	other->as_of->seconds = clock_now_us(clock_system()) / US_PER_S + 2 * 86400;
	assert_string_equal(must_get(request)->points[0]->offers[0]->offer_code, "SAVINGS");
	request = ask("s1", "home-banner", 1);
	other = what_if(request);
	other->attributes[other->n_attributes++] = int_value(c, "age", 0);
	other->attributes[0]->value = NULL; // missing
	request->explain = true;
	answer = must_get(request);
	assert_string_equal(candidate_of(answer, "adults-card")->reason, "SEGMENT_NOT_MATCHED");
}

static Str packed_without_code(PointOffers *point)
{
	Str packed;
	for (size_t i = 0; i < point->n_offers; i++)
		point->offers[i]->treatment_code = (char *)"";
	assert_int_equal(wire_pack(&point->base, server.client.arena, &packed), OK);
	return packed;
}

static Str packed_profile(const char *session)
{
	Str packed;
	GetProfileResponse *profile = NULL;
	assert_int_equal(get_profile(&server.client, session, &profile), OK);
	assert_int_equal(wire_pack(&profile->base, server.client.arena, &packed), OK);
	return packed;
}

// Two sessions live the same, but for the what-ifs of one.
static void what_if_leaves_no_trace(void **state)
{
	(void)state;
	Client *c = &server.client;
	const char *const sessions[] = {"asks", "does-not"}, *const events[] = {"e1", "e2"};
	Str offers[2], profiles[2];
	World *world = bank();
	world_suppression(world, "seen", "CARD", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(SESSION))->times = 1;
	deploy(world);
	for (int s = 0; s < 2; s++) {
		must_start(c, sessions[s], 1, NULL);
		const char *code = must_offer(c, sessions[s], "home-banner", 1)->offers[0]->treatment_code;
		uint64_t recorded = journal_appended(server.journal);
		for (int i = 0; s == 0 && i < 3; i++) {
			GetOffersRequest *request = ask(sessions[s], "home-banner", 3);
			WhatIf *other = what_if(request);
			other->attributes[other->n_attributes++] = string_value(c, "tier", "gold");
			request->explain = i == 1;
			must_get(request);
		}
		assert_int_equal(journal_appended(server.journal), recorded);
		assert_int_equal(
		        post_event(c, new_event(c, sessions[s], events[s], "shown", code), NULL), OK);
		offers[s] = packed_without_code(must_offer(c, sessions[s], "home-banner", 3));
		profiles[s] = packed_profile(sessions[s]);
	}
	assert_true(str_eq(offers[0], offers[1]));
	assert_true(str_eq(profiles[0], profiles[1]));
}

static void wrong_what_ifs_are_refused_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		GetOffersRequest *r = ask("s1", "home-banner", 1);                                           \
		WhatIf *w = what_if(r);                                                                      \
		change;                                                                                      \
		assert_refused(get_offers(c, r, NULL), (Refusal){ERR_##reason, path});                       \
	} while (0)
	REFUSED(ATTRIBUTE_UNKNOWN, "what_if.attributes[0].name",
	        w->attributes[w->n_attributes++] = int_value(c, "x", 1));
	REFUSED(ATTRIBUTE_TYPE, "what_if.attributes[0].value",
	        w->attributes[w->n_attributes++] = string_value(c, "age", "1"));
	REFUSED(FIELD_INVALID, "what_if.as_of",
	        w->as_of = message_new(c->arena, &google__protobuf__timestamp__descriptor);
	        w->as_of->nanos = -1);
#undef REFUSED
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        T(only_what_meets_the_filter_is_offered),
	        T(wrong_filters_are_refused_by_field),
	        T(a_later_point_does_not_repeat_an_earlier_one_when_asked),
	        T(attributes_are_the_visitors_where_they_are_personalised),
	        T(explaining_tells_campaign_cell_and_how_the_score_came_about),
	        T(the_profile_tells_how_the_segments_came_about),
	        T(what_if_decides_in_another_world),
	        T(what_if_leaves_no_trace),
	        T(wrong_what_ifs_are_refused_by_field),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("offers", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
