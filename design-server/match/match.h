// Late responses: what came without a session is matched to what was shown. A thread goes over the queue when
// ingest has put something into it, and every second; any number of design servers may do so at once.
// README.md has the rules.
#pragma once
#include "environment/environment.h"
#include "services.h"

typedef struct Matcher Matcher;

// Starts the thread. `services` and `environments` outlive it. Error: NO_MEMORY.
Err matcher_new(Services *services, const Environments *environments, Matcher **ret);
// Ends behind the batch that it is at. NULL is fine.
void matcher_free(Matcher *matcher);
// There is something new in the queue. NULL: nobody cares.
void matcher_wake(Matcher *matcher);
// Adds OrphanService.
Err matcher_register(Matcher *matcher, RpcServer *server);

// --- one batch, as the thread does it ---

enum { MATCH_BATCH = 500 };

// What holds in which environment; a place for each.
typedef struct MatchRules {
	const Str *environments;
	const int64_t *windows_us, *patiences_us, *keeps_us;
	size_t count;
} MatchRules;

typedef struct MatchCount {
	int64_t taken; // less than MATCH_BATCH: no more is due
	int64_t matched, orphaned, waiting;
} MatchCount;

// Matches what is due, at most MATCH_BATCH, in one transaction. Errors: those of the database.
Err match_batch(Store *ingest, const MatchRules *rules, int64_t now_us, MatchCount *ret);
// The same for one response, whether it is due or not.
Err match_one(Store *ingest, const MatchRules *rules, int64_t now_us, int64_t id, MatchCount *ret);
// Deletes what has been done with for longer than it is kept, some at a time. Errors: those of the database.
Err match_forget(Store *ingest, const MatchRules *rules, int64_t now_us, int64_t *ret_deleted);
