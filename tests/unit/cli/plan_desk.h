// A desk for tests of plans: a folder with an event set and some plans over it, made by the runtime's own
// planner from the bank of tests/world.
#pragma once
#include "base/clock.h"
#include "plan/compare.h"
#include "plan/plan.h"
#include "world/world.h"

#define NOON_US (INT64_C(1767268800) * US_PER_S) // 2026-01-01, 12:00

enum { VISITS = 24, DESK_PLANS = 3 };

typedef struct Desk {
	char dir[64];
	Arena *arena;
	EventSet *set;
	PlanFile *plans[DESK_PLANS];
	ComparedPlan compared[DESK_PLANS];
	size_t count;
} Desk;

void must(Err e);
void desk_set(Desk *desk);
void desk_clear(Desk *desk);

// --- sets ---

typedef struct Visit {
	int customer;
	const char *age, *point, *shown;
	double reward, propensity;
} Visit;

EventSorter *desk_begin_set(Desk *desk);
void desk_add(EventSorter *sorter, int i, Visit visit);
void desk_end_set(Desk *desk, EventSorter *sorter);
// Two customers who are 40, in turn; one question a visit.
void desk_visits(Desk *desk);

// --- plans ---

typedef void Change(World *world);
typedef void Alter(World *world, Snapshot *snapshot);

SnapRule *desk_rule(Snapshot *snapshot, const char *name);
// The bank, with something added before its lists are in order, or altered afterwards. Either may be NULL.
void desk_plan(Desk *desk, const char *name, Change *change, Alter *alter);
// The same, brief.
void desk_plan_brief(Desk *desk, const char *name, Change *change, Alter *alter);
