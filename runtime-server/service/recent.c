// A place for each key, in which a newer one with the same place takes over: no list to keep, and memory that
// never grows. It comes from the kernel page by page as it is used: a rehearsal hardly ever uses any.
#include "service/recent.h"

#include <pthread.h>
#include <sys/mman.h>

enum { KEYS = 1 << 16, LOCKS = 64 };

struct Recent {
	pthread_mutex_t locks[LOCKS];
	EventKey keys[KEYS];
};

Recent *recent_new(void)
{
	Recent *recent =
	        mmap(NULL, sizeof *recent, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (recent == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&recent->locks[i], NULL);
	return recent;
}

void recent_free(Recent *recent)
{
	if (recent != NULL)
		munmap(recent, sizeof *recent);
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
