// xoshiro256** of Blackman and Vigna (2018), seeded by the kernel.
#include "trace/random.h"

#include <stdbool.h>
#include <sys/random.h>
#include <time.h>

static uint64_t turned(uint64_t bits, unsigned by)
{
	return bits << by | bits >> (64 - by);
}

// Without the kernel's randomness the clock and the thread's own place in memory are told apart enough.
static void seed(uint64_t state[4])
{
	if (getrandom(state, 4 * sizeof *state, GRND_NONBLOCK) == (ssize_t)(4 * sizeof *state))
		return;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	state[0] = (uint64_t)now.tv_sec;
	state[1] = (uint64_t)now.tv_nsec;
	state[2] = (uint64_t)(uintptr_t)state;
	state[3] = 1;
}

uint64_t trace_random(void)
{
	static _Thread_local uint64_t state[4];
	static _Thread_local bool seeded;
	if (!seeded)
		seed(state);
	seeded = true;
	uint64_t result = turned(state[1] * 5, 7) * 9, shifted = state[1] << 17;
	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = turned(state[3], 45);
	return result;
}
