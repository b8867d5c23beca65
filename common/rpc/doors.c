// Calls of methods that are not registered with gRPC core: it would let them hang until their deadline. A
// door takes such a call and either opens a stream for it (stream.c, talk.c) or answers that there is no such
// method.
#include "rpc/internal.h"

#include <grpc/slice.h>
#include <stdlib.h>

typedef struct Door {
	Event event;
	Front *front;
	RpcServer *server;
	grpc_call *core;
	grpc_call_details details;
	grpc_metadata_array headers;
	int cancelled;
} Door;

static void door_called(Event *event, bool ok);

static void door_arm(Door *door)
{
	RpcServer *server = door->server;

	door->event.done = door_called;
	server_lend(server);
	hand_over(&door->event);
	if (grpc_server_request_call(door->front->core, &door->core, &door->details, &door->headers,
	            server->queue, server->queue, &door->event) != GRPC_CALL_OK)
		abort(); // only a wrong argument makes it fail
}

static void door_recycle(Door *door)
{
	RpcServer *server = door->server;

	grpc_call_details_destroy(&door->details);
	grpc_call_details_init(&door->details);
	if (!atomic_load(&server->closing))
		door_arm(door);
	server_return(server);
}

static void door_sent(Event *event, bool ok)
{
	Door *door = OWNER_OF(event, Door, event);

	(void)ok;
	grpc_call_unref(door->core);
	door->core = NULL;
	door->headers.count = 0;
	door_recycle(door);
}

static void door_refuse(Door *door, Err e)
{
	grpc_op ops[3] = {0};
	Status status;

	status_make(e, &status);
	status_op(&status, &ops[0]);
	ops[1].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[2].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	ops[2].data.recv_close_on_server.cancelled = &door->cancelled;
	door->event.done = door_sent;
	hand_over(&door->event);
	if (grpc_call_start_batch(door->core, ops, 3, &door->event, NULL) != GRPC_CALL_OK)
		abort(); // only a second answer or a wrong argument makes it fail
	status_free(&status);
}

static Err unknown(const Door *door)
{
	grpc_slice path = door->details.method;

	return err(ERR_METHOD_UNKNOWN,
	        "this server has no method %.*s: ask its reflection service what it has",
	        GRPC_SLICE_LENGTH(path) < 200 ? (int)GRPC_SLICE_LENGTH(path) : 200,
	        (const char *)GRPC_SLICE_START_PTR(path));
}

// Opens the stream that the call asks for, if there is one of that name.
static Err open_behind(const Door *door)
{
	grpc_slice path = door->details.method;
	const StreamKind *kind = stream_kind(path);
	Method *method;

	if (kind && stream_open(door->server, kind, door->core, &door->headers))
		return OK;
	if (kind)
		return err_retry(ERR_BUSY, 1000,
		        "too many streams are open on this server: close one, or try again later");
	method = server_method(
	        door->server, str_n((const char *)GRPC_SLICE_START_PTR(path), GRPC_SLICE_LENGTH(path)));
	if (method && method->row.streaming)
		return talk_open(method, door->front, door->core, door->details.deadline, &door->headers);
	return unknown(door);
}

static void door_called(Event *event, bool ok)
{
	Door *door = OWNER_OF(event, Door, event);
	RpcServer *server = door->server;
	Err e;

	if (!ok) { // the server shuts down
		server_return(server);
		return;
	}
	e = open_behind(door);
	if (e == OK) {
		grpc_metadata_array_init(&door->headers);
		door_recycle(door);
	} else {
		door_refuse(door, e);
	}
}

Err doors_start(Front *front)
{
	front->doors = calloc(DOORS, sizeof(*front->doors));
	if (!front->doors)
		return err(ERR_NO_MEMORY, "no memory for call slots");
	for (size_t i = 0; i < DOORS; i++) {
		Door *door = &front->doors[i];

		door->front = front;
		door->server = front->server;
		grpc_call_details_init(&door->details);
		grpc_metadata_array_init(&door->headers);
		door_arm(door);
	}
	return OK;
}

void doors_free(Front *front)
{
	for (size_t i = 0; front->doors && i < DOORS; i++) {
		grpc_call_details_destroy(&front->doors[i].details);
		grpc_metadata_array_destroy(&front->doors[i].headers);
	}
	free(front->doors);
	front->doors = NULL;
}
