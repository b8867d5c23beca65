// What two plans' answers come to, counted question by question.
#pragma once
#include "plan/why.h"

#include <jansson.h>

typedef struct PlanPair {
	const char *names[2];
	size_t examples_max;
	json_int_t questions, changed, explained, only[2];
	json_t *matrix, *zones, *segments, *reasons, *causes, *kept;
	Arena *arena; // of a question
} PlanPair;

// Error: NO_MEMORY.
Err plan_pair_open(const char *before, const char *after, size_t examples, PlanPair *ret);
void plan_pair_close(PlanPair *pair);
// A question that both answer. Errors: those of plan_why.
Err plan_pair_add(PlanPair *pair, uint64_t place, const WhySide *before, const WhySide *after);
// All of it, as plans_compare tells it: a new reference. Error: NO_MEMORY.
Err plan_pair_json(const PlanPair *pair, json_t **ret);
