// Events and what they do. An event may trigger others, so the work behind one report is bounded here, once,
// instead of being stopped in the middle at run time: what happens at once may neither go round nor multiply
// without limit.
#include "snapshot/internal.h"

enum { ACTIONS_MAX = 16, DELAY_MAX_S = 90 * 86400 };

// What an action may have besides an audience level, a condition and a delay.
enum { HAS_VALUE = 1, HAS_OFFERS = 2, HAS_SCORE = 4, HAS_EVENT = 8, HAS_OUTCOME = 16 };
static const unsigned allowed[] = {
        [SNAP_ACTION(SET_ATTRIBUTE)] = HAS_VALUE,
        [SNAP_ACTION(QUALIFY_OFFERS)] = HAS_OFFERS | HAS_SCORE,
        [SNAP_ACTION(SUPPRESS_OFFERS)] = HAS_OFFERS,
        [SNAP_ACTION(TRIGGER_EVENT)] = HAS_EVENT,
        [SNAP_ACTION(LOG_OUTCOME)] = HAS_OUTCOME,
};

static unsigned present(const SnapAction *action)
{
	return (action->attribute || action->value ? HAS_VALUE : 0U) |
	       (action->n_offers || action->scope || action->days ? HAS_OFFERS : 0U) |
	       (action->score < 0 || action->score > 0 ? HAS_SCORE : 0U) | (action->event ? HAS_EVENT : 0U) |
	       (*action->outcome || action->counts_as ? HAS_OUTCOME : 0U);
}

static Err check_action_level(const Check *check, const SnapAction *action)
{
	TRY(check_optional(action->audience_level, check->snapshot->n_audience_levels, "audience level"));
	if (!action->audience_level && (action->condition || action->value || action->attribute))
		return INVALID("it has an expression or attribute, but no audience level");
	if (!action->condition)
		return OK;
	return check_expression(
	        &check->schemas[action->audience_level - 1], action->condition, SNAP_TYPE(BOOL), "condition");
}

static Err check_outcome(const SnapAction *action)
{
	if (!name_is_plain(str(action->outcome)))
		return INVALID("its outcome '%.80s' is not the name of one", action->outcome);
	return action->counts_as >= SNAP_ACTION(UNSPECIFIED) && action->counts_as <= SNAP_ACTION(LOG_REJECT)
	               ? OK
	               : INVALID("its outcome counts as nothing that there is");
}

static Err check_action(Check *check, const SnapAction *action)
{
	if (action->kind <= SNAP_ACTION(UNSPECIFIED) || action->kind > SNAP_ACTION(LOG_OUTCOME))
		return INVALID("it is of no known kind");
	if (present(action) & ~allowed[action->kind])
		return INVALID("it has a field that its kind does not have");
	if (action->delay_s > DELAY_MAX_S)
		return INVALID("its delay is %u s, at most %d are allowed", action->delay_s, DELAY_MAX_S);
	TRY(check_action_level(check, action));
	switch (action->kind) {
	case SNAP_ACTION(SET_ATTRIBUTE):
		if (!action->audience_level)
			return INVALID("it sets an attribute, but has no audience level");
		return check_attribute_value(
		        check, action->audience_level - 1, action->attribute, action->value);
	case SNAP_ACTION(QUALIFY_OFFERS):
	case SNAP_ACTION(SUPPRESS_OFFERS):
		TRY(check_offers(check, action->offers, action->n_offers));
		TRY(check_score(action->score));
		return check_scope(action->scope, action->days);
	case SNAP_ACTION(TRIGGER_EVENT):
		return check_index(action->event, check->snapshot->n_events, "event");
	case SNAP_ACTION(LOG_OUTCOME):
		return check_outcome(action);
	default:
		return OK;
	}
}

