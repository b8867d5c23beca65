// What the files of this room share. Locks: a shard's, or a treatment shard's, is held around the journal's
// append and the change that goes with it, so that a shard sees its records in the journal's order; `cutting`
// and `viewing` come before them. No two shards' are held together.
//
// A cut: every shard in turn, under its lock, begins to count in the other half of the offers' counts. When
// the last one has, the half that was counted in stands still, and holds exactly what each shard had been
// told before its turn. That gives a checkpoint its counts, and a new view its beginning, while calls go on.
#pragma once
#include "base/lock.h"
#include "visitor/facts.h"
#include "visitor/names.h"
#include "visitor/visitor.h"

#include <pthread.h>

enum {
	VISITOR_SHARDS = 1024,
	TREATMENT_SHARDS = 64,
	RECENT_EVENTS = 256, // of a shard: known again, and not applied again
	AUDIENCE_ID_MAX = 65535,
};

// --- a snapshot's view ---

#define PERIOD_FIRST PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_EVER

// What one constraint counts.
typedef struct Volume {
	size_t constraint;
	Parley__Snapshot__V1__Period period;
	FactKind kind;
	CountSlot slots[2];
} Volume;

struct VisitorView {
	Visitors *visitors;
	Arena *arena; // its own
	size_t offer_count, constraint_count;
	Name **offers;       // by index
	const Name **levels; // by index
	int32_t *indexes;    // by name's ID: the offer's index, or NOT_HERE
	uint32_t name_count; // names from this ID on are of no offer of the snapshot
	Volume *volumes;
	size_t volume_count;
	uint32_t *first_volume; // by offer, and one more: where its part of `volumes_of` begins
	uint32_t *volumes_of;
	CountSlot (
	        *fresh)[2]; // by volume: what was counted of late (visitor_volumes_split); NULL: nobody asks
	const Parley__Snapshot__V1__Snapshot *snapshot;
};

// --- visitors ---

// A visitor of whom something is remembered; one block of memory: this, the ID, the slots.
typedef struct Known {
	struct Known *next;          // of its bucket
	struct Known *older, *newer; // by when they were last told of
	uint32_t hash;               // the lower half
	uint32_t place;              // channel and audience level: a name's ID
	uint16_t id_len;
	uint16_t slot_count, capacity;
	char id[]; // then the slots, at a multiple of 8
} Known;

typedef struct ViewList {
	size_t count;
	_Atomic(VisitorView *) items[]; // NULL: one that has left
} ViewList;

typedef struct Shard {
	_Alignas(64) pthread_mutex_t lock;
	uint64_t *recent; // its part of Visitors.recent
	Known **buckets;
	size_t bucket_count; // a power of 2, or 0
	Known *oldest, *newest;
	Known *swept; // whom the sweep looks at next; NULL: from the oldest on again
	size_t count, slots, bytes;
	unsigned half;         // counted in
	const ViewList *views; // that count along
	uint64_t position;     // while the journal is folded: all up to here has been applied
	uint32_t recent_count, recent_next;
} Shard;

// What a record does to a visitor.
typedef struct Change {
	uint64_t hash;
	Name *place;
	Str audience_id;
	uint64_t event; // 0: it has no ID
	int64_t time_us;
	struct Change_effect {
		Name *offer;
		OfferCounts *counts; // NULL: it is not counted
		Fact fact;           // its offer is the name's ID
	} * effects;
	size_t count;
} Change;

// --- treatments ---

// The newest recommendations as the journal has them, in a ring of bytes. Places in it are counted on and on;
// what is before `tail` is gone, which is all that a chain needs to know.
typedef struct TreatmentShard {
	_Alignas(64) pthread_mutex_t lock;
	uint8_t *ring;
	uint64_t *buckets; // the newest place of each chain, plus 1
	uint64_t head, tail;
	size_t records, treatments, bytes;
	uint64_t position;
} TreatmentShard;

// --- all of it ---

// Where a checkpoint begins: all records of older lives, and each shard's position in this one.
typedef struct Coverage {
	uint64_t incarnation, sequence;
} Coverage;

// Where each shard of a checkpoint stands in its life's journal.
typedef struct Positions {
	uint64_t incarnation;
	uint64_t shards[VISITOR_SHARDS], treatments[TREATMENT_SHARDS];
} Positions;

struct Visitors {
	VisitorsOptions options;
	char dir[512];
	uint64_t seed;
	size_t shard_most;     // visitors
	size_t treatment_most; // bytes, of a shard
	Names *offers, *places;
	atomic_uint_fast64_t forgotten, dropped, unaccounted;
	pthread_mutex_t cutting;
	pthread_mutex_t viewing;  // behind `cutting`
	ViewList *views;          // under `viewing`
	struct Keeper *keeper;    // keeper.h
	const Positions *rebuilt; // what it is folded up to, without a journal that is open; NULL in a server
	// By shard; beside them, so that a shard takes few cache lines and what nobody fills takes no memory.
	uint64_t (*recent)[RECENT_EVENTS];
	Shard shards[VISITOR_SHARDS];
	TreatmentShard treatments[TREATMENT_SHARDS];
};

// --- shard.c ---

