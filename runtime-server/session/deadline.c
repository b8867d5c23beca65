// A call that waits for its turn longer than its caller does is worth nothing to anybody. Waiters that have a
// deadline are in a list of their shard, under the lock that the queue is under anyway; one thread looks at
// these lists when the earliest deadline comes. Calls that find their session free never come here.
#include "session/table_internal.h"

#include <signal.h>
#include <time.h>

// --- waiters ---

void timed_add(Shard *shard, SessionWaiter *waiter)
{
	waiter->timed_next = shard->timed;
	waiter->timed_link = &shard->timed;
	if (shard->timed != NULL)
		shard->timed->timed_link = &waiter->timed_next;
	shard->timed = waiter;
}

void timed_take(SessionWaiter *waiter)
{
	if (waiter->timed_link == NULL)
		return;
	*waiter->timed_link = waiter->timed_next;
	if (waiter->timed_next != NULL)
		waiter->timed_next->timed_link = waiter->timed_link;
	waiter->timed_link = NULL;
}

static Err too_late(void)
{
	return err_retry(ERR_TIMEOUT, 50, "the session was in use until the deadline: allow more time");
}

Err waiter_is_late(SessionTable *table, const Session *session, SessionWaiter *waiter)
{
	waiter->late_pin = NULL;
	if (table->options.retain != NULL && session->pin != NULL)
		waiter->late_pin = table->options.retain(table->options.context, session->pin);
	return too_late();
}

static void leave_queue(SessionWaiter *waiter)
{
	Session *session = waiter->session;
	SessionWaiter **link = &session->first_waiter;
	while (*link != waiter)
		link = &(*link)->next;
	*link = waiter->next;
	if (waiter->next == NULL)
		session->last_waiter = link;
	session->waiters--;
}

// Takes the late ones out of everything, chained by `next`; the earliest of the others goes to *earliest_us.
static SessionWaiter *take_late(SessionTable *table, Shard *shard, int64_t now_us, int64_t *earliest_us)
{
	SessionWaiter *late = NULL;
	pthread_mutex_lock(&shard->lock);
	for (SessionWaiter *waiter = shard->timed; waiter != NULL;) {
		SessionWaiter *next = waiter->timed_next;
		if (waiter->deadline_us <= now_us) {
			timed_take(waiter);
			leave_queue(waiter);
			(void)waiter_is_late(table, waiter->session, waiter);
			waiter->next = late;
			late = waiter;
		} else if (waiter->deadline_us < *earliest_us) {
			*earliest_us = waiter->deadline_us;
		}
		waiter = next;
	}
	pthread_mutex_unlock(&shard->lock);
	return late;
}

int64_t session_give_up_late(SessionTable *table, int64_t now_us)
{
	int64_t earliest_us = INT64_MAX;
	for (size_t i = 0; i < table->shard_count; i++) {
		SessionWaiter *waiter = take_late(table, &table->shards[i], now_us, &earliest_us);
		while (waiter != NULL) {
			SessionWaiter *next = waiter->next;
			waiter->run(waiter, too_late(), NULL);
			waiter = next;
		}
	}
	return earliest_us;
}

// --- the thread ---

void timer_notice(Timer *timer, int64_t deadline_us)
{
	if (deadline_us == 0 || deadline_us >= atomic_load(&timer->wake_us))
		return;
	pthread_mutex_lock(&timer->lock);
	if (timer->running && deadline_us < atomic_load(&timer->wake_us)) {
		atomic_store(&timer->wake_us, deadline_us);
		pthread_cond_signal(&timer->changed);
	}
	pthread_mutex_unlock(&timer->lock);
}

static void wait_until(Timer *timer, int64_t time_us)
{
	struct timespec at = {.tv_sec = time_us / US_PER_S, .tv_nsec = time_us % US_PER_S * 1000};
	if (time_us == INT64_MAX)
		pthread_cond_wait(&timer->changed, &timer->lock);
	else
		pthread_cond_timedwait(&timer->changed, &timer->lock, &at);
}

// A waiter that comes while the lists are looked at lowers wake_us, and is not slept over.
static void *run_timer(void *context)
{
	SessionTable *table = context;
	Timer *timer = &table->timer;
	pthread_mutex_lock(&timer->lock);
	while (!timer->stopping) {
		atomic_store(&timer->wake_us, INT64_MAX);
		pthread_mutex_unlock(&timer->lock);
		int64_t next_us = session_give_up_late(table, monotonic_us());
		pthread_mutex_lock(&timer->lock);
		if (next_us < atomic_load(&timer->wake_us))
			atomic_store(&timer->wake_us, next_us);
		while (!timer->stopping && atomic_load(&timer->wake_us) > monotonic_us())
			wait_until(timer, atomic_load(&timer->wake_us));
	}
	pthread_mutex_unlock(&timer->lock);
	return NULL;
}

// With all signals blocked: they are the main thread's.
static int start_blocked(Timer *timer, SessionTable *table)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&timer->thread, NULL, run_timer, table);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

Err session_table_time(SessionTable *table)
{
	Timer *timer = &table->timer;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&timer->lock, NULL);
	pthread_cond_init(&timer->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	timer->running = true;
	if (start_blocked(timer, table) == 0)
		return OK;
	timer->running = false;
	return err(ERR_NO_MEMORY, "no memory for another thread");
}

void timer_stop(Timer *timer)
{
	if (!timer->running)
		return;
	pthread_mutex_lock(&timer->lock);
	timer->stopping = true;
	pthread_cond_signal(&timer->changed);
	pthread_mutex_unlock(&timer->lock);
	pthread_join(timer->thread, NULL);
}
