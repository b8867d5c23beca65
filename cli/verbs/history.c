// What happened: history and audit.
#include "moment.h"
#include "output.h"
#include "parley/design/v1/audit.pb-c.h"
#include "parley/design/v1/history.pb-c.h"
#include "plan/submitted.h"
#include "resource/kind.h"

#define HISTORY_COLUMNS                                                                                      \
	"TIME:time KIND:kind ENVIRONMENT:environment/6 CHANNEL:channel/5 SESSION:session_id/8 "              \
	"VISITOR:audience_id "                                                                               \
	"POINT:interaction_point/1 OFFER:offer_code RULE:treatment_rule/9 EVENT:event/2 "                    \
	"TREATMENT:treatment_code/3 "                                                                        \
	"DECISION:decision_id/7 PLAN:plan/4"

#define HISTORY_CSV                                                                                          \
	"TIME:time KIND:kind ENVIRONMENT:environment CHANNEL:channel SESSION:session_id "                    \
	"LEVEL:audience_level "                                                                              \
	"VISITOR:audience_id POINT:interaction_point OFFER:offer_code RULE:treatment_rule SEGMENT:segment "  \
	"CAMPAIGN:campaign CELL:cell ORIGIN:origin SCORE:score TREATMENT:treatment_code "                    \
	"DECISION:decision_id EVENT:event "                                                                  \
	"ID:event_id "                                                                                       \
	"RESPONSE:response CAUSE:cause_event_id OTHER-LEVEL:treatment_audience_level "                       \
	"OTHER-VISITOR:treatment_audience_id VERSION:snapshot_version RUNTIME:runtime_id PLAN:plan"

static void set_option(Cli *cli, json_t *request, const char *field, OptionId id)
{
	const char *value = cli_option(cli, id);

	if (value)
		json_object_set_new(request, field, json_string(value));
}

static Err history_request(Cli *cli, json_t *request)
{
	json_t *kinds = json_array();

	for (const OptionValue *value = cli->line.options[OPT_KIND]; value; value = value->next)
		json_array_append_new(kinds, json_string(value->text));
	json_object_set_new(request, "kinds", kinds);
	set_option(cli, request, "environment", OPT_ENV);
	set_option(cli, request, "channel", OPT_CHANNEL);
	set_option(cli, request, "session_id", OPT_SESSION);
	set_option(cli, request, "audience_id", OPT_VISITOR);
	set_option(cli, request, "offer_code", OPT_OFFER_CODE);
	set_option(cli, request, "treatment_code", OPT_TREATMENT);
	set_option(cli, request, "event", OPT_EVENT);
	if (cli_given(cli, OPT_PLAN)) {
		const char *source;

		TRY(submitted_source(cli, cli_option(cli, OPT_PLAN), &source));
		json_object_set_new(request, "plan", json_string(source));
	}
	TRY(cli_moment_field(cli, OPT_SINCE, "since", request));
	return cli_moment_field(cli, OPT_UNTIL, "until", request);
}

Err verb_history(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	CLEANUP(json_decrefp_) json_t *request = json_object();
	int64_t limit;

	TRY(history_request(cli, request));
	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &limit));
	TRY(cli_list(cli, &parley__design__v1__history_service__descriptor, "ListHistory",
	        json_incref(request), "entries", (size_t)limit, &items));
	return print_items(cli, items, cli->format == FORMAT_CSV ? HISTORY_CSV : HISTORY_COLUMNS);
}

Err verb_audit(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	const Kind *kind = cli->line.count ? kind_find(str(cli->line.arguments[0])) : NULL;
	json_t *request;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &limit));
	request = json_object();
	if (cli->line.count) // a kind of resource however spelled; the audit has others too, such as User
		json_object_set_new(request, "kind", json_string(kind ? kind->name : cli->line.arguments[0]));
	if (cli->line.count > 1)
		json_object_set_new(request, "name", json_string(cli->line.arguments[1]));
	set_option(cli, request, "channel", OPT_CHANNEL);
	TRY(cli_list(cli, &parley__design__v1__audit_service__descriptor, "ListAuditEntries", request,
	        "entries", (size_t)limit, &items));
	return print_items(
	        cli, items, "TIME:time ACTOR:actor ACTION:action KIND:kind CHANNEL:channel/5 NAME:name");
}
