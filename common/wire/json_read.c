// JSON to messages. Recursion is bounded by WIRE_DEPTH_MAX, counted on the way down; every refusal names the
// field's path.
#include "base/nearest.h"
#include "wire/json_internal.h"
#include "wire/wire.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>

typedef struct Reader {
	Arena *arena;
	unsigned depth;
} Reader;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "the message needs more memory than one call may take; send less at once");
}

static Err message_read(Reader *reader, const json_t *json, const JsonPath *path,
        const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **ret);

static Str text_of(const json_t *json)
{
	return str_n(json_string_value(json), json_string_length(json));
}

// Integers may be written as numbers or as texts.
static Err signed_read(const json_t *json, const JsonPath *path, int64_t min, int64_t max, int64_t *ret)
{
	double real = json_real_value(json);
	bool whole = json_is_real(json) && real == trunc(real) && fabs(real) < 9007199254740992.0;

	if (whole)
		*ret = (int64_t)real;
	else if (json_is_integer(json))
		*ret = json_integer_value(json);
	else if (!json_is_string(json) || !str_to_i64(text_of(json), ret))
		return json_invalid(path, "is not a whole number");
	if (*ret < min || *ret > max)
		return json_invalid(
		        path, "is out of range; write %lld to %lld", (long long)min, (long long)max);
	return OK;
}

static Err unsigned_read(const json_t *json, const JsonPath *path, uint64_t *ret)
{
	int64_t number;

	if (json_is_string(json) && str_to_u64(text_of(json), ret))
		return OK;
	TRY(signed_read(json, path, 0, INT64_MAX, &number));
	*ret = (uint64_t)number;
	return OK;
}

static Err double_read(const json_t *json, const JsonPath *path, double *ret)
{
	Str text = text_of(json);

	if (json_is_number(json))
		*ret = json_number_value(json);
	else if (str_eq(text, STR("NaN")))
		*ret = (double)NAN;
	else if (str_eq(text, STR("Infinity")))
		*ret = (double)INFINITY;
	else if (str_eq(text, STR("-Infinity")))
		*ret = -(double)INFINITY;
	else if (!json_is_string(json) || !str_to_f64(text, ret))
		return json_invalid(path, "is not a number");
	return OK;
}

static Err float_read(const json_t *json, const JsonPath *path, float *ret)
{
	double number;

	TRY(double_read(json, path, &number));
	if (isfinite(number) && fabs(number) > (double)__FLT_MAX__)
		return json_invalid(path, "is out of range of a float");
	*ret = (float)number;
	return OK;
}

static Err enum_unknown(const ProtobufCEnumDescriptor *descriptor, Str name, const JsonPath *path)
{
	size_t prefix = json_enum_prefix(descriptor);
	Nearest near = nearest_to(name);
	char known[256] = "";
	size_t used = 0;

	for (unsigned i = 0; i < descriptor->n_values; i++) {
		const char *value = descriptor->values[i].name + prefix;

		nearest_try(&near, str(value));
		if (descriptor->values[i].value != 0 && used < sizeof known)
			used += (size_t)snprintf(
			        known + used, sizeof known - used, "%s%s", used ? ", " : "", value);
	}
	return json_invalid(
	        path, "'" STR_FMT "' is not one of %s" NEAREST_FMT, STR_ARG(name), known, NEAREST_ARG(near));
}

Err json_enum_read(
        const json_t *json, const JsonPath *path, const ProtobufCEnumDescriptor *descriptor, int32_t *ret)
{
	size_t prefix = json_enum_prefix(descriptor);
	const char *name = json_string_value(json);
	int64_t number;

	if (!name) {
		TRY(signed_read(json, path, INT32_MIN, INT32_MAX, &number));
		*ret = (int32_t)number;
		return OK;
	}
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		const char *known = descriptor->values[i].name;

		if (strcasecmp(name, known) == 0 || strcasecmp(name, known + prefix) == 0) {
			*ret = descriptor->values[i].value;
			return OK;
		}
	}
	return enum_unknown(descriptor, str(name), path);
}

