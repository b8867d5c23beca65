// Who a session is about, and which attributes a call sets.
#include "service/check.h"

#include "service/value.h"

#include <inttypes.h>
#include <stdio.h>

enum { PATH_SIZE = 64, NUMBER_SIZE = 20 };

// Digits from the last to the first, in front of `end`; returns where they begin.
static char *digits_before(char *end, uint64_t number)
{
	do
		*--end = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	return end;
}

// "LIST[I].MEMBER", for refusals only: a request that is fine is not slowed down by what could be said of it.
static void path_of(const char *list, size_t i, const char *member, char path[PATH_SIZE])
{
	char number[NUMBER_SIZE], *end = number + sizeof number, *digits = digits_before(end, i);
	size_t len = strnlen(list, PATH_SIZE / 2), behind = strnlen(member, PATH_SIZE / 4 - 4);
	size_t count = (size_t)(end - digits) < PATH_SIZE / 4 ? (size_t)(end - digits) : PATH_SIZE / 4;
	memcpy(path, list, len);
	path[len++] = '[';
	memcpy(path + len, digits, count);
	len += count;
	path[len++] = ']';
	path[len++] = '.';
	memcpy(path + len, member, behind);
	path[len + behind] = '\0';
}

// --- the audience ---

static bool is_key_length(const ExprValue *key)
{
	return key->kind != EXPR_STRING || (key->len > 0 && key->len <= KEY_TEXT_MAX);
}

static Err check_key_length(const char *name, const ExprValue *key, const char *path)
{
	if (!is_key_length(key))
		return err_at(ERR_AUDIENCE_INVALID, path,
		        "key %s has %" PRIu32 " bytes; 1 to %d are possible", name, key->len, KEY_TEXT_MAX);
	return OK;
}

static Err refuse_key(const Parley__Snapshot__V1__AudienceKey *key, const Value *in, size_t i, Arena *arena)
{
	char path[PATH_SIZE];
	ExprValue value;
	path_of("audience.keys", i, "value", path);
	if (in == NULL)
		return err_at(ERR_AUDIENCE_INVALID, path, "key %s has no value", key->name);
	TRY(value_read(in, key->type, ERR_AUDIENCE_INVALID, path, arena, &value));
	return check_key_length(key->name, &value, path);
}

static Err find_key(const Level *level, const AudienceId *in, size_t k, Arena *arena, ExprValue *ret)
{
	const Parley__Snapshot__V1__AudienceKey *key = level->keys[k];
	size_t found = in->n_keys;
	for (size_t i = 0; i < in->n_keys; i++)
		if (strcmp(in->keys[i]->name, key->name) == 0)
			found = i;
	if (found == in->n_keys)
		return err_at(ERR_AUDIENCE_INVALID, "audience.keys", "level %s needs the key %s", level->name,
		        key->name);
	const Value *value = in->keys[found]->value;
	bool fits = value != NULL && value_take(value, key->type, arena, ret) && is_key_length(ret);
	return fits ? OK : refuse_key(key, value, found, arena);
}

static Err refuse_foreign_key(const Level *level, const char *name, size_t i)
{
	char path[PATH_SIZE];
	path_of("audience.keys", i, "name", path);
	return err_at(ERR_AUDIENCE_INVALID, path, "level %s has no key %.64s", level->name, name);
}

