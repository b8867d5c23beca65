// Who a session is about: startSession and setAudience load a visitor's profile beside everything else. While
// it loads the session is taken: other calls on it wait in its queue and no thread waits with them.
#pragma once
#include "service/turn.h"

typedef struct Visit Visit;
struct Visit {
	Turn *turn;
	Audience audience;
	Parameters parameters;
	int former_level;      // of the visitor that the session had before
	const char *former_id; // NULL: it had none
	ProfileRequest profile;
	TraceSpan *wait; // for the profile; NULL: it is not traced
	// Runs when the session is the visitor's.
	Err (*settled)(Visit *visit, Outcome *outcome);
};

// Checks what a request says of the visitor, by the session's snapshot. Changes nothing. Errors:
// FIELD_MISSING, AUDIENCE_INVALID, ATTRIBUTE_…, FIELD_INVALID, NO_MEMORY.
Err visit_new(Turn *turn, const AudienceId *audience, NamedValue **parameters, size_t count, Visit **ret);
// The same of what is told by the snapshot's indexes. Errors: AUDIENCE_INVALID, ATTRIBUTE_…, FIELD_INVALID,
// NO_MEMORY.
Err visit_told(Turn *turn, const SessionStart *start, Visit **ret);
// Loads the profile, makes the session the visitor's, computes the segments, notes advisories and runs
// `settled`, now or later. Values that were set in the session are kept where they fit; the visit's
// parameters come last. Error: NO_MEMORY.
Err visit_begin(Visit *visit, Outcome *outcome);
