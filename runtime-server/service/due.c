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

static const struct {
	unsigned note;
	AdvisoryId advisory;
	bool has_text;
} kept[] = {
        {SESSION_NOTE_CHANGED, ADVISORY_SNAPSHOT_CHANGED, false},
        {SESSION_NOTE_DROPPED, ADVISORY_ATTRIBUTE_DROPPED, false},
        {SESSION_NOTE_ACTIONS, ADVISORY_ACTION_DROPPED, false},
        {SESSION_NOTE_FAILED, ADVISORY_ACTION_FAILED, true},
        {SESSION_NOTE_LIMIT, ADVISORY_ACTION_LIMIT, true},
        {SESSION_NOTE_PAUSED, ADVISORY_HISTORY_PAUSED, false},
};

static void keep(Session *session, const Advisories *advisories)
{
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		AdvisoryId id = kept[i].advisory;
		if ((advisories->noted >> id & 1) != 0)
			session_note(
			        session, kept[i].note, kept[i].has_text ? advisories->details[id] : STR(""));
	}
}

void due_tell_notes(const Session *session, Arena *arena, Advisories *advisories)
{
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		if ((session->notes & kept[i].note) == 0)
			continue;
		const char *text = kept[i].has_text
		                           ? arena_cstr(arena, str(session_note_text(session, kept[i].note)))
		                           : NULL;
		advise(advisories, kept[i].advisory, str(text));
	}
}

void due_run_pending(Service *service, Session *session, int64_t now_us, Arena *arena)
{
	Advisories advisories = {0};
	for (unsigned done = 0; done < ACTIONS_DUE; done++) {
		PendingAction *action = pending_take(&session->pending, now_us);
		if (action == NULL)
			break;
		run_one(service, session, action, arena, &advisories);
		free(action);
	}
	keep(session, &advisories);
}

void due_arrange_pending(const Service *service, Session *session)
{
	int64_t wait_us = session->pending.first->due_us - wall_now(service);
	session->wake_us = steady_now(service) + (wait_us > 0 ? wait_us : 0);
}
