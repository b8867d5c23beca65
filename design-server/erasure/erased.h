// Who was erased must not come back with what arrives late: whoever takes in something about visitors asks
// here first.
#pragma once
#include "store/store.h"

// When the newest erasure of the environment was asked for: what happened from then on need not be asked
// about. INT64_MIN: nobody was erased. Errors: those of the database.
Err erased_until(Pg *pg, Str environment, int64_t *ret_us);

// Things that happened to visitors, as arrays.
typedef struct Happened {
	Str *levels, *ids;
	int64_t *times_us;
	size_t count;
} Happened;

// Which of them are about visitors who were erased after it happened: sets `ret[i]`, and leaves the others as
// they are. Errors: those of the database.
Err erased_among(Pg *pg, Str environment, const Happened *happened, bool *ret);
