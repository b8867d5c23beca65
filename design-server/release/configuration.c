// A channel's resources, as a build collected them, become bytes.
#include "release/internal.h"

static Err messages_of(const Collected *from, const char *kind_name, Arena *arena,
        const ProtobufCMessage *const **ret, size_t *ret_count)
{
	const Resource *items = configuration_kind(from, kind_by_name(str(kind_name)), ret_count);
	const ProtobufCMessage **messages = ARENA_ARRAY(arena, const ProtobufCMessage *, *ret_count);
	if (!messages)
		return release_no_memory();
	for (size_t i = 0; i < *ret_count; i++)
		messages[i] = items[i].message;
	*ret = messages;
	return OK;
}

// What was collected as the compiler takes it; borrows.
static Err configuration_lists(const Collected *from, Arena *arena, Configuration *ret)
{
	const ProtobufCMessage *const *messages;
	const Resource *channel = configuration_find(from, kind_by_name(STR("Channel")), from->channel);
	if (!channel)
		return err(ERR_INTERNAL, "the build has no channel " STR_FMT, STR_ARG(from->channel));
	ret->channel = (const void *)channel->message;
#define READ(type, field)                                                                                    \
	TRY(messages_of(from, #type, arena, &messages, &ret->field.count));                                  \
	ret->field.items = (const void *)messages;
	CONFIGURATION_LISTS(READ)
#undef READ
	return OK;
}

Err configuration_compile(const Collected *from, Arena *arena, Str *ret_blob)
{
	Configuration configuration;
	Parley__Snapshot__V1__Snapshot *snapshot;
	Problems problems;
	TRY(configuration_lists(from, arena, &configuration));
	TRY(compile_snapshot(&configuration, arena, &snapshot, &problems));
	return snapshot_pack(snapshot, arena, ret_blob);
}
