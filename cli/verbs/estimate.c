// estimate: what another policy would have earned on a log of decisions whose chances are known. Both are
// files, so that logs of other systems can be judged as well. The log is read twice (estimate.h says why).
#include "output.h"
#include "plan/estimate_json.h"
#include "progress.h"
#include "rows/row_file.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PLACES_MAX = 10000, OFFERS_MAX = 100000 };

typedef enum LogField { LOG_OFFER, LOG_REWARD, LOG_PROPENSITY, LOG_PLACE, LOG_VISITOR, LOG_FIELDS } LogField;
static const char *const log_fields[LOG_FIELDS] = {"offer", "reward", "propensity", "place", "visitor"};

typedef enum PolicyField { POLICY_OFFER, POLICY_PROBABILITY, POLICY_PLACE, POLICY_FIELDS } PolicyField;
static const char *const policy_fields[POLICY_FIELDS] = {"offer", "probability", "place"};

typedef struct Place {
	EstimateTarget *targets;
	size_t count, room;
} Place;

typedef struct Estimation {
	Cli *cli;
	Estimator *estimator;
	json_t *offers, *places; // names to numbers
	Place *policy;           // by place; of a policy without places the first is every place's
	bool placed;             // the policy has places
	RowFile *file;
	Rejects rejects;
	Arena *arena;  // of a row
	uint64_t rows; // of the log; 0: nobody has counted them yet
} Estimation;

static void estimation_close(Estimation *estimation)
{
	estimator_free(estimation->estimator);
	json_decref(estimation->offers);
	json_decref(estimation->places);
	for (size_t i = 0; estimation->policy && i < PLACES_MAX; i++)
		free(estimation->policy[i].targets);
	free(estimation->policy);
	if (estimation->file)
		row_file_close(estimation->file);
	rejects_close(&estimation->rejects);
	arena_free(estimation->arena);
}

// --- values ---

static Err value_of(const RowFile *file, const Row *row, size_t field, double *ret)
{
	return str_to_f64(row->values[field], ret)
	               ? OK
	               : err_at(ERR_FIELD_INVALID, row_file_title(file, field),
	                         "\"" STR_FMT "\" is not a number", STR_ARG(row->values[field]));
}

// --- the policy ---

static Err target_add(Place *place, uint32_t action, double probability)
{
	for (size_t i = 0; i < place->count; i++)
		if (place->targets[i].action == action)
			return err(ERR_FIELD_INVALID, "this offer has a probability at this place already");
	if (place->count == place->room) {
		size_t room = place->room ? place->room * 2 : 16;
		EstimateTarget *targets = realloc(place->targets, room * sizeof *targets);

		if (!targets)
			return err(ERR_NO_MEMORY, "no memory for a policy");
		place->targets = targets;
		place->room = room;
	}
	place->targets[place->count++] = (EstimateTarget){action, probability};
	return OK;
}

static Err policy_row(Estimation *estimation, const RowFile *file, const Row *row)
{
	uint32_t place, action;
	double probability;

	if (row->reason)
		return err(ERR_FIELD_INVALID, "%s", row->reason);
	TRY(value_of(file, row, POLICY_PROBABILITY, &probability));
	TRY(number_of_name(estimation->places, row->values[POLICY_PLACE], PLACES_MAX, &place));
	TRY(number_of_name(estimation->offers, row->values[POLICY_OFFER], OFFERS_MAX, &action));
	return target_add(&estimation->policy[place], action, probability);
}

// A policy with a mistake is refused whole: half of one would be another policy.
static Err policy_rows(Estimation *estimation, RowFile *file, const char *path)
{
	Row row;
	bool end = false;

	TRY(row_file_need(file, POLICY_OFFER));
	TRY(row_file_need(file, POLICY_PROBABILITY));
	estimation->placed = file->columns[POLICY_PLACE] || file->json;
	for (;;) {
		TRY(row_file_next(file, estimation->arena, &row, &end));
		if (end)
			return OK;
		Err e = policy_row(estimation, file, &row);
		if (e)
			return err_context(e, "%s, line %zu", path, row.line);
		arena_reset(estimation->arena);
	}
}

static Err policy_read(Estimation *estimation, const char *path)
{
	RowFile *file = estimation->file;

	*file = (RowFile){.fields = policy_fields, .field_count = POLICY_FIELDS};
	Err e = row_file_open(estimation->cli, path, false, file);
	if (!e)
		e = policy_rows(estimation, file, path);
	row_file_close(file);
	return e;
}

// --- the log ---

