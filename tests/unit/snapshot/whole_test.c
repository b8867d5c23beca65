// A snapshot that carries one of everything, damaged in one place after the other: a signer's mistakes in
// what is said of visitors, events, flows and limits. Each is refused with words that name the place.
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

static SnapExpression *expression(World *world, const char *source)
{
	return world_expression(world, source);
}

#define FIND(list, key, value)                                                                               \
	({                                                                                                   \
		size_t i_ = 0;                                                                               \
		while (strcmp(s->list[i_]->key, value) != 0)                                                 \
			i_++;                                                                                \
		s->list[i_];                                                                                 \
	})
#define ZONE    FIND(zones, name, "lounge")
#define WELCOME FIND(offers, code, "WELCOME")
#define VIP     FIND(segments, name, "vip")
#define BROWSED FIND(events, name, "browsed")
#define CALLED  FIND(events, name, "called")
#define STEPS   s->flows[0]->steps
#define SPRING  s->campaigns[0]
#define RULE    FIND(rules, name, "spring-cards")
#define TIRED   FIND(suppressions, name, "tired")
#define TAKEN   FIND(suppressions, name, "taken")
#define ONCE    FIND(constraints, name, "once")
#define LOANS   FIND(constraints, name, "few-loans")
#define SWAP(a, b)                                                                                           \
	({                                                                                                   \
		__typeof__(a) kept_ = (a);                                                                   \
		(a) = (b);                                                                                   \
		(b) = kept_;                                                                                 \
	})
// Steps of the flow: 0 age (DECISION), 1 split (SAMPLE), 2 older (SET), 3 put-a, 4 put-b (SEGMENT).
// Actions of "browsed": 0 RESEGMENT, 1 SET, 2 QUALIFY, 3 SUPPRESS, 4 TRIGGER.

// Each has the snapshot `s`, its world `w` and the arena at hand.
#define PLACES_TABLE                                                                                         \
	D(no_deduplication, ZONE->deduplication = SNAP_DEDUP(UNSPECIFIED), "no known deduplication")         \
	D(a_future_deduplication, ZONE->deduplication = (Parley__Snapshot__V1__Deduplication)4,              \
	        "no known deduplication")                                                                    \
	D(levels_twice, ZONE->inclusion[1]->audience_level = WORLD_CUSTOMER, "twice for an audience level")  \
	D(levels_turned, SWAP(ZONE->inclusion[0], ZONE->inclusion[1]), "out of order")                       \
	D(a_level_beyond, ZONE->inclusion[1]->audience_level = 2, "audience level 2 of 2")                   \
	D(a_level_without, ZONE->inclusion[1]->expression = NULL, "no expression for an audience level")     \
	D(a_number_inclusion, ZONE->inclusion[0]->expression = expression(w, "age"), "it must give bool")    \
	D(a_condition_on, ZONE->offer_inclusion[0]->attribute = text(arena, ""), "not an identifier")        \
	D(a_condition_without, ZONE->offer_inclusion[0]->value = NULL, "'percent' has no value")             \
	D(no_comparison, ZONE->offer_inclusion[0]->comparison = SNAP_COMPARE(UNSPECIFIED), "comparison")     \
	D(a_future_comparison, ZONE->offer_inclusion[0]->comparison = (Parley__Snapshot__V1__Comparison)8,   \
	        "comparison")                                                                                \
	D(a_number_contained, ZONE->offer_inclusion[0]->comparison = SNAP_COMPARE(CONTAINS), "comparison")   \
	D(a_truth_above, ZONE->offer_inclusion[0]->value = world_bool(w, true), "comparison")                \
	D(an_endless_condition, ZONE->offer_inclusion[0]->value = world_double(w, INFINITY), "finite")       \
	D(a_default_beyond, ZONE->default_offers[0] = 99, "offer 99 of 5")                                   \
	D(a_default_twice, ZONE->default_offers[0] = ZONE->default_offers[1], "is there twice")              \
	D(offer_type, WELCOME->attributes[1]->type = SNAP_TYPE(STRING), "'percent' has another type")        \
	D(offer_no_type, WELCOME->attributes[1]->type = SNAP_TYPE(UNSPECIFIED), "no known type")             \
	D(offer_no_value,                                                                                    \
	        (WELCOME->attributes[1]->value = NULL, WELCOME->attributes[1]->n_personalised = 0),          \
	        "'percent' has no value")                                                                    \
	D(offer_personal_type, WELCOME->attributes[1]->personalised[0]->expression = expression(w, "tier"),  \
	        "'percent': its expression gives string, it must give int or double")                        \
	D(offer_personal_level, WELCOME->attributes[1]->personalised[0]->audience_level = 1, "twice")        \
	D(list_order, SWAP(s->offer_lists[0]->offers[0], s->offer_lists[0]->offers[1]), "out of order")      \
	D(list_beyond, s->offer_lists[0]->offers[1] = 5, "offer 5 of 5")

