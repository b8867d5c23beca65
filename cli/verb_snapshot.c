// Looking into a snapshot without a server: what a runtime server would make of it. Design servers hand out
// no snapshots; who has no file is told which one it is.
#include "base/file.h"
#include "cli.h"
#include "decide/inspect.h"
#include "output.h"
#include "parley/design/v1/deployment.pb-c.h"

#include "connect.h"

enum { BLOB_MAX = 512 * 1024 * 1024 };

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

// Where to find what runs, for who gave no file.
static Err tell_file(Cli *cli)
{
	const char *channel = cli_option(cli, OPT_CHANNEL), *environment = cli_option(cli, OPT_ENV);
	CLEANUP(json_decrefp_) json_t *answer = NULL;

	if (!channel || !environment)
		return cli_usage(cli, "give the snapshot's FILE, or --channel and --env to be told which one "
		                      "an environment runs");
	TRY(cli_call(cli, SERVER_DESIGN, &parley__design__v1__deployment_service__descriptor,
	        "GetRolloutStatus", json_pack("{s:s, s:s}", "channel", channel, "environment", environment),
	        &answer));
	const json_t *deployment = json_array_get(json_object_get(answer, "deployments"), 0);
	const char *digest = json_string_value(json_object_get(deployment, "digest"));
	if (!digest)
		return err(ERR_RESOURCE_NOT_FOUND, "%s was never deployed to %s", channel, environment);
	return cli_usage(cli,
	        "the design server hands out no snapshots: %s runs %.64s of %s; give as FILE its copy on the "
	        "machine of one of the environment's runtime servers, blobs/%.64s in the data folder",
	        environment, digest, channel, digest);
}

Err verb_snapshot_inspect(Cli *cli)
{
	Str blob;
	InspectedSnapshot snapshot;

	if (cli->line.count == 0)
		return tell_file(cli);
	TRY(file_read(cli->line.arguments[0], BLOB_MAX, cli->arena, &blob));
	TRY(snapshot_inspect(blob, cli->arena, &snapshot));
	CLEANUP(json_decrefp_) json_t *lists = lists_json(&snapshot.plan);
	if (cli->format == FORMAT_TABLE) {
		print_plan(&snapshot, blob.len);
		return print_table(cli, lists,
		        "ZONE:zone LEVEL:audience_level CANDIDATES:candidates LIVE:live DYNAMIC:dynamic "
		        "TERMS:terms ATTRIBUTES:attributes BIT-SETS:bit_sets SHARED:shared "
		        "RECHECKED:rechecked RUNS:runs BYTES:index_bytes");
	}
	CLEANUP(json_decrefp_)
	json_t *answer = json_pack("{s:s%, s:s, s:I, s:o, s:O}", "channel", snapshot.channel.ptr,
	        snapshot.channel.len, "sha256", snapshot.sha256, "bytes", number(blob.len), "plan",
	        plan_json(&snapshot.plan), "lists", lists);
	return print_json(cli, answer);
}
