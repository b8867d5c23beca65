// Text to JSON by jansson, under limits; and JSON to text by a writer of our own, because jansson writes 0.1
// with seventeen digits: here a number is written with as few as read back to the same.
#include "base/cleanup.h"
#include "wire/json_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { JSON_DEPTH_MAX = 64, INDENT = 2, REAL_SIZE = 32 };

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

void json_put(JsonOut *out, const char *text, size_t len)
{
	if (out->failed || !len)
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

void json_put_cstr(JsonOut *out, const char *text)
{
	json_put(out, text, strlen(text));
}

// Controls (C0, DEL, C1), the line separators of Unicode and the byte order mark.
size_t json_unprintable(Str text)
{
	const unsigned char *c = (const unsigned char *)text.ptr;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	if (text.len >= 2 && c[0] == 0xc2 && c[1] < 0xa0)
		return 2;
	if (text.len < 3)
		return 0;
	if ((c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9)) ||
	        (c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf) ||
	        (c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe))
		return 3;
	return 0;
}

static unsigned code_point(const char *text, size_t len)
{
	unsigned code = (unsigned char)text[0];

	if (len > 1)
		code &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

void json_put_string(JsonOut *out, Str text)
{
	json_put(out, "\"", 1);
	for (size_t i = 0, len; i < text.len; i += len ? len : 1) {
		char c = text.ptr[i], escape[8];

		len = json_unprintable(str_n(text.ptr + i, text.len - i));
		if (c == '"' || c == '\\')
			json_put(out, (char[]){'\\', c}, 2);
		else if (c == '\n' || c == '\t')
			json_put(out, c == '\n' ? "\\n" : "\\t", 2);
		else if (!len)
			json_put(out, &c, 1);
		else
			json_put(out, escape,
			        (size_t)snprintf(
			                escape, sizeof escape, "\\u%04x", code_point(text.ptr + i, len)));
	}
	json_put(out, "\"", 1);
}

static void newline(JsonOut *out, bool indent, unsigned depth)
{
	if (!indent)
		return;
	json_put(out, "\n", 1);
	for (unsigned i = 0; i < depth * INDENT; i++)
		json_put(out, " ", 1);
}

static void real_text(double value, char text[REAL_SIZE])
{
	if (value == trunc(value) && fabs(value) < 1e15) {
		snprintf(text, REAL_SIZE, "%.1f", value);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, REAL_SIZE - 2, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (!strpbrk(text, ".eE"))
		strcat(text, ".0");
}

void json_put_plain(JsonOut *out, const json_t *json)
{
	char number[REAL_SIZE];

	switch (json_typeof(json)) {
	case JSON_INTEGER:
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		json_put_cstr(out, number);
		break;
	case JSON_REAL:
		real_text(json_real_value(json), number);
		json_put_cstr(out, number);
		break;
	default:
		json_put_cstr(out, json_is_true(json) ? "true" : json_is_false(json) ? "false" : "null");
		break;
	}
}

static void value_put(JsonOut *out, const json_t *json, bool indent, unsigned depth);

static void object_put(JsonOut *out, const json_t *json, bool indent, unsigned depth)
{
	const char *key;
	json_t *value;
	bool first = true;

	json_put(out, "{", 1);
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		json_put_cstr(out, first ? "" : ",");
		first = false;
		newline(out, indent, depth + 1);
		json_put_string(out, str(key));
		json_put_cstr(out, indent ? ": " : ":");
		value_put(out, value, indent, depth + 1);
	}
	if (!first)
		newline(out, indent, depth);
	json_put(out, "}", 1);
}

static void array_put(JsonOut *out, const json_t *json, bool indent, unsigned depth)
{
	json_t *item;
	size_t i;

	json_put(out, "[", 1);
	json_array_foreach(json, i, item)
	{
		json_put_cstr(out, i ? "," : "");
		newline(out, indent, depth + 1);
		value_put(out, item, indent, depth + 1);
	}
	if (i)
		newline(out, indent, depth);
	json_put(out, "]", 1);
}

static void value_put(JsonOut *out, const json_t *json, bool indent, unsigned depth)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		object_put(out, json, indent, depth);
		break;
	case JSON_ARRAY:
		array_put(out, json, indent, depth);
		break;
	case JSON_STRING:
		json_put_string(out, str_n(json_string_value(json), json_string_length(json)));
		break;
	default:
		json_put_plain(out, json);
		break;
	}
}

Err json_text(const json_t *json, bool indent, Arena *arena, Str *ret)
{
	JsonOut out = {.arena = arena};

	if (too_deep(json, JSON_DEPTH_MAX))
		return err(ERR_LIMIT, "the JSON is nested too deep (at most %d)", JSON_DEPTH_MAX);
	value_put(&out, json, indent, 0);
	if (out.failed)
		return err(ERR_NO_MEMORY, "no memory for the text of a JSON value");
	*ret = str_n(out.text, out.len);
	return OK;
}
