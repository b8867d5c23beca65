// What each kind of action does, one function a kind.
#include "service/actions.h"
#include "service/value.h"

enum { EFFECT_BYTES = 32, EFFECTS_BYTES_MAX = 32 * 1024, LIST_FIRST = 8 };

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the event's actions; try again later");
}

// Makes room for one more in a list that grows in an arena. NULL if memory is out.
static void *grown(void *items, size_t count, size_t *room, size_t size, Arena *arena)
{
	if (count < *room)
		return items;
	*room = *room > 0 ? 2 * *room : LIST_FIRST;
	void *more = arena_alloc_array(arena, size, *room);
	if (more != NULL && count > 0)
		memcpy(more, items, count * size);
	return more;
}

// --- what comes of it ---

static Err add_meaning(const Step *step, Meaning meaning)
{
	EventRecord *record = step->record;
	EventPosted *message = &record->message;
	message->meanings = grown(message->meanings, message->n_meanings, &record->meaning_room,
	        sizeof *message->meanings, step->actions->arena);
	if (message->meanings == NULL)
		return no_memory();
	message->meanings[message->n_meanings++] = meaning;
	return OK;
}

// A record has to fit into the journal: many effects go on in another one.
static Err room_for_effect(const Step *step, EventRecord *record, size_t bytes, EventRecord **ret)
{
	while (record->effect_bytes + bytes > EFFECTS_BYTES_MAX && record->more != NULL)
		record = record->more;
	*ret = record;
	if (record->effect_bytes + bytes <= EFFECTS_BYTES_MAX)
		return OK;
	TRY(actions_record(step->actions, step->event, actions_next_id(step->actions), step->actions->id,
	        &record->more));
	*ret = record->more;
	return OK;
}

static Err add_effect(const Step *step, const Effect *effect)
{
	EventRecord *record = NULL;
	size_t bytes = strlen(effect->offer_code) + EFFECT_BYTES;
	TRY(room_for_effect(step, step->record, bytes, &record));
	record->effect_bytes += bytes;
	EventPosted *message = &record->message;
	Effect *copy = ARENA_NEW(step->actions->arena, Effect);
	message->effects = grown(message->effects, message->n_effects, &record->effect_room,
	        sizeof *message->effects, step->actions->arena);
	if (message->effects == NULL || copy == NULL)
		return no_memory();
	*copy = *effect;
	message->effects[message->n_effects++] = copy;
	return OK;
}

static Err add_fact(const Step *step, const Fact *fact)
{
	FactList *facts = &step->actions->facts;
	facts->items =
	        grown(facts->items, facts->count, &facts->room, sizeof *facts->items, step->actions->arena);
	if (facts->items == NULL)
		return no_memory();
	facts->items[facts->count++] = *fact;
	return OK;
}

// --- contacts and responses ---

#define EFFECT(name)  PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_##name
#define MEANING(name) PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_##name

static const struct {
	Meaning meaning;
	Parley__Journal__V1__EffectKind effect;
	FactKind fact;
} logged[] = {
        [ACTION_KIND(LOG_CONTACT)] = {MEANING(CONTACT), EFFECT(CONTACT), FACT_CONTACT},
        [ACTION_KIND(LOG_ACCEPT)] = {MEANING(ACCEPT), EFFECT(ACCEPT), FACT_ACCEPT},
        [ACTION_KIND(LOG_REJECT)] = {MEANING(REJECT), EFFECT(REJECT), FACT_REJECT},
};

// It counts for the treatment's visitor, and in the session if that is the session's.
static Err count_it(const Step *step, Parley__Snapshot__V1__EventActionKind kind)
{
	Actions *actions = step->actions;
	const Quoted *quoted = actions->quoted;
	Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT;
	effect.kind = logged[kind].effect;
	effect.offer_code = step->record->message.offer_code;
	TRY(add_effect(step, &effect));
	int offer = plan_offer(actions->session->plan, quoted->facts.offer_code);
	if (offer < 0 || quoted->audience_id.len > 0)
		return OK;
	return add_fact(step, &(Fact){.offer = (uint32_t)offer,
	                              .count = 1,
	                              .kind = logged[kind].fact,
	                              .time_us = actions->now_us});
}

static bool quotes_treatment(const Step *step)
{
	if (step->actions->quoted->code.len == 0)
		step_failed(step, "no treatment was quoted");
	return step->actions->quoted->code.len > 0;
}

