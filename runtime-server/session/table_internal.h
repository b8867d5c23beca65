// What the files of the session table share. A shard's mutex is held for look-ups and links, never while
// anybody works.
#pragma once
#include "session/table.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SHARDS_MOST = 64, SHARD_BITS = 6, WHEEL_SLOTS = 256 };

typedef struct Shard {
	_Alignas(64) pthread_mutex_t lock;
	Session **buckets;
	SessionWaiter *timed; // those that wait and have a deadline, in no order
	int64_t tick;         // the last one swept
	Session *wheel[WHEEL_SLOTS];
} Shard;

// The thread that gives up on waiters whose deadline has come.
typedef struct Timer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic(int64_t) wake_us; // by monotonic_us; changed under the lock
	bool running, stopping;
} Timer;

struct SessionTable {
	SessionTableOptions options;
	size_t bucket_mask;
	atomic_size_t count;
	Timer timer;
	size_t shard_count; // a power of 2
	Shard shards[];
};

static inline Shard *shard_of(SessionTable *table, uint64_t hash)
{
	return &table->shards[hash >> (64 - SHARD_BITS) & (table->shard_count - 1)];
}

static inline void shard_lock(const SessionTable *table, Shard *shard)
{
	if (!table->options.alone)
		pthread_mutex_lock(&shard->lock);
}

static inline void shard_unlock(const SessionTable *table, Shard *shard)
{
	if (!table->options.alone)
		pthread_mutex_unlock(&shard->lock);
}

// --- table.c ---
// With the shard locked: the session leaves the table; the caller frees it.
void table_unlink(SessionTable *table, Shard *shard, Session *session);
void table_free_session(SessionTable *table, Session *session);
// Gives the session to the next waiter, or to nobody.
void table_give_up(SessionTable *table, Session *session);

// --- sweep.c: with the shard locked ---
void wheel_put(Shard *shard, Session *session, int64_t tick);
// The session has nobody now, and wants to be woken: sees to it that the sweep hands it out in time.
void wheel_wake(Shard *shard, Session *session);
void wheel_take(Session *session);

// --- deadline.c: with the shard locked ---
// Gives the waiter a pin on the session's snapshot, and returns TIMEOUT.
Err waiter_is_late(SessionTable *table, const Session *session, SessionWaiter *waiter);
void timed_add(Shard *shard, SessionWaiter *waiter);
void timed_take(SessionWaiter *waiter);
// Without: the timer is to look at a waiter of that deadline.
void timer_notice(Timer *timer, int64_t deadline_us);
void timer_stop(Timer *timer);
