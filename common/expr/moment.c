// Calendar-free arithmetic on timestamps and durations, and their text forms.
#include "expr/moment.h"

#include "expr/calendar.h"

#include <stdio.h>

#define NANOS        INT64_C(1000000000)
#define FIRST_SECOND INT64_C(-62135596800) // 0001-01-01T00:00:00Z
#define LAST_SECOND  INT64_C(253402300799) // 9999-12-31T23:59:59Z

ExprValue expr_moment(ExprKind kind, int64_t seconds, int64_t nanos)
{
	int64_t total;

	if (__builtin_add_overflow(seconds, nanos / NANOS, &seconds))
		return expr_error(EXPR_ERR_RANGE);
	nanos %= NANOS;
	if (kind == EXPR_TIMESTAMP && nanos < 0) {
		seconds--; // cannot overflow: nanos < 0 means that seconds were above the least
		nanos += NANOS;
	}
	if (kind == EXPR_TIMESTAMP && (seconds < FIRST_SECOND || seconds > LAST_SECOND))
		return expr_error(EXPR_ERR_RANGE);
	if (kind == EXPR_DURATION) {
		if (__builtin_mul_overflow(seconds, NANOS, &total) ||
		        __builtin_add_overflow(total, nanos, &total))
			return expr_error(EXPR_ERR_RANGE);
		seconds = total / NANOS;
		nanos = total % NANOS;
	}
	return (ExprValue){.kind = kind, .nanos = (int32_t)nanos, .seconds = seconds};
}

static bool is_moment(ExprValue value)
{
	return value.kind == EXPR_TIMESTAMP || value.kind == EXPR_DURATION;
}

// Seconds of both kinds stay below 2^38 in size, so that sums do not overflow.
ExprValue expr_moment_add(ExprValue a, ExprValue b)
{
	bool timestamp = a.kind == EXPR_TIMESTAMP || b.kind == EXPR_TIMESTAMP;

	if (!is_moment(a) || !is_moment(b) || (a.kind == EXPR_TIMESTAMP && b.kind == EXPR_TIMESTAMP))
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	return expr_moment(timestamp ? EXPR_TIMESTAMP : EXPR_DURATION, a.seconds + b.seconds,
	        (int64_t)a.nanos + b.nanos);
}

ExprValue expr_moment_subtract(ExprValue a, ExprValue b)
{
	if (!is_moment(a) || !is_moment(b) || (a.kind == EXPR_DURATION && b.kind == EXPR_TIMESTAMP))
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	return expr_moment(a.kind == b.kind ? EXPR_DURATION : EXPR_TIMESTAMP, a.seconds - b.seconds,
	        (int64_t)a.nanos - b.nanos);
}

ExprValue expr_moment_negate(ExprValue a)
{
	return expr_moment(EXPR_DURATION, -a.seconds, -(int64_t)a.nanos);
}

// A cursor over text.
typedef struct Reader {
	const char *at, *end;
	bool bad;
} Reader;

static int64_t digits(Reader *r, int count)
{
	int64_t number = 0;

	for (int i = 0; i < count; i++) {
		if (r->at == r->end || *r->at < '0' || *r->at > '9')
			return r->bad = true, 0;
		number = number * 10 + (*r->at++ - '0');
	}
	return number;
}

static bool take(Reader *r, const char *any)
{
	if (r->at == r->end || !*r->at || !strchr(any, *r->at))
		return false;
	r->at++;
	return true;
}

static void must_take(Reader *r, const char *any)
{
	if (!take(r, any))
		r->bad = true;
}

static int64_t fraction(Reader *r)
{
	int64_t nanos = 0, unit = NANOS / 10;

	if (!take(r, "."))
		return 0;
	if (r->at == r->end || *r->at < '0' || *r->at > '9')
		r->bad = true;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; unit /= 10)
		nanos += (*r->at++ - '0') * unit;
	return nanos;
}

static int64_t offset(Reader *r)
{
	int64_t hours, minutes;
	bool west = r->at < r->end && *r->at == '-';

	if (take(r, "Zz"))
		return 0;
	must_take(r, "+-");
	hours = digits(r, 2);
	must_take(r, ":");
	minutes = digits(r, 2);
	r->bad |= hours > 23 || minutes > 59;
	return (hours * 3600 + minutes * 60) * (west ? -1 : 1);
}

