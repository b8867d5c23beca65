// From a snapshot, which is small and in order, to what a call wants: names hashed, defaults as values,
// programs verified once and shared by all that say the same.
#include "decide/plan.h"
#include "base/cleanup.h"
#include "snapshot/snapshot.h"

#include <xxhash.h>

// --- names ---

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

// --- programs ---

// Finds equal programs while a plan is built.
typedef struct Interner {
	const ExprSchema *schemas; // by level
	ExprProgram *programs;
	uint32_t *levels; // of the programs
	uint32_t count;
	uint32_t *slots; // index + 1; 0 is free
	uint32_t mask;
} Interner;

static Err interner_init(Interner *in, size_t max, const ExprSchema *schemas, Arena *arena, Arena *scratch)
{
	uint32_t size = 4;
	while (size < 2 * max)
		size *= 2;
	*in = (Interner){
	        .schemas = schemas,
	        .programs = ARENA_ARRAY(arena, ExprProgram, max),
	        .levels = ARENA_ARRAY(scratch, uint32_t, max),
	        .slots = ARENA_ARRAY(scratch, uint32_t, size),
	        .mask = size - 1,
	};
	return in->programs && in->levels && in->slots
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for %zu programs", max);
}

static bool is_program(const Interner *in, uint32_t index, uint32_t level, const ProtobufCBinaryData *bytes)
{
	const ExprProgram *program = &in->programs[index];
	return in->levels[index] == level && program->len == bytes->len &&
	       memcmp(program->bytes, bytes->data, bytes->len) == 0;
}

static Err intern(Interner *in, uint32_t level, const SnapExpression *expression, uint32_t *ret)
{
	const ProtobufCBinaryData *bytes = &expression->program;
	uint32_t at = (uint32_t)XXH3_64bits_withSeed(bytes->data, bytes->len, level) & in->mask;
	for (; in->slots[at]; at = (at + 1) & in->mask) {
		if (is_program(in, in->slots[at] - 1, level, bytes)) {
			*ret = in->slots[at] - 1;
			return OK;
		}
	}
	ExprProgram *program = &in->programs[in->count];
	if (expr_verify(&in->schemas[level], bytes->data, bytes->len, program))
		return err_context(ERR_SNAPSHOT_INVALID, "'%.100s'", expression->source);
	in->levels[in->count] = level;
	*ret = in->count++;
	in->slots[at] = *ret + 1;
	return OK;
}

// --- levels ---

static ExprValue constant_value(const SnapConstant *constant, Arena *arena)
{
	switch (constant->type) {
	case SNAP_TYPE(BOOL):
		return expr_bool(constant->bool_value);
	case SNAP_TYPE(INT):
		return expr_int(constant->int_value);
	case SNAP_TYPE(DOUBLE):
		return expr_double(constant->double_value);
	case SNAP_TYPE(STRING):
		return expr_string(str(constant->string_value));
	case SNAP_TYPE(TIMESTAMP):
		return expr_timestamp_us(constant->int_value);
	default:
		break;
	}
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, constant->n_string_values);
	for (size_t i = 0; items && i < constant->n_string_values; i++)
		items[i] = expr_string(str(constant->string_values[i]));
	return expr_list(items, items ? constant->n_string_values : 0);
}

static Err build_attributes(const SnapLevel *level, Arena *arena, PlanLevel *ret)
{
	Str *names = ARENA_ARRAY(arena, Str, level->n_attributes);
	ExprValue *defaults = ARENA_ARRAY(arena, ExprValue, level->n_attributes);
	if (!names || !defaults)
		return err(ERR_NO_MEMORY, "no memory for %zu attributes", level->n_attributes);
	for (uint32_t i = 0; i < level->n_attributes; i++) {
		const SnapAttribute *attribute = level->attributes[i];
		names[i] = str(attribute->name);
		defaults[i] = attribute->default_value ? constant_value(attribute->default_value, arena)
		                                       : expr_missing(i);
	}
	ret->defaults = defaults;
	ret->attribute_count = level->n_attributes;
	return names_build(names, level->n_attributes, arena, &ret->attributes);
}

