// What an action earns in a stratum: the mean of its rewards, drawn towards the stratum's mean, and that
// towards the mean of all, so that actions seen twice do not look like winners. Cross-fitted: a row is never
// predicted from its own unit's rewards.
#pragma once
#include "estimate/ledger.h"

typedef struct Model {
	Ledger cells; // by stratum and action, strata and all included: rewards and rows by fold
} Model;

// Error: NO_MEMORY.
Err model_init(Model *model);
void model_done(Model *model);
// The fold that a unit is in.
unsigned model_fold(uint64_t unit);
// Errors: LIMIT, NO_MEMORY.
Err model_learn(Model *model, unsigned fold, uint32_t stratum, uint32_t action, double reward);
// From all folds but this one.
double model_predict(const Model *model, unsigned fold, uint32_t stratum, uint32_t action);
