// A set is made before it is known against which snapshot it is planned, so its values are texts. What they
// are, the snapshot says.
#include "plan/internal.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Plan__V1__NamedText NamedText;
typedef Parley__Runtime__V1__Value Value;
typedef Parley__Snapshot__V1__AudienceLevel Level;

enum {
	DIGITS_SURE = 18, // that any number of 64 bits has room for
	TEXT_SURE = 64,   // bytes that any textual key has room for
};

#define TYPE(name) PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_##name
#define KIND(name) PARLEY__RUNTIME__V1__VALUE__KIND_##name

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event");
}

// --- texts to values: one function a type ---

static bool read_bool(const char *text, Arena *arena, Value *out, ExprValue *value)
{
	(void)arena;
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	out->kind_case = KIND(BOOL_VALUE);
	out->bool_value = yes;
	*value = expr_bool(yes);
	return yes || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

// Digits, as most have it; false: it is something else, or too long to be sure.
static bool read_digits(const char *text, long long *ret)
{
	long long number = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9' && at - text < DIGITS_SURE; at++)
		number = number * 10 + (*at - '0');
	*ret = number;
	return at > text && *at == '\0';
}

static bool read_int(const char *text, Arena *arena, Value *out, ExprValue *value)
{
	char *end = NULL;
	long long number = 0;
	(void)arena;
	bool sure = read_digits(text, &number);
	errno = 0;
	if (!sure)
		number = strtoll(text, &end, 10);
	out->kind_case = KIND(INT_VALUE);
	out->int_value = number;
	*value = expr_int(number);
	return sure || (errno == 0 && end != text && *end == '\0');
}

static bool read_double(const char *text, Arena *arena, Value *out, ExprValue *value)
{
	char *end = NULL;
	(void)arena;
	double number = strtod(text, &end);
	out->kind_case = KIND(DOUBLE_VALUE);
	out->double_value = number;
	*value = expr_double(number);
	return end != text && *end == '\0';
}

static bool read_string(const char *text, Arena *arena, Value *out, ExprValue *value)
{
	(void)arena;
	out->kind_case = KIND(STRING_VALUE);
	out->string_value = (char *)(uintptr_t)text;
	*value = expr_string(str(text));
	return value->len <= PROFILE_TEXT_MAX;
}

static bool read_time(const char *text, Arena *arena, Value *out, ExprValue *value)
{
	int64_t time_us = 0;
	Google__Protobuf__Timestamp *time = ARENA_NEW(arena, Google__Protobuf__Timestamp);
	if (time == NULL || !time_parse(str(text), &time_us))
		return false;
	google__protobuf__timestamp__init(time);
	*value = expr_timestamp_us(time_us);
	time->seconds = value->seconds;
	time->nanos = value->nanos;
	out->kind_case = KIND(TIMESTAMP_VALUE);
	out->timestamp_value = time;
	return true;
}

// Texts with "|" between them, as in files of profiles.
static bool read_strings(const char *text, Arena *arena, Value *out, ExprValue *value)
{
	size_t most = 1;
	for (const char *at = text; *at != '\0'; at++)
		most += *at == '|';
	Parley__Runtime__V1__StringList *list = ARENA_NEW(arena, Parley__Runtime__V1__StringList);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, most);
	char *rest = arena_cstr(arena, str(text));
	if (list == NULL || items == NULL || rest == NULL || most > PROFILE_LIST_MAX)
		return false;
	parley__runtime__v1__string_list__init(list);
	list->values = ARENA_ARRAY(arena, char *, most);
	for (char *item; list->values != NULL && *text != '\0' && (item = strsep(&rest, "|")) != NULL;) {
		items[list->n_values] = expr_string(str(item));
		list->values[list->n_values++] = item;
	}
	out->kind_case = KIND(STRINGS_VALUE);
	out->strings_value = list;
	*value = expr_list(items, list->n_values);
	return list->values != NULL;
}

