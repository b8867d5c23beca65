// What differs between two configurations. Both are sorted, so that one walk over both finds it; what is
// stored in the same words is the same, and only what is not is looked into.
#include "pending/internal.h"

#include "admin/message.h"
#include "wire/json_diff.h"

typedef Parley__Design__V1__FieldChange FieldChange;

// Without what is not content. NULL is an empty object.
static Err content(const Resource *resource, Arena *arena, json_t **ret)
{
	*ret = NULL;
	if (!resource) {
		*ret = json_object();
		return *ret ? OK : pending_no_memory();
	}
	ProtobufCMessage *bare = message_clone(resource->message, arena);
	if (!bare)
		return pending_no_memory();
	message_set_str(bare, "etag", "");
	message_set_sub(bare, "create_time", NULL);
	message_set_sub(bare, "update_time", NULL);
	return json_from_message(bare, JSON_FOR_PEOPLE, ret);
}

static Err differ(const Resource *before, const Resource *after, Arena *arena, bool *ret)
{
	CLEANUP(json_decrefp_) json_t *old = NULL;
	CLEANUP(json_decrefp_) json_t *new = NULL;
	*ret = false;
	if (str_eq(before->spec, after->spec))
		return OK;
	TRY(content(before, arena, &old));
	TRY(content(after, arena, &new));
	*ret = !json_equal(old, new);
	return OK;
}

// Like strcmp, by kind and name; a side that is at its end comes last.
static int order(const Collected *before, size_t i, const Collected *after, size_t j)
{
	if (i == before->count || j == after->count)
		return i == before->count ? 1 : -1;
	const Resource *a = &before->items[i], *b = &after->items[j];
	return a->kind == b->kind ? str_cmp(a->name, b->name) : a->kind < b->kind ? -1 : 1;
}

Err changes_between(
        const Collected *before, const Collected *after, Arena *arena, Change **ret, size_t *ret_count)
{
	size_t i = 0, j = 0, count = 0;
	Change *changes = ARENA_ARRAY(arena, Change, before->count + after->count);
	if (!changes)
		return pending_no_memory();
	while (i < before->count || j < after->count) {
		int first = order(before, i, after, j);
		Change change = {first <= 0 ? &before->items[i] : NULL, first >= 0 ? &after->items[j] : NULL};
		bool changed = true;
		if (first == 0)
			TRY(differ(change.before, change.after, arena, &changed));
		if (changed)
			changes[count++] = change;
		i += first <= 0;
		j += first >= 0;
	}
	*ret = changes;
	*ret_count = count;
	return OK;
}

// --- fields ---

typedef struct Fields {
	Arena *arena;
	Parley__Design__V1__PendingChange *change;
	Err failed;
} Fields;

// A cut is made between characters.
static char *cut(Str text, Arena *arena)
{
	size_t len = VALUE_MAX;
	while (len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(arena, "%.*s…", (int)len, text.ptr);
}

static Err value_text(const json_t *value, Arena *arena, char **ret)
{
	Str text = {0};
	if (value)
		TRY(json_text(value, false, arena, &text));
	*ret = text.len > VALUE_MAX ? cut(text, arena) : arena_cstr(arena, text);
	return *ret ? OK : pending_no_memory();
}

static Err add_field(Fields *fields, const char *path, const json_t *before, const json_t *after)
{
	Parley__Design__V1__PendingChange *change = fields->change;
	FieldChange *field = ARENA_NEW(fields->arena, FieldChange);
	if (!field)
		return pending_no_memory();
	*field = (FieldChange)PARLEY__DESIGN__V1__FIELD_CHANGE__INIT;
	field->path = arena_cstr(fields->arena, str(path));
	TRY(value_text(before, fields->arena, &field->before));
	TRY(value_text(after, fields->arena, &field->after));
	change->fields[change->n_fields++] = field;
	return OK;
}

// A resource's channel and name are told beside.
static void report(void *context, const char *path, const json_t *before, const json_t *after)
{
	Fields *fields = context;
	if (strcmp(path, "channel") == 0 || strcmp(path, "name") == 0)
		return;
	if (fields->change->field_count++ < FIELDS_MAX && fields->failed == OK)
		fields->failed = add_field(fields, path, before, after);
}

Err change_fields(const Change *change, Arena *arena, Parley__Design__V1__PendingChange *ret)
{
	CLEANUP(json_decrefp_) json_t *before = NULL;
	CLEANUP(json_decrefp_) json_t *after = NULL;
	Fields fields = {.arena = arena, .change = ret};
	ret->fields = ARENA_ARRAY(arena, FieldChange *, FIELDS_MAX);
	if (!ret->fields)
		return pending_no_memory();
	TRY(content(change->before, arena, &before));
	TRY(content(change->after, arena, &after));
	json_diff(before, after, arena, report, &fields);
	return fields.failed;
}