static Err log_it(const Step *step)
{
	if (!quotes_treatment(step))
		return OK;
	TRY(add_meaning(step, logged[step->action->kind].meaning));
	return count_it(step, step->action->kind);
}

// One an event: its ID stands for the step on the treatment's path.
static Err log_outcome(const Step *step)
{
	EventPosted *message = &step->record->message;
	if (!quotes_treatment(step))
		return OK;
	if (message->outcome[0] != '\0') {
		step_failed(step, "the event has logged an outcome already; let it trigger another event");
		return OK;
	}
	message->outcome = step->action->outcome;
	return step->action->counts_as != ACTION_KIND(UNSPECIFIED) ? count_it(step, step->action->counts_as)
	                                                           : OK;
}

// --- offers suppressed and qualified ---

#define SCOPE(name) PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_##name

static Err mark_offer(const Step *step, uint32_t offer)
{
	const Actions *actions = step->actions;
	const EventAction *action = step->action;
	bool qualifies = action->kind == ACTION_KIND(QUALIFY_OFFERS);
	if (action->scope == SCOPE(SESSION))
		return add_fact(step, &(Fact){.offer = offer,
		                              .count = 1,
		                              .kind = qualifies ? FACT_QUALIFY : FACT_SUPPRESS,
		                              .time_us = actions->now_us,
		                              .until_us = INT64_MAX,
		                              .score = action->score});
	Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT;
	effect.kind = qualifies ? EFFECT(QUALIFY) : EFFECT(SUPPRESS);
	effect.offer_code = plan_snapshot(actions->session->plan)->offers[offer]->code;
	effect.score = action->score;
	if (action->scope == SCOPE(DAYS))
		effect.until_us = actions->now_us + action->days * (INT64_C(86400) * US_PER_S);
	return add_effect(step, &effect);
}

static Err mark_offers(const Step *step)
{
	const Actions *actions = step->actions;
	for (size_t i = 0; i < step->action->n_offers; i++)
		TRY(mark_offer(step, step->action->offers[i]));
	if (step->action->n_offers > 0)
		return OK;
	int offer = plan_offer(actions->session->plan, actions->quoted->facts.offer_code);
	if (actions->quoted->code.len > 0 && offer >= 0)
		return mark_offer(step, (uint32_t)offer);
	step_failed(step, actions->quoted->code.len == 0 ? "no treatment was quoted"
	                                                 : "the channel no longer has the treatment's offer");
	return OK;
}

// --- the others ---

static Err resegment(const Step *step)
{
	step->actions->stale = true;
	return actions_segment(step->actions);
}

static Err set_attribute(const Step *step)
{
	const Session *session = step->actions->session;
	const Level *level = plan_snapshot(session->plan)->audience_levels[session->level];
	ValueType type = level->attributes[step->action->attribute]->type;
	ExprValue value = step_eval(step, &step->programs->value);
	if (value.kind == EXPR_INT && type == PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_DOUBLE)
		value = expr_double((double)value.i);
	const char *problem =
	        value.kind == EXPR_ERROR ? step_error(step, &value) : value_problem(&value, type);
	if (problem != NULL)
		step_failed(step, problem);
	else
		actions_set(step->actions, (int)step->action->attribute, value, FROM_EVENT);
	return OK;
}

static Err trigger(const Step *step)
{
	Actions *actions = step->actions;
	EventRecord *record = NULL;
	TRY(actions_record(actions, step->action->event, actions_next_id(actions), actions->id, &record));
	return actions_run(actions, record, step->action->event, step->depth + 1);
}

Err step_do(const Step *step)
{
	static Err (*const kinds[])(const Step *step) = {
	        [ACTION_KIND(LOG_CONTACT)] = log_it,
	        [ACTION_KIND(LOG_ACCEPT)] = log_it,
	        [ACTION_KIND(LOG_REJECT)] = log_it,
	        [ACTION_KIND(RESEGMENT)] = resegment,
	        [ACTION_KIND(SET_ATTRIBUTE)] = set_attribute,
	        [ACTION_KIND(QUALIFY_OFFERS)] = mark_offers,
	        [ACTION_KIND(SUPPRESS_OFFERS)] = mark_offers,
	        [ACTION_KIND(TRIGGER_EVENT)] = trigger,
	        [ACTION_KIND(LOG_OUTCOME)] = log_outcome,
	};
	return kinds[step->action->kind](step);
}
