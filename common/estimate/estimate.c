#include "estimate/estimate.h"

#include "estimate/internal.h"
#include "estimate/model.h"

#include <math.h>
#include <stdlib.h>

// What is summed up for each unit.
enum { ROWS, REWARD, WEIGHT, WEIGHTED, DOUBLY, SHOWN, SUMS };

static const double z95 = 1.959963984540054;

struct Estimator {
	double clip; // INFINITY: none
	Model model;
	Ledger units;
	uint64_t learned;
	Totals totals;
};

Err estimator_new(double clip, Estimator **ret)
{
	Estimator *estimator = calloc(1, sizeof *estimator);

	if (estimator == NULL)
		return err(ERR_NO_MEMORY, "no memory for an estimate");
	estimator->clip = clip > 0 ? clip : (double)INFINITY;
	Err e = model_init(&estimator->model);
	if (!e)
		e = ledger_init(&estimator->units, SUMS, ESTIMATE_UNITS_MAX);
	if (e)
		estimator_free(estimator);
	else
		*ret = estimator;
	return e;
}

void estimator_free(Estimator *estimator)
{
	if (estimator == NULL)
		return;
	model_done(&estimator->model);
	ledger_done(&estimator->units);
	free(estimator);
}

// --- rows ---

static Err check_targets(const EstimateRow *row)
{
	double sum = 0;

	if (row->target_count > ESTIMATE_TARGETS_MAX)
		return err_at(ERR_FIELD_INVALID, "targets", "there are %zu; at most %d are possible",
		        row->target_count, ESTIMATE_TARGETS_MAX);
	for (size_t i = 0; i < row->target_count; i++) {
		double probability = row->targets[i].probability;
		if (!(probability >= 0 && probability <= 1))
			return err_at(
			        ERR_FIELD_INVALID, "probability", "%g is not a probability", probability);
		sum += probability;
	}
	// Who writes six decimals of 1,000 probabilities is not told that they are wrong.
	return sum <= 1 + 1e-3
	               ? OK
	               : err_at(ERR_FIELD_INVALID, "probability",
	                         "the probabilities of one row come to %g; at most 1 is possible", sum);
}

static Err check_row(const EstimateRow *row)
{
	if (!(row->propensity > 0 && row->propensity <= 1))
		return err_at(ERR_FIELD_INVALID, "propensity",
		        "%g is not in (0, 1]: what was shown cannot have been impossible", row->propensity);
	if (!isfinite(row->reward))
		return err_at(ERR_FIELD_INVALID, "reward", "it is not a finite number");
	if (row->stratum == UINT32_MAX || row->action == UINT32_MAX)
		return err_at(
		        ERR_FIELD_INVALID, "action", "strata and actions are numbered below %u", UINT32_MAX);
	return check_targets(row);
}

Err estimator_learn(Estimator *estimator, const EstimateRow *row)
{
	TRY(check_row(row));
	TRY(model_learn(&estimator->model, model_fold(row->unit), row->stratum, row->action, row->reward));
	estimator->learned++;
	return OK;
}

// What the other policy would have earned here, were the model right.
static double modelled(
        const Estimator *estimator, const EstimateRow *row, double *ret_probability, double *ret_shown)
{
	unsigned fold = model_fold(row->unit);
	double value = 0;

	*ret_probability = *ret_shown = 0;
	for (size_t i = 0; i < row->target_count; i++) {
		const EstimateTarget *target = &row->targets[i];
		*ret_shown += target->probability;
		if (target->probability > 0)
			value += target->probability *
			         model_predict(&estimator->model, fold, row->stratum, target->action);
		if (target->action == row->action)
			*ret_probability += target->probability;
	}
	return value;
}

static void count(Totals *totals, const EstimateRow *row, double weight, bool clipped)
{
	totals->rows++;
	totals->clipped += clipped;
	totals->matched += weight > 0;
	totals->rewarded += weight > 0 && row->reward != 0;
	totals->weight += weight;
	totals->squares += weight * weight;
	totals->max_weight = fmax(totals->max_weight, weight);
}

Err estimator_add(Estimator *estimator, const EstimateRow *row)
{
	double probability, shown, *sums;

	TRY(check_row(row));
	TRY(ledger_at(&estimator->units, row->unit, &sums));
	double direct = modelled(estimator, row, &probability, &shown);
	double weight = probability / row->propensity;
	bool clipped = weight > estimator->clip;
	if (clipped)
		weight = estimator->clip;
	double residual = row->reward -
	                  model_predict(&estimator->model, model_fold(row->unit), row->stratum, row->action);
	count(&estimator->totals, row, weight, clipped);
	sums[ROWS] += 1;
	sums[REWARD] += row->reward;
	sums[WEIGHT] += weight;
	sums[WEIGHTED] += weight * row->reward;
	sums[DOUBLY] += direct + weight * residual;
	sums[SHOWN] += shown;
	return OK;
}

