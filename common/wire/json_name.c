// Names: both spellings of a field, the prefix of an enum's values, and the path of a field for error
// messages.
#include "wire/json_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void json_path_write(const JsonPath *path, char *text, size_t size)
{
	size_t used;

	text[0] = '\0';
	if (!path)
		return;
	json_path_write(path->up, text, size);
	used = strlen(text);
	if (path->index == SIZE_MAX)
		snprintf(text + used, size - used, "%s%s", used ? "." : "", path->name);
	else
		snprintf(text + used, size - used, "%s%s[%zu]", used ? "." : "", path->name, path->index);
}

Err json_invalid(const JsonPath *path, const char *fmt, ...)
{
	char where[192], what[512];
	va_list args;

	json_path_write(path, where, sizeof where);
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	return err_at(ERR_FIELD_INVALID, where, "%s%s%s", where, where[0] ? ": " : "", what);
}

void json_camel(const char *snake, char camel[JSON_NAME_SIZE])
{
	bool upper = false;
	size_t used = 0;

	for (; *snake && used < JSON_NAME_SIZE - 1; snake++) {
		if (*snake == '_') {
			upper = true;
			continue;
		}
		camel[used++] = upper ? (char)toupper((unsigned char)*snake) : *snake;
		upper = false;
	}
	camel[used] = '\0';
}

void json_snake(Str camel, char snake[JSON_NAME_SIZE])
{
	size_t used = 0;

	for (size_t i = 0; i < camel.len && used < JSON_NAME_SIZE - 2; i++) {
		if (isupper((unsigned char)camel.ptr[i]))
			snake[used++] = '_';
		snake[used++] = (char)tolower((unsigned char)camel.ptr[i]);
	}
	snake[used] = '\0';
}

const ProtobufCFieldDescriptor *json_field(const ProtobufCMessageDescriptor *message, Str name)
{
	char camel[JSON_NAME_SIZE];

	for (unsigned i = 0; i < message->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->fields[i];

		json_camel(field->name, camel);
		if (str_eq(name, str(field->name)) || str_eq(name, str(camel)))
			return field;
	}
	return NULL;
}

size_t json_enum_prefix(const ProtobufCEnumDescriptor *descriptor)
{
	const char *first = descriptor->values[0].name;
	size_t shared = strlen(first);

	for (unsigned i = 1; i < descriptor->n_values; i++) {
		const char *name = descriptor->values[i].name;
		size_t j = 0;

		while (j < shared && name[j] == first[j])
			j++;
		shared = j;
	}
	while (shared && first[shared - 1] != '_')
		shared--;
	return shared;
}

bool json_is_map(const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;

	return field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE &&
	       entry->n_fields == 2 && str_ends(str(entry->name), STR("Entry")) &&
	       strcmp(entry->fields[0].name, "key") == 0 && strcmp(entry->fields[1].name, "value") == 0 &&
	       entry->fields[0].type == PROTOBUF_C_TYPE_STRING &&
	       entry->fields[1].type == PROTOBUF_C_TYPE_STRING;
}
