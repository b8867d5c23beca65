// What outlives sessions: what happened between visitors and offers, how often offers were shown and accepted
// in all, and the treatments of late. It is a fold over the journal: visitors_record appends a record and
// applies it in one step, so that the journal's order is the state's, and a start folds again what follows
// the newest checkpoint. README.md has the rules of merging, forgetting and keeping.
#pragma once
#include "base/clock.h"
#include "decide/decide.h"
#include "journal/journal.h"
#include "visitor/counts.h"

#include "parley/journal/v1/journal.pb-c.h"

typedef struct Visitors Visitors;

enum { TREATMENT_AGE_DAYS = 30 }; // if nobody says otherwise

typedef struct VisitorsOptions {
	const char *dir;      // of the checkpoints; made if it is not there
	Journal *journal;     // just opened, with `retain`: nothing appended to it yet; outlives the Visitors
	size_t offers;        // how many it will hear of, as far as anybody knows; 0: many
	size_t max_visitors;  // 0: 2,000,000; beyond, those inactive longest are forgotten
	unsigned max_facts;   // of one visitor; 0: 256; 8 to DECIDE_FACTS_MAX
	int64_t retention_us; // contacts older than that are dropped; 0: 400 days
	size_t treatment_bytes;   // of the newest recommendations; 0: 64 MiB
	bool no_treatments;       // none are remembered here: only sessions know theirs
	bool alone;               // one thread has it, and no checkpoint of it is ever written
	int64_t treatment_age_us; // older ones are unknown; 0: TREATMENT_AGE_DAYS
	int64_t checkpoint_us;    // the longest that something changed waits for a checkpoint; 0: 5 minutes
	// Of a checkpoint's visitors, which are taken (visitors_begin); NULL: all.
	bool (*takes)(void *context, Str level, Str audience_id);
	void *takes_context;
	uint64_t hash_seed; // used when there is no checkpoint; else that one's is
	// Called from the thread that writes checkpoints, when one failed (`why` set) and when one is written
	// again after that (NULL). May be NULL.
	void (*on_checkpoint)(void *context, const ErrDetail *why);
	void *context;
} VisitorsOptions;

// The incarnation that the folder's newest checkpoint was written in, for JournalOptions.after; 0: there is
// none, or none can be read.
uint64_t visitors_incarnation(const char *dir);

// Loads the newest checkpoint, folds the journal behind it, starts the thread that writes checkpoints.
// Errors: STATE_CORRUPT (no checkpoint that is there can be read), IO, NO_MEMORY, JOURNAL_CORRUPT,
// CONFIG_INVALID.
Err visitors_open(const VisitorsOptions *options, Visitors **ret);
// Writes a last checkpoint, if something changed, and frees everything. After the last call and before
// journal_close. NULL is fine.
void visitors_close(Visitors *visitors);

// State without a folder and a thread, for rehearsals: it begins with the checkpoint that can be read from
// `fd`
// (-1: with nothing), whose limits hold where `options` has 0. `name` is for messages; `dir` is not looked
// at. `journal` is one that hands records on (journal_handing). Errors: STATE_CORRUPT, IO, NO_MEMORY, LIMIT,
// CONFIG_INVALID.
Err visitors_begin(const VisitorsOptions *options, int fd, const char *name, Visitors **ret);
// Writes all of it as a checkpoint, begun at `now_us`, into an empty file: equal state is equal bytes. Nobody
// else may be writing one. Errors: IO, NO_MEMORY.
Err visitors_write(Visitors *visitors, int fd, int64_t now_us);

// Has a checkpoint written now, by the thread that writes them, whether or not something changed.
void visitors_checkpoint_soon(Visitors *visitors);

// When the state in a checkpoint's file was written down, microseconds since 1970. `name` is for messages.
// Errors: STATE_CORRUPT, IO.
Err visitors_state_time(int fd, const char *name, int64_t *ret_us);

// --- recording ---

// Appends the entry to the journal, as journal_append does, and applies it at once: an EventPosted's or
// ResponsePosted's effects to its visitor and to the counts, a Recommendation's treatments to those that can
// be quoted. Whoever asks for the visitor from now on sees it. What is applied and then cannot be written
// poisons the journal, and the process stops: nothing of it was acknowledged. Effects of an event ID that was
// applied lately are recorded, and not applied again. Safe from any thread. Errors: those of journal_append,
// and NO_MEMORY; then nothing happened.
Err visitors_record(Visitors *visitors, const Parley__Journal__V1__Entry *entry, Str event_id, Arena *arena,
        JournalDone done, void *context);

// The same for a packed entry that is a Recommendation: `code` is the treatment code of the first of its
// `count` offers. The last `behind` bytes are its receipt, which the journal gets and nobody remembers. Not
// waited for.
Err visitors_record_recommendation(Visitors *visitors, Str entry, size_t behind, Str code, size_t count);

// --- erasing ---

typedef struct VisitorsErased {
	uint64_t states;          // one a channel
	uint64_t recommendations; // that can be quoted no more
} VisitorsErased;

