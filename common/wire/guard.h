// The scan that runs before protobuf-c sees a byte; private to this folder.
#pragma once
#include "wire/wire.h"

// OK, or REQUEST_MALFORMED or LIMIT with the offending field's path.
Err guard_check(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields);
