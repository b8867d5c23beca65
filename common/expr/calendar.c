// Days are counted from 0000-03-01, so that the leap day is a year's last: then a month's offset is a
// straight line.
#include "expr/calendar.h"

enum {
	DAYS_TO_1970 = 719468, // from 0000-03-01
	DAYS_IN_ERA = 146097,  // 400 years
	SECONDS_IN_DAY = 86400,
};

static int days_in_month(Calendar date)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);

	return days[date.month - 1] + (leap && date.month == 2);
}

bool expr_calendar_valid(Calendar date)
{
	return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= days_in_month(date);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t expr_calendar_days(Calendar date)
{
	int64_t year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t era = floor_div(year, 400), of_era = year - era * 400;
	int month = (date.month + 9) % 12; // March is 0
	int64_t day = (153 * month + 2) / 5 + date.day - 1;

	return era * DAYS_IN_ERA + of_era * 365 + of_era / 4 - of_era / 100 + day - DAYS_TO_1970;
}

Calendar expr_calendar(int64_t seconds, int *ret_second)
{
	int64_t days = floor_div(seconds, SECONDS_IN_DAY) + DAYS_TO_1970;
	int64_t era = floor_div(days, DAYS_IN_ERA), of_era = days - era * DAYS_IN_ERA;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int day = (int)(of_era - (365 * year + year / 4 - year / 100));
	int month = (5 * day + 2) / 153; // March is 0

	*ret_second = (int)(seconds - floor_div(seconds, SECONDS_IN_DAY) * SECONDS_IN_DAY);
	return (Calendar){
	        .year = era * 400 + year + (month >= 10),
	        .month = month < 10 ? month + 3 : month - 9,
	        .day = day - (153 * month + 2) / 5 + 1,
	};
}
