// The calls that a conversation with a runtime server is made of.
#include "rollout/talk.h"

#include "trace/trace.h"

enum { ASK_MS = 3000, PIECE_MS = 15000, ACTIVATE_MS = 120000, PIECE_BYTES = 48 * 1024 };

#define CONTROL (&parley__runtime__v1__control_service__descriptor)

static ProtobufCBinaryData bytes_of(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

static RpcClientOptions connection_of(const Worker *worker, Arena *arena)
{
	const EnvironmentServer *server = worker->server;
	return (RpcClientOptions){
	        .target = arena_cstr(arena, server->address),
	        .tls = &worker->fleet->rollouts->tls,
	        .tls_name = server->tls_name.len ? arena_cstr(arena, server->tls_name) : NULL,
	};
}

Err talk_connect(Worker *worker, Arena *arena)
{
	if (worker->client)
		return OK;
	RpcClientOptions options = connection_of(worker, arena);
	return rpc_client_new(&options, &worker->client);
}

Err talk_ask(Talk *talk)
{
	Parley__Runtime__V1__GetStatusRequest request = PARLEY__RUNTIME__V1__GET_STATUS_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(talk->worker->client, CONTROL, "GetStatus", &request.base, ASK_MS, talk->report->arena,
	        &response));
	talk->report->status = (const void *)response;
	talk->report->seen_us = clock_now_us(talk->worker->fleet->rollouts->services->clock);
	talk->changed = false;
	return OK;
}

// --- roots and timestamps ---

Err talk_send_roots(Talk *talk)
{
	const Plan *plan = talk->plan;
	for (size_t i = 0; i < plan->root_count; i++) {
		if (plan->roots[i].version <= talk->report->status->root_version)
			continue;
		Parley__Runtime__V1__PutRootRequest request = PARLEY__RUNTIME__V1__PUT_ROOT_REQUEST__INIT;
		ProtobufCMessage *response = NULL;
		request.envelope = bytes_of(plan->roots[i].envelope);
		TRY(rpc_call(talk->worker->client, CONTROL, "PutRoot", &request.base, PIECE_MS,
		        talk->report->arena, &response));
		talk->changed = true;
	}
	return OK;
}

Err talk_send_timestamp(Talk *talk)
{
	const Plan *plan = talk->plan;
	if (plan->timestamp_version <= talk->report->status->timestamp_version)
		return OK;
	Parley__Runtime__V1__PutTimestampRequest request = PARLEY__RUNTIME__V1__PUT_TIMESTAMP_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	request.envelope = bytes_of(plan->timestamp);
	TRY(rpc_call(talk->worker->client, CONTROL, "PutTimestamp", &request.base, PIECE_MS,
	        talk->report->arena, &response));
	talk->changed = true;
	return OK;
}

// --- a snapshot ---

typedef struct Content {
	const Digest *digest;
	Arena *arena;
	Str bytes;
} Content;

static Err read_content(Pg *pg, void *context)
{
	Content *content = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Str digest = str_n((const char *)content->digest->bytes, sizeof content->digest->bytes);
	TRY(SQL_RUN(pg, &result, blob_get, P_BYTES(digest)));
	if (pg_rows(result) != 1)
		return err(ERR_INTERNAL, "the database has lost a snapshot that it deployed");
	content->bytes = pg_bytes(result, 0, 0, content->arena);
	return content->bytes.ptr ? OK : rollout_no_memory();
}

static Err send_piece(
        const Talk *talk, const Link *link, uint64_t offset, Str data, Arena *arena, uint64_t *ret_received)
{
	char digest[65];
	digest_hex(&link->blob, digest);
	Parley__Runtime__V1__StageBlobRequest request = PARLEY__RUNTIME__V1__STAGE_BLOB_REQUEST__INIT;
	request.digest = digest;
	request.length = link->length;
	request.offset = offset;
	request.data = bytes_of(data);
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(talk->worker->client, CONTROL, "StageBlob", &request.base, PIECE_MS, arena, &response));
	uint64_t received =
	        ((const Parley__Runtime__V1__StageBlobResponse *)(const void *)response)->received;
	if (received > link->length || (data.len && received <= offset))
		return err(ERR_INTERNAL, "the server says it has %llu bytes of a snapshot of %llu",
		        (unsigned long long)received, (unsigned long long)link->length);
	*ret_received = received;
	return OK;
}

