// The only place of the design server that walks protobuf-c's descriptors by hand (JSON does so in
// common/wire).
#include "admin/message.h"

#include "base/clock.h"
#include "wire/wire.h"

#include "wire/timestamp.h"

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessage *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

void *message_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)(uintptr_t)message + field->offset;
}

// A repeated field's count, or a oneof's case.
static void *quantifier_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)(uintptr_t)message + field->quantifier_offset;
}

static bool in_oneof(const ProtobufCFieldDescriptor *field)
{
	return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

static bool is_chosen(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	uint32_t chosen;
	memcpy(&chosen, quantifier_at(message, field), sizeof(chosen));
	return chosen == field->id;
}

bool message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	static const char zeros[sizeof(ProtobufCBinaryData)];
	const void *at = message_at(message, field);
	if (in_oneof(field))
		return is_chosen(message, field);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)quantifier_at(message, field) > 0;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return *(char *const *)at && **(char *const *)at;
	return memcmp(at, zeros, wire_value_size(field->type)) != 0;
}

// The singular field of that name and type if it holds something.
static const void *find(const ProtobufCMessage *message, const char *name, ProtobufCType type)
{
	const ProtobufCFieldDescriptor *field = message_field(message, name);
	if (!field || field->type != type || field->label == PROTOBUF_C_LABEL_REPEATED ||
	        !message_has(message, field))
		return NULL;
	return message_at(message, field);
}

Str message_str(const ProtobufCMessage *message, const char *field)
{
	char *const *at = find(message, field, PROTOBUF_C_TYPE_STRING);
	return str(at ? *at : NULL);
}

bool message_bool(const ProtobufCMessage *message, const char *field)
{
	const protobuf_c_boolean *at = find(message, field, PROTOBUF_C_TYPE_BOOL);
	return at && *at;
}

int32_t message_i32(const ProtobufCMessage *message, const char *field)
{
	const int32_t *at = find(message, field, PROTOBUF_C_TYPE_INT32);
	return at ? *at : 0;
}

ProtobufCMessage *message_sub(const ProtobufCMessage *message, const char *field)
{
	ProtobufCMessage *const *at = find(message, field, PROTOBUF_C_TYPE_MESSAGE);
	return at ? *at : NULL;
}

const void *message_items(
        const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t *ret_count)
{
	*ret_count = *(const size_t *)quantifier_at(message, field);
	return *(const void *const *)message_at(message, field);
}

bool message_time(const ProtobufCMessage *message, const char *field, int64_t *ret_us)
{
	const Google__Protobuf__Timestamp *time = (const void *)message_sub(message, field);
	if (time)
		*ret_us = time->seconds * US_PER_S + time->nanos / 1000;
	return time;
}

ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor, Arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
	if (message)
		descriptor->message_init(message);
	return message;
}

ProtobufCMessage *message_clone(const ProtobufCMessage *message, Arena *arena)
{
	ProtobufCMessage *copy = arena_alloc(arena, message->descriptor->sizeof_message);
	if (copy)
		memcpy(copy, message, message->descriptor->sizeof_message);
	return copy;
}

void message_set_str(ProtobufCMessage *message, const char *field, const char *value)
{
	*(const char **)message_at(message, message_field(message, field)) = value;
}

void message_set_sub(ProtobufCMessage *message, const char *field, ProtobufCMessage *value)
{
	*(ProtobufCMessage **)message_at(message, message_field(message, field)) = value;
}

void message_set_list(ProtobufCMessage *message, const char *field, ProtobufCMessage **items, size_t count)
{
	const ProtobufCFieldDescriptor *descriptor = message_field(message, field);
	*(ProtobufCMessage ***)message_at(message, descriptor) = items;
	*(size_t *)quantifier_at(message, descriptor) = count;
}

Err message_set_time(ProtobufCMessage *message, const char *field, int64_t us, Arena *arena)
{
	Google__Protobuf__Timestamp *time = wire_timestamp(us, arena);
	if (!time)
		return err(ERR_NO_MEMORY, "no memory for a timestamp");
	message_set_sub(message, field, &time->base);
	return OK;
}

void message_copy_field(
        ProtobufCMessage *to, const ProtobufCMessage *from, const ProtobufCFieldDescriptor *field)
{
	if (in_oneof(field)) {
		if (is_chosen(from, field))
			memcpy(quantifier_at(to, field), &field->id, sizeof(field->id));
		else if (is_chosen(to, field))
			memset(quantifier_at(to, field), 0, sizeof(field->id));
		else
			return; // another member is chosen, and this one does not replace it
	}
	size_t size = wire_value_size(field->type);
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size = sizeof(void *);
		memcpy(quantifier_at(to, field), quantifier_at(from, field), sizeof(size_t));
	}
	memcpy(message_at(to, field), message_at(from, field), size);
}
