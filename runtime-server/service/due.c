#include "service/due.h"

#include "service/actions.h"
#include "service/record.h"

#include <stdlib.h>

static void record_all(Actions *actions)
{
	for (EventRecord *record = actions->records; record != NULL; record = record->next) {
		if (!actions_tells(record))
			continue;
		Err e = record_event(actions->service, actions->session, actions->now_us, &record->message,
		        actions->arena, NULL, NULL);
		if (e != OK)
			advise(actions->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	}
}

static Err do_one(Actions *actions, const PendingAction *action)
{
	TRY(actions_due(actions, action));
	return actions_prepare(actions);
}

static void run_one(
        Service *service, Session *session, const PendingAction *action, Arena *arena, Advisories *advisories)
{
	Actions actions;
	Err e = actions_begin(&actions, service, session, action->due_us, arena, advisories);
	if (e == OK)
		e = do_one(&actions, action);
	if (e == OK) {
		record_all(&actions);
		actions_commit(&actions);
		return;
	}
	actions_drop(&actions);
	advise_more(advisories, ADVISORY_ACTION_FAILED, STR("no memory for an action that was due"), arena);
}

void due_run(Service *service, Session *session, int64_t now_us, Arena *arena, Advisories *advisories)
{
	PendingAction *action = NULL;
	for (unsigned done = 0; done < ACTIONS_DUE; done++) {
		action = pending_take(&session->pending, now_us);
		if (action == NULL)
			return;
		run_one(service, session, action, arena, advisories);
		free(action);
	}
}

void due_arrange(const Service *service, Session *session)
{
	session->wake_us = 0;
	if (session->pending.first == NULL)
		return;
	int64_t wait_us = session->pending.first->due_us - wall_now(service);
	session->wake_us = steady_now(service) + (wait_us > 0 ? wait_us : 0);
}
