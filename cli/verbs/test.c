// test: scenarios played to a snapshot's bytes, or asked of the servers that run it; and handed in for gates.
#include "verbs/test.h"
#include "connect.h"
#include "output.h"
#include "release/deployment.h"
#include "release/evidence.h"
#include "release/snapshot_source.h"
#include "scenario/coverage.h"
#include "scenario/rehearser.h"
#include "scenario/report.h"
#include "scenario/scenario.h"

#include "base/clock.h"
#include "snapshot/types.h"

enum { SNAPSHOT_ARENA = 1024 * 1024 };

// --- what is tested ---

// Without --snapshot it is what the environment runs.
static Err source_of(Cli *cli, const Trial *trial, const char **ret)
{
	const char *environment = cli_option(cli, OPT_ENV);

	*ret = cli_option(cli, OPT_SNAPSHOT);
	if (*ret)
		return OK;
	if (!environment || !trial->channel)
		return cli_usage(cli,
		        "which snapshot? give --snapshot FILE or ENVIRONMENT:CHANNEL, or --env and "
		        "the channel");
	*ret = arena_printf(cli->arena, "%s:%s", environment, trial->channel);
	return OK;
}

static Err read_snapshot(Cli *cli, const Trial *trial, Arena *arena, Str *ret_blob, Snapshot **ret)
{
	const char *source;

	TRY(source_of(cli, trial, &source));
	TRY(snapshot_source(cli, source, arena, ret_blob));
	if (!ret_blob->len)
		return err(
		        ERR_FIELD_INVALID, "%s switches the channel off: there is nothing to test", source);
	TRY(snapshot_parse(*ret_blob, arena, ret));
	if (!trial->channel || strcmp(trial->channel, (*ret)->channel) == 0)
		return OK;
	return err(ERR_FIELD_INVALID, "the scenarios are about channel '%s', the snapshot is of '%s'",
	        trial->channel, (*ret)->channel);
}

// --- running ---

static Err run_all(const ScenarioStage *stage, const ScenarioSet *set, Trial *trial)
{
	for (size_t i = 0; i < set->count; i++) {
		json_t *result = NULL;

		TRY(scenario_run(stage, &set->items[i], &result));
		json_array_append_new(trial->results, result);
		const char *became = json_word(result, "result");
		trial->failed += strcmp(became, "failed") == 0;
		trial->skipped += strcmp(became, "skipped") == 0;
		if (stage->cli->format == FORMAT_TABLE)
			scenario_tell(stage->cli, result);
	}
	return OK;
}

static Err run_set(Cli *cli, const ScenarioSet *set, Trial *trial)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(SNAPSHOT_ARENA, 0);
	CLEANUP(rehearser_endp) Rehearser *rehearser = NULL;
	CLEANUP(coverage_freep) Coverage *coverage = NULL;
	Snapshot *snapshot;
	Str blob;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	TRY(read_snapshot(cli, trial, arena, &blob, &snapshot));
	Digest digest = digest_of(blob);
	digest_hex(&digest, trial->digest);
	trial->channel = arena_cstr(cli->arena, str(snapshot->channel));
	coverage = coverage_new(snapshot);
	if (!coverage)
		return err(ERR_NO_MEMORY, "no memory for the coverage");
	if (!cli_given(cli, OPT_LIVE))
		TRY(rehearser_start(cli, blob, &rehearser));
	const ScenarioStage stage = {.cli = cli,
	        .snapshot = snapshot,
	        .digest = trial->digest,
	        .rehearser = rehearser,
	        .coverage = coverage,
	        .now_us = clock_now_us(clock_system())};
	TRY(run_all(&stage, set, trial));
	trial->coverage = coverage_json(coverage);
	return OK;
}

Err trial_run(Cli *cli, const char *const *paths, size_t count, Trial *trial)
{
	ScenarioSet set = {0};
	int64_t begin_us = monotonic_us();
	Err e = scenarios_read(cli, paths, count, &set);

	trial->results = json_array();
	if (!e && !trial->channel)
		trial->channel = set.channel;
	if (!e && set.channel && strcmp(set.channel, trial->channel) != 0)
		e = err(ERR_FIELD_INVALID, "the scenarios are about channel '%s', not '%s'", set.channel,
		        trial->channel);
	if (!e)
		e = run_set(cli, &set, trial);
	ErrDetail why = *err_detail();
	scenarios_free(&set);
	trial->seconds = (double)(monotonic_us() - begin_us) / US_PER_S;
	return e ? err_restore(&why) : OK;
}

void trial_free(Trial *trial)
{
	json_decref(trial->results);
	json_decref(trial->coverage);
}

// --- telling ---

void trial_tell(const Trial *trial)
{
	size_t all = json_array_size(trial->results);

	printf("%zu passed, %zu failed", all - trial->failed - trial->skipped, trial->failed);
	if (trial->skipped)
		printf(", %zu skipped", trial->skipped);
	printf(" in %.1f s\n", trial->seconds);
}

static Err tell_all(Cli *cli, const Trial *trial)
{
	size_t all = json_array_size(trial->results);

	if (cli->format != FORMAT_TABLE) {
		CLEANUP(json_decrefp_)
		json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:O, s:O}", "channel",
		        trial->channel, "snapshot", trial->digest, "passed",
		        (json_int_t)(all - trial->failed - trial->skipped), "failed",
		        (json_int_t)trial->failed, "skipped", (json_int_t)trial->skipped, "seconds",
		        trial->seconds, "coverage", trial->coverage, "scenarios", trial->results);
		return print_json(cli, json);
	}
	trial_tell(trial);
	if (!cli_given(cli, OPT_COVERAGE))
		return OK;
	printf("\n");
	return coverage_tell(cli, trial->coverage);
}

static Err check_coverage(Cli *cli, const Trial *trial)
{
	double percent = json_number_value(json_object_get(trial->coverage, "percent"));
	int64_t least;

	TRY(cli_number(cli, OPT_MIN_COVERAGE, 0, 100, 0, &least));
	if (percent >= (double)least)
		return OK;
	fprintf(stderr,
	        "%.1f %% of the channel is covered, %lld %% are asked for: --coverage tells what is "
	        "missing\n",
	        percent, (long long)least);
	cli->exit_code = EXIT_DIFFERENT;
	return OK;
}

static Err conclude(Cli *cli, const Trial *trial)
{
	TRY(tell_all(cli, trial));
	if (cli_given(cli, OPT_JUNIT))
		TRY(junit_write(cli, cli_option(cli, OPT_JUNIT), trial->results));
	cli->exit_code = trial->failed ? EXIT_DIFFERENT : EXIT_OK;
	return check_coverage(cli, trial);
}

static Err test(Cli *cli, Trial *trial)
{
	trial->channel = cli_option(cli, OPT_CHANNEL);
	TRY(trial_run(cli, cli->line.arguments, cli->line.count, trial));
	return conclude(cli, trial);
}

Err verb_test(Cli *cli)
{
	Trial trial = {0};

	if (cli_given(cli, OPT_RECORD))
		return test_record(cli);
	if (!cli->line.count)
		return cli_usage(cli, "which scenarios? give files or folders");
	Err e = test(cli, &trial);
	ErrDetail why = *err_detail();
	trial_free(&trial);
	return e ? err_restore(&why) : OK;
}
