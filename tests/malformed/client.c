// gRPC core without our layer over it: that one would not let such requests out.
#include "client.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <grpc/byte_buffer.h>
#include <grpc/compression.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdio.h>
#include <stdlib.h>

static Str pem(const char *path, Arena *arena)
{
	Str text = {0};

	if (path && file_read(path, 1 << 20, arena, &text) != OK) {
		fprintf(stderr, "%s\n", err_detail()->message);
		exit(2);
	}
	return text;
}

void credential_open(Credential *credential, const char *target, const char *ca)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	grpc_ssl_pem_key_cert_pair pair = {
	        pem(credential->key, arena).ptr, pem(credential->certificate, arena).ptr};
	grpc_channel_credentials *tls = grpc_ssl_credentials_create_ex(
	        pem(ca, arena).ptr, pair.private_key ? &pair : NULL, NULL, NULL);
	grpc_arg args[] = {
	        {.type = GRPC_ARG_INTEGER,
	                .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
	                .value.integer = 1},
	        {.type = GRPC_ARG_INTEGER,
	                .key = (char *)GRPC_ARG_MAX_METADATA_SIZE,
	                .value.integer = 32 * 1024},
	        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ENABLE_RETRIES, .value.integer = 0},
	};
	const grpc_channel_args all = {ARRAY_COUNT(args), args};

	credential->channel = grpc_channel_create(target, tls, &all);
	credential->authorization = grpc_slice_from_copied_string(
	        credential->token ? arena_printf(arena, "Bearer %s", credential->token) : "");
	grpc_channel_credentials_release(tls);
}

void credential_close(Credential *credential)
{
	grpc_channel_destroy(credential->channel);
	grpc_slice_unref(credential->authorization);
}

static size_t make_metadata(Request *request)
{
	size_t count = 0;

	if (request->credential->token) {
		request->metadata[count].key = grpc_slice_from_static_string("authorization");
		request->metadata[count++].value = request->credential->authorization;
	}
	if (request->body.compressed) {
		request->metadata[count].key =
		        grpc_slice_from_static_string(GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY);
		request->metadata[count++].value = grpc_slice_from_static_string("gzip");
	}
	return count;
}

static grpc_byte_buffer *make_buffer(Str bytes)
{
	grpc_slice slice = grpc_slice_from_copied_buffer(bytes.ptr ? bytes.ptr : "", bytes.len);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

	grpc_slice_unref(slice);
	return buffer;
}

static void start(Request *request)
{
	size_t metadata_count = make_metadata(request);
	const grpc_op ops[] = {
	        {.op = GRPC_OP_SEND_INITIAL_METADATA,
	                .data.send_initial_metadata = {.count = metadata_count,
	                        .metadata = request->metadata}},
	        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
	        {.op = GRPC_OP_RECV_INITIAL_METADATA,
	                .data.recv_initial_metadata.recv_initial_metadata = &request->headers},
	        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &request->received},
	        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
	                .data.recv_status_on_client = {&request->trailers, &request->code, &request->message,
	                        NULL}},
	        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request->sent},
	};

	if (grpc_call_start_batch(request->call, ops, request->sent ? 6 : 5, request, NULL) != GRPC_CALL_OK)
		abort();
}

void request_send(Request *request, grpc_completion_queue *queue, int timeout_ms)
{
	grpc_slice path = grpc_slice_from_copied_string(request->method->path);
	gpr_timespec deadline =
	        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));

	grpc_metadata_array_init(&request->headers);
	grpc_metadata_array_init(&request->trailers);
	request->sent = request->body.none ? NULL : make_buffer(request->body.bytes);
	request->received = NULL;
	request->call = grpc_channel_create_call(request->credential->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
	        queue, path, NULL, deadline, NULL);
	grpc_slice_unref(path);
	start(request);
}

void request_done(Request *request)
{
	grpc_call_unref(request->call);
	grpc_byte_buffer_destroy(request->sent);
	grpc_byte_buffer_destroy(request->received);
	grpc_metadata_array_destroy(&request->headers);
	grpc_metadata_array_destroy(&request->trailers);
	grpc_slice_unref(request->message);
	arena_reset(request->arena);
}
