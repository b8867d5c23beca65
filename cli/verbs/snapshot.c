// Looking into a snapshot: what a runtime server would make of it, and how two of them differ.
#include "decide/inspect.h"
#include "output.h"
#include "release/snapshot_json.h"
#include "release/snapshot_source.h"
#include "snapshot/types.h"

#define DIFF_COLUMNS "LIST:list/2 NAME:name CHANGE:change FIELD:field/1 BEFORE:before AFTER:after"

static json_int_t number(size_t value)
{
	return (json_int_t)value;
}

static json_t *programs_json(const InspectedPrograms *programs)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "distinct", number(programs->distinct), "without_running",
	        number(programs->told), "run", number(programs->run), "bytes", number(programs->bytes));
}

static json_t *list_json(const InspectedList *list)
{
	return json_pack("{s:s%, s:s%, s:I, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "zone",
	        list->zone.ptr, list->zone.len, "audience_level", list->level.ptr, list->level.len,
	        "candidates", number(list->candidates), "live", number(list->live), "dynamic",
	        number(list->dynamic), "indexed", list->indexed, "terms", number(list->positions),
	        "attributes", number(list->tables), "bit_sets", number(list->rows), "shared",
	        number(list->shared), "rechecked", number(list->rechecked), "runs", number(list->runs),
	        "index_bytes", number(list->index_bytes));
}

static json_t *lists_json(const Inspection *inspection)
{
	json_t *lists = json_array();
	for (size_t i = 0; i < inspection->list_count; i++)
		if (inspection->lists[i].candidates > 0)
			json_array_append_new(lists, list_json(&inspection->lists[i]));
	return lists;
}

static json_t *plan_json(const Inspection *inspection)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "plan_bytes",
	        number(inspection->plan_bytes), "candidates", number(inspection->candidates), "conditions",
	        programs_json(&inspection->conditions), "scores", programs_json(&inspection->scores),
	        "predicates", number(inspection->predicates), "predicate_uses",
	        number(inspection->predicate_uses), "texts", number(inspection->texts), "segments",
	        number(inspection->segments), "segments_indexed", number(inspection->segments_indexed),
	        "segment_index_bytes", number(inspection->segment_index_bytes));
}

static void print_plan(const InspectedSnapshot *snapshot, size_t bytes)
{
	const Inspection *plan = &snapshot->plan;
	printf("channel     " STR_FMT "\n", STR_ARG(snapshot->channel));
	printf("sha256      %s\n", snapshot->sha256);
	printf("size        %zu bytes; the plan %zu bytes besides\n", bytes, plan->plan_bytes);
	printf("conditions  %u distinct, %u of them told without running them; %zu bytes of programs\n",
	        plan->conditions.distinct, plan->conditions.told, plan->conditions.bytes);
	printf("predicates  %u distinct, used %u times; %u texts to compare with\n", plan->predicates,
	        plan->predicate_uses, plan->texts);
	printf("scores      %u distinct, %u of them told without running them; %zu bytes of programs\n",
	        plan->scores.distinct, plan->scores.told, plan->scores.bytes);
	printf("segments    %u by expression or list, %u in an index of %zu bytes\n", plan->segments,
	        plan->segments_indexed, plan->segment_index_bytes);
	printf("candidates  %u\n\n", plan->candidates);
}

// FILE or ENVIRONMENT:CHANNEL[@VERSION], or --channel and --env for what an environment runs.
static Err read_source(Cli *cli, Arena *arena, Str *ret)
{
	const char *channel = cli_option(cli, OPT_CHANNEL), *environment = cli_option(cli, OPT_ENV);

	if (cli->line.count)
		return snapshot_source(cli, cli->line.arguments[0], arena, ret);
	if (!channel || !environment)
		return cli_usage(cli,
		        "which snapshot? give a FILE, ENVIRONMENT:CHANNEL[@VERSION], or --channel "
		        "and --env");
	return snapshot_source(cli, arena_printf(cli->arena, "%s:%s", environment, channel), arena, ret);
}

Err verb_snapshot_inspect(Cli *cli)
{
	Str blob;
	InspectedSnapshot snapshot;

	TRY(read_source(cli, cli->arena, &blob));
	TRY(snapshot_inspect(blob, cli->arena, &snapshot));
	CLEANUP(json_decrefp_) json_t *lists = lists_json(&snapshot.plan);
	if (cli->format == FORMAT_TABLE) {
		print_plan(&snapshot, blob.len);
		return print_table(cli, lists,
		        "ZONE:zone LEVEL:audience_level/2 CANDIDATES:candidates LIVE:live/1 "
		        "DYNAMIC:dynamic/3 "
		        "TERMS:terms/4 ATTRIBUTES:attributes/5 BIT-SETS:bit_sets/6 SHARED:shared/7 "
		        "RECHECKED:rechecked/8 RUNS:runs/9 BYTES:index_bytes");
	}
	CLEANUP(json_decrefp_)
	json_t *answer = json_pack("{s:s%, s:s, s:I, s:o, s:O}", "channel", snapshot.channel.ptr,
	        snapshot.channel.len, "sha256", snapshot.sha256, "bytes", number(blob.len), "plan",
	        plan_json(&snapshot.plan), "lists", lists);
	return print_json(cli, answer);
}

// An undeployed channel is an empty world.
static Err read_json(Cli *cli, const char *source, Arena *arena, json_t **ret)
{
	Snapshot *snapshot;
	Str blob;

	*ret = NULL;
	TRY(snapshot_source(cli, source, arena, &blob));
	if (!blob.len)
		return OK;
	Err e = snapshot_parse(blob, arena, &snapshot);
	return e ? err_context(e, "%s", source) : snapshot_json(snapshot, ret);
}

Err verb_snapshot_diff(Cli *cli)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024 * 1024, 0);
	CLEANUP(json_decrefp_) json_t *before = NULL;
	CLEANUP(json_decrefp_) json_t *after = NULL;

	TRY(read_json(cli, cli->line.arguments[0], arena, &before));
	TRY(read_json(cli, cli->line.arguments[1], arena, &after));
	CLEANUP(json_decrefp_) json_t *rows = snapshot_json_diff(before, after, arena);
	cli->exit_code = json_array_size(rows) ? EXIT_DIFFERENT : EXIT_OK;
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, rows);
	if (json_array_size(rows))
		TRY(print_table(cli, rows, DIFF_COLUMNS));
	puts(json_array_size(rows) ? snapshot_json_summary(rows, arena) : "no difference");
	return OK;
}
