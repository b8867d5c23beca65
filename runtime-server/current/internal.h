// What the files of this room share.
#pragma once
#include "base/lock.h"
#include "current/current.h"
#include "snapshot/trust.h"
#include "snapshot/types.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Channel Channel;
typedef struct Figures Figures;

struct Deployed {
	atomic_size_t pins;
	Deployed *next_retired;
	Channel *channel;
	Arena *arena; // its own, and all that hangs below
	const Plan *plan;
	const void *prepared;
	Figures *figures;
	uint64_t epoch, version;
	Digest manifest, blob;
	char blob_hex[65]; // every answer tells it
	int64_t since_us, expires_us;
};

// A manifest whose files a channel keeps.
typedef struct Kept {
	uint64_t root;           // version of the root that it was taken under
	uint64_t epoch, version; // 0: there is none
	Digest manifest, blob;   // the blob's is zero if it switches the channel off
	int64_t taken_us;        // when it was verified
	int64_t since_us;        // when it became what it is
} Kept;

// What the state file holds.
typedef struct Saved {
	PlaceState floor;                    // the newest manifest that was taken, whatever became of it
	uint64_t least_epoch, least_version; // what a signed floor asks for; 0: there was none
	uint64_t root, timestamp;            // the newest that were known when this was written
	bool undeployed;
	Kept stable, previous, candidate;
	unsigned permille; // of the candidate
} Saved;

// What serves, and whom: two of them, of which readers look at one.
typedef struct Share {
	_Atomic(Deployed *) stable, candidate;
	atomic_uint_fast64_t salt;
	atomic_uint permille;
} Share;

struct Channel {
	Current *current;
	Str name;
	const char *dir;
	// Readers.
	Share shares[2];
	atomic_uint turn; // its last bit says which of them holds
	atomic_uint gate;
	atomic_size_t entering[2];
	// Written under `deploy` and `telling`, read under either.
	Saved saved;
	bool state_lost; // fails closed
	bool held;       // waits for a root that was known here before
	bool fallback, expired;
	char last_error[1200];
	int64_t last_error_us;
};

// Who is trusted, and what the design server told last; replaced as a whole.
typedef struct Trusted {
	Arena *arena;                                            // its own
	const Parley__Runtime__V1__ListAuditHeadsResponse *kept; // what is on disk
	TrustRoot *roots;                                        // the newest first, as in `kept`
	size_t root_count;
	// The newest timestamp; NULL: there is none, or the newest root does not trust its key.
	const Parley__Snapshot__V1__Timestamp *timestamp;
} Trusted;

struct Current {
	CurrentOptions options;
	Arena *arena;
	int lock_fd;
	const char *blobs_dir, *channels_dir, *trust_path;
	pthread_mutex_t deploy;  // one deployment at a time
	pthread_mutex_t telling; // of what status tells; held for moments
	Trusted *trusted;        // written under both, read under either
	bool trust_lost;         // what was known of roots and timestamps is gone
	Channel *channels[CURRENT_CHANNELS_MAX];
	atomic_size_t count;
	_Atomic(Deployed *) retired;
};

// --- current.c ---
// One without anything; current_close frees it. Error: NO_MEMORY.
Err current_new(const CurrentOptions *options, Current **ret);
Channel *channel_find(Current *current, Str name);
// Adds one, with its folder and state. Errors: LIMIT, IO.
Err channel_add(Current *current, Str name, Channel **ret);
// Keeps this thread's last failure for the status, and returns it.
Err channel_refused(Channel *channel, Err e);
// Something good came; `stable`: and serves as the stable one.
void channel_accepted(Channel *channel, bool stable);
// Removes the files that nothing needs any more.
void channel_collect(Channel *channel);

// --- serve.c ---
// What serves now, for a thread that has `deploy`.
Deployed *channel_stable(const Channel *channel);
Deployed *channel_candidate(const Channel *channel);
// Makes these what serves; a pin on each is the channel's, those that go are given up. NULL: none.
void channel_serve(Channel *channel, Deployed *stable, Deployed *candidate, unsigned permille);
// A pin on each, of one moment; NULL: none.
void channel_pin_both(Channel *channel, const Deployed *ret[2]);
// What has no pin any more.
void retired_free(Current *current);
// A snapshot of the channel with nothing in it yet and one pin, in an arena of its own, because whoever lets
// go of the last pin frees it; `block` is the arena's. Error: NO_MEMORY.
Err deployed_new(Channel *channel, size_t block, Deployed **ret);
void deployed_free(Deployed *deployed);
static inline void deployed_freep(Deployed **deployed)
{
	deployed_free(*deployed);
}

