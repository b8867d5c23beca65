// Events. Which fields an action may have is a table by its kind; what triggers what without a delay must
// come to an end.
#include "admin/level.h"
#include "admin/message.h"
#include "admin/validate.h"

#include "parley/design/v1/event.pb-c.h"

enum { ACTIONS_MAX = 16, CATEGORY_MAX = 63, DELAY_MAX_S = 90 * 86400 };

typedef Parley__Design__V1__Event Event;
typedef Parley__Design__V1__EventAction EventAction;
#define ACTION(name) PARLEY__DESIGN__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_##name

#define COMMON       "kind audience_level condition delay_s"
static const struct {
	const char *name, *fields;
} actions[] = {
        [ACTION(LOG_CONTACT)] = {"LOG_CONTACT", COMMON},
        [ACTION(LOG_ACCEPT)] = {"LOG_ACCEPT", COMMON},
        [ACTION(LOG_REJECT)] = {"LOG_REJECT", COMMON},
        [ACTION(RESEGMENT)] = {"RESEGMENT", COMMON},
        [ACTION(SET_ATTRIBUTE)] = {"SET_ATTRIBUTE", COMMON " attribute value"},
        [ACTION(QUALIFY_OFFERS)] = {"QUALIFY_OFFERS", COMMON " offers offer_lists scope days score"},
        [ACTION(SUPPRESS_OFFERS)] = {"SUPPRESS_OFFERS", COMMON " offers offer_lists scope days"},
        [ACTION(TRIGGER_EVENT)] = {"TRIGGER_EVENT", COMMON " event"},
        [ACTION(LOG_OUTCOME)] = {"LOG_OUTCOME", COMMON " outcome"},
};

// --- an action ---

static Err check_condition(Check *check, const char *prefix, const EventAction *action)
{
	const Resolved *level;
	if (!*action->condition && action->kind != ACTION(SET_ATTRIBUTE))
		return OK;
	TRY(level_named(check, check_at(check, "%s.audience_level", prefix), action->audience_level,
	        "that the action's expressions are about", &level));
	if (*action->condition)
		TRY(level_expression(
		        check, check_at(check, "%s.condition", prefix), level, action->condition, EXPR_BOOL));
	return action->kind == ACTION(SET_ATTRIBUTE)
	               ? level_assignment(check, prefix, level, action->attribute, action->value)
	               : OK;
}

static Err check_outcome(Check *check, const char *prefix, const EventAction *action)
{
	const char *field = check_at(check, "%s.outcome", prefix);
	if (!*action->outcome)
		return check_fail(check, ERR_FIELD_MISSING, field, "name the outcome type that is logged");
	if (strcmp(action->outcome, "accept") == 0 || strcmp(action->outcome, "reject") == 0)
		return check_fail(check, ERR_FIELD_INVALID, field, "has an action of its own: write %s",
		        *action->outcome == 'a' ? "LOG_ACCEPT" : "LOG_REJECT");
	return OK;
}

static Err check_action(Check *check, size_t index, const EventAction *action)
{
	const char *prefix = check_at(check, "actions[%zu]", index), *inside = check_at(check, "%s.", prefix);
	if (action->kind == ACTION(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%s.kind", prefix),
		        "is unspecified: name an action, or leave it out");
	TRY(value_only(
	        check, inside, &action->base, actions[action->kind].fields, actions[action->kind].name));
	if (action->delay_s > DELAY_MAX_S)
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%s.delay_s", prefix),
		        "give at most %d seconds, which are 90 days", DELAY_MAX_S);
	TRY(check_condition(check, prefix, action));
	if (action->kind == ACTION(QUALIFY_OFFERS) || action->kind == ACTION(SUPPRESS_OFFERS))
		TRY(value_scope(check, inside, action->scope, action->days));
	if (action->kind == ACTION(TRIGGER_EVENT) && !*action->event)
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%s.event", prefix),
		        "name the event that is triggered");
	if (action->kind == ACTION(LOG_OUTCOME))
		TRY(check_outcome(check, prefix, action));
	return value_score(check, check_at(check, "%s.score", prefix), action->score);
}

// --- what triggers what ---

typedef struct Visit {
	const char *name;
	const struct Visit *from; // what triggers it
} Visit;

typedef struct Search {
	Check *check;
	Visit *visits; // in the order of discovery
	size_t count, room;
} Search;

static Err discover(Search *search, const char *name, const Visit *from)
{
	for (size_t i = 0; i < search->count; i++)
		if (strcmp(search->visits[i].name, name) == 0)
			return OK;
	if (search->count == search->room)
		return check_fail(search->check, ERR_LIMIT, "actions",
		        "set off more than %zu events one after the other: let some be triggered with a "
		        "delay",
		        search->room);
	search->visits[search->count++] = (Visit){name, from};
	return OK;
}

static Err tell_cycle(const Check *check, size_t action, const Visit *last)
{
	const char *own = message_str(check->message, "name").ptr, *path = own;
	for (const Visit *at = last; at; at = at->from)
		path = check_at(check, "%s → %s", at->name, path);
	return check_fail(check, ERR_FIELD_INVALID, check_at(check, "actions[%zu].event", action),
	        "events would trigger each other without an end: %s → %s; give one of them a delay_s", own,
	        path);
}

// All that an event sets off at once; `visit` is NULL for the event that is checked.
static Err expand(Search *search, size_t action, const Event *event, const Visit *visit)
{
	for (size_t i = 0; i < event->n_actions; i++) {
		const EventAction *each = event->actions[i];
		if (each->kind != ACTION(TRIGGER_EVENT) || each->delay_s || (!visit && i != action))
			continue;
		if (str_eq(str(each->event), message_str(search->check->message, "name")))
			return tell_cycle(search->check, action, visit);
		TRY(discover(search, each->event, visit));
	}
	return OK;
}

// Whether the action leads back to its event, through events as they are stored.
static Err check_trigger(Check *check, size_t action)
{
	enum { REACHED_MAX = 256 };
	Search search = {check, ARENA_ARRAY(check->arena, Visit, REACHED_MAX), 0, REACHED_MAX};
	if (!search.visits)
		return err(ERR_NO_MEMORY, "no memory to follow events");
	TRY(expand(&search, action, (const void *)check->message, NULL));
	for (size_t i = 0; i < search.count; i++) {
		Resource event;
		TRY(resource_get(check->pg, check->kind, message_str(check->message, "channel"),
		        str(search.visits[i].name), RESOURCE_SHARE, check->arena, &event));
		TRY(expand(&search, action, (const void *)event.message, &search.visits[i]));
	}
	return OK;
}

Err validate_event(Check *check)
{
	const Event *event = (const void *)check->message;
	if (strlen(event->category) > CATEGORY_MAX)
		return check_fail(
		        check, ERR_FIELD_INVALID, "category", "has more than %d bytes", CATEGORY_MAX);
	if (event->n_actions > ACTIONS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "actions",
		        "has %zu actions; at most %d are taken", event->n_actions, ACTIONS_MAX);
	for (size_t i = 0; i < event->n_actions; i++)
		TRY(check_action(check, i, event->actions[i]));
	for (size_t i = 0; i < event->n_actions; i++)
		TRY(check_trigger(check, i));
	return OK;
}
