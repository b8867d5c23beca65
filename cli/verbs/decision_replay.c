// decision replay: recorded decisions made again, one, or all of a period. Pages are replayed as they come,
// so a year of history takes no more memory than a page of it, and the snapshots.
#include "base/clock.h"
#include "connect.h"
#include "history/decision.h"
#include "moment.h"
#include "output.h"
#include "touchpoint/explain.h"
#include "wire/timestamp.h"

#include <inttypes.h>
#include <unistd.h>

#define HISTORY (&parley__design__v1__history_service__descriptor)

enum { PAGE = 500, ARENA_BLOCK = 4 * 1024 * 1024, QUIET_US = 2 * 1000 * 1000 };

static char *text_of(const char *text)
{
	return (char *)(uintptr_t)text;
}

static json_t *differences_json(const DecisionDifferences *differences)
{
	json_t *list = json_array();
	for (size_t i = 0; i < differences->count && i < DECISION_DIFFERENCES; i++)
		json_array_append_new(list, json_string(differences->texts[i]));
	return list;
}

// --- replay one ---

static Err print_candidates(Cli *cli, const json_t *points)
{
	const json_t *point;
	size_t i;

	json_array_foreach(points, i, point)
	{
		CLEANUP(json_decrefp_)
		json_t *rows = explain_candidates(json_object_get(point, "candidates"));

		if (json_array_size(rows) == 0)
			continue;
		printf("\nWhy, at %s:\n", json_string_value(json_object_get(point, "interaction_point")));
		TRY(print_table(cli, rows,
		        "OFFER:offer ORIGIN:origin/3 BY:by/2 CELL:cell/4 SCORE:score/1 REASON:reason "
		        "WHY:why"));
	}
	return OK;
}

static void print_differences(const Replay *replay)
{
	for (size_t i = 0; i < replay->differences.count && i < DECISION_DIFFERENCES; i++)
		printf("  %s\n", replay->differences.texts[i]);
	if (replay->differences.count > DECISION_DIFFERENCES)
		printf("  and %zu more\n", replay->differences.count - DECISION_DIFFERENCES);
}

static Err print_replay(
        Cli *cli, const RecordedDecision *recorded, const Replay *replay, const json_t *points)
{
	char time[TIME_TEXT_SIZE];

	time_format(decision_time(recorded), time);
	printf("decision %s of %s, %s in %s, visitor %s\n", recorded->decision_id, time, recorded->channel,
	        recorded->environment, recorded->audience_id);
	if (replay->no_receipt)
		puts("not replayed: its receipt would have been too long, and was not kept");
	else if (replay->differences.count == 0)
		printf("identical: digest %016" PRIx64 ", and %zu rows of the history\n", replay->digest,
		        recorded->n_rows);
	else
		printf("DIFFERENT, in %zu places:\n", replay->differences.count);
	print_differences(replay);
	return print_candidates(cli, points);
}

static Err replay_one(Cli *cli, DecisionPlans *plans, const char *id)
{
	RecordedDecision *recorded;
	const Plan *plan;
	Replay replay;

	TRY(decision_fetch(cli, id, &recorded));
	TRY(decision_plan(cli, plans, recorded, &plan));
	TRY(decision_replay(plan, recorded, cli_given(cli, OPT_EXPLAIN), cli->arena, &replay));
	cli->exit_code = decision_is_different(&replay.differences) ? EXIT_DIFFERENT : EXIT_OK;
	CLEANUP(json_decrefp_) json_t *points = decision_points_json(plan, &replay.decision, cli->arena);
	if (cli->format == FORMAT_TABLE)
		return print_replay(cli, recorded, &replay, points);
	CLEANUP(json_decrefp_)
	json_t *answer = json_pack("{s:o, s:b, s:b, s:I, s:o, s:O}", "decision",
	        decision_place_json(recorded), "replayed", !replay.no_receipt, "identical",
	        !replay.no_receipt && replay.differences.count == 0, "difference_count",
	        (json_int_t)replay.differences.count, "differences", differences_json(&replay.differences),
	        "points", points);
	return print_json(cli, answer);
}

// --- replay many ---

