// Timestamps (years 1 to 9999) and durations (±2^63 nanoseconds), both to the nanosecond.
#pragma once
#include "expr/operate.h"

// From seconds and nanoseconds of any sign; error RANGE outside the kind's range.
ExprValue expr_moment(ExprKind kind, int64_t seconds, int64_t nanos);
// Timestamp ± duration, duration ± duration, timestamp - timestamp; NO_OVERLOAD for anything else.
ExprValue expr_moment_add(ExprValue a, ExprValue b);
ExprValue expr_moment_subtract(ExprValue a, ExprValue b);
ExprValue expr_moment_negate(ExprValue a);
// RFC 3339, and sums such as "1h30m" or "-1.5s"; error INVALID_ARGUMENT or RANGE.
ExprValue expr_timestamp_parse(Str text);
ExprValue expr_duration_parse(Str text);

enum { MOMENT_TEXT_SIZE = 48 };
// RFC 3339 in UTC; seconds with an "s". Returns the length.
size_t expr_moment_format(ExprValue moment, char text[MOMENT_TEXT_SIZE]);
