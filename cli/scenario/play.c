// Visitors and values by the channel's own schema: who writes a scenario writes 5 and means 5.0 where the
// attribute is a double.
#include "scenario/play.h"
#include "release/deployment.h"
#include "scenario/expect.h"
#include "touchpoint/value.h"

#include "snapshot/types.h"

static const SnapLevel *level_named(const Play *play, const char *name)
{
	const Snapshot *snapshot = play->stage->snapshot;

	for (size_t i = 0; i < snapshot->n_audience_levels; i++)
		if (strcmp(snapshot->audience_levels[i]->name, name) == 0)
			return snapshot->audience_levels[i];
	return NULL;
}

// --- visitors ---

static const char *key_text(const Play *play, const json_t *value)
{
	const json_t *held = expect_bare(value);

	if (json_is_string(held))
		return arena_cstr(play->arena, str(json_string_value(held)));
	if (json_is_integer(held))
		return arena_printf(play->arena, "%lld", (long long)json_integer_value(held));
	return json_is_boolean(held) ? json_is_true(held) ? "true" : "false" : NULL;
}

// "|" and "\" in the keys of an ID of several are escaped (common/snapshot).
static const char *escaped(const Play *play, const char *text)
{
	char *made = arena_alloc(play->arena, 2 * strlen(text) + 1), *to = made;

	for (; *text; text++) {
		if (*text == '|' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	return made;
}

static const char *canonical_id(const Play *play, const SnapLevel *level)
{
	const char *id = "";

	for (size_t i = 0; i < level->n_keys; i++) {
		const char *text = NULL;
		const json_t *key;
		size_t k;

		json_array_foreach(json_object_get(play->who.audience, "keys"), k,
		        key) if (strcmp(json_word(key, "name"), level->keys[i]->name) == 0) text =
		        key_text(play, json_object_get(key, "value"));
		if (!text)
			return NULL;
		id = arena_printf(play->arena, "%s%s%s", id, i ? "|" : "",
		        level->n_keys > 1 ? escaped(play, text) : text);
	}
	return id;
}

Err play_visitor(Play *play, const ScenarioVisitor *visitor)
{
	const SnapLevel *level;

	play->who.given = visitor;
	TRY(audience_parse(str(visitor->audience), play->arena, &play->who.audience));
	json_array_append_new(play->keep, play->who.audience);
	play->who.level = json_word(play->who.audience, "level");
	level = level_named(play, play->who.level);
	play->who.id = level ? canonical_id(play, level) : NULL;
	if (play->who.id)
		return OK;
	play->refused = err_reason(ERR_AUDIENCE_INVALID);
	play->refusal =
	        level ? arena_printf(
	                        play->arena, "'%s' lacks a key of level %s", visitor->audience, level->name)
	              : arena_printf(play->arena, "the channel has no audience level '%s'", play->who.level);
	return OK;
}

// --- values ---

static const SnapAttribute *attribute_named(const SnapLevel *level, const char *name)
{
	for (size_t i = 0; level && i < level->n_attributes; i++)
		if (strcmp(level->attributes[i]->name, name) == 0)
			return level->attributes[i];
	return NULL;
}

// What does not fit the type goes as it is: the server says what is wrong with it.
static json_t *value_json(const SnapAttribute *attribute, const json_t *value)
{
	bool wants_double = attribute && attribute->type == SNAP_TYPE(DOUBLE);

	if (json_is_null(value))
		return NULL;
	if (json_is_boolean(value))
		return json_pack("{s:O}", "bool_value", value);
	if (json_is_integer(value) && !wants_double)
		return json_pack("{s:O}", "int_value", value);
	if (json_is_number(value))
		return json_pack("{s:f}", "double_value", json_number_value(value));
	if (json_is_array(value))
		return json_pack("{s:{s:O}}", "strings_value", "values", value);
	return json_pack("{s:O}",
	        attribute && attribute->type == SNAP_TYPE(TIMESTAMP) ? "timestamp_value" : "string_value",
	        value);
}

Err play_values(Play *play, const json_t *values, json_t **ret)
{
	const SnapLevel *level = level_named(play, play->who.level);
	const char *name;
	json_t *value;

	*ret = json_array();
	json_object_foreach((json_t *)(uintptr_t)values, name, value)
	{
		json_t *named = json_pack("{s:s}", "name", name),
		       *typed = value_json(attribute_named(level, name), value);

		if (typed)
			json_object_set_new(named, "value", typed);
		json_array_append_new(*ret, named);
	}
	return OK;
}

// --- refusals ---

Err play_refused(Play *play, int line)
{
	play->over = true;
	json_array_append_new(play->failures,
	        json_pack("{s:i, s:s, s:s, s:s, s:[]}", "line", line, "what", "refused", "expected",
	                "an answer", "got", arena_printf(play->arena, "%s: %s", play->refused, play->refusal),
	                "why"));
	return OK;
}
