// A touchpoint knows the type of what it sends; a person at a keyboard writes 42. What is written decides the
// type unless one is given.
#include "touchpoint/value.h"

#include "base/clock.h"

static json_t *text_json(Str text)
{
	return json_stringn(text.len ? text.ptr : "", text.len);
}

static Err bool_value(Str text, json_t **ret)
{
	bool yes = str_eq(text, STR("true"));

	if (!yes && !str_eq(text, STR("false")))
		return err(ERR_FIELD_INVALID, "'" STR_FMT "' is neither true nor false", STR_ARG(text));
	*ret = json_pack("{s:b}", "bool_value", yes);
	return OK;
}

static Err int_value(Str text, json_t **ret)
{
	int64_t number;

	if (!str_to_i64(text, &number))
		return err(ERR_FIELD_INVALID, "'" STR_FMT "' is not a whole number", STR_ARG(text));
	*ret = json_pack("{s:I}", "int_value", (json_int_t)number);
	return OK;
}

static Err double_value(Str text, json_t **ret)
{
	double number;

	if (!str_to_f64(text, &number))
		return err(ERR_FIELD_INVALID, "'" STR_FMT "' is not a number", STR_ARG(text));
	*ret = json_pack("{s:f}", "double_value", number);
	return *ret ? OK : err(ERR_FIELD_INVALID, "'" STR_FMT "' is not a finite number", STR_ARG(text));
}

static Err string_value(Str text, json_t **ret)
{
	*ret = json_pack("{s:o}", "string_value", text_json(text));
	return *ret ? OK : err(ERR_FIELD_INVALID, "a value is not UTF-8 text");
}

static Err timestamp_value(Str text, json_t **ret)
{
	int64_t us;

	if (!time_parse(text, &us))
		return err(ERR_FIELD_INVALID, "'" STR_FMT "' is not a time such as 2026-01-31T08:00:00Z",
		        STR_ARG(text));
	*ret = json_pack("{s:o}", "timestamp_value", text_json(text));
	return OK;
}

static Err list_value(Str text, json_t **ret)
{
	json_t *items = json_array();

	while (text.len) {
		const char *comma = memchr(text.ptr, ',', text.len);
		size_t len = comma ? (size_t)(comma - text.ptr) : text.len;

		json_array_append_new(items, text_json(str_n(text.ptr, len)));
		text = str_n(text.ptr + len + (comma != NULL), text.len - len - (comma != NULL));
	}
	*ret = json_pack("{s:{s:o}}", "strings_value", "values", items);
	return OK;
}

static const struct {
	const char *name;
	Err (*read)(Str text, json_t **ret);
} types[] = {{"bool", bool_value}, {"int", int_value}, {"double", double_value}, {"string", string_value},
        {"timestamp", timestamp_value}, {"list", list_value}};

// The first type that the text can be; the last is string, which takes anything.
static Err guess(Str text, json_t **ret)
{
	for (size_t i = 0; i < 3; i++)
		if (types[i].read(text, ret) == OK)
			return OK;
	return string_value(text, ret);
}

static Err typed(Str type, Str text, json_t **ret)
{
	for (size_t i = 0; i < ARRAY_COUNT(types); i++)
		if (str_eq(type, str(types[i].name)))
			return types[i].read(text, ret);
	return err(ERR_FIELD_INVALID,
	        "there is no type '" STR_FMT "': bool, int, double, string, timestamp or list",
	        STR_ARG(type));
}

Err named_value_parse(Str text, Arena *arena, json_t **ret)
{
	const char *equals = text.len ? memchr(text.ptr, '=', text.len) : NULL, *colon;
	Str name = {text.ptr, equals ? (size_t)(equals - text.ptr) : 0}, value, type = {0};
	json_t *json;
	Err e;

	if (!name.len)
		return err(ERR_FIELD_INVALID, "'" STR_FMT "' is not NAME=VALUE or NAME:TYPE=VALUE",
		        STR_ARG(text));
	value = str_n(equals + 1, text.len - name.len - 1);
	colon = memchr(name.ptr, ':', name.len);
	if (colon) {
		type = str_n(colon + 1, name.len - (size_t)(colon - name.ptr) - 1);
		name.len = (size_t)(colon - name.ptr);
	}
	e = colon ? typed(type, value, &json) : guess(value, &json);
	if (e != OK)
		return err_context(e, "%s", arena_cstr(arena, name));
	*ret = json_pack("{s:o, s:o}", "name", text_json(name), "value", json);
	return OK;
}

Err audience_parse(Str text, Arena *arena, json_t **ret)
{
	const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	Str level = {text.ptr, colon ? (size_t)(colon - text.ptr) : 0}, rest;
	CLEANUP(json_decrefp_) json_t *keys = json_array();

	if (!level.len)
		return err(ERR_FIELD_INVALID,
		        "'" STR_FMT "' is not LEVEL:KEY=VALUE, such as customer:customer_id=4711",
		        STR_ARG(text));
	rest = str_n(colon + 1, text.len - level.len - 1);
	while (rest.len) {
		const char *comma = memchr(rest.ptr, ',', rest.len);
		size_t len = comma ? (size_t)(comma - rest.ptr) : rest.len;
		json_t *key;

		TRY(named_value_parse(str_n(rest.ptr, len), arena, &key));
		json_array_append_new(keys, key);
		rest = str_n(rest.ptr + len + (comma != NULL), rest.len - len - (comma != NULL));
	}
	*ret = json_pack("{s:o, s:O}", "level", text_json(level), "keys", keys);
	return OK;
}

// The longer ones first.
static const struct {
	const char *sign, *comparison;
} comparisons[] = {{"!=", "NOT_EQUAL"}, {"<=", "LESS_EQUAL"}, {">=", "GREATER_EQUAL"}, {"=", "EQUAL"},
        {"<", "LESS"}, {">", "GREATER"}, {"~", "CONTAINS"}};

Err condition_parse(Str text, Arena *arena, json_t **ret)
{
	char *left = arena_cstr(arena, text), *sign = strpbrk(left, "!<>=~");
	CLEANUP(json_decrefp_) json_t *named = NULL;

	for (size_t i = 0; sign && i < ARRAY_COUNT(comparisons); i++) {
		size_t len = strlen(comparisons[i].sign);

		if (strncmp(sign, comparisons[i].sign, len) != 0)
			continue;
		*sign = '\0';
		TRY(named_value_parse(str(arena_printf(arena, "%s=%s", left, sign + len)), arena, &named));
		*ret = json_pack("{s:O, s:s, s:O}", "attribute", json_object_get(named, "name"), "comparison",
		        comparisons[i].comparison, "value", json_object_get(named, "value"));
		return OK;
	}
	return err(ERR_FIELD_INVALID,
	        "'" STR_FMT "' is not ATTRIBUTE=VALUE, or with != < <= > >= or ~ (contains) instead of =",
	        STR_ARG(text));
}
