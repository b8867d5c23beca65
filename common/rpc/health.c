// grpc.health.v1. What a service says is a flag; watchers are told by walking the open streams, which are
// few. A watcher that reads slowly skips states: it gets the newest when its last message is out, as the
// protocol allows.
#include "rpc/internal.h"

#include "grpc/health/v1/health.pb-c.h"
#include "wire/wire.h"

typedef Grpc__Health__V1__HealthCheckResponse Response;

enum {
	SERVING = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING,
	NOT_SERVING = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING,
	UNKNOWN_SERVICE = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN,
	MAX_WATCHERS = 64,
};

// One per service, and one with the empty name for the server as a whole.
typedef struct Entry {
	struct Entry *next;
	const char *service;
	bool down; // as the program said
} Entry;

struct Health {
	RpcServer *server;
	Entry all;
	bool draining;
};

static Entry *entry_find(Health *health, const char *service)
{
	for (Entry *entry = &health->all; entry; entry = entry->next)
		if (strcmp(entry->service, service) == 0)
			return entry;
	return NULL;
}

static int entry_status(const Health *health, const Entry *entry)
{
	if (!entry)
		return UNKNOWN_SERVICE;
	return entry->down || health->draining ? NOT_SERVING : SERVING;
}

static Response response_of(int status)
{
	Response response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
	return response;
}

static void check(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Health *health = service;
	const char *name = ((const Grpc__Health__V1__HealthCheckRequest *)request)->service;
	Response response;
	const Entry *entry;

	pthread_mutex_lock(&health->server->lock);
	entry = entry_find(health, name);
	response = response_of(entry_status(health, entry));
	pthread_mutex_unlock(&health->server->lock);
	if (entry)
		rpc_reply(call, &response.base);
	else
		rpc_fail(call,
		        err_at(ERR_RESOURCE_NOT_FOUND, "service",
		                "this server has no such service: ask its reflection service what it has"));
}

// --- watching ---

// Which entry a watcher watches; a stream's state is NULL until its request has been read.
static const Entry no_service = {.service = ""};

static void tell(Stream *stream)
{
	const Entry *entry = stream->state;
	int status;
	Response response;

	if (!entry || stream->sending || stream->ending || stream->over)
		return;
	status = entry_status(stream->server->health, entry == &no_service ? NULL : entry);
	if (status == stream->said)
		return;
	stream->said = status;
	response = response_of(status);
	stream_send(stream, &response.base);
}

static void watch(Stream *stream, Str bytes, Arena *arena)
{
	ProtobufCMessage *request;
	Err e = wire_unpack(&grpc__health__v1__health_check_request__descriptor, bytes, 0, arena, &request);

	if (e != OK) {
		stream_end(stream, e);
		return;
	}
	stream->state = entry_find(
	        stream->server->health, ((Grpc__Health__V1__HealthCheckRequest *)request)->service);
	if (!stream->state)
		stream->state = &no_service;
	tell(stream);
}

static void watch_half_closed(Stream *stream)
{
	stream_end(stream, err(ERR_REQUEST_MALFORMED, "the call carries no message: send exactly one"));
}

const StreamKind health_watch = {
        .path = "/grpc.health.v1.Health/Watch",
        .max_streams = MAX_WATCHERS,
        .message = watch,
        .half_closed = watch_half_closed,
        .sent = tell,
};

static void tell_all(RpcServer *server)
{
	for (Stream *stream = server->streams; stream; stream = stream->next)
		if (stream->kind == &health_watch)
			tell(stream);
}

void rpc_server_set_health(RpcServer *server, const char *service, bool serving)
{
	Entry *entry;

	pthread_mutex_lock(&server->lock);
	entry = entry_find(server->health, service);
	if (entry) {
		entry->down = !serving;
		tell_all(server);
	}
	pthread_mutex_unlock(&server->lock);
}

void health_drain(RpcServer *server)
{
	server->health->draining = true;
	tell_all(server);
	for (Stream *stream = server->streams; stream; stream = stream->next)
		stream_end(stream,
		        err(ERR_SHUTTING_DOWN, "the server is shutting down: try another one, or later"));
}

Err health_add(RpcServer *server, const char *service)
{
	Entry *entry = ARENA_NEW(server->arena, Entry);

	if (!entry)
		return err(ERR_NO_MEMORY, "no memory for a service");
	entry->service = service;
	entry->next = server->health->all.next;
	server->health->all.next = entry;
	return OK;
}

Err health_new(RpcServer *server)
{
	static const RpcMethod methods[] = {{.name = "Check", .handler = check, .max_request = 4096}};

	server->health = ARENA_NEW(server->arena, Health);
	if (!server->health)
		return err(ERR_NO_MEMORY, "no memory for a server");
	server->health->server = server;
	server->health->all.service = "";
	return server_add(server, &grpc__health__v1__health__descriptor, methods, ARRAY_COUNT(methods),
	        server->health, true);
}
