// What a plan's answers would have earned, as far as the outcomes that its event set carries can tell.
#pragma once
#include "estimate/estimate.h"
#include "eventset/eventset.h"
#include "plan/compare.h"

typedef struct PlanValue {
	uint64_t outcomes; // events that say what was really shown
	uint64_t unknown;  // of these, without a propensity: nothing can be told from them
	uint64_t unasked;  // of the others, that the plan asks nothing at that point
	bool told;         // there is an estimate
	Estimates estimates;
	Estimate over; // what it would earn more than the first plan, by the doubly robust estimate
} PlanValue;

// Reads the set and the plans beside it, twice if there are outcomes; `ret` has room for all. `clip`: no
// weight is larger; 0: as they are. Errors: those of event_set_block, plan_file_block and estimator_add.
Err plan_values(const EventSet *set, const ComparedPlan *plans, size_t count, double clip, PlanValue *ret);
