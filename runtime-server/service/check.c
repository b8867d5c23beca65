#include "service/check.h"

#include <inttypes.h>
#include <stdio.h>

// --- IDs and points ---

Err check_id(const char *field, const char *id)
{
	size_t len = strlen(id);
	if (len == 0)
		return err_at(ERR_FIELD_MISSING, field, "%s is missing; give 1 to %d bytes", field, ID_MAX);
	if (len > ID_MAX)
		return err_at(ERR_FIELD_INVALID, field, "%s has %zu bytes; 1 to %d are possible", field, len,
		        ID_MAX);
	return OK;
}

Err check_points(PointRequest **in, size_t count)
{
	char path[64];
	if (count == 0)
		return err_at(ERR_FIELD_MISSING, "points", "no interaction point is asked for; name 1 to %d",
		        POINTS_MAX);
	if (count > POINTS_MAX)
		return err_at(ERR_FIELD_INVALID, "points",
		        "%zu interaction points are asked for; 1 to %d are possible", count, POINTS_MAX);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof path, "points[%zu].max_offers", i);
		if (in[i]->max_offers > OFFERS_MAX)
			return err_at(ERR_FIELD_INVALID, path,
			        "%" PRIu32 " offers are asked for; at most %d are possible",
			        in[i]->max_offers, OFFERS_MAX);
		snprintf(path, sizeof path, "points[%zu].interaction_point", i);
		if (*in[i]->interaction_point == '\0')
			return err_at(ERR_FIELD_MISSING, path, "the interaction point's name is missing");
	}
	return OK;
}

// --- values ---

// What fits a value type; `read` gives why it does not, or NULL.
typedef const char *(*ReadValue)(const Value *in, Arena *arena, ExprValue *ret);

static const char *read_bool(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_bool(in->bool_value);
	return NULL;
}

static const char *read_int(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_int(in->int_value);
	return NULL;
}

static const char *read_double(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_double(in->double_value);
	return NULL;
}

static const char *read_string(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_string(str(in->string_value));
	return ret->len <= TEXT_MAX ? NULL : "text of at most 4096 bytes";
}

static const char *read_timestamp(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	const Google__Protobuf__Timestamp *time = in->timestamp_value;
	const int64_t first = -62135596800, last = 253402300799; // years 1 to 9999
	if (time->seconds < first || time->seconds > last || time->nanos < 0 || time->nanos > 999999999)
		return "a moment in the years 1 to 9999";
	*ret = expr_timestamp_us(time->seconds * 1000000 + time->nanos / 1000);
	return NULL;
}

static const char *read_strings(const Value *in, Arena *arena, ExprValue *ret)
{
	const StringList *list = in->strings_value;
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, list->n_values);
	if (list->n_values > LIST_MAX || (items == NULL && list->n_values > 0))
		return "a list of at most 256 texts";
	for (size_t i = 0; i < list->n_values; i++)
		items[i] = expr_string(str(list->values[i]));
	*ret = expr_list(items, list->n_values);
	return NULL;
}

#define K(name) PARLEY__RUNTIME__V1__VALUE__KIND_##name
static const struct {
	const char *name;
	Parley__Runtime__V1__Value__KindCase kind;
	ReadValue read;
} kinds[] = {
        // By the snapshot's ValueType.
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_BOOL] = {"bool_value", K(BOOL_VALUE), read_bool},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_INT] = {"int_value", K(INT_VALUE), read_int},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_DOUBLE] = {"double_value", K(DOUBLE_VALUE),
                read_double},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING] = {"string_value", K(STRING_VALUE),
                read_string},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_TIMESTAMP] = {"timestamp_value", K(TIMESTAMP_VALUE),
                read_timestamp},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING_LIST] = {"strings_value", K(STRINGS_VALUE),
                read_strings},
};
#undef K

static Err read_value(
        const Value *in, ValueType type, Err wrong, const char *path, Arena *arena, ExprValue *ret)
{
	if (in->kind_case != kinds[type].kind)
		return err_at(wrong, path, "the value has the wrong type; set %s", kinds[type].name);
	const char *right = kinds[type].read(in, arena, ret);
	if (right != NULL)
		return err_at(wrong, path, "the value is out of range; give %s", right);
	return OK;
}

// --- the audience ---

static Err find_key(const Level *level, const AudienceId *in, size_t k, Arena *arena, ExprValue *ret)
{
	const char *name = level->keys[k]->name;
	char path[64];
	size_t found = in->n_keys;
	for (size_t i = 0; i < in->n_keys; i++)
		if (strcmp(in->keys[i]->name, name) == 0)
			found = i;
	if (found == in->n_keys)
		return err_at(ERR_AUDIENCE_INVALID, "audience.keys", "level %s needs the key %s", level->name,
		        name);
	snprintf(path, sizeof path, "audience.keys[%zu].value", found);
	if (in->keys[found]->value == NULL)
		return err_at(ERR_AUDIENCE_INVALID, path, "key %s has no value", name);
	TRY(read_value(in->keys[found]->value, level->keys[k]->type, ERR_AUDIENCE_INVALID, path, arena, ret));
	if (ret->kind == EXPR_STRING && (ret->len == 0 || ret->len > KEY_TEXT_MAX))
		return err_at(ERR_AUDIENCE_INVALID, path,
		        "key %s has %" PRIu32 " bytes; 1 to %d are possible", name, ret->len, KEY_TEXT_MAX);
	return OK;
}

