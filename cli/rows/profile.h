// A profile table's columns, from an audience level, and a CSV file's rows as their values.
#pragma once
#include "cli.h"
#include "csv.h"
#include "pg/pg.h"

typedef struct ProfileType {
	const char *name; // in the audience level
	const char *sql;
	const char *what; // for messages
	bool (*read)(Str text, Arena *arena, PgParam *ret);
} ProfileType;

typedef struct ProfileColumn {
	Str name;   // in expressions
	Str column; // in the table
	const ProfileType *type;
	bool key;
	size_t field; // in the CSV file; PROFILE_NUMBERED: the row's number
} ProfileColumn;

#define PROFILE_NUMBERED SIZE_MAX

typedef struct Profile {
	Str table;
	ProfileColumn *columns; // keys first, those that the file does not have last
	size_t count;           // that the file has
	size_t all;
} Profile;

// Matches the level's keys and attributes with the file's header. `number` (may be NULL) is the key that gets
// the row's number. Errors: FIELD_INVALID, FIELD_MISSING.
Err profile_match(const json_t *level, const Csv *header, const char *number, Arena *arena, Profile *ret);
// Names of the attributes that the file does not have.
const char *profile_absent(const Profile *profile, Arena *arena);
// The values of a row. Errors: FIELD_INVALID.
Err profile_row(const Profile *profile, const Csv *row, size_t row_number, Arena *arena, PgParam *ret);
// SQL for the import: the table, a temporary one of the same columns, and the move from there.
const char *profile_sql_create(const Profile *profile, Arena *arena);
const char *profile_sql_stage(const Profile *profile, Arena *arena);
const char *profile_sql_copy(const Profile *profile, Arena *arena);
const char *profile_sql_move(const Profile *profile, Arena *arena);