// Forgets a visitor in all channels: what is remembered, and what was recommended. Counts stay, which name
// nobody. The journal is told what a fold needs to forget him as well, which is not his ID; `erasure` is what
// the records call it. Errors: those of visitors_record; then it was done in part, and is to be done again.
Err visitors_erase(
        Visitors *visitors, Str erasure, Str level, Str audience_id, int64_t now_us, VisitorsErased *ret);
// Tells the journal that it was done, whatever was found: something stands behind what was recorded before.
// Not waited for. Errors: those of visitors_record.
Err visitors_note_erased(Visitors *visitors, Str erasure, int64_t now_us);
// Writes both checkpoints anew, and removes a damaged one: no file of the folder knows more then than the
// state does. `ret_files`: how many damaged ones there were. Errors: IO, JOURNAL_FAILED, NO_MEMORY, TIMEOUT.
Err visitors_rewrite(Visitors *visitors, uint64_t *ret_files);

// --- a snapshot's view ---

// Visitor state by a snapshot's indexes. One for each snapshot, made when it is loaded
// (CurrentOptions.prepare) and freed with it (.release); counts go on while it lives.
typedef struct VisitorView VisitorView;

// `snapshot` must outlive it. Errors: NO_MEMORY, LIMIT (too many different offers in this process's life).
Err visitor_view_new(Visitors *visitors, const Parley__Snapshot__V1__Snapshot *snapshot, VisitorView **ret);
void visitor_view_free(VisitorView *view); // NULL is fine

// What is remembered of a visitor, oldest first, for VisitorState.facts; without offers that the snapshot
// does not have and contacts that are too old at the as-of time. In `arena`. One lock, of 1/1024 of the
// visitors, for a copy. Error: NO_MEMORY.
Err visitor_facts(const VisitorView *view, int level, Str audience_id, int64_t as_of_us, Arena *arena,
        const Fact **ret, size_t *ret_count);
// The same for who asks often, with the visitor's place, which stays the same.
uint64_t visitor_place(const VisitorView *view, int level, Str audience_id);
Err visitor_facts_at(const VisitorView *view, uint64_t place, int level, Str audience_id, int64_t as_of_us,
        Arena *arena, const Fact **ret, size_t *ret_count);

// For who knows that it asks for them soon: asks memory for where they are.
void visitor_fetch(const VisitorView *view, uint64_t place);

// For VisitorState.volumes: by constraint, what this server has counted in the period of the as-of time (0
// for constraints of other scopes, and for periods before the last two). Lock-free. `ret` NULL: the snapshot
// has no such constraint. In `arena`. Error: NO_MEMORY.
Err visitor_volumes(const VisitorView *view, int64_t as_of_us, Arena *arena, const uint64_t **ret);

// --- volumes of states that count a part each ---

// What overall constraints count, of one view: constraints of the same snapshot have the same places in all.
size_t visitor_volume_count(const VisitorView *view);
// Copies what the view counts by now, one pair a volume.
void visitor_volumes_get(const VisitorView *view, CountSlot (*sums)[2]);
// From now on the view remembers what it counts, beside counting it. Error: NO_MEMORY.
Err visitor_volumes_split(VisitorView *view);
// Adds to the sums what was counted since the last visitor_volumes_put.
void visitor_volumes_add(const VisitorView *view, CountSlot (*sums)[2]);
// The view goes on from the sums. One thread may use the view meanwhile.
void visitor_volumes_put(VisitorView *view, const CountSlot (*sums)[2]);
// How many more the tightest of the overall constraints that let any pass does let pass as of now, by the
// sums; UINT64_MAX: there is none.
uint64_t visitor_volumes_left(const VisitorView *view, const CountSlot (*sums)[2], int64_t as_of_us);
// The first moment after `as_of_us` at which a period of an overall constraint begins anew; INT64_MAX: none
// does.
int64_t visitor_volumes_until(const VisitorView *view, int64_t as_of_us);

// --- treatments by code ---

// Who was offered what, and why. Texts live in the arena and end in NUL.
typedef struct VisitorTreatment {
	const char *channel, *session_id, *audience_level, *audience_id;
	const char *offer, *rule, *segment, *point, *zone, *campaign, *cell;
	uint64_t snapshot_version;
	Str snapshot_digest;
	int64_t time_us;
} VisitorTreatment;

// A treatment that this server recommended lately, in whichever session or life. Errors: TREATMENT_UNKNOWN,
// NO_MEMORY.
Err visitors_treatment(Visitors *visitors, Str code, int64_t now_us, Arena *arena, VisitorTreatment *ret);

// --- status ---

typedef struct VisitorsStatus {
	uint64_t visitors, treatments;
	uint64_t slots;         // of facts, 16 bytes each
	uint64_t bytes;         // of memory, about
	uint64_t forgotten;     // visitors that others had to make room for, in this process's life
	uint64_t dropped_facts; // likewise, of visitors with too many
	uint64_t unaccounted;   // records that the journal no longer had at the start: their effects are lost
	int64_t checkpoint_us;  // when the newest was begun; 0: there is none
	uint64_t checkpoint_bytes;    // its size
	uint64_t checkpoint_failures; // since one was written
	bool fell_back;               // at the start the newest was damaged, and the one before it was taken
	ErrDetail checkpoint_error;   // of the last failure
} VisitorsStatus;
void visitors_status(Visitors *visitors, VisitorsStatus *ret);
