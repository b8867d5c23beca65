// What of a channel scenarios have reached: rules, global offers, segments, points, events, and the reasons
// that the channel can give.
#pragma once
#include "cli.h"
#include "decide/decide.h"

typedef struct Coverage Coverage;

// The snapshot outlives it. NULL if memory is out.
Coverage *coverage_new(const Parley__Snapshot__V1__Snapshot *snapshot);
void coverage_free(Coverage *coverage); // NULL is fine

static inline void coverage_freep(Coverage **coverage)
{
	coverage_free(*coverage);
}

// An answer with candidates, segments a visitor was in, journal entries: what of them is known is reached.
void coverage_points(Coverage *coverage, const json_t *points);
void coverage_segments(Coverage *coverage, const json_t *segments);
void coverage_entries(Coverage *coverage, const json_t *entries);

// {percent, kinds: [{kind, total, reached, percent}], missing: [{kind, name, note}]}: a new reference.
json_t *coverage_json(const Coverage *coverage);
