// What arrives of visitors who have been erased since it happened.
#pragma once
#include "history/batch.h"
#include "store/store.h"

// Marks their records as known, so that nothing is made of them; the cursor moves over them like over any. In
// the transaction that takes the batch in. Errors: those of the database, NO_MEMORY.
Err batch_drop_erased(Pg *pg, const BatchSource *source, Batch *batch, Arena *arena);
