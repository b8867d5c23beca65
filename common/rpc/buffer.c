// gRPC's byte buffers to and from ours. A message that arrived in one piece is read where it lies; an answer
// is packed straight into the memory that goes to the socket, or, if it is small, in one walk and copied
// there.
#include "rpc/internal.h"

#include "wire/wire.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

static Err join(const grpc_slice_buffer *pieces, Arena *arena, Str *ret)
{
	char *at = arena_alloc(arena, pieces->length);

	if (!at)
		return err(ERR_NO_MEMORY, "no memory for a message of %zu bytes: send less at a time",
		        pieces->length);
	*ret = str_n(at, pieces->length);
	for (size_t i = 0; i < pieces->count; i++) {
		memcpy(at, GRPC_SLICE_START_PTR(pieces->slices[i]), GRPC_SLICE_LENGTH(pieces->slices[i]));
		at += GRPC_SLICE_LENGTH(pieces->slices[i]);
	}
	return OK;
}

Err buffer_bytes(const grpc_byte_buffer *buffer, Arena *arena, Str *ret)
{
	const grpc_slice_buffer *pieces;

	if (!buffer)
		return err(ERR_REQUEST_MALFORMED, "the call carries no message: send exactly one");
	if (buffer->data.raw.compression != GRPC_COMPRESS_NONE)
		return err(ERR_NOT_SUPPORTED, "the message is compressed: send it without compression");
	pieces = &buffer->data.raw.slice_buffer;
	*ret = (Str){0};
	if (pieces->length == 0)
		return OK;
	if (pieces->count > 1)
		return join(pieces, arena, ret);
	*ret = str_n(
	        (const char *)GRPC_SLICE_START_PTR(pieces->slices[0]), GRPC_SLICE_LENGTH(pieces->slices[0]));
	return OK;
}

grpc_slice slice_pack(const ProtobufCMessage *message)
{
	grpc_slice slice;
	Str quick;

	if (wire_pack_quick(message, &quick))
		return grpc_slice_from_copied_buffer(quick.ptr, quick.len);
	slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
	protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
	return slice;
}

grpc_byte_buffer *buffer_pack(const ProtobufCMessage *message)
{
	grpc_slice slice = slice_pack(message);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

	grpc_slice_unref(slice);
	return buffer;
}
