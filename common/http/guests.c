// libmicrohttpd's own time-out is one of silence: a byte now and then keeps a connection for ever. Here a
// whole request must have come, and its answer been read, within one time. A thread of its own looks, and
// only while somebody is connected.
#include "http/internal.h"

#include "base/clock.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

static int64_t earliest(const Guests *guests)
{
	int64_t since = INT64_MAX;
	for (const Guest *guest = guests->first; guest; guest = guest->next)
		if (guest->since_us && guest->since_us < since)
			since = guest->since_us;
	return since;
}

// What he sent so far is of no use to anybody; libmicrohttpd sees the end of it and closes.
static void hang_up(Guests *guests)
{
	int64_t limit = monotonic_us() - guests->patience_us;
	for (Guest *guest = guests->first; guest; guest = guest->next) {
		if (!guest->since_us || guest->since_us > limit)
			continue;
		shutdown(guest->fd, SHUT_RDWR);
		guest->since_us = 0;
	}
}

static void *watch(void *context)
{
	Guests *guests = context;
	pthread_mutex_lock(&guests->lock);
	while (!guests->ending) {
		hang_up(guests);
		int64_t since = earliest(guests);
		if (since == INT64_MAX) {
			pthread_cond_wait(&guests->changed, &guests->lock);
			continue;
		}
		int64_t until = since + guests->patience_us + 1;
		const struct timespec at = {.tv_sec = until / US_PER_S, .tv_nsec = until % US_PER_S * 1000};
		pthread_cond_timedwait(&guests->changed, &guests->lock, &at);
	}
	pthread_mutex_unlock(&guests->lock);
	return NULL;
}

Err guests_start(Guests *guests, int64_t patience_us)
{
	pthread_condattr_t attributes;
	sigset_t all, before;
	guests->patience_us = patience_us;
	pthread_mutex_init(&guests->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&guests->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	guests->watched = pthread_create(&guests->watcher, NULL, watch, guests) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return guests->watched ? OK : err(ERR_NO_MEMORY, "no memory for a thread");
}

void guests_stop(Guests *guests)
{
	pthread_mutex_lock(&guests->lock);
	guests->ending = true;
	pthread_cond_signal(&guests->changed);
	pthread_mutex_unlock(&guests->lock);
	if (guests->watched)
		pthread_join(guests->watcher, NULL);
	pthread_cond_destroy(&guests->changed);
	pthread_mutex_destroy(&guests->lock);
}

Guest *guests_enter(Guests *guests, int fd)
{
	Guest *guest = calloc(1, sizeof(*guest));
	if (!guest)
		return NULL;
	*guest = (Guest){.fd = fd, .since_us = monotonic_us()};
	pthread_mutex_lock(&guests->lock);
	guest->next = guests->first;
	if (guest->next)
		guest->next->prev = guest;
	guests->first = guest;
	pthread_cond_signal(&guests->changed); // the watcher may be waiting for nobody
	pthread_mutex_unlock(&guests->lock);
	return guest;
}

void guests_leave(Guests *guests, Guest *guest)
{
	if (!guest)
		return;
	pthread_mutex_lock(&guests->lock);
	if (guest->prev)
		guest->prev->next = guest->next;
	else
		guests->first = guest->next;
	if (guest->next)
		guest->next->prev = guest->prev;
	pthread_mutex_unlock(&guests->lock);
	free(guest);
}

void guests_turn(Guests *guests, Guest *guest, bool his)
{
	if (!guest)
		return;
	pthread_mutex_lock(&guests->lock);
	guest->since_us = his ? monotonic_us() : 0;
	if (his)
		pthread_cond_signal(&guests->changed);
	pthread_mutex_unlock(&guests->lock);
}
