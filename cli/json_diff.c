// Lists of named things are compared by name, so that inserting one at the front is one difference and not as
// many as there are items; a changed order is told as such.
#include "json_diff.h"

typedef struct Diff {
	Arena *arena;
	JsonDiffReport report;
	void *context;
	size_t count;
} Diff;

static void values(Diff *diff, const char *path, const json_t *before, const json_t *after);

static void tell(Diff *diff, const char *path, const json_t *before, const json_t *after)
{
	diff->count++;
	diff->report(diff->context, path, before, after);
}

static void objects(Diff *diff, const char *path, const json_t *before, const json_t *after)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)before, key, value)
	        values(diff, arena_printf(diff->arena, "%s%s%s", path, *path ? "." : "", key), value,
	                json_object_get(after, key));
	json_object_foreach((json_t *)(uintptr_t)after, key, value) if (!json_object_get(before, key))
	        values(diff, arena_printf(diff->arena, "%s%s%s", path, *path ? "." : "", key), NULL, value);
}

static const char *name_of(const json_t *item)
{
	return json_string_value(json_object_get(item, "name"));
}

static const json_t *find(const json_t *list, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (name_of(item) && strcmp(name_of(item), name) == 0) return item;
	return NULL;
}

// Whether every item has a name that no other item has.
static bool named(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(
	        list, i, item) if (!name_of(item) || find(list, name_of(item)) != item) return false;
	return true;
}

static json_t *names(const json_t *list)
{
	json_t *all = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) json_array_append_new(all, json_string(name_of(item)));
	return all;
}

static void named_lists(Diff *diff, const char *path, const json_t *before, const json_t *after)
{
	const json_t *item;
	size_t i, count = diff->count;

	json_array_foreach(before, i, item) values(diff,
	        arena_printf(diff->arena, "%s[%s]", path, name_of(item)), item, find(after, name_of(item)));
	json_array_foreach(after, i, item) if (!find(before, name_of(item)))
	        values(diff, arena_printf(diff->arena, "%s[%s]", path, name_of(item)), NULL, item);
	if (count != diff->count)
		return;
	json_t *old = names(before), *new = names(after);

	tell(diff, arena_printf(diff->arena, "%s (order)", path), old, new);
	json_decref(old);
	json_decref(new);
}

static void values(Diff *diff, const char *path, const json_t *before, const json_t *after)
{
	if (before && after && json_equal(before, after))
		return;
	if (json_is_object(before) && json_is_object(after))
		objects(diff, path, before, after);
	else if (json_is_array(before) && json_is_array(after) && named(before) && named(after))
		named_lists(diff, path, before, after);
	else
		tell(diff, path, before, after);
}

size_t json_diff(
        const json_t *before, const json_t *after, Arena *arena, JsonDiffReport report, void *context)
{
	Diff diff = {arena, report, context, 0};

	values(&diff, "", before, after);
	return diff.count;
}
