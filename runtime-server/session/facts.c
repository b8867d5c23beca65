#include "session/facts.h"

#include <stdlib.h>

enum { FIRST = 8 };

// --- room ---

// A fact and where it stood.
typedef struct Placed {
	Fact fact;
	uint32_t place;
} Placed;

// What suppresses and what qualifies are one kind here: only the last of both counts.
static int kind_of(const Fact *fact)
{
	return fact->kind == FACT_QUALIFY ? FACT_SUPPRESS : (int)fact->kind;
}

static bool alike(const Fact *a, const Fact *b)
{
	return a->offer == b->offer && kind_of(a) == kind_of(b);
}

static int by_offer(const void *left, const void *right)
{
	const Placed *a = left, *b = right;
	if (a->fact.offer != b->fact.offer)
		return a->fact.offer < b->fact.offer ? -1 : 1;
	if (kind_of(&a->fact) != kind_of(&b->fact))
		return kind_of(&a->fact) - kind_of(&b->fact);
	return a->place < b->place ? -1 : a->place > b->place;
}

static int by_place(const void *left, const void *right)
{
	const Placed *a = left, *b = right;
	return a->place < b->place ? -1 : a->place > b->place;
}

// Of a run of alike facts the last stays, with the count of all if they are counted.
static uint32_t condense_sorted(Placed *placed, uint32_t count)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < count; i++) {
		bool more = kept > 0 && alike(&placed[kept - 1].fact, &placed[i].fact);
		uint32_t before =
		        more && kind_of(&placed[i].fact) != FACT_SUPPRESS ? placed[kept - 1].fact.count : 0;
		kept -= more;
		placed[kept] = placed[i];
		placed[kept++].fact.count += before;
	}
	return kept;
}

static Err condense(Facts *facts)
{
	uint32_t half = facts->count / 2;
	Placed *placed = calloc(half, sizeof *placed);
	if (placed == NULL)
		return err(ERR_NO_MEMORY, "no memory for the session's facts; try again later");
	for (uint32_t i = 0; i < half; i++)
		placed[i] = (Placed){facts->items[i], i};
	qsort(placed, half, sizeof *placed, by_offer);
	uint32_t kept = condense_sorted(placed, half);
	qsort(placed, kept, sizeof *placed, by_place);
	for (uint32_t i = 0; i < kept; i++)
		facts->items[i] = placed[i].fact;
	free(placed);
	memmove(facts->items + kept, facts->items + half, (facts->count - half) * sizeof(Fact));
	facts->count -= half - kept;
	return OK;
}

Err facts_reserve(Facts *facts, size_t more)
{
	if (facts->count + more > DECIDE_FACTS_MAX)
		TRY(condense(facts));
	size_t wanted = facts->count + more, capacity = facts->capacity > 0 ? facts->capacity : FIRST;
	if (wanted > DECIDE_FACTS_MAX)
		wanted = DECIDE_FACTS_MAX;
	while (capacity < wanted)
		capacity *= 2;
	if (more == 0 || capacity <= facts->capacity)
		return OK;
	Fact *items = realloc(facts->items, capacity * sizeof *items);
	if (items == NULL)
		return err(ERR_NO_MEMORY, "no memory for the session's facts; try again later");
	facts->items = items;
	facts->capacity = (uint32_t)capacity;
	return OK;
}

// --- facts ---

void facts_add(Facts *facts, const Fact *fact)
{
	if (facts->count == facts->capacity) {
		facts->count--;
		memmove(facts->items, facts->items + 1, facts->count * sizeof *facts->items);
	}
	uint32_t at = facts->count++;
	while (at > 0 && facts->items[at - 1].time_us > fact->time_us) {
		facts->items[at] = facts->items[at - 1];
		at--;
	}
	facts->items[at] = *fact;
}

void facts_follow(Facts *facts, const Plan *from, const Plan *to)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < facts->count; i++) {
		Fact fact = facts->items[i];
		int offer = plan_offer(to, str(plan_snapshot(from)->offers[fact.offer]->code));
		fact.offer = (uint32_t)offer;
		if (offer >= 0)
			facts->items[kept++] = fact;
	}
	facts->count = kept;
}

void facts_free(Facts *facts)
{
	free(facts->items);
	*facts = (Facts){0};
}
