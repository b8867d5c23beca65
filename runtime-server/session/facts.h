// What happened between a session and offers, oldest first, for the engine to count. Bounded: when there is
// no more room the oldest half is condensed, contacts, accepts and rejects of one offer into one with their
// count, and of what suppresses or qualifies an offer only the last is kept; if that gives no room the oldest
// go.
#pragma once
#include "decide/decide.h"

typedef struct Facts {
	Fact *items;
	uint32_t count, capacity;
} Facts;

// Makes room for so many, as far as the bound allows, so that facts_add cannot fail. Error: NO_MEMORY.
Err facts_reserve(Facts *facts, size_t more);
void facts_add(Facts *facts, const Fact *fact);
// Finds the offers again, by code; facts of those that are gone are forgotten.
void facts_follow(Facts *facts, const Plan *from, const Plan *to);
void facts_free(Facts *facts);
