// Reports of outcomes in a file: CSV with a first line of titles, or one JSON object a line.
#pragma once
#include "csv.h"

#include "base/arena.h"

typedef enum OutcomeField {
	REPORT_EVENT_ID,
	REPORT_TREATMENT,
	REPORT_OFFER,
	REPORT_CUSTOM,
	REPORT_CHANNEL,
	REPORT_LEVEL,
	REPORT_AUDIENCE,
	REPORT_OUTCOME,
	REPORT_TIME,
	REPORT_FIELDS,
} OutcomeField;

// As the API and, unless they are mapped, files call them.
extern const char *const report_fields[REPORT_FIELDS];

enum { REPORT_LINE_MAX = 1 << 16, REPORT_ID_SIZE = 41 };

typedef struct OutcomeFile {
	Csv csv; // csv.file and csv.delimiter are the caller's
	bool json;
	const char *titles[REPORT_FIELDS]; // NULL: the field's own name
	size_t columns[REPORT_FIELDS];     // of CSV, from 1; 0: there is none
	char line[REPORT_LINE_MAX];
} OutcomeFile;

typedef struct OutcomeRow {
	size_t line;
	Str values[REPORT_FIELDS]; // empty: not given
	const char *reason;        // why it cannot be sent; NULL if it can
} OutcomeRow;

// Reads the titles of CSV, or sees that lines are JSON: the file begins with a brace. Errors: FIELD_MISSING
// (there is no column for outcome or time, or none that names a treatment; or a title that was mapped),
// FIELD_INVALID.
Err outcome_file_begin(OutcomeFile *file);
// The next row, with what it borrows in `arena` or until the next call. A row without an event ID gets one
// that is a hash of what it says: the same report has the same ID in every file. Errors: FIELD_INVALID (CSV
// that cannot be read any further), NO_MEMORY, IO.
Err outcome_file_next(OutcomeFile *file, Arena *arena, OutcomeRow *ret, bool *ret_end);
