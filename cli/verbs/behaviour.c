// behaviour: recorded decisions of an environment, made by what runs there and by what is to come. Pages are
// compared as they come, so a month of history takes no more memory than a page of it, and the snapshots.
#include "release/behaviour.h"
#include "base/clock.h"
#include "connect.h"
#include "history/decision.h"
#include "moment.h"
#include "output.h"
#include "release/behaviour_print.h"
#include "release/deployment.h"
#include "release/evidence.h"
#include "release/snapshot_source.h"
#include "snapshot/snapshot.h"
#include "wire/timestamp.h"

#include <inttypes.h>
#include <unistd.h>

#define HISTORY (&parley__design__v1__history_service__descriptor)

enum { PAGE = 500, ARENA_BLOCK = 4 * 1024 * 1024, QUIET_US = 2 * 1000 * 1000, LOOK_ONE_IN = 1024 };
// What evidence adds to a report, and its limit.
enum { REPORT_ROOM = 31 * 1024, DAY_S = 86400 };

typedef struct Work {
	Cli *cli;
	const char *channel, *environment;
	DecisionPlans plans;
	Digest running, candidate;
	Arena *arena, *page, *scratch; // of all; of a page; of a decision
	Parley__Design__V1__ListDecisionsRequest request;
	Google__Protobuf__Timestamp since, until;
	int64_t since_us, until_us;
	Behaviour behaviour;
	uint64_t seen, different, not_kept;
	const char *why; // the first that differs
	int64_t start_us, told_us;
} Work;

static char *text_of(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void work_close(Work *work)
{
	behaviour_close(&work->behaviour);
	decision_plans_free(&work->plans);
	arena_free(work->arena);
	arena_free(work->page);
	arena_free(work->scratch);
}

// --- the two snapshots ---

static Err find_before(Work *work, const char **ret)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const json_t *environment;
	size_t i;

	TRY(cli_call(
	        work->cli, SERVER_DESIGN, deployment_service, "ListEnvironments", json_object(), &answer));
	json_array_foreach(json_object_get(answer, "environments"), i, environment)
	{
		if (strcmp(json_word(environment, "name"), work->environment) != 0)
			continue;
		*ret = arena_cstr(work->cli->arena, str(json_word(environment, "promotes_from")));
		if (**ret)
			return OK;
		return cli_usage(work->cli, "nothing is promoted to %s: name the candidate with --snapshot",
		        work->environment);
	}
	return err(ERR_ENVIRONMENT_UNKNOWN, "there is no environment %s", work->environment);
}

static Err find_running(Work *work, const char *environment, Digest *ret)
{
	uint64_t version;

	TRY(fetch_running(work->cli, work->channel, environment, ret, &version));
	return version ? OK
	               : err(ERR_RESOURCE_NOT_FOUND,
	                         "no server of %s runs %s, so there is nothing to compare", environment,
	                         work->channel);
}

static Err plan_of_source(Work *work, const char *source, const Plan **ret)
{
	Snapshot *snapshot;
	Str blob;

	TRY(snapshot_source(work->cli, source, work->arena, &blob));
	TRY(snapshot_parse(blob, work->arena, &snapshot));
	work->candidate = digest_of(blob);
	return plan_build(snapshot, work->arena, ret);
}

static Err open_candidate(Work *work, const Plan **ret)
{
	const char *source = cli_option(work->cli, OPT_SNAPSHOT), *before = "";

	if (source)
		return plan_of_source(work, source, ret);
	TRY(find_before(work, &before));
	TRY(find_running(work, before, &work->candidate));
	return decision_plan_of(work->cli, &work->plans, &work->candidate, ret);
}

static Err open_both(Work *work)
{
	const Plan *running, *candidate;

	TRY(find_running(work, work->environment, &work->running));
	TRY(decision_plan_of(work->cli, &work->plans, &work->running, &running));
	TRY(open_candidate(work, &candidate));
	if (strcmp(plan_snapshot(candidate)->channel, plan_snapshot(running)->channel) != 0)
		return err(ERR_FIELD_INVALID, "the candidate is a snapshot of %s, not of %s",
		        plan_snapshot(candidate)->channel, work->channel);
	if (digest_eq(&work->running, &work->candidate))
		fprintf(stderr, "note: %s runs the candidate already, so no winner can change\n",
		        work->environment);
	return behaviour_open(running, candidate, work->arena, &work->behaviour);
}

