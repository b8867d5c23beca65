// Signed does not mean well formed: one damage after the other to a good snapshot, each refused with its own
// words.
#include "damage.h"

#include "base/cleanup.h"
#include "wire/wire.h"
#include "world/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char *text(Arena *arena, const char *value)
{
	return arena_cstr(arena, str(value));
}

static char *repeat(Arena *arena, char c, size_t count)
{
	char *made = arena_alloc(arena, count + 1);
	memset(made, c, count);
	return made;
}

static void a_good_snapshot_passes_and_comes_back(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str blob;
	assert_int_equal(snapshot_pack(world_finish(world_bank(arena)), arena, &blob), OK);
	Snapshot *snapshot;
	assert_int_equal(snapshot_open(blob, test_manifest(blob, 1, NULL, arena), arena, &snapshot), OK);
	assert_int_equal(snapshot->n_rules, 7);
	assert_string_equal(snapshot->offers[snapshot->rules[0]->offer]->code, "CARD");
}

static void the_same_configuration_gives_the_same_bytes(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str a, b;
	assert_int_equal(snapshot_pack(world_finish(world_bank(arena)), arena, &a), OK);
	assert_int_equal(snapshot_pack(world_finish(world_bank(arena)), arena, &b), OK);
	assert_true(str_eq(a, b));
}

// The damages. Each has the snapshot `s`, its world `w` and the arena at hand.
#define DAMAGE_TABLE                                                                                         \
	D(another_format, s->format = 3, "format 3")                                                         \
	D(no_channel, s->channel = text(arena, ""), "the channel")                                           \
	D(no_time_out, s->session_timeout_s = 0, "time-out")                                                 \
	D(no_level, s->n_audience_levels = 0, "no audience level")                                           \
	D(a_capital, s->zones[0]->name = text(arena, "Home"), "zones[0]: 'Home'")                            \
	D(a_long_name, s->zones[0]->name = repeat(arena, 'a', 64), "zones[0]")                               \
	D(a_path, s->points[0]->name = text(arena, "../x"), "points[0]: '../x'")                             \
	D(a_bad_code, s->offers[0]->code = text(arena, "CARD 1"), "offers[0]")                               \
	D(names_twice, s->rules[1]->name = s->rules[0]->name, "rules[1]: 'adults-card' is there twice")      \
	D(out_of_order, s->offers[0]->code = text(arena, "ZZZ"), "offers[1]: 'LOAN'")                        \
	D(no_key, s->audience_levels[0]->n_keys = 0, "it has 0 keys")                                        \
	D(a_double_key, s->audience_levels[0]->keys[0]->type = SNAP_TYPE(DOUBLE), "neither bool")            \
	D(a_quote, s->audience_levels[0]->keys[0]->column = text(arena, "a\"b"), "quote")                    \
	D(a_bad_attribute, s->audience_levels[0]->attributes[0]->name = text(arena, "a-b"), "'a-b'")         \
	D(attributes_twice, s->audience_levels[0]->attributes[1]->name = text(arena, "age"),                 \
	        "'age' is there twice")                                                                      \
	D(no_type, s->audience_levels[0]->attributes[0]->type = SNAP_TYPE(UNSPECIFIED), "no known type")     \
	D(a_future_type, s->audience_levels[0]->attributes[0]->type = (Parley__Snapshot__V1__ValueType)7,    \
	        "no known type")                                                                             \
	D(another_default, s->audience_levels[0]->attributes[0]->default_value->type = SNAP_TYPE(BOOL),      \
	        "another type")                                                                              \
	D(two_values, s->audience_levels[0]->attributes[0]->default_value->bool_value = true,                \
	        "more than one value")                                                                       \
	D(not_a_number, s->audience_levels[0]->attributes[1]->default_value->double_value = NAN, "finite")   \
	D(no_tie_break, s->zones[0]->tie_break = SNAP_TIE(UNSPECIFIED), "tie-break")                         \
	D(a_point_beyond, s->points[0]->zone = 2, "zone 2 of 2")                                             \
	D(no_default, s->points[0]->default_content = text(arena, ""), "no default content")                 \
	D(a_long_default, s->points[0]->default_content = repeat(arena, 'x', 65537), "65537 bytes")          \
	D(bad_utf8, s->points[0]->default_content = text(arena, "\xc3("), "not UTF-8")                       \
	D(an_unknown_action, s->events[0]->actions[0]->kind = SNAP_ACTION(UNSPECIFIED), "action 0")          \
	D(a_segment_beyond, s->segments[0]->audience_level = 1, "audience level 1 of 1")                     \
	D(a_number_segment, s->segments[0]->expression = world_expression(w, "age"), "it must give bool")    \
	D(no_source, s->segments[0]->expression->source = text(arena, ""), "text has 0 bytes")               \
	D(offer_dates, (s->offers[0]->effective_us = 2, s->offers[0]->expires_us = 2), "expires before")     \
	D(no_template, s->offers[0]->template_ = text(arena, ""), "template")                                \
	D(no_value, s->offers[0]->attributes[0]->value = NULL, "no value")                                   \
	D(a_rule_beyond, s->rules[0]->offer = 4, "offer 4 of 4")                                             \
	D(a_rules_zone, s->rules[0]->zone = 3, "zone 2 of 2")                                                \
	D(a_rules_segment, s->rules[0]->segment = UINT32_MAX, "of 3")                                        \
	D(a_rules_level, s->rules[0]->audience_level = 9, "audience level 9")                                \
	D(a_score_above, s->rules[0]->score = 100.5, "not within 0 and 100")                                 \
	D(a_score_below, s->rules[0]->score = -1, "not within 0 and 100")                                    \
	D(two_scores, s->rules[0]->score_expression = world_expression(w, "age"), "one of them is enough")   \
	D(a_text_score,                                                                                      \
	        (s->rules[0]->score = 0, s->rules[0]->score_expression = world_expression(w, "tier")),       \
	        "int or double")                                                                             \
	D(a_number_eligible, s->rules[0]->eligibility = world_expression(w, "age"), "it must give bool")     \
	D(rule_dates, (s->rules[0]->effective_us = 9, s->rules[0]->expires_us = 8), "expires before")

