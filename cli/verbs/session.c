// What a touchpoint does, by hand: sessions and events; and the version of programs.
#include "connect.h"
#include "output.h"
#include "touchpoint/explain.h"
#include "touchpoint/interact.h"
#include "touchpoint/value.h"

static void print_segments(FILE *to, const json_t *answer)
{
	const json_t *segment;
	size_t i;

	fputs("segments:", to);
	json_array_foreach(json_object_get(answer, "segments"), i, segment)
	        fprintf(to, " %s", json_string_value(segment));
	fprintf(to, "%s\n", i ? "" : " none");
}

static void print_session(const char *id, const json_t *answer)
{
	const json_t *snapshot = json_object_get(answer, "snapshot");

	puts(id);
	fprintf(stderr, "%s under version %lld; ",
	        json_is_true(json_object_get(answer, "resumed")) ? "resumed" : "opened",
	        (long long)json_integer_value(json_object_get(snapshot, "version")));
	print_segments(stderr, answer);
	interact_notes(answer, "");
}

static Err audience(Cli *cli, json_t *request)
{
	const char *text;
	json_t *who;
	Err e;

	TRY(cli_need(cli, OPT_AUDIENCE, &text));
	e = audience_parse(str(text), cli->arena, &who);
	cli->usage = e != OK;
	TRY(e);
	json_object_set_new(request, "audience", who);
	return OK;
}

static Err start_request(Cli *cli, const char **ret_id, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = json_object();
	const char *channel;

	TRY(cli_need(cli, OPT_CHANNEL, &channel));
	TRY(audience(cli, request));
	if (cli->line.count)
		*ret_id = cli->line.arguments[0];
	else
		TRY(interact_id(cli, ret_id));
	json_object_set_new(request, "session_id", json_string(*ret_id));
	json_object_set_new(request, "channel", json_string(channel));
	TRY(interact_values(cli, OPT_SET, "parameters", request));
	TRY(interact_number(cli, request));
	*ret = STEAL(request);
	return OK;
}

Err verb_session_start(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *id;
	json_t *request;

	TRY(start_request(cli, &id, &request));
	TRY(cli_interact(cli, "StartSession", request, &answer));
	json_object_set_new(answer, "session_id", json_string(id));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	print_session(id, answer);
	return OK;
}

Err verb_session_end(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;

	TRY(interact_request(cli, &request));
	TRY(cli_interact(cli, "EndSession", request, &answer));
	interact_notes(answer, "");
	printf("session %s closed\n", cli->line.arguments[0]);
	return OK;
}

// {"string_value": "gold"} to "gold", {"strings_value": {"values": [...]}} to the list; NULL if there is
// none.
static json_t *bare_value(const json_t *value)
{
	json_t *bare = json_object_iter_value(json_object_iter((json_t *)value));

	return json_is_object(bare) ? json_object_get(bare, "values") : bare;
}

static Err print_trace(Cli *cli, const json_t *answer)
{
	CLEANUP(json_decrefp_) json_t *rows = explain_segments(json_object_get(answer, "trace"));

	if (!json_array_size(rows))
		return OK;
	puts("\nHow the segments came about, in this order:");
	return print_table(cli, rows, "FLOW:flow STEP:step WHAT:what WHY:why");
}

static Err print_profile(Cli *cli, const json_t *answer)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *attribute;
	size_t i;

	json_array_foreach(json_object_get(answer, "attributes"), i, attribute) json_array_append_new(
	        rows, json_pack("{s:O, s:O*, s:O}", "name", json_object_get(attribute, "name"), "value",
	                      bare_value(json_object_get(attribute, "value")), "source",
	                      json_object_get(attribute, "source")));
	interact_notes(answer, "");
	printf("%s %s%s; ", json_string_value(json_object_get(answer, "audience_level")),
	        json_string_value(json_object_get(answer, "audience_id")),
	        json_is_true(json_object_get(answer, "debug")) ? ", debugged" : "");
	print_segments(stdout, answer);
	TRY(print_table(cli, rows, "ATTRIBUTE:name VALUE:value SOURCE:source"));
	return cli_given(cli, OPT_EXPLAIN) ? print_trace(cli, answer) : OK;
}

Err verb_session_profile(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;

	TRY(interact_request(cli, &request));
	json_object_set_new(request, "explain", json_boolean(cli_given(cli, OPT_EXPLAIN)));
	TRY(cli_interact(cli, "GetProfile", request, &answer));
	return cli->format == FORMAT_TABLE ? print_profile(cli, answer) : print_json(cli, answer);
}

static Err audience_request(Cli *cli, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = NULL;

	TRY(interact_request(cli, &request));
	TRY(audience(cli, request));
	TRY(interact_values(cli, OPT_SET, "parameters", request));
	*ret = STEAL(request);
	return OK;
}

Err verb_session_audience(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;

	TRY(audience_request(cli, &request));
	TRY(cli_interact(cli, "SetAudience", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	interact_notes(answer, "");
	printf("session %s is %s's; ", cli->line.arguments[0], cli_option(cli, OPT_AUDIENCE));
	print_segments(stdout, answer);
	return OK;
}

Err verb_session_debug(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *state = cli->line.arguments[1];
	bool on = strcmp(state, "on") == 0;
	json_t *request;

	if (!on && strcmp(state, "off") != 0)
		return cli_usage(cli, "'%s' is neither on nor off", state);
	TRY(interact_request(cli, &request));
	json_object_set_new(request, "debug", json_boolean(on));
	TRY(cli_interact(cli, "SetDebug", request, &answer));
	interact_notes(answer, "");
	printf("session %s explains %s\n", cli->line.arguments[0], on ? "every answer" : "when asked to");
	return OK;
}

Err verb_event(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *request = NULL;
	const char *id = cli_option(cli, OPT_EVENT_ID), *treatment = cli_option(cli, OPT_TREATMENT);

	if (!id)
		TRY(interact_id(cli, &id));
	TRY(interact_request(cli, &request));
	json_object_set_new(request, "event", json_string(cli->line.arguments[1]));
	json_object_set_new(request, "event_id", json_string(id));
	if (treatment)
		json_object_set_new(request, "treatment_code", json_string(treatment));
	TRY(interact_values(cli, OPT_SET, "parameters", request));
	TRY(cli_interact(cli, "PostEvent", json_incref(request), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	interact_notes(answer, "");
	printf("event %s %s, ID %s\n", cli->line.arguments[1],
	        json_is_true(json_object_get(answer, "duplicate")) ? "was taken before; nothing changed"
	                                                           : "taken",
	        id);
	return OK;
}

Err verb_version(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;

	if (!cli_given(cli, OPT_ENV) && !cli_given(cli, OPT_RUNTIME)) {
		puts("parley " PARLEY_VERSION);
		return OK;
	}
	TRY(cli_interact(cli, "GetVersion", json_object(), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	printf("parley-runtime %s, %s in %s, incarnation %lld\n",
	        json_string_value(json_object_get(answer, "program_version")),
	        json_string_value(json_object_get(answer, "runtime_id")),
	        json_string_value(json_object_get(answer, "environment")),
	        (long long)json_integer_value(json_object_get(answer, "incarnation")));
	return print_table(
	        cli, json_object_get(answer, "snapshots"), "CHANNEL:channel VERSION:version DIGEST:digest");
}
