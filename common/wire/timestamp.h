// Google's Timestamp of the time that the rest of the house uses: microseconds since 1970, UTC.
#pragma once
#include "base/arena.h"

#include "google/protobuf/timestamp.pb-c.h"

void wire_timestamp_set(Google__Protobuf__Timestamp *time, int64_t us);
// In `arena`. NULL: no memory.
Google__Protobuf__Timestamp *wire_timestamp(int64_t us, Arena *arena);
