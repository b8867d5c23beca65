#include "service/turn.h"

#include "service/actions.h"
#include "service/due.h"
#include "service/inflight.h"

#include <inttypes.h>

typedef struct CallReply {
	Reply reply; // first
	RpcCall *call;
} CallReply;

static void send_to_call(Reply *reply, Err result, const void *response)
{
	RpcCall *call = ((CallReply *)reply)->call;
	if (result == OK)
		rpc_reply(call, response);
	else
		rpc_fail(call, result);
}

// A call's time ends where its version's does: the clock is looked at once.
static void note_end(Reply *reply, int64_t ended_us)
{
	if (reply->send == send_to_call)
		rpc_ended(((CallReply *)reply)->call, ended_us);
}

static bool is_servers_fault(Err e)
{
	enum { RESOURCE_EXHAUSTED = 8, INTERNAL = 13, UNAVAILABLE = 14, DATA_LOSS = 15 };
	int status = err_status(e);
	return status == RESOURCE_EXHAUSTED || status == INTERNAL || status == UNAVAILABLE ||
	       status == DATA_LOSS;
}

// For the version that answers, before it does: who asks for figures next finds it counted. What waits for
// the disk after that is none of the version's doing. Returns when it was; 0: nothing was counted, for want
// of a version, or because nobody noted when the call began.
static int64_t count_call(const Deployed *deployed, int64_t begun_us, Err result)
{
	if (deployed == NULL || begun_us == 0)
		return 0;
	int64_t now_us = monotonic_us();
	deployed_count_call(deployed, now_us - begun_us);
	if (result != OK && is_servers_fault(result))
		deployed_count(deployed, FIGURE_ERRORS, 1);
	return now_us;
}

// What is left of a turn whose call may have been answered, and so be gone.
typedef struct Remains {
	Service *service;
	Reply *reply;
	Session *session;
	uint64_t sequence;
	int64_t begun_us;
} Remains;

static Remains remains_of(const Turn *turn, Session *session)
{
	return (Remains){turn->service, turn->reply, session, turn->sequence, turn->begun_us};
}

// Inlined, for every call comes here.
static inline __attribute__((always_inline)) void finish(
        const Remains *remains, Err result, const Outcome *outcome)
{
	Service *service = remains->service;
	Session *session = remains->session;
	bool later = outcome->end == TURN_LATER || outcome->end == TURN_LATER_END;
	bool ends = outcome->end == TURN_REPLY_END || outcome->end == TURN_LATER_END;
	Reply *reply = remains->reply;
	uint64_t sequence = remains->sequence;
	int64_t ended_us = session != NULL ? count_call(session->pin, remains->begun_us, result) : 0;
	if (result != OK || !later) {
		note_end(reply, ended_us);
		reply->send(reply, result, outcome->response);
	}
	if (session == NULL)
		return;
	session->span = NULL;
	if (result == OK && sequence > session->sequence)
		session->sequence = sequence;
	bool lost = result == ERR_SESSION_UNKNOWN || !session->started;
	if (lost || (result == OK && ends))
		session_end(service->sessions, session);
	else {
		due_arrange(service, session);
		session_leave(service->sessions, session, steady_now(service));
	}
}

static Err prepare_turn(Turn *turn)
{
	if (turn->command->opens) {
		turn->now_us = wall_now(turn->service);
		return OK;
	}
	TRY(turn_follow(turn));
	return turn->command->checks_late ? OK : turn_sequence(turn);
}

bool turn_is_late(const Turn *turn)
{
	return turn->command->late != NULL && turn->late_us != INT64_MAX && monotonic_us() >= turn->late_us;
}

int64_t turn_patience(const Turn *turn)
{
	if (turn->late_us == INT64_MAX)
		return 0;
	int64_t until_us = turn->late_us - turn->margin_us;
	return until_us > 0 ? until_us : 1;
}

// It did not get the session in time.
static void answer_late(Turn *turn, const Deployed *deployed)
{
	Reply *reply = turn->reply;
	Outcome outcome = {0};
	Err e = turn->command->late(turn, deployed, &outcome);
	deployed_count(deployed, FIGURE_LATE, 1);
	note_end(reply, count_call(deployed, turn->begun_us, e));
	reply->send(reply, e, outcome.response);
	current_release(deployed);
}

static Err take_step(Turn *turn, Outcome *outcome)
{
	Session *session = turn->session;
	TRY(prepare_turn(turn));
	service_tell_pin(session);
	TRY(turn->command->step(turn, outcome)); // the turn may be gone now, the session only if suspended
	if (outcome->end != TURN_SUSPENDED)
		session_forget_notes(session);
	return OK;
}

static void run(SessionWaiter *waiter, Err result, Session *session)
{
	Turn *turn = (Turn *)waiter;
	if (result == ERR_TIMEOUT && waiter->late_pin != NULL) {
		answer_late(turn, waiter->late_pin);
		return;
	}
	Remains remains = remains_of(turn, session);
	Outcome outcome = {0};
	turn->session = session;
	if (session != NULL)
		session->span = turn->span;
	if (result == OK && session->pin != NULL && turn_is_late(turn)) {
		result = turn->command->late(turn, session->pin, &outcome);
		remains.sequence = 0; // nothing was done: the number has not been taken
		deployed_count(session->pin, FIGURE_LATE, 1);
	} else if (result == OK) {
		result = take_step(turn, &outcome);
	}
	if (result != OK || outcome.end != TURN_SUSPENDED)
		finish(&remains, result, &outcome);
}

