// LOCKED(&mutex); holds it to the end of the scope.
#pragma once
#include "base/cleanup.h"

#include <pthread.h>

static inline void mutex_unlockp(pthread_mutex_t **mutex)
{
	pthread_mutex_unlock(*mutex);
}
#define LOCKED(mutex)                                                                                        \
	CLEANUP(mutex_unlockp)                                                                               \
	__attribute__((unused)) pthread_mutex_t *locked_ = ({                                                \
		pthread_mutex_lock(mutex);                                                                   \
		(mutex);                                                                                     \
	})
