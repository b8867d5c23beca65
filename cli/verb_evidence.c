// evidence: tools that measure what gates ask for, on the servers of an environment, and hand it in.
#include "base/clock.h"
#include "connect.h"
#include "deployment.h"
#include "load.h"
#include "output.h"
#include "scenario_file.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/deployment.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"

#define EVIDENCE (&parley__design__v1__evidence_service__descriptor)

enum { POINTS_MAX = 16, REPORT_BYTES_MAX = 32 * 1024 };

// --- handing it in ---

// The time makes it a report of its own: the very same one is taken but once.
static Err hand_in(Cli *cli, const char *kind, const char *digest, bool passed, json_t *report)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	char now[TIME_TEXT_SIZE];
	const char *environment;
	Str text;

	time_format(clock_now_us(clock_system()), now);
	json_object_set_new(report, "time", json_string(now));
	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(json_text(report, false, cli->arena, &text));
	if (text.len > REPORT_BYTES_MAX)
		return err(ERR_EVIDENCE_INVALID, "the report has %zu bytes, at most %d are taken: try fewer",
		        text.len, REPORT_BYTES_MAX);
	TRY(cli_call(cli, SERVER_DESIGN, EVIDENCE, "AddEvidence",
	        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "channel", cli->line.arguments[0], "environment",
	                environment, "digest", digest, "kind", kind, "passed", passed, "report",
	                arena_cstr(cli->arena, text)),
	        &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	printf("evidence %lld: %s of snapshot %.12s in %s, handed in\n", (long long)json_count(answer, "id"),
	        kind, digest, environment);
	return OK;
}

// --- evidence list ---

Err verb_evidence_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 100000, 20, &limit));
	TRY(cli_list(cli, EVIDENCE, "ListEvidence", json_pack("{s:s}", "channel", cli->line.arguments[0]),
	        "evidence", (size_t)limit, &items));
	return print_items(cli, items,
	        "ID:id KIND:kind MEASURED-IN:environment GOOD:passed SNAPSHOT:digest AUTHOR:author "
	        "TIME:create_time "
	        "REPORT:report_digest");
}

// --- evidence load ---

// What is in the channel, if the command line does not say: its first audience level, all points, and the
// first event that does nothing but log a contact.
static Err list_of(Cli *cli, const ProtobufCServiceDescriptor *service, const char *method, const char *items,
        json_t **ret)
{
	return cli_list(
	        cli, service, method, json_pack("{s:s}", "channel", cli->line.arguments[0]), items, 0, ret);
}

static Err default_audience(Cli *cli, LoadPlan *plan)
{
	CLEANUP(json_decrefp_) json_t *levels = NULL;
	const json_t *level, *key;
	const char *text;
	size_t i;

	TRY(list_of(cli, &parley__design__v1__audience_level_service__descriptor, "ListAudienceLevels",
	        "audience_levels", &levels));
	level = json_array_get(levels, 0);
	if (!level)
		return err(ERR_FIELD_MISSING, "the channel has no audience level");
	text = arena_printf(cli->arena, "%s:", json_word(level, "name"));
	json_array_foreach(json_object_get(level, "keys"), i, key) text =
	        arena_printf(cli->arena, "%s%s%s=%s{n}", text, i ? "," : "", json_word(key, "name"),
	                strcmp(json_word(key, "type"), "INT") == 0 ? "" : "load-");
	plan->audience = text;
	return OK;
}

static Err default_points(Cli *cli, LoadPlan *plan)
{
	CLEANUP(json_decrefp_) json_t *points = NULL;
	const json_t *point;
	size_t i;

	TRY(list_of(cli, &parley__design__v1__interaction_point_service__descriptor, "ListInteractionPoints",
	        "interaction_points", &points));
	json_array_foreach(points, i, point) if (plan->point_count < POINTS_MAX)
	        plan->points[plan->point_count++] = arena_cstr(cli->arena, str(json_word(point, "name")));
	return plan->point_count ? OK : err(ERR_FIELD_MISSING, "the channel has no interaction point");
}

static Err default_contact(Cli *cli, LoadPlan *plan)
{
	CLEANUP(json_decrefp_) json_t *events = NULL;
	const json_t *event, *actions;
	size_t i;

	TRY(list_of(cli, &parley__design__v1__event_service__descriptor, "ListEvents", "events", &events));
	json_array_foreach(events, i, event)
	{
		actions = json_object_get(event, "actions");
		if (json_array_size(actions) != 1 ||
		        strcmp(json_word(json_array_get(actions, 0), "kind"), "LOG_CONTACT") != 0)
			continue;
		plan->contact = arena_cstr(cli->arena, str(json_word(event, "name")));
		break;
	}
	return OK;
}

