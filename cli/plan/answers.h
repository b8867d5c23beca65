// What a brief plan answers, as records would tell it.
#pragma once
#include "decide/decide.h"
#include "parley/journal/v1/journal.pb-c.h"
#include "planfile/planfile.h"

// One for each of the effects' answers, in their order; they live in `arena`, and texts with the plan's
// snapshot. Errors: STATE_CORRUPT (the snapshot has no such thing), NO_MEMORY.
Err plan_answers(const Plan *plan, const Parley__Plan__V1__PlanInputs *inputs, const EventEffects *effects,
        Arena *arena, const Parley__Journal__V1__Recommendation *const **ret);
