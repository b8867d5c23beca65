#include "service/actions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the event's actions; try again later");
}

static const Event *event_of(const Actions *actions, uint32_t event)
{
	return plan_snapshot(actions->session->plan)->events[event];
}

static const Prepared *prepared_of(const Actions *actions)
{
	return deployed_prepared(actions->session->pin);
}

Err actions_begin(Actions *actions, Service *service, Session *session, int64_t now_us, Arena *arena,
        Advisories *advisories)
{
	*actions = (Actions){
	        .service = service,
	        .session = session,
	        .arena = arena,
	        .advisories = advisories,
	        .now_us = now_us,
	};
	actions->records_end = &actions->records;
	return session_values(session, arena, &actions->values);
}

// --- values ---

void actions_set(Actions *actions, int slot, ExprValue value, int origin)
{
	const PreparedLevel *level = &prepared_of(actions)->levels[actions->session->level];
	values_set(&actions->values, slot, value, origin);
	actions->changed = true;
	actions->stale |= (level->segmenting[slot / 64] >> (slot % 64) & 1) != 0;
}

void actions_set_all(Actions *actions, const Parameters *parameters)
{
	for (size_t i = 0; i < parameters->count; i++)
		actions_set(actions, parameters->items[i].slot, parameters->items[i].value, FROM_SESSION);
}

Err actions_segment(Actions *actions)
{
	const Session *session = actions->session;
	SegmentRequest request = {
	        .level = session->level, .audience_id = session->audience_id, .as_of_us = actions->now_us};
	if (!actions->stale)
		return OK;
	actions->stale = false;
	actions->changed = true;
	return values_segment(&actions->values, session->plan, &request, actions->arena, NULL);
}

// --- records ---

// IDs are deterministic, so that an event that is done again has the same ones: ~ID/1, ~ID/2, … Each step
// away from the event that was posted has its own ~ in front, so that no two events share an ID, whatever
// touchpoints choose. If the event's own is too long for that, a hash stands for it: ~HASH~1.
static const char *make_id(const char *id, unsigned ordinal, Arena *arena)
{
	char *text = arena_printf(arena, "%c%s/%u", ID_OWN, id, ordinal);
	if (text == NULL || strlen(text) <= ID_MAX)
		return text;
	XXH128_hash_t hash = XXH3_128bits(id, strlen(id));
	return arena_printf(arena, "%c%016" PRIx64 "%016" PRIx64 "%c%u", ID_OWN, hash.high64, hash.low64,
	        ID_OWN, ordinal);
}

const char *actions_next_id(Actions *actions)
{
	return make_id(actions->id, ++actions->ordinals, actions->arena);
}

static void quote(const Quoted *quoted, Arena *arena, EventPosted *out)
{
	char **fields[] = {&out->treatment_code, &out->offer_code, &out->treatment_rule, &out->segment,
	        &out->interaction_point, &out->zone, &out->campaign, &out->cell,
	        &out->treatment_audience_level, &out->treatment_audience_id};
	const TreatmentFacts *facts = &quoted->facts;
	const Str texts[] = {quoted->code, facts->offer_code, facts->rule, facts->segment, facts->point,
	        facts->zone, facts->campaign, facts->cell, quoted->level, quoted->audience_id};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		*fields[i] = texts[i].len > 0 ? arena_cstr(arena, texts[i]) : (char *)"";
}

Err actions_record(Actions *actions, uint32_t event, const char *id, const char *cause, EventRecord **ret)
{
	const Event *declared = event_of(actions, event);
	EventRecord *record = *ret = ARENA_NEW(actions->arena, EventRecord);
	if (record == NULL || id == NULL)
		return no_memory();
	record->message = (EventPosted)PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	record->message.event_id = (char *)id;
	record->message.cause_event_id = (char *)cause;
	record->message.event = declared->name;
	record->message.category = declared->category;
	quote(actions->quoted, actions->arena, &record->message);
	*actions->records_end = record;
	actions->records_end = &record->next;
	return OK;
}

// --- actions ---

void step_failed(const Step *step, const char *why)
{
	const Actions *actions = step->actions;
	const char *detail = arena_printf(actions->arena, "event %s, action %u: %s",
	        event_of(actions, step->event)->name, step->index + 1, why);
	advise_more(actions->advisories, ADVISORY_ACTION_FAILED, str(detail), actions->arena);
}

static void limit(const Step *step, const char *why)
{
	const Actions *actions = step->actions;
	const char *detail = arena_printf(actions->arena, "event %s, action %u: %s",
	        event_of(actions, step->event)->name, step->index + 1, why);
	advise_more(actions->advisories, ADVISORY_ACTION_LIMIT, str(detail), actions->arena);
}

const char *step_error(const Step *step, const ExprValue *value)
{
	const Session *session = step->actions->session;
	const Level *level = plan_snapshot(session->plan)->audience_levels[session->level];
	const char *text = NULL;
	if (value->kind == EXPR_ERROR && value->error == EXPR_ERR_ATTRIBUTE_MISSING &&
	        value->slot < level->n_attributes)
		text = arena_printf(step->actions->arena, "%s: %s", expr_error_name(value->error),
		        level->attributes[value->slot]->name);
	else if (value->kind == EXPR_ERROR)
		text = expr_error_name(value->error);
	return text != NULL ? text : "";
}