#define AUDIENCE_TABLE                                                                                       \
	D(a_list_beyond, VIP->list = 2, "audience list 1 of 1")                                              \
	D(a_lists_level, s->audience_lists[0]->audience_level = 1, "of another audience level")              \
	D(a_list_use_missing, VIP->list_use = SNAP_LIST_USE(UNSPECIFIED), "go together")                     \
	D(a_list_use_future, VIP->list_use = (Parley__Snapshot__V1__ListUse)4, "go together")                \
	D(a_list_use_alone, VIP->list = 0, "without having both")                                            \
	D(a_group_name, VIP->group = text(arena, "A B"), "group 'A B'")                                      \
	D(a_rank_without, (VIP->group = text(arena, ""), VIP->rank = 1), "no group")                         \
	D(id_order, SWAP(s->audience_lists[0]->ids[0], s->audience_lists[0]->ids[1]), "out of order")        \
	D(id_twice, s->audience_lists[0]->ids[1] = s->audience_lists[0]->ids[0], "twice")                    \
	D(id_text, s->audience_lists[0]->ids[2] = text(arena, "anna"), "'anna' is not a canonical ID")       \
	D(id_zeros, s->audience_lists[0]->ids[2] = text(arena, "02"), "'02' is not a canonical ID")          \
	D(id_plus, s->audience_lists[0]->ids[2] = text(arena, "+2"), "canonical")                            \
	D(id_huge, s->audience_lists[0]->ids[2] = text(arena, "9223372036854775808"), "canonical")           \
	D(id_empty, s->audience_lists[0]->ids[0] = text(arena, ""), "canonical")                             \
	D(id_two_keys, s->audience_lists[0]->ids[2] = text(arena, "2|3"), "canonical")                       \
	D(override_twice, s->score_overrides[1]->offer = s->score_overrides[0]->offer,                       \
	        "twice with an offer")                                                                       \
	D(override_order, SWAP(s->score_overrides[0], s->score_overrides[1]), "out of order")                \
	D(override_level, s->score_overrides[0]->audience_level = 1, "score_overrides")                      \
	D(override_level_beyond, s->score_overrides[1]->audience_level = 2, "audience level 2 of 2")         \
	D(override_offer, s->score_overrides[1]->offer = 5, "offer 5 of 5")                                  \
	D(override_id, s->score_overrides[1]->audience_id = text(arena, "x"), "score_overrides: 'x'")        \
	D(override_score, s->score_overrides[1]->score = 100.5, "100.5 is not within")                       \
	D(override_nan, s->score_overrides[1]->score = NAN, "not within")                                    \
	D(blacklist_order, SWAP(s->blacklist[0], s->blacklist[1]), "blacklist: the visitor '1002'")          \
	D(blacklist_offer, s->blacklist[1]->offer = 77, "offer 77 of 5")                                     \
	D(blacklist_id, s->blacklist[0]->audience_id = text(arena, "1|2"), "blacklist")

