// What touchpoints do, as commands.
#include "story.h"

#include "service/value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef Parley__Runtime__V1__StartSessionRequest StartSessionRequest;
typedef Parley__Runtime__V1__SetAudienceRequest SetAudienceRequest;

#define NEW(of, name) NEW_OF(of, parley__runtime__v1__##name)
#define NEW_OF(of, type)                                                                                     \
	({                                                                                                   \
		const ProtobufCMessageDescriptor *of_ = &type##__descriptor;                                 \
		void *message_ = arena_alloc((of), of_->sizeof_message);                                     \
		of_->message_init(message_);                                                                 \
		message_;                                                                                    \
	})

static Parley__Runtime__V1__NamedValue *some_value(Story *story, uint32_t level, Arena *arena)
{
	const SnapLevel *of = story->world->snapshot->audience_levels[level];
	const SnapAttribute *attribute = of->attributes[chance_below(&story->chance, of->n_attributes)];
	AstWorld ast = {of, story->world->anchor_us, arena};
	ExprValue value = ast_random_value(&story->chance, &ast, ast_kind(attribute->type));
	Parley__Runtime__V1__NamedValue *named = NEW(arena, named_value);
	named->name = attribute->name;
	assert_int_equal(value_map(&value, arena, &named->value), OK);
	return named;
}

static Parley__Runtime__V1__NamedValue **some_values(Story *story, uint32_t level, size_t *ret_count)
{
	Parley__Runtime__V1__NamedValue **list =
	        ARENA_ARRAY(story->scratch, Parley__Runtime__V1__NamedValue *, 1);
	*ret_count = 0;
	if (story->world->snapshot->audience_levels[level]->n_attributes > 0 &&
	        chance_below(&story->chance, 4) != 0)
		list[(*ret_count)++] = some_value(story, level, story->scratch);
	return list;
}

static Parley__Runtime__V1__AudienceId *audience(Story *story, uint32_t level, uint32_t number)
{
	static const char *const names[] = {"number", "device"};
	Parley__Runtime__V1__AudienceId *ret = NEW(story->scratch, audience_id);
	ret->level = story->world->snapshot->audience_levels[level]->name;
	ret->keys = ARENA_ARRAY(story->scratch, Parley__Runtime__V1__NamedValue *, 2);
	ret->n_keys = level + 1;
	for (size_t k = 0; k < ret->n_keys; k++) {
		ExprValue value = k == 0 ? expr_int(1 + number % 2) : expr_string(STR("a"));
		ret->keys[k] = NEW(story->scratch, named_value);
		ret->keys[k]->name = arena_cstr(story->scratch, str(names[k]));
		assert_int_equal(value_map(&value, story->scratch, &ret->keys[k]->value), OK);
	}
	return ret;
}

char *story_session(const Story *story, uint32_t number)
{
	return arena_printf(story->scratch, "session-%u", number);
}

const Session *story_session_of(const Story *story, Rehearsal *rehearsal, uint32_t number)
{
	Str id = str(story_session(story, number));
	return rehearsal_session(rehearsal, rehearsal_place(rehearsal, id), id);
}

