// Shards, each with a mutex that is held for a few dozen nanoseconds: never while a session's owner works.
// Ownership of a session is its `busy` mark. Expiry is a lazy wheel: using a session only moves its time; the
// wheel looks again when the session's slot comes up and puts it into a later one if it was used meanwhile.
//
//   nobody has it --enter/open--> busy --leave, no waiter--> nobody has it
//                                 busy --leave, waiter-----> busy (the waiter's)
//                                 busy --end---------------> freed
//   nobody has it --sweep, idle too long-------------------> freed
#include "session/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <xxhash.h>

enum { SHARDS = 64, WHEEL_SLOTS = 256, DEFAULT_SESSIONS = 1000000, DEFAULT_WAITERS = 32, VISIT_BUCKETS = 64 };

typedef struct Shard {
	_Alignas(64) pthread_mutex_t lock;
	Session **buckets;
	int64_t tick; // the last one swept
	Session *wheel[WHEEL_SLOTS];
} Shard;

struct SessionTable {
	SessionTableOptions options;
	size_t bucket_mask;
	atomic_size_t count;
	Shard shards[SHARDS];
};

// Waiters that are ready to run on this thread. The outermost caller runs them, so that a long queue is no
// deep recursion.
static _Thread_local struct {
	SessionWaiter *first, **last;
	bool running;
} ready;

static void run_ready(void)
{
	if (ready.running)
		return;
	ready.running = true;
	while (ready.first != NULL) {
		SessionWaiter *waiter = ready.first;
		ready.first = waiter->next;
		waiter->run(waiter, OK, waiter->session);
	}
	ready.running = false;
}

static void make_ready(SessionWaiter *waiter, Session *session)
{
	waiter->session = session;
	waiter->next = NULL;
	if (ready.first == NULL)
		ready.last = &ready.first;
	*ready.last = waiter;
	ready.last = &waiter->next;
}

static Err unknown(Str id)
{
	return err(
	        ERR_SESSION_UNKNOWN, "no session \"" STR_FMT "\" is open here; start it first", STR_ARG(id));
}

SessionTable *session_table_new(const SessionTableOptions *options)
{
	SessionTable *table = aligned_alloc(64, sizeof *table);
	if (table == NULL)
		return NULL;
	memset(table, 0, sizeof *table);
	table->options = *options;
	if (table->options.max_sessions == 0)
		table->options.max_sessions = DEFAULT_SESSIONS;
	if (table->options.max_waiters == 0)
		table->options.max_waiters = DEFAULT_WAITERS;
	size_t buckets = 16;
	while (buckets * SHARDS < table->options.max_sessions)
		buckets *= 2;
	table->bucket_mask = buckets - 1;
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&table->shards[i].lock, NULL);
		table->shards[i].buckets = calloc(buckets, sizeof(Session *));
		if (table->shards[i].buckets == NULL) {
			session_table_free(table);
			return NULL;
		}
	}
	return table;
}

static void free_session(SessionTable *table, Session *session)
{
	if (table->options.on_free != NULL)
		table->options.on_free(table->options.context, session);
	session_clear(session);
	free(session);
	atomic_fetch_sub_explicit(&table->count, 1, memory_order_relaxed);
}

static void free_shard(SessionTable *table, Shard *shard)
{
	for (size_t b = 0; shard->buckets != NULL && b <= table->bucket_mask; b++)
		while (shard->buckets[b] != NULL) {
			Session *session = shard->buckets[b];
			shard->buckets[b] = session->next;
			free_session(table, session);
		}
	free(shard->buckets);
}

void session_table_free(SessionTable *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		free_shard(table, &table->shards[i]);
	free(table);
}

size_t session_count(const SessionTable *table)
{
	return atomic_load_explicit(&table->count, memory_order_relaxed);
}

static Shard *shard_of(SessionTable *table, uint64_t hash)
{
	return &table->shards[hash >> 58];
}

static Session **find(SessionTable *table, Shard *shard, uint64_t hash, Str id)
{
	Session **link = &shard->buckets[hash & table->bucket_mask];
	while (*link != NULL && ((*link)->hash != hash || !str_eq(session_id(*link), id)))
		link = &(*link)->next;
	return link;
}

