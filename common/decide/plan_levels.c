// What a visitor's segments need: attributes with their defaults, flows, segments, groups.
#include "decide/build.h"

#include <stdlib.h>

static Err build_attributes(const SnapLevel *level, Arena *arena, PlanLevel *ret)
{
	Str *names = ARENA_ARRAY(arena, Str, level->n_attributes);
	ExprValue *defaults = ARENA_ARRAY(arena, ExprValue, level->n_attributes);
	if (!names || !defaults)
		return err(ERR_NO_MEMORY, "no memory for %zu attributes", level->n_attributes);
	for (uint32_t i = 0; i < level->n_attributes; i++) {
		const SnapConstant *value = level->attributes[i]->default_value;
		names[i] = str(level->attributes[i]->name);
		defaults[i] = value ? plan_constant(value, arena) : expr_missing(i);
	}
	ret->defaults = defaults;
	ret->attribute_count = level->n_attributes;
	return names_build(names, level->n_attributes, arena, &ret->attributes);
}

// --- flows ---

static Err build_step(Builder *builder, uint32_t level, const SnapStep *step, PlanStep *ret)
{
	if (step->value)
		TRY(intern(&builder->values, level, step->value, &ret->value));
	if (step->kind != SNAP_STEP(DECISION))
		return OK;
	uint32_t *conditions = ARENA_ARRAY(builder->arena, uint32_t, step->n_branches);
	if (!conditions)
		return err(ERR_NO_MEMORY, "no memory for %zu branches", step->n_branches);
	for (size_t i = 0; i < step->n_branches; i++)
		TRY(intern(&builder->conditions, level, step->branches[i]->condition, &conditions[i]));
	ret->conditions = conditions;
	return OK;
}

static Err build_flow(Builder *builder, uint32_t index, PlanFlow *ret)
{
	const SnapFlow *flow = builder->snapshot->flows[index];
	PlanStep *steps = ARENA_ARRAY(builder->arena, PlanStep, flow->n_steps);
	if (!steps)
		return err(ERR_NO_MEMORY, "no memory for %zu steps", flow->n_steps);
	for (size_t i = 0; i < flow->n_steps; i++)
		TRY(build_step(builder, flow->audience_level, flow->steps[i], &steps[i]));
	*ret = (PlanFlow){index, steps};
	return OK;
}

static Err build_flows(Builder *builder, uint32_t level, PlanLevel *ret)
{
	const Snapshot *snapshot = builder->snapshot;
	size_t count = 0;
	for (size_t i = 0; i < snapshot->n_flows; i++)
		count += snapshot->flows[i]->audience_level == level;
	PlanFlow *flows = ARENA_ARRAY(builder->arena, PlanFlow, count);
	if (!flows)
		return err(ERR_NO_MEMORY, "no memory for %zu flows", count);
	ret->flows = flows;
	for (uint32_t i = 0; i < snapshot->n_flows; i++) {
		if (snapshot->flows[i]->audience_level == level)
			TRY(build_flow(builder, i, &flows[ret->flow_count++]));
	}
	return OK;
}

// --- segments ---

static bool by_itself(const SnapSegment *segment, uint32_t level)
{
	return segment->audience_level == level && (segment->expression || segment->list);
}

static Err build_segments(Builder *builder, uint32_t level, PlanLevel *ret)
{
	const Snapshot *snapshot = builder->snapshot;
	size_t count = 0;
	for (size_t i = 0; i < snapshot->n_segments; i++)
		count += by_itself(snapshot->segments[i], level);
	PlanSegment *segments = ARENA_ARRAY(builder->arena, PlanSegment, count);
	if (!segments)
		return err(ERR_NO_MEMORY, "no memory for %zu segments", count);
	ret->segments = segments;
	for (uint32_t i = 0; i < snapshot->n_segments; i++) {
		const SnapSegment *segment = snapshot->segments[i];
		if (!by_itself(segment, level))
			continue;
		PlanSegment *planned = &segments[ret->segment_count++];
		*planned = (PlanSegment){.segment = i, .list = segment->list};
		TRY(intern_optional(&builder->conditions, level, segment->expression, &planned->condition));
	}
	return OK;
}

// --- groups ---

typedef struct Grouped {
	const SnapSegment *segment;
	uint32_t index;
} Grouped;

static int by_group(const void *left, const void *right)
{
	const Grouped *a = left, *b = right;
	int by_name = strcmp(a->segment->group, b->segment->group);
	if (by_name)
		return by_name;
	if (a->segment->rank != b->segment->rank)
		return a->segment->rank < b->segment->rank ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static Err build_groups(Builder *builder, uint32_t level, PlanLevel *ret)
{
	const Snapshot *snapshot = builder->snapshot;
	Grouped *found = ARENA_ARRAY(builder->scratch, Grouped, snapshot->n_segments);
	if (!found)
		return err(ERR_NO_MEMORY, "no memory for %zu segments", snapshot->n_segments);
	size_t count = 0;
	for (uint32_t i = 0; i < snapshot->n_segments; i++) {
		if (snapshot->segments[i]->audience_level == level && *snapshot->segments[i]->group)
			found[count++] = (Grouped){snapshot->segments[i], i};
	}
	if (count)
		qsort(found, count, sizeof *found, by_group);
	PlanGrouped *grouped = ARENA_ARRAY(builder->arena, PlanGrouped, count);
	if (!grouped)
		return err(ERR_NO_MEMORY, "no memory for %zu segments", count);
	uint32_t group = 0;
	for (size_t i = 0; i < count; i++) {
		group += i && strcmp(found[i].segment->group, found[i - 1].segment->group) != 0;
		grouped[i] = (PlanGrouped){found[i].index, group};
	}
	ret->grouped = grouped;
	ret->grouped_count = count;
	return OK;
}

Err build_levels(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	PlanLevel *levels = ARENA_ARRAY(builder->arena, PlanLevel, snapshot->n_audience_levels);
	if (!levels)
		return err(ERR_NO_MEMORY, "no memory for the audience levels");
	builder->plan->level = builder->levels = levels;
	for (uint32_t i = 0; i < snapshot->n_audience_levels; i++) {
		TRY(build_attributes(snapshot->audience_levels[i], builder->arena, &levels[i]));
		TRY(build_flows(builder, i, &levels[i]));
		TRY(build_segments(builder, i, &levels[i]));
		TRY(build_groups(builder, i, &levels[i]));
	}
	return OK;
}
