// A report of the history, for a terminal.
#pragma once
#include "cli.h"
#include "parley/design/v1/report.pb-c.h"

enum { REPORT_LINES_MAX = 3 };

// What charts are of: figures, by the names of their columns.
typedef struct ReportCharts {
	const char *bar;                     // what rows are compared by; NULL: nothing
	const char *lines[REPORT_LINES_MAX]; // drawn day by day
} ReportCharts;

// How many of the columns, which come first, are dimensions. A day's row has the day in their place.
size_t report_dimensions(const Parley__Design__V1__RunReportResponse *response);
// The rows and their total as a table, with charts unless --no-chart was given.
Err report_print(Cli *cli, const ReportCharts *charts, const Parley__Design__V1__RunReportResponse *response);
