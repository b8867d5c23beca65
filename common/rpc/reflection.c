// grpc.reflection v1 and v1alpha, which are the same on the wire, from the descriptor set that the build
// embeds. Only services that the server has are listed; any file of the set may be asked for, and comes with
// all that it imports, so that a client needs one question.
#include "rpc/internal.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "wire/wire.h"

typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__ServiceDescriptorProto Service;
typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;

enum { MAX_STREAMS = 96 }; // health watchers included

extern const uint8_t parley_descriptors[], parley_descriptors_end[];

struct Reflection {
	Google__Protobuf__FileDescriptorSet *set;
};

Err reflection_new(RpcServer *server)
{
	ProtobufCAllocator allocator = wire_allocator(server->arena);

	server->reflection = ARENA_NEW(server->arena, Reflection);
	if (server->reflection)
		server->reflection->set = google__protobuf__file_descriptor_set__unpack(&allocator,
		        (size_t)(parley_descriptors_end - parley_descriptors), parley_descriptors);
	return server->reflection && server->reflection->set
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for descriptors");
}

// --- finding a symbol's file: "package.Message.Nested", "package.Service.Method", … ---

static Str first_part(Str *rest)
{
	const char *dot = memchr(rest->ptr, '.', rest->len);
	Str part = dot ? str_n(rest->ptr, (size_t)(dot - rest->ptr)) : *rest;

	*rest = dot ? str_n(dot + 1, rest->len - part.len - 1) : (Str){0};
	return part;
}

static bool message_has(const Message *message, Str rest)
{
	Str part;

	if (rest.len == 0)
		return true;
	part = first_part(&rest);
	for (size_t i = 0; i < message->n_nested_type; i++)
		if (str_eq(part, str(message->nested_type[i]->name)))
			return message_has(message->nested_type[i], rest);
	for (size_t i = 0; i < message->n_enum_type; i++)
		if (str_eq(part, str(message->enum_type[i]->name)))
			return true;
	for (size_t i = 0; i < message->n_field; i++)
		if (rest.len == 0 && str_eq(part, str(message->field[i]->name)))
			return true;
	return false;
}

static bool service_has(const Service *service, Str rest)
{
	for (size_t i = 0; i < service->n_method; i++)
		if (str_eq(rest, str(service->method[i]->name)))
			return true;
	return rest.len == 0;
}

static bool file_has(const File *file, Str symbol)
{
	Str package = str(file->package), part;

	if (!str_starts(symbol, package) || symbol.len <= package.len || symbol.ptr[package.len] != '.')
		return false;
	symbol = str_n(symbol.ptr + package.len + 1, symbol.len - package.len - 1);
	part = first_part(&symbol);
	for (size_t i = 0; i < file->n_message_type; i++)
		if (str_eq(part, str(file->message_type[i]->name)))
			return message_has(file->message_type[i], symbol);
	for (size_t i = 0; i < file->n_service; i++)
		if (str_eq(part, str(file->service[i]->name)))
			return service_has(file->service[i], symbol);
	for (size_t i = 0; i < file->n_enum_type; i++)
		if (symbol.len == 0 && str_eq(part, str(file->enum_type[i]->name)))
			return true;
	return false;
}

static const File *file_by_symbol(const Reflection *reflection, const char *symbol)
{
	for (size_t i = 0; i < reflection->set->n_file; i++)
		if (file_has(reflection->set->file[i], str(symbol)))
			return reflection->set->file[i];
	return NULL;
}

static const File *file_by_name(const Reflection *reflection, const char *name)
{
	for (size_t i = 0; i < reflection->set->n_file; i++)
		if (strcmp(reflection->set->file[i]->name, name) == 0)
			return reflection->set->file[i];
	return NULL;
}

// --- answers ---

typedef struct Answer {
	const RpcServer *server;
	Arena *arena;
	Response response;
} Answer;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for descriptors: try again later");
}

static Err answer_error(Answer *answer, int code, const char *what, const char *name)
{
	Grpc__Reflection__V1__ErrorResponse *error =
	        ARENA_NEW(answer->arena, Grpc__Reflection__V1__ErrorResponse);

	if (!error)
		return no_memory();
	grpc__reflection__v1__error_response__init(error);
	error->error_code = code;
	error->error_message = arena_printf(answer->arena, "no %s %.200s here", what, name);
	answer->response.message_response_case =
	        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	answer->response.error_response = error;
	return error->error_message ? OK : no_memory();
}

// Adds `file` and, before anything else is added twice, all that it imports.
static Err collect(const Reflection *reflection, const File *file, const File **found, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (found[i] == file)
			return OK;
	found[(*count)++] = file;
	for (size_t i = 0; i < file->n_dependency; i++) {
		const File *import = file_by_name(reflection, file->dependency[i]);

		if (import)
			TRY(collect(reflection, import, found, count));
	}
	return OK;
}