static void wheel_put(Shard *shard, Session *session, int64_t tick)
{
	Session **slot = &shard->wheel[tick % WHEEL_SLOTS];
	session->wheel_next = *slot;
	session->wheel_link = slot;
	if (*slot != NULL)
		(*slot)->wheel_link = &session->wheel_next;
	*slot = session;
}

static void wheel_take(Session *session)
{
	*session->wheel_link = session->wheel_next;
	if (session->wheel_next != NULL)
		session->wheel_next->wheel_link = session->wheel_link;
}

// With the shard locked: the session leaves the table; the caller frees it.
static void unlink_session(SessionTable *table, Shard *shard, Session *session)
{
	Session **link = find(table, shard, session->hash, session_id(session));
	*link = session->next;
	wheel_take(session);
}

static Err add_session(
        SessionTable *table, Shard *shard, uint64_t hash, const SessionWaiter *waiter, Session **ret)
{
	size_t count = atomic_fetch_add_explicit(&table->count, 1, memory_order_relaxed);
	Session *session = NULL;
	if (count < table->options.max_sessions)
		session = calloc(1, sizeof *session + waiter->id.len + 1);
	if (session == NULL) {
		atomic_fetch_sub_explicit(&table->count, 1, memory_order_relaxed);
		if (count < table->options.max_sessions)
			return err(ERR_NO_MEMORY, "no memory for another session; try again later");
		return err_retry(ERR_LIMIT, 1000,
		        "all %zu sessions of this server are taken; end some or try again later",
		        table->options.max_sessions);
	}
	session->hash = hash;
	session->busy = true;
	session->id_len = waiter->id.len;
	memcpy(session->id, waiter->id.ptr, waiter->id.len);
	Session **bucket = &shard->buckets[hash & table->bucket_mask];
	session->next = *bucket;
	*bucket = session;
	int64_t tick = waiter->now_us / SESSION_TICK_US;
	wheel_put(shard, session, (tick > shard->tick ? tick : shard->tick) + 1);
	*ret = session;
	return OK;
}

static Err queue_waiter(const SessionTable *table, Session *session, SessionWaiter *waiter)
{
	if (session->waiters >= table->options.max_waiters)
		return err_retry(ERR_BUSY, 50,
		        "%u calls wait for this session already; send them one after the other",
		        session->waiters);
	if (session->first_waiter == NULL)
		session->last_waiter = &session->first_waiter;
	waiter->next = NULL;
	*session->last_waiter = waiter;
	session->last_waiter = &waiter->next;
	session->waiters++;
	return OK;
}

// Decides what becomes of a waiter: it gets the session, waits, or is refused. *ret_now tells whether to run
// it.
static Err admit(SessionTable *table, SessionWaiter *waiter, Session **ret, bool *ret_now)
{
	uint64_t hash = XXH3_64bits_withSeed(waiter->id.ptr, waiter->id.len, table->options.hash_seed);
	Shard *shard = shard_of(table, hash);
	Err result = OK;
	*ret = NULL;
	*ret_now = true;
	pthread_mutex_lock(&shard->lock);
	Session *session = *find(table, shard, hash, waiter->id);
	if (session == NULL) {
		result = waiter->open ? add_session(table, shard, hash, waiter, ret) : unknown(waiter->id);
	} else if (session->busy) {
		result = queue_waiter(table, session, waiter);
		*ret_now = result != OK;
	} else {
		session->busy = true;
		*ret = session;
	}
	pthread_mutex_unlock(&shard->lock);
	return result;
}

// Errors are told at once, so that their detail is still this thread's last failure.
static void start(SessionTable *table, SessionWaiter *waiter)
{
	Session *session = NULL;
	bool now = false;
	Err result = admit(table, waiter, &session, &now);
	if (!now)
		return;
	if (result != OK) {
		waiter->run(waiter, result, NULL);
		return;
	}
	make_ready(waiter, session);
	run_ready();
}

void session_enter(SessionTable *table, Str id, SessionWaiter *waiter)
{
	waiter->id = id;
	waiter->open = false;
	start(table, waiter);
}

void session_open(SessionTable *table, Str id, int64_t now_us, SessionWaiter *waiter)
{
	waiter->id = id;
	waiter->open = true;
	waiter->now_us = now_us;
	start(table, waiter);
}

