// Decisions that would come out the same if they were asked for again. decide() is a pure function: who has a
// decision, and knows that nothing has changed that it came from, need not have it made anew, for with
// another seed only treatment codes are others. What of plan, question and time a decision came from is
// looked at here. That the visitor's level, ID, values and segments are the same is for whoever remembers the
// decision to see to.
//
// A decision does not last if a program that it may have run reads the clock, if its seed told equal scores
// apart, if it says something personally, if the plan counts over all visitors, or if it was asked for with a
// filter, across points or to explain.
#pragma once
#include "decide/decide.h"

// What lasts is small.
enum { LASTING_POINTS = 4, LASTING_OFFERS = 8, LASTING_FACTS = 16 };

// What a plan says about that.
typedef struct Lasting Lasting;
// Lives in `arena`, as long as the plan at most. Error: NO_MEMORY.
Err lasting_build(const Plan *plan, Arena *arena, const Lasting **ret);
const Plan *lasting_plan(const Lasting *lasting);

// A decision that is remembered.
typedef struct LastingDecision {
	int64_t from_us, until_us;         // it comes out so from then on, and no longer then
	uint32_t point_count;              // 0: none is remembered
	uint16_t offer_count;              // of all points
	uint8_t fact_count, visitor_facts; // that may count for something, in all and of these the visitor's
	struct LastingPoint {
		int point;
		uint32_t max;
		uint16_t offer_count;
		bool tied;
	} points[LASTING_POINTS];
	struct LastingOffer {
		CandidateId id;
		ScoreParts score;
	} offers[]; // point by point; and behind them the facts
} LastingDecision;

// How many bytes it takes to remember the decision that the visitor's request got; 0: it does not last.
size_t lasting_size(const Lasting *lasting, const Visitor *visitor, const DecideRequest *request,
        const Decision *decision);
// Remembers it, in so many bytes.
void lasting_keep(const Lasting *lasting, const Visitor *visitor, const DecideRequest *request,
        const Decision *decision, LastingDecision *ret);
static inline void lasting_forget(LastingDecision *decision) // NULL is fine
{
	if (decision != NULL)
		decision->point_count = 0;
}
// What decide() would answer, if that is known, in `arena`; false: it is to be asked.
bool lasting_again(const Lasting *lasting, const LastingDecision *decision, const Visitor *visitor,
        const DecideRequest *request, Arena *arena, Decision *ret);
