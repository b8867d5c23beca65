// How often something happened, by period of the calendar (UTC): of each kind of period the newest two that
// anything happened in, by the parity of their numbers. Adding is lock-free and its order does not matter:
// what is left in the end is the same.
#pragma once
#include "parley/snapshot/v1/snapshot.pb-c.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	COUNT_PERIODS = PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_MONTH, // EVER, HOUR, DAY, WEEK, MONTH
	COUNT_BITS = 40,                                            // of a slot; its period's number is above
};

// A period's number above, the count below; 0: nothing.
typedef _Atomic uint64_t CountSlot;

typedef struct Counts {
	CountSlot slots[COUNT_PERIODS][2];
} Counts;

// Numbers of the periods that a time is in, by period - PERIOD_EVER.
typedef struct PeriodNumbers {
	uint32_t of[COUNT_PERIODS];
} PeriodNumbers;

// Consecutive periods of a kind have consecutive numbers. Times out of range (before 1970, after 3800) count
// as the first or last that is in it.
PeriodNumbers period_numbers(int64_t time_us);

// In the two slots of a kind of period. An older period than the one that a slot holds is not counted.
void count_slot_add(CountSlot slots[2], uint32_t number, uint64_t count);
uint64_t count_slot_get(const CountSlot slots[2], uint32_t number);
// Adds what stands in another's slot, which nobody changes meanwhile.
void count_slots_merge(CountSlot into[2], const CountSlot from[2]);

void counts_add(Counts *counts, const PeriodNumbers *numbers);
void counts_merge(Counts *into, const Counts *from);
void counts_clear(Counts *counts);
bool counts_empty(const Counts *counts);