static void give_up(SessionTable *table, Session *session)
{
	Shard *shard = shard_of(table, session->hash);
	pthread_mutex_lock(&shard->lock);
	SessionWaiter *waiter = session->first_waiter;
	if (waiter != NULL) {
		session->first_waiter = waiter->next;
		session->waiters--;
	} else {
		session->busy = false;
	}
	pthread_mutex_unlock(&shard->lock);
	if (waiter != NULL)
		make_ready(waiter, session);
	run_ready();
}

void session_leave(SessionTable *table, Session *session, int64_t now_us)
{
	session->expires_us = now_us + session->timeout_us;
	give_up(table, session);
}

void session_end(SessionTable *table, Session *session)
{
	Shard *shard = shard_of(table, session->hash);
	pthread_mutex_lock(&shard->lock);
	unlink_session(table, shard, session);
	pthread_mutex_unlock(&shard->lock);
	SessionWaiter *waiter = session->first_waiter;
	free_session(table, session);
	while (waiter != NULL) {
		SessionWaiter *next = waiter->next;
		start(table, waiter);
		waiter = next;
	}
}

// Takes the sessions of one wheel slot: the idle ones out of the table onto *dead, the others into a later
// slot.
static void sweep_slot(SessionTable *table, Shard *shard, int64_t slot_tick, int64_t now_us, Session **dead)
{
	int64_t now_tick = now_us / SESSION_TICK_US;
	Session *session = shard->wheel[slot_tick % WHEEL_SLOTS];
	while (session != NULL) {
		Session *next = session->wheel_next;
		if (!session->busy && session->expires_us <= now_us) {
			unlink_session(table, shard, session);
			session->next = *dead;
			*dead = session;
		} else {
			int64_t tick =
			        session->busy ? now_tick + 1 : session->expires_us / SESSION_TICK_US + 1;
			wheel_take(session);
			wheel_put(shard, session,
			        tick < now_tick + WHEEL_SLOTS ? tick : now_tick + WHEEL_SLOTS - 1);
		}
		session = next;
	}
}

static Session *sweep_shard(SessionTable *table, Shard *shard, int64_t now_us)
{
	int64_t now_tick = now_us / SESSION_TICK_US;
	Session *dead = NULL;
	pthread_mutex_lock(&shard->lock);
	int64_t from = now_tick - WHEEL_SLOTS > shard->tick ? now_tick - WHEEL_SLOTS : shard->tick;
	for (int64_t tick = from + 1; tick <= now_tick; tick++)
		sweep_slot(table, shard, tick, now_us, &dead);
	if (now_tick > shard->tick)
		shard->tick = now_tick;
	pthread_mutex_unlock(&shard->lock);
	return dead;
}

size_t session_sweep(
        SessionTable *table, int64_t now_us, void (*expired)(void *context, Session *session), void *context)
{
	size_t count = 0;
	for (size_t i = 0; i < SHARDS; i++) {
		Session *session = sweep_shard(table, &table->shards[i], now_us);
		for (; session != NULL; count++) {
			Session *next = session->next;
			expired(context, session);
			free_session(table, session);
			session = next;
		}
	}
	return count;
}

// Takes every session that nobody has in a run of buckets, as a chain by visit_next.
static Session *take_idle(SessionTable *table, Shard *shard, size_t first_bucket)
{
	Session *taken = NULL;
	pthread_mutex_lock(&shard->lock);
	for (size_t b = first_bucket; b <= table->bucket_mask && b < first_bucket + VISIT_BUCKETS; b++)
		for (Session *session = shard->buckets[b]; session != NULL; session = session->next)
			if (!session->busy) {
				session->busy = true;
				session->visit_next = taken;
				taken = session;
			}
	pthread_mutex_unlock(&shard->lock);
	return taken;
}

static void visit_bucket_run(SessionTable *table, Shard *shard, size_t first_bucket,
        bool (*visit)(void *context, Session *session), void *context)
{
	for (Session *session = take_idle(table, shard, first_bucket); session != NULL;) {
		Session *next = session->visit_next;
		if (visit(context, session))
			give_up(table, session);
		else
			session_end(table, session);
		session = next;
	}
}

void session_visit(SessionTable *table, bool (*visit)(void *context, Session *session), void *context)
{
	for (size_t i = 0; i < SHARDS; i++)
		for (size_t b = 0; b <= table->bucket_mask; b += VISIT_BUCKETS)
			visit_bucket_run(table, &table->shards[i], b, visit, context);
}
