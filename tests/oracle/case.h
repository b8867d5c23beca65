// One case, made from its number, edited, and tried: what the run, the shrinker and the planted bugs share.
#pragma once
#include "answers.h"
#include "oracle.h"

// A step that makes a case smaller: what, and which of these.
typedef struct Edit {
	uint32_t kind, at;
} Edit;

enum { EDITS_MAX = 4096 };
typedef struct Edits {
	Edit items[EDITS_MAX];
	size_t count;
} Edits;

typedef enum EditResult {
	EDIT_DONE,
	EDIT_NOTHING, // there is nothing to do, or something else stands on it
	EDIT_END,     // there are not so many
} EditResult;

extern const uint32_t edit_kinds;
EditResult edit_apply(World *world, Visit *visit, Edit edit);

// A bug that is planted on the engine's side only: in its case before it is asked, or in its answers.
typedef struct Plant {
	const char *name, *text;
	void (*before)(World *world, Visit *visit);
	void (*after)(Answers *answers, Arena *arena);
} Plant;
extern const Plant plants[];
extern const size_t plant_count;

typedef struct Case {
	uint64_t seed, number;
	const Plant *plant; // NULL: none
} Case;

Chance case_world_chance(uint64_t seed, uint64_t number);
Chance case_visit_chance(uint64_t seed, uint64_t number);
Chance case_request_chance(uint64_t seed, uint64_t number);

// A case that was tried. All lives in the arena.
typedef struct Trial {
	World *world;
	Visit *visit;
	Answers engine, reference;
	const char *difference; // NULL: both agree
	Err refused;            // the world cannot be made ready
} Trial;
void case_try(const Case *c, const Edits *edits, Arena *arena, Cover *cover, Trial *ret);

// Finds edits after which the sides still disagree, until none more does.
void case_shrink(const Case *c, Edits *edits);
// How many objects, conditions, facts and nodes of expressions there are.
size_t case_weight(const World *world, const Visit *visit);
void case_write(FILE *out, const World *world, const Visit *visit);
// Shrinks the case and tells all about it.
void case_report(FILE *out, const Case *c);
