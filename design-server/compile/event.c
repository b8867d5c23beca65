// Events and their actions. What an action of its kind does not have is refused, not dropped: a delay on the
// wrong line or offers of a LOG_CONTACT are slips that nobody would find in the running system.
#include "compile/internal.h"

#include <math.h>
#include <stddef.h>

typedef Parley__Design__V1__Event DesignEvent;
typedef Parley__Design__V1__EventAction DesignAction;

enum { ACTIONS_MAX = 16, DELAY_MAX_S = 90 * 86400 };

enum { HAS_VALUE = 1, HAS_OFFERS = 2, HAS_SCORE = 4, HAS_EVENT = 8, HAS_OUTCOME = 16 };
static const struct {
	const char *name;
	unsigned has;
} kinds[] = {
        [SNAP_ACTION(LOG_CONTACT)] = {"LOG_CONTACT", 0},
        [SNAP_ACTION(LOG_ACCEPT)] = {"LOG_ACCEPT", 0},
        [SNAP_ACTION(LOG_REJECT)] = {"LOG_REJECT", 0},
        [SNAP_ACTION(RESEGMENT)] = {"RESEGMENT", 0},
        [SNAP_ACTION(SET_ATTRIBUTE)] = {"SET_ATTRIBUTE", HAS_VALUE},
        [SNAP_ACTION(QUALIFY_OFFERS)] = {"QUALIFY_OFFERS", HAS_OFFERS | HAS_SCORE},
        [SNAP_ACTION(SUPPRESS_OFFERS)] = {"SUPPRESS_OFFERS", HAS_OFFERS},
        [SNAP_ACTION(TRIGGER_EVENT)] = {"TRIGGER_EVENT", HAS_EVENT},
        [SNAP_ACTION(LOG_OUTCOME)] = {"LOG_OUTCOME", HAS_OUTCOME},
};

typedef struct ActionPlace {
	size_t index;
	const DesignAction *in;
	SnapAction *out;
} ActionPlace;

static const char *field(Compile *c, const ActionPlace *at, const char *member)
{
	return arena_printf(c->arena, "actions[%zu].%s", at->index, member);
}

static void refuse_strays(Compile *c, const ActionPlace *at)
{
	const DesignAction *in = at->in;
	const struct {
		const char *member;
		unsigned part;
		bool set;
	} members[] = {
	        {"attribute", HAS_VALUE, *in->attribute != '\0'},
	        {"value", HAS_VALUE, *in->value != '\0'},
	        {"offers", HAS_OFFERS, in->n_offers > 0},
	        {"offer_lists", HAS_OFFERS, in->n_offer_lists > 0},
	        {"scope", HAS_OFFERS, in->scope != 0},
	        {"days", HAS_OFFERS, in->days != 0},
	        {"score", HAS_SCORE, fpclassify(in->score) != FP_ZERO},
	        {"event", HAS_EVENT, *in->event != '\0'},
	        {"outcome", HAS_OUTCOME, *in->outcome != '\0'},
	};
	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		if (members[i].set && !(kinds[at->out->kind].has & members[i].part))
			problem(c, field(c, at, members[i].member), "an action %s has none: take it out",
			        kinds[at->out->kind].name);
	}
}

// --- the parts ---

// The level that the action is for, which expressions and attributes need; -1: none, or a problem was noted.
static int action_level(Compile *c, const ActionPlace *at)
{
	const DesignAction *in = at->in;
	bool needed = *in->condition || at->out->kind == SNAP_ACTION(SET_ATTRIBUTE);
	int level = -1;
	if (needed)
		level = level_or_only(c, field(c, at, "audience_level"), in->audience_level, "action");
	else
		level = reference(
		        c, &c->levels, field(c, at, "audience_level"), "audience level", in->audience_level);
	at->out->audience_level = (uint32_t)(level + 1);
	return level;
}

static void compile_set(Compile *c, const ActionPlace *at, int level)
{
	const DesignAction *in = at->in;
	int slot = attribute_slot(c, field(c, at, "attribute"), level, in->attribute);
	if (slot < 0)
		return;
	at->out->attribute = (uint32_t)slot;
	at->out->value = compile_expression(c, field(c, at, "value"), &c->schemas[level], in->value,
	        c->out->audience_levels[level]->attributes[slot]->type);
}