// Only what is not there yet is read from the database and sent.
static Err send_blob(const Talk *talk, const Link *link, Arena *arena)
{
	uint64_t received;
	TRY(send_piece(talk, link, 0, (Str){0}, arena, &received));
	if (received == link->length)
		return OK;
	Content content = {.digest = &link->blob, .arena = arena};
	TRY(store_read(talk->worker->fleet->rollouts->services->store, read_content, &content));
	while (received < content.bytes.len) {
		size_t left = content.bytes.len - received;
		Str piece = str_n(content.bytes.ptr + received, left < PIECE_BYTES ? left : PIECE_BYTES);
		TRY(send_piece(talk, link, received, piece, arena, &received));
	}
	return OK;
}

static Err call_activate(RpcClient *client, const Parley__Runtime__V1__ActivateRequest *request, Arena *arena)
{
	ProtobufCMessage *response = NULL;
	return rpc_call(client, CONTROL, "Activate", &request->base, ACTIVATE_MS, arena, &response);
}

// A connection says of which trace its calls are, and the worker's is for many: so this one has its own.
static Err call_traced(const Worker *worker, const TraceSpan *span,
        const Parley__Runtime__V1__ActivateRequest *request, Arena *arena)
{
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	RpcClientOptions options = connection_of(worker, arena);
	TraceContext context = {.sampled = true};
	char header[TRACE_PARENT_SIZE];
	memcpy(context.ids, trace_span_ids(span).ptr, sizeof context.ids);
	trace_parent_write(&context, header);
	options.traceparent = header;
	TRY(rpc_client_new(&options, &client));
	return call_activate(client, request, arena);
}

// Goes on with the trace of who deployed it, if there is one.
static Err activate(const Worker *worker, const Link *link,
        const Parley__Runtime__V1__ActivateRequest *request, Arena *arena)
{
	Tracer *tracer = worker->fleet->rollouts->services->tracer;
	TraceSpan *span = trace_span_after(tracer, link->trace, "activate", monotonic_us(), arena);
	if (span == NULL)
		return call_activate(worker->client, request, arena);
	trace_span_text(span, "parley.server", worker->server->name);
	trace_span_number(span, "parley.snapshot_version", (int64_t)link->version);
	Err e = call_traced(worker, span, request, arena);
	trace_span_end(span, e);
	return e;
}

Err talk_activate(Talk *talk, const Link *link, bool candidate, uint32_t permille)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	if (!arena)
		return rollout_no_memory();
	if (!link->undeploy)
		TRY(send_blob(talk, link, arena));
	Parley__Runtime__V1__ActivateRequest request = PARLEY__RUNTIME__V1__ACTIVATE_REQUEST__INIT;
	request.envelope = bytes_of(link->envelope);
	request.candidate = candidate;
	request.candidate_permille = permille;
	TRY(activate(talk->worker, link, &request, arena));
	talk->changed = true;
	return OK;
}

Err talk_steer(Talk *talk, const Line *line, const char *manifest, Parley__Runtime__V1__SteerAction action,
        uint32_t permille)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	if (!arena)
		return rollout_no_memory();
	Parley__Runtime__V1__SteerRequest request = PARLEY__RUNTIME__V1__STEER_REQUEST__INIT;
	request.channel = arena_cstr(arena, line->channel);
	request.manifest = (char *)(uintptr_t)manifest;
	request.action = action;
	request.candidate_permille = permille;
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(talk->worker->client, CONTROL, "Steer", &request.base, ACTIVATE_MS, arena, &response));
	talk->changed = true;
	return OK;
}