static Err build_segments(
        const Snapshot *snapshot, uint32_t level, Interner *conditions, Arena *arena, PlanLevel *ret)
{
	size_t count = 0;
	for (size_t i = 0; i < snapshot->n_segments; i++)
		count += snapshot->segments[i]->audience_level == level && snapshot->segments[i]->expression;
	PlanSegment *segments = ARENA_ARRAY(arena, PlanSegment, count);
	if (!segments)
		return err(ERR_NO_MEMORY, "no memory for %zu segments", count);
	ret->segments = segments;
	for (uint32_t i = 0; i < snapshot->n_segments; i++) {
		if (snapshot->segments[i]->audience_level != level || !snapshot->segments[i]->expression)
			continue;
		PlanSegment *segment = &segments[ret->segment_count++];
		segment->segment = i;
		TRY(intern(conditions, level, snapshot->segments[i]->expression, &segment->condition));
	}
	return OK;
}

static Err build_levels(Plan *plan, Interner *conditions, Arena *arena)
{
	PlanLevel *levels = ARENA_ARRAY(arena, PlanLevel, plan->snapshot->n_audience_levels);
	if (!levels)
		return err(ERR_NO_MEMORY, "no memory for the audience levels");
	plan->level = levels;
	for (uint32_t i = 0; i < plan->snapshot->n_audience_levels; i++) {
		TRY(build_attributes(plan->snapshot->audience_levels[i], arena, &levels[i]));
		TRY(build_segments(plan->snapshot, i, conditions, arena, &levels[i]));
	}
	return OK;
}

static Err intern_rules(const Snapshot *snapshot, Interner *conditions, Interner *scorings, RulePrograms *ret)
{
	for (size_t i = 0; i < snapshot->n_rules; i++) {
		const SnapRule *rule = snapshot->rules[i];
		uint32_t index;
		if (rule->eligibility) {
			TRY(intern(conditions, rule->audience_level, rule->eligibility, &index));
			ret[i].eligibility = index + 1;
		}
		if (rule->score_expression) {
			TRY(intern(scorings, rule->audience_level, rule->score_expression, &index));
			ret[i].scoring = index + 1;
		}
	}
	return OK;
}

// --- the whole ---

static Err make_schemas(const Snapshot *snapshot, Arena *scratch, const ExprSchema **ret)
{
	ExprSchema *schemas = ARENA_ARRAY(scratch, ExprSchema, snapshot->n_audience_levels);
	if (!schemas)
		return err(ERR_NO_MEMORY, "no memory for the schemas");
	for (size_t i = 0; i < snapshot->n_audience_levels; i++)
		TRY(snapshot_schema(snapshot->audience_levels[i], scratch, &schemas[i]));
	*ret = schemas;
	return OK;
}

static Err build(Plan *plan, Arena *arena, Arena *scratch)
{
	const Snapshot *snapshot = plan->snapshot;
	TRY(audience_levels_names(snapshot, arena, &plan->levels));
	TRY(points_names(snapshot, arena, &plan->points));
	TRY(events_names(snapshot, arena, &plan->events));
	TRY(offers_names(snapshot, arena, &plan->offers));

	const ExprSchema *schemas;
	Interner conditions, scorings;
	TRY(make_schemas(snapshot, scratch, &schemas));
	TRY(interner_init(&conditions, snapshot->n_segments + snapshot->n_rules, schemas, arena, scratch));
	TRY(interner_init(&scorings, snapshot->n_rules, schemas, arena, scratch));
	TRY(build_levels(plan, &conditions, arena));
	RulePrograms *programs = ARENA_ARRAY(scratch, RulePrograms, snapshot->n_rules);
	if (!programs)
		return err(ERR_NO_MEMORY, "no memory for %zu rules", snapshot->n_rules);
	TRY(intern_rules(snapshot, &conditions, &scorings, programs));
	plan->conditions = (Programs){conditions.programs, conditions.count};
	plan->scorings = (Programs){scorings.programs, scorings.count};
	return plan_rules_build(plan, programs, arena);
}

Err plan_build(const Snapshot *snapshot, Arena *arena, const Plan **ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(64 * 1024, 0);
	Plan *plan = ARENA_NEW(arena, Plan);
	if (!scratch || !plan)
		return err(ERR_NO_MEMORY, "no memory for a plan");
	plan->snapshot = snapshot;
	TRY(build(plan, arena, scratch));
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
