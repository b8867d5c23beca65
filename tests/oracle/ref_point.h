// One point of a call on its way through the order of work.
#pragma once
#include "reference.h"

// What a call has shown so far.
typedef struct Shown {
	uint32_t offer, campaign, cell;
} Shown;

typedef struct Point {
	const RefCall *call;
	const DecidePoint *wanted;
	const SnapZone *zone;
	RefCandidate *candidates;
	size_t count;
	RefCandidate **offered; // best first
	size_t offered_count;
} Point;

typedef struct Answer {
	const RefCall *call;
	Shown *shown;
	size_t shown_count;
	uint32_t ordinal;
} Answer;

// Step 5 (ref_rank.c): those that passed, best first; returns how many. `ranked` has room for all.
size_t ref_rank(const Point *point, RefCandidate **ranked);
// Step 8, and what explaining adds (ref_treat.c).
void ref_treat(Answer *answer, const Point *point, PointDecision *ret);
void ref_explain(const Point *point, PointDecision *ret);
Shown ref_treatment_of(const RefCandidate *candidate);
