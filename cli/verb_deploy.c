// deploy, rollout and environments.
#include "output.h"
#include "parley/design/v1/deployment.pb-c.h"

#include "connect.h"

#define SERVICE (&parley__design__v1__deployment_service__descriptor)
#define ROLLOUT_COLUMNS                                                                                      \
	"CHANNEL:channel ENVIRONMENT:environment SERVER:server ADDRESS:address SHOULD-RUN:desired_version "  \
	"RUNS:running_version SESSIONS:sessions JOURNAL-LAG:journal_lag SEEN:seen_time STATE:health"
#define HISTORY_COLUMNS                                                                                      \
	"CHANNEL:channel ENVIRONMENT:environment VERSION:version STATE:state AUTHOR:author "                 \
	"TIME:create_time "                                                                                  \
	"FROM:promoted_from DIGEST:digest COMMENT:comment"

static const char *text(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "";
}

static json_int_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static bool server_is_well(const json_t *server)
{
	return number(server, "desired_version") == number(server, "running_version") &&
	       !*text(server, "error");
}

static void print_servers(const json_t *deployment)
{
	const json_t *server;
	size_t i;

	json_array_foreach(json_object_get(deployment, "servers"), i, server) if (*text(server, "error"))
	        printf("  %s (%s) does not run it: %s\n", text(server, "server"), text(server, "address"),
	                text(server, "error"));
	else printf("  %s runs version %lld\n", text(server, "server"),
	        (long long)number(server, "running_version"));
}

static void print_deployment(const Cli *cli, const json_t *deployment, bool unchanged)
{
	const char *channel = text(deployment, "channel"), *environment = text(deployment, "environment");
	const json_t *servers = json_object_get(deployment, "servers"), *server;
	size_t i, well = 0;

	if (cli_given(cli, OPT_DRY_RUN)) {
		printf("%s could be deployed to %s: %lld bytes, digest %.12s (dry run)\n", channel,
		        environment, (long long)number(deployment, "length"), text(deployment, "digest"));
		return;
	}
	print_servers(deployment);
	json_array_foreach(servers, i, server) well += server_is_well(server);
	printf("%s %s %s: version %lld, digest %.12s, on %zu of %zu servers\n", channel,
	        unchanged ? "was already deployed to" : "deployed to", environment,
	        (long long)number(deployment, "version"), text(deployment, "digest"), well,
	        json_array_size(servers));
}

Err verb_deploy(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *to, *comment = cli_option(cli, OPT_COMMENT);
	const json_t *deployment;

	TRY(cli_need(cli, OPT_TO, &to));
	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "Deploy",
	        json_pack("{s:s, s:s, s:s, s:b}", "channel", cli->line.arguments[0], "environment", to,
	                "comment", comment ? comment : "", "validate_only", cli_given(cli, OPT_DRY_RUN)),
	        &answer));
	deployment = json_object_get(answer, "deployment");
	if (cli->format != FORMAT_TABLE)
		TRY(print_json(cli, answer));
	else
		print_deployment(cli, deployment, json_is_true(json_object_get(answer, "unchanged")));
	if (strcmp(text(deployment, "state"), "INCOMPLETE") == 0)
		return err(
		        ERR_SERVER_UNREACHABLE, "not every server of %s runs it; those that do serve it", to);
	return OK;
}

// One row a server: the deployment's names beside the server's facts.
static json_t *rollout_row(const json_t *deployment, const json_t *server)
{
	json_t *row = json_pack("{s:O, s:O, s:i, s:i}", "channel", json_object_get(deployment, "channel"),
	        "environment", json_object_get(deployment, "environment"), "desired_version", 0,
	        "running_version", 0);

	json_object_update(row, (json_t *)(uintptr_t)server);
	json_object_set_new(row, "health",
	        json_string(server_is_well(server)   ? "ok"
	                    : *text(server, "error") ? text(server, "error")
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

Err verb_rollout_history(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 100000, 20, &limit));
	TRY(cli_list(cli, SERVICE, "ListDeployments", selection(cli), "deployments", (size_t)limit, &items));
	return print_items(cli, items, HISTORY_COLUMNS);
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
