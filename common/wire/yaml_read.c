// YAML to JSON by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): a scalar
// without quotes is null, a truth value or a number if it looks like one, else a text. "no" and "on" are
// texts. A whole number that 64 bits cannot hold stays a text.
#include "base/cleanup.h"
#include "base/yaml.h"
#include "wire/json_internal.h"

#include <ctype.h>
#include <stdlib.h>

typedef struct Reader {
	const char *name;
	unsigned depth; // aliases nest further than the text does
} Reader;

static bool any_of(Str text, const char *const *words)
{
	for (; *words; words++)
		if (str_eq(text, str(*words)))
			return true;
	return false;
}

static size_t digits(Str text, size_t at)
{
	size_t start = at;

	while (at < text.len && isdigit((unsigned char)text.ptr[at]))
		at++;
	return at - start;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
static bool looks_float(Str text)
{
	size_t at = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'), whole = digits(text, at),
	       part = 0;

	at += whole;
	if (at < text.len && text.ptr[at] == '.') {
		part = digits(text, at + 1);
		at += 1 + part;
	}
	if (!whole && !part)
		return false;
	if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
		at++;
		at += at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+');
		part = digits(text, at);
		at += part;
		return part && at == text.len;
	}
	return at == text.len;
}

static bool looks_int(Str text)
{
	size_t at = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'), count = digits(text, at);

	return count && at + count == text.len;
}

static json_t *int_read(Str text)
{
	int64_t number;
	Str plain = text.ptr[0] == '+' ? str_n(text.ptr + 1, text.len - 1) : text;

	return str_to_i64(plain, &number) ? json_integer(number) : json_stringn(text.ptr, text.len);
}

// Texts in an arena are NUL-terminated.
static json_t *radix_read(Str text, int base)
{
	char *end;
	unsigned long long number = strtoull(text.ptr + 2, &end, base);
	bool whole = text.len > 2 && text.len < 24 && isxdigit((unsigned char)text.ptr[2]) &&
	             end == text.ptr + text.len;

	return whole && number <= INT64_MAX ? json_integer((json_int_t)number)
	                                    : json_stringn(text.ptr, text.len);
}

static json_t *float_read(Str text)
{
	json_t *json = json_real(strtod(text.ptr, NULL));

	return json ? json : json_stringn(text.ptr, text.len); // out of a double's range
}

json_t *json_yaml_plain(Str text)
{
	static const char *const yes[] = {"true", "True", "TRUE", NULL}, *const no[] = {"false", "False",
	                                                                         "FALSE", NULL};
	static const char *const inf[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
	static const char *const minus_inf[] = {"-.inf", "-.Inf", "-.INF", NULL}, *const nan[] = {".nan",
	                                                                                  ".NaN", ".NAN",
	                                                                                  NULL};

	if (any_of(text, yes) || any_of(text, no))
		return json_boolean(any_of(text, yes));
	if (looks_int(text))
		return int_read(text);
	if (looks_float(text))
		return float_read(text);
	if (str_starts(text, STR("0x")) || str_starts(text, STR("0o")))
		return radix_read(text, text.ptr[1] == 'x' ? 16 : 8);
	if (any_of(text, inf) || any_of(text, minus_inf))
		return json_string(text.ptr[0] == '-' ? "-Infinity" : "Infinity");
	return any_of(text, nan) ? json_string("NaN") : json_stringn(text.ptr, text.len);
}

static Err node_read(Reader *reader, const YamlNode *node, json_t **ret);

static Err items_read(Reader *reader, const YamlNode *node, json_t *json)
{
	for (const YamlNode *item = node->items; item; item = item->next) {
		json_t *value;
		int failed;

		TRY(node_read(reader, item, &value));
		if (node->kind == YAML_SEQUENCE)
			failed = json_array_append_new(json, value);
		else
			failed = json_object_setn_new(
			        json, item->key.len ? item->key.ptr : "", item->key.len, value);
		if (failed)
			return err(ERR_NO_MEMORY, "%s: no memory for its content", reader->name);
	}
	return OK;
}

static Err node_read(Reader *reader, const YamlNode *node, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;

	if (node->kind == YAML_MAPPING)
		json = json_object();
	else if (node->kind == YAML_SEQUENCE)
		json = json_array();
	else if (yaml_is_null(node))
		json = json_null();
	else
		json = node->plain ? json_yaml_plain(node->text)
		                   : json_stringn(node->text.len ? node->text.ptr : "", node->text.len);
	if (!json)
		return err(ERR_NO_MEMORY, "%s: no memory for its content", reader->name);
	if (reader->depth == YAML_DEPTH_MAX)
		return err(ERR_LIMIT, "%s:%d:%d: nested too deep (at most %d)", reader->name, node->line,
		        node->column, YAML_DEPTH_MAX);
	reader->depth++;
	TRY(items_read(reader, node, json));
	reader->depth--;
	*ret = STEAL(json);
	return OK;
}

Err json_from_yaml_node(const YamlNode *node, const char *name, json_t **ret)
{
	Reader reader = {.name = name};

	return node_read(&reader, node, ret);
}

Err json_from_yaml(Str text, const char *name, Arena *arena, json_t **ret, int **ret_lines)
{
	CLEANUP(json_decrefp_) json_t *documents = json_array();
	YamlNode *first = NULL;
	size_t count = 0;

	TRY(yaml_parse(text, name, arena, &first));
	for (const YamlNode *document = first; document; document = document->next) {
		json_t *json;

		TRY(json_from_yaml_node(document, name, &json));
		if (json_array_append_new(documents, json))
			return err(ERR_NO_MEMORY, "%s: no memory for its content", name);
	}
	if (ret_lines) {
		*ret_lines = ARENA_ARRAY(arena, int, json_array_size(documents) + 1);
		for (const YamlNode *document = first; *ret_lines && document; document = document->next)
			(*ret_lines)[count++] = document->line;
	}
	*ret = STEAL(documents);
	return OK;
}
