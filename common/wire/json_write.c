// Messages to JSON. Fields stand in the order of their numbers, so that the same message is always the same
// text.
#include "base/cleanup.h"
#include "wire/json_internal.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <math.h>
#include <openssl/evp.h>

static Err finish(json_t *json, json_t **ret)
{
	if (!json)
		return err(ERR_FIELD_INVALID, "a text is not UTF-8, or memory is out");
	*ret = json;
	return OK;
}

static json_t *signed_write(int64_t value, unsigned style)
{
	return style & JSON_PLAIN_INTS ? json_integer(value) : json_sprintf("%" PRId64, value);
}

static json_t *unsigned_write(uint64_t value, unsigned style)
{
	if (style & JSON_PLAIN_INTS && value <= INT64_MAX)
		return json_integer((json_int_t)value);
	return json_sprintf("%" PRIu64, value);
}

static json_t *double_write(double value, unsigned style)
{
	if (style & JSON_PLAIN_INTS && value == trunc(value) && fabs(value) < 1e15 &&
	        !(value == 0 && signbit(value)))
		return json_integer((json_int_t)value);
	if (isfinite(value))
		return json_real(value);
	return json_string(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

static json_t *enum_write(const ProtobufCEnumDescriptor *descriptor, int32_t value, unsigned style)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);

	if (!known)
		return json_integer(value);
	return json_string(known->name + (style & JSON_SHORT_ENUMS ? json_enum_prefix(descriptor) : 0));
}

static json_t *bytes_write(const ProtobufCBinaryData *bytes)
{
	size_t size = (bytes->len + 2) / 3 * 4 + 1;
	unsigned char *text = bytes->len > INT32_MAX / 2 ? NULL : malloc(size);
	json_t *json;

	if (!text)
		return NULL;
	json = json_stringn((char *)text, (size_t)EVP_EncodeBlock(text, bytes->data, (int)bytes->len));
	free(text);
	return json;
}

static Err value_write(const ProtobufCFieldDescriptor *field, const void *value, unsigned style, json_t **ret)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return finish(json_integer(*(const int32_t *)value), ret);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return finish(json_integer(*(const uint32_t *)value), ret);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return finish(signed_write(*(const int64_t *)value, style), ret);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return finish(unsigned_write(*(const uint64_t *)value, style), ret);
	case PROTOBUF_C_TYPE_FLOAT:
		return finish(double_write((double)*(const float *)value, style), ret);
	case PROTOBUF_C_TYPE_DOUBLE:
		return finish(double_write(*(const double *)value, style), ret);
	case PROTOBUF_C_TYPE_BOOL:
		return finish(json_boolean(*(const protobuf_c_boolean *)value), ret);
	case PROTOBUF_C_TYPE_ENUM:
		return finish(enum_write(field->descriptor, *(const int32_t *)value, style), ret);
	case PROTOBUF_C_TYPE_STRING:
		return finish(json_string(*(char *const *)value), ret);
	case PROTOBUF_C_TYPE_BYTES:
		return finish(bytes_write(value), ret);
	case PROTOBUF_C_TYPE_MESSAGE:
		return json_from_message(*(ProtobufCMessage *const *)value, style, ret);
	}
	return err(ERR_NOT_SUPPORTED, "field %s has a type without a JSON form", field->name);
}

static Err map_write(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *const *entries,
        size_t count, json_t **ret)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	CLEANUP(json_decrefp_) json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		const char *const *key = json_member(entries[i], entry->fields[0].offset);
		const char *const *value = json_member(entries[i], entry->fields[1].offset);

		if (json_object_set_new(object, *key, json_string(*value)))
			return finish(NULL, ret);
	}
	return finish(STEAL(object), ret);
}

static Err list_write(
        const ProtobufCFieldDescriptor *field, const char *items, size_t count, unsigned style, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *item;

		TRY(value_write(field, items + i * wire_value_size(field->type), style, &item));
		if (json_array_append_new(array, item))
			return finish(NULL, ret);
	}
	return finish(STEAL(array), ret);
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *value)
{
	const char *text;

	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(const void *const *)value;
	case PROTOBUF_C_TYPE_STRING:
		text = *(const char *const *)value;
		return !text || !*text;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)value)->len == 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)value == 0 && !signbit(*(const double *)value);
	default:
		return memcmp(value, &(const uint64_t){0}, wire_value_size(field->type)) == 0;
	}
}

// Leaves *ret NULL if the field is not to be written.
static Err field_write(
        const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, unsigned style, json_t **ret)
{
	const void *value = json_member(message, field->offset);
	const void *quantifier = json_member(message, field->quantifier_offset);
	size_t count;

	*ret = NULL;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		count = *(const size_t *)quantifier;
		if (!count)
			return OK;
		if (json_is_map(field))
			return map_write(field, *(const ProtobufCMessage *const *const *)value, count, ret);
		return list_write(field, *(const char *const *)value, count, style, ret);
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*(const uint32_t *)quantifier != field->id)
			return OK;
		return value_write(field, value, style, ret);
	}
	return is_default(field, value) ? OK : value_write(field, value, style, ret);
}

Err json_from_message(const ProtobufCMessage *message, unsigned style, json_t **ret)
{
	const JsonSpecial *special = json_special(message->descriptor);
	CLEANUP(json_decrefp_) json_t *object = NULL;

	if (special && special->write && (!special->style || style & special->style))
		return special->write(message, style, ret);
	object = json_object();
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		char camel[JSON_NAME_SIZE];
		json_t *value;

		TRY(field_write(message, field, style, &value));
		json_camel(field->name, camel);
		if (value &&
		        json_object_set_new(object, style & JSON_SNAKE_CASE ? field->name : camel, value))
			return finish(NULL, ret);
	}
	return finish(STEAL(object), ret);
}