static Err answer_file(Answer *answer, const File *file, const char *what, const char *name)
{
	const Reflection *reflection = answer->server->reflection;
	size_t most = reflection->set->n_file;
	Grpc__Reflection__V1__FileDescriptorResponse *files =
	        ARENA_NEW(answer->arena, Grpc__Reflection__V1__FileDescriptorResponse);
	const File **found = ARENA_ARRAY(answer->arena, const File *, most);

	if (!file)
		return answer_error(answer, GRPC_STATUS_NOT_FOUND, what, name);
	if (!files || !found)
		return no_memory();
	grpc__reflection__v1__file_descriptor_response__init(files);
	TRY(collect(reflection, file, found, &files->n_file_descriptor_proto));
	files->file_descriptor_proto =
	        ARENA_ARRAY(answer->arena, ProtobufCBinaryData, files->n_file_descriptor_proto);
	if (!files->file_descriptor_proto)
		return no_memory();
	for (size_t i = 0; i < files->n_file_descriptor_proto; i++) {
		Str packed;

		TRY(wire_pack(&found[i]->base, answer->arena, &packed));
		files->file_descriptor_proto[i] = (ProtobufCBinaryData){packed.len, (uint8_t *)packed.ptr};
	}
	answer->response.message_response_case =
	        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
	answer->response.file_descriptor_response = files;
	return OK;
}

static Err by_filename(Answer *answer, const Request *request)
{
	const char *name = request->file_by_filename;

	return answer_file(answer, file_by_name(answer->server->reflection, name), "file", name);
}

static Err by_symbol(Answer *answer, const Request *request)
{
	const char *name = request->file_containing_symbol;

	return answer_file(answer, file_by_symbol(answer->server->reflection, name), "symbol", name);
}

static Err by_extension(Answer *answer, const Request *request)
{
	return answer_error(answer, GRPC_STATUS_NOT_FOUND, "extension of",
	        request->file_containing_extension->containing_type);
}

// None of our messages has extensions.
static Err extension_numbers(Answer *answer, const Request *request)
{
	const char *type = request->all_extension_numbers_of_type;
	Grpc__Reflection__V1__ExtensionNumberResponse *numbers =
	        ARENA_NEW(answer->arena, Grpc__Reflection__V1__ExtensionNumberResponse);

	if (!file_by_symbol(answer->server->reflection, type))
		return answer_error(answer, GRPC_STATUS_NOT_FOUND, "type", type);
	if (!numbers)
		return no_memory();
	grpc__reflection__v1__extension_number_response__init(numbers);
	numbers->base_type_name = (char *)type;
	answer->response.message_response_case =
	        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
	answer->response.all_extension_numbers_response = numbers;
	return OK;
}

static Err add_service(Grpc__Reflection__V1__ListServiceResponse *list, const char *name, Arena *arena)
{
	Grpc__Reflection__V1__ServiceResponse *service;

	for (size_t i = 0; i < list->n_service; i++)
		if (strcmp(list->service[i]->name, name) == 0)
			return OK;
	service = ARENA_NEW(arena, Grpc__Reflection__V1__ServiceResponse);
	if (!service)
		return no_memory();
	grpc__reflection__v1__service_response__init(service);
	service->name = (char *)name;
	list->service[list->n_service++] = service;
	return OK;
}

static Err list_services(Answer *answer, const Request *request)
{
	Grpc__Reflection__V1__ListServiceResponse *list =
	        ARENA_NEW(answer->arena, Grpc__Reflection__V1__ListServiceResponse);

	(void)request;
	if (!list)
		return no_memory();
	grpc__reflection__v1__list_service_response__init(list);
	list->service = ARENA_ARRAY(
	        answer->arena, Grpc__Reflection__V1__ServiceResponse *, answer->server->method_count + 2);
	if (!list->service)
		return no_memory();
	for (const Method *method = answer->server->methods; method; method = method->next)
		TRY(add_service(list, method->service_descriptor->name, answer->arena));
	TRY(add_service(list, "grpc.reflection.v1.ServerReflection", answer->arena));
	TRY(add_service(list, "grpc.reflection.v1alpha.ServerReflection", answer->arena));
	answer->response.message_response_case =
	        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	answer->response.list_services_response = list;
	return OK;
}

static Err (*const answers[])(Answer *answer, const Request *request) = {
        [GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME] = by_filename,
        [GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL] = by_symbol,
        [GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION] =
                by_extension,
        [GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE] =
                extension_numbers,
        [GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES] = list_services,
};

static Err respond(Stream *stream, Str bytes, Arena *arena)
{
	Answer answer = {stream->server, arena, GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT};
	ProtobufCMessage *message;
	Request *request;

	TRY(wire_unpack(
	        &grpc__reflection__v1__server_reflection_request__descriptor, bytes, 0, arena, &message));
	request = (Request *)message;
	if (request->message_request_case ==
	        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET)
		return err(ERR_REQUEST_MALFORMED,
		        "the reflection request asks nothing: set one of its alternatives");
	answer.response.valid_host = request->host;
	answer.response.original_request = request;
	TRY(answers[request->message_request_case](&answer, request));
	stream_send(stream, &answer.response.base);
	return OK;
}

static void asked(Stream *stream, Str bytes, Arena *arena)
{
	Err e = respond(stream, bytes, arena);

	if (e != OK)
		stream_end(stream, e);
}

static void half_closed(Stream *stream)
{
	stream_end(stream, OK);
}

const StreamKind reflection_v1 = {
        .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        .max_streams = MAX_STREAMS,
        .message = asked,
        .half_closed = half_closed,
        .sent = stream_receive,
};

const StreamKind reflection_v1alpha = {
        .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        .max_streams = MAX_STREAMS,
        .message = asked,
        .half_closed = half_closed,
        .sent = stream_receive,
};
