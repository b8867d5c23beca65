// What the files of a lane share.
#pragma once
#include "plan/internal.h"

// A list that grows in the event's arena.
typedef struct List {
	void **items;
	size_t count, room;
} List;

struct Lane {
	const PlanShared *shared;
	unsigned number;
	Rehearsal *rehearsal;
	Remembered *remembered; // NULL: no event of the set will ask
	Tally *tally;
	size_t segment_words;
	int point; // that was asked for last; -1: none
	// Of the event that is being planned.
	Arena *arena;
	const Item *item;
	const Event *event; // of that, maybe without time and keys; NULL: of nobody's
	const Told *told;
	Session *session; // of the event; NULL: it is not open
	Shelf *shelf;
	size_t entries;
	uint64_t call;                         // that is being told
	List problems, reasons, entered, left; // segments: by name
	Recommended *shown;                    // what is to count as shown; NULL: nothing is
	size_t shown_count;
	const Recommended *quoted; // by what is posted now; NULL: none
	uint64_t *before;          // the segments that the visitor was in
	Err failure;               // in what it is told
};

// Error: NO_MEMORY, also for an item that is NULL.
Err list_add(List *list, void *item, Arena *arena);

// Notes what could not be done, by a stable reason or an error's.
void lane_problem_text(Lane *lane, const char *reason, const char *about);
void lane_problem(void *lane, Err reason, const char *about);
// A call that was refused is a problem; what this machine lacks is an error.
Err lane_settle(Lane *lane, Err result, const char *about);
// The event, with its keys. Errors: those of event_read.
Err lane_event_with_keys(Lane *lane, const Event **ret);

// --- ahead.c ---
// Has at hand what the items from `next` on will touch when their turn comes. To be called before each, from
// 0 on.
void lane_look_ahead(const Lane *lane, Item *const *items, size_t count, size_t next);
// The same for the first of them, before any is planned.
void lane_look_first(const Lane *lane, Item *const *items, size_t count);

// --- answer.c ---
// Puts what a brief plan says of a decision's points: what was recommended at each. Error: NO_MEMORY.
Err answer_put(Shelf *shelf, const Decision *decision, uint64_t call);

// --- visit.c ---
// Tells the event to the rehearsal, and notes what segments it changed. Error: NO_MEMORY, IO.
Err lane_visit(Lane *lane);
