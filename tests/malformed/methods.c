// Methods are taken from the embedded descriptor set: a method that is added to a .proto is tested without a
// word here.
#include "malformed.h"

#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

extern const uint8_t parley_descriptors[], parley_descriptors_end[];

// Which packages a server serves.
static const struct {
	ServerIndex server;
	const char *package;
} served[] = {
        {DESIGN, "parley.design.v1"},
        {DESIGN, "grpc.health.v1"},
        {DESIGN, "grpc.reflection.v1"},
        {DESIGN, "grpc.reflection.v1alpha"},
        {RUNTIME, "parley.runtime.v1"},
        {RUNTIME, "grpc.health.v1"},
        {RUNTIME, "grpc.reflection.v1"},
        {RUNTIME, "grpc.reflection.v1alpha"},
};

// `rest` is a dotted path of nested messages.
static const Message *nested(Message *const *messages, size_t count, const char *rest)
{
	size_t len = strcspn(rest, ".");

	for (size_t i = 0; i < count; i++) {
		if (strlen(messages[i]->name) != len || strncmp(messages[i]->name, rest, len) != 0)
			continue;
		return rest[len]
		               ? nested(messages[i]->nested_type, messages[i]->n_nested_type, rest + len + 1)
		               : messages[i];
	}
	return NULL;
}

const Message *message_find(const Methods *methods, const char *type_name)
{
	for (size_t i = 0; i < methods->set->n_file; i++) {
		const Google__Protobuf__FileDescriptorProto *file = methods->set->file[i];
		size_t len = strlen(file->package);
		const Message *found;

		if (strncmp(type_name + 1, file->package, len) != 0 || type_name[1 + len] != '.')
			continue;
		found = nested(file->message_type, file->n_message_type, type_name + len + 2);
		if (found)
			return found;
	}
	return NULL;
}

static void add_service(Methods *methods, ServerIndex server, const char *package,
        const Google__Protobuf__ServiceDescriptorProto *service, Arena *arena)
{
	for (size_t i = 0; i < service->n_method; i++) {
		const Google__Protobuf__MethodDescriptorProto *method = service->method[i];

		methods->items[methods->count++] = (Method){
		        .server = server,
		        .path = arena_printf(arena, "/%s.%s/%s", package, service->name, method->name),
		        .input = message_find(methods, method->input_type),
		        .revokes = strcmp(method->name, "Logout") == 0,
		        .endless = method->server_streaming && !method->client_streaming,
		};
	}
}

static size_t method_total(const Google__Protobuf__FileDescriptorSet *set)
{
	size_t total = 0;

	for (size_t i = 0; i < set->n_file; i++)
		for (size_t k = 0; k < set->file[i]->n_service; k++)
			total += set->file[i]->service[k]->n_method;
	return total;
}

void methods_find(Arena *arena, Methods *ret)
{
	ProtobufCAllocator allocator = wire_allocator(arena);

	*ret = (Methods){
	        .set = google__protobuf__file_descriptor_set__unpack(&allocator,
	                (size_t)(parley_descriptors_end - parley_descriptors), parley_descriptors),
	};
	ret->items = ARENA_ARRAY(arena, Method, method_total(ret->set) * SERVER_COUNT);
	for (size_t i = 0; i < ret->set->n_file; i++)
		for (size_t k = 0; k < ARRAY_COUNT(served); k++)
			if (strcmp(ret->set->file[i]->package, served[k].package) == 0)
				for (size_t s = 0; s < ret->set->file[i]->n_service; s++)
					add_service(ret, served[k].server, served[k].package,
					        ret->set->file[i]->service[s], arena);
}
