// Periods of the UTC calendar, which has no summer time and no leap seconds here: a day is 86,400 seconds.
#include "decide/decide.h"
#include "expr/calendar.h"
#include "snapshot/types.h"

static const int64_t hour_us = INT64_C(3600) * 1000000, day_us = INT64_C(86400) * 1000000;

// The latest multiple of `step`, moved by `phase`, at or before a number.
static int64_t floor_to(int64_t number, int64_t step, int64_t phase)
{
	int64_t rest = ((number - phase) % step + step) % step;
	return number - rest;
}

int64_t decide_period_start(Parley__Snapshot__V1__Period period, int64_t time_us)
{
	// So near the beginning of time that a start may not be a number.
	if (time_us < INT64_MIN + 40 * day_us)
		return INT64_MIN;
	switch (period) {
	case SNAP_PERIOD(HOUR):
		return floor_to(time_us, hour_us, 0);
	case SNAP_PERIOD(DAY):
		return floor_to(time_us, day_us, 0);
	case SNAP_PERIOD(WEEK): // 1970-01-05 was a Monday
		return floor_to(time_us, 7 * day_us, 4 * day_us);
	case SNAP_PERIOD(MONTH): {
		int64_t midnight = floor_to(time_us, day_us, 0);
		int second;
		return midnight - (expr_calendar(midnight / 1000000, &second).day - 1) * day_us;
	}
	default:
		return INT64_MIN;
	}
}
