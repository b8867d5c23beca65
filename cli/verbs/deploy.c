// Bringing content into an environment, and back: deploy, promote, rollback, undeploy, and single
// deployments.
#include "connect.h"
#include "output.h"
#include "release/deployment.h"

#define HISTORY_COLUMNS                                                                                      \
	"CHANNEL:channel ENVIRONMENT:environment VERSION:version STATE:state AUTHOR:author/1 "               \
	"TIME:create_time "                                                                                  \
	"APPROVED-BY:approvers/4 FROM:promoted_from/8 ROLLBACK-OF:rollback_of/5 CHANGES:changes/6 "          \
	"EVIDENCE:reports/9 "                                                                                \
	"DIGEST:digest/7 COMMENT:comment/3 REASON:reason/2"

// --- what the four have in common ---

static const char *option_or_empty(const Cli *cli, OptionId id)
{
	const char *value = cli_option(cli, id);

	return value ? value : "";
}

static void print_gates(const json_t *answer)
{
	const json_t *gate;
	size_t i;

	json_array_foreach(json_object_get(answer, "gates"), i, gate) printf("  gate %s: %s, %s\n",
	        json_word(gate, "name"), json_is_true(json_object_get(gate, "passed")) ? "passed" : "FAILED",
	        json_word(gate, "reason"));
}

static void print_overtaken(const json_t *answer)
{
	const json_t *overtaken = json_object_get(answer, "overtaken");

	if (overtaken)
		printf("note: version %lld, which %s had deployed and which waited for approvals, is given "
		       "up: its "
		       "approvals are void\n",
		        (long long)json_count(overtaken, "version"), json_word(overtaken, "author"));
}

static Err finish(Cli *cli, const char *method, json_t *request)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *deployment;

	TRY(cli_call(cli, SERVER_DESIGN, deployment_service, method, request, &answer));
	deployment = json_incref(json_object_get(answer, "deployment"));
	if (!cli_given(cli, OPT_NO_WAIT))
		TRY(deployment_follow(cli, &deployment));
	json_object_set_new(answer, "deployment", deployment);
	if (cli->format != FORMAT_TABLE) {
		TRY(print_json(cli, answer));
		return deployment_verdict(deployment);
	}
	print_gates(answer);
	print_overtaken(answer);
	deployment_print(deployment, json_is_true(json_object_get(answer, "unchanged")));
	return deployment_verdict(deployment);
}

// --- deploy, promote ---

static json_t *acknowledged(const Cli *cli)
{
	json_t *list = json_array();

	for (const OptionValue *value = cli->line.options[OPT_ACKNOWLEDGE]; value; value = value->next)
		json_array_append_new(list, json_string(value->text));
	return list;
}

static Err preview(Cli *cli, json_t *request)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const json_t *deployment;

	json_object_set_new(request, "validate_only", json_true());
	TRY(cli_call(cli, SERVER_DESIGN, deployment_service, "Deploy", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	deployment = json_object_get(answer, "deployment");
	print_gates(answer);
	printf("%s could be deployed to %s: %lld bytes, digest %.12s (dry run)\n",
	        json_word(deployment, "channel"), json_word(deployment, "environment"),
	        (long long)json_count(deployment, "length"), json_word(deployment, "digest"));
	return OK;
}

static Err deploy_to(Cli *cli, const char *environment)
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:o}", "channel", cli->line.arguments[0], "environment",
	        environment, "comment", option_or_empty(cli, OPT_COMMENT), "acknowledged", acknowledged(cli));

	return cli_given(cli, OPT_DRY_RUN) ? preview(cli, request) : finish(cli, "Deploy", request);
}

Err verb_deploy(Cli *cli)
{
	const char *to;

	TRY(cli_need(cli, OPT_TO, &to));
	return deploy_to(cli, to);
}

// A build is no promotion: whoever says promote must not build by a slip of the name.
static Err check_promotion(Cli *cli, const char *to)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const json_t *environment;
	size_t i;

	TRY(cli_call(cli, SERVER_DESIGN, deployment_service, "ListEnvironments", json_object(), &answer));
	json_array_foreach(json_object_get(answer, "environments"), i, environment)
	{
		if (strcmp(json_word(environment, "name"), to) != 0)
			continue;
		if (*json_word(environment, "promotes_from"))
			return OK;
		return cli_usage(cli, "%s is the first environment of its line: parley deploy %s --to %s", to,
		        cli->line.arguments[0], to);
	}
	return OK; // the server says which there are
}

Err verb_promote(Cli *cli)
{
	const char *to;

	TRY(cli_need(cli, OPT_TO, &to));
	TRY(check_promotion(cli, to));
	return deploy_to(cli, to);
}

// --- rollback, undeploy ---