// --- the decisions ---

static void show_progress(Work *work, bool end)
{
	int64_t now_us = monotonic_us(), taken_us = now_us - work->start_us;

	if (!isatty(STDERR_FILENO) || taken_us < QUIET_US || (!end && now_us - work->told_us < US_PER_S))
		return;
	fprintf(stderr,
	        "\r%" PRIu64 " decisions, %" PRIu64 " of %" PRIu64 " winners changed, %.0f a second%s",
	        work->seen, work->behaviour.all.winners, work->behaviour.all.questions,
	        (double)work->seen * US_PER_S / (double)taken_us, end ? "\n" : "");
	work->told_us = now_us;
}

static void note_different(Work *work, const RecordedDecision *recorded, const char *why)
{
	work->different++;
	if (!work->why)
		work->why = arena_printf(work->arena, "%s: %s", recorded->decision_id, why);
}

static Err compare_next(Work *work, const RecordedDecision *recorded)
{
	const Plan *plan;
	Replay replay;

	arena_reset(work->scratch);
	work->seen++;
	Err e = decision_plan(work->cli, &work->plans, recorded, &plan);
	if (decision_lacks_snapshot(e)) {
		note_different(work, recorded, err_detail()->message);
		return OK;
	}
	TRY(e);
	TRY(decision_replay(plan, recorded, false, work->scratch, &replay));
	work->not_kept += replay.no_receipt;
	if (decision_is_different(&replay.differences))
		note_different(work, recorded, replay.differences.texts[0]);
	else if (!replay.no_receipt)
		return behaviour_add(
		        &work->behaviour, plan, &replay.receipt, recorded->decision_id, work->scratch);
	return OK;
}

// Every page, each decision of it told to `each`, if there is one; how many there were.
static Err walk(Work *work, uint32_t one_in, Err (*each)(Work *, const RecordedDecision *), uint64_t *ret)
{
	const char *token = "";

	*ret = 0;
	work->request.one_in = one_in;
	do {
		ProtobufCMessage *answer;
		work->request.page_token = arena_cstr(work->arena, str(token));
		arena_reset(work->page);
		TRY(cli_ask(work->cli, SERVER_DESIGN, HISTORY, "ListDecisions", &work->request.base,
		        work->page, &answer));
		const Parley__Design__V1__ListDecisionsResponse *page = (const void *)answer;
		for (size_t i = 0; each && i < page->n_decisions; i++)
			TRY(each(work, page->decisions[i]));
		*ret += page->n_decisions;
		token = page->next_page_token;
		if (each)
			show_progress(work, false);
	} while (*token);
	return OK;
}

// One in how many leaves at least as many as were asked for: by a first look at one in 1024, which are few.
static Err choose(Work *work, uint32_t *ret)
{
	int64_t wanted;
	uint64_t found;

	*ret = 1;
	TRY(cli_number(work->cli, OPT_DECISIONS, 1, 100000000, 10000, &wanted));
	TRY(walk(work, LOOK_ONE_IN, NULL, &found));
	// The look is off by some parts: half of what it says is sure to be there once there are a few.
	while (found >= 16 && found * LOOK_ONE_IN / (2 * (uint64_t)*ret) >= 2 * (uint64_t)wanted)
		*ret *= 2;
	return OK;
}

static Err read_period(Work *work)
{
	int64_t now_us = clock_now_us(clock_system());

	TRY(cli_moment(work->cli, OPT_SINCE, now_us - DAY_S * US_PER_S, &work->since_us));
	TRY(cli_moment(work->cli, OPT_UNTIL, now_us, &work->until_us));
	wire_timestamp_set(&work->since, work->since_us);
	wire_timestamp_set(&work->until, work->until_us);
	work->request.since = &work->since;
	work->request.until = &work->until;
	work->request.environment = text_of(work->environment);
	work->request.channel = text_of(work->channel);
	work->request.page_size = PAGE;
	return OK;
}

// --- what is told ---

