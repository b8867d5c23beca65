// A channel's resources, all on one consistent view of the database, become bytes.
#include "release/internal.h"

#include "admin/resource.h"
#include "compile/compile.h"

enum { PAGE = 1000, RESOURCES_MAX = 1 << 20 };

typedef struct Build {
	Str channel;
	Arena *arena;
	Configuration configuration;
} Build;

typedef struct Messages {
	const ProtobufCMessage **items;
	size_t count, room;
} Messages;

static Err append(Messages *list, const Resource *page, size_t count, Arena *arena)
{
	if (list->count + count > RESOURCES_MAX)
		return err(ERR_LIMIT, "more than %d resources of a kind: split the channel", RESOURCES_MAX);
	if (list->count + count > list->room) {
		size_t room = 2 * (list->count + count);
		const ProtobufCMessage **items = ARENA_ARRAY(arena, const ProtobufCMessage *, room);
		if (!items)
			return release_no_memory();
		if (list->count)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		list->room = room;
	}
	for (size_t i = 0; i < count; i++)
		list->items[list->count++] = page[i].message;
	return OK;
}

static Err read_kind(Pg *pg, const char *kind_name, Str channel, Arena *arena, Messages *ret)
{
	const Kind *kind = kind_by_name(str(kind_name));
	if (!kind_has_channel(kind))
		channel = (Str){0};
	Str after_channel = {0}, after_name = {0};
	Resource *page;
	size_t count;
	*ret = (Messages){0};
	do {
		TRY(resource_list(pg, kind, channel, after_channel, after_name, PAGE, arena, &page, &count));
		TRY(append(ret, page, count, arena));
		if (count) {
			after_channel = page[count - 1].channel;
			after_name = page[count - 1].name;
		}
	} while (count == PAGE);
	return OK;
}

static Err read_channel(Pg *pg, Build *build)
{
	Resource channel;
	Err e = resource_get(pg, kind_by_name(STR("Channel")), (Str){0}, build->channel, RESOURCE_READ,
	        build->arena, &channel);
	if (!e)
		build->configuration.channel = (const void *)channel.message;
	return e;
}

static Err read_configuration(Pg *pg, void *context)
{
	Build *build = context;
	Configuration *c = &build->configuration;
	Messages list;
	TRY(read_channel(pg, build));
#define READ(type, field)                                                                                    \
	TRY(read_kind(pg, #type, build->channel, build->arena, &list));                                      \
	c->field.items = (const void *)list.items;                                                           \
	c->field.count = list.count;
	CONFIGURATION_LISTS(READ)
#undef READ
	return OK;
}

Err configuration_build(Release *release, Str channel, Arena *arena, Str *ret_blob)
{
	Build build = {.channel = channel, .arena = arena};
	Parley__Snapshot__V1__Snapshot *snapshot;
	Problems problems;
	TRY(store_read(release->services->store, read_configuration, &build));
	TRY(compile_snapshot(&build.configuration, arena, &snapshot, &problems));
	return snapshot_pack(snapshot, arena, ret_blob);
}
