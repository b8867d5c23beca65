// Time zones. What a snapshot decides must not depend on the tzdata of the machine that it decides on: a zone
// that an expression names is looked up when it is compiled, and the program carries its table as a bytes
// constant. A zone that only shows when it runs must be UTC or a fixed offset.
#pragma once
#include "expr/operate.h"

// "UTC", "+01:00", "-09:30", "02:00".
bool expr_zone_is_fixed(Str name);
// The table of a named zone, from this machine's tzdata ($TZDIR or /usr/share/zoneinfo), as bytes; error
// INVALID_ARGUMENT if there is none.
ExprValue expr_zone_load(Str name, Arena *arena);
// Seconds east of UTC at a time, by a table or a fixed offset. False if `zone` is neither. Any bytes are
// safe.
bool expr_zone_offset(ExprValue zone, int64_t seconds, int32_t *ret);
