// Scores without their programs. Most score expressions are a sum of attributes times constants, or one of
// two such sums by a predicate. They are computed as they stand, in the same order and with the same
// roundings; over a run of candidates whose sums have the same attributes a bound is known before any of them
// is computed.
#pragma once
#include "decide/index_values.h"

enum { SCORE_PARTS = 3 };

// ((number × factor) + (number × factor)) + (number × factor). A constant is 1 × itself.
typedef struct ScoreSum {
	double factors[SCORE_PARTS];
	uint16_t slots[SCORE_PARTS]; // of the level; behind the last one: 1
	uint8_t parts;               // that there are
	bool whole;                  // of ints: exact, or left to the program
} ScoreSum;

typedef enum ScoreKind { SCORE_SUM, SCORE_CHOICE, SCORE_PROGRAM } ScoreKind;

typedef struct ScoreChoice {
	Predicate yes, no; // neither: the score has failed
	ScoreSum other;
} ScoreChoice;

typedef struct ScoreForm {
	ScoreKind kind;
	uint32_t order; // forms by it: of sums those with the same attributes together, the highest factors
	                // first
	ScoreSum sum;   // of a choice: if the predicate is true
	const ScoreChoice *choice;
} ScoreForm;

// The forms of the distinct score programs. What predicates compare with joins the texts of `conditions`.
// Error: NO_MEMORY.
Err scores_build(
        Conditions *conditions, const ConditionsInput *scorings, Arena *arena, const ScoreForm **ret);

typedef enum ScoreState { SCORE_FAILED, SCORE_KNOWN, SCORE_ASK_PROGRAM } ScoreState;
ScoreState score_compute(const ScoreForm *form, Traits *traits, double *ret);

// A stretch of positions in one block, whose scores are sums of the same attributes.
typedef struct ScoreRun {
	uint32_t first, count; // positions
	bool top;
	bool bounded; // its forms are sums
	bool simple;  // of one part
	ScoreSum low, high;
} ScoreRun;
// What the bound of a simple run is made of; all of them are looked at in a call.
typedef struct ScoreReach {
	double least, most, size; // of the factors; NaN: the run is not simple
	uint16_t slot;
} ScoreReach;
typedef struct ScoreRuns {
	const ScoreRun *items;     // those with top priority first
	const ScoreReach *reaches; // by run
	uint32_t count, top;
	const double *factors; // by position: the first part's
	const uint16_t *slots; // of simple runs, each once; without that of 1
	uint32_t slot_count;
} ScoreRuns;
// Cuts the positions of the first `items` candidates; `forms` and `tops` are by candidate, those with top
// priority first. Error: NO_MEMORY.
Err score_runs_build(const Index *index, uint32_t items, const ScoreForm *const *forms, const bool *tops,
        Arena *arena, ScoreRuns *ret);
// Fills in by run what no score of it is above: infinity if nothing is known, -infinity if all have failed. A
// finite bound of a simple run also says that its attribute is known and each score is that times its factor.
void score_bounds(const ScoreRuns *runs, Traits *traits, double *ret);
