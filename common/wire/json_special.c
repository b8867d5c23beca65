// The messages with a JSON form of their own: one row each. A Timestamp's nanoseconds are cut to
// microseconds, the grain of all times in here.
#include "base/cleanup.h"
#include "base/clock.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "parley/design/v1/common.pb-c.h"
#include "wire/json_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MASK_PATHS_MAX = 256, MASK_PATH_MAX = JSON_NAME_SIZE / 2 - 2 };
#define YEAR_1_S       INT64_C(-62135596800)
#define YEAR_10000_S   INT64_C(253402300800)
#define DURATION_MAX_S INT64_C(315576000000)

static Err finish(json_t *json, json_t **ret)
{
	if (!json)
		return err(ERR_NO_MEMORY, "no memory for a JSON value");
	*ret = json;
	return OK;
}

static Err timestamp_write(const ProtobufCMessage *message, unsigned style, json_t **ret)
{
	const Google__Protobuf__Timestamp *time = (const void *)message;
	char text[TIME_TEXT_SIZE];

	(void)style;
	if (time->seconds < YEAR_1_S || time->seconds >= YEAR_10000_S || time->nanos < 0 ||
	        time->nanos > 999999999)
		return err(ERR_FIELD_INVALID,
		        "a timestamp of %" PRId64 " s and %" PRId32 " ns is not between the years 1 and 9999",
		        time->seconds, time->nanos);
	time_format(time->seconds * US_PER_S + time->nanos / 1000, text);
	return finish(json_string(text), ret);
}

static Err timestamp_read(const json_t *json, const JsonPath *path, Arena *arena, ProtobufCMessage *ret)
{
	Google__Protobuf__Timestamp *time = (void *)ret;
	int64_t us, part;

	(void)arena;
	if (!json_is_string(json) ||
	        !time_parse(str_n(json_string_value(json), json_string_length(json)), &us))
		return json_invalid(path, "is not a time; write RFC 3339, such as 2026-01-31T08:00:00Z");
	part = us % US_PER_S;
	part += part < 0 ? US_PER_S : 0;
	time->seconds = (us - part) / US_PER_S;
	time->nanos = (int32_t)part * 1000;
	return OK;
}

static Err duration_write(const ProtobufCMessage *message, unsigned style, json_t **ret)
{
	const Google__Protobuf__Duration *duration = (const void *)message;
	const char *sign = duration->seconds < 0 || duration->nanos < 0 ? "-" : "";
	int64_t seconds = duration->seconds < 0 ? -duration->seconds : duration->seconds;
	int32_t nanos = duration->nanos < 0 ? -duration->nanos : duration->nanos;
	char text[48];

	(void)style;
	if (seconds < 0 || seconds > DURATION_MAX_S || nanos < 0 || nanos > 999999999)
		return err(ERR_FIELD_INVALID, "a duration is out of range");
	if (nanos == 0)
		snprintf(text, sizeof text, "%s%" PRId64 "s", sign, seconds);
	else
		snprintf(text, sizeof text, "%s%" PRId64 ".%09" PRId32 "s", sign, seconds, nanos);
	return finish(json_string(text), ret);
}

static Err duration_read(const json_t *json, const JsonPath *path, Arena *arena, ProtobufCMessage *ret)
{
	Google__Protobuf__Duration *duration = (void *)ret;
	Str text = str_n(json_string_value(json), json_string_length(json));
	double seconds;

	(void)arena;
	if (!str_ends(text, STR("s")) || !str_to_f64(str_n(text.ptr, text.len - 1), &seconds) ||
	        !(seconds >= -(double)DURATION_MAX_S && seconds <= (double)DURATION_MAX_S))
		return json_invalid(path, "is not a duration; write seconds, such as 1.5s");
	duration->seconds = (int64_t)seconds;
	duration->nanos = (int32_t)lround((seconds - (double)duration->seconds) * 1e9) % 1000000000;
	return OK;
}

static Err mask_write(const ProtobufCMessage *message, unsigned style, json_t **ret)
{
	const Google__Protobuf__FieldMask *mask = (const void *)message;
	CLEANUP(json_decrefp_) json_t *text = json_string("");

	for (size_t i = 0; text && i < mask->n_paths; i++) {
		char camel[JSON_NAME_SIZE];
		json_t *longer;

		if (!mask->paths[i][0] || strchr(mask->paths[i], ',') ||
		        strlen(mask->paths[i]) > MASK_PATH_MAX)
			return err(
			        ERR_FIELD_INVALID, "a field mask's name is empty, too long or has a comma");
		json_camel(mask->paths[i], camel);
		longer = json_sprintf("%s%s%s", json_string_value(text), i ? "," : "",
		        style & JSON_SNAKE_CASE ? mask->paths[i] : camel);
		json_decref(text);
		text = longer;
	}
	return finish(STEAL(text), ret);
}

