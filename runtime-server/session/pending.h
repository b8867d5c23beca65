// Actions of events whose time has not come: a session's, in the order in which they are due. They go with
// the session (and with its visitor, when it is handed over to another).
#pragma once
#include "base/error.h"
#include "decide/decide.h"

enum { SESSION_PENDING = 64 };

// What history needs of a treatment, as text: valid under any snapshot.
typedef struct TreatmentFacts {
	Str offer_code, rule, segment, point, zone, campaign, cell; // empty: there is none
} TreatmentFacts;

// The treatment that an event quotes.
typedef struct Quoted {
	Str code; // empty: none
	TreatmentFacts facts;
	Str level, audience_id; // whose it is; empty: the session's visitor's
} Quoted;

typedef struct PendingAction {
	struct PendingAction *next;
	int64_t due_us;         // on the wall clock
	uint32_t event, action; // indices in the session's snapshot, and among the event's actions
	unsigned depth;         // events that triggered one another, down to this one
	Str id;                 // of the event that it will be in the journal
	Str cause;              // of the event that a touchpoint posted
	Quoted quoted;
} PendingAction;

typedef struct PendingList {
	PendingAction *first;
	unsigned count;
} PendingList;

// A copy that owns its texts; free() it. NULL if memory is out.
PendingAction *pending_new(const PendingAction *like);
// The list owns it now. It has room: at most SESSION_PENDING.
void pending_add(PendingList *list, PendingAction *action);
// Takes the first one out if its time has come; else NULL. free() it.
PendingAction *pending_take(PendingList *list, int64_t now_us);
// Finds the actions again: at the same place of the event of the same name, if that is of the same kind.
// Those that are not found are dropped. Returns whether any was.
bool pending_follow(PendingList *list, const Plan *from, const Plan *to);
void pending_clear(PendingList *list);
