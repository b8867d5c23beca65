#include "draw.h"

#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { NUMBERED_PERCENT = 40, AGAIN_PERCENT = 35, LATEST = 8 };

// SplitMix64.
static uint64_t next_chance(uint64_t *chance)
{
	uint64_t x = *chance += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t draw_number(uint64_t *chance, uint64_t below)
{
	return next_chance(chance) % below;
}

static bool percent(uint64_t *chance, unsigned share)
{
	return draw_number(chance, 100) < share;
}

// --- steps ---

// One of the last that were answered, so that calls meet; -1 if there is none.
static int draw_treatment(const Story *story, uint64_t *chance)
{
	int count = story->treatment_count, from = count > LATEST ? count - LATEST : 0;
	return count > 0 ? from + (int)draw_number(chance, (uint64_t)(count - from)) : -1;
}

static int new_event(Story *story, EventKind kind, int treatment, unsigned tier)
{
	story->events[story->event_count] = (Posted){.kind = kind, .treatment = treatment, .tier = tier};
	return story->event_count++;
}

static int draw_event(Story *story, uint64_t *chance)
{
	static const EventKind kinds[] = {
	        SHOWN, SHOWN, SHOWN, ACCEPTED, REJECTED, HIDE, LIKE, TICK, TICK, TICK, NOTE};
	if (!story->restarts && story->event_count > 0 && percent(chance, AGAIN_PERCENT)) {
		int again = (int)draw_number(chance, (uint64_t)story->event_count);
		if (!story->events[again].visit)
			return again;
	}
	EventKind kind = kinds[draw_number(chance, sizeof kinds / sizeof *kinds)];
	int treatment = kind <= HIDE ? draw_treatment(story, chance) : -1;
	if (kind <= HIDE && treatment < 0)
		kind = NOTE;
	return new_event(story, kind, treatment, percent(chance, 40) ? ++story->tier : 0);
}

static StepKind draw_kind(const Story *story, bool in_batch, uint64_t *chance)
{
	static const unsigned weights[STEP_KINDS] = {[START] = 4,
	        [OFFER] = 30,
	        [POST] = 36,
	        [PROFILE] = 18,
	        [AUDIENCE] = 5,
	        [DEBUG] = 4,
	        [END] = 3};
	for (;;) {
		unsigned at = (unsigned)draw_number(chance, 100);
		StepKind kind = START;
		while (at >= weights[kind])
			at -= weights[kind++];
		if ((kind != END || (story->restarts && !in_batch)) && (kind != START || !in_batch))
			return kind;
	}
}

static void fill_step(Story *story, Step *step, StepKind kind, uint64_t *chance)
{
	if (kind == POST && story->event_count == EVENTS_MAX)
		kind = PROFILE;
	*step = (Step){.kind = kind, .event = -1, .on = percent(chance, 30)};
	if (kind == POST)
		step->event = draw_event(story, chance);
	if (kind == START && percent(chance, 10))
		step->customer = 1;
	if (kind == AUDIENCE)
		step->customer = (int)draw_number(chance, CUSTOMERS);
	if ((kind == START || kind == AUDIENCE) && percent(chance, 50))
		step->tier = ++story->tier;
}

// --- calls ---

static void draw_visit(Story *story, Call *call, uint64_t *chance)
{
	int treatment = draw_treatment(story, chance);
	call->customer = (int)draw_number(chance, CUSTOMERS);
	if (treatment >= 0 && story->event_count < EVENTS_MAX && percent(chance, 70)) {
		static const EventKind kinds[] = {SHOWN, SHOWN, ACCEPTED, REJECTED};
		EventKind kind = kinds[draw_number(chance, 4)];
		int event = new_event(story, kind, treatment, 0);
		story->events[event].visit = true;
		call->steps[call->count++] = (Step){.kind = POST, .event = event};
	}
	call->steps[call->count++] = (Step){.kind = OFFER, .on = percent(chance, 30)};
}

// Numbers are given out upwards, and now and then one is left out, or given out again.
static unsigned draw_sequence(Story *story, uint64_t *chance)
{
	if (!percent(chance, NUMBERED_PERCENT))
		return 0;
	if (story->sequence > 0 && percent(chance, 10))
		return story->sequence;
	return story->sequence += 1 + percent(chance, 10);
}

Call *draw_call(Story *story, int client, uint64_t *chance)
{
	uint64_t way = draw_number(chance, 100);
	Call *call = ARENA_NEW(story->arena, Call);
	*call = (Call){.story = story, .client = client};
	call->steps = ARENA_ARRAY(story->arena, Step, STEPS_MAX);
	call->kind = way < 78 || story->call_count == 0 ? ALONE : way < 90 ? BATCH : RECOMMEND;
	if (call->kind == RECOMMEND) {
		draw_visit(story, call, chance);
	} else if (call->kind == BATCH) {
		call->count = 2 + (int)draw_number(chance, STEPS_MAX - 1);
		for (int i = 0; i < call->count; i++)
			fill_step(story, &call->steps[i], draw_kind(story, true, chance), chance);
	} else {
		bool first = story->call_count == 0 || (story->missing && percent(chance, 60));
		call->count = 1;
		fill_step(story, &call->steps[0], first ? START : draw_kind(story, false, chance), chance);
	}
	if (call->kind != RECOMMEND && call->steps[0].kind != START)
		call->sequence = draw_sequence(story, chance);
	story->calls[story->call_count++] = call;
	return call;
}

// --- messages ---

// All of this lives in an arena without a limit.
static NamedValue *named(Arena *arena, const char *name, Parley__Runtime__V1__Value__KindCase kind)
{
	NamedValue *made = message_new(arena, MESSAGE_OF(named_value));
	made->name = (char *)(uintptr_t)name;
	made->value = message_new(arena, MESSAGE_OF(value));
	made->value->kind_case = kind;
	return made;
}

static AudienceId *audience(const Story *story, int customer, Arena *arena)
{
	AudienceId *made = message_new(arena, MESSAGE_OF(audience_id));
	made->level = (char *)"customer";
	made->keys = ARENA_ARRAY(arena, NamedValue *, 1);
	made->keys[made->n_keys++] = named(arena, "customer_id", PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE);
	made->keys[0]->value->int_value = (int64_t)story->number * CUSTOMERS + customer;
	return made;
}

static size_t tier(unsigned number, Arena *arena, NamedValue ***ret)
{
	if (number == 0)
		return 0;
	*ret = ARENA_ARRAY(arena, NamedValue *, 1);
	(*ret)[0] = named(arena, "tier", PARLEY__RUNTIME__V1__VALUE__KIND_STRING_VALUE);
	(*ret)[0]->value->string_value = arena_printf(arena, "%u", number);
	return 1;
}

static size_t points(Arena *arena, PointRequest ***ret)
{
	*ret = message_list(arena, MESSAGE_OF(point_request), 1);
	(*ret)[0]->interaction_point = (char *)"home-banner";
	(*ret)[0]->max_offers = SHOWN_MAX;
	return 1;
}

static char *event_id(const Story *story, int event, Arena *arena)
{
	return arena_printf(arena, "%s-%d", story->id, event);
}

static char *code_of(const Story *story, int treatment)
{
	return treatment < 0 ? (char *)"" : (char *)(uintptr_t)story->treatments[treatment].code;
}

static void *start_message(const Story *story, const Step *step, Arena *arena)
{
	StartSessionRequest *made = message_new(arena, MESSAGE_OF(start_session_request));
	made->channel = (char *)"bank";
	made->audience = audience(story, step->customer, arena);
	made->n_parameters = tier(step->tier, arena, &made->parameters);
	return made;
}

static void *offer_message(const Story *story, const Step *step, Arena *arena)
{
	GetOffersRequest *made = message_new(arena, MESSAGE_OF(get_offers_request));
	(void)story;
	made->n_points = points(arena, &made->points);
	made->explain = step->on;
	return made;
}

static void *post_message(const Story *story, const Step *step, Arena *arena)
{
	PostEventRequest *made = message_new(arena, MESSAGE_OF(post_event_request));
	const Posted *event = &story->events[step->event];
	made->event_id = event_id(story, step->event, arena);
	made->event = (char *)(uintptr_t)event_names[event->kind];
	made->treatment_code = code_of(story, event->treatment);
	made->n_parameters = tier(event->tier, arena, &made->parameters);
	return made;
}

static void *profile_message(const Story *story, const Step *step, Arena *arena)
{
	(void)story, (void)step;
	return message_new(arena, MESSAGE_OF(get_profile_request));
}

static void *audience_message(const Story *story, const Step *step, Arena *arena)
{
	SetAudienceRequest *made = message_new(arena, MESSAGE_OF(set_audience_request));
	made->audience = audience(story, step->customer, arena);
	made->n_parameters = tier(step->tier, arena, &made->parameters);
	return made;
}

static void *debug_message(const Story *story, const Step *step, Arena *arena)
{
	SetDebugRequest *made = message_new(arena, MESSAGE_OF(set_debug_request));
	(void)story;
	made->debug = step->on;
	return made;
}

static void *end_message(const Story *story, const Step *step, Arena *arena)
{
	(void)story, (void)step;
	return message_new(arena, MESSAGE_OF(end_session_request));
}

#define WHAT(name) PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##name
BatchCommand *step_message(const Story *story, const Step *step, Arena *arena)
{
	static const struct {
		BatchCommandCase what;
		void *(*make)(const Story *story, const Step *step, Arena *arena);
	} kinds[STEP_KINDS] = {
	        [START] = {WHAT(START_SESSION), start_message},
	        [OFFER] = {WHAT(GET_OFFERS), offer_message},
	        [POST] = {WHAT(POST_EVENT), post_message},
	        [PROFILE] = {WHAT(GET_PROFILE), profile_message},
	        [AUDIENCE] = {WHAT(SET_AUDIENCE), audience_message},
	        [DEBUG] = {WHAT(SET_DEBUG), debug_message},
	        [END] = {WHAT(END_SESSION), end_message},
	};
	BatchCommand *made = message_new(arena, MESSAGE_OF(batch_command));
	made->what_case = kinds[step->kind].what;
	made->start_session = kinds[step->kind].make(story, step, arena); // whichever it is
	return made;
}

ExecuteBatchRequest *batch_message(const Call *call, Arena *arena)
{
	ExecuteBatchRequest *made = message_new(arena, MESSAGE_OF(execute_batch_request));
	made->session_id = call->story->id;
	made->sequence = call->sequence;
	made->commands = ARENA_ARRAY(arena, BatchCommand *, STEPS_MAX);
	for (int i = 0; i < call->count; i++)
		made->commands[made->n_commands++] = step_message(call->story, &call->steps[i], arena);
	return made;
}

RecommendRequest *recommend_message(const Call *call, Arena *arena)
{
	const Story *story = call->story;
	const Step *first = &call->steps[0];
	RecommendRequest *made = message_new(arena, MESSAGE_OF(recommend_request));
	made->channel = (char *)"bank";
	made->audience = audience(story, call->customer, arena);
	made->n_points = points(arena, &made->points);
	made->explain = call->steps[call->count - 1].on;
	if (first->kind != POST)
		return made;
	const Posted *event = &story->events[first->event];
	made->events = message_list(arena, MESSAGE_OF(recommend_event), 1);
	made->n_events = 1;
	made->events[0]->event_id = event_id(story, first->event, arena);
	made->events[0]->event = (char *)(uintptr_t)event_names[event->kind];
	made->events[0]->treatment_code = code_of(story, event->treatment);
	return made;
}