static Err no_foreign_keys(const Level *level, const AudienceId *in)
{
	for (size_t i = 0; i < in->n_keys; i++) {
		bool known = false;
		for (size_t k = 0; k < level->n_keys; k++)
			known |= strcmp(in->keys[i]->name, level->keys[k]->name) == 0;
		if (!known)
			return refuse_foreign_key(level, in->keys[i]->name, i);
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
	char number[NUMBER_SIZE], *end = number + sizeof number;
	char *digits = digits_before(end, key->i < 0 ? 0 - (uint64_t)key->i : (uint64_t)key->i);
	if (key->i < 0)
		*out++ = '-';
	memcpy(out, digits, (size_t)(end - digits));
	return (size_t)(end - digits) + (key->i < 0);
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
	size_t len = 0, most = 1;
	for (size_t k = 0; k < count; k++)
		most += keys[k].kind == EXPR_STRING ? 2 * (size_t)keys[k].len + 1 : NUMBER_SIZE + 2;
	char *text = arena_alloc(arena, most);
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

Err check_audience_id(const Level *level, const ExprValue *keys, Arena *arena, Str *ret)
{
	for (size_t k = 0; k < level->n_keys; k++)
		TRY(check_key_length(level->keys[k]->name, &keys[k], "audience.keys"));
	return canonical_id(keys, level->n_keys, arena, ret);
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

Err check_keys(const Plan *plan, int level, const ExprValue *keys, Arena *arena, Audience *ret)
{
	const Level *declared = plan_snapshot(plan)->audience_levels[level];
	for (size_t k = 0; k < declared->n_keys; k++)
		if (!value_fits(&keys[k], declared->keys[k]->type))
			return err_at(ERR_AUDIENCE_INVALID, "audience.keys", "key %s has another type",
			        declared->keys[k]->name);
	*ret = (Audience){.level = level, .keys = keys};
	return check_audience_id(declared, keys, arena, &ret->id);
}

// --- parameters ---

typedef Parley__Snapshot__V1__Attribute Attribute;

// What a list of attributes may say, and where it stands in the request.
typedef struct ListRules {
	const char *field;
	bool any; // also those that a session may not set
} ListRules;

static const ListRules settable = {.field = "parameters"};

static Err refuse_name(const Level *level, const char *name, size_t i, const ListRules *rules)
{
	char path[PATH_SIZE];
	path_of(rules->field, i, "name", path);
	return err_at(ERR_ATTRIBUTE_UNKNOWN, path, "level %s has no attribute %.64s", level->name, name);
}

static Err refuse_setting(const Attribute *attribute, size_t i, const ListRules *rules)
{
	char path[PATH_SIZE];
	path_of(rules->field, i, "name", path);
	return err_at(ERR_ATTRIBUTE_NOT_SETTABLE, path,
	        "attribute %s may not be set in a session; its schema would have to allow it",
	        attribute->name);
}

static Err refuse_again(const Attribute *attribute, size_t i, const ListRules *rules)
{
	char path[PATH_SIZE];
	path_of(rules->field, i, "name", path);
	return err_at(ERR_FIELD_INVALID, path, "attribute %s is set twice", attribute->name);
}

static Err refuse_value(
        const Value *in, ValueType type, size_t i, const ListRules *rules, Arena *arena, ExprValue *value)
{
	char path[PATH_SIZE];
	path_of(rules->field, i, "value", path);
	return value_read(in, type, ERR_ATTRIBUTE_TYPE, path, arena, value);
}

static Err check_parameter(const Plan *plan, int level, const NamedValue *in, size_t i,
        const ListRules *rules, Arena *arena, Parameter *ret)
{
	const Level *declared = plan_snapshot(plan)->audience_levels[level];
	ret->slot = plan_attribute(plan, level, str(in->name));
	if (ret->slot < 0)
		return refuse_name(declared, in->name, i, rules);
	const Attribute *attribute = declared->attributes[ret->slot];
	if (!attribute->session_settable && !rules->any)
		return refuse_setting(attribute, i, rules);
	ret->value = expr_missing((uint32_t)ret->slot);
	if (!value_given(in->value) || value_take(in->value, attribute->type, arena, &ret->value))
		return OK;
	return refuse_value(in->value, attribute->type, i, rules, arena, &ret->value);
}

static Err list_room(const Level *level, Arena *arena, bool **ret_given)
{
	*ret_given = ARENA_ARRAY(arena, bool, level->n_attributes + 1);
	return *ret_given != NULL ? OK : err(ERR_NO_MEMORY, "no memory for the parameters");
}

static Err check_list(const Plan *plan, int level, NamedValue **in, size_t count, const ListRules *rules,
        Arena *arena, Parameters *ret)
{
	const Level *declared = plan_snapshot(plan)->audience_levels[level];
	bool *given = NULL;
	*ret = (Parameters){0};
	if (count == 0)
		return OK;
	TRY(list_room(declared, arena, &given));
	Parameter *items = ARENA_ARRAY(arena, Parameter, count);
	if (items == NULL)
		return err(ERR_NO_MEMORY, "no memory for the parameters");
	for (size_t i = 0; i < count; i++) {
		TRY(check_parameter(plan, level, in[i], i, rules, arena, &items[i]));
		if (given[items[i].slot])
			return refuse_again(declared->attributes[items[i].slot], i, rules);
		given[items[i].slot] = true;
	}
	*ret = (Parameters){items, count};
	return OK;
}

Err check_parameters(
        const Plan *plan, int level, NamedValue **in, size_t count, Arena *arena, Parameters *ret)
{
	return check_list(plan, level, in, count, &settable, arena, ret);
}

Err check_any_attributes(const Plan *plan, int level, NamedValue **in, size_t count, const char *field,
        Arena *arena, Parameters *ret)
{
	return check_list(plan, level, in, count, &(ListRules){.field = field, .any = true}, arena, ret);
}

Err check_slots(const Plan *plan, int level, const Parameters *in, Arena *arena)
{
	const Level *declared = plan_snapshot(plan)->audience_levels[level];
	bool *given = NULL;
	if (in->count == 0)
		return OK;
	TRY(list_room(declared, arena, &given));
	for (size_t i = 0; i < in->count; i++) {
		int slot = in->items[i].slot;
		const Attribute *attribute = declared->attributes[slot];
		if (!attribute->session_settable)
			return refuse_setting(attribute, i, &settable);
		if (!value_fits(&in->items[i].value, attribute->type))
			return err_at(ERR_ATTRIBUTE_TYPE, settable.field,
			        "attribute %s has another type, or its value is out of range",
			        attribute->name);
		if (given[slot])
			return refuse_again(attribute, i, &settable);
		given[slot] = true;
	}
	return OK;
}
