#include "channel.h"

#include "base/file.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { RESOURCES_MAX = 200 * 1000 };

static void must(Err e, const char *what)
{
	if (e)
		fail_msg("%s: %s: %s", what, err_reason(e), err_detail()->message);
}

static void put(Channel *channel, const Resource *resource)
{
	if (strcmp(resource->kind->name, "Channel") == 0)
		channel->name = resource->name;
	// Only what is changed stands twice, and that is little: the last few thousand are looked at.
	for (size_t i = channel->count; i-- > 0 && i + 4000 > channel->count;) {
		if (channel->items[i].kind == resource->kind &&
		        str_eq(channel->items[i].name, resource->name)) {
			channel->items[i] = *resource;
			return;
		}
	}
	assert_true(channel->count < RESOURCES_MAX);
	channel->items[channel->count++] = *resource;
}

static void add_document(Channel *channel, json_t *document, Arena *arena)
{
	Resource resource = {0};
	ProtobufCMessage *message = NULL;
	const char *kind = arena_cstr(arena, str(json_string_value(json_object_get(document, "kind"))));
	resource.kind = kind_by_name(str(kind));
	if (!resource.kind)
		fail_msg("there is no kind '%s'", kind);
	json_object_del(document, "kind");
	must(json_to_message(document, resource.kind->message, arena, &message), kind);
	resource.channel = str(json_string_value(json_object_get(document, "channel")));
	resource.channel = arena_str(arena, resource.channel);
	resource.name = arena_str(arena, str(json_string_value(json_object_get(document, "name"))));
	resource.message = message;
	put(channel, &resource);
}

Channel channel_from_yaml(Arena *arena, const char *const *texts, size_t count)
{
	Channel channel = {.items = ARENA_ARRAY(arena, Resource, RESOURCES_MAX)};
	assert_non_null(channel.items);
	for (size_t i = 0; i < count; i++) {
		json_t *documents = NULL;
		must(json_from_yaml(str(texts[i]), "test", arena, &documents, NULL), "YAML");
		for (size_t j = 0; j < json_array_size(documents); j++) {
			json_t *document = json_array_get(documents, j);
			if (json_is_object(document))
				add_document(&channel, document, arena);
		}
		json_decref(documents);
	}
	return channel;
}

Channel channel_from_file(Arena *arena, const char *path)
{
	Str text;
	must(file_read(path, 1 << 20, arena, &text), path);
	const char *whole = arena_cstr(arena, text);
	return channel_from_yaml(arena, &whole, 1);
}

Findings channel_findings(const Channel *channel, Arena *arena)
{
	const ValidateOptions options = {.as_of_us = TEST_NOW_US};
	Findings findings;
	must(validate_resources(
	             NULL, channel->name, channel->items, channel->count, &options, arena, &findings),
	        "validate_resources");
	return findings;
}

void findings_are(const Findings *findings, const char *const *ids)
{
	size_t count = 0;
	while (ids[count])
		count++;
	for (size_t i = 0; i < findings->count || i < count; i++) {
		const Finding *one = i < findings->count ? &findings->items[i] : NULL;
		if (one && i < count && str_eq(one->id, str(ids[i])))
			continue;
		fail_msg("finding %zu should be %s, but is " STR_FMT " (" STR_FMT ": " STR_FMT "; " STR_FMT
		         ")",
		        i, i < count ? ids[i] : "none", STR_ARG(one ? one->id : STR("none")),
		        STR_ARG(one ? one->field : STR("")), STR_ARG(one ? one->reason : STR("")),
		        STR_ARG(one ? one->remedy : STR("")));
	}
}