Err check_event(Check *check, const void *item)
{
	const SnapEvent *event = item;
	TRY(check_text(event->category, "category"));
	if (event->n_actions > ACTIONS_MAX)
		return INVALID("it has %zu actions, at most %d are allowed", event->n_actions, ACTIONS_MAX);
	for (size_t i = 0; i < event->n_actions; i++) {
		Err e = check_action(check, event->actions[i]);
		if (e)
			return err_context(e, "action %zu", i);
	}
	return OK;
}

// --- events that trigger events ---

static bool triggers_at_once(const SnapAction *action)
{
	return action->kind == SNAP_ACTION(TRIGGER_EVENT) && !action->delay_s;
}

// Puts each event before those that it triggers at once; what is in a cycle, or behind one, is left out.
static size_t sort_by_cause(const Snapshot *snapshot, uint32_t *causes, uint32_t *sorted)
{
	size_t count = 0;
	for (size_t i = 0; i < snapshot->n_events; i++) {
		const SnapEvent *event = snapshot->events[i];
		for (size_t j = 0; j < event->n_actions; j++)
			causes[event->actions[j]->event] += triggers_at_once(event->actions[j]);
	}
	for (uint32_t i = 0; i < snapshot->n_events; i++) {
		if (causes[i] == 0)
			sorted[count++] = i;
	}
	for (size_t done = 0; done < count; done++) {
		const SnapEvent *event = snapshot->events[sorted[done]];
		for (size_t j = 0; j < event->n_actions; j++) {
			const SnapAction *action = event->actions[j];
			if (triggers_at_once(action) && --causes[action->event] == 0)
				sorted[count++] = action->event;
		}
	}
	return count;
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the events");
}

// What one report of an event leads to at once.
typedef struct Work {
	uint64_t actions;
	unsigned in_a_row; // events, triggered by one another
} Work;

// Of an event whose triggered ones are known already.
static Work work_of(const SnapEvent *event, const Work *works)
{
	Work sum = {0};
	for (size_t j = 0; j < event->n_actions; j++) {
		const SnapAction *action = event->actions[j];
		sum.actions++;
		if (!triggers_at_once(action))
			continue;
		const Work *other = &works[action->event];
		sum.actions += other->actions;
		if (other->in_a_row >= sum.in_a_row)
			sum.in_a_row = other->in_a_row + 1;
	}
	return sum;
}

static Err check_work(const SnapEvent *event, const Work *work)
{
	if (work->actions > SNAPSHOT_ACTIONS_AT_ONCE)
		return INVALID("events '%s': it leads to %llu actions at once, at most %d are allowed: "
		               "delay some of the triggers",
		        event->name, (unsigned long long)work->actions, SNAPSHOT_ACTIONS_AT_ONCE);
	if (work->in_a_row > SNAPSHOT_TRIGGERS_IN_A_ROW)
		return INVALID("events '%s': it leads to %u events that trigger one another at once, at most "
		               "%d are allowed: delay one of the triggers",
		        event->name, work->in_a_row, SNAPSHOT_TRIGGERS_IN_A_ROW);
	return OK;
}

Err check_triggers(Check *check)
{
	const Snapshot *snapshot = check->snapshot;
	uint32_t *causes = ARENA_ARRAY(check->arena, uint32_t, snapshot->n_events);
	uint32_t *sorted = ARENA_ARRAY(check->arena, uint32_t, snapshot->n_events);
	Work *works = ARENA_ARRAY(check->arena, Work, snapshot->n_events);
	if (!causes || !sorted || !works)
		return no_memory();
	size_t count = sort_by_cause(snapshot, causes, sorted);
	for (size_t i = 0; count < snapshot->n_events && i < snapshot->n_events; i++) {
		if (causes[i])
			return INVALID("events '%s': it is triggered at once by events that it triggers, or "
			               "that go round before it: delay one of the triggers",
			        snapshot->events[i]->name);
	}
	while (count--) {
		const SnapEvent *event = snapshot->events[sorted[count]];
		works[sorted[count]] = work_of(event, works);
		TRY(check_work(event, &works[sorted[count]]));
	}
	return OK;
}
