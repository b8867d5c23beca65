// Unpacking and packing through an arena: protobuf-c allocates from it and its frees do nothing, so a message
// lives exactly as long as its call and nobody calls free_unpacked.
#include "wire/wire.h"

#include "wire/guard.h"

static void *allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void ignore(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

ProtobufCAllocator wire_allocator(Arena *arena)
{
	return (ProtobufCAllocator){.alloc = allocate, .free = ignore, .allocator_data = arena};
}

// Tells a call whose arena was too small from bytes that protobuf-c itself refuses.
typedef struct Room {
	Arena *arena;
	bool full;
} Room;

static void *allocate_in_room(void *data, size_t size)
{
	Room *room = data;
	void *memory = arena_alloc(room->arena, size);

	room->full = room->full || !memory;
	return memory;
}

Err wire_unpack(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields, Arena *arena,
        ProtobufCMessage **ret)
{
	Room room = {.arena = arena};
	ProtobufCAllocator allocator = {.alloc = allocate_in_room, .free = ignore, .allocator_data = &room};

	TRY(guard_check(descriptor, bytes, max_fields ? max_fields : WIRE_FIELDS_MAX));
	*ret = protobuf_c_message_unpack(descriptor, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
	// Of what passes the guard, protobuf-c refuses one thing: to merge submessages in which no choice is
	// made.
	if (!*ret && !room.full)
		return err(ERR_REQUEST_MALFORMED,
		        "a %s has an empty submessage twice in the same field; send it once",
		        descriptor->short_name);
	if (!*ret)
		return err(ERR_NO_MEMORY,
		        "a %s of %zu bytes needs more memory than one call may take; send less at once",
		        descriptor->short_name, bytes.len);
	return OK;
}

Err wire_pack(const ProtobufCMessage *message, Arena *arena, Str *ret)
{
	Str quick;
	bool small = wire_pack_quick(message, &quick);
	size_t size = small ? quick.len : protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(arena, size ? size : 1);

	if (!bytes)
		return err(ERR_NO_MEMORY,
		        "packing a %s of %zu bytes needs more memory than one call may take",
		        message->descriptor->short_name, size);
	*ret = str_n((const char *)bytes, size);
	if (small)
		memcpy(bytes, quick.ptr, size);
	else
		protobuf_c_message_pack(message, bytes);
	return OK;
}

size_t wire_value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}
