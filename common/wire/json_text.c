// Text to JSON by jansson, under limits; and JSON to text by a writer of our own, because jansson writes 0.1
// with seventeen digits: here a number is written with as few as read back to the same.
#include "base/cleanup.h"
#include "wire/json_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 64, INDENT = 2 };

static bool too_deep(const json_t *json, unsigned left)
{
	const char *key;
	json_t *item;
	size_t i;

	if (!json_is_object(json) && !json_is_array(json))
		return false;
	if (left == 0)
		return true;
	json_object_foreach((json_t *)(uintptr_t)json, key, item) if (too_deep(item, left - 1)) return true;
	json_array_foreach(json, i, item) if (too_deep(item, left - 1)) return true;
	return false;
}

Err json_parse(Str text, size_t max, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	json_error_t error;

	if (text.len > max)
		return err(ERR_LIMIT, "the JSON is %zu bytes long; at most %zu are taken", text.len, max);
	json = json_loadb(
	        text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!json)
		return err(ERR_JSON_INVALID, "line %d, column %d: %s", error.line, error.column, error.text);
	if (too_deep(json, JSON_DEPTH_MAX))
		return err(ERR_LIMIT, "the JSON is nested too deep (at most %d)", JSON_DEPTH_MAX);
	*ret = STEAL(json);
	return OK;
}

// Text that grows in the arena.
typedef struct Out {
	Arena *arena;
	char *text;
	size_t len, room;
	bool indent;
	bool failed;
} Out;

static void put(Out *out, const char *text, size_t len)
{
	if (out->failed)
		return;
	if (out->room - out->len < len) {
		size_t room = (out->room + len) * 2;
		char *larger = arena_alloc(out->arena, room);

		if (!larger) {
			out->failed = true;
			return;
		}
		if (out->len)
			memcpy(larger, out->text, out->len);
		out->text = larger;
		out->room = room;
	}
	memcpy(out->text + out->len, text, len);
	out->len += len;
}

static void put_cstr(Out *out, const char *text)
{
	put(out, text, strlen(text));
}

static void newline(Out *out, unsigned depth)
{
	if (!out->indent)
		return;
	put(out, "\n", 1);
	for (unsigned i = 0; i < depth * INDENT; i++)
		put(out, " ", 1);
}

static void put_string(Out *out, const char *text, size_t len)
{
	char escape[8];

	put(out, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *short_form = c == '"'    ? "\\\""
		                         : c == '\\' ? "\\\\"
		                         : c == '\n' ? "\\n"
		                         : c == '\t' ? "\\t"
		                                     : NULL;

		if (!short_form && c >= 0x20 && c != 0x7f) {
			put(out, &text[i], 1);
			continue;
		}
		snprintf(escape, sizeof escape, "\\u%04x", c);
		put_cstr(out, short_form ? short_form : escape);
	}
	put(out, "\"", 1);
}

void json_real_text(double value, char text[JSON_REAL_SIZE])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, JSON_REAL_SIZE - 2, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (!strpbrk(text, ".eE"))
		strcat(text, ".0");
}

static void value_put(Out *out, const json_t *json, unsigned depth);

static void object_put(Out *out, const json_t *json, unsigned depth)
{
	const char *key;
	json_t *value;
	bool first = true;

	put(out, "{", 1);
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		put_cstr(out, first ? "" : ",");
		first = false;
		newline(out, depth + 1);
		put_string(out, key, strlen(key));
		put_cstr(out, out->indent ? ": " : ":");
		value_put(out, value, depth + 1);
	}
	if (!first)
		newline(out, depth);
	put(out, "}", 1);
}

static void array_put(Out *out, const json_t *json, unsigned depth)
{
	json_t *item;
	size_t i;

	put(out, "[", 1);
	json_array_foreach(json, i, item)
	{
		put_cstr(out, i ? "," : "");
		newline(out, depth + 1);
		value_put(out, item, depth + 1);
	}
	if (i)
		newline(out, depth);
	put(out, "]", 1);
}

static void value_put(Out *out, const json_t *json, unsigned depth)
{
	char number[JSON_REAL_SIZE];

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		object_put(out, json, depth);
		break;
	case JSON_ARRAY:
		array_put(out, json, depth);
		break;
	case JSON_STRING:
		put_string(out, json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		put_cstr(out, number);
		break;
	case JSON_REAL:
		json_real_text(json_real_value(json), number);
		put_cstr(out, number);
		break;
	default:
		put_cstr(out, json_is_true(json) ? "true" : json_is_false(json) ? "false" : "null");
		break;
	}
}

Err json_text(const json_t *json, bool indent, Arena *arena, Str *ret)
{
	Out out = {.arena = arena, .indent = indent};

	if (too_deep(json, JSON_DEPTH_MAX))
		return err(ERR_LIMIT, "the JSON is nested too deep (at most %d)", JSON_DEPTH_MAX);
	value_put(&out, json, 0);
	if (out.failed)
		return err(ERR_NO_MEMORY, "no memory for the text of a JSON value");
	*ret = str_n(out.text, out.len);
	return OK;
}
