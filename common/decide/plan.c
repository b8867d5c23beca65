// From a snapshot, which is small and in order, to what a call wants: names hashed, defaults as values,
// programs verified once and shared by all that say the same, candidates in the order of the walk.
#include "base/cleanup.h"
#include "decide/build.h"

#define NAMES(list, key)                                                                                     \
	static Err list##_names(const Snapshot *snapshot, Arena *arena, Names *ret)                          \
	{                                                                                                    \
		Str *names = ARENA_ARRAY(arena, Str, snapshot->n_##list);                                    \
		if (!names)                                                                                  \
			return err(ERR_NO_MEMORY, "no memory for the names of " #list);                      \
		for (size_t i = 0; i < snapshot->n_##list; i++)                                              \
			names[i] = str(snapshot->list[i]->key);                                              \
		return names_build(names, snapshot->n_##list, arena, ret);                                   \
	}
NAMES(audience_levels, name)
NAMES(points, name)
NAMES(events, name)
NAMES(offers, code)

static Err build(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	Plan *plan = builder->plan;
	TRY(audience_levels_names(snapshot, builder->arena, &plan->levels));
	TRY(points_names(snapshot, builder->arena, &plan->points));
	TRY(events_names(snapshot, builder->arena, &plan->events));
	TRY(offers_names(snapshot, builder->arena, &plan->offers));
	TRY(build_interners(builder));
	TRY(build_levels(builder));
	TRY(build_offers(builder));
	TRY(build_zones(builder));
	TRY(build_rules(builder));
	TRY(build_index(builder));
	TRY(build_limits(builder));
	TRY(build_visitors(builder));
	plan->conditions = (Programs){builder->conditions.programs, builder->conditions.count};
	plan->scorings = (Programs){builder->scorings.programs, builder->scorings.count};
	plan->values = (Programs){builder->values.programs, builder->values.count};
	return OK;
}

Err plan_build(const Snapshot *snapshot, Arena *arena, const Plan **ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(64 * 1024, 0);
	size_t used = arena_used(arena);
	Plan *plan = ARENA_NEW(arena, Plan);
	if (!scratch || !plan)
		return err(ERR_NO_MEMORY, "no memory for a plan");
	plan->snapshot = snapshot;
	Builder builder = {.snapshot = snapshot, .plan = plan, .arena = arena, .scratch = scratch};
	TRY(build(&builder));
	plan->bytes = arena_used(arena) - used;
	*ret = plan;
	return OK;
}

const Snapshot *plan_snapshot(const Plan *plan)
{
	return plan->snapshot;
}

int plan_level(const Plan *plan, Str name)
{
	return names_find(&plan->levels, name);
}

int plan_point(const Plan *plan, Str name)
{
	return names_find(&plan->points, name);
}

int plan_event(const Plan *plan, Str name)
{
	return names_find(&plan->events, name);
}

int plan_offer(const Plan *plan, Str code)
{
	return names_find(&plan->offers, code);
}

int plan_attribute(const Plan *plan, int level, Str name)
{
	return names_find(&plan->level[level].attributes, name);
}

size_t plan_segment_words(const Plan *plan)
{
	return (plan->snapshot->n_segments + 63) / 64;
}
