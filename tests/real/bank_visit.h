// One customer's visit: a session, offers for both points, a contact for each top offer, an accept if the
// data says so. A visit survives servers that come and go: calls are repeated, events under the same event
// ID, and a session that a runtime server lost is opened anew.
#pragma once
#include "touchpoint.h"

#include <stdio.h>

enum { VISIT_POINTS = 2 };

// Where what was acknowledged is written; each thread has files of its own.
typedef struct VisitLog {
	FILE *sessions; // customer,segments
	FILE *offers;   // customer,point,offer,score
	FILE *events;   // event ID,kind,customer,point,offer
} VisitLog;

typedef struct VisitCounters {
	atomic_ulong sessions, reopened;
} VisitCounters;

typedef struct VisitWorld {
	Touchpoint *touchpoint;
	RpcClient *client;
	VisitCounters *counters;
} VisitWorld;

// Errors: the last call's, once patience is over or it is one that repeating does not mend.
Err visit(const VisitWorld *world, VisitLog *log, long customer, bool accepts, Arena *arena);
