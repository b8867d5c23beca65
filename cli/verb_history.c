// What happened: history and audit.
#include "kind.h"
#include "output.h"
#include "parley/design/v1/audit.pb-c.h"
#include "parley/design/v1/history.pb-c.h"

#define HISTORY_COLUMNS                                                                                      \
	"TIME:time KIND:kind ENVIRONMENT:environment CHANNEL:channel SESSION:session_id "                    \
	"VISITOR:audience_id "                                                                               \
	"POINT:interaction_point OFFER:offer_code RULE:treatment_rule EVENT:event TREATMENT:treatment_code"

static void set_option(Cli *cli, json_t *request, const char *field, OptionId id)
{
	const char *value = cli_option(cli, id);

	if (value)
		json_object_set_new(request, field, json_string(value));
}

Err verb_history(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	json_t *request, *kinds = json_array();
	int64_t limit;

	for (const OptionValue *value = cli->line.options[OPT_KIND]; value; value = value->next)
		json_array_append_new(kinds, json_string(value->text));
	request = json_pack("{s:o}", "kinds", kinds);
	set_option(cli, request, "environment", OPT_ENV);
	set_option(cli, request, "channel", OPT_CHANNEL);
	set_option(cli, request, "session_id", OPT_SESSION);
	set_option(cli, request, "audience_id", OPT_VISITOR);
	Err e = cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &limit);

	if (e != OK) {
		json_decref(request);
		return e;
	}
	TRY(cli_list(cli, &parley__design__v1__history_service__descriptor, "ListHistory", request, "entries",
	        (size_t)limit, &items));
	return print_items(cli, items, HISTORY_COLUMNS);
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
	        cli, items, "TIME:time ACTOR:actor ACTION:action KIND:kind CHANNEL:channel NAME:name");
}
