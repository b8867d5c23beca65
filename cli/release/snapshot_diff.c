// How two snapshots differ, as the designers who made them would tell it: by list and name.
#include "release/snapshot_json.h"

#include "base/cleanup.h"
#include "wire/json_diff.h"

typedef struct Difference {
	json_t *rows;
	const char *list, *name;
} Difference;

static const char *name_of(const json_t *item)
{
	const char *code = json_string_value(json_object_get(item, "code"));

	return code ? code : json_string_value(json_object_get(item, "name"));
}

static json_t *index_of(const json_t *list)
{
	json_t *index = json_object(), *item;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	        json_object_set(index, name_of(item) ? name_of(item) : "", item);
	return index;
}

static void add_row(const Difference *at, const char *change)
{
	json_array_append_new(
	        at->rows, json_pack("{s:s, s:s, s:s}", "list", at->list, "name", at->name, "change", change));
}

static void tell(void *context, const char *path, const json_t *before, const json_t *after)
{
	const Difference *at = context;
	json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "list", at->list, "name", at->name, "change",
	        "changed", "field", path);

	if (before)
		json_object_set(row, "before", (json_t *)(uintptr_t)before);
	if (after)
		json_object_set(row, "after", (json_t *)(uintptr_t)after);
	json_array_append_new(at->rows, row);
}

static void lists(json_t *rows, const char *name, const json_t *before, const json_t *after, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *old = index_of(before);
	CLEANUP(json_decrefp_) json_t *new = index_of(after);
	Difference at = {rows, name, NULL};
	json_t *item, *other;

	json_object_foreach(old, at.name, item)
	{
		if (!(other = json_object_get(new, at.name)))
			add_row(&at, "removed");
		else if (!json_equal(item, other))
			json_diff(item, other, arena, tell, &at);
	}
	json_object_foreach(new, at.name, item) if (!json_object_get(old, at.name)) add_row(&at, "added");
}

json_t *snapshot_json_diff(const json_t *before, const json_t *after, Arena *arena)
{
	json_t *rows = json_array(), *whole = json_object(), *value;
	Difference at = {rows, "channel", ""};
	const char *key;

	json_object_update(whole, (json_t *)(uintptr_t)before);
	json_object_update_missing(whole, (json_t *)(uintptr_t)after);
	json_object_foreach(whole, key, value)
	{
		const json_t *old = json_object_get(before, key), *new = json_object_get(after, key);
		if (json_is_array(value))
			lists(rows, key, old, new, arena);
		else if (before && after && (!old || !new || !json_equal(old, new)))
			tell(&at, key, old, new);
	}
	json_decref(whole);
	return rows;
}

const char *snapshot_json_summary(const json_t *rows, Arena *arena)
{
	size_t added = 0, removed = 0, changed = 0, i;
	const char *last_list = "", *last_name = "";
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		const char *change = json_string_value(json_object_get(row, "change")),
		           *list = json_string_value(json_object_get(row, "list")),
		           *name = json_string_value(json_object_get(row, "name"));
		added += strcmp(change, "added") == 0;
		removed += strcmp(change, "removed") == 0;
		changed += strcmp(change, "changed") == 0 &&
		           (strcmp(list, last_list) != 0 || strcmp(name, last_name) != 0);
		last_list = list;
		last_name = name;
	}
	return arena_printf(arena, "%zu added, %zu changed, %zu removed", added, changed, removed);
}
