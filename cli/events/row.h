// Rows of a file as events of a set. Which columns are the visitor's keys and which are attributes, the
// command line says; all others have names.
#pragma once
#include "rows/row_file.h"

#include "eventset/eventset.h"

enum { EVENT_ROW_KEYS_MAX = 8, EVENT_ROW_QUESTIONS_MAX = 16 };

typedef enum EventField {
	EVENT_TIME,
	EVENT_SESSION,
	EVENT_NAME,
	EVENT_POINTS,
	EVENT_OFFER,
	EVENT_ID,
	EVENT_SHOWN,
	EVENT_SHOWN_AT,
	EVENT_REWARD,
	EVENT_PROPENSITY,
	EVENT_FIELDS, // keys, then attributes, follow
} EventField;

typedef struct EventRows {
	const char *level, *points; // points: of rows without any; NULL: none
	const char *fields[ROW_FIELDS_MAX];
	size_t key_count, attribute_count;
} EventRows;

// Takes --audience LEVEL:KEY[=TITLE],…, --attribute NAME[=TITLE] and --points, and sets the file's fields and
// titles: before row_file_open. `rows` and `file` must stay where they are. Error: usage.
Err event_rows_begin(Cli *cli, EventRows *rows, RowFile *file);
// Once the file is open: whether it has what is needed. Error: FIELD_MISSING.
Err event_rows_check(const EventRows *rows, const RowFile *file);
// The event that a row tells, in `arena`. Errors: FIELD_INVALID with what is wrong with the row, NO_MEMORY.
Err event_row_read(const EventRows *rows, const Row *row, Arena *arena, Event **ret);
