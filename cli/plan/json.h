// What a plan sums up to, as JSON: what tables, reports and programs are told from. New references.
#pragma once
#include "base/arena.h"
#include "plan/value.h"

#include <jansson.h>

// What it is called, made of and counted, in one flat object: the row of a list.
json_t *plan_json(Arena *arena, const char *name, const PlanEnd *end);
// The same, rows of dimension, name and counts (by offer, zone, point, segment, campaign, cell), problems by
// reason, visitors that entered segments, and candidates by reason if it explains.
json_t *plan_whole_json(Arena *arena, const char *name, const PlanEnd *end);

// What its answers are worth, with a verdict and why in any case. NULL: the event set is not here. `first`:
// the plan that it is held against; NULL: none.
json_t *plan_value_json(const PlanValue *value, const char *first);
