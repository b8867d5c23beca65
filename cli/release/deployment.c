#include "release/deployment.h"

#include "base/clock.h"
#include "connect.h"
#include "parley/design/v1/deployment.pb-c.h"

#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 500, LOOKS_IN_VAIN = 30 };

const ProtobufCServiceDescriptor *const deployment_service =
        &parley__design__v1__deployment_service__descriptor;

const char *json_word(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "";
}

json_int_t json_count(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

Err deployment_request(Cli *cli, const char *channel, int64_t version, json_t **ret)
{
	const char *environment;

	TRY(cli_need(cli, OPT_ENV, &environment));
	*ret = json_pack("{s:s, s:s, s:I}", "channel", channel, "environment", environment, "version",
	        (json_int_t)version);
	return OK;
}

// --- following it ---

static bool moves(const json_t *deployment)
{
	return strcmp(json_word(deployment, "state"), "ROLLING_OUT") == 0;
}

// One line that says where it is; the same line is not told twice.
static void tell_step(const Cli *cli, const json_t *deployment, char *last, size_t size)
{
	const json_t *rollout = json_object_get(deployment, "rollout");
	char line[512];

	if (json_count(rollout, "steps"))
		snprintf(line, sizeof line, "step %lld of %lld: %s%s%s",
		        (long long)json_count(rollout, "step"), (long long)json_count(rollout, "steps"),
		        json_word(rollout, "step_text"), *json_word(rollout, "reason") ? "; " : "",
		        json_word(rollout, "reason"));
	else
		snprintf(line, sizeof line, "rolling out%s%s", *json_word(rollout, "reason") ? ": " : "",
		        json_word(rollout, "reason"));
	if (strcmp(line, last) == 0)
		return;
	snprintf(last, size, "%s", line);
	if (cli->format == FORMAT_TABLE)
		fprintf(stderr, "%s\n", line);
}

// Whoever waits is not kept waiting by a server that is away or refuses, which it may do for days.
static Err check_moves(const json_t *deployment, char *last, size_t size, unsigned *looks)
{
	const char *reason = json_word(json_object_get(deployment, "rollout"), "reason"),
	           *channel = json_word(deployment, "channel"),
	           *environment = json_word(deployment, "environment");

	if (!*reason || strncmp(reason, last, size - 1) != 0)
		*looks = 0;
	snprintf(last, size, "%s", reason);
	if (++*looks <= LOOKS_IN_VAIN || !*reason)
		return OK;
	return err(ERR_SERVER_UNREACHABLE,
	        "version %lld of %s is on its way in %s and does not get on: %s. It goes on by itself once "
	        "that is mended: parley rollout status %s --env %s --watch; or take it back: parley rollout "
	        "undo %s --env %s",
	        (long long)json_count(deployment, "version"), channel, environment, reason, channel,
	        environment, channel, environment);
}

Err deployment_follow(Cli *cli, json_t **deployment)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	char last[512] = "", waits[512] = "";
	unsigned looks = 0;

	while (moves(*deployment)) {
		json_t *next = NULL;

		tell_step(cli, *deployment, last, sizeof last);
		TRY(check_moves(*deployment, waits, sizeof waits, &looks));
		nanosleep(&pause, NULL);
		TRY(cli_call(cli, SERVER_DESIGN, deployment_service, "GetDeployment",
		        json_pack("{s:O, s:O, s:O}", "channel", json_object_get(*deployment, "channel"),
		                "environment", json_object_get(*deployment, "environment"), "version",
		                json_object_get(*deployment, "version")),
		        &next));
		json_decref(*deployment);
		*deployment = next;
	}
	return OK;
}

// --- saying it ---

