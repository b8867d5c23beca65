// What a run met. An oracle that never sees a branch proves nothing about it, so each of these must be met
// in a run of any length.
#pragma once
#include "decide/decide.h"

typedef enum CoverRow {
#define COVER(id, text) COVER_##id,
#include "cover_table.h"
#undef COVER
	COVER_ROWS,
} CoverRow;

typedef struct Cover {
	uint64_t rows[COVER_ROWS];
	uint64_t reasons[REASON_COUNT][ORIGIN_COUNT]; // candidates
} Cover;

static inline void cover_row(Cover *cover, CoverRow row)
{
	cover->rows[row]++;
}

void cover_add(Cover *to, const Cover *from);
// Prints what was met how often; the number of things that never were.
size_t cover_print(const Cover *cover, bool quiet);
