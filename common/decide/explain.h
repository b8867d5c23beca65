// Explaining in two halves: which reason each candidate has, and what was the cause of it.
#pragma once
#include "decide/call.h"

// Fills predicate and detail of a candidate whose reason is known.
void explain_cause(Call *call, const Spot *spot, const PlanRule *rule, DecidedCandidate *candidate);
