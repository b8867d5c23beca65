// Following references. All names that a resource mentions are collected first, each kind's are looked up and
// locked with one query, and what is stored is each thing once, under the first place that names it.
#include "admin/check.h"
#include "admin/message.h"
#include "base/cleanup.h"

#include <stdlib.h>

typedef struct Mention {
	const Kind *kind;
	Str name;
	const char *field;
	size_t list; // which list of names it stands in; 0: in none
	size_t place;
} Mention;

typedef struct Mentions {
	Check *check;
	const Reference *reference; // the one that is walked
	const Kind *kind;           // what it leads to
	Mention *items;
	size_t count, room, lists;
} Mentions;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for references");
}

static bool is_itself(const Check *check, const Kind *kind, Str name)
{
	return kind == check->kind && str_eq(name, message_str(check->message, "name"));
}

static Err mention(Mentions *mentions, const char *field, Str name, size_t list)
{
	if (mentions->count == mentions->room) {
		size_t room = mentions->room ? 2 * mentions->room : 16;
		Mention *items = ARENA_ARRAY(mentions->check->arena, Mention, room);
		if (!items || !field)
			return no_memory();
		if (mentions->count)
			memcpy(items, mentions->items, mentions->count * sizeof(*items));
		mentions->items = items;
		mentions->room = room;
	}
	mentions->items[mentions->count] = (Mention){mentions->kind, name, field, list, mentions->count};
	mentions->count++;
	return OK;
}

static Err missing(const Mentions *mentions, const char *field)
{
	return check_fail(mentions->check, ERR_FIELD_MISSING, field, "name the %s", mentions->kind->field);
}

static Err mention_one(Mentions *mentions, const char *field, Str name)
{
	if (name.len && !is_itself(mentions->check, mentions->kind, name))
		return mention(mentions, field, name, 0);
	return !name.len && mentions->reference->required ? missing(mentions, field) : OK;
}

static Err mention_list(Mentions *mentions, const char *field, char *const *names, size_t count)
{
	size_t list = ++mentions->lists;
	for (size_t i = 0; i < count; i++) {
		const char *at = arena_printf(mentions->check->arena, "%s[%zu]", field, i);
		if (!*names[i])
			return missing(mentions, at);
		TRY(mention(mentions, at, str(names[i]), list));
	}
	return OK;
}

// `path` is what is left of the reference's, `prefix` how the message was reached.
static Err walk(Mentions *mentions, const ProtobufCMessage *message, const char *path, const char *prefix)
{
	Arena *arena = mentions->check->arena;
	size_t len = strcspn(path, "."), count;
	const char *step = arena_cstr(arena, str_n(path, len));
	const ProtobufCFieldDescriptor *field = step ? message_field(message, step) : NULL;
	const char *here = arena_printf(arena, "%s%.*s", prefix, (int)len, path);
	if (!field || !here)
		return no_memory();
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return mention_one(mentions, here, message_str(message, step));
	const void *items = message_items(message, field, &count);
	if (!path[len])
		return mention_list(mentions, here, items, count);
	for (size_t i = 0; i < count; i++)
		TRY(walk(mentions, ((ProtobufCMessage *const *)items)[i], path + len + 1,
		        arena_printf(arena, "%s[%zu].", here, i)));
	return OK;
}

// By kind, name, list and place: what is the same stands together, the first place first.
static int compare_mentions(const void *left, const void *right)
{
	const Mention *a = left, *b = right;
	int order = a->kind == b->kind ? str_cmp(a->name, b->name) : a->kind < b->kind ? -1 : 1;
	if (order == 0 && a->list != b->list)
		order = a->list < b->list ? -1 : 1;
	return order ? order : a->place < b->place ? -1 : 1;
}

static bool same_thing(const Mention *a, const Mention *b)
{
	return a->kind == b->kind && str_eq(a->name, b->name);
}

