// Whether the world is as a plan took it to be: what a plan is about is told entry by entry, asked of the
// database in batches, and what is otherwise is collected.
#pragma once
#include "execution/internal.h"

typedef struct World World;

Err world_new(Executions *executions, const PlanRow *plan, World **ret);
void world_free(World *world); // NULL is fine
static inline void world_freep(World **world)
{
	world_free(*world);
}
// Whether the environment runs the plan's snapshot, on every server; *ret_version: what it calls it.
Err world_snapshot(World *world, Pg *pg, int64_t *ret_version);
// Whether no plan was executed that issued the same treatment codes.
Err world_seed(World *world, Pg *pg);
// Visitors and event of an entry. Asks when there are enough of them. Errors: of the database, NO_MEMORY.
Err world_entry(World *world, Pg *pg, const Parley__Journal__V1__Entry *entry);
// Asks about those that are left.
Err world_end(World *world, Pg *pg);
// Whether nothing has moved.
bool world_stands(const World *world);
// What has, as JSON, and in words. In `arena`.
Err world_told(const World *world, Arena *arena, Str *ret_moved, Str *ret_words);
