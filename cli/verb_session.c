// What a touchpoint does, by hand: sessions, offers, events; and the version of programs.
#include "connect.h"
#include "output.h"
#include "value.h"

#include <stdlib.h>
#include <sys/random.h>

enum { POINTS_MAX = 16 };

// A fresh ID that nobody else has: 16 random bytes.
static Err fresh_id(Cli *cli, const char **ret)
{
	uint8_t bytes[16];
	char hex[2 * sizeof bytes + 1];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_errno(ERR_INTERNAL, "no random bytes");
	hex_encode(bytes, sizeof bytes, hex);
	*ret = arena_cstr(cli->arena, str(hex));
	return OK;
}

static Err parameters(Cli *cli, json_t *request)
{
	json_t *list = json_array();

	json_object_set_new(request, "parameters", list);
	for (const OptionValue *value = cli->line.options[OPT_SET]; value; value = value->next) {
		json_t *named;
		Err e = named_value_parse(str(value->text), cli->arena, &named);

		cli->usage = e != OK;
		TRY(e);
		json_array_append_new(list, named);
	}
	return OK;
}

// The call's number, if one is given.
static Err numbered(Cli *cli, json_t *request)
{
	int64_t sequence;

	TRY(cli_number(cli, OPT_SEQUENCE, 1, INT64_MAX, 0, &sequence));
	json_object_set_new(request, "sequence", json_integer(sequence));
	return OK;
}

// A request about the session that is the verb's first argument.
static Err session_request(Cli *cli, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = json_pack("{s:s}", "session_id", cli->line.arguments[0]);

	TRY(numbered(cli, request));
	*ret = STEAL(request);
	return OK;
}

static void print_advisories(const json_t *holder, const char *about)
{
	const json_t *advisory;
	size_t i;

	json_array_foreach(json_object_get(holder, "advisories"), i, advisory)
	        fprintf(stderr, "note: %s%s%s: %s\n", about, *about ? ": " : "",
	                json_string_value(json_object_get(advisory, "code")),
	                json_string_value(json_object_get(advisory, "message")));
}

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
	print_advisories(answer, "");
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
		TRY(fresh_id(cli, ret_id));
	json_object_set_new(request, "session_id", json_string(*ret_id));
	json_object_set_new(request, "channel", json_string(channel));
	TRY(parameters(cli, request));
	TRY(numbered(cli, request));
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

	TRY(session_request(cli, &request));
	TRY(cli_interact(cli, "EndSession", request, &answer));
	print_advisories(answer, "");
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

static Err print_profile(Cli *cli, const json_t *answer)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *attribute;
	size_t i;

	json_array_foreach(json_object_get(answer, "attributes"), i, attribute) json_array_append_new(
	        rows, json_pack("{s:O, s:O*, s:O}", "name", json_object_get(attribute, "name"), "value",
	                      bare_value(json_object_get(attribute, "value")), "source",
	                      json_object_get(attribute, "source")));
	print_advisories(answer, "");
	printf("%s %s%s; ", json_string_value(json_object_get(answer, "audience_level")),
	        json_string_value(json_object_get(answer, "audience_id")),
	        json_is_true(json_object_get(answer, "debug")) ? ", debugged" : "");
	print_segments(stdout, answer);
	return print_table(cli, rows, "ATTRIBUTE:name VALUE:value SOURCE:source");
}

Err verb_session_profile(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;

	TRY(session_request(cli, &request));
	TRY(cli_interact(cli, "GetProfile", request, &answer));
	return cli->format == FORMAT_TABLE ? print_profile(cli, answer) : print_json(cli, answer);
}

static Err audience_request(Cli *cli, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = NULL;

	TRY(session_request(cli, &request));
	TRY(audience(cli, request));
	TRY(parameters(cli, request));
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
	print_advisories(answer, "");
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
	TRY(session_request(cli, &request));
	json_object_set_new(request, "debug", json_boolean(on));
	TRY(cli_interact(cli, "SetDebug", request, &answer));
	print_advisories(answer, "");
	printf("session %s explains %s\n", cli->line.arguments[0], on ? "every answer" : "when asked to");
	return OK;
}

// One row an offer or candidate, with its point; a default content is a row too.
static json_t *rows_of(const json_t *points, const char *list)
{
	json_t *rows = json_array(), *point, *item;
	size_t i, j;

	json_array_foreach(points, i, point)
	{
		json_array_foreach(json_object_get(point, list), j, item)
		{
			json_t *row =
			        json_pack("{s:O}", "point", json_object_get(point, "interaction_point"));

			json_object_update(row, item);
			json_array_append_new(rows, row);
		}
		if (j == 0 && strcmp(list, "offers") == 0)
			json_array_append_new(rows, json_pack("{s:O, s:s, s:O*}", "point",
			                                    json_object_get(point, "interaction_point"),
			                                    "offer_code", "(default)", "offer_name",
			                                    json_object_get(point, "default_content")));
	}
	return rows;
}

static Err print_offers(Cli *cli, const json_t *answer)
{
	const json_t *points = json_object_get(answer, "points");
	CLEANUP(json_decrefp_) json_t *offers = rows_of(points, "offers");
	CLEANUP(json_decrefp_) json_t *candidates = rows_of(points, "candidates");
	const json_t *point;
	size_t i;

	print_advisories(answer, "");
	json_array_foreach(points, i, point)
	        print_advisories(point, json_string_value(json_object_get(point, "interaction_point")));
	TRY(print_table(cli, offers,
	        "POINT:point OFFER:offer_code NAME:offer_name SCORE:score TREATMENT:treatment_code"));
	if (!json_array_size(candidates))
		return OK;
	puts("\nWhy:");
	return print_table(cli, candidates,
	        "POINT:point OFFER:offer_code RULE:treatment_rule SEGMENT:segment SCORE:score REASON:reason "
	        "EXPRESSION:predicate");
}

Err verb_offers(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *request = NULL;
	json_t *points;
	int64_t max;

	TRY(session_request(cli, &request));
	points = json_array();
	json_object_set_new(request, "points", points);
	json_object_set_new(request, "explain", json_boolean(cli_given(cli, OPT_EXPLAIN)));
	TRY(cli_number(cli, OPT_MAX, 1, 100, 1, &max));
	for (size_t i = 1; i < cli->line.count && i <= POINTS_MAX; i++)
		json_array_append_new(points, json_pack("{s:s, s:I}", "interaction_point",
		                                      cli->line.arguments[i], "max_offers", (json_int_t)max));
	TRY(cli_interact(cli, "GetOffers", json_incref(request), &answer));
	return cli->format == FORMAT_TABLE ? print_offers(cli, answer) : print_json(cli, answer);
}

Err verb_event(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *request = NULL;
	const char *id = cli_option(cli, OPT_EVENT_ID), *treatment = cli_option(cli, OPT_TREATMENT);

	if (!id)
		TRY(fresh_id(cli, &id));
	TRY(session_request(cli, &request));
	json_object_set_new(request, "event", json_string(cli->line.arguments[1]));
	json_object_set_new(request, "event_id", json_string(id));
	if (treatment)
		json_object_set_new(request, "treatment_code", json_string(treatment));
	TRY(parameters(cli, request));
	TRY(cli_interact(cli, "PostEvent", json_incref(request), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	print_advisories(answer, "");
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
