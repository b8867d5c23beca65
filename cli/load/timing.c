#include "load/timing.h"

#include <math.h>

// Values below 2 × 2^TIMING_BITS are a bucket each; beyond, each doubling has 2^TIMING_BITS buckets.
static unsigned bucket_of(uint64_t us)
{
	unsigned range = 0;

	while (us >> range >= 2u << TIMING_BITS && range < TIMING_RANGES - 1)
		range++;
	uint64_t within = us >> range;
	if (within >= 2u << TIMING_BITS)
		within = (2u << TIMING_BITS) - 1; // 12 days and more
	return (range << TIMING_BITS) + (unsigned)within;
}

// The largest value of a bucket.
static int64_t bucket_end(unsigned bucket)
{
	unsigned range = bucket >> TIMING_BITS > 1 ? (bucket >> TIMING_BITS) - 1 : 0;
	uint64_t within = bucket - (range << TIMING_BITS);

	return (int64_t)(((within + 1) << range) - 1);
}

void timing_add(Timing *timing, int64_t us)
{
	timing->counts[bucket_of(us > 0 ? (uint64_t)us : 0)]++;
	timing->count++;
	if (us > timing->max_us)
		timing->max_us = us;
}

void timing_merge(Timing *timing, const Timing *other)
{
	for (unsigned i = 0; i < TIMING_BUCKETS; i++)
		timing->counts[i] += other->counts[i];
	timing->count += other->count;
	if (other->max_us > timing->max_us)
		timing->max_us = other->max_us;
}

int64_t timing_percentile(const Timing *timing, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)timing->count), seen = 0;

	if (wanted < 1)
		wanted = 1;
	for (unsigned i = 0; i < TIMING_BUCKETS; i++) {
		seen += timing->counts[i];
		if (seen >= wanted && timing->count > 0)
			return bucket_end(i) < timing->max_us ? bucket_end(i) : timing->max_us;
	}
	return timing->max_us;
}
