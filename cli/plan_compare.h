// Two plans over the same events, held against each other: who would get something else, and what decided it.
#pragma once
#include "cli.h"
#include "planfile/planfile.h"

// Reads both side by side. *ret is a new object: questions, changed, matrix (offers of one against offers of
// the other, by how often), zones, segments, reasons, and `examples` at most. Errors: FIELD_INVALID (they are
// not over the same events), STATE_CORRUPT, IO, NO_MEMORY.
Err plans_compare(const PlanFile *a, const PlanFile *b, size_t examples, json_t **ret);