void turn_resume(Turn *turn, Err result, const Outcome *outcome)
{
	if (turn->resumed != NULL) {
		turn->resumed(turn, result, outcome);
		return;
	}
	if (result == OK)
		session_forget_notes(turn->session);
	Remains remains = remains_of(turn, turn->session);
	finish(&remains, result, outcome);
}

static Err check_call(const TurnCall *call)
{
	if (call->session == NULL)
		TRY((call->command->nameless ? check_id : check_own_id)("session_id", call->session_id));
	return call->command->check != NULL ? call->command->check(call->request) : OK;
}

// What the arena has cleared stays as it is.
static Err new_turn(Service *service, const TurnCall *call, Turn **ret)
{
	TRY(check_call(call));
	Turn *turn = *ret = ARENA_NEW(call->arena, Turn);
	if (turn == NULL)
		return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	turn->waiter.run = run;
	turn->service = service;
	turn->reply = call->reply;
	turn->command = call->command;
	turn->request = call->request;
	turn->span = call->span;
	turn->sequence = call->sequence;
	turn->arena = call->arena;
	turn->begun_us = call->begun_us;
	turn->late_us = INT64_MAX;
	return OK;
}

static void set_deadline(Turn *turn, int64_t begun_us, int64_t deadline_us)
{
	if (deadline_us == INT64_MAX)
		return;
	turn->margin_us = (deadline_us - begun_us) / TURN_MARGIN_PART;
	if (turn->margin_us < TURN_MARGIN_US)
		turn->margin_us = TURN_MARGIN_US;
	turn->late_us = deadline_us - turn->margin_us;
}

// Until when it may wait for its turn; 0: however long it takes.
static int64_t patience(const Turn *turn)
{
	if (turn->command->late == NULL || turn->late_us == INT64_MAX)
		return 0;
	return turn->late_us > 0 ? turn->late_us : 1;
}

void turn_begin(Service *service, const TurnCall *call)
{
	Turn *turn = NULL;
	Err e = new_turn(service, call, &turn);
	if (e != OK) {
		call->reply->send(call->reply, e, NULL);
		return;
	}
	set_deadline(turn, call->begun_us, call->deadline_us);
	turn->waiter.deadline_us = patience(turn);
	if (call->session != NULL)
		session_take(call->session, &turn->waiter);
	else if (call->command->opens)
		session_open(service->sessions, str(call->session_id), steady_now(service), &turn->waiter);
	else
		session_enter(service->sessions, str(call->session_id), &turn->waiter);
}

void turn_take(Service *service, RpcCall *call, const void *request, const char *session_id,
        uint64_t sequence, const Command *command)
{
	CallReply *reply = ARENA_NEW(rpc_arena(call), CallReply);
	if (reply == NULL) {
		rpc_fail(call, err(ERR_NO_MEMORY, "no memory for the call; try again later"));
		return;
	}
	*reply = (CallReply){{send_to_call}, call};
	turn_begin(service, &(TurnCall){.reply = &reply->reply,
	                            .arena = rpc_arena(call),
	                            .command = command,
	                            .request = request,
	                            .session_id = session_id,
	                            .span = trace_span_of(call),
	                            .sequence = sequence,
	                            .begun_us = rpc_begun_us(call),
	                            .deadline_us = rpc_deadline_us(call)});
}

Err turn_follow(Turn *turn)
{
	turn->now_us = wall_now(turn->service);
	TRY(service_follow(turn->service, turn->session, turn->now_us, turn->arena));
	due_run(turn->service, turn->session, turn->now_us, turn->arena);
	due_tell(turn->session, turn->arena, &turn->advisories);
	return OK;
}

// An event whose record failed is sent again with its number: then numbers are forgotten, as event IDs are.
static void forget_failed(const Service *service, Session *session)
{
	uint64_t failures = inflight_failures(service->events);
	if (session->sequence_epoch != failures)
		session->sequence = 0;
	session->sequence_epoch = failures;
}

Err turn_sequence(Turn *turn)
{
	forget_failed(turn->service, turn->session);
	uint64_t last = turn->session->sequence;
	if (turn->sequence == 0 || last == 0 || turn->sequence == last + 1)
		return OK;
	if (turn->sequence <= last)
		return err_at(ERR_SEQUENCE_PASSED, "sequence",
		        "the session has had a call with number %" PRIu64
		        "; number calls upwards and send them one after the other",
		        last);
	char *missing = arena_printf(turn->arena, "%" PRIu64 " would be next", last + 1);
	advise(&turn->advisories, ADVISORY_SEQUENCE_GAP, str(missing != NULL ? missing : ""));
	return OK;
}

Err turn_apply(Turn *turn, const Parameters *parameters)
{
	Actions actions;
	if (parameters->count == 0)
		return OK;
	TRY(actions_begin(
	        &actions, turn->service, turn->session, turn->now_us, turn->arena, &turn->advisories));
	actions_set_all(&actions, parameters);
	TRY(actions_segment(&actions));
	TRY(actions_prepare(&actions));
	actions_commit(&actions);
	return OK;
}
