// The facts of one visitor, 16 bytes each (what is suppressed or qualified: 32), oldest first. These
// functions see nothing but a row of slots; README.md, "What is kept of a visitor", has the rules.
#pragma once
#include "decide/decide.h"

typedef union FactSlot {
	struct {
		int64_t time_us;
		uint32_t offer;      // a name's ID
		uint32_t kind_count; // FactKind in the upper 3 bits
	};
	// The second slot of SUPPRESS and QUALIFY.
	struct {
		int64_t until_us;
		double score;
	};
} FactSlot;
_Static_assert(sizeof(FactSlot) == 16, "a fact is 16 bytes");

enum { FACT_COUNT_BITS = 29 };
static const uint32_t FACT_COUNT_MOST = (UINT32_C(1) << FACT_COUNT_BITS) - 1;

typedef struct FactRow {
	FactSlot *slots;
	size_t count; // of slots
} FactRow;

static inline FactKind fact_kind(const FactSlot *slot)
{
	return (FactKind)(slot->kind_count >> FACT_COUNT_BITS);
}

static inline uint32_t fact_count(const FactSlot *slot)
{
	return slot->kind_count & FACT_COUNT_MOST;
}

static inline size_t fact_slots(FactKind kind)
{
	return kind == FACT_SUPPRESS || kind == FACT_QUALIFY ? 2 : 1;
}

FactSlot fact_slot(FactKind kind, uint32_t offer, uint32_t count, int64_t time_us);

// Drops contacts older than the retention, and what is no longer suppressed or qualified.
void facts_prune(FactRow *row, int64_t now_us, int64_t retention_us);
// Puts a fact (fact->offer is a name's ID) behind those of its time; there is room for its slots. Of SUPPRESS
// and QUALIFY an offer has one, the latest.
void facts_insert(FactRow *row, const Fact *fact);
// Makes it at most `max` slots; it has at most DECIDE_FACTS_MAX + 2. Returns how many facts were lost; merged
// ones are not.
size_t facts_bound(FactRow *row, size_t max);
// Whether slots from elsewhere are a row: whole facts of known kinds, in order of time, counts of at least 1,
// offers below `names`, one SUPPRESS or QUALIFY an offer.
bool facts_valid(const FactRow *row, uint32_t names);
