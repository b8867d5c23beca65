// Rows with named fields from a file of somebody else's: CSV with a first line of titles, or one JSON object
// a line. Each field has a name of ours and, where the file calls it otherwise, the title that --mapping
// says.
#pragma once
#include "cli.h"
#include "csv.h"

enum { ROW_FIELDS_MAX = 64, ROW_LINE_MAX = 1 << 16 };

typedef struct RowFile {
	Csv csv;                   // csv.file and csv.delimiter are the caller's, or row_file_open's
	const char *const *fields; // the caller's: their names
	size_t field_count;        // at most ROW_FIELDS_MAX
	bool json;
	const char *titles[ROW_FIELDS_MAX]; // as mapped; NULL: the field's own name
	size_t columns[ROW_FIELDS_MAX];     // of CSV, from 1; 0: there is none
	char line[ROW_LINE_MAX];
} RowFile;

typedef struct Row {
	size_t line;
	Str values[ROW_FIELDS_MAX]; // empty: not given
	const char *reason;         // why it cannot be used; NULL: nothing known
} Row;

// Takes --delimiter and, if the file may be mapped, --mapping; opens the file and begins. Errors: usage, IO,
// and as below.
Err row_file_open(Cli *cli, const char *path, bool mapped, RowFile *file);
// Reads the titles of CSV, or sees that lines are JSON: the file begins with a brace. Errors: FIELD_MISSING
// (empty, or a title that was mapped is not there), FIELD_INVALID.
Err row_file_begin(RowFile *file);
// What the file calls a field.
const char *row_file_title(const RowFile *file, size_t field);
// FIELD_MISSING, with how to map it, unless there is such a column; of JSON lines nobody knows beforehand.
Err row_file_need(const RowFile *file, size_t field);
// The next row, with what it borrows in `arena` or until the next call; all its values are UTF-8 without NUL,
// or there is a reason. Errors: FIELD_INVALID (CSV that cannot be read any further), NO_MEMORY, IO.
Err row_file_next(RowFile *file, Arena *arena, Row *ret, bool *ret_end);
void row_file_close(RowFile *file);

// Where the next row begins, to go on from there another time; the offset is -1 if the file is a pipe.
typedef struct RowPlace {
	int64_t offset;
	size_t line;
} RowPlace;
RowPlace row_file_place(const RowFile *file);
// To a place that the same file had before. Error: IO.
Err row_file_go(RowFile *file, RowPlace place);

// --- rows that cannot be taken ---

// A CSV file of them, each with its line and the reason, made when the first one comes, so that a clean
// import leaves none. It can be mended and read again: what it has more is passed over.
typedef struct Rejects {
	const char *path;
	const RowFile *of;
	FILE *file;
	size_t count;
} Rejects;

// `path` or, if that is NULL, the file's with .rejects behind it. Error: NO_MEMORY.
Err rejects_init(Cli *cli, const char *path, const RowFile *of, Rejects *ret);
// Error: IO.
Err rejects_add(Rejects *rejects, const Row *row, Str reason);
// Makes them durable, and tells how long their file is. Error: IO.
Err rejects_keep(Rejects *rejects, int64_t *ret_length);
// Goes on from what was kept; what came after it will come again. Error: IO.
Err rejects_resume(Rejects *rejects, size_t count, int64_t length);
// Tells people where they are, and has the program exit with DIFFERENT, if there are any.
void rejects_tell(Cli *cli, const Rejects *rejects);
void rejects_close(Rejects *rejects);
