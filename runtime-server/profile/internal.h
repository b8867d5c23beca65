// Between the queue with its watcher (profile.c) and the loaders, which have the connections (loader.c).
#pragma once
#include "base/clock.h"
#include "pg/pg.h"
#include "profile/profile.h"

#include <pthread.h>

enum { PROFILE_CONNECTIONS_MAX = 64 };

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
	Loader loaders[PROFILE_CONNECTIONS_MAX];
	size_t threads;
	pthread_t watcher;
	bool watching;
};

static inline struct timespec timespec_of(int64_t us)
{
	return (struct timespec){.tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000};
}

// --- profile.c ---
void profile_end_unavailable(ProfileRequest *request, const char *problem);
// With the lock held.
void profile_queue_put(Profile *profile, ProfileRequest *request);
ProfileRequest *profile_queue_take(Profile *profile);

// --- loader.c ---
// Error: NO_MEMORY.
Err profile_loader_start(Profile *profile, Loader *loader);
// Once the profile is stopping.
void profile_loader_join(Loader *loader);
