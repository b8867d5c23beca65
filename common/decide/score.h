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

// The same for the commonest form once its attribute has been read (as score_bound does); false: not so
// simple.
static inline bool score_simple(const ScoreForm *form, const Traits *traits, double *ret)
{
	const ScoreSum *sum = &form->sum;
	if (form->kind != SCORE_SUM || sum->parts != 1 || traits->number_states[sum->slots[0]] != KEY_READ)
		return false;
	*ret = traits->numbers[sum->slots[0]] * sum->factors[0] + 0.0; // not -0
	return *ret < 0x1p53 && *ret > -0x1p53;
}

// A stretch of positions in one block, whose scores are sums of the same attributes.
typedef struct ScoreRun {
	uint32_t first, count; // positions
	bool top;
	bool bounded; // its forms are sums
	ScoreSum low, high;
} ScoreRun;
typedef struct ScoreRuns {
	const ScoreRun *items;
	uint32_t count;
} ScoreRuns;
// Cuts the positions of the first `items` candidates; `forms` and `tops` are by candidate. Error: NO_MEMORY.
Err score_runs_build(const Index *index, uint32_t items, const ScoreForm *const *forms, const bool *tops,
        Arena *arena, ScoreRuns *ret);
// No score of the run is above; infinity if nothing is known.
double score_bound(const ScoreRun *run, Traits *traits);
// Whether no score of the run is above those before it.
bool score_falls(const ScoreRun *run, Traits *traits);
