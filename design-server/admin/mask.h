// Field masks of updates.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

// `stored` with the fields that `mask` (a google.protobuf.FieldMask, or NULL) names taken from `given`; an
// empty mask and
// "*" name all. What identifies the resource and what the server sets stay. The result shares what fields
// point to. Error: FIELD_UNKNOWN.
Err mask_apply(const ProtobufCMessage *mask, const ProtobufCMessage *stored, const ProtobufCMessage *given,
        Arena *arena, ProtobufCMessage **ret);
