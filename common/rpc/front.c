// gRPC core's servers: one for the listeners with TLS and one for those in plaintext, with one completion
// queue. Only the first makes an end of connections that are old, so that clients spread anew and show their
// certificates again: the filter that counts a connection's calls for it costs every call a tenth, and
// plaintext is for programs on this machine, whose connections end with them.
#include "rpc/internal.h"

#include <grpc/grpc_security.h>
#include <limits.h>

enum {
	CONNECTION_IDLE_MS = 30 * 60 * 1000,
	CONNECTION_AGE_MS = 2 * 60 * 60 * 1000,
	CONNECTION_GRACE_MS = STREAM_AGE_MS + 60 * 1000, // streams end by themselves
};

static Front *front_of(RpcServer *server, const RpcListener *listener)
{
	return &server->fronts[listener->tls ? FRONT_TLS : FRONT_PLAINTEXT];
}

// What gRPC core reads at all. Twice what a method takes, so that most requests that are too large get our
// own words.
static int transport_limit(const RpcServer *server)
{
	size_t most = DEFAULT_REQUEST;

	for (const Method *method = server->methods; method; method = method->next)
		most = method->row.max_request > most ? method->row.max_request : most;
	most = server->options.max_message ? server->options.max_message : 2 * most;
	return most < INT32_MAX ? (int)most : INT32_MAX;
}

static grpc_arg int_arg(const char *key, int value)
{
	return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

static grpc_server *make_core(const RpcServer *server, bool ages)
{
	grpc_arg args[] = {
	        int_arg(GRPC_ARG_ALLOW_REUSEPORT, 0),
	        int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, transport_limit(server)),
	        int_arg(GRPC_ARG_MAX_METADATA_SIZE, 16 * 1024),
	        int_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256), // of one connection
	        int_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION,
	                0), // no bombs: buffer.c refuses what is compressed
	        int_arg(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0), // nor a filter that looks at each answer
	        int_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
	        int_arg(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10 * 1000),
	        int_arg(GRPC_ARG_KEEPALIVE_TIME_MS, 60 * 1000), // notices dead peers
	        int_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20 * 1000),
	        int_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
	        int_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10 * 1000),
	        int_arg(GRPC_ARG_MAX_CONNECTION_IDLE_MS, ages ? CONNECTION_IDLE_MS : INT_MAX),
	        int_arg(GRPC_ARG_MAX_CONNECTION_AGE_MS, ages ? CONNECTION_AGE_MS : INT_MAX),
	        int_arg(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, CONNECTION_GRACE_MS),
	};
	const grpc_channel_args all = {ARRAY_COUNT(args), args};

	return grpc_server_create(&all, NULL);
}

static void core_stopped(Event *event, bool ok)
{
	Front *front = OWNER_OF(event, Front, stopped);
	RpcServer *server = front->server;

	(void)ok;
	pthread_mutex_lock(&server->lock);
	front->has_stopped = true;
	pthread_cond_broadcast(&server->quiet);
	pthread_mutex_unlock(&server->lock);
}

// Streams come through the doors.
static void register_methods(Front *front)
{
	size_t number = (size_t)(front - front->server->fronts);

	for (Method *method = front->server->methods; method; method = method->next)
		if (!method->row.streaming)
			method->intakes[number] = (Intake){
			        .method = method,
			        .front = front,
			        .handle = grpc_server_register_method(front->core, method->path, NULL,
			                GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0),
			};
}

void fronts_make(RpcServer *server)
{
	for (size_t i = 0; i < server->options.listener_count; i++) {
		const RpcListener *listener = &server->options.listeners[i];
		Front *front = front_of(server, listener);

		if (front->core)
			continue;
		front->server = server;
		front->stopped.done = core_stopped;
		front->core = make_core(server, listener->tls);
		grpc_server_register_completion_queue(front->core, server->queue, NULL);
		register_methods(front);
	}
}

static Err start(Front *front)
{
	size_t number = (size_t)(front - front->server->fronts);

	grpc_server_start(front->core);
	for (Method *method = front->server->methods; method; method = method->next)
		if (!method->row.streaming)
			TRY(slots_start(&method->intakes[number]));
	return doors_start(front);
}

Err fronts_start(RpcServer *server)
{
	for (size_t i = 0; i < server->options.listener_count; i++) {
		const RpcListener *listener = &server->options.listeners[i];

		TRY(listen_on(front_of(server, listener), listener));
	}
	for (size_t i = 0; i < FRONTS; i++)
		if (server->fronts[i].core)
			TRY(start(&server->fronts[i]));
	return OK;
}

void fronts_shut_down(RpcServer *server)
{
	for (size_t i = 0; i < FRONTS; i++) {
		Front *front = &server->fronts[i];

		if (!front->core)
			continue;
		hand_over(&front->stopped);
		grpc_server_shutdown_and_notify(front->core, server->queue, &front->stopped);
	}
}

bool fronts_have_stopped(const RpcServer *server)
{
	for (size_t i = 0; i < FRONTS; i++)
		if (server->fronts[i].core && !server->fronts[i].has_stopped)
			return false;
	return true;
}

void fronts_cancel(RpcServer *server)
{
	for (size_t i = 0; i < FRONTS; i++)
		if (server->fronts[i].core)
			grpc_server_cancel_all_calls(server->fronts[i].core);
}

void fronts_destroy(RpcServer *server)
{
	for (size_t i = 0; i < FRONTS; i++)
		if (server->fronts[i].core)
			grpc_server_destroy(server->fronts[i].core);
}