static void refused(Snapshot *s, Err id, const char *part, const char *name)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str blob;
	Err e = snapshot_pack(s, arena, &blob);
	if (e != id || !strstr(err_detail()->message, part))
		fail_msg("%s: %s: %s", name, err_reason(e), e ? err_detail()->message : "accepted");
}

static void damage_of_every_kind_is_refused(void **state)
{
	(void)state;
#define D(name, change, part)                                                                                \
	{                                                                                                    \
		CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);                                 \
		World *w = world_bank(arena);                                                                \
		Snapshot *s = world_finish(w);                                                               \
		change;                                                                                      \
		refused(s, ERR_SNAPSHOT_INVALID, part, #name);                                               \
	}
	DAMAGE_TABLE
#undef D
}

static void a_damaged_program_is_refused(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Snapshot *s = world_finish(world_bank(arena));
	s->rules[1]->eligibility->program.len /= 2;
	refused(s, ERR_EXPR_PROGRAM_INVALID, "rules 'adults-loan': its eligibility", "half a program");
	s->rules[1]->eligibility->program.len = 0;
	refused(s, ERR_EXPR_PROGRAM_INVALID, "rules 'adults-loan': its eligibility", "no program");
	s->least_engine = SNAPSHOT_ENGINE + 1;
	refused(s, ERR_SNAPSHOT_ENGINE, "update it first", "a newer engine");
}

static void a_blob_of_another_channel_is_refused(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str blob;
	assert_int_equal(snapshot_pack(world_finish(world_bank(arena)), arena, &blob), OK);
	Manifest *manifest = test_manifest(blob, 1, NULL, arena);
	manifest->channel = text(arena, "shop");
	Snapshot *snapshot;
	assert_int_equal(snapshot_open(blob, manifest, arena, &snapshot), ERR_SNAPSHOT_INVALID);
	assert_non_null(strstr(err_detail()->message, "of channel 'bank', its manifest is for 'shop'"));
}

static void damage_that_is_signed_is_refused_or_harmless(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	damage_every_byte(world_finish(world_bank(arena)), arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_good_snapshot_passes_and_comes_back),
	        cmocka_unit_test(the_same_configuration_gives_the_same_bytes),
	        cmocka_unit_test(damage_of_every_kind_is_refused),
	        cmocka_unit_test(a_damaged_program_is_refused),
	        cmocka_unit_test(a_blob_of_another_channel_is_refused),
	        cmocka_unit_test(damage_that_is_signed_is_refused_or_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