#define EVENT_TABLE                                                                                          \
	D(action_future, BROWSED->actions[0]->kind = (Parley__Snapshot__V1__EventActionKind)10,              \
	        "action 0: ")                                                                                \
	D(action_none, BROWSED->actions[0]->kind = SNAP_ACTION(UNSPECIFIED), "no known kind")                \
	D(action_with_value, BROWSED->actions[0]->value = expression(w, "age"), "its kind does not have")    \
	D(action_with_slot, BROWSED->actions[0]->attribute = 1, "its kind does not have")                    \
	D(action_with_score, BROWSED->actions[3]->score = 1, "its kind does not have")                       \
	D(action_with_event, BROWSED->actions[3]->event = 1, "its kind does not have")                       \
	D(action_with_days, BROWSED->actions[4]->days = 1, "its kind does not have")                         \
	D(action_with_scope, BROWSED->actions[1]->scope = SNAP_SCOPE(SESSION), "its kind does not have")     \
	D(action_with_offers, BROWSED->actions[0]->n_offers = BROWSED->actions[2]->n_offers,                 \
	        "its kind does not have")                                                                    \
	D(action_level, BROWSED->actions[0]->audience_level = 3, "audience level 2 of 2")                    \
	D(action_condition_for_all, (BROWSED->actions[0]->condition = expression(w, "true")),                \
	        "no audience level")                                                                         \
	D(action_set_for_all, BROWSED->actions[1]->audience_level = 0, "no audience level")                  \
	D(action_condition, BROWSED->actions[1]->condition = expression(w, "age"),                           \
	        "its condition gives int")                                                                   \
	D(action_slot, BROWSED->actions[1]->attribute = WORLD_ATTRIBUTES, "attribute 6 of 6")                \
	D(action_no_value, BROWSED->actions[1]->value = NULL, "to no value")                                 \
	D(action_value, BROWSED->actions[1]->value = expression(w, "tier"), "its value gives string")        \
	D(action_delay, BROWSED->actions[4]->delay_s = UINT32_MAX, "delay")                                  \
	D(action_order, SWAP(BROWSED->actions[2]->offers[0], BROWSED->actions[2]->offers[1]),                \
	        "out of order")                                                                              \
	D(action_offer, BROWSED->actions[2]->offers[1] = 12, "offer 12 of 5")                                \
	D(action_score, BROWSED->actions[2]->score = 101, "not within")                                      \
	D(action_no_days, BROWSED->actions[2]->days = 0, "do not go together")                               \
	D(action_many_days, BROWSED->actions[2]->days = 3651, "do not go together")                          \
	D(action_session_days, BROWSED->actions[3]->days = 4, "do not go together")                          \
	D(action_no_scope, BROWSED->actions[3]->scope = SNAP_SCOPE(UNSPECIFIED), "no known scope")           \
	D(action_trigger, BROWSED->actions[4]->event = 9, "event 9 of 5")                                    \
	D(action_outcome, CALLED->actions[1]->outcome = text(arena, "Two words"), "not the name of one")     \
	D(action_no_outcome, CALLED->actions[1]->outcome = text(arena, ""), "not the name of one")           \
	D(action_counts, CALLED->actions[1]->counts_as = SNAP_ACTION(RESEGMENT), "counts as nothing")        \
	D(action_with_outcome, CALLED->actions[0]->outcome = text(arena, "opened"),                          \
	        "its kind does not have")                                                                    \
	D(action_itself, BROWSED->actions[4]->event = 1, "'browsed': it is triggered at once")