// --- what came of it ---

static double total(const Estimator *estimator, int sum)
{
	double value = 0;

	for (size_t i = 0; i < estimator->units.count; i++)
		value += estimator->units.sums[i * SUMS + (size_t)sum];
	return value;
}

// A ratio with the error of one whose units are independent, not its rows: `squares` are of what each unit is
// off, `below` is what it was divided by.
static Estimate with_error(double value, double squares, double units, double below)
{
	double error = units > 1 ? sqrt(squares * units / (units - 1)) / fabs(below) : (double)INFINITY;

	return (Estimate){value, error, value - z95 * error, value + z95 * error};
}

// Σ (plus − minus) ÷ Σ per. `minus` below 0: nothing is taken away.
static Estimate ratio(const Estimator *estimator, int plus, int minus, int per)
{
	double above = total(estimator, plus) - (minus < 0 ? 0 : total(estimator, minus));
	double below = total(estimator, per), squares = 0;

	if (below == 0)
		return (Estimate){NAN, NAN, NAN, NAN};
	double value = above / below;
	for (size_t i = 0; i < estimator->units.count; i++) {
		const double *sums = &estimator->units.sums[i * SUMS];
		double off = sums[plus] - (minus < 0 ? 0 : sums[minus]) - value * sums[per];
		squares += off * off;
	}
	return with_error(value, squares, (double)estimator->units.count, below);
}

Err estimator_compare(const Estimator *one, const Estimator *other, Estimate *ret)
{
	size_t units = one->units.count;
	double rows = total(one, ROWS), squares = 0;

	if (units == 0 || units != other->units.count || one->totals.rows != other->totals.rows ||
	        memcmp(one->units.keys, other->units.keys, units * sizeof *one->units.keys) != 0)
		return err(ERR_FIELD_INVALID, "only estimates of the same rows can be compared");
	double value = (total(other, DOUBLY) - total(one, DOUBLY)) / rows;
	for (size_t i = 0; i < units; i++) {
		const double *a = &one->units.sums[i * SUMS], *b = &other->units.sums[i * SUMS];
		double off = b[DOUBLY] - a[DOUBLY] - value * a[ROWS];
		squares += off * off;
	}
	*ret = with_error(value, squares, (double)units, rows);
	return OK;
}

// By how often the policy shows anything: what is self-normalised is the mean of what it shows.
static Estimate of_all(Estimate of_shown, double shown)
{
	return (Estimate){
	        of_shown.value * shown, of_shown.error * shown, of_shown.low * shown, of_shown.high * shown};
}

Err estimator_tell(const Estimator *estimator, Estimates *ret)
{
	const Totals *totals = &estimator->totals;

	if (totals->rows == 0)
		return err(ERR_FIELD_INVALID, "there are no rows with a reward and a propensity");
	if (totals->rows != estimator->learned)
		return err(ERR_INTERNAL, "%llu rows were learned from and %llu added: they must be the same",
		        (unsigned long long)estimator->learned, (unsigned long long)totals->rows);
	Estimate weight = ratio(estimator, WEIGHT, -1, ROWS), off = ratio(estimator, WEIGHT, SHOWN, ROWS);
	*ret = (Estimates){
	        .rows = totals->rows,
	        .units = estimator->units.count,
	        .matched = totals->matched,
	        .rewarded = totals->rewarded,
	        .clipped = totals->clipped,
	        .effective_rows = totals->squares > 0 ? totals->weight * totals->weight / totals->squares : 0,
	        .mean_weight = weight.value,
	        .mean_shown = weight.value - off.value,
	        .off_error = off.error,
	        .max_weight = totals->max_weight,
	        .logged = ratio(estimator, REWARD, -1, ROWS),
	        .ipw = ratio(estimator, WEIGHTED, -1, ROWS),
	        .snipw = of_all(ratio(estimator, WEIGHTED, -1, WEIGHT), weight.value - off.value),
	        .dr = ratio(estimator, DOUBLY, -1, ROWS),
	        .gain = ratio(estimator, DOUBLY, REWARD, ROWS),
	};
	support_judge(totals, ret);
	return OK;
}
