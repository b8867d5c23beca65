// Call slots. Every method has slots that wait in gRPC core for its next call; a slot is recycled when its
// answer is out, so that a busy server allocates nothing of ours. A method starts with very few, and gets as
// many again whenever fewer than a quarter of a block wait, up to the in-flight cap and a reserve: the
// reserve is there to say BUSY with. Few, because Debian's gRPC core is built with its assertions: for each
// event it looks the tag up in a list of all that are outstanding, so that slots of methods that nobody calls
// make every call of the others dearer. A call that finds no slot waits in gRPC core for the next.
#include "rpc/internal.h"

#include <grpc/slice.h>
#include <grpc/slice_buffer.h>
#include <stdlib.h>

enum {
	BLOCK_FIRST = 1, // slots that a method starts with
	BLOCK_FAST = 32, // slots that a method on the poller gets at a time, at most
	BLOCK_BLOCKING = 16,
	RESERVE = 32, // slots beyond the cap
};

struct Slots {
	Slots *next;
	size_t count;
	RpcCall calls[];
};

static void slot_called(Event *event, bool ok);

static size_t block_size(const Intake *intake)
{
	size_t most = intake->method->row.blocking ? BLOCK_BLOCKING : BLOCK_FAST;
	size_t as_many_again = intake->total > 0 ? intake->total : BLOCK_FIRST;

	return as_many_again < most ? as_many_again : most;
}

// Of a slot that is lent.
static void arm(RpcCall *call)
{
	Intake *intake = call->intake;
	RpcServer *server = call->method->server;

	call->event.done = slot_called;
	intake->armed++;
	hand_over(&call->event);
	if (grpc_server_request_registered_call(intake->front->core, intake->handle, &call->core,
	            &call->deadline, &call->headers, &call->request, server->queue, server->queue,
	            &call->event) != GRPC_CALL_OK)
		abort(); // only a wrong argument makes it fail
}

static Err grow(Intake *intake)
{
	size_t count = block_size(intake);
	Slots *block = calloc(1, sizeof(*block) + count * sizeof(*block->calls));

	if (!block)
		return err(ERR_NO_MEMORY, "no memory for call slots");
	block->count = count;
	block->next = intake->slots;
	intake->slots = block;
	intake->total += count;
	for (size_t i = 0; i < count; i++) {
		block->calls[i].way = &call_over_grpc;
		block->calls[i].method = intake->method;
		block->calls[i].front = intake->front;
		block->calls[i].intake = intake;
		grpc_metadata_array_init(&block->calls[i].headers);
		block->calls[i].answer.type = GRPC_BB_RAW;
		grpc_slice_buffer_init(&block->calls[i].answer.data.raw.slice_buffer);
		server_lend(intake->method->server);
		arm(&block->calls[i]);
	}
	return OK;
}

Err slots_start(Intake *intake)
{
	return grow(intake);
}

void slots_free(Intake *intake)
{
	while (intake->slots) {
		Slots *block = intake->slots;

		intake->slots = block->next;
		for (size_t i = 0; i < block->count; i++) {
			grpc_metadata_array_destroy(&block->calls[i].headers);
			grpc_slice_buffer_destroy(&block->calls[i].answer.data.raw.slice_buffer);
		}
		free(block);
	}
}

// --- arenas: only the poller touches the spare ones ---

Arena *arena_take(RpcServer *server)
{
	return server->spare_count > 0 ? server->spare[--server->spare_count]
	                               : arena_new(ARENA_BLOCK, ARENA_LIMIT);
}

void arena_give(RpcServer *server, Arena *arena)
{
	if (server_polls(server) && server->spare_count < SPARE_ARENAS) {
		arena_reset(arena);
		server->spare[server->spare_count++] = arena;
	} else {
		arena_free(arena);
	}
}

void slot_drop_arena(RpcCall *call)
{
	if (call->arena)
		arena_give(call->method->server, call->arena);
	call->arena = NULL;
}

// --- the life of a call ---

static Err take_on(RpcCall *call)
{
	TRY(call_admit(call, call->request ? grpc_byte_buffer_length(call->request) : 0));
	call->arena = arena_take(call->method->server);
	if (!call->arena)
		return err_retry(ERR_NO_MEMORY, RETRY_MS, "no memory for another call: try again later");
	return OK;
}

static void slot_called(Event *event, bool ok)
{
	RpcCall *call = OWNER_OF(event, RpcCall, event);
	Intake *intake = call->intake;
	RpcServer *server = call->method->server;
	Err e;

	intake->armed--;
	call->begun_us = 0;
	if (!ok) { // the server shuts down
		server_return(server);
		return;
	}
	if (intake->armed <= block_size(intake) / 4 && !atomic_load(&server->closing) &&
	        intake->total < server->options.max_in_flight + RESERVE)
		(void)grow(intake); // without memory the method goes on with the slots it has
	e = take_on(call);
	if (e == OK)
		call_dispatch(call);
	else
		rpc_fail(call, e);
}

void slot_sent(Event *event, bool ok)
{
	RpcCall *call = OWNER_OF(event, RpcCall, event);
	RpcServer *server = call->method->server;

	(void)ok; // the call is over either way
	grpc_call_unref(call->core);
	grpc_byte_buffer_destroy(call->request);
	grpc_slice_buffer_reset_and_unref(&call->answer.data.raw.slice_buffer);
	call->core = NULL;
	call->request = NULL;
	call->headers.count = 0;
	slot_drop_arena(call);
	call->principal = NULL;
	call_leave(call);
	if (!atomic_load(&server->closing))
		arm(call); // and goes on being lent
	else
		server_return(server);
}