#define FLOW_TABLE                                                                                           \
	D(flow_level, s->flows[0]->audience_level = 2, "audience level 2 of 2")                              \
	D(flow_other_level, s->flows[0]->audience_level = 1, "of another audience level")                    \
	D(flow_empty, s->flows[0]->n_steps = 0, "0 steps")                                                   \
	D(step_name, STEPS[0]->name = text(arena, "Age?"), "'Age?' is not a name")                           \
	D(step_names, STEPS[1]->name = STEPS[0]->name, "the step 'age' is there twice")                      \
	D(step_kind, STEPS[0]->kind = (Parley__Snapshot__V1__FlowStepKind)5, "no known kind")                \
	D(step_back, STEPS[4]->next = 1, "goes back to step 0")                                              \
	D(step_round, STEPS[2]->next = 3, "goes back to step 2")                                             \
	D(step_beyond, STEPS[2]->next = 6, "step 5 of 5")                                                    \
	D(branch_back, STEPS[1]->branches[0]->next = 1, "goes back to step 0")                               \
	D(branch_beyond, STEPS[1]->branches[0]->next = UINT32_MAX, "of 5")                                   \
	D(branch_none, STEPS[0]->n_branches = 0, "0 branches")                                               \
	D(branch_share, STEPS[0]->branches[0]->share_ppm = 1, "step's kind does not have")                   \
	D(branch_condition, STEPS[1]->branches[0]->condition = expression(w, "true"),                        \
	        "step's kind does not have")                                                                 \
	D(branch_no_condition, STEPS[0]->branches[0]->condition = NULL, "no condition")                      \
	D(branch_no_share, STEPS[1]->branches[0]->share_ppm = 0, "no share")                                 \
	D(branch_number, STEPS[0]->branches[0]->condition = expression(w, "age"), "it must give bool")       \
	D(branch_sum, STEPS[1]->branches[0]->share_ppm = 100001, "1000001 millionths")                       \
	D(branch_overflow, STEPS[1]->branches[0]->share_ppm = UINT32_MAX, "more than all")                   \
	D(step_salt, STEPS[0]->salt = text(arena, "x"), "its kind does not have")                            \
	D(step_segment, STEPS[1]->segment = 1, "its kind does not have")                                     \
	D(step_value, STEPS[3]->value = expression(w, "age"), "its kind does not have")                      \
	D(step_no_value, STEPS[2]->value = NULL, "to no value")                                              \
	D(step_wrong_value, STEPS[2]->value = expression(w, "tier"), "its value gives string")               \
	D(step_slot, STEPS[2]->attribute = 99, "attribute 99 of 6")                                          \
	D(step_segment_beyond, STEPS[3]->segment = 6, "segment 6 of 6")                                      \
	D(step_branches, (STEPS[3]->n_branches = 2, STEPS[3]->branches = STEPS[0]->branches),                \
	        "its kind does not have")

#define RULE_TABLE                                                                                           \
	D(campaign_code, SPRING->code = text(arena, "SPRING 26"), "campaigns[0]")                            \
	D(campaign_dates, (SPRING->effective_us = 7, SPRING->expires_us = 7), "expires before")              \
	D(cell_order, SWAP(SPRING->cells[0], SPRING->cells[1]), "out of order")                              \
	D(cell_twice,                                                                                        \
	        (SPRING->cells[1]->code = SPRING->cells[0]->code,                                            \
	                SPRING->cells[1]->control_cell = text(arena, "")),                                   \
	        "'HOLD' is there twice")                                                                     \
	D(cell_code, SPRING->cells[0]->code = text(arena, "a b"), "'a b' is not a code")                     \
	D(cell_share, SPRING->cells[0]->control_ppm = 1000001, "1000001 millionths")                         \
	D(cell_control, SPRING->cells[1]->control_cell = text(arena, "TEST"), "not another's code")          \
	D(rule_both, RULE->offer = 1, "an offer and an offer list")                                          \
	D(rule_list, RULE->offer_list = 2, "offer list 1 of 1")                                              \
	D(rule_campaign, RULE->campaign = 2, "campaign 1 of 1")                                              \
	D(rule_cell, RULE->cell = 3, "cell 2 of 2")                                                          \
	D(rule_cell_alone, RULE->campaign = 0, "a cell, but no campaign")                                    \
	D(global_segment, s->global_offers[0]->segment = 1, "for everyone")                                  \
	D(global_offer, s->global_offers[0]->offer = 5,                                                      \
	        "global_offers 'everyone-loan': it refers to offer 5")                                       \
	D(tired_offers, TIRED->n_offers = 0, "no offer")                                                     \
	D(tired_order, SWAP(TIRED->offers[0], TIRED->offers[1]), "out of order")                             \
	D(tired_trigger, TIRED->trigger = SNAP_TRIGGER(UNSPECIFIED), "no known trigger")                     \
	D(tired_never, TIRED->times = 0, "after 0 times")                                                    \
	D(tired_rarely, TIRED->times = 4097, "after 4097 times")                                             \
	D(taken_twice, TAKEN->times = 2, "after 2 times, 1 to 1")                                            \
	D(tired_days, TIRED->days = 0, "do not go together")                                                 \
	D(taken_days, TAKEN->days = 1, "do not go together")                                                 \
	D(tired_related, TIRED->related_attribute = text(arena, "a b"), "not an identifier")                 \
	D(once_offers, ONCE->n_offers = 0, "no offer")                                                       \
	D(once_scope, ONCE->scope = SNAP_CONSTRAINT(UNSPECIFIED), "no known scope")                          \
	D(once_period, ONCE->period = SNAP_PERIOD(DAY), "a session has no periods")                          \
	D(loans_period, LOANS->period = (Parley__Snapshot__V1__Period)6, "no known period")                  \
	D(loans_counted, LOANS->counted = SNAP_COUNTED(UNSPECIFIED), "what it counts")                       \
	D(loans_limit, LOANS->limit = 0, "limit is 0")

