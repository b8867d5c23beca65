// How long things took: a histogram whose buckets grow with what they hold, so that any percentile of any
// number of calls is known to 0.8 %, upwards. After the High Dynamic Range histogram
// (https://hdrhistogram.org).
#pragma once
#include <stdint.h>

enum {
	TIMING_BITS = 7, // of precision
	TIMING_RANGES = 30,
	TIMING_BUCKETS = (TIMING_RANGES + 1) << TIMING_BITS,
};

typedef struct Timing {
	uint64_t counts[TIMING_BUCKETS];
	uint64_t count;
	int64_t max_us;
} Timing;

void timing_add(Timing *timing, int64_t us);
void timing_merge(Timing *timing, const Timing *other);
// What `share` of them took at most; 0 if there are none.
int64_t timing_percentile(const Timing *timing, double share);
