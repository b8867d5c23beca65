#include "service/proto.h"

void *message_new(Arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
	if (message != NULL)
		descriptor->message_init(message);
	return message;
}

void *message_list(Arena *arena, const ProtobufCMessageDescriptor *descriptor, size_t count)
{
	ProtobufCMessage **list = ARENA_ARRAY(arena, ProtobufCMessage *, count);
	char *messages = arena_alloc_array(arena, descriptor->sizeof_message, count);
	if (list == NULL || messages == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		list[i] = (ProtobufCMessage *)(void *)(messages + i * descriptor->sizeof_message);
		descriptor->message_init(list[i]);
	}
	return list;
}