static void refused(Snapshot *s, const char *part, const char *name)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str blob;
	Err e = snapshot_pack(s, arena, &blob);
	if (e != ERR_SNAPSHOT_INVALID || !strstr(err_detail()->message, part))
		fail_msg("%s: %s: %s", name, err_reason(e), e ? err_detail()->message : "accepted");
}

#define D(name, change, part)                                                                                \
	{                                                                                                    \
		CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);                                 \
		World *w = world_whole(arena);                                                               \
		Snapshot *s = world_finish(w);                                                               \
		change;                                                                                      \
		refused(s, part, #name);                                                                     \
	}

static void damage_to_places_and_offers_is_refused(void **state)
{
	(void)state;
	PLACES_TABLE
}

static void damage_to_audiences_is_refused(void **state)
{
	(void)state;
	AUDIENCE_TABLE
}

static void damage_to_events_is_refused(void **state)
{
	(void)state;
	EVENT_TABLE
}

static void damage_to_flows_is_refused(void **state)
{
	(void)state;
	FLOW_TABLE
}

static void damage_to_rules_and_limits_is_refused(void **state)
{
	(void)state;
	RULE_TABLE
}
#undef D

static void the_whole_passes_and_comes_back(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str blob;
	assert_int_equal(snapshot_pack(world_finish(world_whole(arena)), arena, &blob), OK);
	Snapshot *s;
	assert_int_equal(snapshot_open(blob, test_manifest(blob, 1, NULL, arena), arena, &s), OK);
	assert_string_equal(s->audience_lists[0]->ids[0], "-7");
	assert_int_equal(s->flows[0]->n_steps, 5);
	assert_string_equal(s->campaigns[0]->cells[s->rules[7]->cell - 1]->code, "TEST");
}

// Two events that trigger each other go round for ever at once, but may if one of them takes its time.
static void events_may_go_round_only_with_a_delay(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	World *w = world_whole(arena);
	SnapEvent *ping = world_event(w, "ping", SNAP_ACTION(UNSPECIFIED));
	SnapEvent *pong = world_event(w, "pong", SNAP_ACTION(UNSPECIFIED));
	world_action_trigger(w, ping, "pong");
	world_action_trigger(w, pong, "ping");
	Snapshot *s = world_finish(w);
	refused(s, "'ping': it is triggered at once by events that it triggers", "round");
	pong->actions[0]->delay_s = 60;
	assert_int_equal(snapshot_check(s), OK);
}

// Six events, each triggering the next twice: 62 actions from one report. Two more of the last are refused.
static void what_one_report_sets_off_is_bounded(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	World *w = world_bank(arena);
	SnapEvent *events[6] = {0};
	for (int i = 5; i >= 0; i--) {
		events[i] = world_event(w, arena_printf(arena, "chain-%d", i), SNAP_ACTION(UNSPECIFIED));
		for (int twice = 0; i < 5 && twice < 2; twice++)
			world_action_trigger(w, events[i], arena_printf(arena, "chain-%d", i + 1));
	}
	Snapshot *s = world_finish(w);
	assert_int_equal(snapshot_check(s), OK);
	world_action(w, events[5], SNAP_ACTION(RESEGMENT));
	refused(s, "'chain-0': it leads to 94 actions at once, at most 64", "doubling");
	events[0]->actions[1]->delay_s = 1;
	assert_int_equal(snapshot_check(s), OK);
}

