// The Connect protocol's encoding: JSON bodies by descriptors, errors as JSON.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

enum { CONNECT_BODY_MAX = 64 * 1024 };

// JSON of a request to the packed message. Errors: JSON_INVALID, FIELD_*, LIMIT.
Err connect_read(Str json, const ProtobufCMessageDescriptor *descriptor, Arena *arena, Str *ret);
// A packed response to JSON.
Err connect_write(Str packed, const ProtobufCMessageDescriptor *descriptor, Arena *arena, Str *ret);
// {"code": …, "message": …, "details": [{"type": …, "value": …}]}; empty if memory is out.
Str connect_error(const ErrDetail *detail, Arena *arena);
// The HTTP status that goes with a gRPC status.
unsigned connect_http_status(int grpc_status);