static Err make_report(Work *work, uint32_t one_in, json_t **ret)
{
	char since[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE], running[65], candidate[65];
	json_t *report = *ret = behaviour_report(&work->behaviour);

	time_format(work->since_us, since);
	time_format(work->until_us, until);
	digest_hex(&work->running, running);
	digest_hex(&work->candidate, candidate);
	json_object_update_new(
	        report, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "tool",
	                        "parley " PARLEY_VERSION, "running", running, "candidate", candidate, "since",
	                        since, "until", until, "one_in", (json_int_t)one_in, "different",
	                        (json_int_t)work->different, "without_receipt", (json_int_t)work->not_kept));
	return behaviour_fit(report, REPORT_ROOM, work->scratch);
}

static void print_notes(const Work *work)
{
	if (work->different)
		printf("\n%" PRIu64 " recorded decisions do not come out again as they were recorded, and "
		       "were not compared. "
		       "The first:\n  %s\n",
		        work->different, work->why ? work->why : "");
	if (work->not_kept)
		printf("\n%" PRIu64
		       " have no receipt, for it would have been too long, and were not compared\n",
		        work->not_kept);
	if (work->behaviour.not_asked)
		printf("\n%" PRIu64
		       " are of an audience level that %s no longer has, and were not compared\n",
		        work->behaviour.not_asked, work->environment);
}

static Err print_gates(Work *work)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const json_t *stage, *gate;
	size_t i, j;

	TRY(cli_call(work->cli, SERVER_DESIGN, deployment_service, "GetPromotion",
	        json_pack("{s:s}", "channel", work->channel), &answer));
	json_array_foreach(json_object_get(answer, "stages"), i, stage)
	{
		json_array_foreach(json_object_get(stage, "gates"), j, gate)
		{
			bool passed = json_is_true(json_object_get(gate, "passed"));

			if (strcmp(json_word(gate, "name"), "behaviour") != 0)
				continue;
			if (work->cli->format == FORMAT_TABLE)
				printf("gate of %s %s: %s\n", json_word(stage, "environment"),
				        passed ? "lets pass" : "does not let pass",
				        json_word(gate, "reason"));
			work->cli->exit_code = passed ? work->cli->exit_code : EXIT_DIFFERENT;
		}
	}
	return OK;
}

static Err tell(Work *work, uint32_t one_in)
{
	CLEANUP(json_decrefp_) json_t *report = NULL;
	Cli *cli = work->cli;
	char candidate[65];
	int64_t most;

	TRY(cli_number(cli, OPT_LIMIT, 1, 100000, 20, &most));
	TRY(make_report(work, one_in, &report));
	cli->exit_code = work->different ? EXIT_DIFFERENT : EXIT_OK;
	if (cli->format == FORMAT_TABLE) {
		TRY(behaviour_print(cli, report, (size_t)most));
		print_notes(work);
	}
	const char *source = cli_option(cli, OPT_SNAPSHOT);
	if (cli_given(cli, OPT_NO_EVIDENCE) || (source && !snapshot_source_deployed(source)))
		return cli->format == FORMAT_TABLE ? OK : print_json(cli, report);
	if (cli->format == FORMAT_TABLE)
		putchar('\n');
	digest_hex(&work->candidate, candidate);
	TRY(evidence_hand_in(cli, "behaviour", candidate, work->different == 0, report));
	return print_gates(work);
}

static Err compare(Work *work)
{
	uint32_t one_in;
	uint64_t seen;

	work->arena = arena_new(ARENA_BLOCK, 0);
	work->page = arena_new(ARENA_BLOCK, 0);
	work->scratch = arena_new(ARENA_BLOCK, 0);
	if (!work->arena || !work->page || !work->scratch)
		return err(ERR_NO_MEMORY, "no memory to compare decisions");
	TRY(read_period(work));
	TRY(open_both(work));
	TRY(choose(work, &one_in));
	TRY(walk(work, one_in, compare_next, &seen));
	show_progress(work, true);
	return tell(work, one_in);
}

Err verb_behaviour(Cli *cli)
{
	CLEANUP(work_close)
	Work work = {.cli = cli,
	        .channel = cli->line.arguments[0],
	        .request = PARLEY__DESIGN__V1__LIST_DECISIONS_REQUEST__INIT,
	        .since = GOOGLE__PROTOBUF__TIMESTAMP__INIT,
	        .until = GOOGLE__PROTOBUF__TIMESTAMP__INIT,
	        .start_us = monotonic_us()};

	TRY(cli_need(cli, OPT_ENV, &work.environment));
	return compare(&work);
}
