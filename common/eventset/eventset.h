// Event sets: millions of events in a file, in the order of their times, named by what they hold. A sorter
// takes them in any order, in bounded memory, and can be taken up again after a crash; a set is read block by
// block, from any thread. README.md has the format.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include "parley/plan/v1/event.pb-c.h"

typedef Parley__Plan__V1__Event Event;

enum {
	EVENT_BYTES_MAX = 64 * 1024,             // of one event
	EVENT_FIELDS_MAX = 512,                  // of one event, counted as wire_unpack does
	EVENT_BLOCK_BYTES = 256 * 1024,          // a block ends before this many, or with one event
	EVENT_SORTER_MEMORY = 64 * 1024 * 1024,  // what a sorter holds before it spills
	EVENT_RUNS_MAX = 512,                    // spilled, so 32 GiB of events
	EVENT_SET_BLOCKS_MAX = 16 * 1024 * 1024, // 4 TiB
	EVENT_DIGEST_SIZE = 32,
	EVENT_SHAPES_MAX = 64,
};

typedef struct EventSetInfo {
	uint64_t events, blocks, bytes; // bytes of the file
	uint64_t without_offer;         // events that are known to name no offer
	int64_t first_us, last_us;
	uint8_t digest[EVENT_DIGEST_SIZE];
} EventSetInfo;

// --- writing ---

typedef struct EventSorter EventSorter;

// Takes up what is in the folder `dir`, or makes it. *ret_note is what the last event_sorter_keep was told,
// in `arena`; NULL at the first time. `memory`: bytes before it spills, 0: EVENT_SORTER_MEMORY. Errors: IO,
// LIMIT, STATE_CORRUPT, NO_MEMORY.
Err event_sorter_open(const char *dir, size_t memory, Arena *arena, EventSorter **ret, const char **ret_note);
// Forgets what was not kept; the folder stays.
void event_sorter_close(EventSorter *sorter);
// Errors: FIELD_INVALID (no time, level or visitor; too large), NO_MEMORY.
Err event_sorter_add(EventSorter *sorter, const Event *event);
// Whether it holds so much that it should be kept now.
bool event_sorter_is_full(const EventSorter *sorter);
// Makes all that was added durable, with a note from which the caller can go on. Errors: IO, LIMIT.
Err event_sorter_keep(EventSorter *sorter, const char *note);
// Begins anew, with nothing. Error: IO.
Err event_sorter_forget(EventSorter *sorter);
// Writes the set of all that was kept, durably and atomically, and removes the folder. `progress` (may be
// NULL) hears now and then how many events are written. The sorter is then closed, whatever comes of it.
// Errors: IO, STATE_CORRUPT, NO_MEMORY.
Err event_sorter_finish(EventSorter *sorter, const char *path,
        void (*progress)(void *context, uint64_t events), void *context, EventSetInfo *ret);

// --- reading ---

typedef struct EventSet EventSet;

// Errors: IO, STATE_CORRUPT (it is not an event set, or damaged).
Err event_set_open(const char *path, EventSet **ret);
void event_set_close(EventSet *set);
const EventSetInfo *event_set_info(const EventSet *set);
// The events of a block, counted from 0, in order; `first` is the first one's place in the set. All is in
// `arena`. Any number of threads may read at once. Errors: IO, STATE_CORRUPT, NO_MEMORY.
Err event_set_block(const EventSet *set, uint64_t block, Arena *arena, const Event *const **ret,
        size_t *ret_count, uint64_t *ret_first);
// The same, but each event packed, as it stands in the block: for who reads one when its turn comes. Errors:
// the same.
Err event_set_packed(
        const EventSet *set, uint64_t block, Arena *arena, Str **ret, size_t *ret_count, uint64_t *ret_first);

// What many events of a set have in common: all but when they are, and some of their texts. In the arena that
// it was learnt in; nobody changes it any more.
typedef struct EventShape EventShape;
typedef struct EventShapes EventShapes;
// Shapes of events that are looked at one after the other, learnt on the way. NULL if memory is out.
EventShapes *event_shapes_new(Arena *arena);

// When an event is, and whose: what is to be known of it before its turn comes. Texts are among the packed
// bytes, with no NUL behind them, and nobody has looked yet whether they are UTF-8.
typedef struct EventGlance {
	const EventShape *shape; // NULL: none that is known
	int64_t time_us;
	Str level, session; // empty if it says none
	size_t key_count;
	struct EventGlance_key {
		Str name, value;
	} keys[EVENT_FIELDS_MAX];
} EventGlance;
// Leaves the bytes as they are. What it takes, event_read may refuse still, but nothing that has a shape.
// `shapes` may be NULL. Error: STATE_CORRUPT.
Err event_glance(Str packed, EventShapes *shapes, EventGlance *ret);
// A number from 0 on, other than that of any other of the same EventShapes; less than EVENT_SHAPES_MAX.
unsigned event_shape_number(const EventShape *shape);
// What every event of the shape says besides its time and its keys; NULL: they differ in more than these.
const Event *event_shape_says(const EventShape *shape);
// Reads a packed event where it stands; its texts are among the bytes: they change, and so does the one
// behind them. `shape` is what a glance at it told, or NULL; some of the event is the shape's then. Errors:
// STATE_CORRUPT, NO_MEMORY.
Err event_read(char *bytes, size_t len, const EventShape *shape, Arena *arena, const Event **ret);
// Reads all of it, and holds it against its digest; `told`, if it is not NULL, hears how many events were
// read. Errors: STATE_CORRUPT, IO, NO_MEMORY.
Err event_set_verify(const EventSet *set, void (*told)(void *context, uint64_t events), void *context);

static inline void event_set_closep(EventSet **set)
{
	event_set_close(*set);
}
