// Worlds in which something can happen, and when it does.
#include "story.h"

#include "snapshot/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DAYS_MOST = 4 }; // of a session

static char *text_of(Arena *arena, const char *text)
{
	return arena_cstr(arena, str(text));
}

// --- events ---

static const struct {
	const char *name;
	Parley__Snapshot__V1__EventActionKind kind;
	uint32_t delay_s;
} happenings[STORY_QUOTING] = {
        {"a-contact", SNAP_ACTION(LOG_CONTACT), 0},
        {"b-accept", SNAP_ACTION(LOG_ACCEPT), 0},
        {"c-later", SNAP_ACTION(LOG_CONTACT), 60},
        {"d-qualify", SNAP_ACTION(QUALIFY_OFFERS), 0},
        {"e-suppress", SNAP_ACTION(SUPPRESS_OFFERS), 0},
};

static SnapAction *add_action(Arena *arena, SnapEvent *event, Parley__Snapshot__V1__EventActionKind kind)
{
	SnapAction *action = ARENA_NEW(arena, SnapAction);
	*action = (SnapAction)PARLEY__SNAPSHOT__V1__EVENT_ACTION__INIT;
	action->kind = kind;
	event->actions = ARENA_ARRAY(arena, SnapAction *, 1);
	event->actions[event->n_actions++] = action;
	return action;
}

static const char *another_value(Parley__Snapshot__V1__ValueType type)
{
	switch (type) {
	case SNAP_TYPE(BOOL):
		return "true";
	case SNAP_TYPE(INT):
		return "2";
	case SNAP_TYPE(DOUBLE):
		return "1.5";
	case SNAP_TYPE(STRING):
		return "'gold'";
	default:
		return NULL;
	}
}

static void set_by_event(const Snapshot *snapshot, uint32_t slot, Arena *arena, SnapEvent *event)
{
	const char *source = another_value(snapshot->audience_levels[0]->attributes[slot]->type);
	ExprSchema schema;
	ExprProgram program;
	if (source == NULL)
		return;
	SnapAction *action = add_action(arena, event, SNAP_ACTION(SET_ATTRIBUTE));
	assert_int_equal(snapshot_schema(snapshot->audience_levels[0], arena, &schema), OK);
	assert_int_equal(expr_compile(&schema, str(source), EXPR_DYN, arena, &program), OK);
	action->audience_level = 1;
	action->attribute = slot;
	action->value = ARENA_NEW(arena, SnapExpression);
	*action->value = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	action->value->source = text_of(arena, source);
	action->value->program = (ProtobufCBinaryData){program.len, (uint8_t *)(uintptr_t)program.bytes};
}

// Takes most of what no decision lasts with out of most worlds, for there is much of it.
static void make_steady(Chance *chance, Snapshot *snapshot)
{
	if (chance_once_in(chance, 4))
		return;
	for (size_t i = 0; i < snapshot->n_offers; i++)
		for (size_t a = 0; a < snapshot->offers[i]->n_attributes; a++)
			if (snapshot->offers[i]->attributes[a]->value != NULL)
				snapshot->offers[i]->attributes[a]->n_personalised = 0;
	for (size_t i = 0; i < snapshot->n_constraints; i++)
		if (snapshot->constraints[i]->scope == SNAP_CONSTRAINT(OVERALL))
			snapshot->constraints[i]->scope = SNAP_CONSTRAINT(VISITOR);
	for (size_t i = 0; i < snapshot->n_zones; i++)
		if (snapshot->zones[i]->tie_break == SNAP_TIE(SEEDED_RANDOM))
			snapshot->zones[i]->tie_break = SNAP_TIE(OFFER_CODE);
}

void story_prepare(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	size_t slots = snapshot->audience_levels[0]->n_attributes, fixed = STORY_QUOTING;
	snapshot->n_events = MAKE_LIST(
	        world, snapshot->events, SnapEvent, PARLEY__SNAPSHOT__V1__EVENT__INIT, fixed + slots);
	for (uint32_t i = 0; i < fixed; i++) {
		snapshot->events[i]->name = text_of(world->arena, happenings[i].name);
		SnapAction *action = add_action(world->arena, snapshot->events[i], happenings[i].kind);
		action->delay_s = happenings[i].delay_s;
		if (action->kind == SNAP_ACTION(QUALIFY_OFFERS) ||
		        action->kind == SNAP_ACTION(SUPPRESS_OFFERS)) {
			action->scope = SNAP_SCOPE(DAYS);
			action->days = 1;
		}
	}
	for (uint32_t i = 0; i < slots; i++) {
		snapshot->events[fixed + i]->name = make_name(world, "s", i);
		set_by_event(snapshot, i, world->arena, snapshot->events[fixed + i]);
	}
	for (size_t l = 0; l < snapshot->n_audience_levels; l++)
		for (size_t i = 0; i < snapshot->audience_levels[l]->n_attributes; i++)
			snapshot->audience_levels[l]->attributes[i]->session_settable = true;
	snapshot->session_timeout_s = DAYS_MOST * 86400;
	make_steady(chance, snapshot);
}

// --- moments ---

static void add_moment(const Story *story, int64_t date_us, int64_t *next_us)
{
	if (date_us > story->now_us && date_us < *next_us)
		*next_us = date_us;
}

static void add_rule_moments(const Story *story, SnapRule *const *rules, size_t count, int64_t *next_us)
{
	for (size_t i = 0; i < count; i++) {
		add_moment(story, rules[i]->effective_us, next_us);
		add_moment(story, rules[i]->expires_us, next_us);
	}
}

// The next moment at which something begins or ends, or around which the world's expressions turn.
static int64_t next_moment(const Story *story)
{
	const Snapshot *snapshot = story->world->snapshot;
	int64_t next_us = story->now_us + DAY_US;
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		add_moment(story, snapshot->offers[i]->effective_us, &next_us);
		add_moment(story, snapshot->offers[i]->expires_us, &next_us);
	}
	for (size_t i = 0; i < snapshot->n_campaigns; i++) {
		add_moment(story, snapshot->campaigns[i]->effective_us, &next_us);
		add_moment(story, snapshot->campaigns[i]->expires_us, &next_us);
	}
	add_rule_moments(story, snapshot->rules, snapshot->n_rules, &next_us);
	add_rule_moments(story, snapshot->global_offers, snapshot->n_global_offers, &next_us);
	add_moment(story, story->world->anchor_us, &next_us);
	return next_us;
}

void story_let_time_pass(Story *story)
{
	int64_t next_us = next_moment(story);
	switch (chance_below(&story->chance, 12)) {
	case 0:
		story->now_us++;
		break;
	case 1:
		story->now_us += 70 * SECOND_US;
		break;
	case 2:
		story->now_us = next_us;
		break;
	case 3:
		story->now_us = next_us - 1;
		break;
	default:
		break;
	}
}
