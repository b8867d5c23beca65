// Shards, each with a mutex that is held for a few dozen nanoseconds: never while a session's owner works.
// Ownership of a session is its `busy` mark. Idle sessions are the affair of sweep.c, waiters that cannot
// wait for ever that of deadline.c.
//
//   nobody has it --enter/open--> busy --leave, no waiter--> nobody has it
//                                 busy --leave, waiter-----> busy (the waiter's)
//                                 busy --end---------------> freed
//   nobody has it --sweep, idle too long-------------------> freed
//   nobody has it --sweep, wants to be woken---------------> busy (the sweep's)
#include "session/table_internal.h"

#include <stdlib.h>
#include <xxhash.h>

enum { DEFAULT_SESSIONS = 1000000, DEFAULT_WAITERS = 32, FIRST_BUCKETS = 1024 };
enum { LINE = 64, VALUES_FETCHED = 512, TREATMENTS_FETCHED = 256, LASTING_FETCHED = 256 };

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
	size_t shards = options->alone ? 1 : options->shards ? options->shards : SHARDS_MOST;
	size_t size = sizeof(SessionTable) + shards * sizeof(Shard);
	SessionTable *table = aligned_alloc(_Alignof(SessionTable), size);
	if (table == NULL)
		return NULL;
	memset(table, 0, size);
	table->shard_count = shards;
	table->options = *options;
	if (table->options.max_sessions == 0)
		table->options.max_sessions = DEFAULT_SESSIONS;
	if (table->options.max_waiters == 0)
		table->options.max_waiters = DEFAULT_WAITERS;
	size_t buckets = 16, most = options->alone ? FIRST_BUCKETS : table->options.max_sessions;
	while (buckets * shards < most)
		buckets *= 2;
	table->bucket_mask = buckets - 1;
	for (size_t i = 0; i < table->shard_count; i++) {
		pthread_mutex_init(&table->shards[i].lock, NULL);
		table->shards[i].buckets = calloc(buckets, sizeof(Session *));
		if (table->shards[i].buckets == NULL) {
			session_table_free(table);
			return NULL;
		}
	}
	return table;
}

void table_free_session(SessionTable *table, Session *session)
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
			table_free_session(table, session);
		}
	free(shard->buckets);
}

void session_table_free(SessionTable *table)
{
	if (table == NULL)
		return;
	timer_stop(&table->timer);
	for (size_t i = 0; i < table->shard_count; i++)
		free_shard(table, &table->shards[i]);
	free(table);
}

size_t session_count(const SessionTable *table)
{
	return atomic_load_explicit(&table->count, memory_order_relaxed);
}

// Fetches what will be read next all at once: of a million sessions hardly one is in the processor's caches,
// and one line after the other takes several times as long.
static inline void fetch(const void *memory, size_t bytes)
{
	if (memory == NULL)
		return;
#pragma GCC unroll 16
	for (size_t at = 0; at < bytes; at += LINE)
		__builtin_prefetch((const char *)memory + at);
}

static Session **find(SessionTable *table, Shard *shard, uint64_t hash, Str id)
{
	Session **link = &shard->buckets[hash & table->bucket_mask];
	while (*link != NULL && ((*link)->hash != hash || !str_eq(session_id(*link), id)))
		link = &(*link)->next;
	return link;
}

void table_unlink(SessionTable *table, Shard *shard, Session *session)
{
	Session **link = find(table, shard, session->hash, session_id(session));
	*link = session->next;
	wheel_take(session);
}

// Of a table that one thread has: it begins small, for a plan has many of them, and there is nobody whom
// growing keeps waiting.
static void grow(SessionTable *table)
{
	Shard *shard = table->shards;
	size_t count = 2 * (table->bucket_mask + 1);
	Session **buckets = calloc(count, sizeof(Session *));
	if (buckets == NULL)
		return; // then chains get longer
	for (size_t b = 0; b <= table->bucket_mask; b++)
		for (Session *session = shard->buckets[b], *next; session != NULL; session = next) {
			Session **bucket = &buckets[session->hash & (count - 1)];
			next = session->next;
			session->next = *bucket;
			*bucket = session;
		}
	free(shard->buckets);
	shard->buckets = buckets;
	table->bucket_mask = count - 1;
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
	if (table->options.alone && count > table->bucket_mask)
		grow(table);
	session->hash = hash;
	session->busy = true;
	session->id_len = waiter->id.len;
	memcpy(session->id, waiter->id.ptr, waiter->id.len);
	Session **bucket = &shard->buckets[hash & table->bucket_mask];
	session->next = *bucket;
	*bucket = session;
	wheel_put(shard, session, waiter->now_us / SESSION_TICK_US + 1);
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
	waiter->session = session;
	return OK;
}

