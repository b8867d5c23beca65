// A question to the bank, what it was answered, and what is remembered of that.
#pragma once
#include "decide/lasting.h"
#include "stage.h"

#define HOME "home-banner"

typedef struct Asked {
	const Lasting *lasting;
	uint64_t segments[1];
	DecidePoint points[LASTING_POINTS + 1];
	DecideRequest request;
	Visitor visitor;
	Decision decision;
	LastingDecision *kept;
} Asked;
extern Asked asked;

// The visitor is an adult; nothing is remembered yet.
void open_bank(void);
// The question, to be changed.
void prepare(const char *point, uint32_t max);
// Whether the prepared question's answer lasts; then it is remembered.
bool keep(void);
bool lasts(const char *point, uint32_t max); // both
// Whether the prepared question is answered from memory.
bool again(void);
bool again_at(int64_t us);
