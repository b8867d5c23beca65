// Stored resources: rows of `resource`, as messages. For the admin API and for whoever compiles
// configuration.
#pragma once
#include "admin/kind.h"
#include "store/store.h"

typedef struct Resource {
	const Kind *kind;
	Str channel; // empty for kinds without one
	Str name;
	Str etag;
	int64_t created_us, updated_us;
	ProtobufCMessage *message; // with etag and times set
	Str spec;                  // the message in proto3 JSON, without etag and times: what is stored
} Resource;

typedef enum ResourceLock { RESOURCE_READ, RESOURCE_SHARE, RESOURCE_UPDATE } ResourceLock;

// One resource. Error: RESOURCE_NOT_FOUND, with how to make it.
Err resource_get(
        Pg *pg, const Kind *kind, Str channel, Str name, ResourceLock lock, Arena *arena, Resource *ret);
// All of a kind in a channel (empty: all channels), ordered by channel and name, after (channel, name); at
// most `max`.
Err resource_list(Pg *pg, const Kind *kind, Str channel, Str after_channel, Str after_name, size_t max,
        Arena *arena, Resource **ret, size_t *ret_count);
// Makes a Resource of a message: channel and name from its fields, spec and etag anew, the given times.
Err resource_of(const Kind *kind, const ProtobufCMessage *message, int64_t created_us, int64_t updated_us,
        Arena *arena, Resource *ret);
// Makes a Resource of what was stored, without etag and times. Error: INTERNAL, if the spec is damaged.
Err resource_of_spec(const Kind *kind, Str channel, Str name, Str spec, Arena *arena, Resource *ret);
// "offer gold", "segment retail/adults": for messages.
const char *resource_title(const Kind *kind, Str channel, Str name, Arena *arena);
