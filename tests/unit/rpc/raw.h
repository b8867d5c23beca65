// A client on gRPC core that sends whatever bytes a test wants and leaves when it wants. Plaintext, nobody.
#pragma once
#include "base/arena.h"

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>

// What a raw call brings.
typedef struct RawAnswer {
	int code;
	char message[2048];
	bool has_details; // grpc-status-details-bin was there
} RawAnswer;

RawAnswer raw_call(const char *target, const char *path, const void *bytes, size_t len, int timeout_ms);

// A call on which messages go back and forth.
typedef struct RawStream {
	grpc_channel *channel;
	grpc_completion_queue *queue;
	grpc_call *call;
	grpc_byte_buffer *in;
	bool has_headers;
} RawStream;

void raw_open(RawStream *stream, const char *target, const char *path);
void raw_send(RawStream *stream, const ProtobufCMessage *message);
// The next message, or NULL when the server has ended the call.
ProtobufCMessage *raw_receive(RawStream *stream, const ProtobufCMessageDescriptor *descriptor, Arena *arena);
void raw_send_bytes(RawStream *stream, const void *bytes, size_t len);
void raw_half_close(RawStream *stream);
// The status with which the server has ended the call.
RawAnswer raw_status(RawStream *stream);
void raw_cancel(RawStream *stream);
void raw_close(RawStream *stream);
