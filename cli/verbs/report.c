// Reports: the design server counts; here its table becomes JSON, CSV, or one for people. A verb says what it
// asks for when nothing else is said, and what its charts are of.
#include "history/report.h"
#include "base/clock.h"
#include "connect.h"
#include "moment.h"
#include "output.h"
#include "wire/timestamp.h"

typedef Parley__Design__V1__ReportRow Row;
typedef Parley__Design__V1__ReportValue Value;
typedef Parley__Design__V1__RunReportRequest Request;
typedef Parley__Design__V1__RunReportResponse Response;

#define KIND(name)  PARLEY__DESIGN__V1__REPORT_KIND__REPORT_KIND_##name
#define VALUE(name) PARLEY__DESIGN__V1__REPORT_VALUE__VALUE_##name

typedef struct Report {
	Parley__Design__V1__ReportKind kind;
	const char *by; // without --by
	ReportCharts charts;
} Report;

// --- what is asked ---

static const char *option_or(Cli *cli, OptionId id, const char *fallback)
{
	const char *text = cli_option(cli, id);

	return text ? text : fallback;
}

static Err split_by(Cli *cli, const char *text, Request *request)
{
	request->by = ARENA_ARRAY(cli->arena, char *, strlen(text) + 1);
	if (!request->by)
		return err(ERR_NO_MEMORY, "no memory for a report");
	while (*text) {
		size_t len = strcspn(text, ",");

		request->by[request->n_by++] = arena_cstr(cli->arena, str_n(text, len));
		text += len + (text[len] == ',');
	}
	return OK;
}

static Err set_moment(
        Cli *cli, OptionId id, Google__Protobuf__Timestamp *time, Google__Protobuf__Timestamp **ret)
{
	int64_t us;

	if (!cli_given(cli, id))
		return OK;
	TRY(cli_moment(cli, id, 0, &us));
	wire_timestamp_set(time, us);
	*ret = time;
	return OK;
}

static Err ask(Cli *cli, const Report *report, Response **ret)
{
	Request request = PARLEY__DESIGN__V1__RUN_REPORT_REQUEST__INIT;
	Google__Protobuf__Timestamp since, until;
	ProtobufCMessage *answer;
	int64_t version, limit;

	TRY(cli_number(cli, OPT_VERSION, 1, INT64_MAX, 0, &version));
	TRY(cli_number(cli, OPT_LIMIT, 1, 10000, 0, &limit));
	TRY(set_moment(cli, OPT_SINCE, &since, &request.since));
	TRY(set_moment(cli, OPT_UNTIL, &until, &request.until));
	TRY(split_by(cli, option_or(cli, OPT_BY, report->by), &request));
	request.kind = report->kind;
	request.environment = (char *)(uintptr_t)option_or(cli, OPT_ENV, "");
	request.channel = (char *)(uintptr_t)option_or(cli, OPT_CHANNEL, "");
	request.zone = (char *)(uintptr_t)option_or(cli, OPT_ZONE, "");
	request.campaign = (char *)(uintptr_t)option_or(cli, OPT_CAMPAIGN, "");
	request.offer_code = (char *)(uintptr_t)option_or(cli, OPT_OFFER_CODE, "");
	request.segment = (char *)(uintptr_t)option_or(cli, OPT_SEGMENT, "");
	request.snapshot_version = (uint64_t)version;
	request.limit = (int32_t)limit;
	TRY(cli_ask(cli, SERVER_DESIGN, &parley__design__v1__report_service__descriptor, "RunReport",
	        &request.base, cli->arena, &answer));
	*ret = (Response *)answer;
	return OK;
}

// --- as JSON ---

static json_t *value_json(const Value *value)
{
	switch (value->value_case) {
	case VALUE(TEXT):
		return json_string(value->text);
	case VALUE(COUNT):
		return json_integer((json_int_t)value->count);
	case VALUE(NUMBER):
		return json_real(value->number);
	default:
		return json_null();
	}
}

static json_t *row_json(const Response *response, const Row *row, bool day)
{
	size_t skipped = day ? report_dimensions(response) : 0;
	json_t *json = json_object();

	for (size_t i = 0; row && i < row->n_values; i++) {
		size_t column = i + skipped - (day && i > 0);

		if (day && i == 0)
			json_object_set_new(json, "day", value_json(row->values[i]));
		else if (column < response->n_columns)
			json_object_set_new(
			        json, response->columns[column]->name, value_json(row->values[i]));
	}
	return json;
}

static json_t *rows_json(const Response *response, Row *const *rows, size_t count, bool day)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, row_json(response, rows[i], day));
	return list;
}

static json_t *time_json(const Google__Protobuf__Timestamp *time)
{
	char text[TIME_TEXT_SIZE] = "";

	if (time)
		time_format(time->seconds * US_PER_S + time->nanos / 1000, text);
	return json_string(text);
}

static Err print_whole(Cli *cli, const Response *response)
{
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:o, s:o, s:s, s:I, s:o, s:o, s:o}", "since", time_json(response->since),
	        "until", time_json(response->until), "time_zone", "UTC", "row_count",
	        (json_int_t)response->row_count, "rows",
	        rows_json(response, response->rows, response->n_rows, false), "total",
	        row_json(response, response->total, false), "days",
	        rows_json(response, response->days, response->n_days, true));

	return print_json(cli, json);
}

static Err print_rows(Cli *cli, const Response *response)
{
	CLEANUP(json_decrefp_) json_t *rows = rows_json(response, response->rows, response->n_rows, false);
	const char *names = "";

	for (size_t i = 0; i < response->n_columns; i++)
		names = arena_printf(cli->arena, "%s%s%s:%s", names, i ? " " : "", response->columns[i]->name,
		        response->columns[i]->name);
	return print_csv(cli, rows, names);
}

static Err run(Cli *cli, const Report *report)
{
	Response *response;

	TRY(ask(cli, report, &response));
	if (cli->format == FORMAT_CSV)
		return print_rows(cli, response);
	return cli->format == FORMAT_TABLE ? report_print(cli, &report->charts, response)
	                                   : print_whole(cli, response);
}

// --- the verbs ---

Err verb_report_funnel(Cli *cli)
{
	static const Report report = {
	        KIND(FUNNEL), "channel,zone", {"recommended", {"recommended", "shown", "accepted"}}};

	return run(cli, &report);
}

Err verb_report_offers(Cli *cli)
{
	static const Report report = {
	        KIND(FUNNEL), "offer", {"acceptance", {"shown", "accepted", "acceptance"}}};

	return run(cli, &report);
}

Err verb_report_campaigns(Cli *cli)
{
	static const Report report = {
	        KIND(FUNNEL), "campaign,cell", {"acceptance", {"shown", "accepted", "acceptance"}}};

	return run(cli, &report);
}

Err verb_report_control(Cli *cli)
{
	static const Report report = {
	        KIND(CONTROL), "campaign,cell", {"difference", {"target", "control", "target_accepted"}}};

	return run(cli, &report);
}

Err verb_report_responses(Cli *cli)
{
	static const Report report = {KIND(RESPONSES), "offer", {"responses", {"responses"}}};

	return run(cli, &report);
}

Err verb_report_activity(Cli *cli)
{
	static const Report report = {
	        KIND(ACTIVITY), "day", {"answers", {"sessions", "answers", "contacts"}}};

	return run(cli, &report);
}
