// Codes are a table after https://connectrpc.com/docs/protocol#error-codes; details are those that gRPC
// clients get.
#include "admin/connect.h"

#include "base/cleanup.h"
#include "rpc/rpc.h"
#include "wire/json.h"
#include "wire/wire.h"

#include "google/rpc/status.pb-c.h"

#include <sodium.h>

enum { RESPONSE_FIELDS_MAX = 4 * 1024 * 1024 };

static const struct {
	const char *name;
	unsigned http;
} codes[] = {
        {"unknown", 500}, // OK is no error
        {"canceled", 499},
        {"unknown", 500},
        {"invalid_argument", 400},
        {"deadline_exceeded", 504},
        {"not_found", 404},
        {"already_exists", 409},
        {"permission_denied", 403},
        {"resource_exhausted", 429},
        {"failed_precondition", 400},
        {"aborted", 409},
        {"out_of_range", 400},
        {"unimplemented", 501},
        {"internal", 500},
        {"unavailable", 503},
        {"data_loss", 500},
        {"unauthenticated", 401},
};

unsigned connect_http_status(int grpc_status)
{
	return codes[grpc_status].http;
}

Err connect_read(Str text, const ProtobufCMessageDescriptor *descriptor, Arena *arena, Str *ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	ProtobufCMessage *message;
	TRY(json_parse(text, CONNECT_BODY_MAX, &json));
	TRY(json_to_message(json, descriptor, arena, &message));
	return wire_pack(message, arena, ret);
}

Err connect_write(Str packed, const ProtobufCMessageDescriptor *descriptor, Arena *arena, Str *ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	ProtobufCMessage *message;
	TRY(wire_unpack(descriptor, packed, RESPONSE_FIELDS_MAX, arena, &message));
	TRY(json_from_message(message, JSON_PROTO, &json));
	return json_text(json, false, arena, ret);
}

static json_t *detail_json(const Google__Protobuf__Any *any, Arena *arena)
{
	size_t size = sodium_base64_ENCODED_LEN(any->value.len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	char *value = arena_alloc(arena, size);
	const char *slash = strrchr(any->type_url, '/');
	if (!value)
		return NULL;
	sodium_bin2base64(
	        value, size, any->value.data, any->value.len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	return json_pack("{s:s, s:s}", "type", slash ? slash + 1 : any->type_url, "value", value);
}

static json_t *details_json(const ErrDetail *detail, Arena *arena)
{
	Str bytes;
	ProtobufCMessage *message;
	json_t *list = json_array();
	if (rpc_status_pack(detail, arena, &bytes) != OK ||
	        wire_unpack(&google__rpc__status__descriptor, bytes, 0, arena, &message) != OK)
		return list;
	const Google__Rpc__Status *status = (const void *)message;
	for (size_t i = 0; i < status->n_details; i++)
		json_array_append_new(list, detail_json(status->details[i], arena));
	return list;
}

Str connect_error(const ErrDetail *detail, Arena *arena)
{
	Str text;
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s, s:s, s:o}", "code", codes[err_status(detail->id)].name, "message",
	        detail->message, "details", details_json(detail, arena));
	return json && json_text(json, false, arena, &text) == OK ? text : (Str){0};
}
