// JSON to YAML. libfyaml's emitter loses leading blanks of quoted texts, so what is written here is a small,
// fixed part of YAML: block collections, texts plain where nothing could misread them, a literal block for
// several lines, quotes otherwise. The same value is always the same bytes and reads back to the same type.
#include "base/cleanup.h"
#include "wire/json_internal.h"

#include <ctype.h>
#include <stdio.h>

enum { DEPTH_MAX = 64, KEY_MAX = 512, INDENT = 2 };

// Whether YAML reads the text, without quotes, as anything but itself.
static bool resolves(Str text)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;

	if (text.len == 4 && strncasecmp(text.ptr, "null", 4) == 0)
		return true;
	json = json_yaml_plain(text);
	return !json_is_string(json) || !str_eq(str(json_string_value(json)), text);
}

static bool printable(Str text, const char *except)
{
	for (size_t i = 0; i < text.len; i++)
		if (json_unprintable(str_n(text.ptr + i, text.len - i)) && !strchr(except, text.ptr[i]))
			return false;
	return true;
}

static bool plain_is_safe(Str text)
{
	unsigned char first = text.len ? (unsigned char)text.ptr[0] : ' ',
	              last = text.len ? (unsigned char)text.ptr[text.len - 1] : ' ';

	if (!(isalnum(first) || first == '_' || first == '/' || first >= 0x80) || last == ' ' || last == ':')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (strchr("#{}[]\"'", text.ptr[i]) || (text.ptr[i] == ':' && text.ptr[i + 1] == ' '))
			return false;
	return printable(text, "") && !resolves(text);
}

// Several lines, none with blanks at its end, at most one line end at the end of all.
static bool literal_is_safe(Str text)
{
	if (!text.len || !memchr(text.ptr, '\n', text.len) || isspace((unsigned char)text.ptr[0]) ||
	        str_ends(text, STR("\n\n")) || text.ptr[text.len - 1] == ' ')
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (text.ptr[i] == '\n' && text.ptr[i - 1] == ' ')
			return false;
	return printable(text, "\n");
}

static void indent_put(JsonOut *out, size_t indent)
{
	for (size_t i = 0; i < indent; i++)
		json_put(out, " ", 1);
}

static void text_put(JsonOut *out, Str text)
{
	if (plain_is_safe(text)) {
		json_put(out, text.ptr, text.len);
	} else if (text.len && printable(text, "") && !memchr(text.ptr, '\'', text.len)) {
		json_put(out, "'", 1);
		json_put(out, text.ptr, text.len);
		json_put(out, "'", 1);
	} else {
		json_put_string(out, text);
	}
}

static void literal_put(JsonOut *out, Str text, size_t indent)
{
	json_put_cstr(out, str_ends(text, STR("\n")) ? "|" : "|-");
	while (text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		json_put(out, "\n", 1);
		if (len)
			indent_put(out, indent);
		json_put(out, text.ptr, len);
		text = str_n(text.ptr + len + (end != NULL), text.len - len - (end != NULL));
	}
}

// Anything that is not a collection with something in it. `indent` is that of the lines of a block.
static void scalar_put(JsonOut *out, const json_t *json, size_t indent)
{
	Str text = str_n(json_string_value(json), json_string_length(json));

	switch (json_typeof(json)) {
	case JSON_STRING:
		if (literal_is_safe(text))
			literal_put(out, text, indent);
		else
			text_put(out, text);
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		json_put_cstr(out, json_is_object(json) ? "{}" : "[]");
		break;
	default:
		json_put_plain(out, json);
		break;
	}
	json_put(out, "\n", 1);
}

static void collection_put(JsonOut *out, const json_t *json, size_t indent, bool started);

static bool has_items(const json_t *json)
{
	return json_object_size(json) || json_array_size(json);
}

static void member_put(JsonOut *out, const char *key, const json_t *value, size_t indent)
{
	if (strlen(key) > KEY_MAX)
		out->failed = true;
	text_put(out, str(key));
	json_put(out, ":", 1);
	if (!has_items(value)) {
		json_put(out, " ", 1);
		scalar_put(out, value, indent + INDENT);
		return;
	}
	json_put(out, "\n", 1);
	collection_put(out, value, json_is_object(value) ? indent + INDENT : indent, false);
}

static void item_put(JsonOut *out, const json_t *item, size_t indent)
{
	json_put(out, "- ", 2);
	if (has_items(item))
		collection_put(out, item, indent + INDENT, true);
	else
		scalar_put(out, item, indent + INDENT);
}

// `started`: the first line's indent stands there, behind a "- ".
static void collection_put(JsonOut *out, const json_t *json, size_t indent, bool started)
{
	const char *key;
	json_t *item;
	size_t i;

	if (out->failed || indent > (size_t)DEPTH_MAX * INDENT) {
		out->failed = true;
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)json, key, item)
	{
		indent_put(out, started ? 0 : indent);
		started = false;
		member_put(out, key, item, indent);
	}
	json_array_foreach(json, i, item)
	{
		indent_put(out, started ? 0 : indent);
		started = false;
		item_put(out, item, indent);
	}
}

Err json_to_yaml(const json_t *json, Arena *arena, Str *ret)
{
	JsonOut out = {.arena = arena};

	if (has_items(json))
		collection_put(&out, json, 0, false);
	else
		scalar_put(&out, json, INDENT);
	if (out.failed)
		return err(ERR_LIMIT, "the value is nested too deep for YAML (at most %d), or memory is out",
		        DEPTH_MAX);
	*ret = str_n(out.text, out.len);
	return OK;
}
