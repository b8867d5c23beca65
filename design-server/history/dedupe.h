// Which of a batch's events are known already, so that one that a touchpoint sends again counts once.
#pragma once
#include "history/batch.h"
#include "pg/pg.h"

// Enters the batch's event IDs into event_dedupe, in the transaction that `pg` is in, and marks the records
// whose events are known: by an earlier batch, or by an earlier record of this one. Waits for another
// transaction that is entering the same ID. Errors: those of pg_query, NO_MEMORY.
Err dedupe_events(Pg *pg, const BatchSource *source, Batch *batch, Arena *arena);
