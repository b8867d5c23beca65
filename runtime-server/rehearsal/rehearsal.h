// A runtime server without a network, a disk and a clock of its own: the very code of service/, session/ and
// visitor/, told by its caller what time it is and which seed a call has. The same content, beginning, calls,
// moments and seeds give the same answers, journal entries and state, byte for byte, whatever else the
// process does. For scenario tests, plans and replays.
//
// A rehearsal belongs to one thread at a time; any number of them share one content. It asks the kernel for
// nothing but memory.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "decide/decide.h"
#include "profile/profile.h"
#include "session/session.h"
#include "snapshot/snapshot.h"
#include "visitor/visitor.h"

#include "parley/journal/v1/journal.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"

// --- content: a snapshot made ready, once ---

typedef struct RehearsalContent RehearsalContent;

// Checks the bytes as a runtime server does, but for signatures: whoever rehearses vouches for them. They may
// go when it returns. `version` is what answers and records call it. Errors: SNAPSHOT_*,
// EXPR_PROGRAM_INVALID, NO_MEMORY.
Err rehearsal_content_open(Str blob, uint64_t version, RehearsalContent **ret);
// After all rehearsals of it. NULL is fine.
void rehearsal_content_free(RehearsalContent *content);
const Parley__Snapshot__V1__Snapshot *rehearsal_snapshot(const RehearsalContent *content);
const Plan *rehearsal_plan(const RehearsalContent *content);
const Digest *rehearsal_digest(const RehearsalContent *content); // of the blob
uint64_t rehearsal_version(const RehearsalContent *content);
// The canonical text of a visitor's keys, which have the level's types and order, in `arena`. Errors:
// AUDIENCE_INVALID, NO_MEMORY.
Err rehearsal_visitor(
        const RehearsalContent *content, int level, const ExprValue *keys, Arena *arena, Str *ret);

static inline void rehearsal_content_freep(RehearsalContent **content)
{
	rehearsal_content_free(*content);
}

// --- a rehearsal ---

typedef struct Rehearsal Rehearsal;

// What the journal was told. All is borrowed and gone when the call returns.
typedef struct RehearsalEntry {
	uint64_t sequence; // 1, 2, 3 … in the rehearsal
	Str event_id;      // empty if it is no client event
	Str payload;       // a packed parley.journal.v1.Entry
} RehearsalEntry;

typedef struct RehearsalOptions {
	const RehearsalContent *content; // outlives it
	Str runtime_id;                  // ends in NUL; empty: "rehearsal"
	uint64_t incarnation;            // that a checkpoint says; 0: 1
	// The visitor state that it begins with: a checkpoint's file, read now; no name: nothing. -1 is none.
	int state_fd;
	const char *state_name;
	uint64_t hash_seed;     // of visitor state that begins with nothing
	size_t max_sessions;    // 0: 65,536
	size_t treatment_bytes; // of the newest recommendations, at least 1 MiB; 0: the checkpoint's, or
	                        // visitor.h's
	size_t max_visitors;    // 0: the checkpoint's limit, or visitor.h's
	// It is never saved (rehearsal_save): then what it remembers takes less memory, and less time.
	bool passing;
	// Decisions are not made again as long as they would come out the same: that takes memory, and less
	// time.
	bool repeats;
	// Visitors' profiles, for every audience level; NULL: no profile database, which answers say.
	ProfileSource profile;
	// Which of the checkpoint's visitors it begins with; NULL: all.
	bool (*takes)(void *context, Str level, Str audience_id);
	// Decisions are not recorded, so that `entry` hears nothing of them: `decision` is all that is told.
	bool unrecorded;
	// Told of every decision that is kept, by the engine's own indexes. May be NULL.
	void (*decision)(void *context, const Session *session, const Decision *decision);
	// Finds a treatment that `decision` was told of, by its code, for events that quote it; false: it is
	// unknown. Then the rehearsal itself remembers none. NULL: it does.
	bool (*treatment)(void *context, Str code, TreatmentFacts *ret);
	// Told of every entry, in order; not OK: whatever was to be recorded fails. May be NULL.
	Err (*entry)(void *context, const RehearsalEntry *entry);
	void *context;
} RehearsalOptions;

