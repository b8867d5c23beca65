// The proleptic Gregorian calendar in UTC.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Calendar {
	int64_t year;
	int month, day; // both from 1
} Calendar;

bool expr_calendar_valid(Calendar date);
// Days since 1970-01-01.
int64_t expr_calendar_days(Calendar date);
// The date of a time in seconds since 1970, and the second within that day.
Calendar expr_calendar(int64_t seconds, int *ret_second);