static void print_servers(const json_t *deployment)
{
	const json_t *server;
	size_t i;

	json_array_foreach(json_object_get(deployment, "servers"), i, server)
	{
		if (*json_word(server, "error"))
			printf("  %s (%s) does not run it: %s\n", json_word(server, "server"),
			        json_word(server, "address"), json_word(server, "error"));
		else if (json_count(server, "running_version"))
			printf("  %s runs version %lld\n", json_word(server, "server"),
			        (long long)json_count(server, "running_version"));
		else
			printf("  %s runs nothing of it\n", json_word(server, "server"));
	}
}

static size_t servers_well(const json_t *deployment)
{
	const json_t *server;
	size_t i, well = 0;

	json_array_foreach(json_object_get(deployment, "servers"), i, server) well +=
	        !*json_word(server, "error") &&
	        json_count(server, "desired_version") == json_count(server, "running_version");
	return well;
}

static void print_waiting(const json_t *deployment)
{
	const json_t *approval;
	size_t i;

	json_array_foreach(json_object_get(deployment, "approvals"), i, approval)
	        printf("  approved by %s\n", json_word(approval, "approver"));
	printf("%s in %s: version %lld waits for approvals: %zu of %lld are there\n"
	       "  next: somebody other than %s signs it: parley approve %s --env %s\n",
	        json_word(deployment, "channel"), json_word(deployment, "environment"),
	        (long long)json_count(deployment, "version"),
	        json_array_size(json_object_get(deployment, "approvals")),
	        (long long)json_count(deployment, "approvals_needed"), json_word(deployment, "author"),
	        json_word(deployment, "channel"), json_word(deployment, "environment"));
}

// What the state asks for.
static void print_next(const char *state, const char *channel, const char *environment)
{
	if (strcmp(state, "ROLLING_OUT") == 0)
		printf("  next: parley rollout status %s --env %s --watch\n", channel, environment);
	else if (strcmp(state, "PAUSED") == 0)
		printf("  next: parley rollout resume %s --env %s, or undo\n", channel, environment);
	else if (strcmp(state, "INCOMPLETE") == 0)
		printf("  next: it is tried again by itself; parley rollout status %s --env %s --watch\n",
		        channel, environment);
	else if (strcmp(state, "RETURNED") == 0)
		printf("  next: servers serve what they served before; correct it and deploy again\n");
}

static const char *title(const json_t *deployment, bool unchanged)
{
	if (unchanged)
		return "was already deployed to";
	if (json_is_true(json_object_get(deployment, "undeploy")))
		return "switched off in";
	return json_count(deployment, "rollback_of") ? "rolled back in" : "deployed to";
}

void deployment_print(const json_t *deployment, bool unchanged)
{
	const char *state = json_word(deployment, "state"), *channel = json_word(deployment, "channel"),
	           *environment = json_word(deployment, "environment"),
	           *reason = json_word(json_object_get(deployment, "rollout"), "reason");

	if (strcmp(state, "AWAITING_APPROVAL") == 0) {
		print_waiting(deployment);
		return;
	}
	if (!*reason)
		reason = json_word(deployment, "reason");
	print_servers(deployment);
	printf("%s %s %s: version %lld, digest %.12s, on %zu of %zu servers", channel,
	        title(deployment, unchanged), environment, (long long)json_count(deployment, "version"),
	        json_word(deployment, "digest"), servers_well(deployment),
	        json_array_size(json_object_get(deployment, "servers")));
	if (strcmp(state, "COMPLETE") != 0)
		printf("; it is %s%s%s", state, *reason ? ": " : "", reason);
	putchar('\n');
	print_next(state, channel, environment);
}

Err deployment_verdict(const json_t *deployment)
{
	const char *state = json_word(deployment, "state");

	if (strcmp(state, "INCOMPLETE") == 0)
		return err(ERR_SERVER_UNREACHABLE, "not every server of %s runs it; those that do serve it",
		        json_word(deployment, "environment"));
	if (strcmp(state, "RETURNED") == 0)
		return err(ERR_DEPLOYMENT_STATE, "the roll-out was undone: %s",
		        json_word(json_object_get(deployment, "rollout"), "reason"));
	return OK;
}
