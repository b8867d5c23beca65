// Calls that no network brings. They are turns like any other; only nobody measures them, for there is nobody
// who waits, and their answers go to a function.
#include "service/commands.h"
#include "service/prepared.h"
#include "service/respond.h"

typedef struct InsideReply {
	Reply reply; // first
	ServiceAnswer answer;
	void *context;
} InsideReply;

static void send_inside(Reply *reply, Err result, const void *response)
{
	const InsideReply *inside = (const InsideReply *)reply;
	inside->answer(inside->context, result, response);
}

// `begun_us` stays 0: no clock is looked at.
static TurnCall call_in(Arena *arena, InsideReply *reply)
{
	return (TurnCall){.reply = &reply->reply, .arena = arena, .deadline_us = INT64_MAX};
}

void service_command(Service *service, Session *session, const BatchCommand *command, Arena *arena,
        ServiceAnswer answer, void *context)
{
	InsideReply reply = {{send_inside}, answer, context};
	TurnCall call = call_in(arena, &reply);
	call.session = session;
	if (command_call(command, &call))
		turn_begin(service, &call);
	else
		answer(context,
		        err_at(ERR_FIELD_MISSING, "command",
		                "say what to do: set one of the command's fields"),
		        NULL);
}

// What a rehearsal says by the snapshot's indexes.
static void begin_told(Service *service, Session *session, TurnCall *call, const Command *command,
        const void *request, const char *session_id)
{
	call->command = command;
	call->request = request;
	call->session = session;
	call->session_id = session_id;
	turn_begin(service, call);
}

void service_start(Service *service, Session *session, const SessionStart *start, Arena *arena,
        ServiceAnswer answer, void *context)
{
	InsideReply reply = {{send_inside}, answer, context};
	TurnCall call = call_in(arena, &reply);
	begin_told(service, session, &call, &start_told_command, start, start->session_id);
}

void service_ask(Service *service, Session *session, const SessionAsk *ask, Arena *arena,
        ServiceAnswer answer, void *context)
{
	InsideReply reply = {{send_inside}, answer, context};
	TurnCall call = call_in(arena, &reply);
	// Nobody's name: without a session it is refused.
	begin_told(service, session, &call, &get_offers_told_command, ask, "");
}

void service_recommend(
        Service *service, const RecommendRequest *request, Arena *arena, ServiceAnswer answer, void *context)
{
	InsideReply reply = {{send_inside}, answer, context};
	TurnCall call = call_in(arena, &reply);
	call.command = &recommend_command;
	call.request = request;
	call.session_id = recommend_session(service, arena);
	if (call.session_id != NULL)
		turn_begin(service, &call);
	else
		answer(context, err(ERR_NO_MEMORY, "no memory for the call; try again later"), NULL);
}

void service_respond(Service *service, const PostResponseRequest *request, Arena *arena, ServiceAnswer answer,
        void *context)
{
	InsideReply reply = {{send_inside}, answer, context};
	respond_to(service, request, NULL, arena, &reply.reply);
}

Session *service_session(Service *service, uint64_t place, Str id)
{
	return session_look(service->sessions, place, id);
}

uint64_t service_place(const Service *service, Str session_id)
{
	return session_place(service->sessions, session_id);
}

void service_fetch(const Service *service, uint64_t place, unsigned step)
{
	if (step < SESSION_STEPS) {
		session_fetch(service->sessions, place, step);
		return;
	}
	const Session *session = session_fetched(service->sessions, place);
	if (session == NULL || !session->started)
		return;
	const Prepared *prepared = deployed_prepared(session->pin);
	visitor_fetch(prepared->view, session->visitor);
}

Err service_result(const BatchCommand *command, Err result, const ProtobufCMessage *response, Arena *arena,
        BatchResult *ret)
{
	return result_map(command->what_case, result == OK ? response : NULL, err_detail(), arena, ret);
}
