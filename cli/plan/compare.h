// Plans over the same events, held against each other: who would get something else, and what decided it.
#pragma once
#include "decide/decide.h"
#include "planfile/planfile.h"

#include <jansson.h>

enum { PLANS_COMPARED_MAX = 8 };

typedef struct ComparedPlan {
	const char *name;
	const PlanFile *file;
	const Plan *snapshot; // NULL: it is not here, and reasons are told from the records alone
} ComparedPlan;

// Reads all side by side, from two to PLANS_COMPARED_MAX. *ret is a new object:
//   plans        their names
//   differing    how many questions each pair answers otherwise, a row a plan
//   comparisons  of the first with each other one: before, after, questions, changed, explained (changes
//   whose
//                reason is known by deciding again), only_before, only_after (questions that only one asks),
//                reasons, causes, zones, segments, moves (from which offer to which), matrix (the same with
//                who stays), and `examples` at most, some of each cause; the most frequent first
// `quick`: reasons are told from the records alone. Errors: FIELD_INVALID (they are not over the same
// events), STATE_CORRUPT, IO, NO_MEMORY, LIMIT.
Err plans_compare(const ComparedPlan *plans, size_t count, size_t examples, bool quick, json_t **ret);
