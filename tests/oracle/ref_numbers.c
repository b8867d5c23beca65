// Hashes, shares, periods and codes, from their definitions.
#include "reference.h"

#include <stdlib.h>
#include <xxhash.h>

uint64_t ref_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x;
}

uint64_t ref_hash(const char *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

uint32_t ref_share_of(Str salt, Str level, Str audience_id)
{
	char text[4096];
	size_t len = 0;
	const Str parts[] = {salt, STR("\0"), level, STR("\0"), audience_id};
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		if (parts[i].len > sizeof text - len)
			abort(); // longer than any snapshot may have it
		if (parts[i].len)
			memcpy(text + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	return (uint32_t)((unsigned __int128)ref_hash(text, len) * 1000000 >> 64);
}

// --- the calendar ---

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 1 && is_leap(year) ? 29 : days[month];
}

// The first day of the month that the day is in, both counted from 1970-01-01: month by month from there.
static int64_t month_start(int64_t day)
{
	const int64_t cycle = 146097; // days of 400 years, after which the calendar repeats
	int64_t cycles = day / cycle - (day % cycle < 0), start = 0;
	int year = 1970, month = 0;
	day -= cycles * cycle;
	while (day >= start + days_in(year, month)) {
		start += days_in(year, month);
		if (++month == 12) {
			month = 0;
			year++;
		}
	}
	return start + cycles * cycle;
}

// The largest multiple of `step` (plus `offset`) that is not above `x`.
static int64_t round_down(int64_t x, int64_t step, int64_t offset)
{
	int64_t rest = (x - offset) % step;
	return x - (rest < 0 ? rest + step : rest);
}

int64_t ref_period_start(Parley__Snapshot__V1__Period period, int64_t time_us)
{
	const int64_t hour = INT64_C(3600) * 1000000, day = 24 * hour;
	switch (period) {
	case SNAP_PERIOD(HOUR):
		return round_down(time_us, hour, 0);
	case SNAP_PERIOD(DAY):
		return round_down(time_us, day, 0);
	case SNAP_PERIOD(WEEK):
		return round_down(time_us, 7 * day, 4 * day); // 1970-01-05 was a Monday
	case SNAP_PERIOD(MONTH):
		return month_start(round_down(time_us, day, 0) / day) * day;
	default:
		return INT64_MIN;
	}
}

// --- treatment codes ---

static void write_base32(uint64_t value, int chars, char *ret)
{
	for (int i = 0; i < chars; i++)
		ret[i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value >> (5 * (chars - 1 - i)) & 31];
}

void ref_treatment_code(uint64_t seed, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE])
{
	uint64_t mask = ref_mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) >> 34;
	write_base32(ref_mix64(seed), 13, ret);
	write_base32(mask ^ ordinal, 6, ret + 13);
	ret[19] = '\0';
}
