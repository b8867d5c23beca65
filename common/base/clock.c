// Civil time by days since 1970 in the proleptic Gregorian calendar; the arithmetic counts years from March,
// so that the leap day is the last of a year.
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t system_now(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

Clock clock_system(void)
{
	return (Clock){system_now, NULL};
}

int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

void time_format(int64_t us, char text[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)(us / US_PER_S);
	int64_t fraction = us % US_PER_S;
	struct tm civil;
	size_t len;

	if (fraction < 0) {
		fraction += US_PER_S;
		seconds--;
	}
	gmtime_r(&seconds, &civil);
	len = (size_t)snprintf(text, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", civil.tm_year + 1900,
	        civil.tm_mon + 1, civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec);
	if (len >= TIME_TEXT_SIZE)
		len = TIME_TEXT_SIZE - 1;
	if (fraction == 0)
		snprintf(text + len, TIME_TEXT_SIZE - len, "Z");
	else if (fraction % US_PER_MS == 0)
		snprintf(text + len, TIME_TEXT_SIZE - len, ".%03dZ", (int)(fraction / US_PER_MS));
	else
		snprintf(text + len, TIME_TEXT_SIZE - len, ".%06dZ", (int)fraction);
}

// Takes exactly `count` digits.
static bool digits(Str *text, int count, int64_t *ret)
{
	if (text->len < (size_t)count)
		return false;
	*ret = 0;
	for (int i = 0; i < count; i++) {
		char c = text->ptr[i];

		if (c < '0' || c > '9')
			return false;
		*ret = *ret * 10 + (c - '0');
	}
	*text = str_n(text->ptr + count, text->len - (size_t)count);
	return true;
}

static bool literal(Str *text, const char *one_of)
{
	if (text->len == 0 || text->ptr[0] == 0 || !strchr(one_of, text->ptr[0]))
		return false;
	*text = str_n(text->ptr + 1, text->len - 1);
	return true;
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

// ".123456789": microseconds; more than nine digits are refused.
static bool fraction_us(Str *text, int64_t *ret)
{
	int count = 0;

	*ret = 0;
	while (text->len && text->ptr[0] >= '0' && text->ptr[0] <= '9') {
		if (count < 6)
			*ret = *ret * 10 + (text->ptr[0] - '0');
		count++;
		*text = str_n(text->ptr + 1, text->len - 1);
	}
	for (int i = count; i < 6; i++)
		*ret *= 10;
	return count >= 1 && count <= 9;
}

static bool offset_us(Str *text, int64_t *ret)
{
	int64_t hours, minutes;
	int64_t sign;

	*ret = 0;
	if (literal(text, "Zz"))
		return true;
	sign = text->len && text->ptr[0] == '-' ? -1 : 1;
	if (!literal(text, "+-") || !digits(text, 2, &hours) || !literal(text, ":") ||
	        !digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret = sign * (hours * 3600 + minutes * 60) * US_PER_S;
	return true;
}

bool time_parse(Str text, int64_t *ret_us)
{
	int64_t year, month, day, hour, minute, second, fraction = 0, offset;

	if (!digits(&text, 4, &year) || !literal(&text, "-") || !digits(&text, 2, &month) ||
	        !literal(&text, "-") || !digits(&text, 2, &day) || !literal(&text, "Tt ") ||
	        !digits(&text, 2, &hour) || !literal(&text, ":") || !digits(&text, 2, &minute) ||
	        !literal(&text, ":") || !digits(&text, 2, &second))
		return false;
	if (literal(&text, ".") && !fraction_us(&text, &fraction))
		return false;
	if (!offset_us(&text, &offset) || text.len)
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
	        minute > 59 || second > 59)
		return false;
	*ret_us =
	        (days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * US_PER_S +
	        fraction - offset;
	return true;
}
