// One stream of a method that streams both ways. Each message of the caller's is a call of its own, which the
// handler answers by one message, now or later, from any thread. Messages are read one after the other and
// handed over in that order; no more are read while as many as the window has are unanswered (an answer
// counts until it is written, so a caller that does not read is not read from either), or while the server
// has all the calls in flight that it may have, save that each stream may always have one.
//
//   open ──message──▶ handed over ──rpc_reply──▶ queued ──▶ sending ──written──▶ retired, more is read
//   half-close, rpc_fail, talk_end: ending ──(nothing unanswered)──▶ status sent ──▶ closed
//   a client that leaves: closed at once; what the handlers still answer is dropped
//
// A stream has a lock of its own, so that streams do not wait for each other. It may be taken with the
// server's lock held and never the other way round: what needs that one (retiring calls, the end) is done by
// leave() when the stream's is free. gRPC core and the handlers hold parts of a stream; who gives back the
// last one frees it.
#include "rpc/talk.h"

#include "base/clock.h"

#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <stdlib.h>

// One message of the caller's; it lives in its call's arena.
struct Message {
	RpcCall call;
	Message *next; // in the queue of answers, or of those to be retired
};
static Talk *talk_of(Event *event, size_t offset)
{
	Talk *talk = (Talk *)(void *)((char *)event - offset);

	pthread_mutex_lock(&talk->lock);
	return talk;
}

#define ENTER(event, member) talk_of(event, offsetof(Talk, member))

static void talk_free(Talk *talk)
{
	RpcServer *server = talk->opening.method->server;

	talks_remove(talk);
	if (talk->rules->close)
		talk->rules->close(talk->state);
	grpc_call_unref(talk->opening.core);
	grpc_metadata_array_destroy(&talk->opening.headers);
	grpc_byte_buffer_destroy(talk->in);
	arena_give(server, talk->opening.arena);
	pthread_mutex_destroy(&talk->lock);
	free(talk);
	server_give_back(server);
}

static void retire(Message *message)
{
	RpcServer *server = message->call.method->server;

	grpc_byte_buffer_destroy(message->call.request);
	grpc_byte_buffer_destroy(message->call.response);
	call_leave(&message->call);
	arena_give(server, message->call.arena);
	server_give_back(server);
}

// Ends a use of the stream and takes its lock's end over. The server is there until all that was lent has
// come back: the stream itself and every message.
static void leave(Talk *talk)
{
	Message *message = talk->retired;
	bool last = talk->held == 0;

	talk->retired = NULL;
	pthread_mutex_unlock(&talk->lock);
	if (last)
		talk_free(talk);
	while (message) {
		Message *next = message->next;

		retire(message);
		message = next;
	}
}

static void start(Talk *talk, const grpc_op *ops, size_t count, Event *event)
{
	talk->held++;
	hand_over(event);
	if (grpc_call_start_batch(talk->opening.core, ops, count, event, NULL) != GRPC_CALL_OK)
		abort(); // only a wrong order of operations makes it fail
}

// --- the end ---

static void send_status(Talk *talk)
{
	grpc_op op = {.op = GRPC_OP_SEND_STATUS_FROM_SERVER};
	Status status;

	talk->over = true;
	if (talk->end.id == OK) {
		start(talk, &op, 1, &talk->ended);
		return;
	}
	status_make(err_restore(&talk->end), &status);
	status_op(&status, &op);
	start(talk, &op, 1, &talk->ended);
	status_free(&status);
}

static void end_if_done(Talk *talk)
{
	if (talk->ending && !talk->over && talk->unanswered == 0)
		send_status(talk);
}

void talk_end(Talk *talk, Err e)
{
	if (talk->ending || talk->over)
		return;
	talk->ending = true;
	if (e != OK)
		talk->end = status_failure(e);
	end_if_done(talk);
}

static void talk_ended(Event *event, bool ok)
{
	Talk *talk = ENTER(event, ended);

	(void)ok;
	talk->held--;
	leave(talk);
}

// --- answers ---

// The message has been answered, and the answer is out or nobody's any more.
static void recycle(Talk *talk, Message *message)
{
	talk->unanswered--;
	message->next = talk->retired;
	talk->retired = message;
}

static void drop_answers(Talk *talk)
{
	while (talk->first_answer) {
		Message *message = talk->first_answer;

		talk->first_answer = message->next;
		recycle(talk, message);
	}
	talk->last_answer = &talk->first_answer;
}

// Answers that others follow may wait in gRPC core and go out with them.
static void send_next(Talk *talk)
{
	grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
	Message *message = talk->first_answer;

	if (!message || talk->sending || talk->over)
		return;
	talk->first_answer = message->next;
	if (!talk->first_answer)
		talk->last_answer = &talk->first_answer;
	else
		op.flags = GRPC_WRITE_BUFFER_HINT;
	talk->sending = message;
	op.data.send_message.send_message = message->call.response;
	start(talk, &op, 1, &talk->written);
}

static void reply(RpcCall *call, const ProtobufCMessage *response)
{
	Message *message = OWNER_OF(call, Message, call);
	Talk *talk = call->talk;

	call->response = buffer_pack(response);
	pthread_mutex_lock(&talk->lock);
	talk->held--;
	if (talk->over) {
		recycle(talk, message);
	} else {
		message->next = NULL;
		*talk->last_answer = message;
		talk->last_answer = &message->next;
		send_next(talk);
	}
	leave(talk);
}

static void refuse(RpcCall *call, Err e)
{
	Message *message = OWNER_OF(call, Message, call);
	Talk *talk = call->talk;

	pthread_mutex_lock(&talk->lock);
	talk->held--;
	recycle(talk, message);
	talk_end(talk, e);
	end_if_done(talk);
	leave(talk);
}

