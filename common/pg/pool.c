// A bounded pool. Idle connections are a stack, so that the warm ones (plans, caches) are used first.
// Connecting happens outside the lock: a server that is away slows only those who wait for it.
#include "base/cleanup.h"
#include "base/clock.h"
#include "internal.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

struct PgPool {
	char *conninfo;
	char *setup; // may be NULL
	int connect_timeout_ms;
	pthread_mutex_t lock;
	pthread_cond_t returned;
	size_t size, taken;
	uint64_t waits, timeouts;
	size_t idle_count;
	Pg *idle[]; // `size` of them
};

PgPool *pg_pool_new(const char *conninfo, size_t size, int connect_timeout_ms, const char *setup)
{
	PgPool *pool = calloc(1, sizeof(*pool) + size * sizeof(*pool->idle));
	if (!pool)
		return NULL;
	pool->conninfo = strdup(conninfo);
	pool->setup = setup ? strdup(setup) : NULL;
	if (!pool->conninfo || (setup && !pool->setup)) {
		free(pool->conninfo);
		free(pool->setup);
		free(pool);
		return NULL;
	}
	pool->size = size;
	pool->connect_timeout_ms = connect_timeout_ms;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->returned, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&pool->lock, NULL);
	return pool;
}

void pg_pool_free(PgPool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->idle_count; i++)
		pg_close(pool->idle[i]);
	pthread_cond_destroy(&pool->returned);
	pthread_mutex_destroy(&pool->lock);
	free(pool->conninfo);
	free(pool->setup);
	free(pool);
}

// An idle connection has nothing to read; if there is something, it is the server's farewell.
static bool still_good(const Pg *pg)
{
	struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
	return pg_alive(pg) && poll(&fd, 1, 0) == 0;
}

static Err connect_one(const PgPool *pool, Pg **ret)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	TRY(pg_connect(pool->conninfo, pool->connect_timeout_ms, &pg));
	if (pool->setup)
		TRY(pg_script(pg, pool->connect_timeout_ms, pool->setup));
	*ret = STEAL(pg);
	return OK;
}

static void release_place(PgPool *pool, Pg *idle)
{
	pthread_mutex_lock(&pool->lock);
	pool->taken--;
	if (idle)
		pool->idle[pool->idle_count++] = idle;
	pthread_cond_signal(&pool->returned);
	pthread_mutex_unlock(&pool->lock);
}

// Waits for a place; *ret_idle is an idle connection if there is one.
static bool take_place(PgPool *pool, int64_t deadline, Pg **ret_idle)
{
	struct timespec until = {.tv_sec = deadline / US_PER_S, .tv_nsec = deadline % US_PER_S * 1000};
	bool waited_out = false;
	*ret_idle = NULL;
	pthread_mutex_lock(&pool->lock);
	pool->waits += pool->taken == pool->size;
	while (pool->taken == pool->size && !waited_out)
		waited_out = pthread_cond_timedwait(&pool->returned, &pool->lock, &until) != 0;
	bool got = pool->taken < pool->size;
	pool->timeouts += !got;
	if (got) {
		pool->taken++;
		if (pool->idle_count)
			*ret_idle = pool->idle[--pool->idle_count];
	}
	pthread_mutex_unlock(&pool->lock);
	return got;
}

Err pg_pool_take(PgPool *pool, int timeout_ms, Pg **ret)
{
	Pg *pg;
	if (!take_place(pool, deadline_in(timeout_ms), &pg))
		return err_retry(ERR_TIMEOUT, 100,
		        "all %zu database connections are in use: try again, or raise the pool's size",
		        pool->size);
	if (pg && !still_good(pg)) {
		pg_close(pg);
		pg = NULL;
	}
	Err failed = pg ? OK : connect_one(pool, &pg);
	if (failed != OK)
		release_place(pool, NULL);
	else
		*ret = pg;
	return failed;
}

void pg_pool_give(PgPool *pool, Pg *pg)
{
	if (!pg)
		return;
	if (!pg_alive(pg) || pg_in_transaction(pg)) {
		pg_close(pg);
		pg = NULL;
	}
	release_place(pool, pg);
}

void pg_pool_status(PgPool *pool, PgPoolStatus *ret)
{
	pthread_mutex_lock(&pool->lock);
	*ret = (PgPoolStatus){.size = pool->size,
	        .taken = pool->taken,
	        .idle = pool->idle_count,
	        .waits = pool->waits,
	        .timeouts = pool->timeouts};
	pthread_mutex_unlock(&pool->lock);
}