typedef struct Bulk {
	Cli *cli;
	DecisionPlans *plans;
	Arena *page, *scratch; // of a page; of a decision
	Parley__Design__V1__ListDecisionsRequest request;
	Google__Protobuf__Timestamp since, until;
	int64_t limit; // differing decisions to tell
	int64_t start_us, told_us;
	uint64_t replayed, rows, different, incomplete, not_kept;
	json_t *differing;
} Bulk;

static void show_progress(Bulk *bulk, bool end)
{
	int64_t now_us = monotonic_us(), taken_us = now_us - bulk->start_us;

	if (!isatty(STDERR_FILENO) || taken_us < QUIET_US || (!end && now_us - bulk->told_us < US_PER_S))
		return;
	fprintf(stderr, "\r%" PRIu64 " decisions, %" PRIu64 " differ, %.0f a second%s", bulk->replayed,
	        bulk->different, (double)bulk->replayed * US_PER_S / (double)taken_us, end ? "\n" : "");
	bulk->told_us = now_us;
}

static void note_difference(Bulk *bulk, const RecordedDecision *recorded, const DecisionDifferences *found)
{
	char time[TIME_TEXT_SIZE];

	bulk->different += decision_is_different(found);
	bulk->incomplete += !decision_is_different(found);
	if (json_array_size(bulk->differing) >= (size_t)bulk->limit)
		return;
	time_format(decision_time(recorded), time);
	json_array_append_new(bulk->differing,
	        json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "decision_id", recorded->decision_id, "time",
	                time, "channel", recorded->channel, "environment", recorded->environment, "count",
	                (json_int_t)found->count, "first", found->texts[0], "differences",
	                differences_json(found)));
}

static Err replay_next(Bulk *bulk, const RecordedDecision *recorded)
{
	const Plan *plan;
	Replay replay = {0};

	arena_reset(bulk->scratch);
	bulk->replayed++;
	bulk->rows += recorded->n_rows;
	Err e = decision_plan(bulk->cli, bulk->plans, recorded, &plan);
	if (decision_lacks_snapshot(e)) {
		DecisionDifferences found = {
		        {arena_printf(bulk->scratch, "its snapshot: %s", err_detail()->message)}, 1, 0};
		note_difference(bulk, recorded, &found);
		return OK;
	}
	TRY(e);
	TRY(decision_replay(plan, recorded, false, bulk->scratch, &replay));
	bulk->not_kept += replay.no_receipt;
	if (replay.differences.count > 0)
		note_difference(bulk, recorded, &replay.differences);
	return OK;
}

static Err replay_pages(Bulk *bulk)
{
	const char *token = "";
	do {
		ProtobufCMessage *answer;
		bulk->request.page_token = arena_cstr(bulk->cli->arena, str(token));
		arena_reset(bulk->page);
		TRY(cli_ask(bulk->cli, SERVER_DESIGN, HISTORY, "ListDecisions", &bulk->request.base,
		        bulk->page, &answer));
		const Parley__Design__V1__ListDecisionsResponse *page = (const void *)answer;
		for (size_t i = 0; i < page->n_decisions; i++)
			TRY(replay_next(bulk, page->decisions[i]));
		token = page->next_page_token;
		show_progress(bulk, false);
	} while (*token);
	show_progress(bulk, true);
	return OK;
}

static Err read_period(Cli *cli, Bulk *bulk)
{
	int64_t until_us;

	if (cli_given(cli, OPT_SINCE)) {
		int64_t since_us;
		TRY(cli_moment(cli, OPT_SINCE, 0, &since_us));
		wire_timestamp_set(&bulk->since, since_us);
		bulk->request.since = &bulk->since;
	}
	// What comes meanwhile is not waited for.
	TRY(cli_moment(cli, OPT_UNTIL, clock_now_us(clock_system()) + US_PER_S, &until_us));
	wire_timestamp_set(&bulk->until, until_us);
	bulk->request.until = &bulk->until;
	return OK;
}

