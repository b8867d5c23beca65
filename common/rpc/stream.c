// Streams: calls on which messages go back and forth. They are few (health watchers, reflection clients), so
// one lock of the server's guards them all and they are simple rather than fast. gRPC core holds up to four
// things of a stream at a time (a message being read, one being written, the status, the end of the call); it
// is freed when all have come back.
//
//   open ──message──▶ kind.message ──stream_send──▶ sending ──written──▶ kind.sent ──stream_receive──▶ …
//   any ──stream_end──▶ ending ──(nothing being sent)──▶ status sent ──▶ closed; a client that leaves: closed
//   at once
#include "rpc/internal.h"

#include "base/cleanup.h"

#include <grpc/slice.h>
#include <stdlib.h>

static const StreamKind *const kinds[] = {&health_watch, &reflection_v1, &reflection_v1alpha};

const StreamKind *stream_kind(grpc_slice path)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (grpc_slice_str_cmp(path, kinds[i]->path) == 0)
			return kinds[i];
	return NULL;
}

static void start(Stream *stream, const grpc_op *ops, size_t count, Event *event)
{
	stream->lent++;
	hand_over(event);
	if (grpc_call_start_batch(stream->core, ops, count, event, NULL) != GRPC_CALL_OK)
		abort(); // only a wrong order of operations makes it fail
}

static void stream_free(Stream *stream)
{
	RpcServer *server = stream->server;

	if (stream->prev)
		stream->prev->next = stream->next;
	else
		server->streams = stream->next;
	if (stream->next)
		stream->next->prev = stream->prev;
	if (--server->stream_count == 0)
		pthread_cond_broadcast(&server->quiet);
	grpc_call_unref(stream->core);
	grpc_metadata_array_destroy(&stream->headers);
	grpc_byte_buffer_destroy(stream->in);
	grpc_byte_buffer_destroy(stream->out);
	free(stream);
}

// An event has come back: frees the stream with the last. Takes the lock's end over.
static void leave(Stream *stream)
{
	RpcServer *server = stream->server;
	bool last = --stream->lent == 0;

	if (last)
		stream_free(stream);
	pthread_mutex_unlock(&server->lock);
	if (last)
		server_return(server);
}

static Stream *enter(Stream *stream)
{
	pthread_mutex_lock(&stream->server->lock);
	return stream;
}

static void send_status(Stream *stream)
{
	grpc_op op = {.op = GRPC_OP_SEND_STATUS_FROM_SERVER};
	Status status;

	stream->over = true;
	if (stream->end == OK) {
		start(stream, &op, 1, &stream->ended);
		return;
	}
	status_make(stream->end, &status);
	status_op(&status, &op);
	start(stream, &op, 1, &stream->ended);
	status_free(&status);
}

static void stream_closed(Event *event, bool ok)
{
	Stream *stream = enter(OWNER_OF(event, Stream, closed));

	(void)ok;
	stream->over = true;
	leave(stream);
}

static void stream_ended(Event *event, bool ok)
{
	(void)ok;
	leave(enter(OWNER_OF(event, Stream, ended)));
}

static void deliver(Stream *stream)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, ARENA_LIMIT);
	Str bytes = {0};
	Err e = arena ? buffer_bytes(stream->in, arena, &bytes) : ERR_NO_MEMORY;

	if (e == OK)
		stream->kind->message(stream, bytes, arena);
	else
		stream_end(stream, e);
}

static void stream_received(Event *event, bool ok)
{
	Stream *stream = enter(OWNER_OF(event, Stream, received));

	if (!stream->over && !stream->ending) {
		if (ok && stream->in)
			deliver(stream);
		else
			stream->kind->half_closed(stream);
	}
	leave(stream);
}

static void stream_written(Event *event, bool ok)
{
	Stream *stream = enter(OWNER_OF(event, Stream, written));

	stream->sending = false;
	grpc_byte_buffer_destroy(stream->out);
	stream->out = NULL;
	if (stream->over)
		;
	else if (stream->ending)
		send_status(stream);
	else if (ok)
		stream->kind->sent(stream);
	leave(stream);
}

static Stream *stream_new(
        RpcServer *server, const StreamKind *kind, grpc_call *core, const grpc_metadata_array *headers)
{
	Stream *stream = NULL;

	if (server->stream_count < kind->max_streams && !atomic_load(&server->draining))
		stream = malloc(sizeof(*stream));
	if (!stream)
		return NULL;
	*stream = (Stream){
	        .next = server->streams,
	        .server = server,
	        .kind = kind,
	        .core = core,
	        .headers = *headers,
	        .received = {stream_received},
	        .written = {stream_written},
	        .ended = {stream_ended},
	        .closed = {stream_closed},
	};
	if (stream->next)
		stream->next->prev = stream;
	server->streams = stream;
	server->stream_count++;
	server_lend(server);
	return stream;
}

bool stream_open(
        RpcServer *server, const StreamKind *kind, grpc_call *core, const grpc_metadata_array *headers)
{
	grpc_op ops[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_MESSAGE}};
	grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
	Stream *stream;

	pthread_mutex_lock(&server->lock);
	stream = stream_new(server, kind, core, headers);
	if (stream) {
		close.data.recv_close_on_server.cancelled = &stream->cancelled;
		start(stream, &close, 1, &stream->closed);
		ops[1].data.recv_message.recv_message = &stream->in;
		start(stream, ops, 2, &stream->received);
	}
	pthread_mutex_unlock(&server->lock);
	return stream != NULL;
}

void stream_receive(Stream *stream)
{
	grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

	grpc_byte_buffer_destroy(stream->in);
	stream->in = NULL;
	op.data.recv_message.recv_message = &stream->in;
	start(stream, &op, 1, &stream->received);
}

void stream_send(Stream *stream, const ProtobufCMessage *message)
{
	grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};

	stream->out = buffer_pack(message);
	stream->sending = true;
	op.data.send_message.send_message = stream->out;
	start(stream, &op, 1, &stream->written);
}

void stream_end(Stream *stream, Err e)
{
	if (stream->over || stream->ending)
		return;
	stream->ending = true;
	stream->end = e;
	if (!stream->sending)
		send_status(stream);
}
