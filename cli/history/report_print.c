// A report as people read it: figures with their intervals, bars beside the rows, lines of days beneath.
#include "history/report.h"

#include "base/clock.h"
#include "chart.h"
#include "output.h"

#include <inttypes.h>

enum { BAR_WIDTH = 20, LINE_WIDTH = 60, DAYS_MAX = 36500 };

typedef Parley__Design__V1__ReportRow Row;
typedef Parley__Design__V1__ReportValue Value;
typedef Parley__Design__V1__RunReportResponse Response;

#define UNIT(name)  PARLEY__DESIGN__V1__REPORT_UNIT__REPORT_UNIT_##name
#define VALUE(name) PARLEY__DESIGN__V1__REPORT_VALUE__VALUE_##name

size_t report_dimensions(const Response *response)
{
	size_t count = 0;

	while (count < response->n_columns && response->columns[count]->unit == UNIT(DIMENSION))
		count++;
	return count;
}

// --- cells ---

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

// Where a terminal is narrow, columns go in this turn, the highest first; dimensions and what is not here
// stay.
static int turn_of(const char *name)
{
	static const struct {
		const char *name;
		int turn;
	} turns[] = {{"unshown", 8}, {"moved", 8}, {"rejection", 7}, {"control_cell", 7}, {"default_rate", 7},
	        {"shown_rate", 6}, {"treatments", 6}, {"defaults", 6}, {"lift", 6}, {"events", 5},
	        {"later", 5}, {"rejected", 5}, {"target_accepted", 5}, {"control_accepted", 5},
	        {"responses", 4}, {"visitors", 4}, {"p95_delay_s", 4}, {"difference_low", 2},
	        {"acceptance_low", 3}, {"p_value", 3}, {"rejects", 3}};

	for (size_t i = 0; i < ARRAY_COUNT(turns); i++)
		if (strcmp(turns[i].name, name) == 0)
			return turns[i].turn;
	return 0;
}

static const char *titles_of(Cli *cli, const Response *response)
{
	const char *titles = "";

	for (size_t i = 0; i < response->n_columns; i++) {
		const char *name = response->columns[i]->name;
		char *title = arena_cstr(cli->arena, str(name));

		for (char *c = title; *c; c++)
			*c = *c == '_' ? '-' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
		titles = arena_printf(cli->arena, "%s%s:%s/%d ", titles,
		        is_interval(response, i) ? "95-%-INTERVAL" : title, name, turn_of(name));
		i += is_interval(response, i);
	}
	return arena_printf(cli->arena, "%sCHART:chart/9", titles);
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
	if (report_dimensions(response))
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

static json_t *display_rows(Cli *cli, const ReportCharts *charts, const Response *response, ChartStyle style)
{
	size_t bar = charts->bar ? column_find(response, charts->bar) : response->n_columns;
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
	size_t column = column_find(response, name), at = column - report_dimensions(response) + 1;
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

static void print_days(Cli *cli, const ReportCharts *charts, const Response *response, ChartStyle style)
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
	for (size_t i = 0; i < REPORT_LINES_MAX && charts->lines[i]; i++)
		print_line(cli, response, charts->lines[i], style);
}

Err report_print(Cli *cli, const ReportCharts *charts, const Response *response)
{
	ChartStyle style = cli_given(cli, OPT_NO_CHART) ? CHART_NONE : chart_style();
	CLEANUP(json_decrefp_) json_t *rows = display_rows(cli, charts, response, style);

	if (!response->n_rows)
		fputs("nothing found in this period\n", stderr);
	TRY(print_table(cli, rows, titles_of(cli, response)));
	print_days(cli, charts, response, style);
	fflush(stdout);
	if (response->row_count > (int64_t)response->n_rows)
		fprintf(stderr, "the first %zu of %" PRId64 " rows; --limit shows more\n", response->n_rows,
		        response->row_count);
	return OK;
}
