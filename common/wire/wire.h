// Protobuf at the edges: the guard in front of protobuf-c's unpack (which has no nesting limit and multiplies
// small input into much heap), an arena as its allocator, and packing into an arena. Everything that comes
// from outside, be it a request, a file or a journal record, passes wire_unpack.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

enum {
	WIRE_DEPTH_MAX = 32,     // nested messages
	WIRE_FIELDS_MAX = 65536, // fields in one request, all levels together; snapshots pass their own limit
	WIRE_QUICK_MAX = 16 * 1024,
};

// The arena as protobuf-c's allocator; freeing does nothing.
ProtobufCAllocator wire_allocator(Arena *arena);

// Scans the bytes without recursion, and only if they are sound unpacks them: well-formed tags and lengths,
// wire types that fit the field, depth and field count within limits, no groups, strings UTF-8 without NUL,
// no unknown fields in excess of
// 64. `max_fields` 0 means WIRE_FIELDS_MAX. Errors: REQUEST_MALFORMED (names the offending field's path),
// LIMIT, NO_MEMORY.
Err wire_unpack(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields, Arena *arena,
        ProtobufCMessage **ret);

// Packs into the arena. Error: NO_MEMORY.
Err wire_pack(const ProtobufCMessage *message, Arena *arena, Str *ret);

// The same in one walk and without memory of its own, for messages of at most WIRE_QUICK_MAX bytes: false if
// it has more. The bytes are the calling thread's until it packs the next one.
bool wire_pack_quick(const ProtobufCMessage *message, Str *ret);

// Bytes that one value of the type takes in a protobuf-c message (a repeated field: in its array).
size_t wire_value_size(ProtobufCType type);
