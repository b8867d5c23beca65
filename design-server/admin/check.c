// The generic part of validation, driven by descriptors and the kind's row.
#include "admin/check.h"

#include "admin/message.h"
#include "base/clock.h"
#include "wire/wire.h"

#include "google/protobuf/timestamp.pb-c.h"

#include <stdio.h>

enum { NAME_MAX_LEN = 63, DISPLAY_NAME_MAX = 200, TEXT_MAX = 16384, FIELD_PATH_SIZE = 160 };

Err check_fail(const Check *check, Err id, const char *field, const char *fmt, ...)
{
	char path[192], message[900];
	va_list args;
	snprintf(path, sizeof(path), "%s.%s", check->kind->field, field);
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	return err_at(id, path, "%s: %s", path, message);
}

const char *check_at(const Check *check, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const char *path = arena_vprintf(check->arena, fmt, args);
	va_end(args);
	return path ? path : "";
}

const Resolved *check_target(const Check *check, const char *kind, const char *name)
{
	for (size_t i = 0; *name && i < check->resolved_count; i++)
		if (strcmp(check->resolved[i].kind->name, kind) == 0 &&
		        str_eq(check->resolved[i].name, str(name)))
			return &check->resolved[i];
	return NULL;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool is_name(Str text)
{
	if (text.len == 0 || text.len > NAME_MAX_LEN || !is_lower(text.ptr[0]))
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (!is_lower(text.ptr[i]) && !is_digit(text.ptr[i]) && text.ptr[i] != '-' &&
		        text.ptr[i] != '_')
			return false;
	return true;
}

bool is_identifier(Str text)
{
	if (text.len == 0 || text.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool letter = is_lower(c) || (c >= 'A' && c <= 'Z');
		if (!letter && (i == 0 || (!is_digit(c) && c != '_')))
			return false;
	}
	return true;
}

static Err check_name(const Check *check)
{
	Str name = message_str(check->message, "name");
	if (!name.len)
		return check_fail(check, ERR_FIELD_MISSING, "name", "a resource needs a name");
	if (!is_name(name))
		return check_fail(check, ERR_FIELD_INVALID, "name",
		        "\"" STR_FMT "\" is not a name: a lower-case letter, then lower-case letters, "
		        "digits, '-' and '_', "
		        "at most %d in all",
		        STR_ARG(name), NAME_MAX_LEN);
	return OK;
}

static Err check_enum(
        const Check *check, const char *path, const ProtobufCFieldDescriptor *field, const void *at)
{
	const ProtobufCEnumDescriptor *descriptor = field->descriptor;
	int value = *(const int *)at;
	if (protobuf_c_enum_descriptor_get_value(descriptor, value))
		return OK;
	return check_fail(
	        check, ERR_FIELD_INVALID, path, "%d is not a value of %s", value, descriptor->short_name);
}

static Err check_text(
        const Check *check, const char *path, const ProtobufCFieldDescriptor *field, const void *at)
{
	size_t max = strcmp(field->name, "display_name") == 0 ? DISPLAY_NAME_MAX : TEXT_MAX;
	size_t len = strlen(*(char *const *)at);
	if (len > max)
		return check_fail(
		        check, ERR_FIELD_INVALID, path, "has %zu bytes; at most %zu are taken", len, max);
	return OK;
}

// Years 1 to 9999, which is what RFC 3339 and PostgreSQL can write.
static Err check_time(const Check *check, const char *path, const Google__Protobuf__Timestamp *time)
{
	if (time->seconds >= INT64_C(-62135596800) && time->seconds < INT64_C(253402300800) &&
	        time->nanos >= 0 && time->nanos < 1000000000)
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, path, "is not a moment between the years 1 and 9999");
}

static Err check_fields(const Check *check, const ProtobufCMessage *message, const char *prefix);

// A value of a field, or one of a list.
static Err check_value(
        const Check *check, const char *path, const ProtobufCFieldDescriptor *field, const void *at)
{
	const ProtobufCMessage *sub = NULL;
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return check_enum(check, path, field, at);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return check_text(check, path, field, at);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		sub = *(ProtobufCMessage *const *)at;
	if (!sub)
		return OK;
	if (field->descriptor == &google__protobuf__timestamp__descriptor)
		return check_time(check, path, (const void *)sub);
	return check_fields(check, sub, path);
}

static Err check_list(const Check *check, const ProtobufCMessage *message, const char *path,
        const ProtobufCFieldDescriptor *field)
{
	size_t count, size = wire_value_size(field->type);
	const char *items = message_items(message, field, &count);
	for (size_t i = 0; i < count; i++) {
		TRY(check_value(
		        check, arena_printf(check->arena, "%s[%zu]", path, i), field, items + i * size));
	}
	return OK;
}

// The resources' messages do not contain themselves, so this ends.
static Err check_fields(const Check *check, const ProtobufCMessage *message, const char *prefix)
{
	char path[FIELD_PATH_SIZE];
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", field->name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			TRY(check_list(check, message, path, field));
		else if (message_has(message, field))
			TRY(check_value(check, path, field, message_at(message, field)));
	}
	return OK;
}

Err check_resource(Check *check)
{
	check->resolved_count = 0;
	TRY(check_name(check));
	TRY(check_fields(check, check->message, ""));
	TRY(follow_references(check));
	return check->kind->validate(check);
}
