#include "support.h"

#include "wire/wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef Parley__Runtime__V1__NamedValue NamedValue;
typedef Parley__Runtime__V1__StartSessionRequest StartSessionRequest;

enum { PARAMETERS_MAX = 8, POINTS_MAX = 4 };

#define NEW(stage, name)                                                                                     \
	({                                                                                                   \
		const ProtobufCMessageDescriptor *of_ = &parley__runtime__v1__##name##__descriptor;          \
		void *message_ = arena_alloc((stage)->arena, of_->sizeof_message);                           \
		of_->message_init(message_);                                                                 \
		message_;                                                                                    \
	})

static void must(Err e)
{
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
}

static Err hear(void *context, const RehearsalEntry *entry)
{
	Stage *stage = context;
	assert_true(stage->count < TOLD_MAX);
	stage->told[stage->count++] = arena_str(stage->arena, entry->payload);
	assert_int_equal(entry->sequence, stage->count);
	return OK;
}

void stage_begin(Stage *stage, int state_fd)
{
	rehearsal_free(stage->rehearsal);
	stage->rehearsal = NULL;
	stage->count = 0;
	stage->options.content = stage->content;
	stage->options.state_fd = state_fd;
	stage->options.state_name = state_fd >= 0 ? "the state before" : NULL;
	stage->options.entry = hear;
	stage->options.context = stage;
	must(rehearsal_new(&stage->options, &stage->rehearsal));
}

void stage_set(Stage *stage, World *(*make)(Arena *arena))
{
	*stage = (Stage){.arena = arena_new(64 * 1024, 0)};
	Str blob;
	must(snapshot_pack(world_finish(make(stage->arena)), stage->arena, &blob));
	must(rehearsal_content_open(blob, 3, &stage->content));
	stage_begin(stage, -1);
}

void stage_clear(Stage *stage)
{
	rehearsal_free(stage->rehearsal);
	rehearsal_content_free(stage->content);
	arena_free(stage->arena);
}

const Entry *stage_entry(const Stage *stage, size_t index)
{
	ProtobufCMessage *message = NULL;
	assert_true(index < stage->count);
	must(wire_unpack(
	        &parley__journal__v1__entry__descriptor, stage->told[index], 0, stage->arena, &message));
	return (const Entry *)message;
}

static BatchCommand *command_new(
        Stage *stage, Parley__Runtime__V1__BatchCommand__WhatCase what, void *request)
{
	BatchCommand *command = NEW(stage, batch_command);
	command->what_case = what;
	command->start_session = request;
	return command;
}
#define COMMAND(stage, what, request)                                                                        \
	command_new((stage), PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##what, (request))

static char *copy(Stage *stage, const char *text)
{
	return arena_cstr(stage->arena, str(text));
}

static NamedValue *named(Stage *stage, const char *name, Parley__Runtime__V1__Value__KindCase kind)
{
	NamedValue *named = NEW(stage, named_value);
	named->name = copy(stage, name);
	named->value = NEW(stage, value);
	named->value->kind_case = kind;
	return named;
}

BatchCommand *start(Stage *stage, const char *session, int64_t customer)
{
	StartSessionRequest *request = NEW(stage, start_session_request);
	request->session_id = copy(stage, session);
	request->channel = copy(stage, "bank");
	request->audience = NEW(stage, audience_id);
	request->audience->level = copy(stage, "customer");
	request->audience->keys = ARENA_ARRAY(stage->arena, NamedValue *, 1);
	request->audience->n_keys = 1;
	request->audience->keys[0] = named(stage, "customer_id", PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE);
	request->audience->keys[0]->value->int_value = customer;
	request->parameters = ARENA_ARRAY(stage->arena, NamedValue *, PARAMETERS_MAX);
	return COMMAND(stage, START_SESSION, request);
}

static NamedValue *parameter(
        Stage *stage, BatchCommand *start, const char *name, Parley__Runtime__V1__Value__KindCase kind)
{
	StartSessionRequest *request = start->start_session;
	assert_true(request->n_parameters < PARAMETERS_MAX);
	NamedValue *added = named(stage, name, kind);
	request->parameters[request->n_parameters++] = added;
	return added;
}

void set_int(Stage *stage, BatchCommand *start, const char *name, int64_t value)
{
	parameter(stage, start, name, PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE)->value->int_value = value;
}

void set_double(Stage *stage, BatchCommand *start, const char *name, double value)
{
	parameter(stage, start, name, PARLEY__RUNTIME__V1__VALUE__KIND_DOUBLE_VALUE)->value->double_value =
	        value;
}

void set_string(Stage *stage, BatchCommand *start, const char *name, const char *value)
{
	parameter(stage, start, name, PARLEY__RUNTIME__V1__VALUE__KIND_STRING_VALUE)->value->string_value =
	        copy(stage, value);
}

BatchCommand *offers(Stage *stage, const char *session, const char *point, uint32_t max)
{
	Parley__Runtime__V1__GetOffersRequest *request = NEW(stage, get_offers_request);
	request->session_id = copy(stage, session);
	request->points = ARENA_ARRAY(stage->arena, Parley__Runtime__V1__PointRequest *, POINTS_MAX);
	request->n_points = 1;
	request->points[0] = NEW(stage, point_request);
	request->points[0]->interaction_point = copy(stage, point);
	request->points[0]->max_offers = max;
	return COMMAND(stage, GET_OFFERS, request);
}

BatchCommand *event(Stage *stage, const char *session, const char *id, const char *event, const char *code)
{
	Parley__Runtime__V1__PostEventRequest *request = NEW(stage, post_event_request);
	request->session_id = copy(stage, session);
	request->event_id = copy(stage, id);
	request->event = copy(stage, event);
	request->treatment_code = copy(stage, code);
	return COMMAND(stage, POST_EVENT, request);
}

BatchCommand *end(Stage *stage, const char *session)
{
	Parley__Runtime__V1__EndSessionRequest *request = NEW(stage, end_session_request);
	request->session_id = copy(stage, session);
	return COMMAND(stage, END_SESSION, request);
}

BatchResult *call(Stage *stage, int64_t at_us, uint64_t seed, const BatchCommand *command)
{
	BatchResult *result = NULL;
	must(rehearsal_call(stage->rehearsal, at_us, seed, command, stage->arena, &result));
	return result;
}

BatchResult *must_call(Stage *stage, int64_t at_us, uint64_t seed, const BatchCommand *command)
{
	BatchResult *result = call(stage, at_us, seed, command);
	if (result->what_case == PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_FAILURE)
		fprintf(stderr, "%s: %s\n", result->failure->reason, result->failure->message);
	assert_int_equal((int)result->what_case, (int)command->what_case);
	return result;
}

PointOffers *must_offers(
        Stage *stage, int64_t at_us, uint64_t seed, const char *session, const char *point, uint32_t max)
{
	BatchResult *result = must_call(stage, at_us, seed, offers(stage, session, point, max));
	assert_int_equal(result->get_offers->n_points, 1);
	return result->get_offers->points[0];
}

int stage_save(Stage *stage, Str *ret)
{
	int fd = memfd_create("state", MFD_CLOEXEC);
	assert_true(fd >= 0);
	must(rehearsal_save(stage->rehearsal, fd));
	size_t len = (size_t)lseek(fd, 0, SEEK_END);
	char *bytes = arena_alloc(stage->arena, len + 1);
	assert_int_equal(pread(fd, bytes, len, 0), len);
	*ret = str_n(bytes, len);
	return fd;
}
