// Time is injected: code that asks for it takes a Clock, so that tests set it and the engine never reads one.
#pragma once
#include "base/str.h"

#include <stdint.h>

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)

typedef struct Clock {
	int64_t (*now_us)(void *context); // microseconds since 1970, UTC
	void *context;
} Clock;

// The system's clock.
Clock clock_system(void);
static inline int64_t clock_now_us(Clock clock)
{
	return clock.now_us(clock.context);
}
// Monotonic microseconds, for measuring and time-outs; unrelated to any Clock.
int64_t monotonic_us(void);

#define TIME_TEXT_SIZE 32
// RFC 3339 in UTC with as many fraction digits as needed (0, 3 or 6), such as 2026-01-31T08:00:00Z.
void time_format(int64_t us, char text[TIME_TEXT_SIZE]);
// Parses RFC 3339 with any offset. False if it is anything else.
bool time_parse(Str text, int64_t *ret_us);
