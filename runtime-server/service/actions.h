// What events do. Actions work on a copy of the session's values and put by what else they would change;
// nothing is changed before the journal has taken the event, and nothing can fail after that.
#pragma once
#include "service/advisory.h"
#include "service/internal.h"

#define ACTION_KIND(name) PARLEY__SNAPSHOT__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_##name

enum {
	// Of one event that was posted, with all that it triggers at once, or of an action that came due and
	// what follows from that. No snapshot that passes its checks asks for more.
	ACTIONS_MAX = SNAPSHOT_ACTIONS_AT_ONCE + 1,
	ACTIONS_DEPTH = SNAPSHOT_TRIGGERS_IN_A_ROW, // events that trigger one another, at once or later
	ACTIONS_DUE = 64, // that one call on a session does before anything else; the rest come next
};

// An EventPosted that is to be recorded.
typedef struct EventRecord {
	struct EventRecord *next;
	struct EventRecord *more; // where effects that have no room here are; NULL: there are none
	EventPosted message;
	size_t meaning_room, effect_room, effect_bytes;
} EventRecord;

// Facts that the session will have.
typedef struct FactList {
	Fact *items;
	size_t count, room;
} FactList;

typedef struct Actions {
	Service *service;
	Session *session;
	Arena *arena;
	Advisories *advisories;
	int64_t now_us; // as of when: all facts are of this moment
	const Quoted *quoted;
	const char *id;    // of the event whose actions these are
	unsigned ordinals; // that events that follow from it have had: ~ID/1, ~ID/2, …
	unsigned done;     // actions
	// What is to be.
	Values values;
	bool changed;                        // `values` is another than the session's
	bool stale;                          // segments and what flows set are to be computed again
	EventRecord *records, **records_end; // the event's own first
	FactList facts;
	PendingList pending;
	SessionValues *block;
} Actions;

// Fills all of it. Error: NO_MEMORY.
Err actions_begin(Actions *actions, Service *service, Session *session, int64_t now_us, Arena *arena,
        Advisories *advisories);
// Sets attributes that a call reports.
void actions_set_all(Actions *actions, const Parameters *parameters);
// Does an event that was posted. What an action cannot do is advised, not an error. Error: NO_MEMORY.
Err actions_post(Actions *actions, uint32_t event, const char *event_id, const Quoted *quoted);
// Does an action whose time has come; texts of `action` are borrowed. Error: NO_MEMORY.
Err actions_due(Actions *actions, const PendingAction *action);
// Whether history or visitor state has to know of an event that no touchpoint posted.
static inline bool actions_tells(const EventRecord *record)
{
	return record->message.n_meanings + record->message.n_effects > 0 ||
	       record->message.outcome[0] != '\0';
}
// Makes everything ready that can fail. Error: NO_MEMORY.
Err actions_prepare(Actions *actions);
// Changes the session.
void actions_commit(Actions *actions);
// Instead: forgets it all.
void actions_drop(Actions *actions);

// --- between the files of this part ---

// An action at its time.
typedef struct Step {
	Actions *actions;
	EventRecord *record; // of the event that it is of
	const EventAction *action;
	const PreparedAction *programs;
	uint32_t event, index;
	unsigned depth;
} Step;

// Does what its kind says. Error: NO_MEMORY.
Err step_do(const Step *step);
// Advises that it could not be done.
void step_failed(const Step *step, const char *why);
// Evaluates for the visitor as it is now.
ExprValue step_eval(const Step *step, const ExprProgram *program);
// Why an evaluation failed: "ATTRIBUTE_MISSING: income".
const char *step_error(const Step *step, const ExprValue *value);
void actions_set(Actions *actions, int slot, ExprValue value, int origin);
// Computes segments and what flows set, if they are not up to date. Error: NO_MEMORY.
Err actions_segment(Actions *actions);
// Does the actions of an event.
Err actions_run(Actions *actions, EventRecord *record, uint32_t event, unsigned depth);
// A record of an event; texts of `id` and `cause` are borrowed. `id` may be NULL, and then memory is out.
// Error: NO_MEMORY.
Err actions_record(Actions *actions, uint32_t event, const char *id, const char *cause, EventRecord **ret);
// The ID of the next event that follows from this one; NULL if memory is out.
const char *actions_next_id(Actions *actions);