// The session is another's. A deadline that has passed is not waited for.
static Err wait_or_not(SessionTable *table, Shard *shard, Session *session, SessionWaiter *waiter)
{
	if (waiter->deadline_us != 0 && waiter->deadline_us <= monotonic_us())
		return waiter_is_late(table, session, waiter);
	TRY(queue_waiter(table, session, waiter));
	if (waiter->deadline_us != 0)
		timed_add(shard, waiter);
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
	__builtin_prefetch(&shard->buckets[hash & table->bucket_mask]);
	shard_lock(table, shard);
	fetch(shard->buckets[hash & table->bucket_mask], sizeof(Session) + SESSION_ID_MAX / 2);
	Session *session = *find(table, shard, hash, waiter->id);
	if (session == NULL) {
		result = waiter->open ? add_session(table, shard, hash, waiter, ret) : unknown(waiter->id);
	} else if (session->busy) {
		result = wait_or_not(table, shard, session, waiter);
		*ret_now = result != OK;
	} else {
		session->busy = true;
		*ret = session;
	}
	shard_unlock(table, shard);
	return result;
}

// Errors are told at once, so that their detail is still this thread's last failure.
static void start(SessionTable *table, SessionWaiter *waiter)
{
	Session *session = NULL;
	bool now = false;
	int64_t deadline_us = waiter->deadline_us;
	Err result = admit(table, waiter, &session, &now);
	if (!now) { // and the waiter may be gone
		timer_notice(&table->timer, deadline_us);
		return;
	}
	if (result != OK) {
		waiter->run(waiter, result, NULL);
		return;
	}
	fetch(session->values, VALUES_FETCHED);
	fetch(session->audience_id.ptr, 1);
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

void table_give_up(SessionTable *table, Session *session)
{
	Shard *shard = shard_of(table, session->hash);
	shard_lock(table, shard);
	SessionWaiter *waiter = session->first_waiter;
	if (waiter != NULL) {
		session->first_waiter = waiter->next;
		session->waiters--;
		timed_take(waiter);
	} else {
		session->busy = false;
		if (session->wake_us != 0)
			wheel_wake(shard, session);
	}
	shard_unlock(table, shard);
	if (waiter == NULL)
		return;
	make_ready(waiter, session);
	run_ready();
}

void session_leave(SessionTable *table, Session *session, int64_t now_us)
{
	session->expires_us = now_us + session->timeout_us;
	table_give_up(table, session);
}

void session_end(SessionTable *table, Session *session)
{
	Shard *shard = shard_of(table, session->hash);
	shard_lock(table, shard);
	table_unlink(table, shard, session);
	SessionWaiter *waiter = session->first_waiter;
	for (SessionWaiter *each = waiter; each != NULL; each = each->next)
		timed_take(each);
	shard_unlock(table, shard);
	table_free_session(table, session);
	while (waiter != NULL) {
		SessionWaiter *next = waiter->next;
		start(table, waiter);
		waiter = next;
	}
}

void *session_pin(SessionTable *table, Session *session, void *pin)
{
	Shard *shard = shard_of(table, session->hash);
	shard_lock(table, shard);
	void *former = session->pin;
	session->pin = pin;
	shard_unlock(table, shard);
	return former;
}

// --- ahead of a call ---

uint64_t session_place(const SessionTable *table, Str id)
{
	return XXH3_64bits_withSeed(id.ptr, id.len, table->options.hash_seed);
}

static inline Session **bucket_at(SessionTable *table, uint64_t place)
{
	return &shard_of(table, place)->buckets[place & table->bucket_mask];
}

// Of those that share a bucket only the first: the others are few.
const Session *session_fetched(SessionTable *table, uint64_t place)
{
	return *bucket_at(table, place);
}

// Who is answered from memory is so without a look at his values.
static void fetch_held(const Session *session)
{
	const char *treatments = session->treatments.items;
	if (session->lasting != NULL)
		fetch(session->lasting, LASTING_FETCHED);
	else
		fetch(session->values, VALUES_FETCHED);
	fetch(session->audience_id.ptr, 1);
	if (treatments != NULL)
		fetch(treatments + session->treatments.next * sizeof(Treatment), TREATMENTS_FETCHED);
}

void session_fetch(SessionTable *table, uint64_t place, unsigned step)
{
	Session **bucket = bucket_at(table, place);
	if (step == 0)
		__builtin_prefetch(bucket);
	else if (*bucket != NULL && step == 1)
		fetch(*bucket, sizeof **bucket + SESSION_ID_MAX / 2);
	else if (*bucket != NULL)
		fetch_held(*bucket);
}

Session *session_look(SessionTable *table, uint64_t place, Str id)
{
	return *find(table, shard_of(table, place), place, id);
}

void session_take(Session *session, SessionWaiter *waiter)
{
	session->busy = true;
	waiter->run(waiter, OK, session);
}
