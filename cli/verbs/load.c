// load: a runtime server driven as touchpoints drive it, and what was measured handed in for gates; and mixes
// from the history to drive it by.
#include "load/load.h"
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "release/deployment.h"
#include "release/evidence.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"

#define LOAD_COLUMNS                                                                                         \
	"CALL:call CALLS:calls P50_MS:p50_ms P90_MS:p90_ms P99_MS:p99_ms P99.9_MS:p999_ms MAX_MS:max_ms"

// --- what is in the channel, if the command line does not say ---

static Err list_of(Cli *cli, const ProtobufCServiceDescriptor *service, const char *method, const char *items,
        json_t **ret)
{
	return cli_list(
	        cli, service, method, json_pack("{s:s}", "channel", cli->line.arguments[0]), items, 0, ret);
}

static Err default_audience(Cli *cli, const char **ret)
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
	*ret = text;
	return OK;
}

static Err default_points(Cli *cli, char **points, size_t *ret_count)
{
	CLEANUP(json_decrefp_) json_t *list = NULL;
	const json_t *point;
	size_t i;

	TRY(list_of(cli, &parley__design__v1__interaction_point_service__descriptor, "ListInteractionPoints",
	        "interaction_points", &list));
	json_array_foreach(list, i, point) if (*ret_count < MIX_POINTS_MAX) points[(*ret_count)++] =
	        arena_cstr(cli->arena, str(json_word(point, "name")));
	return *ret_count ? OK
	                  : err(ERR_RESOURCE_NOT_FOUND,
	                            "there is no channel %s, or it has no interaction point: parley get "
	                            "channels",
	                            cli->line.arguments[0]);
}

// The first event that does nothing but log a contact.
static Err default_contact(Cli *cli, const char **ret)
{
	CLEANUP(json_decrefp_) json_t *events = NULL;
	const json_t *event, *actions;
	size_t i;

	TRY(list_of(cli, &parley__design__v1__event_service__descriptor, "ListEvents", "events", &events));
	json_array_foreach(events, i, event)
	{
		actions = json_object_get(event, "actions");
		if (json_array_size(actions) == 1 &&
		        strcmp(json_word(json_array_get(actions, 0), "kind"), "LOG_CONTACT") == 0) {
			*ret = arena_cstr(cli->arena, str(json_word(event, "name")));
			break;
		}
	}
	return OK;
}

static Err made_up(Cli *cli, Mix *ret)
{
	CLEANUP(json_decrefp_) json_t *document = NULL;
	char **points = ARENA_ARRAY(cli->arena, char *, MIX_POINTS_MAX);
	const char *contact = cli_option(cli, OPT_CONTACT);
	size_t count = 0;

	for (const OptionValue *v = cli->line.options[OPT_POINT]; v && count < MIX_POINTS_MAX; v = v->next)
		points[count++] = arena_cstr(cli->arena, str(v->text));
	if (!count)
		TRY(default_points(cli, points, &count));
	if (!contact)
		TRY(default_contact(cli, &contact));
	document = mix_made_up(points, count, contact);
	return mix_parse(cli, document, "the made-up mix", ret);
}

static Err make_plan(Cli *cli, LoadPlan *plan)
{
	const char *mix = cli_option(cli, OPT_MIX);
	int64_t seed;

	*plan = (LoadPlan){.channel = cli->line.arguments[0], .audience = cli_option(cli, OPT_AUDIENCE)};
	TRY(cli_number(cli, OPT_RATE, 1, 100000, 200, &plan->rate));
	TRY(cli_number(cli, OPT_SECONDS, 1, 86400, 10, &plan->seconds));
	TRY(cli_number(cli, OPT_CONNECTIONS, 1, LOAD_CONNECTIONS_MAX, 16, &plan->connections));
	TRY(cli_number(cli, OPT_VISITORS, 1, 100000000, 10000, &plan->visitors));
	TRY(cli_number(cli, OPT_SEED, 0, INT64_MAX, clock_now_us(clock_system()), &seed));
	plan->seed = (uint64_t)seed;
	if (plan->rate * plan->seconds > LOAD_CALLS_MAX)
		return cli_usage(cli, "%lld calls are too many: at most %d",
		        (long long)(plan->rate * plan->seconds), LOAD_CALLS_MAX);
	if (mix && (cli_given(cli, OPT_POINT) || cli_given(cli, OPT_CONTACT)))
		return cli_usage(
		        cli, "--mix says what is asked and posted: --point and --contact do not go with it");
	TRY(mix ? mix_read(cli, mix, &plan->mix) : made_up(cli, &plan->mix));
	return plan->audience ? OK : default_audience(cli, &plan->audience);
}

