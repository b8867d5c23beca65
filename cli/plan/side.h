// A plan read effect by effect, so that several can be read side by side, and one beside its event set.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "decide/decide.h"
#include "parley/journal/v1/journal.pb-c.h"
#include "planfile/planfile.h"

// A question that an event asks, and its answer.
typedef struct PlanQuestion {
	const Parley__Journal__V1__Recommendation *what;
	const Parley__Journal__V1__Context *context; // NULL in a brief plan
	Str receipt;                                 // of the call that asked; empty: there is none
	size_t nth;                                  // the call asked as often about this point before
} PlanQuestion;

typedef struct PlanSide {
	const PlanFile *file;
	const Plan *snapshot;
	Arena *block_arena, *entry_arena;
	size_t block, at, count;
	const EventEffects *const *effects;
	PlanQuestion *questions; // of the effects that were read last
	size_t question_count;
} PlanSide;

// From the first effect on. The snapshot may be NULL, unless the plan is brief. Errors: RESOURCE_NOT_FOUND,
// NO_MEMORY.
Err plan_side_open(const PlanFile *file, const Plan *snapshot, PlanSide *ret);
void plan_side_close(PlanSide *side);
// The present effects, NULL behind the last; they live until plan_side_step. Errors: those of
// plan_file_block.
Err plan_side_look(PlanSide *side, const EventEffects **ret);
void plan_side_step(PlanSide *side);
// To the first effects of that place or behind it. Errors: likewise.
Err plan_side_seek(PlanSide *side, uint64_t place);
// Reads the present effects' questions, which live until the next time. Errors: those of wire_unpack and
// plan_answers.
Err plan_side_read(PlanSide *side, const EventEffects *effects);
// An entry of effects, in `arena`. Errors: likewise.
Err plan_entry(const EventEffects *effects, size_t i, Arena *arena, const Parley__Journal__V1__Entry **ret);
// What would be seen first; NULL: the default content.
const Parley__Journal__V1__RecommendedOffer *plan_first(const PlanQuestion *question);
