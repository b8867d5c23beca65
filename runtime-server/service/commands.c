#include "service/commands.h"

#define WHAT(name) PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##name

typedef struct Row {
	const Command *command;
	size_t session_id, sequence; // where the request has them
} Row;

#define ROW(request, made)                                                                                   \
	{                                                                                                    \
		&(made), offsetof(request, session_id), offsetof(request, sequence)                          \
	}
static const Row rows[] = {
        [WHAT(START_SESSION)] = ROW(StartSessionRequest, start_session_command),
        [WHAT(GET_OFFERS)] = ROW(GetOffersRequest, get_offers_command),
        [WHAT(POST_EVENT)] = ROW(PostEventRequest, post_event_command),
        [WHAT(GET_PROFILE)] = ROW(GetProfileRequest, get_profile_command),
        [WHAT(SET_AUDIENCE)] = ROW(SetAudienceRequest, set_audience_command),
        [WHAT(SET_DEBUG)] = ROW(SetDebugRequest, set_debug_command),
        [WHAT(END_SESSION)] = ROW(EndSessionRequest, end_session_command),
};

const Command *command_of(const BatchCommand *message)
{
	return rows[message->what_case].command; // the first row is empty
}

const void *command_request(const BatchCommand *message)
{
	return message->start_session; // whichever it is
}

const char *command_session_id(const BatchCommand *message)
{
	const char *request = command_request(message);
	return *(char *const *)(const void *)(request + rows[message->what_case].session_id);
}

uint64_t command_sequence(const BatchCommand *message)
{
	const char *request = command_request(message);
	return *(const uint64_t *)(const void *)(request + rows[message->what_case].sequence);
}

bool command_call(const BatchCommand *message, TurnCall *ret)
{
	const Row *row = &rows[message->what_case];
	const char *request = command_request(message);
	if (row->command == NULL)
		return false;
	ret->command = row->command;
	ret->request = request;
	ret->session_id = *(char *const *)(const void *)(request + row->session_id);
	ret->sequence = *(const uint64_t *)(const void *)(request + row->sequence);
	return true;
}

static BatchFailure *map_failure(const ErrDetail *detail, Arena *arena)
{
	BatchFailure *failure = message_new(arena, MESSAGE_OF(batch_failure));
	if (failure == NULL)
		return NULL;
	failure->reason = (char *)err_reason(detail->id);
	failure->code = err_status(detail->id);
	failure->message = (char *)detail->message;
	failure->field = (char *)detail->field;
	failure->retry_after_ms = detail->retry_after_ms;
	return failure;
}

// An answer has the number in BatchResult that the question has in BatchCommand.
Err result_map(BatchCommandCase what, const ProtobufCMessage *response, const ErrDetail *failure,
        Arena *arena, BatchResult *out)
{
	if (response != NULL) {
		out->what_case = (Parley__Runtime__V1__BatchResult__WhatCase)what;
		out->start_session = (StartSessionResponse *)(uintptr_t)response; // whichever it is
		return OK;
	}
	out->what_case = PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_FAILURE;
	out->failure = map_failure(failure, arena);
	return out->failure != NULL ? OK
	                            : err(ERR_NO_MEMORY, "no memory for the answer; send fewer commands");
}
