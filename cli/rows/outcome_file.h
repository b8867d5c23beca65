// Reports of outcomes in a file.
#pragma once
#include "rows/row_file.h"

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

enum { REPORT_ID_SIZE = 41 };

// Once it has begun. Error: FIELD_MISSING: no column for outcome or time, or none that names a treatment.
Err outcome_file_check(const RowFile *file);
// The next row, as row_file_next. A row without an event ID gets one that is a hash of what it says: the same
// report has the same ID in every file.
Err outcome_file_next(RowFile *file, Arena *arena, Row *ret, bool *ret_end);
