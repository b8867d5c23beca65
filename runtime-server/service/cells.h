// Which cells a visitor is in, so that those who are held out can be compared with those who are not. A
// visitor is in a cell's audience when one of its rules is for a segment of the visitor and holds, whatever
// else decides on offers later; the cell's share then says on which side. So both sides are drawn from the
// same visitors, and whether an offer was ever shown has no say in it. Cells without a control group have
// nothing to compare and cost nothing.
#pragma once
#include "service/internal.h"

typedef Parley__Journal__V1__CellMembership CellMembership;

// The cells of a visitor; texts and messages are the snapshot's.
typedef struct Cells {
	CellMembership **target, **held_out;
	size_t target_count, held_out_count;
	uint64_t key; // of the whole set: equal sets have equal keys, also under different snapshots
} Cells;

// Fills `cells` of the levels. Error: NO_MEMORY.
Err cells_prepare(const Snapshot *snapshot, Arena *arena, PreparedLevel *levels);
// Of the session's visitor as segments are now. Error: NO_MEMORY.
Err cells_of(const Session *session, int64_t now_us, Arena *arena, Cells *ret);
// Tells the journal if they are others than it was told last. Errors: of recording; then the next call tells.
Err cells_tell(Service *service, Session *session, int64_t now_us, Arena *arena);
// They have just been told.
void cells_told(Session *session, const Cells *cells);
