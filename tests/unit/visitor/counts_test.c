// Counts by period: the calendar's borders, the newest two periods, and any order giving the same.
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#define PERIOD(name) PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_##name

static const Parley__Snapshot__V1__Period periods[] = {
        PERIOD(EVER), PERIOD(HOUR), PERIOD(DAY), PERIOD(WEEK), PERIOD(MONTH)};

static uint32_t number_of(Parley__Snapshot__V1__Period period, int64_t time_us)
{
	return period_numbers(time_us).of[period - PERIOD(EVER)];
}

static uint64_t in_period(const Counts *counts, Parley__Snapshot__V1__Period period, int64_t time_us)
{
	return count_slot_get(counts->slots[period - PERIOD(EVER)], number_of(period, time_us));
}

// A period's number changes where the engine says that it begins, and by one.
static void periods_are_those_of_the_engine(void **state)
{
	(void)state;
	int64_t time_us = INT64_C(946684800) * US_PER_S; // 2000
	for (int day = 0; day < 365 * 60; day++, time_us += DAY_US) {
		for (size_t p = 1; p < ARRAY_COUNT(periods); p++) {
			int64_t start_us = decide_period_start(periods[p], time_us + 5 * HOUR_US);
			uint32_t number = number_of(periods[p], time_us + 5 * HOUR_US);
			assert_int_equal(number_of(periods[p], start_us), number);
			assert_int_equal(number_of(periods[p], start_us - 1), number - 1);
		}
		assert_int_equal(number_of(PERIOD(EVER), time_us), 0);
	}
}

static void the_newest_two_periods_are_kept(void **state)
{
	(void)state;
	Counts counts = {0};
	for (int hour = 0; hour < 5; hour++) {
		PeriodNumbers numbers = period_numbers(SHOP_NOW + hour * HOUR_US);
		for (int i = 0; i <= hour; i++)
			counts_add(&counts, &numbers);
	}
	PeriodNumbers late = period_numbers(SHOP_NOW + HOUR_US);
	counts_add(&counts, &late);
	assert_int_equal(in_period(&counts, PERIOD(HOUR), SHOP_NOW + 4 * HOUR_US), 5);
	assert_int_equal(in_period(&counts, PERIOD(HOUR), SHOP_NOW + 3 * HOUR_US), 4);
	assert_int_equal(in_period(&counts, PERIOD(HOUR), SHOP_NOW + 1 * HOUR_US), 0); // too long ago
	assert_int_equal(in_period(&counts, PERIOD(HOUR), SHOP_NOW + 5 * HOUR_US), 0); // not begun
	assert_int_equal(in_period(&counts, PERIOD(DAY), SHOP_NOW), 16);
	assert_int_equal(in_period(&counts, PERIOD(EVER), 0), 16);
}

static void any_order_gives_the_same(void **state)
{
	(void)state;
	unsigned seed = 20260101;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int run = 0; run < 200; run++) {
		Counts forward = {0}, halves[2] = {0};
		PeriodNumbers numbers[50];
		for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
			numbers[i] = period_numbers(SHOP_NOW + rand() % 100 * HOUR_US);
		for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
			counts_add(&forward, &numbers[i]);
		for (size_t i = ARRAY_COUNT(numbers); i-- > 0;)
			counts_add(&halves[i % 2], &numbers[i]);
		counts_merge(&halves[1], &halves[0]);
		assert_memory_equal(&forward, &halves[1], sizeof forward);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(periods_are_those_of_the_engine),
	        cmocka_unit_test(the_newest_two_periods_are_kept),
	        cmocka_unit_test(any_order_gives_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
