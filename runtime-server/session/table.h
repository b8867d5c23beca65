// All sessions of this server, by ID, in shards. The interface is narrow so that a shared store can be added
// beside this in-memory one. Calls on one session take turns without blocking a thread: who comes while
// another has the session leaves a waiter, and is run by the thread that gives the session up.
#pragma once
#include "base/clock.h"
#include "session/session.h"

typedef struct SessionTable SessionTable;

typedef struct SessionTableOptions {
	size_t max_sessions;                              // 0: 1,000,000; more are refused with LIMIT
	unsigned max_waiters;                             // on one session; 0: 32; more are refused with BUSY
	unsigned shards;                                  // a power of 2, at most 64; 0: 64
	bool alone;                                       // one thread has the table: one shard, no locks
	uint64_t hash_seed;                               // random, so that nobody chooses IDs that collide
	void (*on_free)(void *context, Session *session); // before a session is freed; may be NULL
	// One more pin on a session's snapshot, for a waiter that comes too late; a lock is held. May be
	// NULL.
	void *(*retain)(void *context, void *pin);
	void *context;
} SessionTableOptions;

// A call's place in the queue. Lives in the call's arena; `run` is called exactly once, on this thread or
// another.
typedef struct SessionWaiter {
	// OK with the session, which is then the callee's until session_leave or session_end; or an error
	// (with its detail on that thread) and NULL.
	void (*run)(struct SessionWaiter *waiter, Err result, Session *session);
	// By monotonic_us: it waits for its turn no longer than this, and gets TIMEOUT then. 0: it waits.
	int64_t deadline_us;
	void *late_pin; // with TIMEOUT: a pin on the session's snapshot, the waiter's now; NULL: it has none
	                // yet
	// The table's.
	struct SessionWaiter *next, *timed_next, **timed_link;
	Session *session;
	Str id;
	bool open;
	int64_t now_us;
} SessionWaiter;

// NULL if memory is out.
SessionTable *session_table_new(const SessionTableOptions *options);
// Nobody may have a session any more.
void session_table_free(SessionTable *table);
size_t session_count(const SessionTable *table);

// Runs the waiter when it is its turn on the session. Errors: SESSION_UNKNOWN, BUSY, TIMEOUT.
void session_enter(SessionTable *table, Str id, SessionWaiter *waiter);
// The same, but makes a session if there is none: it is fresh (its pin is NULL). Errors: LIMIT, BUSY,
// NO_MEMORY, TIMEOUT.
void session_open(SessionTable *table, Str id, int64_t now_us, SessionWaiter *waiter);
// Gives the session up, idle from now on, and runs the next waiter.
void session_leave(SessionTable *table, Session *session, int64_t now_us);
// Removes and frees the session. Waiters that entered get SESSION_UNKNOWN, those that open get a fresh one.
void session_end(SessionTable *table, Session *session);
// Changes the pin of a session that the caller has; returns the former one.
void *session_pin(SessionTable *table, Session *session, void *pin);

// For who knows which sessions come next, where only the caller's thread uses the table: the place of an ID,
// and what a call on the session will touch, asked for from memory a step (0 to SESSION_STEPS - 1) at a time.
// Each step goes by what the one before it asked for, so there should be other work between them.
enum { SESSION_STEPS = 3 };
uint64_t session_place(const SessionTable *table, Str id);
void session_fetch(SessionTable *table, uint64_t place, unsigned step);
// The session that these steps were about; NULL: there is none.
const Session *session_fetched(SessionTable *table, uint64_t place);

// A session that nobody has, by its ID and the place of that, where only the caller's thread uses the table.
// It stays until it is ended, by a call or by the sweep. NULL: there is none.
Session *session_look(SessionTable *table, uint64_t place, Str id);
// Runs the waiter on a session that session_look has found, as session_enter does.
void session_take(Session *session, SessionWaiter *waiter);

// --- waiters with a deadline ---

// Starts a thread that gives up on waiters when their time has come. Error: NO_MEMORY.
Err session_table_time(SessionTable *table);
// What that thread does: runs every waiter whose deadline is not after `now_us`, with TIMEOUT. Returns the
// earliest deadline that is left; INT64_MAX if there is none.
int64_t session_give_up_late(SessionTable *table, int64_t now_us);

// --- now and then, from one thread ---

enum { SESSION_TICK_US = 1000000 };

typedef struct SessionSweep {
	// A session that has been idle too long, before it is freed.
	void (*expired)(void *context, Session *session);
	// A session whose wake_us has come, as its owner, who sets it anew; that does not count as use.
	// Returns false to have the session ended.
	bool (*woken)(void *context, Session *session);
	void *context;
} SessionSweep;

// Ends sessions that have been idle too long and hands out those that want to be woken. To be called about
// every second; both happen within SESSION_TICK_US after their time. Returns how many ended.
size_t session_sweep(SessionTable *table, int64_t now_us, const SessionSweep *sweep);

// The earliest moment, up to `until_us`, at which session_sweep, if it is called at every full second, has
// anything to look at; INT64_MAX: none. For who keeps the clock himself and need not call it in between.
int64_t session_next_look(SessionTable *table, int64_t until_us);

// Visits every session that nobody has, as its owner (to move idle sessions to another snapshot); that does
// not count as use. `visit` returns false to have the session ended.
void session_visit(SessionTable *table, bool (*visit)(void *context, Session *session), void *context);
// The same with every session that there is when it is called: waits for those that somebody has, each in its
// turn. From a thread that has none itself. Errors: NO_MEMORY, BUSY (too many wait for one of them).
Err session_visit_all(SessionTable *table, bool (*visit)(void *context, Session *session), void *context);
