// Parts of timestamps (in UTC) and of durations (in whole units), and the clock.
#include "expr/calendar.h"
#include "expr/function.h"
#include "expr/moment.h"

// A timestamp in parts.
typedef struct Parts {
	Calendar date;
	int second; // of the day
	int64_t days;
} Parts;

static bool parts_of(ExprValue value, Parts *ret)
{
	if (value.kind != EXPR_TIMESTAMP)
		return false;
	ret->date = expr_calendar(value.seconds, &ret->second);
	ret->days = (value.seconds - ret->second) / 86400;
	return true;
}

#define TIMESTAMP_PART(name, formula)                                                                        \
	ExprValue expr_time_##name(Evaluation *evaluation, const ExprValue *args)                            \
	{                                                                                                    \
		Parts at;                                                                                    \
                                                                                                             \
		(void)evaluation;                                                                            \
		return parts_of(args[0], &at) ? expr_int(formula) : expr_error(EXPR_ERR_NO_OVERLOAD);        \
	}

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
		return parts_of(args[0], &at) ? expr_int(of_timestamp) : expr_error(EXPR_ERR_NO_OVERLOAD);   \
	}

EITHER_PART(hours, at.second / 3600, args[0].seconds / 3600)
EITHER_PART(minutes, at.second / 60 % 60, args[0].seconds / 60)
EITHER_PART(seconds, at.second % 60, args[0].seconds)
EITHER_PART(milliseconds, args[0].nanos / 1000000, args[0].nanos / 1000000)

ExprValue expr_time_now(Evaluation *evaluation, const ExprValue *args)
{
	(void)args;
	return expr_timestamp_us(evaluation->now_us);
}
