// What the journal is told. A record that nobody waits for may be lost in a crash within the journal's
// window; see README.md.
#pragma once
#include "service/cells.h"

// Not waited for. Errors: JOURNAL_FULL, JOURNAL_FAILED, LIMIT, NO_MEMORY. A start also tells the visitor's
// cells.
Err record_started(Service *service, Session *session, int64_t now_us, ProfileOutcome profile,
        const Audience *audience, Arena *arena);
Err record_cells(Service *service, const Session *session, int64_t now_us, const Cells *cells, Arena *arena);
Err record_ended(Service *service, const Session *session, int64_t now_us, const char *cause, Arena *arena);
// The session is another visitor's now: the part of the one before ends.
Err record_left(Service *service, const Session *session, int64_t now_us, int level, const char *audience_id,
        Arena *arena);

// An event. With `done`, which runs when the record is on disk, maybe before this returns, somebody waits for
// it.
Err record_event(Service *service, const Session *session, int64_t time_us, EventPosted *event, Arena *arena,
        JournalDone done, void *context);
