// Reports: the design server counts; here its table becomes one for people, JSON, or CSV. A verb is a row of
// `reports`: what it asks for when nothing else is said, and what its charts are of.
#include "base/clock.h"
#include "chart.h"
#include "connect.h"
#include "moment.h"
#include "output.h"
#include "parley/design/v1/report.pb-c.h"
#include "wire/timestamp.h"

#include <inttypes.h>

enum { BAR_WIDTH = 20, LINE_WIDTH = 60, LINES_MAX = 3, DAYS_MAX = 36500 };

typedef Parley__Design__V1__ReportRow Row;
typedef Parley__Design__V1__ReportValue Value;
typedef Parley__Design__V1__RunReportRequest Request;
typedef Parley__Design__V1__RunReportResponse Response;

#define KIND(name)  PARLEY__DESIGN__V1__REPORT_KIND__REPORT_KIND_##name
#define UNIT(name)  PARLEY__DESIGN__V1__REPORT_UNIT__REPORT_UNIT_##name
#define VALUE(name) PARLEY__DESIGN__V1__REPORT_VALUE__VALUE_##name

typedef struct Report {
	Parley__Design__V1__ReportKind kind;
	const char *by;               // without --by
	const char *bar;              // the figure that rows are compared by; NULL: none
	const char *lines[LINES_MAX]; // figures drawn day by day
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

// A day's row has the day in place of the dimensions.
static size_t dimensions_of(const Response *response)
{
	size_t count = 0;

	while (count < response->n_columns && response->columns[count]->unit == UNIT(DIMENSION))
		count++;
	return count;
}

static json_t *row_json(const Response *response, const Row *row, bool day)
{
	size_t skipped = day ? dimensions_of(response) : 0;
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

// --- as a table ---

static double number_of(const Value *value)
{
	return value->value_case == VALUE(COUNT)    ? (double)value->count
	       : value->value_case == VALUE(NUMBER) ? value->number
	                                            : 0;
}

static size_t column_find(const Response *response, const char *name)
{
	size_t i = 0;

	while (i < response->n_columns && strcmp(response->columns[i]->name, name) != 0)
		i++;
	return i;
}

// Groups of three digits, so that millions are read at a glance.
static const char *count_text(Cli *cli, int64_t count)
{
	const char *digits = arena_printf(cli->arena, "%" PRId64, count);
	size_t len = strlen(digits), sign = count < 0;
	char *text = arena_alloc(cli->arena, len * 2 + 1), *end = text;

	for (size_t i = 0; i < len; i++) {
		if (i > sign && (len - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return text;
}

static const char *value_text(Cli *cli, const Value *value, Parley__Design__V1__ReportUnit unit)
{
	switch (value->value_case) {
	case VALUE(TEXT):
		return value->text;
	case VALUE(COUNT):
		return count_text(cli, value->count);
	case VALUE(NUMBER):
		if (unit == UNIT(PROBABILITY))
			return value->number < 0.0001 ? "<0.0001"
			                              : arena_printf(cli->arena, "%.4f", value->number);
		return unit == UNIT(RATIO) ? arena_printf(cli->arena, "%.2f %%", 100 * value->number)
		                           : arena_printf(cli->arena, "%.2f", value->number);
	default:
		return unit == UNIT(DIMENSION) ? "" : "-";
	}
}

// The ends of an interval stand in one cell, behind what they are the ends of.
static bool is_interval(const Response *response, size_t column)
{
	return column + 1 < response->n_columns &&
	       str_ends(str(response->columns[column]->name), STR("_low")) &&
	       str_ends(str(response->columns[column + 1]->name), STR("_high"));
}

static const char *interval_text(Cli *cli, const Row *row, size_t column)
{
	const Value *low = row->values[column], *high = row->values[column + 1];

	if (low->value_case != VALUE(NUMBER) || high->value_case != VALUE(NUMBER))
		return "-";
	return arena_printf(cli->arena, "%.2f to %.2f", 100 * low->number, 100 * high->number);
}

static json_t *display_row(Cli *cli, const Response *response, const Row *row)
{
	json_t *json = json_object();

	for (size_t i = 0; i < row->n_values && i < response->n_columns; i++) {
		const char *name = response->columns[i]->name;

		if (is_interval(response, i)) {
			json_object_set_new(json, name, json_string(interval_text(cli, row, i)));
			i++;
			continue;
		}
		json_object_set_new(
		        json, name, json_string(value_text(cli, row->values[i], response->columns[i]->unit)));
	}
	return json;
}

static const char *titles_of(Cli *cli, const Response *response)
{
	const char *titles = "";

	for (size_t i = 0; i < response->n_columns; i++) {
		const char *name = response->columns[i]->name;
		char *title = arena_cstr(cli->arena, str(name));

		for (char *c = title; *c; c++)
			*c = *c == '_' ? '-' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
		titles = arena_printf(cli->arena, "%s%s:%s ", titles,
		        is_interval(response, i) ? "95-%-INTERVAL" : title, name);
		i += is_interval(response, i);
	}
	return arena_printf(cli->arena, "%sCHART:chart", titles);
}

static double most_of(const Response *response, size_t column)
{
	double most = 0;

	for (size_t i = 0; column < response->n_columns && i < response->n_rows; i++) {
		double value = number_of(response->rows[i]->values[column]);

		most = value > most ? value : most;
	}
	return most;
}

// Under several rows, what they come to.
static void add_total(Cli *cli, const Response *response, json_t *rows)
{
	json_t *total;

	if (json_array_size(rows) < 2 || !response->total)
		return;
	total = display_row(cli, response, response->total);
	if (dimensions_of(response))
		json_object_set_new(total, response->columns[0]->name, json_string("(all)"));
	json_array_append_new(rows, total);
}

// The ends of the scale on which the intervals of all rows stand, 0 among them.
static void scale_of(const Response *response, size_t low, double *least, double *most)
{
	*least = *most = 0;
	for (size_t i = 0; i < response->n_rows; i++) {
		double from = number_of(response->rows[i]->values[low]),
		       to = number_of(response->rows[i]->values[low + 1]);

		*least = from < *least ? from : *least;
		*most = to > *most ? to : *most;
	}
}

// A figure that has an interval is drawn as that.
static const char *row_chart(
        Cli *cli, const Response *response, const Row *row, size_t bar, double most, ChartStyle style)
{
	if (bar + 2 < response->n_columns && is_interval(response, bar + 1) &&
	        strcmp(response->columns[bar]->name, "difference") == 0) {
		double ends[] = {number_of(row->values[bar + 1]), number_of(row->values[bar]),
		        number_of(row->values[bar + 2])};
		double least, highest;

		scale_of(response, bar + 1, &least, &highest);
		return row->values[bar]->value_case == VALUE(NUMBER)
		               ? chart_interval(style, ends, least, highest, BAR_WIDTH, cli->arena)
		               : "";
	}
	return response->n_rows > 1
	               ? chart_bar(style, number_of(row->values[bar]), most, BAR_WIDTH, cli->arena)
	               : "";
}

static json_t *display_rows(Cli *cli, const Report *report, const Response *response, ChartStyle style)
{
	size_t bar = report->bar ? column_find(response, report->bar) : response->n_columns;
	double most = most_of(response, bar);
	json_t *rows = json_array();

	for (size_t i = 0; i < response->n_rows; i++) {
		const Row *row = response->rows[i];
		json_t *json = display_row(cli, response, row);

		if (bar < response->n_columns)
			json_object_set_new(
			        json, "chart", json_string(row_chart(cli, response, row, bar, most, style)));
		json_array_append_new(rows, json);
	}
	add_total(cli, response, rows);
	return rows;
}

// --- day by day ---

static int64_t day_number(const char *day)
{
	char text[TIME_TEXT_SIZE];
	int64_t us = 0;

	(void)snprintf(text, sizeof text, "%.10sT00:00:00Z", day);
	return time_parse(str(text), &us) ? us / (86400 * US_PER_S) : 0;
}

static void print_line(Cli *cli, const Response *response, const char *name, ChartStyle style)
{
	size_t column = column_find(response, name), at = column - dimensions_of(response) + 1;
	int64_t first = day_number(response->days[0]->values[0]->text),
	        last = day_number(response->days[response->n_days - 1]->values[0]->text);
	size_t count = (size_t)(last - first + 1);
	double *values = ARENA_ARRAY(cli->arena, double, count), most = 0;

	if (column >= response->n_columns || !values)
		return;
	for (size_t i = 0; i < response->n_days; i++) {
		double value = number_of(response->days[i]->values[at]);

		values[day_number(response->days[i]->values[0]->text) - first] = value;
		most = value > most ? value : most;
	}
	printf("%-12s |%s| at most %s a day\n", name,
	        chart_line(style, values, count, LINE_WIDTH, cli->arena),
	        response->columns[column]->unit == UNIT(RATIO)
	                ? arena_printf(cli->arena, "%.2f %%", 100 * most)
	                : count_text(cli, (int64_t)most));
}

static void print_days(Cli *cli, const Report *report, const Response *response, ChartStyle style)
{
	const Value *first, *last;

	if (style == CHART_NONE || response->n_days < 2)
		return;
	first = response->days[0]->values[0];
	last = response->days[response->n_days - 1]->values[0];
	if (first->value_case != VALUE(TEXT) || last->value_case != VALUE(TEXT) ||
	        day_number(last->text) - day_number(first->text) >= DAYS_MAX ||
	        day_number(last->text) < day_number(first->text))
		return;
	printf("\nper day (UTC), %s to %s\n", first->text, last->text);
	for (size_t i = 0; i < LINES_MAX && report->lines[i]; i++)
		print_line(cli, response, report->lines[i], style);
}

static Err print_report(Cli *cli, const Report *report, const Response *response)
{
	ChartStyle style = cli_given(cli, OPT_NO_CHART) ? CHART_NONE : chart_style();
	CLEANUP(json_decrefp_) json_t *rows = display_rows(cli, report, response, style);

	if (!response->n_rows)
		fputs("nothing found in this period\n", stderr);
	TRY(print_table(cli, rows, titles_of(cli, response)));
	print_days(cli, report, response, style);
	fflush(stdout);
	if (response->row_count > (int64_t)response->n_rows)
		fprintf(stderr, "the first %zu of %" PRId64 " rows; --limit shows more\n", response->n_rows,
		        response->row_count);
	return OK;
}

static Err run(Cli *cli, const Report *report)
{
	Response *response;

	TRY(ask(cli, report, &response));
	if (cli->format == FORMAT_CSV)
		return print_rows(cli, response);
	return cli->format == FORMAT_TABLE ? print_report(cli, report, response) : print_whole(cli, response);
}

// --- the verbs ---

Err verb_report_funnel(Cli *cli)
{
	static const Report report = {
	        KIND(FUNNEL), "channel,zone", "recommended", {"recommended", "shown", "accepted"}};

	return run(cli, &report);
}

Err verb_report_offers(Cli *cli)
{
	static const Report report = {
	        KIND(FUNNEL), "offer", "acceptance", {"shown", "accepted", "acceptance"}};

	return run(cli, &report);
}

Err verb_report_campaigns(Cli *cli)
{
	static const Report report = {
	        KIND(FUNNEL), "campaign,cell", "acceptance", {"shown", "accepted", "acceptance"}};

	return run(cli, &report);
}

Err verb_report_control(Cli *cli)
{
	static const Report report = {
	        KIND(CONTROL), "campaign,cell", "difference", {"target", "control", "target_accepted"}};

	return run(cli, &report);
}

Err verb_report_responses(Cli *cli)
{
	static const Report report = {KIND(RESPONSES), "offer", "responses", {"responses"}};

	return run(cli, &report);
}

Err verb_report_activity(Cli *cli)
{
	static const Report report = {KIND(ACTIVITY), "day", "answers", {"sessions", "answers", "contacts"}};

	return run(cli, &report);
}