static Err log_row(Estimation *estimation, const Row *row, EstimateRow *ret)
{
	const RowFile *file = estimation->file;

	if (row->reason)
		return err(ERR_FIELD_INVALID, "%s", row->reason);
	*ret = (EstimateRow){.unit = row->values[LOG_VISITOR].len > 0
	                                     ? unit_of(UNIT_BEGIN, row->values[LOG_VISITOR])
	                                     : row->line};
	TRY(value_of(file, row, LOG_REWARD, &ret->reward));
	TRY(value_of(file, row, LOG_PROPENSITY, &ret->propensity));
	TRY(number_of_name(estimation->offers, row->values[LOG_OFFER], OFFERS_MAX, &ret->action));
	TRY(number_of_name(estimation->places, row->values[LOG_PLACE], PLACES_MAX, &ret->stratum));
	const Place *place = &estimation->policy[estimation->placed ? ret->stratum : 0];
	ret->targets = place->targets;
	ret->target_count = place->count;
	return OK;
}

typedef Err Take(Estimator *estimator, const EstimateRow *row);

// Rows that are not valid are left out of both passes, and told in the first.
static Err log_pass(Estimation *estimation, const char *path, size_t pass, Take *take)
{
	RowFile *file = estimation->file;
	EstimateRow estimate;
	Row row;
	Progress progress;
	bool end = false;

	progress_begin(&progress, pass == 1 ? "pass 1 of 2: rows" : "pass 2 of 2: rows", estimation->rows);
	*file = (RowFile){.fields = log_fields, .field_count = LOG_FIELDS};
	TRY(row_file_open(estimation->cli, path, true, file));
	for (size_t i = LOG_OFFER; i <= LOG_PROPENSITY; i++)
		TRY(row_file_need(file, i));
	for (;;) {
		TRY(row_file_next(file, estimation->arena, &row, &end));
		if (end)
			break;
		Err e = log_row(estimation, &row, &estimate);
		if (!e)
			e = take(estimation->estimator, &estimate);
		if (e && e != ERR_FIELD_INVALID)
			return e;
		if (e && pass == 1)
			TRY(rejects_add(&estimation->rejects, &row, str(err_detail()->message)));
		arena_reset(estimation->arena);
		progress_add(&progress, 1);
	}
	row_file_close(file);
	estimation->rows = progress.done;
	progress_end(&progress);
	return OK;
}

// --- what is told ---

static Err print_estimates(Cli *cli, const Estimates *in)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const Estimate *const estimates[] = {&in->logged, &in->ipw, &in->snipw, &in->dr, &in->gain};
	static const char *const names[] = {"logged", "ipw", "snipw", "dr", "gain"};

	for (size_t i = 0; i < ARRAY_COUNT(estimates); i++)
		json_array_append_new(
		        rows, json_pack("{s:s, s:s, s:s, s:s}", "estimate", names[i], "value",
		                      arena_printf(cli->arena, "%.6g", estimates[i]->value), "low",
		                      arena_printf(cli->arena, "%.6g", estimates[i]->low), "high",
		                      arena_printf(cli->arena, "%.6g", estimates[i]->high)));
	TRY(print_table(cli, rows, "ESTIMATE:estimate VALUE:value LOW:low HIGH:high"));
	printf("\n%" PRIu64 " rows of %" PRIu64 " visitors; %" PRIu64
	       " match, worth %.0f; weights average %.3f, at most %.1f",
	        in->rows, in->units, in->matched, in->effective_rows, in->mean_weight, in->max_weight);
	if (in->clipped)
		printf(", %" PRIu64 " cut", in->clipped);
	printf("\nsupport: %s%s%s\n", support_name(in->support), *in->why ? ": " : "", in->why);
	return OK;
}

// --- the verb ---

static Err estimation_open(Cli *cli, Estimation *ret)
{
	double clip;

	TRY(cli_factor(cli, OPT_CLIP, &clip));
	ret->cli = cli;
	ret->arena = arena_new(1 << 16, 0);
	ret->file = ARENA_NEW(cli->arena, RowFile);
	ret->policy = calloc(PLACES_MAX, sizeof *ret->policy);
	ret->offers = json_object();
	ret->places = json_object();
	if (!ret->arena || !ret->file || !ret->policy || !ret->offers || !ret->places)
		return err(ERR_NO_MEMORY, "no memory for an estimate");
	TRY(rejects_init(cli, cli->line.arguments[0], ret->file, &ret->rejects));
	return estimator_new(clip, &ret->estimator);
}

Err verb_estimate(Cli *cli)
{
	CLEANUP(estimation_close) Estimation estimation = {0};
	const char *log = cli->line.arguments[0], *policy;
	Estimates estimates;

	TRY(cli_need(cli, OPT_POLICY, &policy));
	TRY(estimation_open(cli, &estimation));
	TRY(policy_read(&estimation, policy));
	TRY(log_pass(&estimation, log, 1, estimator_learn));
	TRY(log_pass(&estimation, log, 2, estimator_add));
	TRY(estimator_tell(estimation.estimator, &estimates));
	if (cli->format == FORMAT_TABLE)
		TRY(print_estimates(cli, &estimates));
	else {
		CLEANUP(json_decrefp_) json_t *told = estimates_json(&estimates);
		TRY(print_json(cli, told));
	}
	rejects_tell(cli, &estimation.rejects);
	if (estimates.support == SUPPORT_NONE)
		cli->exit_code = EXIT_DIFFERENT;
	return OK;
}
