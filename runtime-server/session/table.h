// All sessions of this server, by ID, in shards. The interface is narrow so that a shared store can be added
// beside this in-memory one. Calls on one session take turns without blocking a thread: who comes while
// another has the session leaves a waiter, and is run by the thread that gives the session up.
#pragma once
#include "session/session.h"

typedef struct SessionTable SessionTable;

typedef struct SessionTableOptions {
	size_t max_sessions;                              // 0: 1,000,000; more are refused with LIMIT
	unsigned max_waiters;                             // on one session; 0: 32; more are refused with BUSY
	uint64_t hash_seed;                               // random, so that nobody chooses IDs that collide
	void (*on_free)(void *context, Session *session); // before a session is freed; may be NULL
	void *context;
} SessionTableOptions;

// A call's place in the queue. Lives in the call's arena; `run` is called exactly once, on this thread or
// another.
typedef struct SessionWaiter {
	// OK with the session, which is then the callee's until session_leave or session_end; or an error
	// (with its detail on that thread) and NULL.
	void (*run)(struct SessionWaiter *waiter, Err result, Session *session);
	// The table's.
	struct SessionWaiter *next;
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

// Runs the waiter when it is its turn on the session. Errors: SESSION_UNKNOWN, BUSY.
void session_enter(SessionTable *table, Str id, SessionWaiter *waiter);
// The same, but makes a session if there is none: it is fresh (its pin is NULL). Errors: LIMIT, BUSY,
// NO_MEMORY.
void session_open(SessionTable *table, Str id, int64_t now_us, SessionWaiter *waiter);
// Gives the session up, idle from now on, and runs the next waiter.
void session_leave(SessionTable *table, Session *session, int64_t now_us);
// Removes and frees the session. Waiters that entered get SESSION_UNKNOWN, those that open get a fresh one.
void session_end(SessionTable *table, Session *session);

// Ends sessions that have been idle too long: `expired` sees each before it is freed. To be called about
// every second, from one thread; sessions end within SESSION_TICK_US after their time-out. Returns how many
// ended.
enum { SESSION_TICK_US = 1000000 };
size_t session_sweep(
        SessionTable *table, int64_t now_us, void (*expired)(void *context, Session *session), void *context);

// Visits every session that nobody has, as its owner (to move idle sessions to another snapshot); that does
// not count as use. `visit` returns false to have the session ended.
void session_visit(SessionTable *table, bool (*visit)(void *context, Session *session), void *context);
