#include "ingest_effects.h"

#include "base/clock.h"

void bring(World *world, const char *id, const char *visitor, int64_t time_us, int64_t before_us)
{
	TestEntry made;
	Parley__Journal__V1__Effect accept = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&accept};
	Parley__Journal__V1__EffectsApplied applied = PARLEY__JOURNAL__V1__EFFECTS_APPLIED__INIT;
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_UNSPECIFIED);
	accept.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT;
	accept.offer_code = (char *)"GOLD";
	applied.effect_id = (char *)(uintptr_t)id;
	applied.happened_us = time_us - before_us;
	applied.effects = effects;
	applied.n_effects = ARRAY_COUNT(effects);
	made.context.session_id = (char *)"";
	made.context.audience_id = (char *)(uintptr_t)visitor;
	made.context.time_us = time_us;
	made.entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EFFECTS_APPLIED;
	made.entry.effects_applied = &applied;
	world_append(world, str(id), &made.entry, true);
}

static void respond(World *world, const char *id, bool known)
{
	TestEntry made;
	Parley__Journal__V1__Effect accept = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&accept};
	Parley__Journal__V1__ResponsePosted posted = PARLEY__JOURNAL__V1__RESPONSE_POSTED__INIT;
	world_event(world, &made, 2, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_UNSPECIFIED);
	accept.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT;
	accept.offer_code = (char *)"GOLD";
	posted.event_id = (char *)(uintptr_t)id;
	posted.code_kind = PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_TREATMENT;
	posted.code = (char *)"T-1";
	posted.response = (char *)"accept";
	posted.responded_us = posted.recommended_us = made.context.time_us - US_PER_S;
	posted.known = known;
	posted.effects = effects;
	posted.n_effects = known ? ARRAY_COUNT(effects) : 0;
	made.context.session_id = (char *)"";
	made.entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_RESPONSE_POSTED;
	made.entry.response_posted = &posted;
	world_append(world, str(id), &made.entry, true);
}

static void contact(World *world, const char *id)
{
	TestEntry made;
	Parley__Journal__V1__Effect seen = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&seen};
	world_event(world, &made, 3, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	seen.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_CONTACT;
	seen.offer_code = (char *)"GOLD";
	made.event.effects = effects;
	made.event.n_effects = ARRAY_COUNT(effects);
	made.event.treatment_audience_level = (char *)"Household";
	made.event.treatment_audience_id = (char *)"h-9";
	world_append(world, str(id), &made.entry, true);
}

void what_else_changed_visitors_stands_apart(void **state)
{
	World *world = *state;
	uint64_t committed = 0;
	contact(world, "shown");
	respond(world, "answer", true);
	respond(world, "unknown", false);
	bring(world, "~effect:1", "c-1", INT64_C(1924992000) * US_PER_S,
	        US_PER_S);       // 2031, a month that nothing else is in
	contact(world, "shown"); // the server may have forgotten the first one and count both
	respond(world, "answer", true);
	Str frames = world_frames(world);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		        world_ship_frames(world, WORLD_RUNTIME, WORLD_ENVIRONMENT, 1, frames, &committed),
		        OK);
	assert_int_equal(committed, 6);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), 1);
	assert_int_equal(world_count(world, "SELECT count(*) FROM effect_history"), 4);
#define APART(where) world_count(world, "SELECT count(*) FROM effect_history WHERE " where)
	assert_int_equal(APART("what = 'response' AND sequence = 2 AND event_id = 'answer' AND audience_id = "
	                       "'customer-2' AND time = '2026-06-01 12:00:02+00'"),
	        1);
	assert_int_equal(APART("what = 'brought' AND sequence = 4 AND event_id = '~effect:1' AND audience_id "
	                       "= 'c-1' AND channel = 'retail' AND effects = '\\x720808021204474f4c44'"),
	        1);
	assert_int_equal(APART("what = 'repeated' AND sequence = 5 AND audience_level = 'Household' AND "
	                       "audience_id = 'h-9' AND effects = '\\x720808011204474f4c44'"),
	        1);
	assert_int_equal(APART("what = 'repeated' AND sequence = 6 AND event_id = 'answer'"), 1);
}
