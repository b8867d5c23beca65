// A loader: a thread with a connection of its own, which it makes anew whenever it has to. It works on
// copies, so that the watcher may take a request away from it at any time.
#include "profile/internal.h"

#include "base/cleanup.h"
#include "profile/query.h"

enum { CONNECT_TIMEOUT_MS = 3000, LOADER_BLOCK = 8192 };

// What every connection gets: the login should be read-only, and the session is so in any case.
static const char connection_setup[] = "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; "
                                       "SET DateStyle = 'ISO'; SET client_encoding = 'UTF8'; "
                                       "SET application_name = 'parley-runtime'";

// With the lock held; it is free while the owner is told.
static void set_away(Profile *profile, bool away)
{
	if (profile->away == away)
		return;
	profile->away = away;
	ErrDetail why = profile->why;
	pthread_cond_signal(&profile->watch);
	if (profile->options.on_change == NULL)
		return;
	pthread_mutex_unlock(&profile->lock);
	profile->options.on_change(profile->options.context, !away, &why);
	pthread_mutex_lock(&profile->lock);
}

static void drop_connection(Loader *loader)
{
	if (loader->pg == NULL)
		return;
	pg_close(loader->pg);
	loader->pg = NULL;
	loader->profile->connected--;
}

static Err connect_now(const Profile *profile, Pg **ret)
{
	TRY(pg_connect(profile->conninfo, CONNECT_TIMEOUT_MS, ret));
	Err e = pg_script(*ret, CONNECT_TIMEOUT_MS, connection_setup);
	if (e != OK) {
		pg_close(*ret);
		*ret = NULL;
	}
	return e;
}

// With the lock held, given up meanwhile. After a failure waits a little before the next attempt.
static void reconnect(Loader *loader)
{
	Profile *profile = loader->profile;
	uint64_t epoch = profile->epoch;
	drop_connection(loader);
	pthread_mutex_unlock(&profile->lock);
	Err e = connect_now(profile, &loader->pg);
	ErrDetail why = *err_detail();
	pthread_mutex_lock(&profile->lock);
	if (e == OK) {
		loader->epoch = epoch;
		profile->connected++;
		set_away(profile, false);
		return;
	}
	if (profile->connected == 0) {
		profile->why = why;
		set_away(profile, true);
	}
	struct timespec until = timespec_of(monotonic_us() + profile->options.retry_ms * US_PER_MS);
	while (!profile->stopping && pthread_cond_timedwait(&profile->retry, &profile->lock, &until) == 0)
		;
}

// What follows a failed query. With the lock held; a request whose connection turned out dead is tried once
// more.
static bool try_again(Profile *profile, ProfileRequest *request)
{
	profile->epoch++;
	pthread_cond_broadcast(&profile->work); // the others' connections may be dead too
	if (request == NULL || request->retried || profile->away)
		return false;
	request->retried = true;
	profile_queue_put(profile, request);
	return true;
}

// Without the lock. The request is the loader's unless the watcher took it meanwhile.
static void serve(Loader *loader, const ProfileFetch *fetch, int timeout_ms)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Profile *profile = loader->profile;
	Err e = pg_query(loader->pg, timeout_ms, fetch->sql, fetch->keys, fetch->key_count, &result);
	pthread_mutex_lock(&profile->lock);
	ProfileRequest *request = STEAL(loader->request);
	bool again = e != OK && !pg_alive(loader->pg) && try_again(profile, request);
	pthread_mutex_unlock(&profile->lock);
	if (request == NULL || again)
		return;
	if (e == OK)
		e = profile_query_fill(request, result);
	if (e == OK)
		request->done(request);
	else
		profile_end_unavailable(request, err_detail()->message);
}

// With the lock held, given up meanwhile.
static void serve_next(Loader *loader)
{
	Profile *profile = loader->profile;
	ProfileRequest *request = profile_queue_take(profile);
	int64_t left_ms = (request->deadline_us - monotonic_us()) / US_PER_MS;
	ProfileFetch fetch;
	arena_reset(loader->arena);
	Err e = profile_fetch_new(request, loader->arena, &fetch);
	loader->request = e == OK ? request : NULL;
	pthread_mutex_unlock(&profile->lock);
	if (e == OK)
		serve(loader, &fetch, left_ms > 0 ? (int)left_ms : 1);
	else
		profile_end_unavailable(request, err_detail()->message);
	pthread_mutex_lock(&profile->lock);
}

static void *load(void *context)
{
	Loader *loader = context;
	Profile *profile = loader->profile;
	pthread_mutex_lock(&profile->lock);
	while (!profile->stopping) {
		if (loader->pg == NULL || !pg_alive(loader->pg) || loader->epoch != profile->epoch)
			reconnect(loader);
		else if (profile->first == NULL)
			pthread_cond_wait(&profile->work, &profile->lock);
		else
			serve_next(loader);
	}
	drop_connection(loader);
	pthread_mutex_unlock(&profile->lock);
	return NULL;
}

Err profile_loader_start(Profile *profile, Loader *loader)
{
	loader->profile = profile;
	loader->arena = arena_new(LOADER_BLOCK, 0);
	if (loader->arena != NULL && pthread_create(&loader->thread, NULL, load, loader) == 0)
		return OK;
	arena_free(loader->arena);
	return err(ERR_NO_MEMORY, "cannot start a profile loader");
}

void profile_loader_join(Loader *loader)
{
	pthread_join(loader->thread, NULL);
	arena_free(loader->arena);
}
