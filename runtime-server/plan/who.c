// A set is made before it is known against which snapshot it is planned, so its values are texts. What they
// are, the snapshot says.
#include "plan/internal.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Plan__V1__NamedText NamedText;
typedef Parley__Snapshot__V1__AudienceLevel Level;

enum {
	DIGITS_SURE = 18, // that any number of 64 bits has room for
	TEXT_SURE = 64,   // bytes that any textual key has room for
};

#define TYPE(name) PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_##name

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event");
}

// --- texts to values: one function a type ---

static bool read_bool(const char *text, Arena *arena, ExprValue *value)
{
	(void)arena;
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
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

static bool read_int(const char *text, Arena *arena, ExprValue *value)
{
	char *end = NULL;
	long long number = 0;
	(void)arena;
	bool sure = read_digits(text, &number);
	errno = 0;
	if (!sure)
		number = strtoll(text, &end, 10);
	*value = expr_int(number);
	return sure || (errno == 0 && end != text && *end == '\0');
}

static bool read_double(const char *text, Arena *arena, ExprValue *value)
{
	char *end = NULL;
	(void)arena;
	*value = expr_double(strtod(text, &end));
	return end != text && *end == '\0';
}

static bool read_string(const char *text, Arena *arena, ExprValue *value)
{
	(void)arena;
	*value = expr_string(str(text));
	return value->len <= PROFILE_TEXT_MAX;
}

static bool read_time(const char *text, Arena *arena, ExprValue *value)
{
	int64_t time_us = 0;
	(void)arena;
	if (!time_parse(str(text), &time_us))
		return false;
	*value = expr_timestamp_us(time_us);
	return true;
}

// Texts with "|" between them, as in files of profiles.
static bool read_strings(const char *text, Arena *arena, ExprValue *value)
{
	size_t most = 1, count = 0;
	for (const char *at = text; *at != '\0'; at++)
		most += *at == '|';
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, most);
	char *rest = arena_cstr(arena, str(text));
	if (items == NULL || rest == NULL || most > PROFILE_LIST_MAX)
		return false;
	for (char *item; *text != '\0' && (item = strsep(&rest, "|")) != NULL;)
		items[count++] = expr_string(str(item));
	*value = expr_list(items, count);
	return true;
}

static bool (*const readers[])(const char *text, Arena *arena, ExprValue *value) = {
        [TYPE(BOOL)] = read_bool,
        [TYPE(INT)] = read_int,
        [TYPE(DOUBLE)] = read_double,
        [TYPE(STRING)] = read_string,
        [TYPE(TIMESTAMP)] = read_time,
        [TYPE(STRING_LIST)] = read_strings,
};

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
		TRY(glanced_text(event, key->name, arena, &text));
		if (text == NULL || !readers[key->type](text, arena, &keys[k]))
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

Err who_keys(
        const RehearsalContent *content, int index, const Event *event, Arena *arena, const ExprValue **ret)
{
	const Level *level = rehearsal_snapshot(content)->audience_levels[index];
	ExprValue *keys = ARENA_ARRAY(arena, ExprValue, level->n_keys + 1);
	*ret = keys;
	if (keys == NULL)
		return no_memory();
	for (size_t k = 0; k < level->n_keys; k++) {
		const Parley__Snapshot__V1__AudienceKey *key = level->keys[k];
		const char *text = text_of(event, key->name);
		if (text == NULL || !readers[key->type](text, arena, &keys[k])) // who_of has read it
			return no_memory();
	}
	return OK;
}

// --- attributes ---

// Most events say their attributes in the snapshot's order.
static int find_slot(const RehearsalContent *content, int index, int expected, const char *name)
{
	const Level *level = rehearsal_snapshot(content)->audience_levels[index];
	if ((size_t)expected < level->n_attributes && strcmp(level->attributes[expected]->name, name) == 0)
		return expected;
	return plan_attribute(rehearsal_plan(content), index, str(name));
}

static Err give_profile(const Level *level, int slot, ExprValue value, Arena *arena, Told *told)
{
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
	*ret = (Told){.parameters = ARENA_ARRAY(arena, Parameter, event->n_attributes + 1)};
	if (ret->parameters == NULL)
		return no_memory();
	int slot = -1;
	for (size_t i = 0; i < event->n_attributes; i++) {
		const NamedText *text = event->attributes[i];
		ExprValue value;
		slot = find_slot(content, index, slot + 1, text->name);
		const Parley__Snapshot__V1__Attribute *attribute = slot >= 0 ? level->attributes[slot] : NULL;
		if (attribute == NULL)
			problem(context, ERR_ATTRIBUTE_UNKNOWN, text->name);
		else if (!readers[attribute->type](text->value, arena, &value))
			problem(context, ERR_ATTRIBUTE_TYPE, text->name);
		else if (attribute->session_settable)
			ret->parameters[ret->count++] = (Parameter){slot, value};
		else
			TRY(give_profile(level, slot, value, arena, ret));
	}
	return OK;
}
