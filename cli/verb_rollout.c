// What runs where.
#include "connect.h"
#include "deployment.h"
#include "output.h"

#define SERVICE deployment_service
#define ROLLOUT_COLUMNS                                                                                      \
	"CHANNEL:channel ENVIRONMENT:environment SERVER:server ADDRESS:address SHOULD-RUN:desired_version "  \
	"RUNS:running_version SESSIONS:sessions JOURNAL-LAG:journal_lag SEEN:seen_time STATE:health"

static bool server_is_well(const json_t *server)
{
	return json_count(server, "desired_version") == json_count(server, "running_version") &&
	       !*json_word(server, "error");
}

// One row a server: the deployment's names beside the server's facts.
static json_t *rollout_row(const json_t *deployment, const json_t *server)
{
	json_t *row = json_pack("{s:O, s:O, s:i, s:i}", "channel", json_object_get(deployment, "channel"),
	        "environment", json_object_get(deployment, "environment"), "desired_version", 0,
	        "running_version", 0);

	json_object_update(row, (json_t *)(uintptr_t)server);
	json_object_set_new(row, "health",
	        json_string(server_is_well(server)        ? "ok"
	                    : *json_word(server, "error") ? json_word(server, "error")
	                                                  : "should run another version"));
	return row;
}

static json_t *rollout_rows(const json_t *deployments, bool *ret_well)
{
	json_t *rows = json_array(), *deployment, *server;
	size_t i, j;

	*ret_well = true;
	json_array_foreach(deployments, i, deployment)
	{
		json_array_foreach(json_object_get(deployment, "servers"), j, server)
		{
			json_array_append_new(rows, rollout_row(deployment, server));
			*ret_well = *ret_well && server_is_well(server);
		}
	}
	return rows;
}

static json_t *selection(const Cli *cli)
{
	const char *environment = cli_option(cli, OPT_ENV);

	return json_pack("{s:s, s:s}", "channel", cli->line.count ? cli->line.arguments[0] : "",
	        "environment", environment ? environment : "");
}

Err verb_rollout_status(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *rows = NULL;
	bool well;

	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "GetRolloutStatus", selection(cli), &answer));
	rows = rollout_rows(json_object_get(answer, "deployments"), &well);
	cli->exit_code = well ? EXIT_OK : EXIT_DIFFERENT;
	if (cli->format == FORMAT_TABLE)
		return print_items(cli, rows, ROLLOUT_COLUMNS);
	return print_json(cli, answer);
}

Err verb_environments(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *none = json_array();
	const json_t *items;

	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "ListEnvironments", json_object(), &answer));
	items = json_object_get(answer, "environments");
	return print_items(cli, items ? items : none,
	        "NAME:name PROMOTES-FROM:promotes_from FLEET:fleet SERVERS:servers");
}