// --- messages ---

static Err read_body(RpcCall *call, Str *ret)
{
	TRY(call_check_size(call, call->request ? grpc_byte_buffer_length(call->request) : 0));
	return buffer_bytes(call->request, call->arena, ret);
}

static const CallWay over_stream = {.read_body = read_body, .reply = reply, .fail = refuse};

static bool has_room(const Talk *talk)
{
	RpcServer *server = talk->opening.method->server;

	return talk->unanswered == 0 ||
	       (talk->unanswered < talk->rules->window &&
	               atomic_load(&server->in_flight) < server->options.max_in_flight);
}

static void read_more(Talk *talk)
{
	grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

	if (talk->reading || talk->ending || talk->over || !has_room(talk))
		return;
	talk->reading = true;
	op.data.recv_message.recv_message = &talk->in;
	start(talk, &op, 1, &talk->received);
}

// Makes a call of what was read.
static Message *take(Talk *talk)
{
	RpcServer *server = talk->opening.method->server;
	Arena *arena = arena_take(server);
	Message *message = arena ? ARENA_NEW(arena, Message) : NULL;

	if (!message) {
		if (arena)
			arena_give(server, arena);
		talk_end(talk,
		        err_retry(ERR_NO_MEMORY, RETRY_MS, "no memory for another call: try again later"));
		return NULL;
	}
	message->call = talk->opening;
	message->call.way = &over_stream;
	message->call.arena = arena;
	message->call.request = talk->in;
	message->call.begun_us = monotonic_us();
	message->call.counted = true;
	atomic_fetch_add(&server->in_flight, 1);
	server_lend(server);
	talk->in = NULL;
	talk->unanswered++;
	talk->held++;
	return message;
}

static void talk_received(Event *event, bool ok)
{
	Talk *talk = ENTER(event, received);
	Message *message = NULL;

	talk->held--;
	talk->reading = false;
	talk->active = gpr_now(GPR_CLOCK_MONOTONIC);
	if (ok && talk->in && !talk->ending && !talk->over)
		message = take(talk);
	else
		talk_end(talk, OK);
	read_more(talk);
	leave(talk);
	if (message)
		call_hand_over(&message->call); // which holds the stream
}

static void talk_written(Event *event, bool ok)
{
	Talk *talk = ENTER(event, written);

	(void)ok; // a caller that is gone is told by the call's end
	talk->held--;
	recycle(talk, talk->sending);
	talk->sending = NULL;
	talk->active = gpr_now(GPR_CLOCK_MONOTONIC);
	send_next(talk);
	end_if_done(talk);
	read_more(talk);
	leave(talk);
}

static void talk_closed(Event *event, bool ok)
{
	Talk *talk = ENTER(event, closed);

	(void)ok;
	talk->held--;
	talk->over = true;
	drop_answers(talk);
	leave(talk);
}

// --- opening ---

static Err identify(RpcCall *call)
{
	const RpcServer *server = call->method->server;

	TRY(peer_read(call));
	if (!server->options.authorize)
		return OK;
	return server->options.authorize(server->options.context, call, &call->method->row, &call->peer,
	        call->arena, &call->principal);
}

static Err prepare(Talk *talk)
{
	Method *method = talk->opening.method;

	talk->opening.arena = arena_take(method->server);
	if (!talk->opening.arena)
		return err_retry(ERR_NO_MEMORY, RETRY_MS, "no memory for another stream: try again later");
	TRY(identify(&talk->opening));
	if (talk->rules->open && !(talk->state = talk->rules->open(method->service)))
		return err_retry(ERR_NO_MEMORY, RETRY_MS, "no memory for another stream: try again later");
	return talks_add(talk);
}

static void discard(Talk *talk)
{
	if (talk->state && talk->rules->close)
		talk->rules->close(talk->state);
	if (talk->opening.arena)
		arena_give(talk->opening.method->server, talk->opening.arena);
	pthread_mutex_destroy(&talk->lock);
	free(talk);
}

static void begin(Talk *talk)
{
	grpc_op ops[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_MESSAGE}};
	grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};

	pthread_mutex_lock(&talk->lock);
	close.data.recv_close_on_server.cancelled = &talk->cancelled;
	start(talk, &close, 1, &talk->closed);
	talk->reading = true;
	ops[1].data.recv_message.recv_message = &talk->in;
	start(talk, ops, 2, &talk->received);
	pthread_mutex_unlock(&talk->lock);
}

Err talk_open(Method *method, const Front *front, grpc_call *core, gpr_timespec deadline,
        const grpc_metadata_array *headers)
{
	Talk *talk = calloc(1, sizeof(*talk));
	Err e;

	if (!talk)
		return err_retry(ERR_NO_MEMORY, RETRY_MS, "no memory for another stream: try again later");
	talk->opening = (RpcCall){
	        .method = method, .front = front, .core = core, .deadline = deadline, .headers = *headers};
	talk->opening.talk = talk;
	talk->rules = method->row.streaming;
	talk->received.done = talk_received;
	talk->written.done = talk_written;
	talk->ended.done = talk_ended;
	talk->closed.done = talk_closed;
	talk->last_answer = &talk->first_answer;
	talk->opened = talk->active = gpr_now(GPR_CLOCK_MONOTONIC);
	pthread_mutex_init(&talk->lock, NULL);
	e = prepare(talk);
	if (e == OK)
		begin(talk);
	else
		discard(talk);
	return e;
}

void *rpc_stream_state(const RpcCall *call)
{
	return call->talk ? call->talk->state : NULL;
}
