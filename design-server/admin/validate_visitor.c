// What is said of single visitors: audience lists, score overrides, blacklists. Their IDs must be written as
// runtime servers write them, or they would never be found.
#include "admin/validate.h"
#include "snapshot/snapshot.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/audience_list.pb-c.h"
#include "parley/design/v1/blacklist.pb-c.h"
#include "parley/design/v1/score_override.pb-c.h"

#include <stdlib.h>

typedef Parley__Snapshot__V1__AudienceLevel SnapLevel;
typedef Parley__Snapshot__V1__AudienceKey SnapKey;

// --- audience IDs ---

// The level's keys as a snapshot has them.
static Err keys_of(const Check *check, const char *name, const SnapLevel **ret)
{
	const Parley__Design__V1__AudienceLevel *level =
	        (const void *)check_target(check, "AudienceLevel", name)->message;
	SnapLevel *snap = ARENA_NEW(check->arena, SnapLevel);
	SnapKey *keys = ARENA_ARRAY(check->arena, SnapKey, level->n_keys);
	SnapKey **items = ARENA_ARRAY(check->arena, SnapKey *, level->n_keys);
	if (!snap || !keys || !items)
		return err(ERR_NO_MEMORY, "no memory for an audience level");
	*snap = (SnapLevel)PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT;
	snap->name = level->name;
	snap->n_keys = level->n_keys;
	snap->keys = items;
	for (size_t i = 0; i < level->n_keys; i++) {
		keys[i] = (SnapKey)PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT;
		keys[i].name = level->keys[i]->name;
		keys[i].type = (Parley__Snapshot__V1__ValueType)level->keys[i]->type; // the same numbers
		items[i] = &keys[i];
	}
	*ret = snap;
	return OK;
}

static Err check_id(const Check *check, const char *field, const SnapLevel *level, const char *id)
{
	Str canonical;
	Err failed = audience_id_canonical(level, str(id), check->arena, &canonical);
	if (failed == ERR_AUDIENCE_INVALID)
		return check_fail(check, ERR_FIELD_INVALID, field, "%s", err_detail()->message);
	TRY(failed);
	if (str_eq(canonical, str(id)))
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field,
	        "\"%s\" is not as runtime servers write it: write \"" STR_FMT "\"", id, STR_ARG(canonical));
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

static Err check_line(const Check *check, const SnapLevel *level, const Line *line)
{
	const char *prefix = check_at(check, "entries[%zu].", line->index);
	TRY(check_id(check, check_at(check, "%saudience_id", prefix), level, line->id));
	return value_offer(check, prefix, line->offer, line->offer_list);
}

Err validate_audience_list(Check *check)
{
	const Parley__Design__V1__AudienceList *list = (const void *)check->message;
	const SnapLevel *level;
	Line *lines = ARENA_ARRAY(check->arena, Line, list->n_ids + 1);
	if (!lines)
		return err(ERR_NO_MEMORY, "no memory for an audience list");
	TRY(keys_of(check, list->audience_level, &level));
	for (size_t i = 0; i < list->n_ids; i++) {
		lines[i] = (Line){list->ids[i], "", "", i};
		TRY(check_id(check, check_at(check, "ids[%zu]", i), level, list->ids[i]));
	}
	return check_twice(check, lines, list->n_ids, false);
}

Err validate_score_override(Check *check)
{
	const Parley__Design__V1__ScoreOverride *override = (const void *)check->message;
	const SnapLevel *level;
	Line *lines = ARENA_ARRAY(check->arena, Line, override->n_entries + 1);
	if (!lines)
		return err(ERR_NO_MEMORY, "no memory for score overrides");
	TRY(keys_of(check, override->audience_level, &level));
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
	const SnapLevel *level;
	Line *lines = ARENA_ARRAY(check->arena, Line, blacklist->n_entries + 1);
	if (!lines)
		return err(ERR_NO_MEMORY, "no memory for a blacklist");
	TRY(keys_of(check, blacklist->audience_level, &level));
	for (size_t i = 0; i < blacklist->n_entries; i++) {
		const Parley__Design__V1__BlacklistEntry *entry = blacklist->entries[i];
		lines[i] = (Line){entry->audience_id, entry->offer, entry->offer_list, i};
		TRY(check_line(check, level, &lines[i]));
	}
	return check_twice(check, lines, blacklist->n_entries, true);
}
