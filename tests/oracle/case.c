// A case is never stored: it is its number, and the edits that made it smaller.
#include "case.h"

#include "base/cleanup.h"

#include <inttypes.h>

enum { STREAMS_IN_WORLD = 64 };

// Streams of chance: one for a world, one for each of its visits, one for each request of a visit.
static Chance stream(uint64_t seed, uint64_t number, uint64_t which)
{
	return chance_new(seed, number / CASES_IN_WORLD * STREAMS_IN_WORLD + which);
}

Chance case_world_chance(uint64_t seed, uint64_t number)
{
	return stream(seed, number, 0);
}

Chance case_visit_chance(uint64_t seed, uint64_t number)
{
	return stream(seed, number, 1 + number % CASES_IN_WORLD / REQUESTS_IN_VISIT);
}

Chance case_request_chance(uint64_t seed, uint64_t number)
{
	return stream(seed, number, 1 + VISITS_IN_WORLD + number % CASES_IN_WORLD);
}
_Static_assert(1 + VISITS_IN_WORLD + CASES_IN_WORLD <= STREAMS_IN_WORLD, "each has a stream of its own");

// What is made again is the same, so edits can be counted on to fit.
static void make(const Case *c, const Edits *edits, Arena *arena, World **ret_world, Visit **ret_visit)
{
	Chance chance = case_world_chance(c->seed, c->number);
	*ret_world = world_make(&chance, arena);
	chance = case_visit_chance(c->seed, c->number);
	*ret_visit = visit_make(&chance, *ret_world, arena);
	chance = case_request_chance(c->seed, c->number);
	request_make(&chance, *ret_world, *ret_visit, arena);
	for (size_t i = 0; edits && i < edits->count; i++)
		(void)edit_apply(*ret_world, *ret_visit, edits->items[i]);
}

void case_try(const Case *c, const Edits *edits, Arena *arena, Cover *cover, Trial *ret)
{
	*ret = (Trial){0};
	make(c, edits, arena, &ret->world, &ret->visit);
	ret->refused = world_finish(ret->world);
	if (ret->refused)
		return;
	World *world = ret->world;
	Visit *visit = ret->visit;
	if (c->plant) {
		make(c, edits, arena, &world, &visit);
		if (c->plant->before)
			c->plant->before(world, visit);
		ret->refused = world_finish(world);
		if (ret->refused)
			return;
	}
	answers_of_reference(ret->world, ret->visit, arena, cover, &ret->reference);
	answers_of_engine(world, visit, arena, &ret->engine);
	if (c->plant && c->plant->after && !ret->engine.failed)
		c->plant->after(&ret->engine, arena);
	ret->difference = answers_differ(&ret->engine, &ret->reference, arena);
}

// --- shrinking ---

static bool still_differs(const Case *c, const Edits *edits, Arena *arena)
{
	Cover cover = {0};
	Trial trial;
	arena_reset(arena);
	case_try(c, edits, arena, &cover, &trial);
	return !trial.refused && trial.difference;
}

// Whether the case with these edits has something for the next one to do.
static EditResult probe(const Case *c, const Edits *edits, Edit edit, Arena *arena)
{
	World *world;
	Visit *visit;
	arena_reset(arena);
	make(c, edits, arena, &world, &visit);
	return edit_apply(world, visit, edit);
}

static bool shrink_once(const Case *c, Edits *edits, Arena *arena)
{
	size_t before = edits->count;
	for (uint32_t kind = 0; kind < edit_kinds; kind++) {
		for (uint32_t at = 0; edits->count < EDITS_MAX;) {
			Edit edit = {kind, at};
			EditResult result = probe(c, edits, edit, arena);
			if (result == EDIT_END)
				break;
			edits->items[edits->count++] = edit;
			if (result == EDIT_NOTHING || !still_differs(c, edits, arena)) {
				edits->count--;
				at++;
			}
		}
	}
	return edits->count > before && edits->count < EDITS_MAX;
}

void case_shrink(const Case *c, Edits *edits)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	edits->count = 0;
	while (shrink_once(c, edits, arena))
		;
}

void case_report(FILE *out, const Case *c)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	Edits *edits = ARENA_NEW(arena, Edits);
	Cover cover = {0};
	Trial trial;
	case_shrink(c, edits);
	case_try(c, edits, arena, &cover, &trial);
	fprintf(out, "--- case %" PRIu64 " of seed %" PRIu64 ", shrunk by %zu edits ---\n", c->number,
	        c->seed, edits->count);
	if (trial.refused) {
		fprintf(out, "the world was refused: %s: %s\n", err_reason(trial.refused),
		        err_detail()->message);
		return;
	}
	case_write(out, trial.world, trial.visit);
	fprintf(out, "the engine says:\n");
	answers_write(out, trial.world, &trial.engine);
	fprintf(out, "the reference says:\n");
	answers_write(out, trial.world, &trial.reference);
	fprintf(out, "they %s%s\n", trial.difference ? "differ in: " : "agree",
	        trial.difference ? trial.difference : "");
	fprintf(out, "again: tests/oracle/run --seed %" PRIu64 " --case %" PRIu64 "%s%s\n", c->seed,
	        c->number, c->plant ? " --plant " : "", c->plant ? c->plant->name : "");
}
