// Answers that other threads have ready, when there are many: the journal's thread answers all events of a
// commit at once. If it sent them itself, it and the poller would fight for connections, and nothing would
// leave together. So they are left to the poller, which is woken once for all of them, by a batch without
// operations, which gRPC core completes at once. Where few calls are in flight, who has the answer sends it:
// then nothing is gained by waking another thread, and time is lost.
#include "rpc/internal.h"

#include <stdlib.h>

enum { MANY = 8 }; // calls in flight

static void wake(RpcServer *server, grpc_call *core)
{
	server_lend(server);
	hand_over(&server->ready);
	if (grpc_call_start_batch(core, NULL, 0, &server->ready, NULL) != GRPC_CALL_OK)
		abort(); // only a wrong argument makes it fail
}

// The first of a heap wakes the poller; the call may be over by then, so its core is held.
bool answers_leave(RpcCall *call)
{
	RpcServer *server = call->method->server;
	grpc_call *core = call->core;
	RpcCall *newest;

	if (server_polls(server) || atomic_load_explicit(&server->in_flight, memory_order_relaxed) < MANY)
		return false;
	grpc_call_ref(core);
	newest = atomic_load_explicit(&server->answers, memory_order_relaxed);
	do
		call->next = newest;
	while (!atomic_compare_exchange_weak_explicit(
	        &server->answers, &newest, call, memory_order_acq_rel, memory_order_relaxed));
	if (newest == NULL)
		wake(server, core);
	grpc_call_unref(core);
	return true;
}

static RpcCall *oldest_first(RpcCall *newest)
{
	RpcCall *oldest = NULL;

	while (newest != NULL) {
		RpcCall *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

void answers_send(Event *event, bool ok)
{
	RpcServer *server = OWNER_OF(event, RpcServer, ready);
	RpcCall *call = oldest_first(atomic_exchange_explicit(&server->answers, NULL, memory_order_acq_rel));

	(void)ok;
	while (call != NULL) {
		RpcCall *next = call->next;

		call_send(call);
		call = next;
	}
	server_return(server);
}
