// CSV after RFC 4180 with any delimiter: quotes double inside quotes, line ends may be inside quotes, CR LF
// or LF.
#pragma once
#include "base/error.h"

#include <stdio.h>

enum { CSV_FIELDS_MAX = 1024, CSV_RECORD_MAX = 1 << 18 };

typedef struct CsvField {
	Str text;
	bool quoted;
} CsvField;

typedef struct Csv {
	FILE *file;
	char delimiter;
	size_t line; // where the present record begins, from 1
	size_t next_line;
	CsvField fields[CSV_FIELDS_MAX];
	size_t count;
	char text[CSV_RECORD_MAX]; // of the fields, unquoted
	size_t len;
} Csv;

// The next record into csv->fields, valid until the next call; blank lines are passed over. *ret_end at the
// end of the file. Errors: FIELD_INVALID with the line: a record without an end, too long, with too many
// fields, or text behind a closing quote.
Err csv_next(Csv *csv, bool *ret_end);
// Writes a field, quoted if it needs to be.
void csv_write_field(FILE *file, char delimiter, Str text);