static Err string_read(Reader *reader, const json_t *json, const JsonPath *path, char **ret)
{
	if (!json_is_string(json))
		return json_invalid(path, "is not a text; put it in quotes");
	if (memchr(json_string_value(json), '\0', json_string_length(json)))
		return json_invalid(path, "has a NUL character");
	*ret = arena_cstr(reader->arena, text_of(json));
	return *ret ? OK : no_memory();
}

// Base64, standard or URL-safe, with or without padding.
static Err bytes_read(Reader *reader, const json_t *json, const JsonPath *path, ProtobufCBinaryData *ret)
{
	Str text = text_of(json);
	size_t room = (text.len + 3) / 4 * 4;
	unsigned char *plain = arena_alloc(reader->arena, room + 1);
	int decoded;

	if (!plain)
		return no_memory();
	while (text.len && text.ptr[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++)
		plain[i] = (unsigned char)(text.ptr[i] == '-' ? '+' : text.ptr[i] == '_' ? '/' : text.ptr[i]);
	room = (text.len + 3) / 4 * 4;
	memset(plain + text.len, 'A', room - text.len);
	if (!json_is_string(json) || text.len % 4 == 1 || room > INT32_MAX || memchr(plain, '=', text.len))
		return json_invalid(path, "is not base64");
	ret->data = arena_alloc(reader->arena, room + 1);
	if (!ret->data)
		return no_memory();
	decoded = EVP_DecodeBlock(ret->data, plain, (int)room);
	if (decoded < 0)
		return json_invalid(path, "is not base64");
	ret->len = (size_t)decoded - (room - text.len);
	return OK;
}

// The number types of 32 and 64 bits; false if the type is another.
static bool is_number(ProtobufCType type)
{
	return type <= PROTOBUF_C_TYPE_DOUBLE;
}

static Err number_read(const json_t *json, const JsonPath *path, ProtobufCType type, void *ret)
{
	int64_t number;

	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		TRY(signed_read(json, path, INT32_MIN, INT32_MAX, &number));
		*(int32_t *)ret = (int32_t)number;
		return OK;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		TRY(signed_read(json, path, 0, UINT32_MAX, &number));
		*(uint32_t *)ret = (uint32_t)number;
		return OK;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return unsigned_read(json, path, ret);
	case PROTOBUF_C_TYPE_FLOAT:
		return float_read(json, path, ret);
	case PROTOBUF_C_TYPE_DOUBLE:
		return double_read(json, path, ret);
	default:
		return signed_read(json, path, INT64_MIN, INT64_MAX, ret);
	}
}

static Err value_read(Reader *reader, const json_t *json, const JsonPath *path,
        const ProtobufCFieldDescriptor *field, void *ret)
{
	if (is_number(field->type))
		return number_read(json, path, field->type, ret);
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(json))
			return json_invalid(path, "is neither true nor false");
		*(protobuf_c_boolean *)ret = json_is_true(json);
		return OK;
	case PROTOBUF_C_TYPE_ENUM:
		return json_enum_read(json, path, field->descriptor, ret);
	case PROTOBUF_C_TYPE_STRING:
		return string_read(reader, json, path, ret);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_read(reader, json, path, ret);
	default:
		return message_read(reader, json, path, field->descriptor, ret);
	}
}

static Err list_read(Reader *reader, const json_t *json, const JsonPath *path,
        const ProtobufCFieldDescriptor *field, size_t *ret_count, char **ret)
{
	size_t size = wire_value_size(field->type), count = json_array_size(json);

	if (!json_is_array(json))
		return json_invalid(path, "is not a list");
	*ret = arena_alloc_array(reader->arena, size, count ? count : 1);
	if (!*ret)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		const JsonPath at = {path->up, path->name, i};

		TRY(value_read(reader, json_array_get(json, i), &at, field, *ret + i * size));
	}
	*ret_count = count;
	return OK;
}

