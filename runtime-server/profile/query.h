// The part of the room that knows SQL: how a level is asked for, and how a row becomes values.
#pragma once
#include "pg/pg.h"
#include "profile/profile.h"

// A query on its way: a copy of all it needs, because the request may end by its time-out while the database
// still works.
typedef struct ProfileFetch {
	const char *sql;
	const PgParam *keys;
	size_t key_count;
} ProfileFetch;

// Copies into `arena`. Error: NO_MEMORY.
Err profile_fetch_new(const ProfileRequest *request, Arena *arena, ProfileFetch *ret);
// Fills in outcome, values, given and refused from the rows. Error: NO_MEMORY.
Err profile_query_fill(ProfileRequest *request, const PgResult *result);
