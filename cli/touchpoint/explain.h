// Explanations as rows for people: pure functions from a server's answer to what print_table takes. New
// references.
#pragma once
#include <jansson.h>

// Candidates of a point: offer, origin, by, cell, score, reason, why.
json_t *explain_candidates(const json_t *candidates);
// The trace of a visitor's segments: flow, step, what, why.
json_t *explain_segments(const json_t *trace);
