// The line of environments: how far a channel's content has come, and what keeps it.
#include "connect.h"
#include "output.h"
#include "release/deployment.h"

static json_t *stage_row(const json_t *stage)
{
	const json_t *deployment = json_object_get(stage, "deployment"), *gate;
	size_t i, passed = 0, gates;
	char text[64] = "";
	json_t *row = json_pack("{s:s}", "environment", json_word(stage, "environment"));

	gates = json_array_size(json_object_get(stage, "gates"));
	json_array_foreach(json_object_get(stage, "gates"), i, gate) passed +=
	        json_is_true(json_object_get(gate, "passed"));
	if (gates)
		snprintf(text, sizeof text, "%zu of %zu", passed, gates);
	json_object_set_new(row, "gates", json_string(text));
	text[0] = '\0';
	if (json_count(deployment, "approvals_needed"))
		snprintf(text, sizeof text, "%zu of %lld",
		        json_array_size(json_object_get(deployment, "approvals")),
		        (long long)json_count(deployment, "approvals_needed"));
	json_object_set_new(row, "approvals", json_string(text));
	if (deployment) {
		json_object_set(row, "version", json_object_get(deployment, "version"));
		json_object_set_new(row, "state", json_string(json_word(deployment, "state")));
		json_object_set_new(row, "author", json_string(json_word(deployment, "author")));
		json_object_set_new(row, "digest", json_string(json_word(deployment, "digest")));
	} else {
		json_object_set_new(row, "state", json_string("nothing yet"));
	}
	return row;
}

static void print_keeping(const json_t *stages)
{
	const json_t *stage, *gate;
	size_t i, j;

	json_array_foreach(stages, i, stage)
	{
		if (!*json_word(stage, "next"))
			continue;
		printf("\n%s: %s\n", json_word(stage, "environment"), json_word(stage, "next"));
		json_array_foreach(json_object_get(stage, "gates"), j, gate) printf("  gate %s %s: %s\n",
		        json_word(gate, "name"),
		        json_is_true(json_object_get(gate, "passed")) ? "lets pass" : "does not let pass",
		        json_word(gate, "reason"));
	}
}

Err verb_promotion(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *stages, *stage;
	size_t i;

	TRY(cli_call(cli, SERVER_DESIGN, deployment_service, "GetPromotion",
	        json_pack("{s:s}", "channel", cli->line.arguments[0]), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	stages = json_object_get(answer, "stages");
	json_array_foreach(stages, i, stage) json_array_append_new(rows, stage_row(stage));
	TRY(print_table(cli, rows,
	        "ENVIRONMENT:environment VERSION:version STATE:state DIGEST:digest/2 AUTHOR:author/1 "
	        "GATES:gates APPROVALS:approvals"));
	print_keeping(stages);
	return OK;
}
