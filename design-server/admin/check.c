// The generic part of validation, driven by descriptors and the kind's row.
#include "admin/check.h"

#include "admin/message.h"
#include "base/clock.h"

#include "google/protobuf/timestamp.pb-c.h"

#include <stdio.h>

enum { NAME_MAX_LEN = 63, DISPLAY_NAME_MAX = 200, TEXT_MAX = 16384 };

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

const Resource *check_target(const Check *check, const char *field)
{
	for (size_t i = 0; i < check->resolved_count; i++)
		if (strcmp(check->resolved[i].field, field) == 0)
			return &check->resolved[i].target;
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

static bool is_name(Str text)
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

static Err check_enum(const Check *check, const ProtobufCFieldDescriptor *field, int value)
{
	const ProtobufCEnumDescriptor *descriptor = field->descriptor;
	if (protobuf_c_enum_descriptor_get_value(descriptor, value))
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field->name, "%d is not a value of %s", value,
	        descriptor->short_name);
}

static Err check_enums(const Check *check, const ProtobufCFieldDescriptor *field)
{
	const void *at = message_at(check->message, field);
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return check_enum(check, field, *(const int *)at);
	size_t count =
	        *(const size_t *)(const void *)((const char *)check->message + field->quantifier_offset);
	for (size_t i = 0; i < count; i++)
		TRY(check_enum(check, field, (*(const int *const *)at)[i]));
	return OK;
}

static Err check_text(const Check *check, const ProtobufCFieldDescriptor *field)
{
	size_t max = strcmp(field->name, "display_name") == 0 ? DISPLAY_NAME_MAX : TEXT_MAX;
	size_t len = message_str(check->message, field->name).len;
	if (len > max)
		return check_fail(check, ERR_FIELD_INVALID, field->name,
		        "has %zu bytes; at most %zu are taken", len, max);
	return OK;
}

// Years 1 to 9999, which is what RFC 3339 and PostgreSQL can write.
static Err check_time(const Check *check, const ProtobufCFieldDescriptor *field)
{
	const Google__Protobuf__Timestamp *time = (const void *)message_sub(check->message, field->name);
	if (!time || (time->seconds >= INT64_C(-62135596800) && time->seconds < INT64_C(253402300800) &&
	                     time->nanos >= 0 && time->nanos < 1000000000))
		return OK;
	return check_fail(
	        check, ERR_FIELD_INVALID, field->name, "is not a moment between the years 1 and 9999");
}

static Err check_field(const Check *check, const ProtobufCFieldDescriptor *field)
{
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return check_enums(check, field);
	if (field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED)
		return check_text(check, field);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
	        field->descriptor == &google__protobuf__timestamp__descriptor)
		return check_time(check, field);
	return OK;
}

Err check_follow(Check *check, const char *field, const Kind *kind, Str channel, Str name)
{
	if (check->resolved_count == REFERENCES_MAX)
		return err(ERR_INTERNAL, "too many references in %s", check->kind->name);
	Resolved *next = &check->resolved[check->resolved_count];
	next->field = field;
	Err failed =
	        resource_get(check->pg, kind, channel, name, RESOURCE_SHARE, check->arena, &next->target);
	if (failed == ERR_RESOURCE_NOT_FOUND)
		return check_fail(check, ERR_REFERENCE_DANGLING, field,
		        "there is no %s: make it first with Create%s, or name another one",
		        resource_title(kind, channel, name, check->arena), kind->name);
	TRY(failed);
	check->resolved_count++;
	return OK;
}

static Err check_references(Check *check)
{
	Str channel = message_str(check->message, "channel");
	if (kind_has_channel(check->kind)) {
		if (!channel.len)
			return check_fail(
			        check, ERR_FIELD_MISSING, "channel", "name the channel that it belongs to");
		TRY(check_follow(check, "channel", kind_by_name(STR("Channel")), (Str){0}, channel));
	}
	for (const Reference *reference = check->kind->references; reference->field; reference++) {
		const Kind *kind = kind_by_name(str(reference->kind));
		Str name = message_str(check->message, reference->field);
		if (!name.len && reference->required)
			return check_fail(
			        check, ERR_FIELD_MISSING, reference->field, "name the %s", kind->field);
		if (name.len)
			TRY(check_follow(check, reference->field, kind,
			        kind_has_channel(kind) ? channel : (Str){0}, name));
	}
	return OK;
}

Err check_dates(const Check *check)
{
	int64_t from, until;
	if (!message_time(check->message, "effective_time", &from) ||
	        !message_time(check->message, "expire_time", &until))
		return OK;
	if (from >= until)
		return check_fail(check, ERR_FIELD_INVALID, "expire_time",
		        "is not after effective_time, so it would never be in force: give a later moment");
	return OK;
}

Err check_resource(Check *check)
{
	const ProtobufCMessageDescriptor *descriptor = check->kind->message;
	check->resolved_count = 0;
	TRY(check_name(check));
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		TRY(check_field(check, &descriptor->fields[i]));
	TRY(check_references(check));
	return check->kind->validate(check);
}
