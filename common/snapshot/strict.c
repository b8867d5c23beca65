// One message, one spelling. Protobuf lets a message be written in many ways; signed and content-addressed
// bytes must have one, or else something could hide in them. Instead of a list of forbidden tricks there is a
// single rule: packing what was parsed gives the same bytes. The comparison runs along with the packer and
// needs no second copy of a large blob.
#include "snapshot/internal.h"
#include "wire/wire.h"

typedef struct Comparison {
	ProtobufCBuffer base;
	Str expected; // what is still to come
	bool same;
} Comparison;

static void compare_append(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
	Comparison *comparison = (Comparison *)buffer;
	if (!comparison->same || len > comparison->expected.len ||
	        memcmp(comparison->expected.ptr, data, len)) {
		comparison->same = false;
		return;
	}
	comparison->expected.ptr += len;
	comparison->expected.len -= len;
}

static bool packs_to(const ProtobufCMessage *message, Str bytes)
{
	Comparison comparison = {.base.append = compare_append, .expected = bytes, .same = true};
	protobuf_c_message_pack_to_buffer(message, &comparison.base);
	return comparison.same && comparison.expected.len == 0;
}

static bool has_unknown_fields(const ProtobufCMessage *message);

static bool field_has_unknown(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *member = (const char *)message + field->offset;
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		const ProtobufCMessage *child = *(ProtobufCMessage *const *)member;
		return child && has_unknown_fields(child);
	}
	size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
	ProtobufCMessage *const *children = *(ProtobufCMessage *const *const *)member;
	for (size_t i = 0; i < count; i++) {
		if (has_unknown_fields(children[i]))
			return true;
	}
	return false;
}

// Recursive, but only as deep as the schema, which has no recursive message.
static bool has_unknown_fields(const ProtobufCMessage *message)
{
	if (message->n_unknown_fields)
		return true;
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		if (field->type == PROTOBUF_C_TYPE_MESSAGE && field_has_unknown(message, field))
			return true;
	}
	return false;
}

Err strict_unpack(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields, Err id,
        Arena *arena, ProtobufCMessage **ret)
{
	ProtobufCMessage *message = NULL;
	Err e = wire_unpack(descriptor, bytes, max_fields, arena, &message);
	if (e == ERR_NO_MEMORY)
		return e;
	if (e)
		return err(id, "%s does not parse: %s", descriptor->name,
		        arena_printf(arena, "%s", err_detail()->message));
	if (has_unknown_fields(message))
		return err(id,
		        "%s has a field that this program does not know: use a program that does, or deploy "
		        "again",
		        descriptor->name);
	if (!packs_to(message, bytes))
		return err(id, "%s is not in canonical form: deploy again", descriptor->name);
	*ret = message;
	return OK;
}