Err verb_rollback(Cli *cli)
{
	const char *environment;
	int64_t to;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(cli_number(cli, OPT_TO, 1, INT64_MAX, 0, &to));
	return finish(cli, "Rollback",
	        json_pack("{s:s, s:s, s:I, s:s}", "channel", cli->line.arguments[0], "environment",
	                environment, "to_version", (json_int_t)to, "comment",
	                option_or_empty(cli, OPT_COMMENT)));
}

Err verb_undeploy(Cli *cli)
{
	const char *environment;

	TRY(cli_need(cli, OPT_ENV, &environment));
	return finish(cli, "Undeploy",
	        json_pack("{s:s, s:s, s:s, s:s, s:b}", "channel", cli->line.arguments[0], "environment",
	                environment, "confirm", option_or_empty(cli, OPT_CONFIRM), "comment",
	                option_or_empty(cli, OPT_COMMENT), "in_use", cli_given(cli, OPT_IN_USE)));
}

// --- single deployments ---

// The second argument, if there is one.
static Err version_argument(Cli *cli, int64_t *ret)
{
	const char *text = cli->line.count > 1 ? cli->line.arguments[1] : "0";

	if (!str_to_i64(str(text), ret) || *ret < 0)
		return cli_usage(cli, "'%s' is not a version: a whole number", text);
	return OK;
}

static void print_facts(const json_t *deployment)
{
	static const char *const facts[] = {"author", "comment", "create_time", "end_time", "promoted_from",
	        "manifest_digest", "changes", "reason"};
	const json_t *item;
	size_t i;

	for (i = 0; i < ARRAY_COUNT(facts); i++)
		if (*json_word(deployment, facts[i]))
			printf("  %s: %s\n", facts[i], json_word(deployment, facts[i]));
	json_array_foreach(json_object_get(deployment, "approvals"), i, item)
	        printf("  approved by %s at %s, key %.16s%s%s\n", json_word(item, "approver"),
	                json_word(item, "create_time"), json_word(item, "keyid"),
	                *json_word(item, "comment") ? ": " : "", json_word(item, "comment"));
	json_array_foreach(json_object_get(deployment, "evidence"), i, item) printf(
	        "  evidence %lld: %s, measured in %s by %s, report %.16s\n",
	        (long long)json_count(item, "id"), json_word(item, "kind"), json_word(item, "environment"),
	        json_word(item, "author"), json_word(item, "report_digest"));
	json_array_foreach(json_object_get(deployment, "acknowledged"), i, item)
	        printf("  acknowledged: %s\n", json_string_value(item));
}

Err verb_deployment_get(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;
	int64_t version;

	TRY(version_argument(cli, &version));
	TRY(deployment_request(cli, cli->line.arguments[0], version, &request));
	TRY(cli_call(cli, SERVER_DESIGN, deployment_service, "GetDeployment", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	deployment_print(answer, false);
	print_facts(answer);
	return OK;
}

Err verb_deployment_cancel(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;
	int64_t version;

	TRY(version_argument(cli, &version));
	TRY(deployment_request(cli, cli->line.arguments[0], version, &request));
	json_object_set_new(request, "comment", json_string(option_or_empty(cli, OPT_COMMENT)));
	TRY(cli_call(cli, SERVER_DESIGN, deployment_service, "Cancel", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	printf("%s in %s: version %lld is cancelled\n", json_word(answer, "channel"),
	        json_word(answer, "environment"), (long long)json_count(answer, "version"));
	return OK;
}

// --- history ---

// Lists of a deployment as one cell each.
static json_t *joined(const json_t *list, const char *member)
{
	char text[512] = "";
	size_t i, len = 0;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		int n = snprintf(
		        text + len, sizeof text - len, "%s%s", i ? ", " : "", json_word(item, member));

		len = n > 0 && len + (size_t)n < sizeof text ? len + (size_t)n : len;
	}
	return json_string(text);
}

Err verb_rollout_history(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	const char *environment = cli_option(cli, OPT_ENV);
	json_t *item;
	int64_t limit;
	size_t i;

	TRY(cli_number(cli, OPT_LIMIT, 1, 100000, 20, &limit));
	TRY(cli_list(cli, deployment_service, "ListDeployments",
	        json_pack("{s:s, s:s}", "channel", cli->line.count ? cli->line.arguments[0] : "",
	                "environment", environment ? environment : ""),
	        "deployments", (size_t)limit, &items));
	if (cli->format != FORMAT_TABLE)
		return print_items(cli, items, HISTORY_COLUMNS);
	json_array_foreach(items, i, item)
	{
		json_object_set_new(
		        item, "approvers", joined(json_object_get(item, "approvals"), "approver"));
		json_object_set_new(item, "reports", joined(json_object_get(item, "evidence"), "kind"));
	}
	return print_items(cli, items, HISTORY_COLUMNS);
}
