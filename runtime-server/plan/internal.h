// What the files of this room share.
#pragma once
#include "plan/plan.h"
#include "rehearsal/persona.h"

#include "parley/journal/v1/journal.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"

#include <pthread.h>

// --- who.c: what a set says in texts, by the snapshot's types ---

typedef struct Who {
	int level;
	Str id; // canonical
	uint64_t hash;
	const ExprValue *keys; // in the level's order
	size_t key_count;
} Who;
// Error: AUDIENCE_INVALID, NO_MEMORY.
Err who_of(const RehearsalContent *content, const EventGlance *event, Arena *arena, Who *ret);
// What is known of the visitors of all events of a shape.
typedef struct Whose {
	int level;
	size_t key;              // the only one of the level
	bool (*is_id)(Str text); // whether a key's text is the canonical ID; NULL: who_of must tell
	uint64_t level_hash;
} Whose;
Whose whose_of(const RehearsalContent *content, const EventGlance *event);
// The visitor's hash, where it takes no more than a look at the text; false: who_of must tell.
bool whose_hash(const Whose *whose, const EventGlance *event, uint64_t *ret);
uint64_t who_hash(Str level, Str id);
// The keys of the visitor of an event that who_of knows, in the level's order. Error: NO_MEMORY.
Err who_keys(
        const RehearsalContent *content, int level, const Event *event, Arena *arena, const ExprValue **ret);
static inline unsigned lane_of(uint64_t hash)
{
	return (unsigned)(hash >> 32) % PLAN_LANES;
}

// An event's attributes: what a touchpoint may set, and what only a profile can say, by slot.
typedef struct Told {
	Parameter *parameters;
	size_t count;
	ExprValue *values;
	uint64_t *given; // NULL: no attribute is a profile's
} Told;
// `problem` hears of every attribute that cannot be taken. Error: NO_MEMORY.
Err told_of(const RehearsalContent *content, int level, const Event *event, Arena *arena,
        void (*problem)(void *context, Err reason, const char *about), void *context, Told *ret);

// --- tally.c: what a plan sums up to ---

typedef enum Dimension {
	BY_OFFER,
	BY_ZONE,
	BY_POINT,
	BY_RULE_SEGMENT,
	BY_CAMPAIGN,
	BY_CELL,
	SEGMENT_ENTERED,
	PROBLEM_REASON,
	CANDIDATE_REASON,
	DIMENSIONS,
} Dimension;
typedef enum Counter { RECOMMENDED, CONTACTS, ACCEPTS, REJECTS, COUNTERS } Counter;

typedef struct Tally Tally;
// NULL if memory is out.
Tally *tally_new(const RehearsalContent *content);
void tally_free(Tally *tally); // NULL is fine
void tally_session(Tally *tally);
void tally_decision(Tally *tally, const Decision *decision);
// Error of each: NO_MEMORY.
Err tally_entry(Tally *tally, Str payload, Arena *arena);
Err tally_add(Tally *tally, Dimension dimension, Str name, Counter counter, uint64_t count);
Err tally_merge(Tally *into, const Tally *from);
// Fills in all but what is told of the inputs and the file; lists live in the arena.
Err tally_end(Tally *tally, Arena *arena, PlanEnd *end);

// --- remembered.c: which treatment of an offer a visitor got last ---

typedef struct Remembered Remembered;
Remembered *remembered_new(void); // NULL if memory is out
void remembered_free(Remembered *remembered);
// A treatment, as what events quote is told by.
typedef struct Recommended {
	uint64_t visitor; // by hash
	int64_t time_us;
	CandidateId id;
	uint32_t point;
	char code[TREATMENT_CODE_SIZE];
} Recommended;
// Where the next one is to be written.
Recommended *remembered_next(Remembered *remembered);
// It is there now.
void remembered_add(Remembered *remembered);
// *ret is NULL if none is remembered; it stays until the next one is written. Error: NO_MEMORY.
Err remembered_find(Remembered *remembered, uint64_t visitor, uint32_t offer, const Recommended **ret);

// --- shelf.c: packed effects of a lane in a round ---

