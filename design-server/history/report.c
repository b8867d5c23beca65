// Every report is one query with the same parameters, whose columns say what the report's columns are: a new
// report is a row of `reports` here and a query in ../sql/queries/report.sql. Reports read millions of rows,
// so they have connections of their own, fewer than there are workers, one core each, and a time after which
// PostgreSQL gives them up: ingest and the rest of the server never wait for one.
#include "history/report.h"

#include "base/cleanup.h"
#include "environment/environment.h"
#include "wire/timestamp.h"

#include <stdio.h>

enum {
	ROWS_DEFAULT = 1000,
	ROWS_MAX = 10000,
	DEFAULT_DAYS = 30,
	GRACE_MS = 2000, // for PostgreSQL to give a query up by itself
	TYPE_INT8 = 20,
	TYPE_FLOAT8 = 701 // PostgreSQL's OIDs
};

typedef Parley__Design__V1__ReportColumn ReportColumn;
typedef Parley__Design__V1__ReportRow ReportRow;
typedef Parley__Design__V1__ReportValue ReportValue;
typedef Parley__Design__V1__RunReportRequest RunReportRequest;
typedef Parley__Design__V1__RunReportResponse RunReportResponse;

#define UNIT(name)  PARLEY__DESIGN__V1__REPORT_UNIT__REPORT_UNIT_##name
#define VALUE(name) PARLEY__DESIGN__V1__REPORT_VALUE__VALUE_##name

// What a query's row is; its first two columns are this and how many there are.
typedef enum What { WHAT_ROW, WHAT_DAY, WHAT_TOTAL } What;
enum { COLUMN_WHAT, COLUMN_COUNT, COLUMN_DIMENSIONS };

static const char *const dimensions[] = {
        "environment", "channel", "zone", "point", "campaign", "cell", "segment", "offer", "version", "day"};
enum {
	DIMENSIONS = ARRAY_COUNT(dimensions),
	COLUMN_FIGURES = COLUMN_DIMENSIONS + DIMENSIONS,
	DAY = DIMENSIONS - 1
};

#define KIND(name) PARLEY__DESIGN__V1__REPORT_KIND__REPORT_KIND_##name

static const struct {
	const char *query;
	bool of_visitors; // in cells, and of nothing that was decided or shown
} reports[] = {
        [KIND(FUNNEL)] = {sql_report_funnel, false},
        [KIND(CONTROL)] = {sql_report_control, true},
        [KIND(RESPONSES)] = {sql_report_responses, false},
        [KIND(ACTIVITY)] = {sql_report_activity, false},
};

typedef struct Reporting {
	const RunReportRequest *request;
	RunReportResponse *response;
	Arena *arena;
	const char *query;
	size_t by[DIMENSIONS], by_count; // indices into dimensions, in the order of the request
	Str by_names[DIMENSIONS];
	int64_t since_us, until_us, limit;
	int timeout_ms;
} Reporting;

// --- what is asked ---

static Err add_dimension(Reporting *reporting, const char *name)
{
	for (size_t i = 0; i < reporting->by_count; i++) {
		if (strcmp(dimensions[reporting->by[i]], name) == 0)
			return err_at(ERR_FIELD_INVALID, "by", "\"%s\" is there twice", name);
	}
	for (size_t i = 0; i < DIMENSIONS; i++) {
		if (strcmp(dimensions[i], name) != 0)
			continue;
		reporting->by_names[reporting->by_count] = str(dimensions[i]);
		reporting->by[reporting->by_count++] = i;
		return OK;
	}
	return err_at(ERR_FIELD_INVALID, "by",
	        "\"%.40s\" is nothing to report by: give environment, channel, zone, point, campaign, cell, "
	        "segment, "
	        "offer, version or day",
	        name);
}

static bool is_by(const RunReportRequest *request, const char *name)
{
	for (size_t i = 0; i < request->n_by; i++)
		if (strcmp(request->by[i], name) == 0)
			return true;
	return false;
}

// Sides are compared within a cell, and visitors are in a cell whatever zone they look at.
static Err check_visitors(const RunReportRequest *request)
{
	if (*request->zone || *request->segment)
		return err_at(ERR_FIELD_INVALID, *request->zone ? "zone" : "segment",
		        "a control report counts visitors by cell and knows neither zones nor segments: "
		        "leave it out");
	size_t possible = (size_t)is_by(request, "campaign") + is_by(request, "cell");
	if (possible < 2)
		return err_at(ERR_FIELD_INVALID, "by",
		        "a control report compares within a cell: report by campaign and cell");
	possible += (size_t)is_by(request, "environment") + is_by(request, "day");
	return possible == request->n_by ? OK
	                                 : err_at(ERR_FIELD_INVALID, "by",
	                                           "a control report is by campaign and cell, and besides by "
	                                           "environment or day");
}

