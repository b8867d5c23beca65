// Effects on visitors that no other row of the history has as they were: what was brought from elsewhere,
// responses without a session, and repeats, which a runtime server may have counted and the history does not.
#pragma once
#include "history/batch.h"
#include "pg/pg.h"

// Whether the record has such effects.
bool effects_apart(const BatchRecord *record);

// Their rows, within the batch's transaction; nothing if there are none. The months must be there.
Err effects_write(Pg *pg, const BatchSource *source, const Batch *batch, Arena *arena);