// Sorts, and keeps of each thing the first mention.
static Err unite(Mentions *mentions)
{
	size_t kept = 0;
	if (mentions->count)
		qsort(mentions->items, mentions->count, sizeof(Mention), compare_mentions);
	for (size_t i = 0; i < mentions->count; i++) {
		const Mention *item = &mentions->items[i], *before = i ? item - 1 : NULL;
		if (before && same_thing(before, item) && item->list && before->list == item->list)
			return check_fail(mentions->check, ERR_FIELD_INVALID, item->field,
			        "\"" STR_FMT "\" is there twice: leave one out", STR_ARG(item->name));
		if (!kept || !same_thing(&mentions->items[kept - 1], item))
			mentions->items[kept++] = *item;
	}
	mentions->count = kept;
	if (kept > REFERENCES_MAX)
		return check_fail(mentions->check, ERR_LIMIT, mentions->items[REFERENCES_MAX].field,
		        "the resource names %zu other things, and %d are taken: put offers into offer lists "
		        "and name those, or split it",
		        kept, REFERENCES_MAX);
	return OK;
}

static Err dangling(const Check *check, const char *field, const Kind *kind, Str channel, Str name)
{
	return check_fail(check, ERR_REFERENCE_DANGLING, field,
	        "there is no %s: make it first with Create%s, or name another one",
	        resource_title(kind, channel, name, check->arena), kind->name);
}

static Err keep(Check *check, const Resolved *resolved)
{
	if (check->resolved_count == check->resolved_room) {
		size_t room = check->resolved_room ? 2 * check->resolved_room : 8;
		Resolved *items = ARENA_ARRAY(check->arena, Resolved, room);
		if (!items)
			return no_memory();
		if (check->resolved_count)
			memcpy(items, check->resolved, check->resolved_count * sizeof(*items));
		check->resolved = items;
		check->resolved_room = room;
	}
	check->resolved[check->resolved_count++] = *resolved;
	return OK;
}

Err follow_one(Check *check, const char *field, const Kind *kind, Str channel, Str name)
{
	Resource target;
	Err failed = resource_get(check->pg, kind, channel, name, RESOURCE_SHARE, check->arena, &target);
	if (failed == ERR_RESOURCE_NOT_FOUND)
		return dangling(check, field, kind, channel, name);
	TRY(failed);
	return keep(check, &(Resolved){field, kind, channel, name, target.message});
}

// Things of one kind whose content does not matter: that they are there is all.
static Err follow_names(Check *check, const Mention *items, size_t count, Str channel)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const Kind *kind = items[0].kind;
	Str *names = ARENA_ARRAY(check->arena, Str, count);
	if (!names)
		return no_memory();
	for (size_t i = 0; i < count; i++)
		names[i] = items[i].name;
	TRY(SQL_RUN(check->pg, &rows, resource_lock_names, P_CTEXT(kind->name), P_TEXT(channel),
	        P_TEXTS(names, count)));
	for (size_t i = 0; i < count; i++) {
		if (i >= pg_rows(rows) || !str_eq(pg_text(rows, i, 0), names[i]))
			return dangling(check, items[i].field, kind, channel, names[i]);
		TRY(keep(check, &(Resolved){items[i].field, kind, channel, names[i], NULL}));
	}
	return OK;
}

static Err follow_kind(Check *check, const Mention *items, size_t count)
{
	const Kind *kind = items[0].kind;
	Str channel = kind_has_channel(kind) ? message_str(check->message, "channel") : (Str){0};
	if (!kind->content_matters)
		return follow_names(check, items, count, channel);
	for (size_t i = 0; i < count; i++)
		TRY(follow_one(check, items[i].field, kind, channel, items[i].name));
	return OK;
}

static Err mention_all(Mentions *mentions)
{
	Check *check = mentions->check;
	if (kind_has_channel(check->kind)) {
		Str channel = message_str(check->message, "channel");
		mentions->kind = kind_by_name(STR("Channel"));
		if (!channel.len)
			return check_fail(
			        check, ERR_FIELD_MISSING, "channel", "name the channel that it belongs to");
		TRY(mention(mentions, "channel", channel, 0));
	}
	for (const Reference *reference = check->kind->references; reference->path; reference++) {
		mentions->reference = reference;
		mentions->kind = kind_by_name(str(reference->kind));
		TRY(walk(mentions, check->message, reference->path, ""));
	}
	return OK;
}

Err follow_references(Check *check)
{
	Mentions mentions = {.check = check};
	TRY(mention_all(&mentions));
	TRY(unite(&mentions));
	for (size_t i = 0, end; i < mentions.count; i = end) {
		for (end = i + 1; end < mentions.count && mentions.items[end].kind == mentions.items[i].kind;)
			end++;
		TRY(follow_kind(check, &mentions.items[i], end - i));
	}
	return OK;
}
