// Calls from inside the process: a front that speaks another protocol has the very same handlers run, with
// the same cap, authorisation, guard and drain. The request is the caller's memory, and so is the peer, until
// its callback has been called; it is asked for only when the caller has been authorised, so that no front
// decodes for strangers.
#include "rpc/internal.h"

#include "wire/wire.h"

#include <stdlib.h>

typedef struct Invocation {
	RpcCall call;
	const RpcPeer *peer;
	RpcBody body;
	RpcDone done;
	void *context;
} Invocation;

static Err read_peer(RpcCall *call)
{
	call->peer = *OWNER_OF(call, Invocation, call)->peer;
	return OK;
}

static Err read_body(RpcCall *call, Str *ret)
{
	const Invocation *invocation = OWNER_OF(call, Invocation, call);

	TRY(invocation->body(invocation->context, call->arena, ret));
	return call_check_size(call, ret->len);
}

static void finish(Invocation *invocation, Err failed, Str response)
{
	RpcServer *server = invocation->call.method->server;
	ErrDetail failure = {.id = OK};

	if (failed != OK)
		failure = status_failure(failed);
	call_leave(&invocation->call);
	invocation->done(invocation->context, failed, &failure, response);
	arena_free(invocation->call.arena);
	free(invocation);
	server_give_back(server);
}

static void reply(RpcCall *call, const ProtobufCMessage *response)
{
	Str packed = {0};
	Err e = wire_pack(response, call->arena, &packed);

	finish(OWNER_OF(call, Invocation, call), e, packed);
}

static void refuse(RpcCall *call, Err e)
{
	finish(OWNER_OF(call, Invocation, call), e, (Str){0});
}

static const CallWay from_inside = {
        .read_peer = read_peer,
        .read_body = read_body,
        .reply = reply,
        .fail = refuse,
};

const ProtobufCMethodDescriptor *rpc_server_method(const RpcServer *server, Str path)
{
	const Method *method = server_method(server, path);

	return method ? method->descriptor : NULL;
}

// What the server lends the call holds a stop back until the call has been answered.
static Err borrow(RpcServer *server)
{
	bool serving;

	pthread_mutex_lock(&server->lock);
	serving = server->serving;
	if (serving)
		server_lend(server);
	pthread_mutex_unlock(&server->lock);
	return serving ? OK : err(ERR_SHUTTING_DOWN, "the server is not serving: try another one, or later");
}

static Err begin(RpcServer *server, Str path, Invocation **ret)
{
	Method *method = server_method(server, path);
	Invocation *invocation;

	if (!method)
		return err(ERR_METHOD_UNKNOWN, "this server has no method %.*s",
		        (int)(path.len < 200 ? path.len : 200), path.ptr);
	if (method->row.streaming)
		return err(ERR_NOT_SUPPORTED, "%s is a stream: call it over gRPC", method->row.name);
	TRY(borrow(server));
	invocation = calloc(1, sizeof(*invocation));
	if (invocation)
		invocation->call.arena = arena_new(ARENA_BLOCK, ARENA_LIMIT);
	if (!invocation || !invocation->call.arena) {
		free(invocation);
		server_give_back(server);
		return err_retry(ERR_NO_MEMORY, RETRY_MS, "no memory for another call: try again later");
	}
	invocation->call.way = &from_inside;
	invocation->call.method = method;
	invocation->call.deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	*ret = invocation;
	return OK;
}

void rpc_server_invoke(
        RpcServer *server, Str path, const RpcPeer *peer, RpcBody body, RpcDone done, void *context)
{
	Invocation *invocation = NULL;
	Err e = begin(server, path, &invocation);

	if (e != OK) {
		ErrDetail failure = status_failure(e);

		done(context, e, &failure, (Str){0});
		return;
	}
	invocation->peer = peer;
	invocation->body = body;
	invocation->done = done;
	invocation->context = context;
	e = call_admit(&invocation->call, 0);
	if (e == OK)
		call_dispatch(&invocation->call);
	else
		rpc_fail(&invocation->call, e);
}
