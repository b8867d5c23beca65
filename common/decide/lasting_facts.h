// The facts that a decision came from, for who remembers it.
#pragma once
#include "decide/lasting.h"
#include "decide/plan.h"

// Those that may count for something, now or ever: the visitor's, then the session's.
typedef struct CountingFacts {
	uint32_t count, of_visitor; // in all; of these the visitor's
	Fact items[LASTING_FACTS];
} CountingFacts;
// False if there are more, or more facts than decide() takes.
bool facts_counting(const Plan *plan, const VisitorState *state, CountingFacts *ret);
bool facts_same(const Fact *a, const Fact *b, size_t count);
// Narrows the time, which has the as-of time, to that in which each of them counts for what it does as of
// then.
void facts_narrow(const Plan *plan, const CountingFacts *facts, int64_t as_of_us, Window *time);
