// What the JSON reader and writer share; private to this folder.
#pragma once
#include "wire/json.h"

// Where a value stands, for error messages: a chain of stack frames from the leaf to the root.
typedef struct JsonPath {
	const struct JsonPath *up; // NULL: the message itself
	const char *name;
	size_t index; // SIZE_MAX: not a list's member
} JsonPath;

// "offer.attributes[2].name"
void json_path_write(const JsonPath *path, char *text, size_t size);
// FIELD_INVALID at the path.
Err json_invalid(const JsonPath *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Room for a field's name in lowerCamelCase.
enum { JSON_NAME_SIZE = 128 };
void json_camel(const char *snake, char camel[JSON_NAME_SIZE]);
// The other way, for field masks.
void json_snake(Str camel, char snake[JSON_NAME_SIZE]);
// By either spelling; NULL if there is none.
const ProtobufCFieldDescriptor *json_field(const ProtobufCMessageDescriptor *message, Str name);
// An enum's value by its name, with or without the prefix, or by its number.
Err json_enum_read(
        const json_t *json, const JsonPath *path, const ProtobufCEnumDescriptor *descriptor, int32_t *ret);
// Whether a repeated field is a map from string to string.
bool json_is_map(const ProtobufCFieldDescriptor *field);

// What YAML's core schema makes of a scalar without quotes (which is not null); NULL if memory is out. `text`
// is NUL-terminated.
json_t *json_yaml_plain(Str text);

// Text that grows in an arena.
typedef struct JsonOut {
	Arena *arena;
	char *text;
	size_t len, room;
	bool failed;
} JsonOut;

void json_put(JsonOut *out, const char *text, size_t len);
void json_put_cstr(JsonOut *out, const char *text);
// In double quotes; what is not printable escaped, so that JSON and YAML both read it back.
void json_put_string(JsonOut *out, Str text);
// What is no text and no collection: true, false, null, a number in as few digits as read back to the same,
// doubles always with a point or an exponent.
void json_put_plain(JsonOut *out, const json_t *json);
// How many bytes at the front of `text` are one character that must be escaped; 0: it is printable.
size_t json_unprintable(Str text);

// A message that JSON does not write as an object of its fields.
typedef struct JsonSpecial {
	const char *name; // of the message
	unsigned style;   // written so only under this style; 0: always
	bool object_too;  // an object is read as an ordinary message
	// NULL: written as an ordinary message
	Err (*write)(const ProtobufCMessage *message, unsigned style, json_t **ret);
	Err (*read)(const json_t *json, const JsonPath *path, Arena *arena, ProtobufCMessage *ret);
} JsonSpecial;

// NULL if it is an ordinary one.
const JsonSpecial *json_special(const ProtobufCMessageDescriptor *descriptor);

// A member of a message by its descriptor.
static inline void *json_member(const ProtobufCMessage *message, unsigned offset)
{
	return (char *)(uintptr_t)message + offset;
}