static Err compile_action_offers(Compile *c, const ActionPlace *at)
{
	const DesignAction *in = at->in;
	OfferSet set;
	TRY(offer_set_of(
	        c, field(c, at, ""), in->offers, in->n_offers, in->offer_lists, in->n_offer_lists, &set));
	at->out->offers = set.items;
	at->out->n_offers = set.count;
	compile_scope(c, field(c, at, ""), in->scope, in->days, &at->out->scope, &at->out->days);
	if (at->out->kind == SNAP_ACTION(QUALIFY_OFFERS))
		compile_score(c, field(c, at, "score"), in->score, &at->out->score);
	return OK;
}

// The visitor's state goes by what the type counts as now; the history by what it counts as when it gets
// there.
static void compile_outcome(Compile *c, const ActionPlace *at)
{
	static const Parley__Snapshot__V1__EventActionKind counted[] = {
	        [PARLEY__DESIGN__V1__OUTCOME_COUNT__OUTCOME_COUNT_CONTACT] = SNAP_ACTION(LOG_CONTACT),
	        [PARLEY__DESIGN__V1__OUTCOME_COUNT__OUTCOME_COUNT_ACCEPT] = SNAP_ACTION(LOG_ACCEPT),
	        [PARLEY__DESIGN__V1__OUTCOME_COUNT__OUTCOME_COUNT_REJECT] = SNAP_ACTION(LOG_REJECT),
	};
	const char *name = at->in->outcome;
	size_t i = 0;
	while (i < c->in->outcome_types.count && strcmp(c->in->outcome_types.items[i]->name, name) != 0)
		i++;
	at->out->outcome = (char *)(uintptr_t)name;
	if (i == c->in->outcome_types.count) {
		problem_as(c, PROBLEM_REFERENCE, field(c, at, "outcome"),
		        "there is no outcome type '%s': create it or name another", name);
		return;
	}
	size_t counts = (size_t)c->in->outcome_types.items[i]->counts_as;
	at->out->counts_as = counts < ARRAY_COUNT(counted) ? counted[counts] : SNAP_ACTION(UNSPECIFIED);
}

static Err compile_kind(Compile *c, const ActionPlace *at, int level)
{
	switch (at->out->kind) {
	case SNAP_ACTION(SET_ATTRIBUTE):
		if (level >= 0)
			compile_set(c, at, level);
		return OK;
	case SNAP_ACTION(QUALIFY_OFFERS):
	case SNAP_ACTION(SUPPRESS_OFFERS):
		return compile_action_offers(c, at);
	case SNAP_ACTION(TRIGGER_EVENT):
		if (!*at->in->event)
			problem(c, field(c, at, "event"), "it names no event: name the one to trigger");
		at->out->event =
		        (uint32_t)reference(c, &c->events, field(c, at, "event"), "event", at->in->event);
		return OK;
	case SNAP_ACTION(LOG_OUTCOME):
		compile_outcome(c, at);
		return OK;
	default:
		return OK;
	}
}

static Err compile_action(Compile *c, const ActionPlace *at)
{
	const DesignAction *in = at->in;
	if (in->kind <= 0 || (size_t)in->kind >= ARRAY_COUNT(kinds)) {
		problem(c, arena_printf(c->arena, "actions[%zu]", at->index),
		        "it is not a known action: choose one of the listed");
		return OK;
	}
	at->out->kind = (Parley__Snapshot__V1__EventActionKind)in->kind; // the same numbers
	at->out->delay_s = in->delay_s;
	if (in->delay_s > DELAY_MAX_S)
		problem(c, field(c, at, "delay_s"), "%u s are more than 90 days: shorten it", in->delay_s);
	refuse_strays(c, at);
	int level = action_level(c, at);
	if (*in->condition && level >= 0)
		at->out->condition = compile_expression(
		        c, field(c, at, "condition"), &c->schemas[level], in->condition, SNAP_TYPE(BOOL));
	return compile_kind(c, at, level);
}

// --- events that trigger events ---

// An event, and what one report of it leads to at once.
typedef struct Followed {
	enum { NEW, ON_THE_WAY, DONE } state;
	unsigned in_a_row; // events, triggered by one another
	size_t actions;
} Followed;

