// A queue, some loader threads, each with its own connection, and a watcher. The queue is in the order of
// deadlines, so that the watcher needs to look at its head only; as most requests have no other than the
// time-out, that is mostly the order in which they came. A request is either queued (the watcher may end it)
// or with a loader (whose query has the rest of the time as its own time-out): exactly one ends it. While the
// database is known to be away, requests end at once: a session start must not wait for what will not come.
#include "profile/profile.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "profile/query.h"

#include <pthread.h>
#include <stdlib.h>

enum { CONNECT_TIMEOUT_MS = 3000, CONNECTIONS_MAX = 64, LOADER_BLOCK = 8192 };

// What every connection gets: the login should be read-only, and the session is so in any case.
static const char connection_setup[] = "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; "
                                       "SET DateStyle = 'ISO'; SET client_encoding = 'UTF8'; "
                                       "SET application_name = 'parley-runtime'";

typedef struct Loader {
	Profile *profile;
	pthread_t thread;
	ProfileRequest *request; // being served; the watcher may take it away
	Arena *arena;            // of the query being run
	Pg *pg;
	uint64_t epoch; // of the connection
} Loader;

struct Profile {
	ProfileOptions options;
	ProfileSource source; // NULL: the database
	void *source_context;
	char *conninfo;
	pthread_mutex_t lock;
	pthread_cond_t work, watch,
	        retry; // for loaders with a connection; for the watcher; for loaders without one
	ProfileRequest *first, *last; // `last` only if there is a first
	size_t waiting, connected;
	uint64_t epoch; // +1 when a connection was found dead: older ones are suspect
	bool away, stopping;
	ErrDetail why; // it is away
	Loader loaders[CONNECTIONS_MAX];
	size_t threads;
	pthread_t watcher;
	bool watching;
};

const char *profile_outcome_name(ProfileOutcome outcome)
{
	static const char *const names[] = {
	        [PROFILE_NONE] = "none",
	        [PROFILE_LOADED] = "loaded",
	        [PROFILE_NOT_FOUND] = "not found",
	        [PROFILE_AMBIGUOUS] = "ambiguous",
	        [PROFILE_UNAVAILABLE] = "unavailable",
	};
	return names[outcome];
}

static void end_unavailable(ProfileRequest *request, const char *problem)
{
	char *copy = arena_printf(request->arena, "%s", problem);
	request->outcome = PROFILE_UNAVAILABLE;
	request->problem = str(copy);
	request->done(request);
}

// --- the queue; all with the lock held ---

static void queue_put(Profile *profile, ProfileRequest *request)
{
	ProfileRequest **place = &profile->first;
	if (profile->first != NULL && profile->last->deadline_us <= request->deadline_us)
		place = &profile->last->next;
	while (*place != NULL && (*place)->deadline_us <= request->deadline_us)
		place = &(*place)->next;
	request->next = *place;
	*place = request;
	if (request->next == NULL)
		profile->last = request;
	profile->waiting++;
}

static ProfileRequest *queue_take(Profile *profile)
{
	ProfileRequest *request = profile->first;
	profile->first = request->next;
	profile->waiting--;
	return request;
}

static struct timespec timespec_of(int64_t us)
{
	return (struct timespec){.tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000};
}

// --- the watcher ---

static ProfileRequest **earlier(ProfileRequest **a, ProfileRequest **b)
{
	if (*a == NULL || *b == NULL)
		return *a == NULL ? b : a;
	return (*b)->deadline_us < (*a)->deadline_us ? b : a;
}

// Where the request with the earliest deadline is: the head of the queue or with a loader.
static ProfileRequest **earliest(Profile *profile)
{
	ProfileRequest **place = &profile->first;
	for (size_t i = 0; i < profile->threads; i++)
		place = earlier(place, &profile->loaders[i].request);
	return place;
}

static bool hopeless(const Profile *profile, ProfileRequest **place)
{
	bool queued = place == &profile->first;
	return (queued && (profile->stopping || profile->away)) || (*place)->deadline_us <= monotonic_us();
}

// With the lock held; it is free while the request's owner is told.
static void end_early(Profile *profile, ProfileRequest **place)
{
	ErrDetail why = {.message = "the profile database did not answer in time"};
	if (profile->away)
		why = profile->why;
	ProfileRequest *request = place == &profile->first ? queue_take(profile) : STEAL(*place);
	pthread_mutex_unlock(&profile->lock);
	end_unavailable(request, why.message);
	pthread_mutex_lock(&profile->lock);
}

static void *watch(void *context)
{
	Profile *profile = context;
	pthread_mutex_lock(&profile->lock);
	for (;;) {
		ProfileRequest **place = earliest(profile);
		if (*place == NULL && profile->stopping)
			break;
		if (*place == NULL) {
			pthread_cond_wait(&profile->watch, &profile->lock);
		} else if (hopeless(profile, place) ||
		           (profile->first != NULL && hopeless(profile, &profile->first))) {
			end_early(profile, hopeless(profile, place) ? place : &profile->first);
		} else {
			struct timespec until = timespec_of((*place)->deadline_us);
			pthread_cond_timedwait(&profile->watch, &profile->lock, &until);
		}
	}
	pthread_mutex_unlock(&profile->lock);
	return NULL;
}

