// A bank's channel for tests: built by names, in any order. Whatever cannot be built ends the test program
// with the reason.
#pragma once
#include "base/arena.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

#include "expr/expr.h"

// Slots of the audience level "customer".
enum { WORLD_AGE, WORLD_BALANCE, WORLD_TIER, WORLD_TAGS, WORLD_JOINED, WORLD_CHURN, WORLD_ATTRIBUTES };

typedef struct World World;

// A channel "bank" with the level "customer" (age: int, default 30; balance: double, default 0; tier: string,
// default "basic"; tags: list, default empty; joined: timestamp; churn: double; the last two have no default)
// and nothing else.
World *world_new(Arena *arena);
// A channel with two zones, three points, three events, three segments, four offers, seven rules.
World *world_bank(Arena *arena);

SnapZone *world_zone(World *world, const char *name);
SnapPoint *world_point(World *world, const char *name, const char *zone);
SnapEvent *world_event(World *world, const char *name, Parley__Snapshot__V1__EventActionKind action);
SnapSegment *world_segment(World *world, const char *name, const char *expression);
SnapOffer *world_offer(World *world, const char *code); // published
// NULL: every segment, every zone. Enabled.
SnapRule *world_rule(World *world, const char *name, const char *segment, const char *zone, const char *offer,
        double score);
SnapExpression *world_expression(World *world, const char *source);

// Sorts the lists and resolves the names. The snapshot can be changed afterwards to break it.
Snapshot *world_finish(World *world);
