// A row that is too long gives way step by step, each the least harm that is left: contacts of one offer are
// merged (their sum is kept, at the later time, so that a limit strikes rather too long than too short), then
// responses of one offer likewise, then the oldest contacts go, then what is suppressed or qualified, and at
// last the oldest responses.
#include "visitor/facts.h"

enum { SEEN_CHAINS = 256 };

FactSlot fact_slot(FactKind kind, uint32_t offer, uint32_t count, int64_t time_us)
{
	uint32_t kept = count < FACT_COUNT_MOST ? count : FACT_COUNT_MOST;
	return (FactSlot){
	        .time_us = time_us, .offer = offer, .kind_count = (uint32_t)kind << FACT_COUNT_BITS | kept};
}

static size_t slots_at(const FactRow *row, size_t at)
{
	return fact_slots(fact_kind(&row->slots[at]));
}

static void take_out(FactRow *row, size_t at)
{
	size_t slots = slots_at(row, at), behind = row->count - at - slots;
	memmove(&row->slots[at], &row->slots[at + slots], behind * sizeof *row->slots);
	row->count -= slots;
}

static bool is_over(const FactSlot *slot, int64_t now_us, int64_t retention_us)
{
	FactKind kind = fact_kind(slot);
	if (kind == FACT_CONTACT)
		return slot->time_us < now_us && now_us - slot->time_us > retention_us;
	return fact_slots(kind) == 2 && slot[1].until_us != INT64_MAX && slot[1].until_us <= now_us;
}

void facts_prune(FactRow *row, int64_t now_us, int64_t retention_us)
{
	size_t kept = 0;
	for (size_t at = 0, slots; at < row->count; at += slots) {
		slots = slots_at(row, at);
		if (is_over(&row->slots[at], now_us, retention_us))
			continue;
		if (kept != at)
			memmove(&row->slots[kept], &row->slots[at], slots * sizeof *row->slots);
		kept += slots;
	}
	row->count = kept;
}

// The next fact from `at` on that is of the kind (for the two that share an offer's place: of either) and
// offer; row->count if there is none.
static size_t find(const FactRow *row, size_t at, FactKind kind, uint32_t offer)
{
	for (; at < row->count; at += slots_at(row, at)) {
		const FactSlot *slot = &row->slots[at];
		bool same = fact_kind(slot) == kind || (fact_slots(kind) == 2 && slots_at(row, at) == 2);
		if (same && slot->offer == offer)
			return at;
	}
	return row->count;
}

// The first slot whose fact is later than the time.
static size_t place_of(const FactRow *row, int64_t time_us)
{
	size_t place = 0;
	for (size_t at = 0, slots; at < row->count; at += slots) {
		slots = slots_at(row, at);
		if (row->slots[at].time_us <= time_us)
			place = at + slots;
	}
	return place;
}

void facts_insert(FactRow *row, const Fact *fact)
{
	size_t slots = fact_slots(fact->kind);
	if (slots == 2) {
		size_t former = find(row, 0, fact->kind, fact->offer);
		if (former < row->count && row->slots[former].time_us > fact->time_us)
			return;
		if (former < row->count)
			take_out(row, former);
	}
	size_t at = place_of(row, fact->time_us);
	memmove(&row->slots[at + slots], &row->slots[at], (row->count - at) * sizeof *row->slots);
	row->slots[at] = fact_slot(fact->kind, fact->offer, fact->count, fact->time_us);
	if (slots == 2)
		row->slots[at + 1] = (FactSlot){.until_us = fact->until_us, .score = fact->score};
	row->count += slots;
}

// Facts seen so far, by offer: the last of each chain and who was before it.
typedef struct Seen {
	uint16_t last[SEEN_CHAINS], before[DECIDE_FACTS_MAX + 2]; // index + 1; 0: none
} Seen;

// The first fact of the same kind and offer that was seen before this one; row->count if there is none, and
// then this one is.
static size_t see(Seen *seen, const FactRow *row, size_t at)
{
	const FactSlot *slot = &row->slots[at];
	uint16_t *chain = &seen->last[slot->offer % SEEN_CHAINS];
	for (uint16_t before = *chain; before != 0; before = seen->before[before - 1]) {
		const FactSlot *other = &row->slots[before - 1];
		if (other->offer == slot->offer && fact_kind(other) == fact_kind(slot))
			return (size_t)before - 1;
	}
	seen->before[at] = *chain;
	*chain = (uint16_t)(at + 1);
	return row->count;
}

// Adds the oldest fact of the kinds that is not the only one of its kind and offer to the next one. False:
// there is none.
static bool merge(FactRow *row, unsigned kinds)
{
	Seen seen = {0};
	size_t first = row->count, next = row->count;
	for (size_t at = 0; at < row->count; at += slots_at(row, at)) {
		if ((kinds & 1U << fact_kind(&row->slots[at])) == 0)
			continue;
		size_t before = see(&seen, row, at);
		if (before >= first)
			continue;
		first = before;
		next = at;
	}
	if (first == row->count)
		return false;
	FactSlot *slot = &row->slots[first], *later = &row->slots[next];
	*later = fact_slot(
	        fact_kind(later), later->offer, fact_count(slot) + fact_count(later), later->time_us);
	take_out(row, first);
	return true;
}

static bool drop_oldest(FactRow *row, unsigned kinds)
{
	for (size_t at = 0; at < row->count; at += slots_at(row, at)) {
		if ((kinds & 1U << fact_kind(&row->slots[at])) == 0)
			continue;
		take_out(row, at);
		return true;
	}
	return false;
}

size_t facts_bound(FactRow *row, size_t max)
{
	static const unsigned contacts = 1U << FACT_CONTACT,
	                      responses = 1U << FACT_ACCEPT | 1U << FACT_REJECT,
	                      by_event = 1U << FACT_SUPPRESS | 1U << FACT_QUALIFY;
	size_t lost = 0;
	while (row->count > max) {
		if (merge(row, contacts) || merge(row, responses))
			continue;
		lost += drop_oldest(row, contacts) || drop_oldest(row, by_event) ||
		        drop_oldest(row, responses);
	}
	return lost;
}

bool facts_valid(const FactRow *row, uint32_t names)
{
	int64_t before_us = INT64_MIN;
	for (size_t at = 0, slots; at < row->count; at += slots) {
		const FactSlot *slot = &row->slots[at];
		FactKind kind = fact_kind(slot);
		if (kind > FACT_QUALIFY || at + fact_slots(kind) > row->count)
			return false;
		slots = fact_slots(kind);
		if (slot->time_us < before_us || slot->offer >= names || fact_count(slot) == 0)
			return false;
		if (slots == 2 && find(row, at + slots, kind, slot->offer) < row->count)
			return false;
		before_us = slot->time_us;
	}
	return true;
}
