// A batch into the database: the rows of one table after the other by COPY, inside the caller's transaction.
#pragma once
#include "history/batch.h"
#include "pg/pg.h"

// Writes all facts of records that are not `known`, and what was rejected. Makes missing partitions.
Err batch_write(Pg *pg, const BatchSource *source, const Batch *batch, Arena *arena);
