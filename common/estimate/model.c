#include "estimate/model.h"

#include "estimate/estimate.h"

// What all of a stratum are kept under; estimate.c admits neither strata nor actions of that number.
#define ANY UINT32_MAX

static const double pull = 20; // rows that the wider mean counts as

static uint64_t cell_key(uint32_t stratum, uint32_t action)
{
	return ((uint64_t)stratum << 32) | action;
}

Err model_init(Model *model)
{
	return ledger_init(&model->cells, 2 * (size_t)ESTIMATE_FOLDS, ESTIMATE_CELLS_MAX);
}

void model_done(Model *model)
{
	ledger_done(&model->cells);
}

unsigned model_fold(uint64_t unit)
{
	return (unsigned)((unit * 0x9e3779b97f4a7c15) >> 40) % ESTIMATE_FOLDS;
}

Err model_learn(Model *model, unsigned fold, uint32_t stratum, uint32_t action, double reward)
{
	const uint64_t keys[] = {cell_key(stratum, action), cell_key(stratum, ANY), cell_key(ANY, ANY)};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		double *sums;
		TRY(ledger_at(&model->cells, keys[i], &sums));
		sums[2 * fold] += reward;
		sums[2 * fold + 1] += 1;
	}
	return OK;
}

static double drawn(const Model *model, uint64_t key, unsigned fold, double towards)
{
	const double *sums = ledger_find(&model->cells, key);
	double rewards = pull * towards, rows = pull;

	for (unsigned i = 0; sums != NULL && i < ESTIMATE_FOLDS; i++)
		if (i != fold) {
			rewards += sums[2 * i];
			rows += sums[2 * i + 1];
		}
	return rewards / rows;
}

double model_predict(const Model *model, unsigned fold, uint32_t stratum, uint32_t action)
{
	double all = drawn(model, cell_key(ANY, ANY), fold, 0);
	double within = drawn(model, cell_key(stratum, ANY), fold, all);
	return drawn(model, cell_key(stratum, action), fold, within);
}
