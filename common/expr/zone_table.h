// A time zone's table, little-endian: this header, then `count` changes in order of time.
#pragma once
#include <stdint.h>

// A day on which clocks change each year: the `week`th (5: last) `day` of the week (Sunday is 0) of a month.
typedef struct ZoneRule {
	int32_t month, week, day;
	int32_t second; // of that day by the clock that is being changed
} ZoneRule;

typedef struct ZoneHeader {
	int32_t count;
	int32_t first;            // seconds east of UTC before the first change
	int32_t standard, summer; // after the last change, if `start.month` is not 0
	ZoneRule start, end;      // of summer time
} ZoneHeader;

typedef struct ZoneChange {
	int64_t at; // since 1970
	int64_t offset;
} ZoneChange;
