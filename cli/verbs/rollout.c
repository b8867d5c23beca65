// What runs where, and steering what is on its way there. The status is asked anew for each look: nothing is
// worked out here that the design server does not say.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "parley/design/v1/deployment.pb-c.h"
#include "release/deployment.h"

#include <time.h>
#include <unistd.h>

#define SERVICE deployment_service
#define ROLLOUT_COLUMNS                                                                                      \
	"CHANNEL:channel ENVIRONMENT:environment SERVER:server SHOULD-RUN:desired_version "                  \
	"RUNS:running_version SINCE:since_time/6 CANDIDATE:candidate/2 SESSIONS:sessions/5 "                 \
	"BEHIND:behind/3 "                                                                                   \
	"SEEN:seen_time/7 QUIET-SINCE:quiet_time/4 STATE:health DEGRADED:degraded_text/1"

enum { LOOK_S = 1 };

// --- servers ---

static bool server_is_well(const json_t *server)
{
	return json_count(server, "desired_version") == json_count(server, "running_version") &&
	       !*json_word(server, "error");
}

static json_t *candidate_text(const json_t *server)
{
	char text[64] = "";
	json_int_t version = json_count(server, "candidate_version");

	if (version)
		snprintf(text, sizeof text, "%lld for %.1f %%", (long long)version,
		        (double)json_count(server, "candidate_permille") / 10);
	return json_string(text);
}

static json_t *lines_joined(const json_t *list)
{
	char text[1024] = "";
	size_t i, len = 0;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		int n = snprintf(
		        text + len, sizeof text - len, "%s%s", i ? "; " : "", json_string_value(item));

		len = n > 0 && len + (size_t)n < sizeof text ? len + (size_t)n : len;
	}
	return json_string(text);
}

// How far its journal is behind, in records and time.
static json_t *behind_text(const json_t *server)
{
	char text[96];
	int64_t seen, shipped;
	json_int_t records = json_count(server, "journal_lag");

	if (!*json_word(server, "seen_time"))
		return json_string("");
	if (!time_parse(str(json_word(server, "shipped_time")), &shipped) ||
	        !time_parse(str(json_word(server, "seen_time")), &seen))
		snprintf(text, sizeof text, "%lld, time not known", (long long)records);
	else if (!records)
		snprintf(text, sizeof text, "0");
	else
		snprintf(text, sizeof text, "%lld, %.1f s", (long long)records,
		        (double)(seen > shipped ? seen - shipped : 0) / (double)US_PER_S);
	return json_string(text);
}

// One row a server: the deployment's names beside the server's facts.
static json_t *rollout_row(const json_t *deployment, const json_t *server)
{
	json_t *row = json_pack("{s:O, s:O, s:i, s:i}", "channel", json_object_get(deployment, "channel"),
	        "environment", json_object_get(deployment, "environment"), "desired_version", 0,
	        "running_version", 0);

	json_object_update(row, (json_t *)(uintptr_t)server);
	json_object_set_new(row, "candidate", candidate_text(server));
	json_object_set_new(row, "behind", behind_text(server));
	json_object_set_new(row, "degraded_text", lines_joined(json_object_get(server, "degraded")));
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

// --- what is on its way ---

static bool is_under_way(const json_t *deployment)
{
	const char *state = json_word(deployment, "state");

	return strcmp(state, "ROLLING_OUT") == 0 || strcmp(state, "INCOMPLETE") == 0;
}

static bool any_under_way(const json_t *deployments)
{
	const json_t *deployment;
	size_t i;

	json_array_foreach(deployments, i, deployment) if (is_under_way(deployment)) return true;
	return false;
}

static double number(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

static void print_group(const char *name, const json_t *group)
{
	if (!json_count(group, "calls"))
		return;
	printf("    %-9s %lld calls, %.2f %% failed, p99 %.2f ms, %lld contacts, %.2f %% accepted\n", name,
	        (long long)json_count(group, "calls"), 100 * number(group, "error_rate"),
	        number(group, "p99_us") / 1000, (long long)json_count(group, "contacts"),
	        100 * number(group, "acceptance"));
}

// Until the next step, by this machine's clock.
static void print_countdown(const char *next)
{
	int64_t at, left;

	if (!*next || !time_parse(str(next), &at))
		return;
	left = (at - clock_now_us(clock_system())) / US_PER_S;
	printf(", next in %lld:%02lld", (long long)(left > 0 ? left / 60 : 0),
	        (long long)(left > 0 ? left % 60 : 0));
}

static void print_rollout(const json_t *deployment)
{
	const json_t *rollout = json_object_get(deployment, "rollout");
	const char *reason = json_word(rollout, "reason");

	if (!json_count(rollout, "steps") || strcmp(json_word(deployment, "state"), "COMPLETE") == 0)
		return;
	printf("%s in %s, version %lld: %s, step %lld of %lld: %s", json_word(deployment, "channel"),
	        json_word(deployment, "environment"), (long long)json_count(deployment, "version"),
	        json_word(deployment, "state"), (long long)json_count(rollout, "step"),
	        (long long)json_count(rollout, "steps"), json_word(rollout, "step_text"));
	if (is_under_way(deployment))
		print_countdown(json_word(rollout, "next_time"));
	printf("%s%s\n", *reason ? "; " : "", reason);
	print_group("new", json_object_get(rollout, "candidate"));
	print_group("before", json_object_get(rollout, "stable"));
}

// --- status ---

static json_t *selection(const Cli *cli)
{
	const char *environment = cli_option(cli, OPT_ENV);

	return json_pack("{s:s, s:s}", "channel", cli->line.count ? cli->line.arguments[0] : "",
	        "environment", environment ? environment : "");
}

static Err look(Cli *cli, bool redraw, bool *ret_under_way)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *rows = NULL;
	const json_t *deployments, *deployment;
	bool well;
	size_t i;

	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "GetRolloutStatus", selection(cli), &answer));
	deployments = json_object_get(answer, "deployments");
	*ret_under_way = any_under_way(deployments);
	rows = rollout_rows(deployments, &well);
	cli->exit_code = well ? EXIT_OK : EXIT_DIFFERENT;
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	if (redraw)
		fputs("\033[H\033[2J", stdout);
	TRY(print_items(cli, rows, ROLLOUT_COLUMNS));
	json_array_foreach(deployments, i, deployment) print_rollout(deployment);
	fflush(stdout);
	return OK;
}