// Nine events in a row are eight that are triggered; ten are one too many.
static void only_so_many_events_trigger_one_another(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	World *w = world_bank(arena);
	SnapEvent *first = NULL;
	for (int i = 0; i < 10; i++) {
		SnapEvent *event = world_event(w, arena_printf(arena, "row-%d", i), SNAP_ACTION(UNSPECIFIED));
		if (i == 0)
			first = event;
		if (i < 9)
			world_action_trigger(w, event, arena_printf(arena, "row-%d", i + 1));
	}
	Snapshot *s = world_finish(w);
	refused(s, "'row-0': it leads to 9 events that trigger one another at once, at most 8", "a row");
	first->actions[0]->delay_s = 1;
	assert_int_equal(snapshot_check(s), OK);
}

static SnapLevel *composite(Arena *arena)
{
	static const Parley__Snapshot__V1__ValueType types[] = {
	        SNAP_TYPE(STRING), SNAP_TYPE(INT), SNAP_TYPE(BOOL)};
	SnapLevel *level = ARENA_NEW(arena, SnapLevel);
	*level = (SnapLevel)PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT;
	level->name = text(arena, "contract");
	level->n_keys = ARRAY_COUNT(types);
	level->keys = ARENA_ARRAY(arena, SnapKey *, level->n_keys);
	for (size_t i = 0; i < level->n_keys; i++) {
		level->keys[i] = ARENA_NEW(arena, SnapKey);
		*level->keys[i] = (SnapKey)PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT;
		level->keys[i]->name = arena_printf(arena, "k%zu", i);
		level->keys[i]->type = types[i];
	}
	return level;
}

static void an_id_of_several_keys_has_one_spelling(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	SnapLevel *level = composite(arena);
	Str id;
	assert_int_equal(audience_id_canonical(level, STR("a\\|b|007|true"), arena, &id), OK);
	assert_string_equal(arena_cstr(arena, id), "a\\|b|7|true");
	const char *const wrong[] = {"", "a", "a|1", "a|1|true|", "a|1|yes", "|1|true", "a|x|true",
	        "a\\b|1|true", "a|1|true\\", "a||true"};
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_int_equal(
		        audience_id_canonical(level, str(wrong[i]), arena, &id), ERR_AUDIENCE_INVALID);
	assert_non_null(strstr(err_detail()->message,
	        "'a||true' is not an ID of a contract: write k0 (text)|k1 (integer)|k2 (true or false)"));
	char *longest = arena_printf(arena, "%257s|1|true", "x");
	assert_int_equal(audience_id_canonical(level, str(longest), arena, &id), ERR_AUDIENCE_INVALID);
	assert_int_equal(audience_id_canonical(level, str(longest + 1), arena, &id), OK);
}

static void damage_that_is_signed_is_refused_or_harmless(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	damage_every_byte(world_finish(world_whole(arena)), arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_whole_passes_and_comes_back),
	        cmocka_unit_test(damage_to_places_and_offers_is_refused),
	        cmocka_unit_test(damage_to_audiences_is_refused),
	        cmocka_unit_test(damage_to_events_is_refused),
	        cmocka_unit_test(damage_to_flows_is_refused),
	        cmocka_unit_test(damage_to_rules_and_limits_is_refused),
	        cmocka_unit_test(events_may_go_round_only_with_a_delay),
	        cmocka_unit_test(what_one_report_sets_off_is_bounded),
	        cmocka_unit_test(only_so_many_events_trigger_one_another),
	        cmocka_unit_test(an_id_of_several_keys_has_one_spelling),
	        cmocka_unit_test(damage_that_is_signed_is_refused_or_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
