// Several states side by side, each of which counts a part of what happens, and all of which are to look at
// the sum: now and then what each has counted is added up, and all go on from there.
#include "visitor/internal.h"

#include "base/clock.h"

static const int64_t US_PER_HOUR = 3600 * US_PER_S;

size_t visitor_volume_count(const VisitorView *view)
{
	return view->volume_count;
}

static void copy(CountSlot into[2], const CountSlot from[2])
{
	for (size_t i = 0; i < 2; i++)
		atomic_store_explicit(
		        &into[i], atomic_load_explicit(&from[i], memory_order_relaxed), memory_order_relaxed);
}

void visitor_volumes_get(const VisitorView *view, CountSlot (*sums)[2])
{
	for (size_t v = 0; v < view->volume_count; v++)
		copy(sums[v], view->volumes[v].slots);
}

Err visitor_volumes_split(VisitorView *view)
{
	view->fresh = arena_alloc_array(view->arena, sizeof *view->fresh, view->volume_count + 1);
	return view->fresh != NULL ? OK : err(ERR_NO_MEMORY, "no memory for what is counted");
}

void visitor_volumes_add(const VisitorView *view, CountSlot (*sums)[2])
{
	for (size_t v = 0; v < view->volume_count; v++)
		count_slots_merge(sums[v], view->fresh[v]);
}

void visitor_volumes_put(VisitorView *view, const CountSlot (*sums)[2])
{
	static const CountSlot none[2];
	for (size_t v = 0; v < view->volume_count; v++) {
		copy(view->volumes[v].slots, sums[v]);
		copy(view->fresh[v], none);
	}
}

uint64_t visitor_volumes_left(const VisitorView *view, const CountSlot (*sums)[2], int64_t as_of_us)
{
	PeriodNumbers numbers = period_numbers(as_of_us);
	uint64_t least = UINT64_MAX;
	for (size_t v = 0; v < view->volume_count; v++) {
		const Volume *volume = &view->volumes[v];
		uint64_t limit = view->snapshot->constraints[volume->constraint]->limit;
		uint64_t count = count_slot_get(sums[v], numbers.of[volume->period - PERIOD_FIRST]);
		if (count < limit && limit - count < least)
			least = limit - count;
	}
	return least;
}

int64_t visitor_volumes_until(const VisitorView *view, int64_t as_of_us)
{
#define PERIOD(name) [PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_##name - PERIOD_FIRST]
	static const int64_t most_hours[COUNT_PERIODS] = {
	        PERIOD(HOUR) = 1, PERIOD(DAY) = 24, PERIOD(WEEK) = 7L * 24, PERIOD(MONTH) = 31L * 24};
#undef PERIOD
	int64_t until_us = INT64_MAX;
	for (size_t v = 0; v < view->volume_count; v++) {
		Parley__Snapshot__V1__Period period = view->volumes[v].period;
		int64_t begun_us = decide_period_start(period, as_of_us);
		if (period == PERIOD_FIRST)
			continue;
		int64_t next_us = decide_period_start(
		        period, begun_us + most_hours[period - PERIOD_FIRST] * US_PER_HOUR);
		until_us = next_us < until_us ? next_us : until_us;
	}
	return until_us;
}
