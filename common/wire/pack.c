// Packing backwards. A length stands before what it counts, so whoever packs forwards has to know it first:
// protobuf-c measures every message once for each message around it, and then packs. From the end to the
// beginning each length is known when its turn comes, and one walk is enough. The bytes are those that
// protobuf-c makes: tests hold it to that.
#include "wire/wire.h"
#include "wire/wire_type.h"
#include "wire/write.h"

static void put_message(WireWriter *out, const ProtobufCMessage *message);

static void put_block(WireWriter *out, const void *bytes, size_t len)
{
	wire_raw(out, bytes, len);
	wire_varint(out, len);
}

static void put_submessage(WireWriter *out, const ProtobufCMessage *message)
{
	size_t before = wire_written(out);
	if (message != NULL)
		put_message(out, message);
	wire_varint(out, wire_written(out) - before);
}

static uint64_t zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

// A value without its tag; fixed-width ones are little-endian in memory, as they are on the wire.
static void put_value(WireWriter *out, ProtobufCType type, const void *value)
{
	switch (type) {
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_INT32:
		wire_varint(out, (uint64_t)(int64_t) * (const int32_t *)value);
		return;
	case PROTOBUF_C_TYPE_SINT32:
		wire_varint(out, (uint32_t)zigzag(*(const int32_t *)value));
		return;
	case PROTOBUF_C_TYPE_SINT64:
		wire_varint(out, zigzag(*(const int64_t *)value));
		return;
	case PROTOBUF_C_TYPE_UINT32:
		wire_varint(out, *(const uint32_t *)value);
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		wire_varint(out, *(const uint64_t *)value);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		wire_varint(out, *(const protobuf_c_boolean *)value != 0);
		return;
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(char *const *)value;
		put_block(out, text, text != NULL ? strlen(text) : 0);
		return;
	}
	case PROTOBUF_C_TYPE_BYTES:
		put_block(out, ((const ProtobufCBinaryData *)value)->data,
		        ((const ProtobufCBinaryData *)value)->len);
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		put_submessage(out, *(ProtobufCMessage *const *)value);
		return;
	default:
		wire_raw(out, value, wire_value_size(type));
	}
}

static void put_repeated(
        WireWriter *out, const ProtobufCFieldDescriptor *field, size_t count, const char *items)
{
	size_t size = wire_value_size(field->type);
	bool packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
	size_t before = wire_written(out);
	if (count == 0)
		return;
	for (size_t i = count; i-- > 0 && !wire_full(out);) {
		put_value(out, field->type, items + i * size);
		if (!packed)
			wire_tag(out, field->id, wire_type(field->type));
	}
	if (!packed)
		return;
	wire_message(out, field->id, before);
}

// Whether an optional field or a choice is there.
static bool is_set(const ProtobufCFieldDescriptor *field, const char *message, const void *value)
{
	bool choice = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
	const void *quantifier = message + field->quantifier_offset;
	if (choice && *(const uint32_t *)quantifier != field->id)
		return false;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING)
		return *(void *const *)value != NULL && *(void *const *)value != field->default_value;
	return choice || *(const protobuf_c_boolean *)quantifier != 0;
}

// Of a type that is rare; all bits 0 is nothing, and so is −0, as protobuf-c has it.
static void put_rare(WireWriter *out, const ProtobufCFieldDescriptor *field, const void *value)
{
	bool nothing = field->type == PROTOBUF_C_TYPE_FLOAT ? (*(const uint32_t *)value & INT32_MAX) == 0
	               : wire_value_size(field->type) == 8  ? *(const uint64_t *)value == 0
	                                                    : *(const uint32_t *)value == 0;
	if (nothing)
		return;
	put_value(out, field->type, value);
	wire_tag(out, field->id, wire_type(field->type));
}

// A proto3 field without presence, which is there if it holds anything. Nearly all fields are such ones.
static void put_plain(WireWriter *out, const ProtobufCFieldDescriptor *field, const void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (*(char *const *)value != NULL)
			wire_text(out, field->id, str(*(char *const *)value));
		return;
	case PROTOBUF_C_TYPE_BYTES: {
		const ProtobufCBinaryData *bytes = value;
		wire_text(out, field->id, str_n((const char *)bytes->data, bytes->len));
		return;
	}
	case PROTOBUF_C_TYPE_MESSAGE: {
		const ProtobufCMessage *message = *(ProtobufCMessage *const *)value;
		size_t before = wire_written(out);
		if (message == NULL)
			return;
		put_message(out, message);
		wire_message(out, field->id, before);
		return;
	}
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_INT32:
		wire_uint(out, field->id, (uint64_t)(int64_t) * (const int32_t *)value);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		wire_uint(out, field->id, *(const protobuf_c_boolean *)value != 0);
		return;
	case PROTOBUF_C_TYPE_UINT32:
		wire_uint(out, field->id, *(const uint32_t *)value);
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		wire_uint(out, field->id, *(const uint64_t *)value);
		return;
	case PROTOBUF_C_TYPE_DOUBLE:
		wire_double(out, field->id, *(const double *)value);
		return;
	default:
		put_rare(out, field, value);
	}
}

static void put_field(WireWriter *out, const ProtobufCFieldDescriptor *field, const char *message)
{
	const void *value = message + field->offset;
	bool choice = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		put_repeated(out, field, *(const size_t *)(const void *)(message + field->quantifier_offset),
		        *(const char *const *)value);
	} else if (field->label == PROTOBUF_C_LABEL_NONE && !choice) {
		put_plain(out, field, value);
	} else if (field->label == PROTOBUF_C_LABEL_REQUIRED || is_set(field, message, value)) {
		put_value(out, field->type, value);
		wire_tag(out, field->id, wire_type(field->type));
	}
}

static void put_message(WireWriter *out, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	for (unsigned i = message->n_unknown_fields; i-- > 0;) {
		const ProtobufCMessageUnknownField *field = &message->unknown_fields[i];
		wire_raw(out, field->data, field->len);
		wire_tag(out, field->tag, field->wire_type);
	}
	for (unsigned i = descriptor->n_fields; i-- > 0 && !wire_full(out);)
		put_field(out, &descriptor->fields[i], (const char *)message);
}

bool wire_pack_quick(const ProtobufCMessage *message, Str *ret)
{
	static _Thread_local uint8_t space[WIRE_QUICK_MAX];
	WireWriter out;
	wire_begin_in(&out, space, sizeof space, NULL);
	put_message(&out, message);
	*ret = wire_done(&out);
	return !wire_full(&out);
}