// What is too much is told of the event that makes it so, not of those that trigger that one as well.
static void refuse_work(Compile *c, const SnapEvent *event, Followed *followed)
{
	c->name = event->name;
	if (followed->actions > SNAPSHOT_ACTIONS_AT_ONCE) {
		problem(c, "actions",
		        "one report leads to %zu actions at once, with those of the events that it triggers; "
		        "at most %d are possible: delay some of the triggers",
		        followed->actions, SNAPSHOT_ACTIONS_AT_ONCE);
		followed->actions = 0;
	}
	if (followed->in_a_row > SNAPSHOT_TRIGGERS_IN_A_ROW) {
		problem(c, "actions",
		        "%u events trigger one another at once; at most %d are possible: delay one of the "
		        "triggers",
		        followed->in_a_row, SNAPSHOT_TRIGGERS_IN_A_ROW);
		followed->in_a_row = 0;
	}
}

static void add_work(Followed *followed, const Followed *triggered)
{
	followed->actions += triggered->actions;
	if (triggered->in_a_row >= followed->in_a_row)
		followed->in_a_row = triggered->in_a_row + 1;
}

static bool triggers_at_once(const Compile *c, const SnapAction *action)
{
	return action->kind == SNAP_ACTION(TRIGGER_EVENT) && !action->delay_s &&
	       action->event < c->out->n_events;
}

// What is on the way is at most as deep as there are events.
static void follow(Compile *c, uint32_t index, Followed *all)
{
	const SnapEvent *event = c->out->events[index];
	all[index] = (Followed){.state = ON_THE_WAY, .actions = event->n_actions};
	for (size_t i = 0; i < event->n_actions; i++) {
		const SnapAction *action = event->actions[i];
		if (!triggers_at_once(c, action))
			continue;
		if (all[action->event].state == NEW)
			follow(c, action->event, all);
		if (all[action->event].state == DONE) {
			add_work(&all[index], &all[action->event]);
			continue;
		}
		c->name = event->name;
		problem_as(c, PROBLEM_CIRCLE, arena_printf(c->arena, "actions[%zu].event", i),
		        "the event '%s' leads back here at once, so this would go round for ever: "
		        "give it a delay or take it out",
		        c->out->events[action->event]->name);
	}
	refuse_work(c, event, &all[index]);
	all[index].state = DONE;
}

// Events that go round, or do more at once than a runtime server would.
static Err refuse_excess(Compile *c)
{
	Followed *all = ARENA_ARRAY(c->arena, Followed, c->out->n_events);
	if (!all)
		return compile_no_memory();
	for (uint32_t i = 0; i < c->out->n_events; i++) {
		if (all[i].state == NEW)
			follow(c, i, all);
	}
	return OK;
}

// --- the whole ---

static Err compile_event(Compile *c, const DesignEvent *in, SnapEvent *event)
{
	c->name = in->name;
	event->category = in->category;
	event->n_actions = in->n_actions;
	event->actions = NEW_ITEMS(c, SnapAction, PARLEY__SNAPSHOT__V1__EVENT_ACTION__INIT, in->n_actions);
	if (!event->actions)
		return compile_no_memory();
	if (in->n_actions > ACTIONS_MAX)
		problem(c, "actions", "%zu actions are more than %d: let it trigger another event",
		        in->n_actions, ACTIONS_MAX);
	for (size_t i = 0; i < in->n_actions; i++)
		TRY(compile_action(c, &(ActionPlace){i, in->actions[i], event->actions[i]}));
	return OK;
}

Err compile_events(Compile *c)
{
	size_t count = c->in->events.count;
	const DesignEvent *const *in = c->in->events.items;
	c->kind = "Event";
	c->out->events = NEW_ITEMS(c, SnapEvent, PARLEY__SNAPSHOT__V1__EVENT__INIT, count);
	if (!c->out->events)
		return compile_no_memory();
	c->out->n_events = count;
	for (size_t i = 0; i < count; i++)
		c->out->events[i]->name = in[i]->name;
	TRY(index_by(c, c->out->events, count, offsetof(SnapEvent, name), &c->events));
	for (size_t i = 0; i < count; i++)
		TRY(compile_event(c, in[i], c->out->events[i]));
	return refuse_excess(c);
}
