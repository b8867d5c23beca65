// Touchpoints that call without pause: some threads with a connection and sessions of their own, at a pace
// that is set while they run. Every answer is checked: an edition's offers have its number in their codes, so
// an answer that tells a version and has another's offers is seen.
#pragma once
#include "client.h"

#include <pthread.h>
#include <stdatomic.h>

enum { EDITIONS = 16, LOAD_THREADS = 4, LOAD_SESSIONS = 64 /* a thread's */ };

// What goes on meanwhile: calls are counted for the phase in which they began.
typedef enum Phase { PHASE_WARM, PHASE_QUIET, PHASE_SWAPPING, PHASE_LARGE, PHASES } Phase;

enum { LATENCIES = 1 << 17 }; // microseconds, one each; the last one all that took longer

typedef struct LoadSums {
	uint64_t calls, longest_us;
	uint32_t latency[LATENCIES];
} LoadSums;

typedef struct Loads Loads;

// Opens the sessions; `client` makes one more connection.
Loads *loads_new(Client (*client)(void *context), void *context, Phase first);
// From now on.
void loads_phase(Loads *loads, Phase phase);
// Calls a second of all threads together; 0: as many as there can be.
void loads_pace(Loads *loads, double calls_s);
void loads_stop(Loads *loads);
void loads_free(Loads *loads);

// The threads together; call it when they have stopped, or to see how many calls there have been.
uint64_t loads_calls(const Loads *loads, Phase phase);
uint64_t loads_longest_us(const Loads *loads, Phase phase);
uint64_t loads_quantile_us(const Loads *loads, Phase phase, double share);
uint64_t loads_failed(const Loads *loads), loads_mixed(const Loads *loads);
uint64_t loads_newest(const Loads *loads); // the highest version that answered
const char *loads_failure(const Loads *loads);