// --- a loader ---

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
	queue_put(profile, request);
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
		end_unavailable(request, err_detail()->message);
}

// With the lock held, given up meanwhile.
static void serve_next(Loader *loader)
{
	Profile *profile = loader->profile;
	ProfileRequest *request = queue_take(profile);
	int64_t left_ms = (request->deadline_us - monotonic_us()) / US_PER_MS;
	ProfileFetch fetch;
	arena_reset(loader->arena);
	Err e = profile_fetch_new(request, loader->arena, &fetch);
	loader->request = e == OK ? request : NULL;
	pthread_mutex_unlock(&profile->lock);
	if (e == OK)
		serve(loader, &fetch, left_ms > 0 ? (int)left_ms : 1);
	else
		end_unavailable(request, err_detail()->message);
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

// --- outside ---

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void set_defaults(ProfileOptions *options)
{
	if (options->timeout_ms == 0)
		options->timeout_ms = 200;
	if (options->connections == 0)
		options->connections = 4;
	if (options->connections > CONNECTIONS_MAX)
		options->connections = CONNECTIONS_MAX;
	if (options->queue == 0)
		options->queue = 1024;
	if (options->retry_ms == 0)
		options->retry_ms = 500;
}

static Err start_loader(Profile *profile, Loader *loader)
{
	loader->profile = profile;
	loader->arena = arena_new(LOADER_BLOCK, 0);
	if (loader->arena != NULL && pthread_create(&loader->thread, NULL, load, loader) == 0)
		return OK;
	arena_free(loader->arena);
	return err(ERR_NO_MEMORY, "cannot start a profile loader");
}

static Err start_threads(Profile *profile)
{
	Err e = OK;
	profile->watching = pthread_create(&profile->watcher, NULL, watch, profile) == 0;
	if (!profile->watching)
		return err(ERR_NO_MEMORY, "cannot start the profile watcher");
	pthread_mutex_lock(&profile->lock);
	for (; e == OK && profile->threads < profile->options.connections; profile->threads += e == OK)
		e = start_loader(profile, &profile->loaders[profile->threads]);
	pthread_mutex_unlock(&profile->lock);
	return e;
}

Err profile_new(const ProfileOptions *options, Profile **ret)
{
	Profile *profile = calloc(1, sizeof *profile);
	if (profile == NULL)
		return err(ERR_NO_MEMORY, "no memory for the profile loader");
	profile->options = *options;
	set_defaults(&profile->options);
	pthread_mutex_init(&profile->lock, NULL);
	init_cond(&profile->work);
	init_cond(&profile->watch);
	init_cond(&profile->retry);
	*ret = profile;
	if (options->conninfo == NULL)
		return OK;
	profile->conninfo = strdup(options->conninfo);
	Err e = profile->conninfo != NULL ? start_threads(profile)
	                                  : err(ERR_NO_MEMORY, "no memory for the profile loader");
	if (e != OK) {
		profile_free(profile);
		*ret = NULL;
	}
	return e;
}

Err profile_from(ProfileSource source, void *context, Profile **ret)
{
	TRY(profile_new(&(ProfileOptions){0}, ret));
	(*ret)->source = source;
	(*ret)->source_context = context;
	return OK;
}

bool profile_has_source(const Profile *profile)
{
	return profile->source != NULL;
}

void profile_free(Profile *profile)
{
	if (profile == NULL)
		return;
	pthread_mutex_lock(&profile->lock);
	profile->stopping = true;
	pthread_cond_broadcast(&profile->work);
	pthread_cond_broadcast(&profile->retry);
	pthread_cond_broadcast(&profile->watch);
	pthread_mutex_unlock(&profile->lock);
	for (size_t i = 0; i < profile->threads; i++) {
		pthread_join(profile->loaders[i].thread, NULL);
		arena_free(profile->loaders[i].arena);
	}
	if (profile->watching)
		pthread_join(profile->watcher, NULL);
	pthread_mutex_destroy(&profile->lock);
	pthread_cond_destroy(&profile->work);
	pthread_cond_destroy(&profile->watch);
	pthread_cond_destroy(&profile->retry);
	free(profile->conninfo);
	free(profile);
}

void profile_load(Profile *profile, ProfileRequest *request)
{
	const char *problem = NULL;
	if (profile->source != NULL) {
		profile->source(profile->source_context, request);
		request->done(request);
		return;
	}
	int64_t now_us = monotonic_us();
	request->retried = false;
	request->deadline_us = now_us + profile->options.timeout_ms * US_PER_MS;
	if (request->until_us != 0 && request->until_us < request->deadline_us)
		request->deadline_us = request->until_us;
	pthread_mutex_lock(&profile->lock);
	if (profile->conninfo == NULL)
		problem = "this runtime has no profile database";
	else if (request->deadline_us <= now_us)
		problem = "the call has no time left for it";
	else if (profile->away || profile->stopping)
		problem = "the profile database is away";
	else if (profile->waiting >= profile->options.queue)
		problem = "too many profiles are being loaded";
	else
		queue_put(profile, request);
	pthread_cond_signal(&profile->work);
	if (profile->first == request)
		pthread_cond_signal(&profile->watch);
	pthread_mutex_unlock(&profile->lock);
	if (problem != NULL)
		end_unavailable(request, problem);
}
