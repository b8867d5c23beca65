// The snapshots that serve: verified, built, swapped and kept on disk, so that a runtime server starts from
// its own disk with the design server gone. A snapshot is reached by a pin: whoever holds one may use it for
// as long as it likes, however many newer ones are activated meanwhile; the old one is freed when its last
// pin is gone.
#pragma once
#include "base/clock.h"
#include "decide/decide.h"
#include "snapshot/snapshot.h"

typedef struct Current Current;
typedef struct Deployed Deployed;

enum { CURRENT_CHANNELS_MAX = 256, CURRENT_PIECE_MAX = 48 * 1024 };

typedef struct CurrentOptions {
	Str dir; // made if it is not there; README.md has the layout
	TrustSet trust;
	Str environment, fleet;
	Clock clock;
	// Makes more of a snapshot when it is loaded, in its arena (deployed_prepared). May be NULL. Not OK:
	// it is refused.
	Err (*prepare)(void *context, const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena,
	        const void **ret);
	// Told what `prepare` made when the snapshot goes, before its arena does. May be NULL.
	void (*release)(void *context, const void *prepared);
	void *context;
} CurrentOptions;

// Loads what the folder holds. A channel whose files are damaged serves its previous snapshot, or nothing;
// its status says so, and that is no error here. What `options` points to must outlive the Current. Errors:
// IO, CONFIG_INVALID (another process uses the folder), TRUST_EMPTY, NO_MEMORY.
Err current_open(const CurrentOptions *options, Current **ret);
// After all pins are released.
void current_close(Current *current);

// --- readers: any thread, never waiting ---

// Pins the snapshot of a channel that serves now; NULL if there is none.
const Deployed *current_acquire(Current *current, Str channel);
// One more pin on what is pinned already.
const Deployed *deployed_retain(const Deployed *deployed);
// Lets go. NULL is fine.
void current_release(const Deployed *deployed);
// Whether nothing newer has taken its place: one load, no pin.
bool deployed_is_current(const Deployed *deployed);

const Plan *deployed_plan(const Deployed *deployed);
Str deployed_channel(const Deployed *deployed); // lives as long as the Current, and ends in NUL
uint64_t deployed_version(const Deployed *deployed);
const Digest *deployed_digest(const Deployed *deployed); // of the blob
Str deployed_digest_hex(const Deployed *deployed);
int64_t deployed_since_us(const Deployed *deployed);   // activated at
int64_t deployed_expires_us(const Deployed *deployed); // the manifest's hard expiry
const void *deployed_prepared(const Deployed *deployed);

static inline void current_releasep(const Deployed **deployed)
{
	current_release(*deployed);
}

// --- deployment: any thread, one at a time inside ---

// Puts a piece of a blob beside the others, durable only by current_activate. `offset` must be what has been
// received so far, or less: what is here already is skipped. `ret_received` is how much is here; `length` if
// the blob was here before. Errors: FIELD_INVALID, SNAPSHOT_LENGTH (more than `length`), IO.
Err current_stage(Current *current, const Digest *digest, uint64_t length, uint64_t offset, Str data,
        uint64_t *ret_received);

// Verifies envelope, manifest and blob, makes them durable and swaps; until then, and if anything is wrong,
// the old one serves. `ret` is a pin on what serves now; may be NULL. Errors: those of manifest_verify and
// snapshot_open, BLOB_INCOMPLETE, STATE_CORRUPT, LIMIT, IO, and what `prepare` says.
Err current_activate(Current *current, Str envelope, const Deployed **ret, bool *ret_unchanged);

// Frees what no reader needs any more. Readers do not, lest a call wait for it; call it about every second.
void current_sweep(Current *current);

// --- status ---

typedef struct CurrentStatus {
	Str channel;      // lives as long as the Current
	bool serving;     // false: nothing could be loaded
	uint64_t version; // of what serves; 0 if nothing does
	Digest digest;
	int64_t since_us;
	bool fallback;         // the previous one serves, because the files of the newest are damaged
	char last_error[1200]; // why the last one was refused, as "REASON: message"; empty if the last was
	                       // good
	int64_t last_error_us;
} CurrentStatus;
// Channels that there are; they never go away.
size_t current_count(const Current *current);
void current_status(Current *current, size_t index, CurrentStatus *ret);