#define COMMAND(story, what, request)                                                                        \
	command_of((story), PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##what, (request))
static BatchCommand *command_of(Story *story, Parley__Runtime__V1__BatchCommand__WhatCase what, void *request)
{
	BatchCommand *command = NEW(story->scratch, batch_command);
	command->what_case = what;
	command->start_session = request;
	return command;
}

static uint32_t some_level(Story *story)
{
	return chance_below(&story->chance, story->world->snapshot->n_audience_levels);
}

static BatchCommand *start_session(Story *story, uint32_t number, uint32_t level)
{
	StartSessionRequest *request = NEW(story->scratch, start_session_request);
	request->session_id = story_session(story, number);
	request->channel = story->world->snapshot->channel;
	request->audience = audience(story, level, number);
	request->parameters = some_values(story, level, &request->n_parameters);
	return COMMAND(story, START_SESSION, request);
}

static BatchCommand *set_audience(Story *story, uint32_t number)
{
	SetAudienceRequest *request = NEW(story->scratch, set_audience_request);
	uint32_t level = some_level(story);
	request->session_id = story_session(story, number);
	request->audience = audience(story, level, chance_below(&story->chance, 2));
	request->parameters = some_values(story, level, &request->n_parameters);
	return COMMAND(story, SET_AUDIENCE, request);
}

static BatchCommand *post_event(Story *story, uint32_t number)
{
	const Snapshot *snapshot = story->world->snapshot;
	Parley__Runtime__V1__PostEventRequest *request = NEW(story->scratch, post_event_request);
	uint32_t event = chance_below(&story->chance, snapshot->n_events);
	request->session_id = story_session(story, number);
	request->event_id =
	        arena_printf(story->scratch, "event-%llu", (unsigned long long)chance_next(&story->chance));
	request->event = snapshot->events[event]->name;
	if (event < STORY_QUOTING)
		request->treatment_code = story->codes[number];
	return COMMAND(story, POST_EVENT, request);
}

static BatchCommand *set_debug(Story *story, uint32_t number)
{
	Parley__Runtime__V1__SetDebugRequest *request = NEW(story->scratch, set_debug_request);
	request->session_id = story_session(story, number);
	request->debug = chance_once_in(&story->chance, 3);
	return COMMAND(story, SET_DEBUG, request);
}

static GetOffersRequest *new_question(Story *story)
{
	const Snapshot *snapshot = story->world->snapshot;
	GetOffersRequest *question = NEW(story->arena, get_offers_request);
	question->points = ARENA_ARRAY(story->arena, Parley__Runtime__V1__PointRequest *, STORY_POINTS);
	question->n_points = 1 + chance_below(&story->chance, STORY_POINTS);
	for (size_t i = 0; i < question->n_points; i++) {
		question->points[i] = NEW(story->arena, point_request);
		question->points[i]->interaction_point =
		        snapshot->points[chance_below(&story->chance, snapshot->n_points)]->name;
		question->points[i]->max_offers = chance_below(&story->chance, 4);
	}
	return question;
}

// The visitor with another value, at another time.
static Parley__Runtime__V1__WhatIf *what_if(Story *story, uint32_t number)
{
	const Session *session = story_session_of(story, story->plain, number);
	Parley__Runtime__V1__WhatIf *ret = NEW(story->scratch, what_if);
	if (session != NULL)
		ret->attributes = some_values(story, (uint32_t)session->level, &ret->n_attributes);
	if (chance_once_in(&story->chance, 2)) {
		ret->as_of = NEW_OF(story->scratch, google__protobuf__timestamp);
		ret->as_of->seconds = story->now_us / SECOND_US + chance_below(&story->chance, 3 * 86400);
	}
	return ret;
}

static BatchCommand *get_offers(Story *story, uint32_t number)
{
	if (story->questions[number] == NULL || chance_once_in(&story->chance, 10))
		story->questions[number] = new_question(story);
	GetOffersRequest *request = NEW(story->scratch, get_offers_request);
	*request = *story->questions[number];
	request->session_id = story_session(story, number);
	request->explain = chance_once_in(&story->chance, 16);
	request->deduplicate_across_points = chance_once_in(&story->chance, 16);
	if (chance_once_in(&story->chance, 12))
		request->what_if = what_if(story, number);
	return COMMAND(story, GET_OFFERS, request);
}

BatchCommand *story_start(Story *story, uint32_t number)
{
	return start_session(story, number, some_level(story));
}

BatchCommand *story_next(Story *story, uint32_t number)
{
	switch (chance_below(&story->chance, 24)) {
	case 0:
	case 1:
		return start_session(story, number, 0); // refused on an open one of the other level
	case 2:
		return set_audience(story, number);
	case 3:
	case 4:
	case 5:
		return post_event(story, number);
	case 6:
		return set_debug(story, number);
	default:
		return get_offers(story, number);
	}
}