// --- figures.c ---
Figures *figures_new(Arena *arena);
void figures_sum(const Deployed *deployed, FigureSums *ret);

// --- steer.c ---
// Makes it the stable one in a state that is to be written, or switches the channel off by it.
void saved_put_stable(const Channel *channel, Saved *next, const Kept *kept);
// For the channel's candidate, for a thread that has `deploy`.
Err channel_steer(Channel *channel, CurrentSteer steer, unsigned permille, bool *ret_unchanged);

// --- state.c ---
// Errors: STATE_CORRUPT (also if there is none), IO.
Err state_read(const Channel *channel, Saved *ret);
// Gives a channel that has no files yet a state without a floor, before anything else: from then on a missing
// state is a loss.
Err state_begin(const Channel *channel);
// Writes it, and then takes it for what holds.
Err state_keep(Channel *channel, const Saved *saved);
// The later of the clock and of all that was ever seen here.
int64_t channel_now(const Channel *channel);

// --- trusted.c ---
// Reads what is kept and puts the configured root to it. Errors: CONFIG_INVALID, ROOT_*, IO and others.
Err trusted_open(Current *current);
void trusted_free(Trusted *trusted);
// The root of that version; NULL if it is not kept.
const TrustRoot *trusted_root(const Trusted *trusted, uint64_t version);
static inline const TrustRoot *trusted_newest(const Trusted *trusted)
{
	return &trusted->roots[0];
}
// What the timestamp calls current for a channel here; NULL: nothing.
const Parley__Snapshot__V1__CurrentManifest *trusted_current(const Current *current, Str channel);

// --- load.c ---
// Verifies an envelope for a channel (empty: any) under a root, against a state, as of a moment.
Err envelope_check(const Current *current, const TrustRoot *root, Str channel, Str envelope,
        const PlaceState *state, int64_t now_us, Arena *arena, Manifest **ret, Digest *ret_digest);
// Builds a snapshot from verified parts: opens the blob, plans, prepares.
Err deployed_build(Channel *channel, const Manifest *manifest, const Digest *digest, int64_t now_us,
        Arena *scratch, Deployed **ret);
// Loads a channel from its files; what goes wrong ends up in its status.
void channel_load(Channel *channel);
Kept kept_of(const Channel *channel, const Manifest *manifest, const Digest *digest, int64_t now_us);
bool kept_is(const Kept *kept, const Digest *manifest);
static inline bool kept_undeploys(const Kept *kept)
{
	static const Digest none;
	return kept->version != 0 && digest_eq(&kept->blob, &none);
}

// --- aside.c ---
// Does it on a thread of the lowest priority, and waits for it; its failure becomes this thread's. Error
// also: NO_MEMORY.
Err aside(Err (*work)(void *context), void *context);

// --- manifests.c ---
// The envelopes of a channel, in files named by their manifests' digests. Errors: ENVELOPE_INVALID (it cannot
// be read), IO.
Err manifest_read(const Channel *channel, const Digest *digest, Arena *arena, Str *ret);
Err manifest_write(const Channel *channel, const Digest *digest, Str envelope);
bool manifests_any(const Channel *channel);
// Removes those that the state does not name.
void manifests_collect(const Channel *channel);

// --- blobs.c ---
// Reads a blob of exactly `length` bytes, whole or staged. Errors: BLOB_INCOMPLETE, SNAPSHOT_LENGTH, IO.
Err blob_read(Current *current, const Digest *digest, uint64_t length, Arena *arena, Str *ret);
// Makes a staged blob durable under its name. Error: IO.
Err blob_keep(Current *current, const Digest *digest);
// Sets a blob aside, so that it can be sent again.
void blob_quarantine(Current *current, const Digest *digest);
// Removes what no channel needs.
void blobs_collect(Current *current);
