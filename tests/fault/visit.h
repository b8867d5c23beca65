// One visitor's visit: a session, offers, a contact for the first offer, perhaps an answer to it, perhaps an
// event of its own. It survives servers that come and go: a call is repeated until it is answered, an event
// always under its own ID; a session that the runtime lost is opened anew.
#pragma once
#include "ledger.h"
#include "oracle/chance.h"
#include "rpc/rpc.h"

#include <stdatomic.h>

typedef struct VisitTotals {
	atomic_ulong visits;
	atomic_ulong acked;      // events
	atomic_ulong duplicates; // of these: answered as known, because an earlier try had been taken
	atomic_ulong repeats;    // calls sent again
	atomic_ulong reopened;   // sessions
	atomic_ulong
	        abandoned; // events whose treatment nobody knew any more: outcome unknown, not acknowledged
	atomic_ulong full; // calls refused with JOURNAL_FULL …
	atomic_ulong no_pushback; // … and of these without a time after which to try again
	atomic_ulong crowded;     // getOffers answered with EVENTS_PAUSED and recorded
	atomic_ulong paused;      // getOffers answered with the advisory HISTORY_PAUSED
} VisitTotals;

typedef struct VisitWorld {
	const char *channel, *name; // `name` begins every ID of this run
	RpcClient *client;
	VisitTotals *totals;
	int64_t patience_us; // how long one call is repeated
} VisitWorld;

// Visit `number` of thread `thread`. Errors: the last call's, once patience is over or if repeating does not
// help.
Err visit(const VisitWorld *world, Ledger *ledger, Chance *chance, int thread, long number, Arena *arena);
// One event and nothing else: the journal's last.
Err visit_mark(const VisitWorld *world, Ledger *ledger, int thread, Arena *arena);
// A visitor with long keys asks for everything, over and over: fills a journal quickly. Until `stop`, or
// until all answers of a second have said that they are not recorded: a disk that is behind for a moment
// makes some say so, too.
Err visit_fill(const VisitWorld *world, int thread, const atomic_bool *stop, Arena *arena);
