#include "ways.h"

#include "answer.h"
#include "base/cleanup.h"
#include "draw.h"
#include "line.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CONNECTIONS = 4, TIMEOUT_MS = 60 * 1000 };

#define SERVICE "/parley.runtime.v1.InteractionService/"

struct Ways {
	RpcServer *server;
	RpcClient *clients[CONNECTIONS];
	Lines *lines;
	size_t disorders;
};

int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void must(Err e)
{
	if (e == OK)
		return;
	fprintf(stderr, "interleave: %s: %s\n", err_reason(e), err_detail()->message);
	abort();
}

Ways *ways_new(RpcServer *server, int port)
{
	Ways *ways = calloc(1, sizeof *ways);
	char target[32];
	if (ways == NULL)
		abort();
	snprintf(target, sizeof target, "127.0.0.1:%d", port);
	ways->server = server;
	for (int i = 0; i < CONNECTIONS; i++)
		must(rpc_client_new(&(RpcClientOptions){.target = target}, &ways->clients[i]));
	ways->lines = lines_new(target);
	return ways;
}

void ways_close(Ways *ways)
{
	ways->disorders = lines_close(ways->lines);
	for (int i = 0; i < CONNECTIONS; i++)
		rpc_client_free(ways->clients[i]);
}

void ways_free(Ways *ways)
{
	free(ways);
}

size_t ways_disorders(const Ways *ways)
{
	return ways->disorders;
}

// --- what is sent ---

// A call ready to be sent.
typedef struct Sent {
	Call *call;
	Arena *arena;
	const ProtobufCMethodDescriptor *method;
	const char *name; // of the method
	ProtobufCMessage *request;
	Str packed;
} Sent;

static void *field_of(ProtobufCMessage *message, const char *name)
{
	return (char *)message +
	       protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name)->offset;
}

static ProtobufCMessage *request_of(const Call *call, Arena *arena, const char **ret_name)
{
	static const char *const names[STEP_KINDS] = {"StartSession", "GetOffers", "PostEvent", "GetProfile",
	        "SetAudience", "SetDebug", "EndSession"};
	*ret_name = call->kind == BATCH ? "ExecuteBatch" : "Recommend";
	if (call->kind == BATCH)
		return &batch_message(call, arena)->base;
	if (call->kind == RECOMMEND)
		return &recommend_message(call, arena)->base;
	ProtobufCMessage *request =
	        (ProtobufCMessage *)step_message(call->story, call->steps, arena)->start_session;
	*(char **)field_of(request, "session_id") = call->story->id;
	*(uint64_t *)field_of(request, "sequence") = call->sequence;
	*ret_name = names[call->steps[0].kind];
	return request;
}

static Sent *sent_new(Call *call)
{
	Arena *arena = arena_new(4096, 0);
	Sent *sent = ARENA_NEW(arena, Sent);
	sent->call = call;
	sent->arena = arena;
	sent->request = request_of(call, arena, &sent->name);
	sent->method = protobuf_c_service_descriptor_get_method_by_name(
	        &parley__runtime__v1__interaction_service__descriptor, sent->name);
	return sent;
}

static void answered(Call *call, Err failed, const ProtobufCMessage *response)
{
	BatchResult alone = PARLEY__RUNTIME__V1__BATCH_RESULT__INIT;
	alone.what_case = PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_START_SESSION; // just no failure
	alone.start_session = (StartSessionResponse *)(uintptr_t)response;       // whichever it is
	pthread_mutex_lock(&call->story->lock);
	if (failed != OK)
		answer_refused(call, failed);
	else if (call->kind == BATCH)
		answer_batch(call, (const ExecuteBatchResponse *)response);
	else if (call->kind == RECOMMEND)
		answer_recommend(call, (const RecommendResponse *)response);
	else
		answer_alone(call, &alone);
	pthread_mutex_unlock(&call->story->lock);
}

// --- from inside ---

static Err give_body(void *context, Arena *arena, Str *ret)
{
	const Sent *sent = context;
	(void)arena;
	*ret = sent->packed;
	return OK;
}

static void done(void *context, Err failed, const ErrDetail *detail, Str response)
{
	Sent *sent = context;
	ProtobufCMessage *message = NULL;
	(void)detail;
	sent->call->ended_ns = now_ns();
	if (failed == OK)
		must(wire_unpack(sent->method->output, response, 0, sent->arena, &message));
	answered(sent->call, failed, message);
	arena_free(sent->arena);
}

static void call_inside(const Ways *ways, Call *call)
{
	static const RpcPeer nobody;
	char path[128];
	Sent *sent = sent_new(call);
	must(wire_pack(sent->request, sent->arena, &sent->packed));
	snprintf(path, sizeof path, SERVICE "%s", sent->name);
	call->begun_ns = now_ns();
	rpc_server_invoke(ways->server, str(path), &nobody, give_body, done, sent);
}

// --- over gRPC ---

static void call_over_grpc(const Ways *ways, Call *call, int connection)
{
	Sent *sent = sent_new(call);
	CLEANUP(arena_freep) Arena *arena = sent->arena;
	ProtobufCMessage *response = NULL;
	call->begun_ns = now_ns();
	Err e = rpc_call(ways->clients[connection], &parley__runtime__v1__interaction_service__descriptor,
	        sent->name, sent->request, TIMEOUT_MS, arena, &response);
	call->ended_ns = now_ns();
	answered(call, e, response);
}

void ways_call(Ways *ways, Call *call, uint64_t *chance)
{
	uint64_t way = draw_number(chance, 100);
	if (call->kind == ALONE && way < 40)
		line_call(ways->lines, (int)draw_number(chance, LINES), call);
	else if (way < 55)
		call_over_grpc(ways, call, (int)draw_number(chance, CONNECTIONS));
	else
		call_inside(ways, call);
}
