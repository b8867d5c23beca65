// Actions whose time has come: done by the next call on the session before anything else, or by the sweep, as
// of the moment when they were due. Nobody waits for their records, and there may be nobody to be told of
// what cannot be done: that is noted in the session, for the next answer.
#pragma once
#include "service/advisory.h"
#include "service/internal.h"

// What the others do where there is anything: in nearly no call.
void due_run_pending(Service *service, Session *session, int64_t now_us, Arena *arena);
void due_tell_notes(const Session *session, Arena *arena, Advisories *advisories);
void due_arrange_pending(const Service *service, Session *session);

// Does what is due, under the session's snapshot. What cannot be done is noted in the session.
static inline void due_run(Service *service, Session *session, int64_t now_us, Arena *arena)
{
	if (session->pending.first != NULL)
		due_run_pending(service, session, now_us, arena);
}

// Advises of the session's notes, which stay until an answer has told them. Texts are copied.
static inline void due_tell(const Session *session, Arena *arena, Advisories *advisories)
{
	if (session->notes != 0)
		due_tell_notes(session, arena, advisories);
}

// Has the sweep hand out the session when its next action is due. Before it is left.
static inline void due_arrange(const Service *service, Session *session)
{
	session->wake_us = 0;
	if (session->pending.first != NULL)
		due_arrange_pending(service, session);
}
