// With many visitors hardly anything of one is in the processor's caches when an event of theirs has its
// turn, and waiting for memory, one line after the other, takes longer than all the rest. But a lane knows
// which events come next. So while it plans one, it asks for what those behind it will touch: first what was
// read from the set, then the session, from where it is found down to its values. Nothing follows from it.
#include "plan/lane.h"

enum {
	LINE = 64,
	EVENT_BYTES = 192, // that most have at most
	// How many events ahead each is asked for.
	AHEAD_ITEM = 20,
	AHEAD_EVENT = 14,
	AHEAD_SESSION = 11, // and then every AHEAD_STEP nearer
	AHEAD_STEP = 3,
};

static void fetch(const void *memory, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += LINE)
		__builtin_prefetch((const char *)memory + at);
}

// Inlined for every `ahead` that there is, so that each costs no more than what it asks for.
static inline __attribute__((always_inline)) void look_at(
        const Lane *lane, Item *const *items, size_t count, size_t next, size_t ahead)
{
	if (next + ahead >= count)
		return;
	Item *item = items[next + ahead];
	if (ahead == AHEAD_ITEM)
		fetch(item, sizeof *item);
	if (ahead == AHEAD_EVENT)
		fetch(item->packed.ptr, item->packed.len < EVENT_BYTES ? item->packed.len : EVENT_BYTES);
	if (ahead >= AHEAD_EVENT || item->refused != OK)
		return;
	if (ahead == AHEAD_SESSION)
		item->session = rehearsal_place(lane->rehearsal, item->session_id);
	rehearsal_fetch(lane->rehearsal, item->session, (unsigned)(AHEAD_SESSION - ahead) / AHEAD_STEP);
}

void lane_look_ahead(const Lane *lane, Item *const *items, size_t count, size_t next)
{
	look_at(lane, items, count, next, AHEAD_ITEM);
	look_at(lane, items, count, next, AHEAD_EVENT);
	look_at(lane, items, count, next, AHEAD_SESSION);
	look_at(lane, items, count, next, AHEAD_SESSION - AHEAD_STEP);
	look_at(lane, items, count, next, AHEAD_SESSION - 2 * AHEAD_STEP);
	look_at(lane, items, count, next, AHEAD_SESSION - 3 * AHEAD_STEP);
}

// As if there had been others before the first.
void lane_look_first(const Lane *lane, Item *const *items, size_t count)
{
	for (size_t before = AHEAD_ITEM; before > 0; before--)
		lane_look_ahead(lane, items, count, 0 - before);
}
