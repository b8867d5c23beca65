// One call, from being let in to its answer: cap, size, deadline, who it is, may it, what it says, handler.
// It came over gRPC or from inside the process; a CallWay hides which. Over gRPC whoever answers, on whatever
// thread, has exactly one batch started: initial metadata, message, status and the wait for the end, all in
// one, which makes batches of a call serial by construction and costs half of what one operation a batch
// does. The slot comes back to the poller with that batch (slots.c).
#include "rpc/internal.h"

#include "base/clock.h"
#include "wire/wire.h"

#include <grpc/slice_buffer.h>
#include <grpc/support/time.h>
#include <stdlib.h>

// gpr's monotonic clock is CLOCK_MONOTONIC, as monotonic_us is.
int64_t rpc_deadline_us(const RpcCall *call)
{
	gpr_timespec deadline = call->deadline;

	if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
		return INT64_MAX;
	if (deadline.clock_type != GPR_CLOCK_MONOTONIC)
		deadline = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
	return deadline.tv_sec * US_PER_S + deadline.tv_nsec / 1000;
}

Err call_check_size(const RpcCall *call, size_t size)
{
	const RpcMethod *row = &call->method->row;

	if (size > row->max_request)
		return err(ERR_REQUEST_TOO_LARGE,
		        "the request has %zu bytes, but %s takes at most %zu: send less at a time", size,
		        row->name, row->max_request);
	return OK;
}

// The call counts before it looks whether the server drains: rpc_server_stop does it the other way round, so
// that one of the two sees the other.
Err call_admit(RpcCall *call, size_t size)
{
	RpcServer *server = call->method->server;
	bool room = atomic_fetch_add(&server->in_flight, 1) < server->options.max_in_flight;

	call->counted = true;
	if (room && !atomic_load(&server->draining))
		return call_check_size(call, size);
	call_leave(call);
	if (atomic_load(&server->draining))
		return err(ERR_SHUTTING_DOWN, "the server is shutting down: try another one, or later");
	return err_retry(ERR_BUSY, RETRY_MS,
	        "%zu calls are in flight, which is this server's limit: try again later",
	        server->options.max_in_flight);
}

void call_leave(RpcCall *call)
{
	RpcServer *server = call->method->server;

	if (call->counted && atomic_fetch_sub(&server->in_flight, 1) == 1 && atomic_load(&server->draining))
		server_wake(server);
	call->counted = false;
}

static Err let_in(RpcCall *call)
{
	const Method *method = call->method;
	const RpcServerOptions *options = &method->server->options;

	if (rpc_deadline_us(call) <= call->begun_us)
		return err(ERR_TIMEOUT,
		        "the deadline had passed before the call could be looked at: allow more time");
	TRY(call->way->read_peer(call));
	if (!method->open && options->authorize)
		TRY(options->authorize(
		        options->context, call, &method->row, &call->peer, call->arena, &call->principal));
	return OK;
}

static Err unpack(RpcCall *call, ProtobufCMessage **ret)
{
	const RpcServerOptions *options = &call->method->server->options;
	Str bytes;

	TRY(call->way->read_body(call, &bytes));
	TRY(wire_unpack(call->method->descriptor->input, bytes, 0, call->arena, ret));
	return options->examine && !call->method->open ? options->examine(options->context, call, *ret) : OK;
}

static void *observe(RpcCall *call)
{
	const RpcObserver *observer = call->method->server->options.observer;

	return observer && !call->method->open ? observer->begin(observer->context, call) : NULL;
}

static void end_observation(RpcCall *call, int status)
{
	const RpcObserver *observer = call->method->server->options.observer;

	if (call->observed)
		observer->end(observer->context, call->observed, status);
	call->observed = NULL;
}

void call_hand_over(RpcCall *call)
{
	const Method *method = call->method;
	ProtobufCMessage *request = NULL;
	Err e;

	call->observed = observe(call);
	e = unpack(call, &request);
	if (e != OK)
		rpc_fail(call, e);
	else
		method->row.handler(method->service, call, request);
}

void call_run(RpcCall *call)
{
	Err e;

	call->begun_us = monotonic_us();
	call->ended_us = 0;
	e = let_in(call);
	if (e != OK)
		rpc_fail(call, e);
	else
		call_hand_over(call);
}

void call_dispatch(RpcCall *call)
{
	if (!call->method->row.blocking)
		call_run(call);
	else if (!workers_submit(call->method->server->workers, call))
		rpc_fail(call,
		        err_retry(ERR_BUSY, RETRY_MS, "too many calls wait for a worker: try again later"));
}

void rpc_reply(RpcCall *call, const ProtobufCMessage *response)
{
	call_figures_count(call, 0);
	end_observation(call, 0);
	call->way->reply(call, response);
}

void rpc_fail(RpcCall *call, Err e)
{
	call_figures_count(call, err_status(e));
	end_observation(call, err_status(e));
	call->way->fail(call, e);
}

// --- over gRPC ---

static Err read_body(RpcCall *call, Str *ret)
{
	return buffer_bytes(call->request, call->arena, ret);
}

// Hands the answer to gRPC core. From then on the slot is the poller's: it may be serving another call before
// this returns.
static void answer(RpcCall *call, grpc_op *ops, size_t count)
{
	grpc_call *core = call->core;

	ops[count].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[count + 1].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	ops[count + 1].data.recv_close_on_server.cancelled = &call->cancelled;
	if (server_polls(call->method->server))
		slot_drop_arena(call); // at once, while it is warm
	call->event.done = slot_sent;
	hand_over(&call->event);
	if (grpc_call_start_batch(core, ops, count + 2, &call->event, NULL) != GRPC_CALL_OK)
		abort(); // only a second answer or a wrong argument makes it fail
}

void call_send(RpcCall *call)
{
	grpc_op ops[4] = {0};

	ops[0].op = GRPC_OP_SEND_MESSAGE;
	ops[0].data.send_message.send_message = &call->answer;
	ops[1].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ops[1].data.send_status_from_server.status = GRPC_STATUS_OK;
	answer(call, ops, 2);
}

static void reply(RpcCall *call, const ProtobufCMessage *response)
{
	grpc_slice_buffer_add(&call->answer.data.raw.slice_buffer, slice_pack(response)); // which owns it now
	if (!answers_leave(call))
		call_send(call);
}

static void refuse(RpcCall *call, Err e)
{
	grpc_op ops[3] = {0};
	Status status;

	status_make(e, &status);
	status_op(&status, &ops[0]);
	answer(call, ops, 1);
	status_free(&status);
}

const CallWay call_over_grpc = {
        .read_peer = peer_read,
        .read_body = read_body,
        .reply = reply,
        .fail = refuse,
};

// --- what handlers ask ---

Arena *rpc_arena(RpcCall *call)
{
	return call->arena;
}

Str rpc_path(const RpcCall *call)
{
	return str(call->method->path);
}

const RpcPeer *rpc_peer(const RpcCall *call)
{
	return &call->peer;
}

void *rpc_principal(const RpcCall *call)
{
	return call->principal;
}

void *rpc_observed(const RpcCall *call)
{
	return call->observed;
}

int64_t rpc_begun_us(const RpcCall *call)
{
	return call->begun_us;
}