ExprValue expr_timestamp_parse(Str text)
{
	Reader r = {text.ptr, text.ptr + text.len, false};
	Calendar day = {0};
	int64_t clock[3], nanos, zone;

	day.year = digits(&r, 4);
	must_take(&r, "-");
	day.month = (int)digits(&r, 2);
	must_take(&r, "-");
	day.day = (int)digits(&r, 2);
	must_take(&r, "Tt");
	for (int i = 0; i < 3; i++) {
		if (i)
			must_take(&r, ":");
		clock[i] = digits(&r, 2);
	}
	nanos = fraction(&r);
	zone = offset(&r);
	if (r.bad || r.at != r.end || !expr_calendar_valid(day) || clock[0] > 23 || clock[1] > 59 ||
	        clock[2] > 59)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	return expr_moment(EXPR_TIMESTAMP,
	        expr_calendar_days(day) * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2] - zone, nanos);
}

static int64_t unit(Reader *r)
{
	static const struct {
		const char *text;
		int64_t nanos;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", NANOS}, {"m", 60 * NANOS},
	        {"h", 3600 * NANOS}};

	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		Str name = str(units[i].text);

		if (str_starts(str_n(r->at, (size_t)(r->end - r->at)), name)) {
			r->at += name.len;
			return units[i].nanos;
		}
	}
	r->bad = true;
	return 0;
}

// One term such as "1.5h", added to `nanos`. False if the sum leaves the range.
static bool term(Reader *r, int64_t *nanos)
{
	int64_t whole = 0, part, size;
	const char *start = r->at;
	bool overflow = false;

	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
		overflow |= __builtin_mul_overflow(whole, 10, &whole) ||
		            __builtin_add_overflow(whole, *r->at - '0', &whole);
	r->bad |= r->at == start;
	part = fraction(r);
	size = unit(r);
	overflow |= __builtin_mul_overflow(whole, size, &whole);
	overflow |= __builtin_add_overflow(whole, (int64_t)((__int128)part * size / NANOS), &whole);
	overflow |= __builtin_add_overflow(*nanos, whole, nanos);
	return !overflow;
}

ExprValue expr_duration_parse(Str text)
{
	Reader r = {text.ptr, text.ptr + text.len, false};
	int64_t nanos = 0;
	bool minus = r.at < r.end && *r.at == '-';

	(void)take(&r, "+-");
	if (r.at < r.end && *r.at == '0' && r.at + 1 == r.end)
		return expr_moment(EXPR_DURATION, 0, 0);
	do {
		bool fits = term(&r, &nanos);

		if (r.bad)
			return expr_error(EXPR_ERR_INVALID_ARGUMENT);
		if (!fits)
			return expr_error(EXPR_ERR_RANGE);
	} while (r.at < r.end);
	return expr_moment(EXPR_DURATION, 0, minus ? -nanos : nanos);
}

// ".5", ".125": as many digits as needed, none for 0.
static size_t format_fraction(int32_t nanos, char *text)
{
	size_t len;

	if (nanos == 0)
		return 0;
	len = (size_t)snprintf(text, 16, ".%09d", nanos);
	while (text[len - 1] == '0')
		len--;
	text[len] = 0;
	return len;
}

size_t expr_moment_format(ExprValue moment, char text[MOMENT_TEXT_SIZE])
{
	char part[16] = "";
	Calendar day;
	int second;

	format_fraction(moment.nanos < 0 ? -moment.nanos : moment.nanos, part);
	if (moment.kind == EXPR_DURATION)
		return (size_t)snprintf(text, MOMENT_TEXT_SIZE, "%s%lld%ss",
		        moment.nanos < 0 && moment.seconds == 0 ? "-" : "", (long long)moment.seconds, part);
	day = expr_calendar(moment.seconds, &second);
	return (size_t)snprintf(text, MOMENT_TEXT_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d%sZ",
	        (long long)day.year, day.month, day.day, second / 3600, second / 60 % 60, second % 60, part);
}
