// Parts of timestamps (in UTC or a time zone) and of durations (in whole units), and the clock.
#include "expr/calendar.h"
#include "expr/function.h"
#include "expr/moment.h"
#include "expr/zone.h"

// A timestamp in parts.
typedef struct Parts {
	Calendar date;
	int second; // of the day
	int64_t days;
	int64_t millisecond;
} Parts;

static bool parts_of(ExprValue value, const ExprValue *zone, Parts *ret)
{
	int32_t offset = 0;

	if (value.kind != EXPR_TIMESTAMP || (zone && !expr_zone_offset(*zone, value.seconds, &offset)))
		return false;
	value.seconds += offset;
	ret->date = expr_calendar(value.seconds, &ret->second);
	ret->days = (value.seconds - ret->second) / 86400;
	ret->millisecond = value.nanos / 1000000;
	return true;
}

static ExprError wrong(ExprValue value)
{
	return value.kind == EXPR_TIMESTAMP ? EXPR_ERR_INVALID_ARGUMENT : EXPR_ERR_NO_OVERLOAD;
}

#define IN_ZONE(name, formula)                                                                               \
	ExprValue expr_time_##name##_in(Evaluation *evaluation, const ExprValue *args)                       \
	{                                                                                                    \
		Parts at;                                                                                    \
                                                                                                             \
		(void)evaluation;                                                                            \
		return parts_of(args[0], &args[1], &at) ? expr_int(formula) : expr_error(wrong(args[0]));    \
	}

#define TIMESTAMP_PART(name, formula)                                                                        \
	ExprValue expr_time_##name(Evaluation *evaluation, const ExprValue *args)                            \
	{                                                                                                    \
		Parts at;                                                                                    \
                                                                                                             \
		(void)evaluation;                                                                            \
		return parts_of(args[0], NULL, &at) ? expr_int(formula) : expr_error(wrong(args[0]));        \
	}                                                                                                    \
	IN_ZONE(name, formula)

TIMESTAMP_PART(full_year, at.date.year)
TIMESTAMP_PART(month, at.date.month - 1)
TIMESTAMP_PART(date, at.date.day)
TIMESTAMP_PART(day_of_month, at.date.day - 1)
TIMESTAMP_PART(day_of_week, ((at.days + 4) % 7 + 7) % 7) // 1970-01-01 was a Thursday; Sunday is 0
TIMESTAMP_PART(day_of_year, at.days - expr_calendar_days((Calendar){at.date.year, 1, 1}))

#define EITHER_PART(name, of_timestamp, of_duration)                                                         \
	ExprValue expr_time_##name(Evaluation *evaluation, const ExprValue *args)                            \
	{                                                                                                    \
		Parts at;                                                                                    \
                                                                                                             \
		(void)evaluation;                                                                            \
		if (args[0].kind == EXPR_DURATION)                                                           \
			return expr_int(of_duration);                                                        \
		return parts_of(args[0], NULL, &at) ? expr_int(of_timestamp) : expr_error(wrong(args[0]));   \
	}                                                                                                    \
	IN_ZONE(name, of_timestamp)

EITHER_PART(hours, at.second / 3600, args[0].seconds / 3600)
EITHER_PART(minutes, at.second / 60 % 60, args[0].seconds / 60)
EITHER_PART(seconds, at.second % 60, args[0].seconds)
EITHER_PART(milliseconds, at.millisecond, args[0].nanos / 1000000)

ExprValue expr_time_now(Evaluation *evaluation, const ExprValue *args)
{
	(void)args;
	return expr_timestamp_us(evaluation->now_us);
}