uint64_t visitor_hash(const Visitors *visitors, const Name *place, Str audience_id);
// The same with another seed than the state's own.
uint64_t visitor_hash_with(uint64_t seed, const Name *place, Str audience_id);
static inline Shard *shard_of(Visitors *visitors, uint64_t hash)
{
	return &visitors->shards[hash >> 54];
}
static inline FactSlot *known_slots(const Known *known)
{
	size_t at = (offsetof(Known, id) + known->id_len + 7) & ~(size_t)7;
	return (FactSlot *)(uintptr_t)((const char *)known + at);
}
static inline FactRow known_row(const Known *known)
{
	return (FactRow){known_slots(known), known->slot_count};
}

// All under the shard's lock.
Known *shard_find(const Shard *shard, uint64_t hash, uint32_t place, Str audience_id);
bool shard_event_known(const Shard *shard, uint64_t event);
void shard_event_remember(Shard *shard, uint64_t event);
// Makes room for a change, so that shard_apply cannot fail; NULL if memory is out. What it returns is one
// that the shard has, or a fresh one that shard_apply takes in and known_discard frees.
Known *shard_reserve(Visitors *visitors, Shard *shard, const Change *change);
void known_discard(const Shard *shard, Known *known);
void shard_apply(Visitors *visitors, Shard *shard, const Change *change, Known *known);
// A visitor with room for the slots, the newest, at the end of the list. NULL if memory is out.
Known *shard_add(Shard *shard, uint64_t hash, uint32_t place, Str audience_id, size_t slots);
void shard_forget(Shard *shard, Known *known);
void shard_trim(Visitors *visitors, Shard *shard);
void shard_clear(Shard *shard);

// --- treatments.c ---

// The shard of the call that issued the code; NULL: no code has that form.
TreatmentShard *treatment_shard_of(Visitors *visitors, Str code, uint64_t *ret_key);
TreatmentShard *treatment_shard_at(Visitors *visitors, uint64_t key); // of that key
// Under the shard's lock. `ring` and `buckets` are there after treatments_reserve. Error: NO_MEMORY.
Err treatments_reserve(Visitors *visitors, TreatmentShard *shard);
void treatments_put(Visitors *visitors, TreatmentShard *shard, uint64_t key, size_t count, Str payload);
// Visits the next few records from *place on (at first 0) up to what was the head, oldest first; false: there
// are no more. What goes in between is passed by.
bool treatments_visit(const Visitors *visitors, const TreatmentShard *shard, uint64_t *place, uint64_t head,
        void (*visit)(void *context, uint64_t key, size_t count, Str payload), void *context);
// Makes the records unreadable that have the code among their treatments; they stay in the ring. How many.
size_t treatments_blank(const Visitors *visitors, TreatmentShard *shard, uint64_t key, Str code);
void treatments_clear(TreatmentShard *shard);

// --- apply.c: from an entry to a change ---

// What an entry does, in the arena. `ret->count` 0: nothing to a visitor. Errors: NO_MEMORY, LIMIT.
Err change_of(Visitors *visitors, const Parley__Journal__V1__EventPosted *event,
        const Parley__Journal__V1__Context *context, Str event_id, Arena *arena, Change *ret);
// The event with effects that the entry is or, filled into `scratch`, amounts to: a response without a
// session has effects on the visitor of its context. NULL: there are none.
const Parley__Journal__V1__EventPosted *entry_event(
        const Parley__Journal__V1__Entry *entry, Parley__Journal__V1__EventPosted *scratch);
// The treatment code of a recommendation that shows something; empty: it shows nothing, or is none.
Str entry_treatment(const Parley__Journal__V1__Entry *entry, size_t *ret_count);
// How many bytes at the end of its packed form are a receipt, which is not remembered.
size_t entry_behind(const Parley__Journal__V1__Entry *entry, Str payload);

// --- erase.c ---

// Forgets the visitor of a shard whose ID has that hash under the seed, if there is one. Under the shard's
// lock.
bool shard_erase(Shard *shard, const Name *place, uint64_t seed, uint64_t hash);

// --- view.c ---

// Counts along for the views; under the shard's lock.
void views_count(const ViewList *views, uint32_t offer, FactKind kind, const PeriodNumbers *numbers);
// A cut; `turn` is called for each shard, under its lock, before it begins to count in the other half; then
// `after` without (may be NULL). Under `cutting`. Returns the half that stands still.
unsigned visitors_cut(Visitors *visitors, void (*turn)(void *context, Shard *shard),
        void (*after)(void *context, Shard *shard), void *context);
// Moves what the still half holds to the other one.
void visitors_cut_over(Visitors *visitors, unsigned half);

// --- fold.c ---

typedef struct Fold {
	Visitors *visitors;
	Arena *piece, *scratch;
	bool any;
} Fold;

// Applies one record, unless its shard has it already or is to stop before it (Visitors.rebuilt). Error:
// NO_MEMORY.
Err fold_record(Fold *fold, const JournalRecord *record);
// Another life's records follow: no shard has any of them.
void fold_next_life(Visitors *visitors);
// Applies what the journal holds behind the coverage. Errors: IO, JOURNAL_CORRUPT, NO_MEMORY.
Err visitors_fold(Visitors *visitors, const Coverage *from, bool *ret_any);

// --- visitors.c ---

// State that holds nothing, with neither journal nor checkpoints. Errors: CONFIG_INVALID, NO_MEMORY.
Err visitors_new(const VisitorsOptions *options, Visitors **ret);
void visitors_free(Visitors *visitors);
// Forgets everything.
void visitors_clear(Visitors *visitors);
