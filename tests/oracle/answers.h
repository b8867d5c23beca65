// What either side says of a case, and whether both say the same.
#pragma once
#include "oracle.h"

typedef struct Answers {
	Err failed;            // the engine's; nothing else counts then
	ExprValue *defaults;   // of the level
	ExprValue *values;     // after the flows
	uint8_t *set;          // by flows
	Segmentation segments; // with a trace
	Segmentation untold;   // without
	int64_t periods[6];    // starts, by period
	uint32_t share;        // of the visitor, for a salt
	Decision told, plain;  // with and without explaining
	size_t attribute_count, segment_words;
	size_t mislaid; // names that were not found at their places, and what else a plan is asked for
} Answers;

void answers_of_engine(const World *world, const Visit *visit, Arena *arena, Answers *ret);
void answers_of_reference(const World *world, const Visit *visit, Arena *arena, Cover *cover, Answers *ret);

// NULL if they agree; else where they first do not, for people. Lives in `arena`.
const char *answers_differ(const Answers *engine, const Answers *reference, Arena *arena);
// A number that is the same for the same answers, whatever the compiler, the machine and the threads.
uint64_t answers_digest(const Answers *answers);
void answers_write(FILE *out, const World *world, const Answers *answers);
