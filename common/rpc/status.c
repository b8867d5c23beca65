// Errors on the wire: the gRPC status and message for everybody, and google.rpc.Status in
// grpc-status-details-bin for programs. Each part is bounded so that all of them stay below the 8 KiB of
// trailers that stock clients take.
#include "rpc/internal.h"

#include "base/cleanup.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/wire.h"

#include <grpc/slice.h>
#include <stdio.h>

#define TYPE_URL "type.googleapis.com/"
#define DOMAIN   "parley"

// A message, its copy in a BadRequest, and the small parts.
enum { STATUS_MAX = 3 * sizeof(ErrDetail) };

static const char trailer_name[] = "grpc-status-details-bin";

// One detail, packed; the largest is a BadRequest with a whole message.
typedef struct Detail {
	Google__Protobuf__Any any;
	uint8_t bytes[sizeof(ErrDetail) + 64];
} Detail;

static void detail_pack(const char *type_url, const ProtobufCMessage *message, Detail *ret)
{
	google__protobuf__any__init(&ret->any);
	ret->any.type_url = (char *)type_url;
	ret->any.value.data = ret->bytes;
	ret->any.value.len = protobuf_c_message_pack(message, ret->bytes);
}

static void pack_error_info(const ErrDetail *failure, Detail *ret)
{
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

	info.reason = (char *)err_reason(failure->id);
	info.domain = (char *)DOMAIN;
	detail_pack(TYPE_URL "google.rpc.ErrorInfo", &info.base, ret);
}

static void pack_bad_request(const ErrDetail *failure, Detail *ret)
{
	Google__Rpc__BadRequest__FieldViolation violation = GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT;
	Google__Rpc__BadRequest__FieldViolation *violations[] = {&violation};
	Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;

	violation.field = (char *)failure->field;
	violation.description = (char *)failure->message;
	request.field_violations = violations;
	request.n_field_violations = 1;
	detail_pack(TYPE_URL "google.rpc.BadRequest", &request.base, ret);
}

static void pack_retry_info(const ErrDetail *failure, Detail *ret)
{
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;

	delay.seconds = failure->retry_after_ms / 1000;
	delay.nanos = failure->retry_after_ms % 1000 * 1000000;
	retry.retry_delay = &delay;
	detail_pack(TYPE_URL "google.rpc.RetryInfo", &retry.base, ret);
}

// `bytes` has room for STATUS_MAX.
static size_t pack_status(const ErrDetail *failure, uint8_t *bytes)
{
	Detail details[3];
	Google__Protobuf__Any *list[3];
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;

	pack_error_info(failure, &details[status.n_details++]);
	if (failure->field[0])
		pack_bad_request(failure, &details[status.n_details++]);
	if (failure->retry_after_ms > 0)
		pack_retry_info(failure, &details[status.n_details++]);
	for (size_t i = 0; i < status.n_details; i++)
		list[i] = &details[i].any;
	status.details = list;
	status.code = err_status(failure->id);
	status.message = (char *)failure->message;
	return google__rpc__status__pack(&status, bytes);
}

Err rpc_status_pack(const ErrDetail *failure, Arena *arena, Str *ret)
{
	uint8_t *bytes = arena_alloc(arena, STATUS_MAX);

	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for a status");
	*ret = str_n((const char *)bytes, pack_status(failure, bytes));
	return OK;
}

ErrDetail status_failure(Err e)
{
	ErrDetail failure = *err_detail();

	if (failure.id != e) {
		failure = (ErrDetail){.id = e};
		snprintf(failure.message, sizeof(failure.message), "%s", err_text(e));
	}
	if (!str_is_utf8(str(failure.message)))
		snprintf(failure.message, sizeof(failure.message), "%s", err_text(e));
	if (!str_is_utf8(str(failure.field)))
		failure.field[0] = '\0';
	return failure;
}

void status_make(Err e, Status *ret)
{
	ErrDetail failure = status_failure(e);
	uint8_t details[STATUS_MAX];
	size_t len = pack_status(&failure, details);

	*ret = (Status){
	        .code = (grpc_status_code)err_status(e),
	        .message = grpc_slice_from_copied_string(failure.message),
	        .details = {.key = grpc_slice_from_static_string(trailer_name),
	                .value = grpc_slice_from_copied_buffer((const char *)details, len)},
	};
}

void status_free(Status *status)
{
	grpc_slice_unref(status->message);
	grpc_slice_unref(status->details.value);
}

