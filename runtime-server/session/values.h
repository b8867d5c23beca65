// A visitor's attribute values and segments, twice: as a session keeps them, in one block of memory, and as a
// call works on them, in its arena. What was given (by a default, the profile, a call, an event) is kept
// apart from what segmentation flows make of it, so that segmenting twice is the same as segmenting once.
#pragma once
#include "decide/decide.h"

// Where a value came from. A byte each in arrays.
enum { FROM_DEFAULT, FROM_PROFILE, FROM_SESSION, FROM_EVENT, FROM_FLOW };

typedef struct Values {
	size_t count, segment_words;
	ExprValue *given;
	uint8_t *origins;   // of `given`: never FROM_FLOW
	ExprValue *items;   // what expressions see: `given`, save where a flow set something
	uint8_t *flowed;    // 1 where one did
	uint64_t *segments; // bit s: in segment s
} Values;

// An attribute that is set.
typedef struct Parameter {
	int slot;
	ExprValue value; // missing: the attribute is to be missing
} Parameter;

typedef struct Parameters {
	const Parameter *items;
	size_t count;
} Parameters;

// Defaults of a level, and no segment. Error: NO_MEMORY.
Err values_new(const Plan *plan, int level, Arena *arena, Values *ret);
// What is put borrows from wherever it was.
void values_set(Values *values, int slot, ExprValue value, int origin);
// Computes what flows set, and the segments, from what was given. `ret` tells the trace if the request asks
// to explain; may be NULL. Error: NO_MEMORY, and then the visitor is in no segment.
Err values_segment(
        Values *values, const Plan *plan, const SegmentRequest *request, Arena *arena, Segmentation *ret);
// As the engine sees it, without state.
Visitor values_visitor(const Values *values, int level, Str audience_id);

// The block that a session keeps.
typedef struct SessionValues SessionValues;
// A deep copy of `values`; free() it. NULL if memory is out.
SessionValues *session_values_make(const Values *values);