ExprValue step_eval(const Step *step, const ExprProgram *program)
{
	Actions *actions = step->actions;
	ExprScratch scratch = {.arena = actions->arena, .fuel = DECIDE_EXPRESSION_FUEL};
	if (prepared_of(actions)->levels[actions->session->level].flows_set)
		(void)actions_segment(actions); // what flows set is seen; if memory is out the rest fails too
	return expr_eval(program, actions->values.items, actions->now_us, &scratch);
}

// Whether its condition lets it be done.
static bool allowed(const Step *step)
{
	if (step->programs->condition.bytes == NULL)
		return true;
	ExprValue value = step_eval(step, &step->programs->condition);
	if (value.kind == EXPR_ERROR)
		step_failed(step, step_error(step, &value));
	return value.kind == EXPR_BOOL && value.b;
}

static bool is_for_visitor(const Step *step)
{
	uint32_t level = step->action->audience_level;
	return level == 0 || (int)level - 1 == step->actions->session->level;
}

static Err postpone(const Step *step)
{
	Actions *actions = step->actions;
	if (actions->session->pending.count + actions->pending.count >= SESSION_PENDING) {
		limit(step, "too many actions of the session wait for their time");
		return OK;
	}
	const char *id = actions_next_id(actions);
	PendingAction *pending = pending_new(&(PendingAction){
	        .due_us = actions->now_us + step->action->delay_s * US_PER_S,
	        .event = step->event,
	        .action = step->index,
	        .depth = step->depth,
	        .id = str(id),
	        .cause = str(actions->id),
	        .quoted = *actions->quoted,
	});
	if (id == NULL || pending == NULL) {
		free(pending);
		return no_memory();
	}
	pending_add(&actions->pending, pending);
	return OK;
}

// At its time: false if it was one too many.
static Err do_now(const Step *step, bool *ret_more)
{
	Actions *actions = step->actions;
	*ret_more = actions->done < ACTIONS_MAX;
	if (!*ret_more) {
		limit(step, "too many actions follow from one event");
		return OK;
	}
	actions->done++;
	if (!allowed(step))
		return OK;
	bool triggers = step->action->kind == ACTION_KIND(TRIGGER_EVENT);
	if (triggers && step->depth >= ACTIONS_DEPTH) {
		limit(step, "too many events trigger one another");
		return OK;
	}
	return step_do(step);
}

static Step step_of(Actions *actions, EventRecord *record, uint32_t event, uint32_t index, unsigned depth)
{
	return (Step){
	        .actions = actions,
	        .record = record,
	        .action = event_of(actions, event)->actions[index],
	        .programs = &prepared_of(actions)->actions[event][index],
	        .event = event,
	        .index = index,
	        .depth = depth,
	};
}

Err actions_run(Actions *actions, EventRecord *record, uint32_t event, unsigned depth)
{
	bool more = true;
	for (uint32_t i = 0; more && i < event_of(actions, event)->n_actions; i++) {
		Step step = step_of(actions, record, event, i, depth);
		if (!is_for_visitor(&step))
			continue;
		TRY(step.action->delay_s > 0 ? postpone(&step) : do_now(&step, &more));
	}
	return OK;
}

Err actions_post(Actions *actions, uint32_t event, const char *event_id, const Quoted *quoted)
{
	EventRecord *record = NULL;
	actions->quoted = quoted;
	actions->id = event_id;
	TRY(actions_record(actions, event, event_id, "", &record));
	TRY(actions_run(actions, record, event, 0));
	return actions_segment(actions);
}

Err actions_due(Actions *actions, const PendingAction *action)
{
	EventRecord *record = NULL;
	bool more = true;
	actions->quoted = &action->quoted;
	actions->id = arena_cstr(actions->arena, action->id);
	const char *cause = arena_cstr(actions->arena, action->cause);
	if (actions->id == NULL || cause == NULL)
		return no_memory();
	TRY(actions_record(actions, action->event, actions->id, cause, &record));
	Step step = step_of(actions, record, action->event, action->action, action->depth);
	if (is_for_visitor(&step))
		TRY(do_now(&step, &more));
	return actions_segment(actions);
}

// --- what comes of them ---

Err actions_prepare(Actions *actions)
{
	TRY(facts_reserve(&actions->session->facts, actions->facts.count));
	if (!actions->changed)
		return OK;
	actions->block = session_values_make(&actions->values);
	return actions->block != NULL ? OK : no_memory();
}

// How the version fares, by what its visitors do.
static void count_meanings(const Actions *actions)
{
	uint64_t contacts = 0, accepts = 0;
	for (const EventRecord *record = actions->records; record != NULL; record = record->next)
		for (size_t i = 0; i < record->message.n_meanings; i++) {
			Meaning meaning = record->message.meanings[i];
			contacts += meaning == PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT;
			accepts += meaning == PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT;
		}
	deployed_count(actions->session->pin, FIGURE_CONTACTS, contacts);
	deployed_count(actions->session->pin, FIGURE_ACCEPTS, accepts);
}

void actions_commit(Actions *actions)
{
	Session *session = actions->session;
	count_meanings(actions);
	PendingAction *pending = NULL;
	if (actions->block != NULL)
		session_put_values(session, STEAL(actions->block));
	for (size_t i = 0; i < actions->facts.count; i++)
		facts_add(&session->facts, &actions->facts.items[i]);
	while ((pending = pending_take(&actions->pending, INT64_MAX)) != NULL)
		pending_add(&session->pending, pending);
}

void actions_drop(Actions *actions)
{
	free(actions->block);
	actions->block = NULL;
	pending_clear(&actions->pending);
}
