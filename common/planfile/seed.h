// The seeds of a plan's calls, for who makes a plan and for who reads what follows from them.
#pragma once
#include "base/mix.h"

#include <stdint.h>

enum {
	PLAN_SEEDS = 1024,   // of one event
	PLAN_CALL_START = 0, // the session begins
	PLAN_CALL_POST = 1,  // the event is posted
	PLAN_CALL_ASK =
	        2, // offers are asked for, from the first question on; and the place of it in the event
};

// Different for every call of a plan, the same in every plan with that seed, and none of any other seed's.
static inline uint64_t plan_call_seed(uint64_t seed, uint64_t place, uint64_t call)
{
	return mix64(mix64(seed) + place * PLAN_SEEDS + call);
}
