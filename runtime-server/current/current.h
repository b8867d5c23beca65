// The snapshots that serve: verified, built, swapped and kept on disk, so that a runtime server starts from
// its own disk with the design server gone. A snapshot is reached by a pin: whoever holds one may use it for
// as long as it likes, however many newer ones are activated meanwhile; the old one is freed when its last
// pin is gone. Beside its stable snapshot a channel may have a candidate that serves a share of the sessions.
#pragma once
#include "base/clock.h"
#include "decide/decide.h"
#include "snapshot/snapshot.h"

typedef struct Current Current;
typedef struct Deployed Deployed;

enum {
	CURRENT_CHANNELS_MAX = 256,
	CURRENT_PIECE_MAX = 48 * 1024,
	CURRENT_ROOTS_MAX = 16, // kept of the environment
	CURRENT_HEADS_MAX = 64, // timestamps kept, each with another head of the audit
	CURRENT_SHARE_MAX = 1000,
};

typedef struct CurrentOptions {
	Str dir;          // made if it is not there; README.md has the layout
	Str trusted_root; // the envelope of a signed root of the environment
	Str environment, fleet, runtime_id;
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
// IO, CONFIG_INVALID (another process uses the folder; the root is another one than was known of this
// version, or does not hold by itself), TRUST_EMPTY, NO_MEMORY.
Err current_open(const CurrentOptions *options, Current **ret);
// After all pins are released.
void current_close(Current *current);

// A snapshot that nobody signed.
typedef struct CurrentContent {
	const Plan *plan;     // outlives the Current, and so does `prepared`
	const void *prepared; // what deployed_prepared gives
	uint64_t version;
	Digest digest; // of the blob
} CurrentContent;

// For rehearsals: serves one channel, its plan's, by content that is believed as it is, from no folder and
// without an end; nothing is ever deployed to it. Error: NO_MEMORY.
Err current_of(const CurrentContent *content, Current **ret);

// --- readers: any thread, never waiting ---

// A caller's place in the order in which candidates are shared out: of a session ID, or a visitor's if there
// is no session. The same on every server.
uint64_t current_chooser(Str key);
// Pins the snapshot of a channel that serves this caller now; NULL if there is none.
const Deployed *current_acquire_for(Current *current, Str channel, uint64_t chooser);
static inline const Deployed *current_acquire(Current *current, Str channel)
{
	return current_acquire_for(current, channel, 0);
}
// One more pin on what is pinned already.
const Deployed *deployed_retain(const Deployed *deployed);
// Pins what a channel serves, by its number (current_count): stable and candidate; each may be NULL.
void current_pin_both(Current *current, size_t index, const Deployed *ret[2]);
// Lets go. NULL is fine.
void current_release(const Deployed *deployed);
// Whether nothing else serves this caller now: a few loads, no pin.
bool deployed_is_current_for(const Deployed *deployed, uint64_t chooser);
static inline bool deployed_is_current(const Deployed *deployed)
{
	return deployed_is_current_for(deployed, 0);
}

const Plan *deployed_plan(const Deployed *deployed);
Str deployed_channel(const Deployed *deployed); // lives as long as the Current, and ends in NUL
uint64_t deployed_version(const Deployed *deployed);
const Digest *deployed_digest(const Deployed *deployed); // of the blob
Str deployed_digest_hex(const Deployed *deployed);
const void *deployed_prepared(const Deployed *deployed);

// --- figures: how a version fares; any thread, never waiting ---

enum { FIGURES_LATENCIES = 20 }; // [0] under 16 us, [i] under 16 << i us, the last one all that took longer

typedef enum Figure {
	FIGURE_ERRORS,          // calls that failed through the server's fault
	FIGURE_LATE,            // calls answered with the default content for want of time
	FIGURE_RECOMMENDATIONS, // offers
	FIGURE_CONTACTS,
	FIGURE_ACCEPTS,
	FIGURE_COUNT,
} Figure;

void deployed_count(const Deployed *deployed, Figure figure, uint64_t count);
// A call that has ended, and what it took.
void deployed_count_call(const Deployed *deployed, int64_t took_us);

typedef struct FigureSums {
	uint64_t version, epoch;
	uint64_t counts[FIGURE_COUNT];
	uint64_t calls, latency[FIGURES_LATENCIES];
} FigureSums;

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
// the old one serves. `ret` is a pin on what serves now; may be NULL. Errors: those of
// manifest_verify and snapshot_open, BLOB_INCOMPLETE, STATE_CORRUPT, LIMIT, IO, and what `prepare`
// says.
Err current_activate(Current *current, Str envelope, const Deployed **ret, bool *ret_unchanged);
// The same, as a candidate for a share of the callers (0 to CURRENT_SHARE_MAX thousandths) beside the stable
// snapshot. Without one, or if it is the stable one itself, it serves all. Error also: FIELD_INVALID.
Err current_activate_candidate(
        Current *current, Str envelope, unsigned permille, const Deployed **ret, bool *ret_unchanged);

typedef enum CurrentSteer {
	STEER_SHARE,  // it serves this share from now on
	STEER_KEEP,   // it becomes the stable one
	STEER_RETURN, // it goes
} CurrentSteer;
// What becomes of a candidate, named by its manifest. What is done already is fine. Errors:
// CANDIDATE_UNKNOWN, CHANNEL_NOT_DEPLOYED (there is no such channel), FIELD_INVALID, STATE_CORRUPT, IO.
Err current_steer(
        Current *current, Str channel, const Digest *manifest, CurrentSteer steer, unsigned permille);

// The root after the newest one, or that one again: from now on it says whose signatures count. What serves
// goes on. Errors: those of root_follow, IO.
Err current_put_root(Current *current, Str envelope, uint64_t *ret_version);
// A newer timestamp, or the newest again. Errors: those of timestamp_verify; TIMESTAMP_INVALID also if it
// calls another manifest current than was taken here with that version; IO.
Err current_put_timestamp(Current *current, Str envelope, uint64_t *ret_version);
// A floor for a channel whose state was lost. Errors: those of floor_verify; FLOOR_INVALID also if the state
// is there; IO.
Err current_put_floor(Current *current, Str envelope);

// Frees what no reader needs any more, and stops what has come to its hard expiry; true if something did.
// Readers free nothing, lest a call wait for it; call it about every second.
bool current_sweep(Current *current);

// --- status ---

typedef struct CurrentVersion {
	uint64_t epoch, version; // 0: there is none
	Digest manifest, digest; // `digest` is the blob's
	int64_t since_us;        // stable: since when it serves; candidate: since when it has its share
	int64_t expires_us;
} CurrentVersion;

typedef struct CurrentStatus {
	Str channel;           // lives as long as the Current
	CurrentVersion stable; // that serves
	CurrentVersion candidate;
	unsigned permille;
	CurrentVersion accepted; // the newest that was taken, whatever became of it; without times
	uint64_t current;        // the version that the newest timestamp calls current; 0: it names none
	uint64_t changes;        // of what serves: snapshots, candidates, shares; since the start
	bool undeployed, state_lost;
	bool fallback;         // the previous one serves, because the files of the newest are damaged
	char last_error[1200]; // why the last one was refused, as "REASON: message"; empty if the last was
	                       // good
	int64_t last_error_us;
	FigureSums figures[2]; // of stable and candidate; version 0: there is none
} CurrentStatus;
// Channels that there are; they never go away.
size_t current_count(const Current *current);
void current_status(Current *current, size_t index, CurrentStatus *ret);

typedef struct CurrentTrust {
	uint64_t root, timestamp; // versions; 0: there is none
	int64_t timestamp_expires_us;
} CurrentTrust;
void current_trust(Current *current, CurrentTrust *ret);
// Why this server is not as it should be, "REASON: text" each, in a stable order. Error: NO_MEMORY.
Err current_degraded(Current *current, Arena *arena, char ***ret, size_t *ret_count);
// What is kept of timestamps and roots: envelopes, the newest first. Error: NO_MEMORY.
struct Parley__Runtime__V1__ListAuditHeadsResponse;
Err current_heads(Current *current, Arena *arena, struct Parley__Runtime__V1__ListAuditHeadsResponse **ret);
