// A queue and a watcher; loaders take from the queue (loader.c). The queue is in the order of deadlines, so
// that the watcher needs to look at its head only; as most requests have no other than the time-out, that is
// mostly the order in which they came. A request is either queued (the watcher may end it) or with a loader
// (whose query has the rest of the time as its own time-out): exactly one ends it. While the database is
// known to be away, requests end at once: a session start must not wait for what will not come.
#include "profile/internal.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>

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

void profile_end_unavailable(ProfileRequest *request, const char *problem)
{
	char *copy = arena_printf(request->arena, "%s", problem);
	request->outcome = PROFILE_UNAVAILABLE;
	request->problem = str(copy);
	request->done(request);
}

// --- the queue; all with the lock held ---

void profile_queue_put(Profile *profile, ProfileRequest *request)
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

ProfileRequest *profile_queue_take(Profile *profile)
{
	ProfileRequest *request = profile->first;
	profile->first = request->next;
	profile->waiting--;
	return request;
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
	ProfileRequest *request = place == &profile->first ? profile_queue_take(profile) : STEAL(*place);
	pthread_mutex_unlock(&profile->lock);
	profile_end_unavailable(request, why.message);
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
	if (options->connections > PROFILE_CONNECTIONS_MAX)
		options->connections = PROFILE_CONNECTIONS_MAX;
	if (options->queue == 0)
		options->queue = 1024;
	if (options->retry_ms == 0)
		options->retry_ms = 500;
}

static Err start_threads(Profile *profile)
{
	Err e = OK;
	profile->watching = pthread_create(&profile->watcher, NULL, watch, profile) == 0;
	if (!profile->watching)
		return err(ERR_NO_MEMORY, "cannot start the profile watcher");
	pthread_mutex_lock(&profile->lock);
	for (; e == OK && profile->threads < profile->options.connections; profile->threads += e == OK)
		e = profile_loader_start(profile, &profile->loaders[profile->threads]);
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
	for (size_t i = 0; i < profile->threads; i++)
		profile_loader_join(&profile->loaders[i]);
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
		profile_queue_put(profile, request);
	pthread_cond_signal(&profile->work);
	if (profile->first == request)
		pthread_cond_signal(&profile->watch);
	pthread_mutex_unlock(&profile->lock);
	if (problem != NULL)
		profile_end_unavailable(request, problem);
}
