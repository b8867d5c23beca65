// What is said of single visitors: audience lists, score overrides, blacklists. Their IDs must be written as
// runtime servers write them, or they would never be found.
#include "admin/validate.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/audience_list.pb-c.h"
#include "parley/design/v1/blacklist.pb-c.h"
#include "parley/design/v1/score_override.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// As runtime servers have it (runtime-server/service).
enum { KEY_MAX = 256, ID_MAX = 1024 };

typedef Parley__Design__V1__AudienceLevel AudienceLevel;
typedef Parley__Design__V1__AudienceKey AudienceKey;
#define TYPE(name) PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_##name

// --- audience IDs ---

// The next key of an ID, ended by a "|" that no backslash is before. False if a backslash escapes nothing.
static bool take_key(Str *id, bool composite, Str *ret, size_t *ret_len)
{
	size_t at = 0, escapes = 0;
	for (; at < id->len && (!composite || id->ptr[at] != '|'); at++) {
		if (!composite || id->ptr[at] != '\\')
			continue;
		at++;
		escapes++;
		if (at == id->len || (id->ptr[at] != '|' && id->ptr[at] != '\\'))
			return false;
	}
	*ret = str_n(id->ptr, at);
	*ret_len = at - escapes;
	*id = str_n(id->ptr + at, id->len - at);
	return true;
}

// NULL if the text is what the key's type makes of a value, else what would be.
static const char *unlike_key(const AudienceKey *key, Str text, size_t len)
{
	char canonical[24];
	int64_t number;
	switch (key->type) {
	case TYPE(BOOL):
		return str_eq(text, STR("true")) || str_eq(text, STR("false")) ? NULL : "true or false";
	case TYPE(INT):
		if (!str_to_i64(text, &number))
			return "a whole number";
		snprintf(canonical, sizeof(canonical), "%" PRId64, number);
		return str_eq(text, str(canonical)) ? NULL : "a whole number without leading zeros";
	default:
		return len > 0 && len <= KEY_MAX ? NULL : "a text of 1 to 256 bytes";
	}
}

static Err check_id(const Check *check, const char *field, const AudienceLevel *level, const char *text)
{
	Str id = str(text), part;
	size_t len;
	if (id.len > ID_MAX)
		return check_fail(check, ERR_FIELD_INVALID, field, "has %zu bytes; at most %d are possible",
		        id.len, ID_MAX);
	for (size_t i = 0; i < level->n_keys; i++) {
		const AudienceKey *key = level->keys[i];
		const char *wanted;
		if (!take_key(&id, level->n_keys > 1, &part, &len))
			return check_fail(check, ERR_FIELD_INVALID, field,
			        "\"%s\" has a backslash that is before neither \"|\" nor a backslash: write "
			        "two for one",
			        text);
		wanted = unlike_key(key, part, len);
		if (wanted)
			return check_fail(check, ERR_FIELD_INVALID, field,
			        "\"" STR_FMT "\" is no %s of audience level %s: give %s", STR_ARG(part),
			        key->name, level->name, wanted);
		if ((id.len > 0) != (i + 1 < level->n_keys))
			return check_fail(check, ERR_FIELD_INVALID, field,
			        "\"%s\" does not have the %zu keys of audience level %s: join them with "
			        "\"|\" "
			        "in the level's order",
			        text, level->n_keys, level->name);
		if (id.len)
			id = str_n(id.ptr + 1, id.len - 1);
	}
	return OK;
}

static const AudienceLevel *level_of(const Check *check, const char *name)
{
	return (const void *)check_target(check, "AudienceLevel", name)->message;
}

// --- lists ---

typedef struct Line {
	const char *id, *offer, *offer_list;
	size_t index;
} Line;

static int compare_lines(const void *left, const void *right)
{
	const Line *a = left, *b = right;
	int order = strcmp(a->id, b->id);
	if (!order)
		order = strcmp(a->offer, b->offer);
	if (!order)
		order = strcmp(a->offer_list, b->offer_list);
	return order ? order : a->index < b->index ? -1 : 1;
}

// Refuses what is there twice; sorts.
static Err check_twice(const Check *check, Line *lines, size_t count, bool entries)
{
	if (count)
		qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 1; i < count; i++) {
		const Line *a = &lines[i - 1], *b = &lines[i];
		if (strcmp(a->id, b->id) == 0 && strcmp(a->offer, b->offer) == 0 &&
		        strcmp(a->offer_list, b->offer_list) == 0)
			return check_fail(check, ERR_FIELD_INVALID,
			        check_at(check, entries ? "entries[%zu]" : "ids[%zu]", b->index),
			        "says of \"%s\" what the one with index %zu says: leave one out", b->id,
			        a->index);
	}
	return OK;
}

static Err check_line(const Check *check, const AudienceLevel *level, const Line *line)
{
	const char *prefix = check_at(check, "entries[%zu].", line->index);
	TRY(check_id(check, check_at(check, "%saudience_id", prefix), level, line->id));
	return value_offer(check, prefix, line->offer, line->offer_list);
}

Err validate_audience_list(Check *check)
{
	const Parley__Design__V1__AudienceList *list = (const void *)check->message;
	const AudienceLevel *level = level_of(check, list->audience_level);
	Line *lines = ARENA_ARRAY(check->arena, Line, list->n_ids + 1);
	if (!lines)
		return err(ERR_NO_MEMORY, "no memory for an audience list");
	for (size_t i = 0; i < list->n_ids; i++) {
		lines[i] = (Line){list->ids[i], "", "", i};
		TRY(check_id(check, check_at(check, "ids[%zu]", i), level, list->ids[i]));
	}
	return check_twice(check, lines, list->n_ids, false);
}

Err validate_score_override(Check *check)
{
	const Parley__Design__V1__ScoreOverride *override = (const void *)check->message;
	const AudienceLevel *level = level_of(check, override->audience_level);
	Line *lines = ARENA_ARRAY(check->arena, Line, override->n_entries + 1);
	if (!lines)
		return err(ERR_NO_MEMORY, "no memory for score overrides");
	for (size_t i = 0; i < override->n_entries; i++) {
		const Parley__Design__V1__ScoreOverrideEntry *entry = override->entries[i];
		lines[i] = (Line){entry->audience_id, entry->offer, entry->offer_list, i};
		TRY(check_line(check, level, &lines[i]));
		TRY(value_score(check, check_at(check, "entries[%zu].score", i), entry->score));
	}
	return check_twice(check, lines, override->n_entries, true);
}

Err validate_blacklist(Check *check)
{
	const Parley__Design__V1__Blacklist *blacklist = (const void *)check->message;
	const AudienceLevel *level = level_of(check, blacklist->audience_level);
	Line *lines = ARENA_ARRAY(check->arena, Line, blacklist->n_entries + 1);
	if (!lines)
		return err(ERR_NO_MEMORY, "no memory for a blacklist");
	for (size_t i = 0; i < blacklist->n_entries; i++) {
		const Parley__Design__V1__BlacklistEntry *entry = blacklist->entries[i];
		lines[i] = (Line){entry->audience_id, entry->offer, entry->offer_list, i};
		TRY(check_line(check, level, &lines[i]));
	}
	return check_twice(check, lines, blacklist->n_entries, true);
}
