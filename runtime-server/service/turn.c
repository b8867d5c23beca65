#include "service/turn.h"

#include "service/record.h"

// Not a word about the turn itself: its call may have been answered, and so be gone.
static void finish(Service *service, RpcCall *call, Session *session, Err result, const Outcome *outcome)
{
	if (result != OK)
		rpc_fail(call, result);
	else if (outcome->end != TURN_LATER)
		rpc_reply(call, outcome->response);
	if (session == NULL)
		return;
	bool lost = result == ERR_SESSION_UNKNOWN || !session->started;
	if (lost || (result == OK && outcome->end == TURN_REPLY_END))
		session_end(service->sessions, session);
	else
		session_leave(service->sessions, session, steady_now(service));
}

static void run(SessionWaiter *waiter, Err result, Session *session)
{
	Turn *turn = (Turn *)waiter;
	Service *service = turn->service;
	RpcCall *call = turn->call;
	Outcome outcome = {0};
	turn->session = session;
	if (result == OK && !waiter->open)
		result = turn_follow(turn);
	if (result == OK)
		result = turn->step(turn, &outcome);
	if (result != OK || outcome.end != TURN_SUSPENDED)
		finish(service, call, session, result, &outcome);
}

void turn_resume(Turn *turn, Err result, const Outcome *outcome)
{
	finish(turn->service, turn->call, turn->session, result, outcome);
}

static Turn *turn_new(Service *service, RpcCall *call, const void *request, TurnStep step)
{
	Turn *turn = ARENA_NEW(rpc_arena(call), Turn);
	if (turn == NULL) {
		rpc_fail(call, err(ERR_NO_MEMORY, "no memory for the call; try again later"));
		return NULL;
	}
	*turn = (Turn){
	        .waiter = {.run = run},
	        .service = service,
	        .call = call,
	        .request = request,
	        .arena = rpc_arena(call),
	        .step = step,
	        .now_us = wall_now(service),
	};
	return turn;
}

void turn_enter(Service *service, RpcCall *call, const void *request, const char *session_id, TurnStep step)
{
	Turn *turn = turn_new(service, call, request, step);
	if (turn != NULL)
		session_enter(service->sessions, str(session_id), &turn->waiter);
}

void turn_open(Service *service, RpcCall *call, const void *request, const char *session_id, TurnStep step)
{
	Turn *turn = turn_new(service, call, request, step);
	if (turn != NULL)
		session_open(service->sessions, str(session_id), steady_now(service), &turn->waiter);
}

Err turn_follow(Turn *turn)
{
	turn->now_us = wall_now(turn->service);
	TRY(service_follow(turn->service, turn->session, turn->now_us, turn->arena));
	if ((turn->session->notes & SESSION_NOTE_CHANGED) != 0)
		advise(&turn->advisories, ADVISORY_SNAPSHOT_CHANGED, STR(""));
	if ((turn->session->notes & SESSION_NOTE_DROPPED) != 0)
		advise(&turn->advisories, ADVISORY_ATTRIBUTE_DROPPED, STR(""));
	turn->session->notes = 0;
	return OK;
}

Err turn_apply(Turn *turn, const Parameters *parameters)
{
	Session *session = turn->session;
	size_t count = session_item_count(session);
	if (parameters->count == 0)
		return OK;
	ExprValue *values = ARENA_ARRAY(turn->arena, ExprValue, count);
	uint64_t *given = ARENA_ARRAY(turn->arena, uint64_t, count / 64 + 1);
	if (values == NULL || given == NULL)
		return err(ERR_NO_MEMORY, "no memory for the parameters; try again later");
	memcpy(values, session_items(session), count * sizeof *values);
	memcpy(given, session_given(session), (count + 63) / 64 * sizeof *given);
	for (size_t i = 0; i < parameters->count; i++) {
		int slot = parameters->items[i].slot;
		values[slot] = parameters->items[i].value;
		given[slot / 64] |= UINT64_C(1) << (slot % 64);
	}
	TRY(session_set_values(session, values, given, count, plan_segment_words(session->plan)));
	session_segment(session, turn->now_us, turn->arena);
	return OK;
}
