// A place for each key, in which a newer one with the same place takes over: no list to keep, and memory that
// never grows.
#include "service/recent.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEYS = 1 << 16, LOCKS = 64 };

struct Recent {
	pthread_mutex_t locks[LOCKS];
	EventKey keys[KEYS];
};

Recent *recent_new(void)
{
	Recent *recent = calloc(1, sizeof *recent);
	for (size_t i = 0; recent != NULL && i < LOCKS; i++)
		pthread_mutex_init(&recent->locks[i], NULL);
	return recent;
}

void recent_free(Recent *recent)
{
	free(recent);
}

static pthread_mutex_t *lock_of(Recent *recent, EventKey key)
{
	return &recent->locks[key.low % LOCKS];
}

bool recent_has(Recent *recent, EventKey key)
{
	pthread_mutex_lock(lock_of(recent, key));
	EventKey kept = recent->keys[key.low % KEYS];
	pthread_mutex_unlock(lock_of(recent, key));
	return kept.high == key.high && kept.low == key.low;
}

void recent_put(Recent *recent, EventKey key)
{
	pthread_mutex_lock(lock_of(recent, key));
	recent->keys[key.low % KEYS] = key;
	pthread_mutex_unlock(lock_of(recent, key));
}
