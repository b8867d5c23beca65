// Periods at their edges, shares, and conditions on offers: the small measures that everything goes by.
#include "decide/decide.h"
#include "decide/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <xxhash.h>

#include <cmocka.h>

static int64_t moment(const char *text)
{
	int year, month, day, hour, minute, second, us = 0;
	assert_true(
	        sscanf(text, "%d-%d-%d %d:%d:%d.%d", &year, &month, &day, &hour, &minute, &second, &us) >= 6);
	// Counted day by day, so that it shares nothing with what it is to check.
	int64_t days = 0;
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
#define LEAP(y) ((y) % 4 == 0 && ((y) % 100 != 0 || (y) % 400 == 0))
	for (int y = 1970; y < year; y++)
		days += LEAP(y) ? 366 : 365;
	for (int y = 1969; y >= year; y--)
		days -= LEAP(y) ? 366 : 365;
	for (int m = 1; m < month; m++)
		days += lengths[m - 1] + (m == 2 && LEAP(year));
	return (((days + day - 1) * 24 + hour) * 60 + minute) * INT64_C(60000000) +
	       second * INT64_C(1000000) + us;
}

static void starts(Parley__Snapshot__V1__Period period, const char *time, const char *start)
{
	if (decide_period_start(period, moment(time)) != moment(start))
		fail_msg("%s: starts at %lld", time, (long long)decide_period_start(period, moment(time)));
}

static void periods_start_where_the_calendar_says(void **state)
{
	(void)state;
	starts(SNAP_PERIOD(HOUR), "2026-01-01 00:00:00", "2026-01-01 00:00:00");
	starts(SNAP_PERIOD(HOUR), "2026-01-01 00:59:59.999999", "2026-01-01 00:00:00");
	starts(SNAP_PERIOD(DAY), "2026-03-29 23:59:59.999999", "2026-03-29 00:00:00");
	starts(SNAP_PERIOD(DAY), "1969-12-31 00:00:01", "1969-12-31 00:00:00");
	starts(SNAP_PERIOD(HOUR), "1969-12-31 23:59:59.999999", "1969-12-31 23:00:00");
	starts(SNAP_PERIOD(MONTH), "2024-02-29 12:00:00", "2024-02-01 00:00:00");
	starts(SNAP_PERIOD(MONTH), "2024-03-01 00:00:00", "2024-03-01 00:00:00");
	starts(SNAP_PERIOD(MONTH), "2023-02-28 23:59:59", "2023-02-01 00:00:00");
	starts(SNAP_PERIOD(MONTH), "2000-02-29 00:00:00", "2000-02-01 00:00:00");
	starts(SNAP_PERIOD(MONTH), "1900-03-01 00:00:00", "1900-03-01 00:00:00"); // no leap year
	starts(SNAP_PERIOD(MONTH), "2100-02-28 23:59:59", "2100-02-01 00:00:00");
	starts(SNAP_PERIOD(MONTH), "1969-12-31 23:59:59", "1969-12-01 00:00:00");
	assert_true(decide_period_start(SNAP_PERIOD(EVER), 0) == INT64_MIN);
}

static void weeks_start_on_mondays(void **state)
{
	(void)state;
	starts(SNAP_PERIOD(WEEK), "2026-01-01 00:00:00", "2025-12-29 00:00:00");
	starts(SNAP_PERIOD(WEEK), "2026-01-04 23:59:59.999999", "2025-12-29 00:00:00");
	starts(SNAP_PERIOD(WEEK), "2026-01-05 00:00:00", "2026-01-05 00:00:00");
	starts(SNAP_PERIOD(WEEK), "2024-12-31 10:00:00", "2024-12-30 00:00:00"); // week 1 of 2025
	starts(SNAP_PERIOD(WEEK), "2021-01-03 10:00:00", "2020-12-28 00:00:00"); // week 53 of 2020
	starts(SNAP_PERIOD(WEEK), "1970-01-01 00:00:00", "1969-12-29 00:00:00");
	starts(SNAP_PERIOD(WEEK), "1969-12-28 23:59:59", "1969-12-22 00:00:00");
}

