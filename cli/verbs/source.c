// Source codes: source-codes issue, source-codes list.
#include "connect.h"
#include "output.h"
#include "parley/design/v1/source_code.pb-c.h"

#include <time.h>

#define SOURCE_CODES (&parley__design__v1__source_code_service__descriptor)
#define COLUMNS                                                                                              \
	"CODE:code LINK:link ENVIRONMENT:environment/5 CHANNEL:channel/3 OFFER:offer_code "                  \
	"CAMPAIGN:campaign/2 "                                                                               \
	"CELL:cell/4 ISSUED:issue_time/6 BY:issuer/7 EXPIRES:expire_time/1"

enum { ISSUED_AT_ONCE = 1000, ISSUED_MAX = 1000000, EXPIRES_DAYS = 3650 };

static void set_option(Cli *cli, json_t *request, const char *field, OptionId id)
{
	const char *value = cli_option(cli, id);

	if (value)
		json_object_set_new(request, field, json_string(value));
}

static Err issue_request(Cli *cli, json_t **ret)
{
	const char *channel, *offer, *environment;
	char text[32];
	int64_t expires_us;
	struct tm date;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(cli_need(cli, OPT_CHANNEL, &channel));
	TRY(cli_need(cli, OPT_OFFER_CODE, &offer));
	TRY(cli_duration_within(cli, OPT_EXPIRES, EXPIRES_DAYS, 0, &expires_us));
	*ret = json_pack(
	        "{s:s, s:s, s:s}", "environment", environment, "channel", channel, "offer_code", offer);
	set_option(cli, *ret, "campaign", OPT_CAMPAIGN);
	set_option(cli, *ret, "cell", OPT_CELL);
	if (expires_us) {
		time_t end = time(NULL) + (time_t)(expires_us / 1000000);

		gmtime_r(&end, &date);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &date);
		json_object_set_new(*ret, "expire_time", json_string(text));
	}
	return OK;
}

Err verb_source_codes_issue(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *codes = json_array();
	CLEANUP(json_decrefp_) json_t *request = NULL;
	int64_t count;

	TRY(cli_number(cli, OPT_HOW_MANY, 1, ISSUED_MAX, 1, &count));
	TRY(issue_request(cli, &request));
	while (count > 0) {
		CLEANUP(json_decrefp_) json_t *answer = NULL;
		int64_t now = count < ISSUED_AT_ONCE ? count : ISSUED_AT_ONCE;
		json_t *step = json_deep_copy(request);

		json_object_set_new(step, "count", json_integer(now));
		TRY(cli_call(cli, SERVER_DESIGN, SOURCE_CODES, "IssueSourceCodes", step, &answer));
		json_array_extend(codes, json_object_get(answer, "codes"));
		count -= now;
		cli_verbose(cli, "%zu issued", json_array_size(codes));
	}
	return print_items(cli, codes, COLUMNS);
}

Err verb_source_codes_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	json_t *request;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, ISSUED_MAX, 20, &limit));
	request = json_object();
	set_option(cli, request, "environment", OPT_ENV);
	set_option(cli, request, "channel", OPT_CHANNEL);
	set_option(cli, request, "offer_code", OPT_OFFER_CODE);
	if (cli->line.count)
		json_object_set_new(request, "code", json_string(cli->line.arguments[0]));
	TRY(cli_list(cli, SOURCE_CODES, "ListSourceCodes", request, "codes", (size_t)limit, &items));
	return print_items(cli, items, COLUMNS);
}