static bool (*const readers[])(const char *text, Arena *arena, Value *out, ExprValue *value) = {
        [TYPE(BOOL)] = read_bool,
        [TYPE(INT)] = read_int,
        [TYPE(DOUBLE)] = read_double,
        [TYPE(STRING)] = read_string,
        [TYPE(TIMESTAMP)] = read_time,
        [TYPE(STRING_LIST)] = read_strings,
};

// NULL: it cannot be one, or memory is out.
static NamedValue *read_value(const char *name, const char *text, Parley__Snapshot__V1__ValueType type,
        Arena *arena, ExprValue *value)
{
	NamedValue *named = ARENA_NEW(arena, NamedValue);
	Value *out = ARENA_NEW(arena, Value);
	if (named == NULL || out == NULL)
		return NULL;
	parley__runtime__v1__named_value__init(named);
	parley__runtime__v1__value__init(out);
	named->name = (char *)(uintptr_t)name;
	named->value = out;
	return readers[type](text, arena, out, value) ? named : NULL;
}

// --- the visitor ---

static const char *text_of(const Event *event, const char *name)
{
	for (size_t i = 0; i < event->n_keys; i++)
		if (strcmp(event->keys[i]->name, name) == 0)
			return event->keys[i]->value;
	return NULL;
}

// The number of the key; key_count: the event does not say it.
static size_t key_named(const EventGlance *event, const char *name)
{
	size_t i = 0;
	while (i < event->key_count && !str_eq(event->keys[i].name, str(name)))
		i++;
	return i;
}

// A copy, for texts end in NUL where they are read; NULL: the event does not say it. Error: NO_MEMORY.
static Err glanced_text(const EventGlance *event, const char *name, Arena *arena, const char **ret)
{
	size_t i = key_named(event, name);
	*ret = i < event->key_count ? arena_cstr(arena, event->keys[i].value) : NULL;
	return i < event->key_count && *ret == NULL ? no_memory() : OK;
}

static Err no_key(const char *name, const char *text)
{
	return text != NULL
	               ? err_at(ERR_AUDIENCE_INVALID, name, "\"%.64s\" is no %s", text, name)
	               : err_at(ERR_AUDIENCE_INVALID, name, "the event does not say the visitor's %s", name);
}

static uint64_t hash_of(Str id, uint64_t level_hash)
{
	return XXH3_64bits_withSeed(id.ptr, id.len, level_hash);
}

static uint64_t hash_of_level(Str level)
{
	return XXH3_64bits(level.ptr, level.len);
}

uint64_t who_hash(Str level, Str id)
{
	return hash_of(id, hash_of_level(level));
}

Err who_of(const RehearsalContent *content, const EventGlance *event, Arena *arena, Who *ret)
{
	const Plan *plan = rehearsal_plan(content);
	int index = plan_level(plan, event->level);
	if (index < 0)
		return err_at(ERR_AUDIENCE_INVALID, "audience_level",
		        "the channel has no audience level \"" STR_FMT "\"", STR_ARG(event->level));
	const Level *level = rehearsal_snapshot(content)->audience_levels[index];
	ExprValue *keys = ARENA_ARRAY(arena, ExprValue, level->n_keys + 1);
	Str id;
	if (keys == NULL)
		return no_memory();
	for (size_t k = 0; k < level->n_keys; k++) {
		const Parley__Snapshot__V1__AudienceKey *key = level->keys[k];
		const char *text = NULL;
		Value unused;
		TRY(glanced_text(event, key->name, arena, &text));
		if (text == NULL || !readers[key->type](text, arena, &unused, &keys[k]))
			return no_key(key->name, text);
	}
	TRY(rehearsal_visitor(content, index, keys, arena, &id));
	*ret = (Who){.level = index,
	        .id = id,
	        .hash = who_hash(str(level->name), id),
	        .keys = keys,
	        .key_count = level->n_keys};
	return OK;
}

// --- the visitors of a shape ---

static bool is_plain_number(Str text)
{
	bool digits = text.len > 0 && text.len <= DIGITS_SURE && (text.ptr[0] != '0' || text.len == 1);
	for (size_t i = 0; digits && i < text.len; i++)
		digits = text.ptr[i] >= '0' && text.ptr[i] <= '9';
	return digits;
}

