// gRPC core without the layer under test.
#include "raw.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdio.h>

static void open_call(RawStream *stream, const char *target, const char *path, int timeout_ms)
{
	grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
	grpc_slice name = grpc_slice_from_copied_string(path);

	*stream = (RawStream){
	        .channel = grpc_channel_create(target, credentials, NULL),
	        .queue = grpc_completion_queue_create_for_pluck(NULL),
	};
	stream->call = grpc_channel_create_call(stream->channel, NULL, GRPC_PROPAGATE_DEFAULTS, stream->queue,
	        name, NULL,
	        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN)),
	        NULL);
	grpc_slice_unref(name);
	grpc_channel_credentials_release(credentials);
}

static void run(RawStream *stream, const grpc_op *ops, size_t count)
{
	assert_int_equal(grpc_call_start_batch(stream->call, ops, count, stream, NULL), GRPC_CALL_OK);
	grpc_completion_queue_pluck(stream->queue, stream, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

void raw_open(RawStream *stream, const char *target, const char *path)
{
	open_call(stream, target, path, 10000);
	run(stream, &(grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA}, 1);
}

void raw_send_bytes(RawStream *stream, const void *bytes, size_t len)
{
	grpc_slice slice = grpc_slice_from_copied_buffer(bytes, len);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

	run(stream, &(grpc_op){.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = buffer}, 1);
	grpc_byte_buffer_destroy(buffer);
	grpc_slice_unref(slice);
}

void raw_send(RawStream *stream, const ProtobufCMessage *message)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Str packed;

	assert_int_equal(wire_pack(message, arena, &packed), OK);
	raw_send_bytes(stream, packed.ptr, packed.len);
}

void raw_half_close(RawStream *stream)
{
	run(stream, &(grpc_op){.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, 1);
}

// gRPC core gives out nothing else before the headers.
static void read_headers(RawStream *stream)
{
	grpc_metadata_array headers;

	if (stream->has_headers)
		return;
	stream->has_headers = true;
	grpc_metadata_array_init(&headers);
	run(stream,
	        &(grpc_op){.op = GRPC_OP_RECV_INITIAL_METADATA,
	                .data.recv_initial_metadata.recv_initial_metadata = &headers},
	        1);
	grpc_metadata_array_destroy(&headers);
}

ProtobufCMessage *raw_receive(RawStream *stream, const ProtobufCMessageDescriptor *descriptor, Arena *arena)
{
	grpc_byte_buffer_reader reader;
	ProtobufCMessage *message = NULL;
	grpc_slice all;

	read_headers(stream);
	run(stream, &(grpc_op){.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &stream->in}, 1);
	if (!stream->in)
		return NULL;
	assert_true(grpc_byte_buffer_reader_init(&reader, stream->in));
	all = grpc_byte_buffer_reader_readall(&reader);
	assert_int_equal(wire_unpack(descriptor,
	                         str_n((const char *)GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all)), 0,
	                         arena, &message),
	        OK);
	grpc_slice_unref(all);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(stream->in);
	stream->in = NULL;
	return message;
}

RawAnswer raw_status(RawStream *stream)
{
	RawAnswer answer = {0};
	grpc_metadata_array trailers;
	grpc_status_code code;
	grpc_slice message;

	grpc_metadata_array_init(&trailers);
	read_headers(stream);
	run(stream,
	        &(grpc_op){.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
	                .data.recv_status_on_client = {&trailers, &code, &message, NULL}},
	        1);
	answer.code = (int)code;
	snprintf(answer.message, sizeof(answer.message), "%.*s", (int)GRPC_SLICE_LENGTH(message),
	        (const char *)GRPC_SLICE_START_PTR(message));
	for (size_t i = 0; i < trailers.count; i++)
		if (grpc_slice_str_cmp(trailers.metadata[i].key, "grpc-status-details-bin") == 0)
			answer.has_details = true;
	grpc_slice_unref(message);
	grpc_metadata_array_destroy(&trailers);
	return answer;
}

void raw_cancel(RawStream *stream)
{
	assert_int_equal(grpc_call_cancel(stream->call, NULL), GRPC_CALL_OK);
}

void raw_close(RawStream *stream)
{
	grpc_call_unref(stream->call);
	grpc_completion_queue_shutdown(stream->queue);
	grpc_completion_queue_destroy(stream->queue);
	grpc_channel_destroy(stream->channel);
}

RawAnswer raw_call(const char *target, const char *path, const void *bytes, size_t len, int timeout_ms)
{
	RawStream stream;
	RawAnswer answer;

	open_call(&stream, target, path, timeout_ms);
	run(&stream, &(grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA}, 1);
	if (bytes)
		raw_send_bytes(&stream, bytes, len);
	raw_half_close(&stream);
	answer = raw_status(&stream);
	raw_close(&stream);
	return answer;
}
