// What would another policy have earned on decisions that were logged with the probability they were made by?
// Off-policy estimates: inverse propensity, self-normalised and doubly robust, with intervals that know that
// one visitor's rows hang together, and a verdict on whether the log can tell at all. Rows pass twice, in the
// same order, so that sets larger than memory can be estimated: what is kept grows with units and actions.
// README.md has the formulas and their sources.
#pragma once
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
	ESTIMATE_FOLDS = 5,                    // of the reward model's cross-fitting
	ESTIMATE_UNITS_MAX = 64 * 1000 * 1000, // 56 to 112 bytes each
	ESTIMATE_CELLS_MAX = 4 * 1000 * 1000,  // strata and actions; 96 to 192 bytes each
	ESTIMATE_TARGETS_MAX = 100 * 1000,     // of one row
};

// How likely the other policy would have done this where the row was logged.
typedef struct EstimateTarget {
	uint32_t action;
	double probability;
} EstimateTarget;

// One logged decision.
typedef struct EstimateRow {
	uint64_t unit;     // whose it is: rows of one unit are not independent
	uint32_t stratum;  // where: rewards are modelled by stratum and action
	uint32_t action;   // what was shown
	double reward;     // what came of it
	double propensity; // how likely the logging policy was to show it, in (0, 1]
	// The other policy's probabilities here, each action once; what is missing to 1 shows nothing, which
	// earns nothing.
	const EstimateTarget *targets;
	size_t target_count;
} EstimateRow;

typedef struct Estimate {
	double value, error; // mean reward a row, standard error
	double low, high;    // 95 % interval
} Estimate;

// Whether the log can tell.
typedef enum EstimateSupport {
	SUPPORT_GOOD,
	SUPPORT_WEAK, // read the interval, not the value
	SUPPORT_NONE, // no number here means anything
} EstimateSupport;
const char *support_name(EstimateSupport support); // "good", …

typedef struct Estimates {
	uint64_t rows, units;
	uint64_t matched;      // rows whose action the other policy might have taken
	uint64_t rewarded;     // of those, with a reward that is not 0
	uint64_t clipped;      // rows whose weight was cut
	double effective_rows; // (Σw)² ÷ Σw²
	double mean_weight;    // near mean_shown if the log covers what the other policy does
	double mean_shown;     // how likely that shows anything: 1 unless it leaves places empty
	double off_error;      // standard error of what they differ by
	double max_weight;     // after cutting
	Estimate logged;       // what was earned
	Estimate ipw, snipw, dr;
	Estimate gain; // dr − logged
	EstimateSupport support;
	char why[256]; // what is wrong with the support; empty if it is good
} Estimates;

typedef struct Estimator Estimator;

// `clip`: no weight is larger; 0: as they are. Error: NO_MEMORY.
Err estimator_new(double clip, Estimator **ret);
void estimator_free(Estimator *estimator);
// First pass: learns what actions earn. Errors: FIELD_INVALID, LIMIT, NO_MEMORY.
Err estimator_learn(Estimator *estimator, const EstimateRow *row);
// Second pass, the same rows in the same order. Errors: likewise.
Err estimator_add(Estimator *estimator, const EstimateRow *row);
// Error: FIELD_INVALID if there was no row.
Err estimator_tell(const Estimator *estimator, Estimates *ret);
// What the other policy would have earned more, by the doubly robust estimates; the interval is of the
// difference, unit by unit. Both must have had the same rows in the same order. Error: FIELD_INVALID.
Err estimator_compare(const Estimator *one, const Estimator *other, Estimate *ret);

static inline void estimator_freep(Estimator **estimator)
{
	estimator_free(*estimator);
}