static Err map_read(Reader *reader, const json_t *json, const JsonPath *path,
        const ProtobufCFieldDescriptor *field, size_t *ret_count, ProtobufCMessage ***ret)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	void *at = json_is_object(json) ? json_object_iter((json_t *)(uintptr_t)json) : NULL;

	if (!json_is_object(json))
		return json_invalid(path, "is not an object of names and texts");
	*ret = ARENA_ARRAY(reader->arena, ProtobufCMessage *, json_object_size(json) + 1);
	for (; *ret && at; at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
		ProtobufCMessage *made = arena_alloc(reader->arena, entry->sizeof_message);
		const JsonPath inner = {path, json_object_iter_key(at), SIZE_MAX};
		char **key;

		if (!made)
			return no_memory();
		entry->message_init(made);
		key = json_member(made, entry->fields[0].offset);
		*key = arena_cstr(reader->arena, str(inner.name));
		if (!*key)
			return no_memory();
		TRY(string_read(reader, json_object_iter_value(at), &inner,
		        json_member(made, entry->fields[1].offset)));
		(*ret)[(*ret_count)++] = made;
	}
	return *ret ? OK : no_memory();
}

static Err field_read(Reader *reader, const json_t *json, const JsonPath *path,
        const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	void *value = json_member(message, field->offset);
	void *quantifier = json_member(message, field->quantifier_offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		if (json_is_map(field))
			return map_read(reader, json, path, field, quantifier, value);
		return list_read(reader, json, path, field, quantifier, value);
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *which = quantifier;
		const ProtobufCFieldDescriptor *other =
		        *which ? protobuf_c_message_descriptor_get_field(message->descriptor, *which) : NULL;

		if (other)
			return json_invalid(
			        path, "and '%s' exclude each other; give one of them", other->name);
		*which = field->id;
		memset(value, 0, wire_value_size(field->type));
	}
	return value_read(reader, json, path, field, value);
}

static Err member_unknown(
        const ProtobufCMessageDescriptor *descriptor, const char *name, const JsonPath *path)
{
	Nearest near = nearest_to(str(name));
	const JsonPath at = {path, name, SIZE_MAX};
	char where[192];

	for (unsigned i = 0; i < descriptor->n_fields; i++)
		nearest_try(&near, str(descriptor->fields[i].name));
	json_path_write(&at, where, sizeof where);
	return err_at(ERR_FIELD_UNKNOWN, where, "%s has no field '%s'" NEAREST_FMT, descriptor->short_name,
	        name, NEAREST_ARG(near));
}

static Err members_read(Reader *reader, const json_t *json, const JsonPath *path, ProtobufCMessage *message)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		const ProtobufCFieldDescriptor *field = json_field(message->descriptor, str(name));
		const JsonPath at = {path, name, SIZE_MAX};

		if (!field)
			return member_unknown(message->descriptor, name, path);
		if (strcmp(name, field->name) != 0 && json_object_get(json, field->name))
			return json_invalid(&at, "is given twice, also as '%s'", field->name);
		if (!json_is_null(value))
			TRY(field_read(reader, value, &at, field, message));
	}
	return OK;
}

static Err message_read(Reader *reader, const json_t *json, const JsonPath *path,
        const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **ret)
{
	const JsonSpecial *special = json_special(descriptor);
	ProtobufCMessage *message = arena_alloc(reader->arena, descriptor->sizeof_message);

	if (!message)
		return no_memory();
	descriptor->message_init(message);
	*ret = message;
	if (special && !(special->object_too && json_is_object(json)))
		return special->read(json, path, reader->arena, message);
	if (!json_is_object(json))
		return json_invalid(path, "is not an object with the fields of %s", descriptor->short_name);
	if (reader->depth == WIRE_DEPTH_MAX)
		return err(ERR_LIMIT, "%s is nested too deep (at most %d messages)", descriptor->short_name,
		        WIRE_DEPTH_MAX);
	reader->depth++;
	TRY(members_read(reader, json, path, message));
	reader->depth--;
	return OK;
}

Err json_to_message(const json_t *json, const ProtobufCMessageDescriptor *descriptor, Arena *arena,
        ProtobufCMessage **ret)
{
	Reader reader = {.arena = arena};

	return message_read(&reader, json, NULL, descriptor, ret);
}