void status_op(Status *status, grpc_op *ret)
{
	ret->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ret->data.send_status_from_server.status = status->code;
	ret->data.send_status_from_server.status_details = &status->message;
	ret->data.send_status_from_server.trailing_metadata = &status->details;
	ret->data.send_status_from_server.trailing_metadata_count = 1;
}

// --- reading, on the client's side: what comes from a server is not trusted more than a request ---

static void read_error_info(const ProtobufCMessage *message, ErrDetail *ret)
{
	const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)message;

	if (strcmp(info->domain, DOMAIN) == 0)
		ret->id = err_by_reason(str(info->reason));
}

static void read_bad_request(const ProtobufCMessage *message, ErrDetail *ret)
{
	const Google__Rpc__BadRequest *request = (const Google__Rpc__BadRequest *)message;

	if (request->n_field_violations > 0)
		snprintf(ret->field, sizeof(ret->field), "%s", request->field_violations[0]->field);
}

static void read_retry_info(const ProtobufCMessage *message, ErrDetail *ret)
{
	const Google__Rpc__RetryInfo *retry = (const Google__Rpc__RetryInfo *)message;
	const Google__Protobuf__Duration *delay = retry->retry_delay;

	if (delay && delay->seconds >= 0 && delay->seconds < 1000000 && delay->nanos >= 0)
		ret->retry_after_ms = (int)delay->seconds * 1000 + delay->nanos / 1000000;
}

static const struct {
	const char *type_url;
	const ProtobufCMessageDescriptor *descriptor;
	void (*read)(const ProtobufCMessage *message, ErrDetail *ret);
} readers[] = {
        {TYPE_URL "google.rpc.ErrorInfo", &google__rpc__error_info__descriptor, read_error_info},
        {TYPE_URL "google.rpc.BadRequest", &google__rpc__bad_request__descriptor, read_bad_request},
        {TYPE_URL "google.rpc.RetryInfo", &google__rpc__retry_info__descriptor, read_retry_info},
};

static void read_detail(const Google__Protobuf__Any *any, Arena *arena, ErrDetail *ret)
{
	ProtobufCMessage *message;

	for (size_t i = 0; i < ARRAY_COUNT(readers); i++)
		if (strcmp(any->type_url, readers[i].type_url) == 0 &&
		        wire_unpack(readers[i].descriptor,
		                str_n((const char *)any->value.data, any->value.len), 0, arena,
		                &message) == OK)
			readers[i].read(message, ret);
}

void status_read(const grpc_metadata_array *trailers, ErrDetail *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(8192, 1024 * 1024);
	ProtobufCMessage *message;

	for (size_t i = 0; arena && i < trailers->count; i++) {
		grpc_slice value = trailers->metadata[i].value;
		const Google__Rpc__Status *status;

		if (grpc_slice_str_cmp(trailers->metadata[i].key, trailer_name) != 0 ||
		        wire_unpack(&google__rpc__status__descriptor,
		                str_n((const char *)GRPC_SLICE_START_PTR(value), GRPC_SLICE_LENGTH(value)), 0,
		                arena, &message) != OK)
			continue;
		status = (const Google__Rpc__Status *)message;
		snprintf(ret->message, sizeof(ret->message), "%s", status->message);
		for (size_t k = 0; k < status->n_details; k++)
			read_detail(status->details[k], arena, ret);
	}
}

Err status_err(int code)
{
	static const Err by_code[] = {
	        [0] = OK,
	        [1] = ERR_UNAVAILABLE, // we never cancel: the server was cut off
	        [3] = ERR_FIELD_INVALID,
	        [4] = ERR_TIMEOUT,
	        [5] = ERR_RESOURCE_NOT_FOUND,
	        [6] = ERR_RESOURCE_EXISTS,
	        [7] = ERR_PERMISSION_DENIED,
	        [8] = ERR_LIMIT,
	        [9] = ERR_CONFIG_INVALID,
	        [10] = ERR_DB_CONFLICT,
	        [11] = ERR_FIELD_INVALID,
	        [12] = ERR_METHOD_UNKNOWN,
	        [14] = ERR_UNAVAILABLE,
	        [16] = ERR_UNAUTHENTICATED,
	};

	if (code == 0)
		return OK;
	if (code < 0 || code >= (int)ARRAY_COUNT(by_code) || by_code[code] == OK)
		return ERR_INTERNAL;
	return by_code[code];
}
