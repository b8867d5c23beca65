// A slot is one word, so that a period's number and its count change together.
#include "visitor/counts.h"

#include "base/clock.h"
#include "base/str.h"

#define PERIOD(name) PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_##name

static const uint64_t COUNT_MASK = (UINT64_C(1) << COUNT_BITS) - 1;
static const int64_t US_PER_HOUR = 3600 * US_PER_S;
static const int64_t HOUR_MOST = INT64_C(16000000); // in the 24 bits of a number

// Months since January 1970. The year is counted from March, so that the leap day is its last.
static uint32_t month_number(int64_t day)
{
	int64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t march_month = (5 * of_year + 2) / 153; // 0: March
	int64_t months = (era * 400 + year) * 12 + march_month + 2;
	return (uint32_t)(months - 1970 * 12);
}

PeriodNumbers period_numbers(int64_t time_us)
{
	int64_t hour = time_us < 0 ? 0 : time_us / US_PER_HOUR;
	hour = hour > HOUR_MOST ? HOUR_MOST : hour;
	int64_t day = hour / 24;
	PeriodNumbers numbers = {0};
	numbers.of[PERIOD(HOUR) - PERIOD(EVER)] = (uint32_t)hour;
	numbers.of[PERIOD(DAY) - PERIOD(EVER)] = (uint32_t)day;
	numbers.of[PERIOD(WEEK) - PERIOD(EVER)] = (uint32_t)((day + 3) / 7); // 1970 began on a Thursday
	numbers.of[PERIOD(MONTH) - PERIOD(EVER)] = month_number(day);
	return numbers;
}

void count_slot_add(CountSlot slots[2], uint32_t number, uint64_t count)
{
	CountSlot *slot = &slots[number & 1];
	uint64_t old = atomic_load_explicit(slot, memory_order_relaxed), next;
	do {
		uint64_t held = old >> COUNT_BITS, so_far = old & COUNT_MASK;
		if (held > number)
			return;
		uint64_t sum = held == number ? so_far + count : count;
		next = (uint64_t)number << COUNT_BITS | (sum < COUNT_MASK ? sum : COUNT_MASK);
	} while (!atomic_compare_exchange_weak_explicit(
	        slot, &old, next, memory_order_relaxed, memory_order_relaxed));
}

uint64_t count_slot_get(const CountSlot slots[2], uint32_t number)
{
	uint64_t slot = atomic_load_explicit(&slots[number & 1], memory_order_relaxed);
	return slot >> COUNT_BITS == number ? slot & COUNT_MASK : 0;
}

void count_slots_merge(CountSlot into[2], const CountSlot from[2])
{
	for (size_t i = 0; i < 2; i++) {
		uint64_t slot = atomic_load_explicit(&from[i], memory_order_relaxed);
		if ((slot & COUNT_MASK) > 0)
			count_slot_add(into, (uint32_t)(slot >> COUNT_BITS), slot & COUNT_MASK);
	}
}

void counts_add(Counts *counts, const PeriodNumbers *numbers)
{
	for (size_t p = 0; p < COUNT_PERIODS; p++)
		count_slot_add(counts->slots[p], numbers->of[p], 1);
}

void counts_merge(Counts *into, const Counts *from)
{
	for (size_t p = 0; p < COUNT_PERIODS; p++)
		count_slots_merge(into->slots[p], from->slots[p]);
}

void counts_clear(Counts *counts)
{
	for (size_t p = 0; p < COUNT_PERIODS; p++)
		for (size_t i = 0; i < 2; i++)
			atomic_store_explicit(&counts->slots[p][i], 0, memory_order_relaxed);
}

bool counts_empty(const Counts *counts)
{
	return (atomic_load_explicit(&counts->slots[0][0], memory_order_relaxed) & COUNT_MASK) == 0;
}
