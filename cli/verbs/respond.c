// Responses without a session: posting one to a runtime server, and what became of those that the design
// server could not match.
#include "connect.h"
#include "output.h"
#include "parley/design/v1/late_response.pb-c.h"
#include "resource/kind.h"
#include "touchpoint/interact.h"
#include "touchpoint/value.h"

#define COLUMNS                                                                                              \
	"ID:id RECEIVED:received/6 STATE:state/4 REASON:reason CODE-KIND:code_kind/7 CODE:code "             \
	"VISITOR:audience_id/1 "                                                                             \
	"RESPONSE:response TIME:time/2 TREATMENT:treatment_code/5 OFFER:offer_code/3 BY:changed_by/8"

static const ProtobufCServiceDescriptor *const orphans = &parley__design__v1__orphan_service__descriptor;

// --- posting ---

static Err put_code(Cli *cli, json_t *request)
{
	bool offer = cli_given(cli, OPT_OFFER), custom = cli_given(cli, OPT_CUSTOM);
	const char *audience = cli_option(cli, OPT_AUDIENCE);
	json_t *who;

	if (offer && custom)
		return cli_usage(cli, "a code is an offer's or a custom one, not both");
	if (offer && !audience)
		return cli_usage(cli, "with --offer say who responds: --audience LEVEL:KEY=VALUE");
	json_object_set_new(request,
	        offer    ? "offer_code"
	        : custom ? "custom_code"
	                 : "treatment_code",
	        json_string(cli->line.arguments[0]));
	if (!audience)
		return OK;
	Err e = audience_parse(str(audience), cli->arena, &who);
	cli->usage = e != OK;
	TRY(e);
	json_object_set_new(request, "audience", who);
	return OK;
}

static Err respond_request(Cli *cli, const char **ret_id, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = json_object();
	const char *channel, *time = cli_option(cli, OPT_TIME);

	TRY(cli_need(cli, OPT_CHANNEL, &channel));
	TRY(put_code(cli, request));
	*ret_id = cli_option(cli, OPT_EVENT_ID);
	if (!*ret_id)
		TRY(interact_id(cli, ret_id));
	json_object_set_new(request, "event_id", json_string(*ret_id));
	json_object_set_new(request, "channel", json_string(channel));
	json_object_set_new(request, "response", json_string(cli->line.arguments[1]));
	if (time)
		json_object_set_new(request, "time", json_string(time));
	*ret = STEAL(request);
	return OK;
}

static Err response_types(Cli *cli, json_t **ret)
{
	const Kind *kind;

	TRY(kind_need(cli, "outcome-type", &kind));
	return resource_list(cli, kind, STR(""), NULL, ret);
}

// A touchpoint's response is kept whatever it says, for its type may be made tomorrow; a person who mistypes
// one would make an orphan, and is told here.
static Err check_type(Cli *cli, const char *response)
{
	CLEANUP(json_decrefp_) json_t *types = NULL;
	const json_t *type;
	const char *known = "";
	size_t i;

	if (strcmp(response, "accept") == 0 || strcmp(response, "reject") == 0)
		return OK;
	if (response_types(cli, &types) != OK) {
		fprintf(stderr, "note: whether %s is an outcome type could not be asked: %s\n", response,
		        err_detail()->message);
		return OK;
	}
	json_array_foreach(types, i, type)
	{
		const char *name = json_string_value(json_object_get(type, "name"));

		if (name && strcmp(name, response) == 0)
			return OK;
		known = arena_printf(cli->arena, "%s%s%s", known, i ? ", " : "", name ? name : "");
	}
	return err_at(ERR_FIELD_INVALID, "response",
	        "there is no outcome type '%s', so the response would find nothing to match; there are: "
	        "%s; nothing was sent",
	        response, known);
}

Err verb_respond(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *id;
	json_t *request;

	TRY(check_type(cli, cli->line.arguments[1]));
	TRY(respond_request(cli, &id, &request));
	TRY(cli_interact(cli, "PostResponse", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	interact_notes(answer, "");
	printf("response %s, ID %s\n",
	        json_is_true(json_object_get(answer, "duplicate")) ? "was taken before; nothing changed"
	                                                           : "taken",
	        id);
	return OK;
}

// --- orphans ---

static Err set_state(Cli *cli, json_t *request)
{
	const char *state = cli_option(cli, OPT_KIND);

	if (cli_given(cli, OPT_ALL) && state)
		return cli_usage(cli, "--all is of every kind: leave one of the two out");
	if (!cli_given(cli, OPT_ALL))
		json_object_set_new(request, "state", json_string(state ? state : "orphan"));
	return OK;
}

static void set_option(const Cli *cli, json_t *request, const char *field, OptionId id)
{
	const char *value = cli_option(cli, id);

	if (value)
		json_object_set_new(request, field, json_string(value));
}

Err verb_orphans_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	CLEANUP(json_decrefp_) json_t *request = json_object();
	int64_t limit;

	TRY(set_state(cli, request));
	set_option(cli, request, "environment", OPT_ENV);
	set_option(cli, request, "channel", OPT_CHANNEL);
	set_option(cli, request, "reason", OPT_REASON);
	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &limit));
	TRY(cli_list(
	        cli, orphans, "ListLateResponses", STEAL(request), "late_responses", (size_t)limit, &items));
	return print_items(cli, items, COLUMNS);
}

// The environment, and the number that is the verb's first argument, if it has one.
static Err about(Cli *cli, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = json_object();
	const char *environment;
	int64_t id;

	TRY(cli_need(cli, OPT_ENV, &environment));
	json_object_set_new(request, "environment", json_string(environment));
	if (cli->line.count) {
		if (!str_to_i64(str(cli->line.arguments[0]), &id) || id < 1)
			return cli_usage(cli, "'%s' is no number of a late response", cli->line.arguments[0]);
		json_object_set_new(request, "id", json_integer(id));
	}
	*ret = STEAL(request);
	return OK;
}

static Err ask(Cli *cli, const char *method, json_t *request)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;

	TRY(cli_call(cli, SERVER_DESIGN, orphans, method, request, &answer));
	const json_t *response = json_object_get(answer, "late_response");
	return print_one(cli, response ? response : answer);
}

Err verb_orphans_show(Cli *cli)
{
	json_t *request;

	TRY(about(cli, &request));
	return ask(cli, "GetLateResponse", request);
}

Err verb_orphans_match(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *request = NULL;
	const char *treatment;

	TRY(cli_need(cli, OPT_TREATMENT, &treatment));
	TRY(about(cli, &request));
	json_object_set_new(request, "treatment_code", json_string(treatment));
	return ask(cli, "MatchLateResponse", STEAL(request));
}

Err verb_orphans_discard(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *request = NULL;
	bool all = cli_given(cli, OPT_ALL);

	if (all == (cli->line.count > 0))
		return cli_usage(cli, "name one by its number, or --all of a --reason");
	if (all != cli_given(cli, OPT_REASON))
		return cli_usage(cli, "--all and --reason belong together: all orphans that have the reason");
	TRY(about(cli, &request));
	set_option(cli, request, "reason", OPT_REASON);
	set_option(cli, request, "note", OPT_COMMENT);
	TRY(cli_call(cli, SERVER_DESIGN, orphans, "DiscardLateResponses", STEAL(request), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	const json_t *discarded = json_object_get(answer, "discarded");
	if (json_is_string(discarded))
		printf("discarded %s\n", json_string_value(discarded));
	else
		printf("discarded %lld\n", (long long)json_integer_value(discarded));
	return OK;
}
