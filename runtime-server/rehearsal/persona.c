// A table in memory: a story has a handful of visitors, a plan maybe millions.
#include "rehearsal/persona.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Snapshot__V1__AudienceLevel Level;

enum { ARENA_BLOCK = 64 * 1024, FIRST_BUCKETS = 64, LINE_MAX_BYTES = 1024 * 1024 };

typedef struct Persona {
	struct Persona *next;
	int level;
	Str id;
	uint64_t hash;
	ExprValue *values;
	uint64_t *given;
} Persona;

struct Personas {
	Arena *arena; // its own
	const RehearsalContent *content;
	Persona **buckets;
	size_t bucket_count, count;
};

Personas *personas_new(const RehearsalContent *content)
{
	Arena *arena = arena_new(ARENA_BLOCK, 0);
	Personas *personas = arena != NULL ? ARENA_NEW(arena, Personas) : NULL;
	if (personas == NULL) {
		arena_free(arena);
		return NULL;
	}
	personas->arena = arena;
	personas->content = content;
	personas->buckets = calloc(FIRST_BUCKETS, sizeof(Persona *));
	personas->bucket_count = FIRST_BUCKETS;
	if (personas->buckets == NULL) {
		personas_free(personas);
		return NULL;
	}
	return personas;
}

void personas_free(Personas *personas)
{
	if (personas == NULL)
		return;
	free(personas->buckets);
	arena_free(personas->arena);
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for another visitor");
}

Err persona_of(
        const RehearsalContent *content, const json_t *visitor, Arena *arena, int *ret_level, Str *ret_id)
{
	const char *level = json_string_value(json_object_get(visitor, "level"));
	const char *id = json_string_value(json_object_get(visitor, "id"));
	if (level == NULL || id == NULL)
		return err_at(ERR_FIELD_MISSING, "visitor", "a visitor is {\"level\": NAME, \"id\": TEXT}");
	*ret_level = plan_level(rehearsal_plan(content), str(level));
	if (*ret_level < 0)
		return err_at(
		        ERR_AUDIENCE_INVALID, "level", "the channel has no audience level \"%.128s\"", level);
	return audience_id_canonical(
	        rehearsal_snapshot(content)->audience_levels[*ret_level], str(id), arena, ret_id);
}

// --- values: one function a type ---

static bool read_bool(const json_t *json, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_bool(json_is_true(json));
	return json_is_boolean(json);
}

static bool read_int(const json_t *json, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_int(json_integer_value(json));
	return json_is_integer(json);
}

static bool read_double(const json_t *json, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_double(json_number_value(json));
	return json_is_number(json);
}

static bool read_text(const json_t *json, Arena *arena, ExprValue *ret)
{
	Str text = {json_string_value(json), json_string_length(json)};
	if (!json_is_string(json) || text.len > PROFILE_TEXT_MAX)
		return false;
	Str copy = arena_str(arena, text);
	*ret = expr_string(copy);
	return copy.ptr != NULL;
}

static bool read_time(const json_t *json, Arena *arena, ExprValue *ret)
{
	int64_t time_us = 0;
	(void)arena;
	if (!json_is_string(json) || !time_parse(str(json_string_value(json)), &time_us))
		return false;
	*ret = expr_timestamp_us(time_us);
	return true;
}

static bool read_texts(const json_t *json, Arena *arena, ExprValue *ret)
{
	size_t count = json_array_size(json);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, count + 1);
	if (!json_is_array(json) || count > PROFILE_LIST_MAX || items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!read_text(json_array_get(json, i), arena, &items[i]))
			return false;
	*ret = expr_list(items, count);
	return true;
}

#define TYPE(name) PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_##name
static const struct {
	bool (*read)(const json_t *json, Arena *arena, ExprValue *ret);
	const char *expected;
} types[] = {
        [TYPE(BOOL)] = {read_bool, "true or false"},
        [TYPE(INT)] = {read_int, "a whole number"},
        [TYPE(DOUBLE)] = {read_double, "a number"},
        [TYPE(STRING)] = {read_text, "a text"},
        [TYPE(TIMESTAMP)] = {read_time, "a time such as 2026-01-31T08:00:00Z"},
        [TYPE(STRING_LIST)] = {read_texts, "a list of texts"},
};
#undef TYPE

static Err take_value(Personas *personas, const Persona *persona, const char *name, const json_t *value)
{
	const Level *level = rehearsal_snapshot(personas->content)->audience_levels[persona->level];
	int slot = plan_attribute(rehearsal_plan(personas->content), persona->level, str(name));
	if (slot < 0)
		return err_at(ERR_ATTRIBUTE_UNKNOWN, name, "level \"%s\" has no attribute \"%.128s\"",
		        level->name, name);
	if (json_is_null(value))
		return OK;
	size_t type = (size_t)level->attributes[slot]->type;
	if (!types[type].read(value, personas->arena, &persona->values[slot]))
		return err_at(ERR_ATTRIBUTE_TYPE, name, "attribute \"%s\" is %s", name, types[type].expected);
	persona->given[slot / 64] |= UINT64_C(1) << slot % 64;
	return OK;
}