// --- what is told ---

static json_t *timing_json(const Timing *timing)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "calls", (json_int_t)timing->count, "p50_us",
	        (json_int_t)timing_percentile(timing, .5), "p90_us",
	        (json_int_t)timing_percentile(timing, .9), "p99_us",
	        (json_int_t)timing_percentile(timing, .99), "p999_us",
	        (json_int_t)timing_percentile(timing, .999), "max_us", (json_int_t)timing->max_us);
}

static json_t *load_report(const Cli *cli, const LoadPlan *plan, const LoadResult *r)
{
	json_t *report = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "tool",
	        "parley " PARLEY_VERSION, "mix",
	        cli_given(cli, OPT_MIX) ? cli_option(cli, OPT_MIX) : "made up", "rate",
	        (json_int_t)plan->rate, "seconds", (json_int_t)plan->seconds, "connections",
	        (json_int_t)plan->connections, "seed", (json_int_t)plan->seed, "errors",
	        (json_int_t)r->errors, "sessions", (json_int_t)r->sessions, "cut_off", (json_int_t)r->cut_off,
	        "throughput", r->throughput);
	json_t *by = json_object();

	json_object_update_new(report, timing_json(&r->all));
	for (int i = 0; i < LOAD_CALL_KINDS; i++)
		if (r->by[i].count)
			json_object_set_new(by, load_call_name((LoadCall)i), timing_json(&r->by[i]));
	json_object_set_new(report, "by_call", by);
	return report;
}

static const char *ms(Cli *cli, const Timing *timing, double share)
{
	return arena_printf(cli->arena, "%.2f", (double)timing_percentile(timing, share) / 1e3);
}

static void add_line(Cli *cli, const char *name, const Timing *timing, json_t *lines)
{
	json_array_append_new(lines, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "call", name, "calls",
	                                     (json_int_t)timing->count, "p50_ms", ms(cli, timing, .5),
	                                     "p90_ms", ms(cli, timing, .9), "p99_ms", ms(cli, timing, .99),
	                                     "p999_ms", ms(cli, timing, .999), "max_ms", ms(cli, timing, 1)));
}

static Err print_load(Cli *cli, const LoadResult *r)
{
	CLEANUP(json_decrefp_) json_t *lines = json_array();

	for (int i = 0; i < LOAD_CALL_KINDS; i++)
		if (r->by[i].count)
			add_line(cli, load_call_name((LoadCall)i), &r->by[i], lines);
	add_line(cli, "all", &r->all, lines);
	TRY(print_table(cli, lines, LOAD_COLUMNS));
	printf("\n%lld calls of %lld sessions, %lld failed, %.1f answered a second", (long long)r->calls,
	        (long long)r->sessions, (long long)r->errors, r->throughput);
	if (r->cut_off)
		printf("; %lld sessions were under way at the end", (long long)r->cut_off);
	putchar('\n');
	if (r->errors)
		printf("the first that failed: %s\n", r->error);
	return OK;
}

// --- the verbs ---

Err verb_load(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *report = NULL;
	LoadPlan plan;
	LoadResult *result = ARENA_NEW(cli->arena, LoadResult);

	if (!result)
		return err(ERR_NO_MEMORY, "no memory for the load");
	TRY(make_plan(cli, &plan));
	TRY(load_run(cli, &plan, result));
	report = load_report(cli, &plan, result);
	if (cli->format == FORMAT_TABLE)
		TRY(print_load(cli, result));
	if (cli_given(cli, OPT_NO_EVIDENCE))
		return cli->format == FORMAT_TABLE ? OK : print_json(cli, report);
	if (!result->digest[0])
		return err(ERR_EVIDENCE_INVALID, "no call for offers was answered: %s", result->error);
	if (result->changed)
		return err(ERR_EVIDENCE_INVALID, "another snapshot was activated meanwhile, so it says "
		                                 "nothing of one alone: repeat it when "
		                                 "the roll-out is complete");
	return evidence_hand_in(cli, "load", result->digest, result->errors == 0, report);
}

Err verb_load_mix(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *document = NULL;
	int64_t entries;
	Str text;

	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20000, &entries));
	TRY(mix_of_history(cli, cli->line.arguments[0], entries, &document));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, document);
	TRY(json_to_yaml(document, cli->arena, &text));
	fwrite(text.ptr, 1, text.len, stdout);
	return OK;
}