static bool is_plain_text(Str text)
{
	return text.len > 0 && text.len <= TEXT_SURE;
}

Whose whose_of(const RehearsalContent *content, const EventGlance *event)
{
	Whose whose = {.level = plan_level(rehearsal_plan(content), event->level)};
	if (whose.level < 0)
		return whose;
	const Level *level = rehearsal_snapshot(content)->audience_levels[whose.level];
	whose.level_hash = hash_of_level(str(level->name));
	if (level->n_keys != 1)
		return whose;
	whose.key = key_named(event, level->keys[0]->name);
	if (whose.key == event->key_count)
		return whose;
	whose.is_id = level->keys[0]->type == TYPE(INT)      ? is_plain_number
	              : level->keys[0]->type == TYPE(STRING) ? is_plain_text
	                                                     : NULL;
	return whose;
}

bool whose_hash(const Whose *whose, const EventGlance *event, uint64_t *ret)
{
	Str id = event->keys[whose->key].value;
	if (whose->is_id == NULL || !whose->is_id(id))
		return false;
	*ret = hash_of(id, whose->level_hash);
	return true;
}

// --- the visitor, as a call has it ---

Err who_audience(
        const RehearsalContent *content, int index, const Event *event, Arena *arena, AudienceId *ret)
{
	const Level *level = rehearsal_snapshot(content)->audience_levels[index];
	parley__runtime__v1__audience_id__init(ret);
	ret->level = level->name;
	ret->keys = ARENA_ARRAY(arena, NamedValue *, level->n_keys + 1);
	ret->n_keys = level->n_keys;
	if (ret->keys == NULL)
		return no_memory();
	for (size_t k = 0; k < level->n_keys; k++) {
		const Parley__Snapshot__V1__AudienceKey *key = level->keys[k];
		ExprValue value;
		ret->keys[k] = read_value(key->name, text_of(event, key->name), key->type, arena, &value);
		if (ret->keys[k] == NULL) // who_of has read it
			return no_memory();
	}
	return OK;
}

// --- attributes ---

static Err take(const Level *level, int slot, const NamedText *text, Arena *arena, Told *told, bool *ret_fits)
{
	ExprValue value;
	const Parley__Snapshot__V1__Attribute *attribute = level->attributes[slot];
	NamedValue *named = read_value(attribute->name, text->value, attribute->type, arena, &value);
	*ret_fits = named != NULL;
	if (named == NULL)
		return OK;
	if (attribute->session_settable) {
		told->parameters[told->count++] = named;
		return OK;
	}
	if (told->given == NULL) {
		told->given = ARENA_ARRAY(arena, uint64_t, level->n_attributes / 64 + 1);
		told->values = ARENA_ARRAY(arena, ExprValue, level->n_attributes + 1);
		if (told->given == NULL || told->values == NULL)
			return no_memory();
	}
	told->values[slot] = value;
	told->given[slot / 64] |= UINT64_C(1) << slot % 64;
	return OK;
}

Err told_of(const RehearsalContent *content, int index, const Event *event, Arena *arena,
        void (*problem)(void *context, Err reason, const char *about), void *context, Told *ret)
{
	const Level *level = rehearsal_snapshot(content)->audience_levels[index];
	*ret = (Told){.parameters = ARENA_ARRAY(arena, NamedValue *, event->n_attributes + 1)};
	if (ret->parameters == NULL)
		return no_memory();
	for (size_t i = 0; i < event->n_attributes; i++) {
		const NamedText *text = event->attributes[i];
		int slot = plan_attribute(rehearsal_plan(content), index, str(text->name));
		bool fits = false;
		if (slot < 0) {
			problem(context, ERR_ATTRIBUTE_UNKNOWN, text->name);
			continue;
		}
		TRY(take(level, slot, text, arena, ret, &fits));
		if (!fits)
			problem(context, ERR_ATTRIBUTE_TYPE, text->name);
	}
	return OK;
}