// --- the table ---

static uint64_t hash_of(int level, Str id)
{
	return XXH3_64bits_withSeed(id.ptr, id.len, (uint64_t)level);
}

static Persona **bucket_of(Persona **buckets, size_t count, uint64_t hash)
{
	return &buckets[hash & (count - 1)];
}

static Persona *find(const Personas *personas, int level, Str id)
{
	uint64_t hash = hash_of(level, id);
	Persona *persona = *bucket_of(personas->buckets, personas->bucket_count, hash);
	while (persona != NULL &&
	        (persona->hash != hash || persona->level != level || !str_eq(persona->id, id)))
		persona = persona->next;
	return persona;
}

static Err grow(Personas *personas)
{
	size_t count = personas->bucket_count * 2;
	Persona **buckets = calloc(count, sizeof(Persona *));
	if (buckets == NULL)
		return no_memory();
	for (size_t i = 0; i < personas->bucket_count; i++)
		for (Persona *persona = personas->buckets[i], *next; persona != NULL; persona = next) {
			Persona **bucket = bucket_of(buckets, count, persona->hash);
			next = persona->next;
			persona->next = *bucket;
			*bucket = persona;
		}
	free(personas->buckets);
	personas->buckets = buckets;
	personas->bucket_count = count;
	return OK;
}

static Err add(Personas *personas, const Persona *made)
{
	Persona *persona = ARENA_NEW(personas->arena, Persona);
	if (persona == NULL)
		return no_memory();
	if (personas->count >= personas->bucket_count)
		TRY(grow(personas));
	Persona **bucket = bucket_of(personas->buckets, personas->bucket_count, made->hash);
	*persona = *made;
	persona->next = *bucket;
	*bucket = persona;
	personas->count++;
	return OK;
}

Err personas_put(Personas *personas, int level, Str id, const json_t *profile)
{
	size_t count = rehearsal_snapshot(personas->content)->audience_levels[level]->n_attributes;
	Persona made = {.level = level,
	        .id = arena_str(personas->arena, id),
	        .hash = hash_of(level, id),
	        .values = ARENA_ARRAY(personas->arena, ExprValue, count + 1),
	        .given = ARENA_ARRAY(personas->arena, uint64_t, count / 64 + 1)};
	const char *name;
	json_t *value;
	if (made.id.ptr == NULL || made.values == NULL || made.given == NULL)
		return no_memory();
	json_object_foreach((json_t *)(uintptr_t)profile, name, value)
	        TRY(take_value(personas, &made, name, value));
	Persona *persona = find(personas, level, id);
	if (persona == NULL)
		return add(personas, &made);
	made.next = persona->next;
	*persona = made;
	return OK;
}

// --- a file of them ---

static Err take_line(Personas *personas, Str text, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	int level = 0;
	Str id = {0};
	TRY(json_parse(text, LINE_MAX_BYTES, &json));
	TRY(persona_of(personas->content, json, arena, &level, &id));
	const json_t *attributes = json_object_get(json, "attributes");
	if (!json_is_object(attributes))
		return err_at(ERR_FIELD_MISSING, "attributes", "give {ATTRIBUTE: value, …}");
	return personas_put(personas, level, id, attributes);
}

static Err take_lines(Personas *personas, FILE *file, const char *path)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	char *line = NULL;
	size_t room = 0, number = 0;
	Err e = arena != NULL ? OK : no_memory();
	for (ssize_t len; e == OK && (len = getline(&line, &room, file)) > 0;) {
		arena_reset(arena);
		number++;
		len -= line[len - 1] == '\n';
		if (len > 0)
			e = take_line(personas, str_n(line, (size_t)len), arena);
		if (e != OK)
			e = err_context(e, "%s:%zu", path, number);
	}
	free(line);
	return e;
}

static void personas_freep(Personas **personas)
{
	personas_free(*personas);
}

Err personas_read(const RehearsalContent *content, const char *path, Personas **ret)
{
	CLEANUP(personas_freep) Personas *personas = personas_new(content);
	if (personas == NULL)
		return no_memory();
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return err_errno(ERR_IO, "cannot read %s", path);
	Err e = take_lines(personas, file, path);
	ErrDetail why = *err_detail();
	fclose(file);
	if (e != OK)
		return err_restore(&why);
	*ret = STEAL(personas);
	return OK;
}

void personas_fill(const Personas *personas, ProfileRequest *request)
{
	const Persona *persona = find(personas, request->level, request->audience_id);
	request->outcome = persona != NULL          ? PROFILE_LOADED
	                   : request->query != NULL ? PROFILE_NOT_FOUND
	                                            : PROFILE_NONE;
	if (persona == NULL)
		return;
	request->values = persona->values;
	request->given = persona->given;
}
