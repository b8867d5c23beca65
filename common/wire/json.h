// JSON of protobuf messages, driven by descriptors, after the proto3 JSON mapping
// (https://protobuf.dev/programming-guides/proto3/#json): lowerCamelCase names written, both spellings read;
// 64-bit integers written as strings, both read; enums by name, the prefix that the enum's values share left
// out when written by JSON_SHORT_ENUMS; Timestamp as RFC 3339, FieldMask as a comma-separated text, bytes as
// base64; and parley.design.v1.Literal bare where people read it (stock clients expect the mapping's object
// form; reading takes both). Unknown fields are errors that name the nearest known one.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

struct YamlNode;

typedef enum JsonStyle {
	JSON_PROTO = 0,              // the mapping as it stands
	JSON_SHORT_ENUMS = 1 << 0,   // PUBLISHED instead of OFFER_STATE_PUBLISHED; reading takes both always
	JSON_SNAKE_CASE = 1 << 1,    // field names as in the .proto
	JSON_PLAIN_INTS = 1 << 2,    // 64-bit integers as numbers, whole doubles without a point
	JSON_BARE_LITERALS = 1 << 3, // parley.design.v1.Literal as true, 42, 3.5, "text" or ["a", "b"]
} JsonStyle;
// What people see, in the CLI and in YAML.
enum { JSON_FOR_PEOPLE = JSON_SHORT_ENUMS | JSON_SNAKE_CASE | JSON_PLAIN_INTS | JSON_BARE_LITERALS };

// A new reference; the caller decrefs it. Fields with default values are left out.
Err json_from_message(const ProtobufCMessage *message, unsigned style, json_t **ret);
// The message lives in `arena`. Errors: FIELD_UNKNOWN, FIELD_INVALID (with the field's path), JSON_INVALID,
// LIMIT (depth).
Err json_to_message(const json_t *json, const ProtobufCMessageDescriptor *descriptor, Arena *arena,
        ProtobufCMessage **ret);
// Text to JSON with line and column in the error; at most `max` bytes, depth at most 64.
Err json_parse(Str text, size_t max, json_t **ret);
// Compact or indented text in the arena; keys keep their order.
Err json_text(const json_t *json, bool indent, Arena *arena, Str *ret);
// YAML 1.2 text (one or several documents) to JSON, an array with one member per document; errors name line
// and column. Each document's starting line goes to ret_lines (may be NULL), in `arena`.
Err json_from_yaml(Str text, const char *name, Arena *arena, json_t **ret, int **ret_lines);
// One document of base/yaml.h; `name` stands for the file in messages.
Err json_from_yaml_node(const struct YamlNode *node, const char *name, json_t **ret);
// Deterministic YAML in the order of keys.
Err json_to_yaml(const json_t *json, Arena *arena, Str *ret);

// The length of the prefix that all values of an enum share, up to and with an underscore: what
// JSON_SHORT_ENUMS leaves out.
size_t json_enum_prefix(const ProtobufCEnumDescriptor *descriptor);

static inline void json_decrefp_(json_t **json)
{
	json_decref(*json);
}