Err verb_rollout_status(Cli *cli)
{
	const struct timespec pause = {.tv_sec = LOOK_S};
	bool watch = cli_given(cli, OPT_WATCH), under_way = false;

	TRY(look(cli, watch && isatty(STDOUT_FILENO), &under_way));
	while (watch && under_way) {
		nanosleep(&pause, NULL);
		TRY(look(cli, isatty(STDOUT_FILENO), &under_way));
	}
	return OK;
}

// --- steering ---

static Err steer(Cli *cli, const char *method)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *environment, *comment = cli_option(cli, OPT_COMMENT);

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(cli_call(cli, SERVER_DESIGN, &parley__design__v1__rollout_service__descriptor, method,
	        json_pack("{s:s, s:s, s:s}", "channel", cli->line.arguments[0], "environment", environment,
	                "comment", comment ? comment : ""),
	        &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	deployment_print(answer, false);
	print_rollout(answer);
	return OK;
}

Err verb_rollout_pause(Cli *cli)
{
	return steer(cli, "Pause");
}

Err verb_rollout_resume(Cli *cli)
{
	return steer(cli, "Resume");
}

Err verb_rollout_undo(Cli *cli)
{
	return steer(cli, "Undo");
}

// --- environments ---

static Err print_environment(Cli *cli, const json_t *environments, const char *name)
{
	static const char *const lists[] = {"servers", "approvers", "gates", "limits"};
	json_t *environment;
	size_t i, j;

	json_array_foreach(environments, i, environment)
	{
		if (strcmp(json_word(environment, "name"), name) != 0)
			continue;
		for (j = 0; cli->format == FORMAT_TABLE && j < ARRAY_COUNT(lists); j++)
			if (json_array_size(json_object_get(environment, lists[j])))
				json_object_set_new(environment, lists[j],
				        lines_joined(json_object_get(environment, lists[j])));
		return print_one(cli, environment);
	}
	return err(ERR_ENVIRONMENT_UNKNOWN, "there is no environment '%s': parley environments lists them",
	        name);
}

// The first word of each gate.
static json_t *gate_kinds(const json_t *gates)
{
	char text[128] = "";
	const json_t *gate;
	size_t i, len = 0;

	json_array_foreach(gates, i, gate)
	{
		const char *words = json_string_value(gate);
		int n = snprintf(text + len, sizeof text - len, "%s%.*s", i ? ", " : "",
		        (int)strcspn(words ? words : "", " "), words ? words : "");

		len = n > 0 && len + (size_t)n < sizeof text ? len + (size_t)n : len;
	}
	return json_string(text);
}

// What fits a row; all of it is told of a single one.
static void shorten_environment(json_t *environment)
{
	bool steps = strncmp(json_word(environment, "rollout"), "all servers at once", 19) != 0;

	json_object_set_new(environment, "server_count",
	        json_integer((json_int_t)json_array_size(json_object_get(environment, "servers"))));
	json_object_set_new(environment, "gate_text", gate_kinds(json_object_get(environment, "gates")));
	json_object_set_new(
	        environment, "approver_text", lines_joined(json_object_get(environment, "approvers")));
	json_object_set_new(environment, "rollout_text", json_string(steps ? "in steps" : "all at once"));
}

Err verb_environments(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *none = json_array();
	const json_t *items;
	json_t *item;
	size_t i;

	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "ListEnvironments", json_object(), &answer));
	items = json_object_get(answer, "environments");
	if (cli->line.count)
		return print_environment(cli, items, cli->line.arguments[0]);
	if (cli->format == FORMAT_TABLE)
		json_array_foreach(items, i, item) shorten_environment(item);
	return print_items(cli, items ? items : none,
	        "NAME:name PROMOTES-FROM:promotes_from FLEET:fleet/4 SERVERS:server_count "
	        "APPROVALS:approvals "
	        "APPROVERS:approver_text/3 GATES:gate_text/1 ROLLOUT:rollout_text/2 PROBLEM:problem");
}
