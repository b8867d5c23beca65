// Messages by their descriptors: fields found by name, so that one piece of code serves every kind of
// resource.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

// The field, or NULL.
const ProtobufCFieldDescriptor *message_field(const ProtobufCMessage *message, const char *name);
// Where a singular field's value lies.
void *message_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
// Whether the field holds something: a member of a oneof that is the chosen one, a submessage that is there,
// and of all others a value that is not the default.
bool message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
// Values by name. What is not there reads as empty, false, 0 or NULL.
Str message_str(const ProtobufCMessage *message, const char *field);
bool message_bool(const ProtobufCMessage *message, const char *field);
int32_t message_i32(const ProtobufCMessage *message, const char *field);
ProtobufCMessage *message_sub(const ProtobufCMessage *message, const char *field);
// A repeated field's values, one after the other.
const void *message_items(
        const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t *ret_count);
// A google.protobuf.Timestamp in microseconds; false if it is unset.
bool message_time(const ProtobufCMessage *message, const char *field, int64_t *ret_us);

// A new message with defaults. NULL if memory is out, as below.
ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor, Arena *arena);
// A copy that shares what fields point to.
ProtobufCMessage *message_clone(const ProtobufCMessage *message, Arena *arena);
// Sets fields, which must exist.
void message_set_str(ProtobufCMessage *message, const char *field, const char *value);
void message_set_sub(ProtobufCMessage *message, const char *field, ProtobufCMessage *value);
void message_set_list(ProtobufCMessage *message, const char *field, ProtobufCMessage **items, size_t count);
Err message_set_time(ProtobufCMessage *message, const char *field, int64_t us, Arena *arena);
// Makes `to`'s field what `from`'s is; both are of one type. A oneof's other members make way.
void message_copy_field(
        ProtobufCMessage *to, const ProtobufCMessage *from, const ProtobufCFieldDescriptor *field);
