// How versions fare on servers, and whether one fares worse than another. Pure functions: what was counted
// comes in, a judgement with its reason comes out.
#pragma once
#include "environment/environment.h"

#include "parley/runtime/v1/control.pb-c.h"

enum { LATENCY_BUCKETS = 20, LATENCY_LEAST_US = 16, FIGURES = 4 + LATENCY_BUCKETS, REASON_MAX = 400 };

// Counts, as VersionFigures has them.
typedef struct Figures {
	int64_t calls, errors, contacts, accepts;
	int64_t latency[LATENCY_BUCKETS];
} Figures;

void figures_of(const Parley__Runtime__V1__VersionFigures *figures, Figures *ret);
// As one array: calls, errors, contacts, accepts, latencies.
void figures_pack(const Figures *figures, int64_t ret[FIGURES]);
void figures_unpack(const int64_t *numbers, size_t count, Figures *ret);
// What was counted since `base`. A server that was started anew has counted from 0 since: then all of it.
void figures_since(Figures *figures, const Figures *base);
void figures_add(Figures *sum, const Figures *figures);

// The upper end of the bucket that the 99th percentile is in; 0 without calls.
int64_t figures_p99_us(const Figures *figures);
// Per million; 0 without calls, or contacts.
int64_t figures_error_rate(const Figures *figures);
int64_t figures_acceptance(const Figures *figures);

// Whether the candidate fares so much worse than the stable group that it is to be returned. Chance is
// allowed for: the difference must exceed the limit by so many standard errors that looking every second for
// hours rarely mistakes noise for it. `reason` says why, with the figures.
bool figures_are_worse(const EnvironmentReturn *limits, const Figures *candidate, const Figures *stable,
        char reason[REASON_MAX]);
