// Lists are compared by what tells their items apart, so that inserting one at the front is one difference
// and not as many as there are items; a changed order is told as such. Texts tell themselves apart.
#include "wire/json_diff.h"

#include "base/cleanup.h"

// A list is keyed by the first row whose members make every item of it another. Members after the first may
// be missing.
enum { KEY_PARTS = 3 };
static const char *const keys[][KEY_PARTS] = {
        {"name"},
        {"code"},
        {"audience_id", "offer", "offer_list"},
        {"next"},
};

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

// NULL if the item has no such key.
static const char *key_of(const Diff *diff, const json_t *item, const char *const parts[KEY_PARTS])
{
	const char *text = json_string_value(json_object_get(item, parts[0]));

	if (json_is_string(item))
		return json_string_value(item);
	for (size_t i = 1; text && i < KEY_PARTS && parts[i]; i++) {
		const char *part = json_string_value(json_object_get(item, parts[i]));

		if (part)
			text = arena_printf(diff->arena, "%s, %s", text, part);
	}
	return text;
}

// The list's items by their keys, in its order; NULL if some have none or the same.
static json_t *index_by(const Diff *diff, const json_t *list, const char *const parts[KEY_PARTS])
{
	CLEANUP(json_decrefp_) json_t *index = json_object();
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *key = key_of(diff, item, parts);

		if (!key || json_object_get(index, key) || json_object_set(index, key, item))
			return NULL;
	}
	return STEAL(index);
}

static json_t *keys_of(json_t *index)
{
	json_t *all = json_array(), *item;
	const char *key;

	json_object_foreach(index, key, item) json_array_append_new(all, json_string(key));
	return all;
}

static void keyed_lists(Diff *diff, const char *path, json_t *before, json_t *after)
{
	const char *key;
	json_t *item;
	size_t count = diff->count;

	json_object_foreach(before, key, item) values(
	        diff, arena_printf(diff->arena, "%s[%s]", path, key), item, json_object_get(after, key));
	json_object_foreach(after, key, item) if (!json_object_get(before, key))
	        values(diff, arena_printf(diff->arena, "%s[%s]", path, key), NULL, item);
	if (count != diff->count)
		return;
	CLEANUP(json_decrefp_) json_t *old = keys_of(before);
	CLEANUP(json_decrefp_) json_t *new = keys_of(after);

	tell(diff, arena_printf(diff->arena, "%s (order)", path), old, new);
}

static void lists(Diff *diff, const char *path, const json_t *before, const json_t *after)
{
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		CLEANUP(json_decrefp_) json_t *old = index_by(diff, before, keys[i]);
		CLEANUP(json_decrefp_) json_t *new = index_by(diff, after, keys[i]);

		if (!old || !new)
			continue;
		keyed_lists(diff, path, old, new);
		return;
	}
	tell(diff, path, before, after);
}

static void values(Diff *diff, const char *path, const json_t *before, const json_t *after)
{
	if (before && after && json_equal(before, after))
		return;
	if (json_is_object(before) && json_is_object(after))
		objects(diff, path, before, after);
	else if (json_is_array(before) && json_is_array(after))
		lists(diff, path, before, after);
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