static Err mask_read(const json_t *json, const JsonPath *path, Arena *arena, ProtobufCMessage *ret)
{
	Google__Protobuf__FieldMask *mask = (void *)ret;
	const char *at = json_string_value(json);

	if (!at)
		return json_invalid(path, "is not a field mask; write field names with commas between them");
	mask->paths = ARENA_ARRAY(arena, char *, MASK_PATHS_MAX);
	while (mask->paths && *at) {
		size_t length = strcspn(at, ",");
		char snake[JSON_NAME_SIZE];

		if (mask->n_paths == MASK_PATHS_MAX || length == 0 || length > MASK_PATH_MAX)
			return json_invalid(
			        path, "has an empty or too long name, or more than %d", MASK_PATHS_MAX);
		json_snake(str_n(at, length), snake);
		if (strlen(snake) > MASK_PATH_MAX)
			return json_invalid(path, "has a name longer than %d bytes", MASK_PATH_MAX);
		mask->paths[mask->n_paths] = arena_cstr(arena, str(snake));
		if (!mask->paths[mask->n_paths++])
			break;
		at += length + (at[length] == ',');
	}
	return *at ? err(ERR_NO_MEMORY, "no memory for a field mask") : OK;
}

static Err strings_write(const Parley__Design__V1__StringList *list, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *array = json_array();

	for (size_t i = 0; list && i < list->n_values; i++)
		if (json_array_append_new(array, json_string(list->values[i])))
			return err(ERR_FIELD_INVALID, "a text is not UTF-8, or memory is out");
	return finish(STEAL(array), ret);
}

static Err literal_write(const ProtobufCMessage *message, unsigned style, json_t **ret)
{
	const Parley__Design__V1__Literal *literal = (const void *)message;

	(void)style;
	switch (literal->kind_case) {
	case PARLEY__DESIGN__V1__LITERAL__KIND_BOOL_VALUE:
		return finish(json_boolean(literal->bool_value), ret);
	case PARLEY__DESIGN__V1__LITERAL__KIND_INT_VALUE:
		return finish(json_integer(literal->int_value), ret);
	case PARLEY__DESIGN__V1__LITERAL__KIND_DOUBLE_VALUE:
		return finish(json_real(literal->double_value), ret);
	case PARLEY__DESIGN__V1__LITERAL__KIND_STRING_VALUE:
		return finish(json_string(literal->string_value), ret);
	case PARLEY__DESIGN__V1__LITERAL__KIND_STRINGS_VALUE:
		return strings_write(literal->strings_value, ret);
	default:
		return finish(json_null(), ret);
	}
}

static Err literal_strings_read(
        const json_t *json, const JsonPath *path, Arena *arena, Parley__Design__V1__Literal *literal)
{
	Parley__Design__V1__StringList *list = ARENA_NEW(arena, Parley__Design__V1__StringList);
	size_t count = json_array_size(json);

	if (!list)
		return err(ERR_NO_MEMORY, "no memory for a list");
	parley__design__v1__string_list__init(list);
	list->values = ARENA_ARRAY(arena, char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(json, i);
		const JsonPath at = {path->up, path->name, i};

		if (!json_is_string(item))
			return json_invalid(&at, "is not a text; a list holds texts only, quote it");
		if (!list->values || !(list->values[i] = arena_cstr(arena,
		                               str_n(json_string_value(item), json_string_length(item)))))
			return err(ERR_NO_MEMORY, "no memory for a list");
	}
	list->n_values = count;
	literal->strings_value = list;
	literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_STRINGS_VALUE;
	return OK;
}

static Err literal_read(const json_t *json, const JsonPath *path, Arena *arena, ProtobufCMessage *ret)
{
	Parley__Design__V1__Literal *literal = (void *)ret;

	switch (json_typeof(json)) {
	case JSON_TRUE:
	case JSON_FALSE:
		literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_BOOL_VALUE;
		literal->bool_value = json_is_true(json);
		return OK;
	case JSON_INTEGER:
		literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_INT_VALUE;
		literal->int_value = json_integer_value(json);
		return OK;
	case JSON_REAL:
		literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_DOUBLE_VALUE;
		literal->double_value = json_real_value(json);
		return OK;
	case JSON_STRING:
		literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_STRING_VALUE;
		literal->string_value =
		        arena_cstr(arena, str_n(json_string_value(json), json_string_length(json)));
		return literal->string_value ? OK : err(ERR_NO_MEMORY, "no memory for a text");
	case JSON_ARRAY:
		return literal_strings_read(json, path, arena, literal);
	default:
		return json_invalid(
		        path, "is not a constant; write true, 42, 3.5, \"text\" or [\"a\", \"b\"]");
	}
}

// An action of nothing but a kind: LOG_CONTACT.
static Err action_read(const json_t *json, const JsonPath *path, Arena *arena, ProtobufCMessage *ret)
{
	const ProtobufCFieldDescriptor *kind = json_field(ret->descriptor, STR("kind"));

	(void)arena;
	if (!json_is_string(json))
		return json_invalid(
		        path, "is not an event's action; write LOG_CONTACT or {kind: LOG_CONTACT}");
	return json_enum_read(json, path, kind->descriptor, json_member(ret, kind->offset));
}

static const JsonSpecial specials[] = {
        {"google.protobuf.Timestamp", 0, false, timestamp_write, timestamp_read},
        {"google.protobuf.Duration", 0, false, duration_write, duration_read},
        {"google.protobuf.FieldMask", 0, false, mask_write, mask_read},
        {"parley.design.v1.Literal", JSON_BARE_LITERALS, true, literal_write, literal_read},
        {"parley.design.v1.EventAction", 0, true, NULL, action_read},
};

const JsonSpecial *json_special(const ProtobufCMessageDescriptor *descriptor)
{
	for (size_t i = 0; i < ARRAY_COUNT(specials); i++)
		if (strcmp(specials[i].name, descriptor->name) == 0)
			return &specials[i];
	return NULL;
}
