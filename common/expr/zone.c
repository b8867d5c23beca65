// Offsets from tables. Tables come out of programs, so that everything read is checked.
#include "expr/zone.h"

#include "expr/calendar.h"
#include "expr/zone_table.h"

enum { DAY = 86400, OFFSET_MAX = 2 * DAY };

static bool two_digits(const char *text, int *ret)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*ret = (text[0] - '0') * 10 + text[1] - '0';
	return true;
}

static bool fixed(Str name, int32_t *ret)
{
	int hours, minutes;
	bool west = name.len == 6 && *name.ptr == '-';

	*ret = 0;
	if (str_eq(name, STR("UTC")))
		return true;
	if (name.len == 6 && (west || *name.ptr == '+'))
		name = str_n(name.ptr + 1, 5);
	if (name.len != 5 || name.ptr[2] != ':' || !two_digits(name.ptr, &hours) ||
	        !two_digits(name.ptr + 3, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

bool expr_zone_is_fixed(Str name)
{
	int32_t offset;

	return fixed(name, &offset);
}

static ZoneChange change_at(ExprValue zone, int32_t index)
{
	ZoneChange change;

	memcpy(&change, zone.s + sizeof(ZoneHeader) + (size_t)index * sizeof(change), sizeof(change));
	return change;
}

// When the rule's change happens in a year, by the clock that is being changed.
static int64_t rule_time(ZoneRule rule, int64_t year)
{
	int64_t first = expr_calendar_days((Calendar){year, rule.month, 1});
	int weekday = (int)(((first + 4) % 7 + 7) % 7);
	int64_t day = first + (rule.day - weekday + 7) % 7 + 7 * (rule.week - 1);

	if (rule.week == 5 && !expr_calendar_valid((Calendar){year, rule.month, (int)(day - first) + 1}))
		day -= 7;
	return day * DAY + rule.second;
}

static bool rule_is_sound(ZoneRule rule)
{
	return rule.month >= 1 && rule.month <= 12 && rule.week >= 1 && rule.week <= 5 && rule.day >= 0 &&
	       rule.day <= 6 && rule.second >= -7 * DAY && rule.second <= 7 * DAY;
}

// South of the equator summer ends before it starts in a year.
static int32_t by_rules(const ZoneHeader *header, int64_t seconds)
{
	int second;
	int64_t year = expr_calendar(seconds + header->standard, &second).year;
	int64_t start = rule_time(header->start, year) - header->standard;
	int64_t end = rule_time(header->end, year) - header->summer;
	bool summer = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;

	return summer ? header->summer : header->standard;
}

static bool by_table(ExprValue zone, int64_t seconds, int64_t *ret)
{
	ZoneHeader header;
	int32_t low = 0, high;

	if (zone.len < sizeof(header))
		return false;
	memcpy(&header, zone.s, sizeof(header));
	if (header.count < 0 || (size_t)header.count != (zone.len - sizeof(header)) / sizeof(ZoneChange))
		return false;
	high = header.count;
	while (low < high) {
		int32_t middle = low + (high - low) / 2;

		if (change_at(zone, middle).at <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low == 0 ? header.first : change_at(zone, low - 1).offset;
	if (low == header.count && rule_is_sound(header.start) && rule_is_sound(header.end) &&
	        header.standard >= -OFFSET_MAX && header.standard <= OFFSET_MAX &&
	        header.summer >= -OFFSET_MAX && header.summer <= OFFSET_MAX)
		*ret = by_rules(&header, seconds);
	return *ret >= -OFFSET_MAX && *ret <= OFFSET_MAX;
}

bool expr_zone_offset(ExprValue zone, int64_t seconds, int32_t *ret)
{
	int64_t offset;

	if (zone.kind == EXPR_STRING)
		return fixed(expr_value_str(zone), ret);
	if (zone.kind != EXPR_BYTES || !by_table(zone, seconds, &offset))
		return false;
	*ret = (int32_t)offset;
	return true;
}