static Err no_foreign_keys(const Level *level, const AudienceId *in)
{
	char path[64];
	for (size_t i = 0; i < in->n_keys; i++) {
		bool known = false;
		for (size_t k = 0; k < level->n_keys; k++)
			known |= strcmp(in->keys[i]->name, level->keys[k]->name) == 0;
		snprintf(path, sizeof path, "audience.keys[%zu].name", i);
		if (!known)
			return err_at(ERR_AUDIENCE_INVALID, path, "level %s has no key %.64s", level->name,
			        in->keys[i]->name);
	}
	if (in->n_keys > level->n_keys)
		return err_at(ERR_AUDIENCE_INVALID, "audience.keys", "a key of level %s is given twice",
		        level->name);
	return OK;
}

// Text keys of a composite ID have their "|" and "\" escaped, so that no two visitors share an ID.
static size_t put_text(char *out, const ExprValue *key, bool composite)
{
	size_t len = 0;
	for (uint32_t i = 0; i < key->len; i++) {
		if (composite && (key->s[i] == '|' || key->s[i] == '\\'))
			out[len++] = '\\';
		out[len++] = key->s[i];
	}
	return len;
}

static size_t put_key(char *out, const ExprValue *key, bool composite)
{
	if (key->kind == EXPR_STRING)
		return put_text(out, key, composite);
	if (key->kind == EXPR_BOOL)
		return (size_t)sprintf(out, "%s", key->b ? "true" : "false");
	return (size_t)sprintf(out, "%" PRId64, key->i);
}

char *check_key_text(const ExprValue *key, Arena *arena)
{
	char *text = arena_alloc(arena, KEY_TEXT_MAX + 1);
	if (text != NULL)
		text[put_key(text, key, false)] = '\0';
	return text;
}

static Err canonical_id(const ExprValue *keys, size_t count, Arena *arena, Str *ret)
{
	char *text = arena_alloc(arena, count * (2 * KEY_TEXT_MAX + 1) + 1);
	size_t len = 0;
	if (text == NULL)
		return err(ERR_NO_MEMORY, "no memory for the audience ID");
	for (size_t k = 0; k < count; k++) {
		if (k > 0)
			text[len++] = '|';
		len += put_key(text + len, &keys[k], count > 1);
	}
	if (len > AUDIENCE_ID_MAX)
		return err_at(ERR_AUDIENCE_INVALID, "audience.keys",
		        "the audience ID has %zu bytes; %d are possible", len, AUDIENCE_ID_MAX);
	*ret = str_n(text, len);
	return OK;
}

Err check_audience(const Plan *plan, const AudienceId *in, Arena *arena, Audience *ret)
{
	if (in == NULL || *in->level == '\0')
		return err_at(ERR_FIELD_MISSING, "audience.level",
		        "say whose session it is: an audience level and its keys");
	ret->level = plan_level(plan, str(in->level));
	if (ret->level < 0)
		return err_at(ERR_AUDIENCE_INVALID, "audience.level",
		        "the channel has no audience level %.64s", in->level);
	const Level *level = plan_snapshot(plan)->audience_levels[ret->level];
	ExprValue *keys = ARENA_ARRAY(arena, ExprValue, level->n_keys);
	if (keys == NULL)
		return err(ERR_NO_MEMORY, "no memory for the audience's keys");
	TRY(no_foreign_keys(level, in));
	for (size_t k = 0; k < level->n_keys; k++)
		TRY(find_key(level, in, k, arena, &keys[k]));
	ret->keys = keys;
	return canonical_id(keys, level->n_keys, arena, &ret->id);
}

// --- parameters ---

static Err check_parameter(
        const Plan *plan, int level, const NamedValue *in, size_t i, Arena *arena, Parameter *ret)
{
	char path[64];
	const Level *declared = plan_snapshot(plan)->audience_levels[level];
	snprintf(path, sizeof path, "parameters[%zu].name", i);
	ret->slot = plan_attribute(plan, level, str(in->name));
	if (ret->slot < 0)
		return err_at(ERR_ATTRIBUTE_UNKNOWN, path, "level %s has no attribute %.64s", declared->name,
		        in->name);
	const Parley__Snapshot__V1__Attribute *attribute = declared->attributes[ret->slot];
	if (!attribute->session_settable)
		return err_at(ERR_ATTRIBUTE_NOT_SETTABLE, path,
		        "attribute %s may not be set in a session; its schema would have to allow it",
		        attribute->name);
	ret->value = expr_missing((uint32_t)ret->slot);
	if (in->value == NULL || in->value->kind_case == PARLEY__RUNTIME__V1__VALUE__KIND__NOT_SET)
		return OK;
	snprintf(path, sizeof path, "parameters[%zu].value", i);
	return read_value(in->value, attribute->type, ERR_ATTRIBUTE_TYPE, path, arena, &ret->value);
}

Err check_parameters(
        const Plan *plan, int level, NamedValue **in, size_t count, Arena *arena, Parameters *ret)
{
	size_t declared = plan_snapshot(plan)->audience_levels[level]->n_attributes;
	Parameter *items = ARENA_ARRAY(arena, Parameter, count);
	bool *given = ARENA_ARRAY(arena, bool, declared);
	char path[64];
	*ret = (Parameters){items, count};
	if (count > 0 && (items == NULL || (given == NULL && declared > 0)))
		return err(ERR_NO_MEMORY, "no memory for the parameters");
	for (size_t i = 0; i < count; i++) {
		TRY(check_parameter(plan, level, in[i], i, arena, &items[i]));
		snprintf(path, sizeof path, "parameters[%zu].name", i);
		if (given[items[i].slot])
			return err_at(ERR_FIELD_INVALID, path, "attribute %s is set twice", in[i]->name);
		given[items[i].slot] = true;
	}
	return OK;
}
