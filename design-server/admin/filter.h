// List filters: a CEL expression over a resource's scalar fields. Texts, booleans and numbers are what they
// are; enums are their values' short names (state == "PUBLISHED"); times are timestamps, and unset ones are
// missing (has(expire_time)).
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

typedef struct Filter Filter;

// *ret is NULL for an empty source. Error: FILTER_INVALID.
Err filter_compile(const ProtobufCMessageDescriptor *descriptor, Str source, Arena *arena, Filter **ret);
// Whether the message is wanted; NULL wants all. An evaluation that ends in an error does not want it.
bool filter_wants(Filter *filter, const ProtobufCMessage *message, int64_t now_us);
void filter_free(Filter *filter);
static inline void filter_freep(Filter **filter)
{
	filter_free(*filter);
}
