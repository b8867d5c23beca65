// Transactions that are tried again: two designers who change the same thing at once both get an answer, and
// only a conflict that persists reaches them.
#include "store/store.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { TRIES = 5, CONNECT_TIMEOUT_MS = 5000, TAKE_TIMEOUT_MS = 5000 };

struct Store {
	PgPool *pool;
};

Store *store_new_as(const char *conninfo, const char *role, size_t connections)
{
	// Work as the role that owns nothing, whoever logged in; and never leave a transaction open for long.
	char setup[128];
	snprintf(setup, sizeof setup, "SET ROLE %s; SET idle_in_transaction_session_timeout = '60s'", role);
	Store *store = calloc(1, sizeof(*store));
	if (!store)
		return NULL;
	store->pool = pg_pool_new(conninfo, connections, CONNECT_TIMEOUT_MS, setup);
	if (!store->pool) {
		free(store);
		return NULL;
	}
	return store;
}

Store *store_new(const char *conninfo, size_t connections)
{
	return store_new_as(conninfo, STORE_ROLE, connections);
}

void store_free(Store *store)
{
	if (!store)
		return;
	pg_pool_free(store->pool);
	free(store);
}

void store_pool(Store *store, PgPoolStatus *ret)
{
	pg_pool_status(store->pool, ret);
}

// 10 to 20 ms, then twice that, and so on: whoever collided should not collide again in step.
static void back_off(int tries)
{
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	long ms = (10L << tries) + (long)(random % (10U << tries));
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static Err run_once(Store *store, const char *begin, const char *end, StoreWork work, void *context)
{
	Pg *pg = NULL;
	TRY(pg_pool_take(store->pool, TAKE_TIMEOUT_MS, &pg));
	Err failed = pg_script(pg, STORE_TIMEOUT_MS, begin);
	if (failed == OK)
		failed = work(pg, context);
	if (failed == OK)
		failed = pg_script(pg, STORE_TIMEOUT_MS, end);
	if (failed != OK && pg_alive(pg) && pg_in_transaction(pg)) {
		ErrDetail why = *err_detail();
		(void)pg_script(
		        pg, STORE_TIMEOUT_MS, "ROLLBACK"); // if it fails, the pool closes the connection
		err_restore(&why);
	}
	pg_pool_give(store->pool, pg);
	return failed;
}

static Err run(Store *store, const char *begin, const char *end, StoreWork work, void *context)
{
	Err failed = OK;
	for (int tries = 0; tries < TRIES; tries++) {
		failed = run_once(store, begin, end, work, context);
		if (failed != ERR_DB_CONFLICT)
			return failed;
		back_off(tries);
	}
	return err_context(failed, "tried %d times", TRIES);
}

Err store_transact(Store *store, StoreWork work, void *context)
{
	return run(store, "BEGIN", "COMMIT", work, context);
}

Err store_read(Store *store, StoreWork work, void *context)
{
	return run(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "COMMIT", work, context);
}

Err store_rehearse(Store *store, StoreWork work, void *context)
{
	return run(store, "BEGIN", "ROLLBACK", work, context);
}

Err store_run(Store *store, StoreWork work, void *context)
{
	Pg *pg = NULL;
	TRY(pg_pool_take(store->pool, TAKE_TIMEOUT_MS, &pg));
	Err failed = work(pg, context);
	pg_pool_give(store->pool, pg);
	return failed;
}