// Errors: NO_MEMORY, LIMIT; of the checkpoint STATE_CORRUPT, IO.
Err rehearsal_new(const RehearsalOptions *options, Rehearsal **ret);
void rehearsal_free(Rehearsal *rehearsal); // NULL is fine

static inline void rehearsal_freep(Rehearsal **rehearsal)
{
	rehearsal_free(*rehearsal);
}

// Moments are microseconds since 1970 and never go back (FIELD_INVALID). Before a call is taken, what is due
// up to its moment has happened: delayed actions, idle sessions' ends, as on a server that looks after them
// at every full second.
Err rehearsal_tick(Rehearsal *rehearsal, int64_t now_us);

// A call of a touchpoint. A refused one is OK with a failure as its result. The first decision of a call has
// the call's seed, as history tells it; others, in one call, have seeds that follow from it. The result lives
// in `arena`. Errors: FIELD_INVALID, NO_MEMORY.
Err rehearsal_call(Rehearsal *rehearsal, int64_t now_us, uint64_t seed,
        const Parley__Runtime__V1__BatchCommand *command, Arena *arena,
        Parley__Runtime__V1__BatchResult **ret);
// The same for calls without a session; here a refused one is an error.
Err rehearsal_recommend(Rehearsal *rehearsal, int64_t now_us, uint64_t seed,
        const Parley__Runtime__V1__RecommendRequest *request, Arena *arena,
        Parley__Runtime__V1__RecommendResponse **ret);
Err rehearsal_respond(Rehearsal *rehearsal, int64_t now_us,
        const Parley__Runtime__V1__PostResponseRequest *request, Arena *arena,
        Parley__Runtime__V1__PostResponseResponse **ret);
// A command whose answer nobody keeps, at the moment that was told last: what came of it is its entries. On a
// session that was found at that moment, and that no call has ended since; NULL: the command names it. What
// it takes to answer comes from `arena`. Returns why it was refused.
Err rehearsal_go_on(Rehearsal *rehearsal, Session *session, uint64_t seed,
        const Parley__Runtime__V1__BatchCommand *command, Arena *arena);
// A session begins at that moment, or, if it was found, goes on with other attributes.
Err rehearsal_start(
        Rehearsal *rehearsal, Session *session, uint64_t seed, const SessionStart *start, Arena *arena);
// Offers are asked for, likewise on a session that was found; only what is decided is of interest.
Err rehearsal_ask(Rehearsal *rehearsal, Session *session, uint64_t seed, const SessionAsk *ask, Arena *arena);
// Something that happened before: an entry's effects go to the visitor's state, and it is an entry of the
// rehearsal. Errors: FIELD_INVALID (no context or another channel), NO_MEMORY, LIMIT.
Err rehearsal_given(Rehearsal *rehearsal, const Parley__Journal__V1__Entry *entry);

// Where a session of that ID is, or would be.
uint64_t rehearsal_place(const Rehearsal *rehearsal, Str session_id);
// The session; NULL: it is not open. It stays until time passes or a call ends it.
Session *rehearsal_session(Rehearsal *rehearsal, uint64_t place, Str id);
// For who knows what comes next: what it takes to have a session at hand then, in steps from 0 on, with other
// work between them (session_fetch).
void rehearsal_fetch(const Rehearsal *rehearsal, uint64_t place, unsigned step);

// --- state ---

// What is remembered of a visitor as of now, oldest first, in `arena`. Error: NO_MEMORY.
Err rehearsal_facts(
        Rehearsal *rehearsal, int level, Str audience_id, Arena *arena, const Fact **ret, size_t *ret_count);
// The view of visitor state, for what overall constraints count (visitor.h).
VisitorView *rehearsal_view(Rehearsal *rehearsal);
// Writes a checkpoint of visitor state, begun now, into an empty file: equal state is equal bytes, and a
// rehearsal or a server can go on from it. Errors: IO, NO_MEMORY.
Err rehearsal_save(Rehearsal *rehearsal, int fd);