static void periods_follow_each_other_without_a_gap(void **state)
{
	(void)state;
	for (int period = SNAP_PERIOD(HOUR); period <= SNAP_PERIOD(MONTH); period++) {
		Parley__Snapshot__V1__Period of = (Parley__Snapshot__V1__Period)period;
		bool is_short = period <= SNAP_PERIOD(DAY);
		int64_t step = INT64_C(1000000) * (is_short ? 1799 : 12 * 3599);
		int64_t end = moment(is_short ? "1974-01-01 00:00:00" : "2120-01-01 00:00:00");
		int64_t last = decide_period_start(
		        of, moment(is_short ? "1966-01-01 00:00:00" : "1890-01-01 00:00:00"));
		for (int64_t us = last; us < end; us += step) {
			int64_t start = decide_period_start(of, us);
			assert_true(start <= us && decide_period_start(of, start) == start);
			assert_true(start == last || decide_period_start(of, start - 1) == last);
			last = start;
		}
	}
	assert_true(decide_period_start(SNAP_PERIOD(MONTH), INT64_MIN) == INT64_MIN);
	assert_true(decide_period_start(SNAP_PERIOD(WEEK), INT64_MAX) < INT64_MAX);
}

static void shares_are_a_hash_that_anybody_can_compute(void **state)
{
	(void)state;
	static const char text[] = "salt\0customer\0"
	                           "7";
	uint64_t hash = XXH3_64bits(text, sizeof text - 1);
	uint32_t place = (uint32_t)((unsigned __int128)hash * 1000000 >> 64);
	assert_int_equal(decide_share_of(STR("salt"), STR("customer"), STR("7")), place);
	assert_false(decide_share(STR("salt"), STR("customer"), STR("7"), place));
	assert_true(decide_share(STR("salt"), STR("customer"), STR("7"), place + 1));
	assert_false(decide_share(STR("salt"), STR("customer"), STR("7"), 0));
	assert_true(decide_share(STR("salt"), STR("customer"), STR("7"), 1000000));
}

static void long_names_have_the_same_kind_of_share(void **state)
{
	(void)state;
	static char text[3000];
	for (size_t len = 480; len < 530; len++) {
		memset(text, 'x', sizeof text);
		text[len] = '\0';
		memcpy(text + len + 1,
		        "customer\0"
		        "7",
		        10);
		uint64_t hash = XXH3_64bits(text, len + 11);
		assert_int_equal(decide_share_of(str_n(text, len), STR("customer"), STR("7")),
		        (uint32_t)((unsigned __int128)hash * 1000000 >> 64));
	}
}

// --- conditions ---

static SnapConstant constant(Parley__Snapshot__V1__ValueType type)
{
	SnapConstant made = PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
	made.type = type;
	return made;
}

// "= != < <= > >= has": which of the comparisons hold.
static void holds(const SnapConstant *left, ExprValue right, const char *expected)
{
	static const char *const names[] = {"=", "!=", "<", "<=", ">", ">=", "has"};
	char got[64] = "";
	for (int i = SNAP_COMPARE(EQUAL); i <= SNAP_COMPARE(CONTAINS); i++) {
		if (plan_compare(left, (Parley__Snapshot__V1__Comparison)i, right)) {
			strcat(got, *got ? " " : "");
			strcat(got, names[i - 1]);
		}
	}
	assert_string_equal(got, expected);
}

