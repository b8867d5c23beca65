// What a run met. An oracle that never sees a branch proves nothing about it, so each of these must be met
// in a run of any length.
#pragma once
#include "decide/decide.h"

// From so many cases on each row and each reason must have been met, and each reason by each origin.
enum { COVER_FROM = 10000, COVER_ORIGINS_FROM = 100000 };

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
// Prints what was met how often.
void cover_print(const Cover *cover);
// Prints what must have been met in so many cases and was not; returns how many things.
size_t cover_missing(const Cover *cover, uint64_t cases);