static Err print_bulk(Bulk *bulk)
{
	double seconds = (double)(monotonic_us() - bulk->start_us) / US_PER_S;
	uint64_t identical = bulk->replayed - bulk->different - bulk->incomplete - bulk->not_kept;

	bulk->cli->exit_code = bulk->different > 0 ? EXIT_DIFFERENT : EXIT_OK;
	if (bulk->replayed == 0)
		fputs("note: there was nothing to replay, which proves nothing: parley history tells what "
		      "there is\n",
		        stderr);
	if (bulk->cli->format != FORMAT_TABLE) {
		CLEANUP(json_decrefp_)
		json_t *report = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:O}", "decisions",
		        (json_int_t)bulk->replayed, "identical", (json_int_t)identical, "different",
		        (json_int_t)bulk->different, "incomplete", (json_int_t)bulk->incomplete,
		        "without_receipt", (json_int_t)bulk->not_kept, "rows", (json_int_t)bulk->rows,
		        "snapshots", (json_int_t)bulk->plans->count, "seconds", seconds, "differing",
		        bulk->differing);
		return print_json(bulk->cli, report);
	}
	printf("%" PRIu64 " decisions replayed by %zu snapshot%s, with %" PRIu64
	       " rows of the history, in %.1f s (%.0f a second)\n",
	        bulk->replayed, bulk->plans->count, bulk->plans->count == 1 ? "" : "s", bulk->rows, seconds,
	        (double)bulk->replayed / (seconds > 0 ? seconds : 1));
	if (bulk->not_kept > 0)
		printf("%" PRIu64
		       " could not be: their receipts would have been too long, and were not kept\n",
		        bulk->not_kept);
	if (bulk->incomplete > 0)
		printf("%" PRIu64
		       " lack rows in the history: a runtime server that is killed may lose what it "
		       "recommended last\n",
		        bulk->incomplete);
	printf("%" PRIu64 " differ\n", bulk->different);
	if (json_array_size(bulk->differing) == 0)
		return OK;
	TRY(print_table(bulk->cli, bulk->differing,
	        "DECISION:decision_id TIME:time/1 CHANNEL:channel/2 PLACES:count FIRST:first"));
	puts("\nparley decision replay ID tells all places of one.");
	return OK;
}

static Err replay_many(Cli *cli, DecisionPlans *plans)
{
	CLEANUP(arena_freep) Arena *page = arena_new(ARENA_BLOCK, 0);
	CLEANUP(arena_freep) Arena *scratch = arena_new(ARENA_BLOCK, 0);
	CLEANUP(json_decrefp_) json_t *differing = json_array();
	Bulk bulk = {.cli = cli,
	        .plans = plans,
	        .page = page,
	        .scratch = scratch,
	        .request = PARLEY__DESIGN__V1__LIST_DECISIONS_REQUEST__INIT,
	        .since = GOOGLE__PROTOBUF__TIMESTAMP__INIT,
	        .until = GOOGLE__PROTOBUF__TIMESTAMP__INIT,
	        .start_us = monotonic_us(),
	        .differing = differing};

	if (page == NULL || scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory for decisions");
	bulk.request.page_size = PAGE;
	if (cli_given(cli, OPT_ENV))
		bulk.request.environment = text_of(cli_option(cli, OPT_ENV));
	if (cli_given(cli, OPT_CHANNEL))
		bulk.request.channel = text_of(cli_option(cli, OPT_CHANNEL));
	if (cli_given(cli, OPT_VISITOR))
		bulk.request.audience_id = text_of(cli_option(cli, OPT_VISITOR));
	TRY(read_period(cli, &bulk));
	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &bulk.limit));
	TRY(replay_pages(&bulk));
	return print_bulk(&bulk);
}

Err verb_decision_replay(Cli *cli)
{
	CLEANUP(decision_plans_free) DecisionPlans plans = {0};
	bool many = cli_given(cli, OPT_ALL) || cli_given(cli, OPT_SINCE) || cli_given(cli, OPT_UNTIL) ||
	            cli_given(cli, OPT_CHANNEL) || cli_given(cli, OPT_VISITOR);

	if (many == (cli->line.count > 0))
		return cli_usage(cli,
		        "which decisions? give an ID, or --all, or a part of the history by --since, "
		        "--until, --channel and --visitor");
	return many ? replay_many(cli, &plans) : replay_one(cli, &plans, cli->line.arguments[0]);
}
