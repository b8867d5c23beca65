// Times by fixed bounds: those of a histogram in Prometheus, chosen so that both a decision (some 100 us) and
// a deployment (seconds) are told apart.
#pragma once
#include <stdint.h>

enum { LATENCY_BOUNDS = 16 };
extern const int64_t latency_bounds_us[LATENCY_BOUNDS];

// Not cumulated: [i] took at most latency_bounds_us[i], and more than the bound before; the last one all that
// took longer.
typedef struct LatencySums {
	uint64_t counts[LATENCY_BOUNDS + 1];
	uint64_t sum_us;
} LatencySums;

// The place in `counts`.
unsigned latency_place(int64_t took_us);
