// A visitor's row in the profile table: the data administrator's own, in a database that the servers only
// read, so whoever has the right hands it out and deletes it with a login of his own.
#pragma once
#include "cli.h"
#include "pg/pg.h"

typedef struct VisitorProfile {
	Pg *pg;            // NULL: no database was given
	const char *where; // "schema"."table" WHERE …
	PgParam *keys;
	size_t count;
	int timeout_ms;
} VisitorProfile;

// By --database and --channel, whose level names table and columns; `audience` is a
// parley.runtime.v1.AudienceId. Without --database nothing is opened. To be closed in any case. Errors:
// USAGE, DB_UNAVAILABLE, what the design server says.
Err visitor_profile_open(Cli *cli, const json_t *audience, VisitorProfile *ret);
void visitor_profile_close(VisitorProfile *profile);
// Rows as objects; an empty array without a database. Errors: those of the database.
Err visitor_profile_read(const VisitorProfile *profile, Arena *arena, json_t **ret);
// How many rows were deleted.
Err visitor_profile_delete(const VisitorProfile *profile, size_t *ret);
// A key's value as text, whatever type it was given as.
const char *visitor_key_text(const json_t *key, Arena *arena);