static int64_t moment(const Google__Protobuf__Timestamp *time, int64_t fallback_us)
{
	return time ? time->seconds * US_PER_S + time->nanos / 1000 : fallback_us;
}

// The history's own bounds: years 2000 to 2199.
static bool is_moment(const Google__Protobuf__Timestamp *time)
{
	return !time || (time->seconds >= INT64_C(946684800) && time->seconds < INT64_C(7258118400) &&
	                        time->nanos >= 0 && time->nanos < 1000000000);
}

static Err read_period(Reporting *reporting, int64_t now_us)
{
	const RunReportRequest *request = reporting->request;
	if (!is_moment(request->since) || !is_moment(request->until))
		return err_at(ERR_FIELD_INVALID, is_moment(request->since) ? "until" : "since",
		        "the history is of the years 2000 to 2199");
	reporting->until_us = moment(request->until, now_us);
	reporting->since_us =
	        moment(request->since, reporting->until_us - DEFAULT_DAYS * INT64_C(86400) * US_PER_S);
	if (reporting->since_us < reporting->until_us)
		return OK;
	return err_at(ERR_FIELD_INVALID, "since",
	        request->until ? "since must be before until"
	                       : "since is in the future: without until a report ends now");
}

static Err read_request(Reporting *reporting, int64_t now_us)
{
	const RunReportRequest *request = reporting->request;
	size_t kind = (size_t)request->kind;
	reporting->query = kind < ARRAY_COUNT(reports) ? reports[kind].query : NULL;
	if (!reporting->query)
		return err_at(ERR_FIELD_INVALID, "kind", "%zu is no kind of report", kind);
	for (size_t i = 0; i < request->n_by; i++)
		TRY(add_dimension(reporting, request->by[i]));
	if (reports[kind].of_visitors)
		TRY(check_visitors(request));
	if (request->limit < 0 || request->limit > ROWS_MAX)
		return err_at(
		        ERR_FIELD_INVALID, "limit", "give 1 to %d rows, or 0 for %d", ROWS_MAX, ROWS_DEFAULT);
	if (request->snapshot_version > INT64_MAX)
		return err_at(ERR_FIELD_INVALID, "snapshot_version", "there is no such version");
	reporting->limit = request->limit ? request->limit : ROWS_DEFAULT;
	return read_period(reporting, now_us);
}

// --- what is answered ---

static Parley__Design__V1__ReportUnit unit_of(const PgResult *rows, size_t column)
{
	const char *name = pg_column_name(rows, column);
	if (pg_column_type(rows, column) == TYPE_INT8)
		return UNIT(COUNT);
	if (pg_column_type(rows, column) != TYPE_FLOAT8)
		return UNIT(DIMENSION);
	if (strcmp(name, "p_value") == 0)
		return UNIT(PROBABILITY);
	return str_ends(str(name), STR("_s")) ? UNIT(NUMBER) : UNIT(RATIO);
}

// The query's columns that the report has: dimensions that were asked for, and all figures.
static size_t column_at(const Reporting *reporting, size_t index)
{
	return index < reporting->by_count ? COLUMN_DIMENSIONS + reporting->by[index]
	                                   : COLUMN_FIGURES + index - reporting->by_count;
}

static size_t column_count(const Reporting *reporting, const PgResult *rows)
{
	return reporting->by_count + pg_columns(rows) - COLUMN_FIGURES;
}

static Err fill_columns(Reporting *reporting, const PgResult *rows)
{
	size_t count = column_count(reporting, rows);
	ReportColumn *columns = ARENA_ARRAY(reporting->arena, ReportColumn, count);
	ReportColumn **list = ARENA_ARRAY(reporting->arena, ReportColumn *, count);
	if (!columns || !list)
		return err(ERR_NO_MEMORY, "no memory for a report");
	for (size_t i = 0; i < count; i++) {
		size_t column = column_at(reporting, i);
		parley__design__v1__report_column__init(&columns[i]);
		columns[i].name = arena_cstr(reporting->arena, str(pg_column_name(rows, column)));
		columns[i].unit = unit_of(rows, column);
		list[i] = &columns[i];
	}
	reporting->response->columns = list;
	reporting->response->n_columns = count;
	return OK;
}

static void fill_value(const PgResult *rows, size_t row, size_t column, Arena *arena, ReportValue *ret)
{
	parley__design__v1__report_value__init(ret);
	if (pg_is_null(rows, row, column))
		return;
	switch (pg_column_type(rows, column)) {
	case TYPE_INT8:
		ret->value_case = VALUE(COUNT);
		ret->count = pg_i64(rows, row, column);
		return;
	case TYPE_FLOAT8:
		ret->value_case = VALUE(NUMBER);
		ret->number = pg_f64(rows, row, column);
		return;
	default:
		ret->value_case = VALUE(TEXT);
		ret->text = arena_cstr(arena, pg_text(rows, row, column));
	}
}

