// Late responses as messages.
#pragma once
#include "pg/pg.h"

#include "parley/design/v1/late_response.pb-c.h"

// What the database calls a LateResponseState, empty for the unspecified one; NULL: there is no such state.
const char *late_state_name(int state);
// The other way; unspecified for what is no such name.
Parley__Design__V1__LateResponseState late_state_called(Str name);
// A row of the query late_list, in the arena. Error: NO_MEMORY.
Err late_message(const PgResult *rows, size_t row, Arena *arena, Parley__Design__V1__LateResponse **ret);