typedef struct Shelf Shelf;
Shelf *shelf_new(void);        // NULL if memory is out
void shelf_free(Shelf *shelf); // NULL is fine
// Forgets what is on it, and keeps the memory.
void shelf_clear(Shelf *shelf);
// Begins a record; what has been put since the last one began and was not ended is a part of nothing.
void shelf_begin(Shelf *shelf);
// Where the next bytes go, `most` at most; NULL, and NO_MEMORY told, if there is no memory.
uint8_t *shelf_room(Shelf *shelf, size_t most);
// So many have been written there.
void shelf_wrote(Shelf *shelf, size_t len);
// The record; it stays where it is until the shelf is cleared.
Str shelf_end(const Shelf *shelf);

// --- lane.c: a part of the visitors, in the order of time ---

enum {
	OWN_SESSION = 25, // the ID of a visitor's own session, with its NUL
	ITEM_LINE = 64,   // an item is two lines of the processor's caches, and no part of a third
};

// One event on its way through a plan. It stays packed until its turn comes: so what is read of it is used
// while it is in the processor's caches, and little has to be in memory until then.
typedef struct Item {
	_Alignas(ITEM_LINE) Str packed;
	const EventShape *shape;
	uint64_t place;
	int64_t time_us;
	uint64_t visitor; // by hash
	int level;        // whose visitor it is
	Err refused;      // it says nobody whom the snapshot knows; then it has no visitor
	uint64_t session; // where that is: ahead.c
	Str session_id;   // among what is packed, or the visitor's own
	Str effects;      // packed, on the shelf of the lane that made them
	char own_session[OWN_SESSION];
} Item;
_Static_assert(sizeof(Item) == 2 * ITEM_LINE, "an item has outgrown its lines");

typedef struct Lane Lane;
// What all lanes share.
typedef struct PlanShared {
	const PlanOptions *options;
	const Personas *personas; // NULL: none
	int64_t first_us;         // of the set
} PlanShared;
Err lane_new(const PlanShared *shared, unsigned number, Lane **ret);
void lane_free(Lane *lane); // NULL is fine
// Plans some of its events, in order; effects go on the shelf. Errors: NO_MEMORY, IO, STATE_CORRUPT.
Err lane_plan(Lane *lane, Item *const *items, size_t count, Shelf *shelf);
// What happens up to the moment when nobody does anything any more. Empty: nothing.
Err lane_close(Lane *lane, int64_t until_us, uint64_t place, Shelf *shelf, Str *ret_effects);
VisitorView *lane_view(Lane *lane);
const Tally *lane_tally(const Lane *lane);

// --- window.c: the events that are in memory ---

typedef struct Window Window;
Window *window_new(const PlanOptions *options); // NULL if memory is out
void window_free(Window *window);               // NULL is fine
// How many blocks are worth reading now, and memory for them. Error: NO_MEMORY.
Err window_prepare(Window *window, size_t *ret_count);
// Reads one of them, by its number from 0 on; any threads, at once. Errors: those of event_set_packed.
Err window_read(Window *window, size_t number);
// All of them are read: they are a part of it now.
void window_take_in(Window *window);
// Whether a round would be as long as rounds can be.
bool window_has_round(const Window *window);
// The next item; it stays the next until it is passed. NULL: no more have been read.
Item *window_next(Window *window);
void window_pass(Window *window);
uint64_t window_block(const Window *window); // that the next item is of
// Blocks before this one are no longer needed.
void window_done(Window *window, uint64_t behind);

// --- inputs.c ---

// Files are read; digests live in the arena. Errors: IO, NO_MEMORY.
Err plan_inputs(const PlanOptions *options, Arena *arena, Parley__Plan__V1__PlanInputs *ret);

// --- pool.c: threads that do numbered tasks ---

typedef struct Pool Pool;
Err pool_new(unsigned threads, Pool **ret);
void pool_free(Pool *pool); // NULL is fine
// Does all tasks from 0 on, the caller's thread among them; returns the failure of the first that failed.
Err pool_run(Pool *pool, size_t tasks, Err (*task)(void *context, size_t number), void *context);
