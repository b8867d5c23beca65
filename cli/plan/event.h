// What a plan says of one event: all its effects, and why each answer is what it is.
#pragma once
#include "plan/review.h"

// The effects that stand at a place of the first plan, as JSON: event (if the set is here), entries,
// problems, segments entered and left, and decisions with their candidates (if the snapshot is here). A new
// reference. Errors: RESOURCE_NOT_FOUND, and those of reading.
Err plan_event_json(Cli *cli, const PlanReview *review, uint64_t place, json_t **ret);
// The same for a terminal.
Err plan_event_print(Cli *cli, const json_t *event);
