// A list of what is under way, because that is a handful of batches. It only spares a batch the refusal for
// coming too early: what is in order, the cursor's row decides, and with several design servers it alone.
#include "history/turn.h"

#include "base/clock.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static Turn *under_way;

static void make_condition(void)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

// `a` is of the same journal as `b` and comes before it.
static bool before(const Turn *a, const Turn *b)
{
	return a->first < b->first && a->source->incarnation == b->source->incarnation &&
	       str_eq(a->source->runtime_id, b->source->runtime_id) &&
	       str_eq(a->source->environment, b->source->environment);
}

static bool another_is(const Turn *turn)
{
	for (const Turn *other = under_way; other != NULL; other = other->next)
		if (before(other, turn))
			return true;
	return false;
}

static struct timespec in_ms(int ms)
{
	int64_t until = monotonic_us() + ms * US_PER_MS;
	return (struct timespec){.tv_sec = until / US_PER_S, .tv_nsec = until % US_PER_S * 1000};
}

void turn_begin(Turn *turn, const BatchSource *source, uint64_t first)
{
	pthread_once(&once, make_condition);
	pthread_mutex_lock(&lock);
	*turn = (Turn){.source = source, .first = first, .next = under_way};
	under_way = turn;
	pthread_mutex_unlock(&lock);
}

void turn_wait(Turn *turn, int timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);
	bool late = false;
	pthread_mutex_lock(&lock);
	while (another_is(turn) && !late)
		late = pthread_cond_timedwait(&ended, &lock, &until) != 0;
	pthread_mutex_unlock(&lock);
}

bool turn_wait_for_another(Turn *turn, int timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);
	bool late = false;
	pthread_mutex_lock(&lock);
	while (!turn->another_was && !late)
		late = pthread_cond_timedwait(&ended, &lock, &until) != 0;
	bool was = turn->another_was;
	turn->another_was = false;
	pthread_mutex_unlock(&lock);
	return was;
}

void turn_end(Turn *turn)
{
	pthread_mutex_lock(&lock);
	Turn **place = &under_way;
	while (*place != turn)
		place = &(*place)->next;
	*place = turn->next;
	for (Turn *other = under_way; other != NULL; other = other->next)
		other->another_was |= before(turn, other);
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
}