static void numbers_compare_by_what_they_are(void **state)
{
	(void)state;
	SnapConstant i = constant(SNAP_TYPE(INT)), d = constant(SNAP_TYPE(DOUBLE));
	i.int_value = 3;
	holds(&i, expr_int(3), "= <= >=");
	holds(&i, expr_double(3), "= <= >=");
	holds(&i, expr_double(3.5), "!= < <=");
	holds(&i, expr_double(-3.5), "!= > >=");
	i.int_value = INT64_C(9007199254740993); // 2^53 + 1, which no double is
	holds(&i, expr_double(9007199254740992.0), "!= > >=");
	holds(&i, expr_double(9007199254740994.0), "!= < <=");
	i.int_value = INT64_MAX;
	holds(&i, expr_double(0x1p63), "!= < <=");
	i.int_value = INT64_MIN;
	holds(&i, expr_double(-0x1p63), "= <= >=");
	holds(&i, expr_double(-__builtin_inf()), "!= > >=");
	holds(&i, expr_double(__builtin_nan("")), "");
	d.double_value = -0.5;
	holds(&d, expr_int(0), "!= < <=");
	holds(&d, expr_int(-1), "!= > >=");
	holds(&d, expr_double(-0.5), "= <= >=");
	d.double_value = -0.0;
	holds(&d, expr_int(0), "= <= >=");
	d.double_value = __builtin_nan("");
	holds(&d, expr_int(0), "");
	holds(&d, expr_double(__builtin_nan("")), "");
	holds(&i, expr_string(STR("3")), "");
	holds(&i, expr_bool(true), "");
}

static void texts_times_and_bools_compare_with_their_own(void **state)
{
	(void)state;
	SnapConstant text = constant(SNAP_TYPE(STRING)), time = constant(SNAP_TYPE(TIMESTAMP)),
	             truth = constant(SNAP_TYPE(BOOL));
	text.string_value = (char[]){"b"};
	holds(&text, expr_string(STR("b")), "= <= >=");
	holds(&text, expr_string(STR("a")), "!= > >=");
	holds(&text, expr_string(STR("ba")), "!= < <=");
	holds(&text, expr_string(STR("d")), "!= < <=");
	holds(&text, expr_string(STR("\xc3\xa4")), "!= < <=");
	time.int_value = -1;
	holds(&time, expr_timestamp_us(-1), "= <= >=");
	holds(&time, expr_timestamp_us(0), "!= < <=");
	holds(&time, expr_timestamp_us(-1000001), "!= > >=");
	holds(&time, expr_int(-1), "");
	holds(&truth, expr_bool(false), "=");
	holds(&truth, expr_bool(true), "!=");
	holds(&truth, expr_int(0), "");
}

static void lists_compare_as_a_whole_or_by_what_they_have(void **state)
{
	(void)state;
	SnapConstant list = constant(SNAP_TYPE(STRING_LIST));
	char *members[] = {(char[]){"a"}, (char[]){"b"}};
	list.string_values = members;
	list.n_string_values = 2;
	ExprValue items[] = {expr_string(STR("a")), expr_string(STR("b")), expr_string(STR("a"))};
	holds(&list, expr_list(items, 2), "=");
	holds(&list, expr_list(items, 1), "!=");
	holds(&list, expr_list(items + 1, 2), "!=");
	holds(&list, expr_string(STR("b")), "has");
	holds(&list, expr_string(STR("c")), "");
	holds(&list, expr_int(1), "");
	holds(NULL, expr_int(1), "");
	SnapConstant text = constant(SNAP_TYPE(STRING));
	holds(&text, expr_list(items, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(periods_start_where_the_calendar_says),
	        cmocka_unit_test(weeks_start_on_mondays),
	        cmocka_unit_test(periods_follow_each_other_without_a_gap),
	        cmocka_unit_test(shares_are_a_hash_that_anybody_can_compute),
	        cmocka_unit_test(long_names_have_the_same_kind_of_share),
	        cmocka_unit_test(numbers_compare_by_what_they_are),
	        cmocka_unit_test(texts_times_and_bools_compare_with_their_own),
	        cmocka_unit_test(lists_compare_as_a_whole_or_by_what_they_have),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