static Err make_plan(Cli *cli, LoadPlan *plan)
{
	*plan = (LoadPlan){.channel = cli->line.arguments[0],
	        .audience = cli_option(cli, OPT_AUDIENCE),
	        .contact = cli_option(cli, OPT_CONTACT),
	        .points = ARENA_ARRAY(cli->arena, char *, POINTS_MAX)};
	TRY(cli_number(cli, OPT_RATE, 1, 100000, 200, &plan->rate));
	TRY(cli_number(cli, OPT_SECONDS, 1, 3600, 10, &plan->seconds));
	TRY(cli_number(cli, OPT_CONNECTIONS, 1, LOAD_CONNECTIONS_MAX, 16, &plan->connections));
	TRY(cli_number(cli, OPT_VISITORS, 1, 100000000, 10000, &plan->visitors));
	if (plan->rate * plan->seconds > LOAD_CALLS_MAX)
		return cli_usage(cli, "%lld calls are too many: at most %d",
		        (long long)(plan->rate * plan->seconds), LOAD_CALLS_MAX);
	for (const OptionValue *v = cli->line.options[OPT_POINT]; v && plan->point_count < POINTS_MAX;
	        v = v->next)
		plan->points[plan->point_count++] = arena_cstr(cli->arena, str(v->text));
	if (!plan->point_count)
		TRY(default_points(cli, plan));
	if (!plan->audience)
		TRY(default_audience(cli, plan));
	return plan->contact ? OK : default_contact(cli, plan);
}

static json_t *load_report(const LoadPlan *plan, const LoadResult *r)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I}", "tool",
	        "parley " PARLEY_VERSION, "rate", (json_int_t)plan->rate, "seconds",
	        (json_int_t)plan->seconds, "connections", (json_int_t)plan->connections, "calls",
	        (json_int_t)r->calls, "errors", (json_int_t)r->errors, "sessions", (json_int_t)r->sessions,
	        "contacts", (json_int_t)r->contacts, "throughput", r->throughput, "p50_us",
	        (json_int_t)r->p50_us, "p90_us", (json_int_t)r->p90_us, "p99_us", (json_int_t)r->p99_us,
	        "p999_us", (json_int_t)r->p999_us, "max_us", (json_int_t)r->max_us);
}

static void print_load(const LoadResult *r)
{
	printf("%lld calls (%lld sessions, %lld contacts), %lld failed, %.1f answered a second\n"
	       "latency from the intended start: p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max "
	       "%.2f "
	       "ms\n",
	        (long long)r->calls, (long long)r->sessions, (long long)r->contacts, (long long)r->errors,
	        r->throughput, (double)r->p50_us / 1e3, (double)r->p90_us / 1e3, (double)r->p99_us / 1e3,
	        (double)r->p999_us / 1e3, (double)r->max_us / 1e3);
	if (r->errors)
		printf("the first that failed: %s\n", r->error);
}

Err verb_evidence_load(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *report = NULL;
	LoadPlan plan;
	LoadResult result;

	TRY(make_plan(cli, &plan));
	TRY(load_run(cli, &plan, &result));
	if (cli->format == FORMAT_TABLE)
		print_load(&result);
	if (!result.digest[0])
		return err(ERR_EVIDENCE_INVALID, "no call for offers was answered: %s", result.error);
	if (result.changed)
		return err(ERR_EVIDENCE_INVALID, "another snapshot was activated meanwhile, so it says "
		                                 "nothing of one alone: repeat it when "
		                                 "the roll-out is complete");
	report = load_report(&plan, &result);
	return report ? hand_in(cli, "load", result.digest, result.errors == 0, report)
	              : err(ERR_NO_MEMORY, "no memory for the report");
}

// --- evidence scenarios ---

typedef struct Trial {
	json_t *results;
	const char *digest; // of the snapshot that answered
	size_t failed;
} Trial;

static Err try_scenario(Cli *cli, const json_t *scenario, Trial *trial)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *name = json_word(scenario, "name"), *wrong, *digest;
	json_t *request;

	TRY(scenario_request(cli, cli->line.arguments[0], scenario, &request));
	Err e = cli_interact(cli, "Recommend", request, &answer);
	if (e)
		return err_context(e, "scenario '%s'", name);
	digest = json_word(json_object_get(answer, "snapshot"), "digest");
	if (*trial->digest && strcmp(trial->digest, digest) != 0)
		return err(ERR_EVIDENCE_INVALID,
		        "another snapshot was activated meanwhile: repeat it when the "
		        "roll-out is complete");
	trial->digest = arena_cstr(cli->arena, str(digest));
	wrong = scenario_judge(cli, scenario, answer);
	trial->failed += *wrong != '\0';
	json_array_append_new(trial->results,
	        json_pack("{s:s, s:b, s:s}", "name", name, "passed", *wrong == '\0', "why", wrong));
	if (cli->format == FORMAT_TABLE)
		printf("%s  %s%s%s\n", *wrong ? "FAILED" : "passed", name, *wrong ? ": " : "", wrong);
	return OK;
}

Err verb_evidence_scenarios(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *scenarios = NULL;
	CLEANUP(json_decrefp_) json_t *report = NULL;
	Trial trial = {.digest = ""};
	const json_t *scenario;
	size_t i;

	TRY(scenarios_read(cli, 1, &scenarios));
	report = json_pack("{s:s, s:[]}", "tool", "parley " PARLEY_VERSION, "scenarios");
	trial.results = json_object_get(report, "scenarios");
	json_array_foreach(scenarios, i, scenario) TRY(try_scenario(cli, scenario, &trial));
	if (cli->format == FORMAT_TABLE)
		printf("%zu scenarios, %zu failed\n", json_array_size(scenarios), trial.failed);
	cli->exit_code = trial.failed ? EXIT_DIFFERENT : EXIT_OK;
	return hand_in(cli, "scenarios", trial.digest, trial.failed == 0, report);
}
