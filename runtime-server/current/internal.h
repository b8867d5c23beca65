// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "current/current.h"
#include "snapshot/types.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Channel Channel;

struct Deployed {
	atomic_size_t pins;
	Deployed *next_retired;
	Channel *channel;
	Arena *arena; // its own, and all that hangs below
	Str envelope;
	const Plan *plan;
	const void *prepared;
	uint64_t epoch, version;
	Digest manifest, blob;
	char blob_hex[65]; // every answer tells it
	int64_t since_us, expires_us;
};

// What the state file holds.
typedef struct Saved {
	PlaceState now;    // of the newest manifest: the floor
	PlaceState before; // of the one before it, to fall back to; not known if there is none
	int64_t since_us;  // when the newest was activated
} Saved;

struct Channel {
	Current *current;
	Str name;
	const char *dir;
	// Readers.
	_Atomic(Deployed *) active;
	atomic_uint gate;
	atomic_size_t entering[2];
	// Under `deploy`.
	Saved saved;
	bool state_lost; // fails closed
	// Under `telling`.
	bool fallback;
	char last_error[1200];
	int64_t last_error_us;
};

struct Current {
	CurrentOptions options;
	Arena *arena;
	int lock_fd;
	const char *blobs_dir, *channels_dir;
	pthread_mutex_t deploy;  // one deployment at a time
	pthread_mutex_t telling; // of what status tells; held for moments
	Channel *channels[CURRENT_CHANNELS_MAX];
	atomic_size_t count;
	_Atomic(Deployed *) retired;
};

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

// --- current.c ---
Channel *channel_find(Current *current, Str name);
// Adds one, with its folder and state. Errors: LIMIT, IO.
Err channel_add(Current *current, Str name, Channel **ret);
// Keeps this thread's last failure for the status, and returns it.
Err channel_refused(Channel *channel, Err e);
void channel_accepted(Channel *channel);

// --- pin.c ---
Deployed *channel_pin(Channel *channel);
// Makes `deployed` (its first pin is the channel's) what serves.
void channel_swap(Channel *channel, Deployed *deployed);
void deployed_free(Deployed *deployed);
static inline void deployed_freep(Deployed **deployed)
{
	deployed_free(*deployed);
}

// --- state.c ---
// Errors: STATE_CORRUPT (also if there is none), IO.
Err state_read(const Channel *channel, Saved *ret);
// Gives a channel that has no files yet a state without a floor, before anything else: from then on a missing
// state is a loss.
Err state_begin(const Channel *channel);
Err state_write(const Channel *channel, const Saved *saved);

// --- load.c ---
// Verifies an envelope against a floor.
Err envelope_check(Current *current, Str channel, Str envelope, const PlaceState *state, Arena *arena,
        Manifest **ret, Digest *ret_digest);
// Builds a snapshot from verified parts: opens the blob, plans, prepares.
Err deployed_build(Channel *channel, Str envelope, const Manifest *manifest, const Digest *digest, Str blob,
        int64_t since_us, Deployed **ret);
// What a channel's state says once `deployed` has been accepted.
PlaceState place_state(const Deployed *deployed, int64_t highest_time_us);
// Loads a channel from its files; what goes wrong ends up in its status.
void channel_load(Channel *channel);

// --- blobs.c ---
// Reads a blob of exactly `length` bytes, whole or staged. Errors: BLOB_INCOMPLETE, SNAPSHOT_LENGTH, IO.
Err blob_read(Current *current, const Digest *digest, uint64_t length, Arena *arena, Str *ret);
// Makes a staged blob durable under its name. Error: IO.
Err blob_keep(Current *current, const Digest *digest);
// Sets a blob aside, so that it can be sent again.
void blob_quarantine(Current *current, const Digest *digest);
// Removes what no channel needs.
void blobs_collect(Current *current);
