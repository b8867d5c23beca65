// Events: those that do nothing, and actions that never happen or change nothing.
#include "validate/internal.h"

// Events that another one triggers.
static Err triggered_events(const Analysis *a, bool **ret)
{
	const Snapshot *s = a->snapshot;
	*ret = ARENA_ARRAY(a->arena, bool, s->n_events + 1);
	if (!*ret)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_events; i++) {
		for (size_t j = 0; j < s->events[i]->n_actions; j++) {
			if (s->events[i]->actions[j]->kind == SNAP_ACTION(TRIGGER_EVENT))
				(*ret)[s->events[i]->actions[j]->event] = true;
		}
	}
	return OK;
}

static bool shows_none(const Analysis *a, const SnapAction *action)
{
	for (size_t i = 0; i < action->n_offers; i++) {
		const OfferFacts *facts = &a->offers[action->offers[i]];
		if (facts->candidate || facts->by_default)
			return false;
	}
	return action->n_offers > 0;
}

static void check_effect(Analysis *a, const SnapAction *action, Object object)
{
	if (action->kind == SNAP_ACTION(RESEGMENT) && !a->snapshot->n_segments && !a->snapshot->n_flows)
		finding(a, FINDING_ACTION_WITHOUT_EFFECT, object, "take the action out, or make segments",
		        "it computes the segments anew, but the channel has none");
	else if (action->kind == SNAP_ACTION(SUPPRESS_OFFERS) && shows_none(a, action))
		finding(a, FINDING_ACTION_WITHOUT_EFFECT, object, "name other offers, or take the action out",
		        "it suppresses '%s'%s, which nothing in the channel ever offers",
		        a->offers[action->offers[0]].in->name, action->n_offers > 1 ? " and others" : "");
}

static Err check_action(Analysis *a, const SnapEvent *event, size_t index)
{
	const SnapAction *action = event->actions[index];
	const Condition *condition;
	Object object = {"Event", event->name, arena_printf(a->arena, "actions[%zu]", index)};
	check_effect(a, action, object);
	if (!action->condition)
		return OK;
	object.field = arena_printf(a->arena, "actions[%zu].condition", index);
	uint32_t level = action->audience_level - 1;
	TRY(logic_condition(a->logic[level], action->condition, &condition));
	if (condition->never)
		finding(a, FINDING_ACTION_NEVER, object, "correct the condition, or take the action out",
		        "'%s' is never true%s", condition->source, clash_text(a, condition));
	return analyse_condition(a, object, level, action->condition);
}

Err analyse_events(Analysis *a)
{
	bool *triggered;
	TRY(triggered_events(a, &triggered));
	for (size_t i = 0; i < a->snapshot->n_events; i++) {
		const SnapEvent *event = a->snapshot->events[i];
		// One with a category is there to be counted in reports.
		if (!event->n_actions && !*event->category)
			finding(a, FINDING_EVENT_WITHOUT_ACTIONS, (Object){"Event", event->name, "actions"},
			        "give it actions; or, if it is only to be counted, a category",
			        "%s, but it has no actions and no category",
			        triggered[i] ? "another event triggers it" : "touchpoints may post it");
		for (size_t j = 0; j < event->n_actions; j++)
			TRY(check_action(a, event, j));
	}
	return OK;
}
