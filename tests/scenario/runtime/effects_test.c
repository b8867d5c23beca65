// What became known elsewhere is brought to a runtime server: from then on it decides by it.
#include "server.h"

typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Runtime__V1__VisitorEffects VisitorEffects;

#define EFFECT(name) PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_##name

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	World *world = world_bank(server.client.arena);
	world_suppression(world, "taken", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	server.manifest = must_deploy(&server.client, world_finish(world), 2, &server.manifest);
	return 0;
}

static bool shows(const char *session, const char *code)
{
	PointOffers *point = must_offer(&server.client, session, "home-banner", 5);
	for (size_t i = 0; i < point->n_offers; i++)
		if (strcmp(point->offers[i]->offer_code, code) == 0)
			return true;
	return false;
}

static VisitorEffects visitor_of(const char *id, const char *visitor, Effect **effects)
{
	VisitorEffects ret = PARLEY__RUNTIME__V1__VISITOR_EFFECTS__INIT;
	ret.effect_id = (char *)(uintptr_t)id;
	ret.channel = (char *)"bank";
	ret.audience_level = (char *)"customer";
	ret.audience_id = (char *)(uintptr_t)visitor;
	ret.effects = effects;
	ret.n_effects = 1;
	return ret;
}

static Err apply(VisitorEffects **visitors, size_t count)
{
	ApplyEffectsRequest request = PARLEY__RUNTIME__V1__APPLY_EFFECTS_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	request.visitors = visitors;
	request.n_visitors = count;
	return rpc_call(server.client.rpc, &parley__runtime__v1__control_service__descriptor, "ApplyEffects",
	        &request.base, 10000, server.client.arena, &response);
}

static Effect accept_of(const char *offer)
{
	Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT;
	effect.kind = EFFECT(ACCEPT);
	effect.offer_code = (char *)(uintptr_t)offer;
	return effect;
}

static void an_accept_from_elsewhere_suppresses_here(void **state)
{
	(void)state;
	Effect card = accept_of("CARD"), *effects[] = {&card};
	VisitorEffects one = visitor_of("~effect:1", "1", effects),
	               two = visitor_of("~effect:2", "2", effects);
	VisitorEffects *both[] = {&one, &two};
	must_start(&server.client, "s1", 1, NULL);
	must_start(&server.client, "s3", 3, NULL);
	assert_true(shows("s1", "CARD"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(apply(both, 2), OK); // whoever cannot tell whether it arrived sends it again
	assert_false(shows("s1", "CARD"));            // also in the session that is open
	must_start(&server.client, "s2", 2, NULL);
	assert_false(shows("s2", "CARD"));
	assert_true(shows("s3", "CARD"));

	Entry **entries;
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_EFFECTS_APPLIED), 4);
}

static void what_makes_no_sense_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	Effect card = accept_of("CARD"), none = card, nothing = accept_of(""), *effects[] = {&card};
	none.kind = EFFECT(UNSPECIFIED);
	VisitorEffects good = visitor_of("~effect:1", "1", effects), bad = good;
	VisitorEffects *both[] = {&good, &bad};
	must_start(&server.client, "s1", 1, NULL);
	assert_refused(apply(both, 0), (Refusal){ERR_FIELD_INVALID, "visitors"});
	bad.audience_id = (char *)"";
	assert_refused(apply(both, 2), (Refusal){ERR_FIELD_MISSING, "visitors[1].audience_id"});
	bad = good;
	bad.effect_id = (char *)"";
	assert_refused(apply(both, 2), (Refusal){ERR_FIELD_MISSING, "visitors[1].effect_id"});
	bad = good;
	bad.n_effects = 0;
	assert_refused(apply(both, 2), (Refusal){ERR_FIELD_MISSING, "visitors[1].effects"});
	Effect *unknown[] = {&none}, *empty[] = {&nothing};
	bad = good;
	bad.effects = unknown;
	assert_refused(apply(both, 2), (Refusal){ERR_FIELD_INVALID, "visitors[1].effects"});
	bad.effects = empty;
	assert_refused(apply(both, 2), (Refusal){ERR_FIELD_INVALID, "visitors[1].effects"});
	assert_true(shows("s1", "CARD"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(an_accept_from_elsewhere_suppresses_here),
	        STORY(what_makes_no_sense_is_refused_and_changes_nothing),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("effects from elsewhere", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
