// The session has what it was answered last, as long as its visitor stays the same (session_put_values); what
// else a decision came from is the engine's to tell. It is memory for each session, so only rehearsals that
// tell many events have it.
#include "service/repeat.h"

#include <stdlib.h>

static bool is_lasting(const Service *service, const Session *session)
{
	const Lasting *lasting = service->options.lasting;
	return lasting != NULL && lasting_plan(lasting) == session->plan;
}

bool repeat_decision(
        const Service *service, const Session *session, const Receipt *receipt, Arena *arena, Decision *ret)
{
	return session->lasting != NULL && is_lasting(service, session) &&
	       lasting_again(service->options.lasting, session->lasting, &receipt->visitor, &receipt->request,
	               arena, ret);
}

// Without memory nothing is remembered.
void repeat_remember(
        const Service *service, Session *session, const Receipt *receipt, const Decision *decision)
{
	if (!is_lasting(service, session))
		return;
	const Lasting *lasting = service->options.lasting;
	size_t size = lasting_size(lasting, &receipt->visitor, &receipt->request, decision);
	LastingDecision *room = size > 0 ? realloc(session->lasting, size) : NULL;
	if (room == NULL)
		return;
	session->lasting = room;
	lasting_keep(lasting, &receipt->visitor, &receipt->request, decision, room);
}
