// What the files of this room share.
#pragma once
#include "estimate/estimate.h"

// Over all rows.
typedef struct Totals {
	uint64_t rows, matched, rewarded, clipped;
	double weight, squares, max_weight; // of weights, after cutting
} Totals;

// Fills `support` and `why`.
void support_judge(const Totals *totals, Estimates *estimates);