// A row; of a day, the day is the first column, before those of the report.
static ReportRow *fill_row(const Reporting *reporting, const PgResult *rows, size_t row, bool day)
{
	Arena *arena = reporting->arena;
	size_t count = column_count(reporting, rows) - (day ? reporting->by_count : 0) + day;
	ReportRow *ret = ARENA_NEW(arena, ReportRow);
	ReportValue *values = ARENA_ARRAY(arena, ReportValue, count);
	ReportValue **list = ARENA_ARRAY(arena, ReportValue *, count);
	if (!ret || !values || !list)
		return NULL;
	parley__design__v1__report_row__init(ret);
	for (size_t i = 0; i < count; i++) {
		size_t column = !day    ? column_at(reporting, i)
		                : i > 0 ? COLUMN_FIGURES + i - 1
		                        : (size_t)COLUMN_DIMENSIONS + DAY;
		list[i] = &values[i];
		fill_value(rows, row, column, arena, &values[i]);
	}
	ret->values = list;
	ret->n_values = count;
	return ret;
}

static Err fill_rows(Reporting *reporting, const PgResult *rows)
{
	RunReportResponse *response = reporting->response;
	size_t count = pg_rows(rows);
	response->rows = ARENA_ARRAY(reporting->arena, ReportRow *, count + 1);
	response->days = ARENA_ARRAY(reporting->arena, ReportRow *, count + 1);
	if (!response->rows || !response->days)
		return err(ERR_NO_MEMORY, "no memory for a report");
	response->n_rows = response->n_days = 0; // the work may run again
	for (size_t i = 0; i < count; i++) {
		What what = (What)pg_i64(rows, i, COLUMN_WHAT);
		ReportRow *row = fill_row(reporting, rows, i, what == WHAT_DAY);
		if (!row)
			return err(ERR_NO_MEMORY, "no memory for a report");
		if (what == WHAT_ROW) {
			response->rows[response->n_rows++] = row;
			response->row_count = pg_i64(rows, i, COLUMN_COUNT);
		} else if (what == WHAT_DAY) {
			response->days[response->n_days++] = row;
		} else {
			response->total = row;
		}
	}
	return OK;
}

// --- reading ---

static Err too_long(Pg *pg, Err failed, const Reporting *reporting)
{
	static const char query_canceled[] = "57014";
	if (failed != ERR_TIMEOUT &&
	        !(failed == ERR_DB_FAILED && strcmp(pg_sqlstate(pg), query_canceled) == 0))
		return failed;
	return err(ERR_REPORT_TIMEOUT,
	        "the report took longer than %d s: ask for a shorter period, for one environment, channel, "
	        "campaign or "
	        "offer; or raise reports.timeout_s of the design server",
	        reporting->timeout_ms / 1000);
}

static Err read_report(Pg *pg, void *context)
{
	Reporting *reporting = context;
	const RunReportRequest *request = reporting->request;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	char settings[256];
	// One core, planned for the very period, without a compiler that takes longer than most reports.
	snprintf(settings, sizeof settings,
	        "SET LOCAL statement_timeout = %d; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL "
	        "jit = off; "
	        "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL work_mem = '64MB'",
	        reporting->timeout_ms);
	TRY(pg_script(pg, STORE_TIMEOUT_MS, settings));
	Err e = PG_QUERY(pg, reporting->timeout_ms + GRACE_MS, &rows, reporting->query,
	        P_CTEXT(request->environment), P_CTEXT(request->channel), P_CTEXT(request->zone),
	        P_CTEXT(request->campaign), P_CTEXT(request->offer_code), P_CTEXT(request->segment),
	        P_I64((int64_t)request->snapshot_version), P_TIME(reporting->since_us),
	        P_TIME(reporting->until_us), P_TEXTS(reporting->by_names, reporting->by_count),
	        P_I64(reporting->limit));
	if (e != OK)
		return too_long(pg, e, reporting);
	TRY(fill_columns(reporting, rows));
	return fill_rows(reporting, rows);
}

void run_report(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	RunReportResponse response = PARLEY__DESIGN__V1__RUN_REPORT_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Reporting reporting = {.request = (const RunReportRequest *)request,
	        .response = &response,
	        .arena = arena,
	        .timeout_ms = services->report_timeout_ms};
	Err e = arena ? read_request(&reporting, clock_now_us(services->clock))
	              : err(ERR_NO_MEMORY, "no memory for a report");
	if (e == OK)
		e = store_read(services->reports, read_report, &reporting);
	if (e == OK && !response.row_count)
		e = environment_asked(services->environments, services->store, reporting.request->environment,
		        reporting.request->channel);
	if (e == OK) {
		response.since = wire_timestamp(reporting.since_us, arena);
		response.until = wire_timestamp(reporting.until_us, arena);
	}
	rpc_answer(call, e, &response.base);
}
